"""What every Sender promises (newsletter/senders/__init__.py), and what the outbox promises on top.

What the failures of a mail server mean is in test_smtp.py.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import Sender
from newsletter.senders.outbox import OutboxSender
from newsletter.senders.paced import MailTurns, PacedSender, Rest
from newsletter.senders.smtp import SmtpSender, SmtpServer
from tests.fakes import Act, FlakySender, no_more_than
from tests.mail_server import Postmaster

NOW = datetime(2026, 11, 22, 6, 47, tzinfo=UTC)
ID = "s_8k2mpq4x/2026-11-22"
STEM = "2026-11-22_s_8k2mpq4x"

needs_limits = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run the tests as another user")


def message(delivery_id: str = ID, text: str = "Größe: 3 × 4\n") -> Message:
    mime = EmailMessage(policy=SMTP)
    mime["From"] = "Papers <papers@example.org>"
    mime["To"] = "reader@example.org"
    mime["Subject"] = "Heute: 2 neue Arbeiten"
    mime.set_content(text, charset="utf-8")
    mime.add_alternative("<p>Gr&#246;&#223;e</p>\n", subtype="html", charset="us-ascii")
    return Message(delivery_id, "reader@example.org", mime)


@pytest.fixture
def outbox(tmp_path: Path) -> OutboxSender:
    return OutboxSender(tmp_path / "outbox", lambda: NOW)


@pytest.fixture
def fake() -> FlakySender:
    return FlakySender(lambda: NOW)


@pytest.fixture
def smtp(server: Postmaster) -> Iterator[SmtpSender]:
    with closing(SmtpSender(SmtpServer("127.0.0.1", server.port, "none", "example.org"), lambda: NOW)) as sender:
        yield sender


@pytest.fixture
def paced(outbox: OutboxSender) -> PacedSender:
    rest = Rest(look=lambda: 0.0, tell=lambda _seconds: None, monotonic=lambda: 0.0)
    return PacedSender(outbox, rest, MailTurns(60_000, lambda amount_s: 0.0, lambda: 0.0), lambda _seconds: None)


SENDERS = ["outbox", "fake", "smtp", "paced"]  # names of fixtures
BLIND = ["smtp"]  # those that cannot be asked after a crash


@pytest.fixture(params=SENDERS)
def sender(request: pytest.FixtureRequest) -> Sender:
    found: Sender = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=[name for name in SENDERS if name not in BLIND])
def seeing(request: pytest.FixtureRequest) -> Sender:
    found: Sender = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=BLIND)
def blind(request: pytest.FixtureRequest) -> Sender:
    found: Sender = request.getfixturevalue(request.param)
    return found


# --- every sender


def test_an_accepted_mail_has_a_receipt_and_a_time(sender: Sender) -> None:
    accepted = sender.send(message())
    assert accepted.at == NOW
    assert accepted.receipt


def test_who_is_told_that_a_mail_leaves_can_keep_it_here(sender: Sender) -> None:
    def keep() -> None:
        raise LookupError("not now")

    with pytest.raises(LookupError):
        sender.send(message(), on_hand_over=keep)
    if sender.find(ID).accepted is not None:
        assert sender.find(ID).accepted is False
    told: list[str] = []
    assert sender.send(message(), on_hand_over=lambda: told.append("leaves")).at == NOW
    assert told == ["leaves"]


def test_a_closed_sender_can_be_closed_again_and_used_again(sender: Sender) -> None:
    sender.send(message())
    sender.close()
    sender.close()
    assert sender.send(message("s_8k2mpq4x/2026-11-23")).receipt


def test_evidence_names_the_same_receipt(seeing: Sender) -> None:
    accepted = seeing.send(message())
    assert seeing.find(ID) == Evidence(accepted=True, receipt=accepted.receipt)
    assert seeing.find(ID) == Evidence(accepted=True, receipt=accepted.receipt)


def test_a_mail_that_was_never_sent_is_surely_not_accepted(seeing: Sender) -> None:
    seeing.send(message())
    assert seeing.find("s_8k2mpq4x/2026-11-23") == Evidence(accepted=False)
    assert seeing.find("s_8k2mpq4/2026-11-22") == Evidence(accepted=False)


def test_who_cannot_be_asked_claims_nothing(blind: Sender) -> None:
    assert blind.find(ID) == Evidence(accepted=None)
    blind.send(message())
    assert blind.find(ID) == Evidence(accepted=None)


# --- the fake


@pytest.mark.parametrize(
    ("act", "error", "accepted"),
    [
        (Act.DEFER, SendDeferred, False),
        (Act.REJECT, SendRejected, False),
        (Act.LOSE, SendInDoubt, False),
        (Act.KEEP, SendInDoubt, True),
    ],
)
def test_the_fake_fails_as_its_script_says_and_then_works(act: Act, error: type[SendError], accepted: bool) -> None:
    fake = FlakySender(lambda: NOW, [act])
    with pytest.raises(error) as raised:
        fake.send(message())
    assert raised.value.delivery_id == ID
    assert fake.find(ID).accepted is accepted
    assert isinstance(fake.send(message()), Accepted)


def test_a_blind_fake_cannot_tell() -> None:
    fake = FlakySender(lambda: NOW, blind=True)
    fake.send(message())
    assert fake.find(ID) == Evidence(accepted=None)


# --- the outbox


def test_a_mail_is_a_file_for_a_mail_program_and_one_for_a_browser(outbox: OutboxSender, tmp_path: Path) -> None:
    accepted = outbox.send(message())
    eml = tmp_path / "outbox" / f"{STEM}.eml"
    assert accepted.receipt == str(eml)
    read = message_from_bytes(eml.read_bytes(), policy=SMTP)
    assert read["Subject"] == "Heute: 2 neue Arbeiten"
    text = read.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Größe: 3 × 4"]
    assert (tmp_path / "outbox" / f"{STEM}.html").read_text() == "<p>Gr&#246;&#223;e</p>\n"


def test_lines_end_as_mail_wants_them(outbox: OutboxSender, tmp_path: Path) -> None:
    outbox.send(message())
    raw = (tmp_path / "outbox" / f"{STEM}.eml").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 5  # RFC 5322 §2.3


def test_a_mail_that_is_there_is_not_overwritten(outbox: OutboxSender) -> None:
    first = outbox.send(message(text="first\n"))
    kept = Path(first.receipt).read_bytes()
    assert outbox.send(message(text="second\n")) == first
    assert Path(first.receipt).read_bytes() == kept


def test_only_the_owner_can_read_the_mails(outbox: OutboxSender, tmp_path: Path) -> None:
    outbox.send(message())
    folder = tmp_path / "outbox"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600, 0o600]


def test_the_page_alone_is_no_evidence(outbox: OutboxSender, tmp_path: Path) -> None:
    """It is written first: a kill between the two leaves a delivery that may be sent again."""
    (tmp_path / "outbox" / f"{STEM}.html").write_text("<p>")
    assert outbox.find(ID) == Evidence(accepted=False)
    outbox.send(message())
    assert (tmp_path / "outbox" / f"{STEM}.html").read_text() == "<p>Gr&#246;&#223;e</p>\n"


def test_without_its_folder_the_outbox_cannot_tell(outbox: OutboxSender, tmp_path: Path) -> None:
    """The disk may not be mounted: the mail could be on it."""
    (tmp_path / "outbox").rename(tmp_path / "elsewhere")
    assert outbox.find(ID) == Evidence(accepted=None)


def in_the_way(folder: Path) -> None:
    folder.write_text("a file where the folder should be")


def read_only(folder: Path) -> None:
    folder.mkdir(mode=0o500)


@pytest.mark.parametrize("obstacle", [in_the_way, pytest.param(read_only, marks=needs_limits)])
def test_what_cannot_be_written_is_deferred_with_a_remedy(tmp_path: Path, obstacle: Callable[[Path], None]) -> None:
    obstacle(tmp_path / "outbox")
    sender = OutboxSender(tmp_path / "outbox", lambda: NOW)
    with pytest.raises(SendDeferred, match=r"s_8k2mpq4x.*outbox.*check the disk's free space") as raised:
        sender.send(message())
    assert raised.value.retry_after_s > 0


def test_a_disk_that_fills_up_defers_and_leaves_no_half_mail(outbox: OutboxSender, tmp_path: Path) -> None:
    with no_more_than(100), pytest.raises(SendDeferred):
        outbox.send(message())
    assert outbox.find(ID) == Evidence(accepted=False)
    assert [path.name for path in (tmp_path / "outbox").iterdir()] == [f"{STEM}.html"]
    assert outbox.send(message()).receipt == outbox.find(ID).receipt


@pytest.mark.parametrize(
    "delivery_id", ["../x/2026-11-22", "s_1/2026-11-22/..", "s_1/22", "s_1", "", "s\n1/2026-11-22"]
)
def test_an_id_that_could_lead_out_of_the_folder_is_rejected(outbox: OutboxSender, delivery_id: str) -> None:
    with pytest.raises(SendRejected, match="cannot be a file name"):
        outbox.send(message(delivery_id))
    assert outbox.find(delivery_id) == Evidence(accepted=False)
