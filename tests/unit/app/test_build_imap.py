"""Settings with which no reply could be read are refused at the start, in a sentence that says what to set."""

from pathlib import Path

import pytest

from newsletter import app
from newsletter.cli.inbox import notify_failed_mail
from newsletter.errors import ConfigError
from newsletter.mail.inbound.imap import Failure, Mailbox
from newsletter.settings import Settings
from newsletter.web.inbound import PATH

GOOD = {
    "imap_host": "imap.nowhere.invalid",
    "imap_user": "news",
    "imap_password": "secret word",
    "secret_keys": "k" * 40,
}
SECRET = "a-long-secret-of-the-path"


def settings(**changes: str | None) -> Settings:
    return Settings.model_validate({name: value for name, value in {**GOOD, **changes}.items() if value is not None})


def test_a_mailbox_is_built_without_a_connection() -> None:
    assert isinstance(app.build_mailbox(settings()), Mailbox)
    assert isinstance(app.build_mailbox(settings(imap_host="localhost", imap_tls="none")), Mailbox)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"imap_host": None}, "set NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD"),
        ({"imap_user": None}, "set NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD"),
        ({"imap_password": None}, "set NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD"),
        ({"secret_keys": None}, "set NEWSLETTER_SECRET_KEYS"),
        ({"imap_tls": "none"}, "set NEWSLETTER_IMAP_TLS to tls or starttls"),
        ({"imap_failed": "Done"}, "to three folders"),
        ({"imap_done": "INBOX"}, "to three folders"),
    ],
)
def test_what_cannot_work_is_refused_with_its_remedy(changes: dict[str, str | None], remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy):
        app.build_mailbox(settings(**changes))


def test_the_first_failure_of_a_mail_is_logged_and_the_last_one_told(tmp_path: Path) -> None:
    chosen = settings(alert_to="op@example.org", outbox=str(tmp_path / "outbox"), state=str(tmp_path / "state"))
    notify_failed_mail(chosen, Failure(ValueError("a bug")))
    assert list(tmp_path.glob("outbox/*.eml")) == []
    notify_failed_mail(chosen, Failure(RecursionError(), "INBOX.Failed"))
    (alert,) = tmp_path.glob("outbox/*.eml")
    assert "it lies in the folder INBOX.Failed (RecursionError)" in alert.read_text(encoding="utf-8").replace("=\n", "")


def test_the_password_and_the_secret_of_the_path_are_known_as_secrets() -> None:
    texts = settings(inbound_secret=SECRET).secret_texts
    assert {"secret word", SECRET} <= set(texts)


@pytest.mark.parametrize(("keys", "code"), [("k" * 40, 200), (None, 403)])
def test_the_web_part_takes_mail_once_there_is_a_key_to_read_tags_with(keys: str | None, code: int) -> None:
    client = app.build_web(settings(secret_keys=keys, inbound_secret=SECRET)).test_client()
    assert client.post(f"{PATH}/{SECRET}", data=b"").status_code == code
