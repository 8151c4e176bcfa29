"""`newsletter subscribers move`: a changed address on a real folder, and what the operator is told before and after."""

import shutil
from pathlib import Path

import pytest
from click.testing import Result

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.delivery.suppression import suppress
from newsletter.mail.inbound.writer import Envelope
from newsletter.model import RevisionOrigin, SignUp, Suppression, SuppressionReason
from newsletter.settings import load_settings
from newsletter.signing import Purpose
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter
from tests.contract.stores.test_moves import say_much
from tests.make import NOW, present
from tests.unit.cli.test_damage import mail

ADA, NEW, EVE = "ada@example.org", "ada@example.net", "eve@example.org"
ADA_ID, NEW_ID, EVE_ID = map(subscriber_id, (ADA, NEW, EVE))
ENTRY = """  - {{email: {}, name: {}, categories: [cs.LG], min_relevance: 1, min_novelty: 1,
     topics: [{{name: T, relevant: all}}]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_CONTACT", "ops@example.org")
    monkeypatch.setenv("NEWSLETTER_SECRET_KEYS", "k" * 40)
    listed(ADA)
    return tmp_path / "state"


def listed(*emails: str, name: str = "Ada") -> None:
    Path("subscribers.yaml").write_text("subscribers:\n" + "".join(ENTRY.format(email, name) for email in emails))


def move(*args: str) -> Result:
    return newsletter("subscribers", "move", *args)


def test_who_moved_gets_no_paper_twice_and_keeps_their_archive_and_profile(folder: Path) -> None:
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    store = TinyStore(folder)
    sent = store.get_sent(ADA_ID)
    store.add_revision(ADA_ID, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    listed(NEW)
    would = move(ADA, NEW, "--dry-run")
    assert would.exit_code == 0, would.output
    assert would.output.startswith(f"Would move from {ADA_ID} to {NEW_ID}: 1 mail, ")
    assert store.get_sent(NEW_ID) == frozenset()
    done = move(ADA, NEW)
    assert f"{len(sent)} papers that were sent, 1 digest, 1 revision" in done.output
    assert store.get_sent(NEW_ID) == sent != frozenset()
    assert f"moved to {NEW_ID} on " in move(ADA, NEW).output
    assert "already sent" in newsletter("run", "--sample").output
    assert len(list(Path("outbox").glob("*.eml"))) == 1
    assert "revision 1" in newsletter("subscribers").output
    assert newsletter("archive", "export", NEW).output.count("@") == len(sent)


def test_links_and_replies_of_old_mails_are_the_readers_who_they_are_now(folder: Path) -> None:
    say_much(TinyStore(folder), ADA_ID)
    listed(NEW)
    assert move(ADA, NEW).exit_code == 0
    settings = load_settings()
    signer = present(settings.signer)
    client = app.build_web(settings).test_client()
    for purpose, page in (
        (Purpose.PROFILE, "profile/{}"),
        (Purpose.ARCHIVE, "archive/{}/"),
        (Purpose.PAUSE, "pause/{}"),
    ):
        old, new = (client.get("/" + page.format(signer.link(purpose, who))) for who in (ADA_ID, NEW_ID))
        assert old.status_code == new.status_code == 200
    assert "weekdays" in app.build_mail_handler(settings)(mail(ADA_ID, "weekdays"), Envelope())
    assert TinyStore(folder).get_address_status(NEW_ID).frequency == "weekdays"
    assert "help" in app.build_mail_handler(settings)(mail(ADA_ID, "help"), Envelope())
    client.post(f"/u/{signer.link(Purpose.UNSUBSCRIBE, ADA_ID)}", data={"List-Unsubscribe": "One-Click"})
    standing = TinyStore(folder).get_address_status(NEW_ID)
    assert standing.suppression is not None
    assert standing.suppression.why is SuppressionReason.UNSUBSCRIBED
    assert TinyStore(folder).get_address_status(ADA_ID).suppression is None


@pytest.mark.parametrize(
    ("emails", "args", "said"),
    [
        ([ADA, NEW], [ADA, NEW], f"{ADA} is still in subscribers.yaml; put the new address in place of the old one"),
        ([ADA], [ADA, NEW], f"{ADA} is still in subscribers.yaml"),
        ([EVE], [ADA, NEW], f"{NEW} is not in subscribers.yaml; put the new address there first"),
        ([NEW], [NEW, "Ada+news@example.net"], "is still in subscribers.yaml"),
        ([NEW], ["ADA+x@example.org", ADA], f"{ADA} is not in subscribers.yaml"),
        ([NEW], ["nobody@example.org", NEW], "nothing is kept of nobody@example.org"),
        ([NEW], ["nonsense", NEW], "neither an address nor an id"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    folder: Path, emails: list[str], args: list[str], said: str
) -> None:
    store = TinyStore(folder)
    say_much(store, ADA_ID)
    store.forget_enrolled(ADA_ID)
    listed(*emails, name="X")
    done = move(*args)
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert store.get_moves() == []
    assert store.get_sent(ADA_ID)


def test_a_broken_file_is_mended_first(folder: Path) -> None:
    newsletter("subscribers")
    Path("subscribers.yaml").write_text("subscribers: [")
    done = move(ADA, NEW)
    assert done.exit_code == 2 or "Mend it before somebody is moved" in str(done.exception)
    assert TinyStore(folder).get_moves() == []


def test_who_came_by_the_web_is_mailed_at_the_new_address(folder: Path) -> None:
    store = TinyStore(folder)
    store.enrol(SignUp(EVE_ID, NOW, EVE, "Eve", ("cs.LG",), "Graphs."), most=9)
    assert "give the new address, not its id" in " ".join(move(EVE, "s_bbbb3333").output.replace("│", " ").split())
    assert move(EVE, "no-address@").exit_code == 2
    assert move(EVE, "eve@example.net").exit_code == 0
    assert [(one.email, one.subscriber_id) for one in store.get_enrolled()] == [
        ("eve@example.net", subscriber_id("eve@example.net"))
    ]
    assert "eve@example.net" not in (folder / "moved" / f"{EVE_ID}.json").read_text()


def test_a_suppression_that_comes_along_is_told(folder: Path) -> None:
    store = TinyStore(folder)
    reason = Suppression(SuppressionReason.COMPLAINT, NOW, "spam")
    store.change_address_status(ADA_ID, lambda known: suppress(known, reason))
    listed(NEW)
    assert f"No mail leaves for the new address: {NEW_ID} is suppressed" in move(ADA_ID, NEW_ID).output


def test_run_check_and_the_list_ask_whether_somebody_moved(folder: Path) -> None:
    newsletter("run", "--sample", "--quiet")
    asked = f"newsletter subscribers move {ADA_ID} {NEW_ID}"
    assert asked not in newsletter("check").output
    listed(NEW)
    documents = {path.name: path.read_bytes() for path in (folder / "documents").iterdir()}
    checked = newsletter("check")
    assert asked in checked.output
    assert checked.exit_code == 0
    assert {path.name: path.read_bytes() for path in (folder / "documents").iterdir()} == documents  # nothing written
    done = newsletter("run", "--sample", "--dry-run")
    assert asked in done.output
    assert "@" not in done.output
    assert done.exit_code == 0
    move(ADA, NEW)
    for command in (["check"], ["run", "--sample"]):
        assert asked not in newsletter(*command).output


def test_without_a_history_that_can_be_read_the_last_good_list_is_compared(folder: Path) -> None:
    newsletter("run", "--sample", "--quiet")
    stored, known = folder / "documents" / "roster.json", folder.with_name("known")
    listed(NEW)
    shutil.copytree(folder, known)
    for history in (None, "", "{", "{}", "[]"):  # none, empty, torn, of nobody, and a list
        shutil.rmtree(folder)
        shutil.copytree(known, folder)
        if history is None:
            stored.unlink()
        else:
            stored.write_text(history, encoding="utf-8")
        assert f"move {ADA_ID} {NEW_ID}" in newsletter("run", "--sample").output, history


def test_without_anything_to_carry_over_nobody_is_asked(folder: Path) -> None:
    newsletter("run", "--sample", "--dry-run")
    listed(NEW)
    assert "did they move?" not in newsletter("run", "--sample", "--dry-run").output
