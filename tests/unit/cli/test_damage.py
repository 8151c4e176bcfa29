"""One damaged file of one reader, as the operator meets it: each command goes on, names the file, and ends with 7."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.cli.exits import EXIT_STORE
from newsletter.delivery.suppression import unsubscribe
from newsletter.errors import ReaderUnreadable
from newsletter.mail.inbound.writer import Envelope
from newsletter.model import RevisionOrigin, SignUp
from newsletter.settings import load_settings
from newsletter.signing import Purpose
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter
from tests.make import NOW, TUESDAY, present

ADA, EMMY, EVE = (subscriber_id(f"{name}@example.org") for name in ("ada", "emmy", "eve"))
YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG], topics: [{name: T, relevant: all of it}]}
  - {email: emmy@example.org, categories: [math.RA], topics: [{name: Rings, relevant: all}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_CONTACT", "ops@example.org")
    monkeypatch.setenv("NEWSLETTER_SECRET_KEYS", "k" * 40)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    store = TinyStore(tmp_path / "state")
    for who in (ADA, EMMY):
        store.change_address_status(who, lambda known: unsubscribe(known, NOW))
        store.add_revision(who, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    store.enrol(SignUp(EVE, NOW, "eve@example.org", "Eve", ("cs.LG",), "Graphs."), most=9)
    return tmp_path / "state"


@pytest.mark.parametrize(("kind", "who"), [("standings", ADA), ("revisions", ADA), ("enrolled", EVE)])
@pytest.mark.parametrize("command", ["subscribers", "suppressions", "status", "check"])
def test_each_command_names_the_file_and_shows_the_others(folder: Path, command: str, kind: str, who: str) -> None:
    path = folder / kind / f"{who}.json"
    path.write_bytes(path.read_bytes()[:-5])
    done = newsletter(command)
    assert f"{who} is not mailed: state/{kind}/{who}.json cannot be read" in done.output
    assert done.exit_code == EXIT_STORE
    if command == "subscribers":
        assert "emmy@example.org" in done.output
    if command == "suppressions":
        assert EMMY in done.output


def test_who_came_by_the_web_can_be_taken_off_by_id(folder: Path) -> None:
    path = folder / "enrolled" / f"{EVE}.json"
    path.write_bytes(b"")
    assert newsletter("subscribers", "remove", EVE).exit_code == 0
    assert not path.exists()
    assert newsletter("subscribers").exit_code == 0


def test_a_dry_run_tells_whom_it_would_hold_back(folder: Path) -> None:
    (folder / "standings" / f"{ADA}.json").write_bytes(b"")
    (folder / "votes" / f"{EMMY}.json").write_bytes(b"")
    done = newsletter("run", "--sample", "--dry-run", "--quiet")
    assert done.exit_code == EXIT_STORE
    for kind, who in (("standings", ADA), ("votes", EMMY)):
        assert f"{who} is not mailed: state/{kind}/{who}.json" in done.output


def mail(who: str, word: str) -> bytes:
    signer = present(load_settings().signer)
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "x@example.org", "Re: papers", f"<{who}{word}@x>"
    message["To"] = f"digest+{signer.tag(Purpose.REPLY, who, TUESDAY)}@newsletter.invalid"
    message.set_content(f"{word}\n")
    return message.as_bytes()


def test_a_mailed_unsubscribe_is_kept_and_the_mails_of_others_are_heard(folder: Path) -> None:
    path = folder / "standings" / f"{ADA}.json"
    path.write_bytes(b"")
    (folder / "revisions" / f"{ADA}.json").write_bytes(b"")
    (folder / "enrolled" / f"{EVE}.json").write_bytes(b"")
    listen = app.build_mail_handler(load_settings())
    for _ in range(3):  # it comes again as long as it takes
        with pytest.raises(ReaderUnreadable):
            listen(mail(ADA, "weekly"), Envelope())
    assert "unsubscribe" in listen(mail(ADA, "unsubscribe"), Envelope())
    assert "help" in listen(mail(EMMY, "help"), Envelope())
    path.unlink()
    assert present(TinyStore(folder).get_address_status(ADA).suppression).detail == "by a reply"
