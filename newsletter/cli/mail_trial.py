"""`newsletter check --mail`: whether mails can leave and come in, tried on the servers of the settings.

Connects, secures the connection and logs in as a morning would, and mails nothing; but one test mail if it is told to
whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC

from newsletter import app
from newsletter.cli.sandbox import try_sandbox
from newsletter.errors import ConfigError
from newsletter.mail import build_service_message
from newsletter.mail.inbound import imap
from newsletter.settings import Settings

Trial = tuple[str, Callable[[], str]]


def mail_trials(settings: Settings, to: str) -> Iterator[Trial]:
    """Yields what to try, by name: each says what it found; its ConfigError or SendError ends with the remedy."""
    if settings.send_by == "smtp":
        yield "mail server", lambda: app.build_smtp_sender(settings).check()
    elif settings.send_by == "sendgrid":
        yield "SendGrid", lambda: try_sandbox(settings)
    else:
        yield "mail server", lambda: "none: mails go to a folder (NEWSLETTER_SEND_BY)"
    if settings.imap_host:
        yield "mailbox", lambda: _check_mailbox(settings)
    if to:
        yield "test mail", lambda: _send(settings, to)


def _check_mailbox(settings: Settings) -> str:
    try:
        return app.build_mailbox(settings).check()
    except imap.MailboxFailed as error:
        raise ConfigError(
            f"{error}; check NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_PORT and NEWSLETTER_IMAP_TLS"
        ) from error


def _send(settings: Settings, to: str) -> str:
    """Sends one mail to the operator's own mailbox, by the sender of the digests. Each call is a mail of its own."""
    now = app.utc_now()
    message = build_service_message(
        key=f"test.{now.astimezone(UTC):%Y-%m-%d.%H%M%S}",
        sender=settings.service_address,
        to=to,
        subject=f"{settings.name}: a test mail",
        text=(
            f"This is the test mail that 'newsletter check --mail --to' was asked for.\n\n"
            f"Digests come from {settings.from_address.addr_spec} by the same way. If this one lies among the spam,\n"
            "'newsletter check --dns' says what mailbox providers see of your domain.\n"
        ),
        now=now,
    )
    with closing(app.build_sender(settings)) as sender:
        accepted = sender.send(message)
    return f"accepted ({accepted.receipt}); look for it in the mailbox of {to}"
