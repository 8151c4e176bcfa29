"""Settings with which no mail could leave are refused at the start, in a sentence that says what to set."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter import app
from newsletter.cli import group
from newsletter.errors import ConfigError
from newsletter.senders import Sender
from newsletter.senders.outbox import OutboxSender
from newsletter.senders.paced import MailTurns, PacedSender
from newsletter.senders.smtp import SmtpSender
from newsletter.settings import Settings, variable
from newsletter.signing import Purpose, tag_of
from newsletter.stores.tinydb.paces import FolderPaces

GOOD = {
    "send_by": "smtp",
    "sender": "papers@example.org",
    "secret_keys": "k" * 40,
    "smtp_user": "papers",
    "smtp_password": "secret word",
}


def settings(**changes: str | None) -> Settings:
    return Settings.model_validate({name: value for name, value in {**GOOD, **changes}.items() if value is not None})


def test_smtp_is_picked_by_its_name_and_opens_no_connection() -> None:
    assert isinstance(app.build_sender(settings(smtp_host="mail.nowhere.invalid")), SmtpSender)
    assert isinstance(app.build_sender(settings(smtp_user=None, smtp_password=None)), SmtpSender)
    assert isinstance(app.build_sender(Settings()), OutboxSender)


def test_senders_of_one_process_keep_the_pace_together(tmp_path: Path) -> None:
    one, other, elsewhere = (
        app.build_sender(settings(mails_per_minute="1", smtp_host=host, state=str(tmp_path)))
        for host in ("a.example", "a.example", "b.example")
    )
    waits = [turns_of(each).take() for each in (one, other, elsewhere)]
    assert waits[0] == waits[2] == 0
    assert 50 < waits[1] <= 60


def turns_of(sender: Sender) -> MailTurns:
    assert isinstance(sender, PacedSender)
    assert sender.turns is not None
    return sender.turns


@pytest.mark.parametrize("per_minute", [None, "600"])
def test_what_sendgrid_tells_one_sender_the_memory_tells_all(tmp_path: Path, per_minute: str | None) -> None:
    given = settings(
        send_by="sendgrid", sendgrid_api_key="SG.x", mails_per_minute=per_minute, state=str(tmp_path / "state")
    )
    one, other = app.build_sender(given), app.build_sender(given)
    assert isinstance(one, PacedSender)
    assert isinstance(other, PacedSender)
    one.rest.hold(200)
    assert 190 < other.rest.left() <= 200
    in_another_process = FolderPaces(tmp_path / "state", lambda: datetime.now(UTC))
    assert 190 < in_another_process.held_s(f"mails by {one.name}") <= 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_server_on_this_machine_needs_no_tls(host: str) -> None:
    assert isinstance(app.build_sender(settings(smtp_tls="none", smtp_host=host)), SmtpSender)


REFUSED = [
    ({"sender": None}, "set NEWSLETTER_SENDER to an address of your own domain"),
    ({"sender": "papers@test.INVALID"}, "set NEWSLETTER_SENDER to an address of your own domain"),
    ({"sender": "papers@größe.example"}, "set NEWSLETTER_SENDER and NEWSLETTER_BOUNCE_TO to plain ones"),
    ({"bounce_to": "zurück@example.org"}, "set NEWSLETTER_SENDER and NEWSLETTER_BOUNCE_TO to plain ones"),
    ({"secret_keys": None}, "set NEWSLETTER_SECRET_KEYS"),
    ({"smtp_user": None}, "set both NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD"),
    ({"smtp_password": None}, "set both NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD"),
    ({"smtp_password": "geheimes Wörtchen"}, "set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD"),
    ({"smtp_tls": "none", "smtp_host": "mail.example.org"}, "set NEWSLETTER_SMTP_TLS to starttls or tls"),
    ({"dkim_key": "key.pem"}, "set both NEWSLETTER_DKIM_KEY and NEWSLETTER_DKIM_SELECTOR"),
    ({"dkim_selector": "papers"}, "set both NEWSLETTER_DKIM_KEY and NEWSLETTER_DKIM_SELECTOR"),
    ({"dkim_key": "no-such.pem", "dkim_selector": "papers"}, "set NEWSLETTER_DKIM_KEY to the file"),
]


@pytest.mark.parametrize(("changes", "remedy"), REFUSED)
def test_what_cannot_work_is_refused_with_the_remedy(changes: dict[str, str | None], remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy) as raised:
        app.build_sender(settings(**changes))
    assert "secret word" not in str(raised.value)
    assert "Wörtchen" not in str(raised.value)


IMAP = {"reply_to": "News <news@example.org>", "imap_host": "imap.example.org"}


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"bounce_to": "Bounces <bounces@example.org>"}, "bounces@example.org"),
        ({**IMAP, "bounce_to": "bounces@example.org"}, "bounces@example.org"),
        (IMAP, "news@example.org"),
        ({"imap_host": "imap.example.org"}, "papers@example.org"),  # replies to the From address
        ({"inbound_secret": "s" * 20, "reply_to": "news@in.example.org"}, "news@in.example.org"),
        ({}, ""),
        ({"reply_to": "news@example.org"}, ""),  # nobody reads it
        ({**IMAP, "reply_tags": "false"}, ""),
        ({**IMAP, "secret_keys": None}, ""),
    ],
)
def test_bounces_go_where_they_can_be_read(changes: dict[str, str | None], address: str) -> None:
    given = settings(**changes)
    assert given.bounce_address == address
    links = app.build_mail_identity(given).links_for("s_abcd2345", date(2026, 11, 22))
    if not address or given.signer is None:
        assert links.envelope_from == ""
        return
    assert links.envelope_from.partition("+")[0] == address.partition("@")[0]
    assert given.signer.read_tag(Purpose.BOUNCE, tag_of(links.envelope_from)) == ("s_abcd2345", date(2026, 11, 22))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "! advice: bounces come to papers@example.org without a tag, so that none can be read; set NEWSLET",
        ),
        (IMAP, ", bounces to news+TAG@example.org\n"),
        ({**IMAP, "reply_tags": "false"}, "! advice: bounces come to papers@example.org without a tag"),
        ({"bounce_to": "b@example.org"}, ", bounces to b+TAG@example.org\n"),
        (
            {"send_by": "sendgrid"},
            "! advice: nobody learns of bounces and complaints; turn on SendGrid's Event Webhook",
        ),
    ],
)
def test_check_says_whether_bounces_can_be_read(
    changes: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**GOOD, "contact": "olga@example.org", "sendgrid_api_key": "SG.x", **changes}.items():
        monkeypatch.setenv(variable(name), value)
    Path("subscribers.yaml").write_text(
        "subscribers:\n  - {email: ada@example.org, categories: [cs.LG], topics: [{name: T, relevant: all}]}\n"
    )
    done = CliRunner().invoke(group, ["check"])
    assert said in done.output
    assert said.startswith("!") == ("without a tag" in done.output or "nobody learns" in done.output)
    assert done.exit_code == 0
