"""Picks what takes the mails. Opens no connection."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Hashable
from functools import cache
from typing import TYPE_CHECKING

from newsletter.app.common import forbid_readable_password, reveal, utc_now
from newsletter.app.database import build_paces
from newsletter.errors import ConfigError
from newsletter.senders import Sender
from newsletter.settings import Settings

if TYPE_CHECKING:
    from newsletter.senders.paced import MailTurns, Rest
    from newsletter.senders.sendgrid import SendGridSender
    from newsletter.senders.smtp import SmtpSender


def build_sender(settings: Settings) -> Sender:
    """Builds the sender of the settings. Raises ConfigError if no mail could leave with them."""
    if settings.send_by == "sendgrid":
        return _keep_pace(build_sendgrid_sender(settings), settings)
    if settings.send_by == "smtp":
        smtp = build_smtp_sender(settings)
        # A mail server says of single mails that they come too soon, and not until when
        return _keep_pace(smtp, settings) if settings.mails_per_minute else smtp
    from newsletter.senders.outbox import OutboxSender

    return OutboxSender(settings.outbox, utc_now)


def _keep_pace(sender: Sender, settings: Settings) -> Sender:
    """Lets no more mails out in a minute than the settings say, if they do, and none while the provider has a rest."""
    from newsletter.senders.paced import PacedSender

    rest, turns = _limits_of(sender.name, settings)
    return PacedSender(sender, rest, turns, time.sleep)


_limits: dict[
    Hashable, tuple[Rest, MailTurns | None]
] = {}  # which all senders of a process share, each of its own place


def _limits_of(name: str, settings: Settings) -> tuple[Rest, MailTurns | None]:
    """Gives the rest of one mail server or provider, and the turns there, which all with one memory share."""
    from newsletter.senders.paced import MailTurns, Rest
    from newsletter.stores.tinydb.paces import FolderPaces

    per_minute, pace = settings.mails_per_minute, f"mails by {name}"
    key = (name, per_minute, settings.database_url, settings.state, os.getpid())
    if key not in _limits:
        paces = cache(lambda: build_paces(settings) or FolderPaces(settings.state, utc_now))  # made for the first mail
        rest = Rest(lambda: paces().held_s(pace), lambda seconds: paces().hold(pace, seconds), time.monotonic)
        turns = (
            MailTurns(per_minute, lambda span_s: paces().reserve(pace, span_s), time.monotonic) if per_minute else None
        )
        _limits.setdefault(key, (rest, turns))
    return _limits[key]


def _require_a_sender(settings: Settings) -> None:
    """Checks what every mail that leaves this machine needs. Raises ConfigError."""
    if settings.from_address.domain.lower().endswith(".invalid"):
        raise ConfigError(
            f"no mail can come from {settings.from_address.addr_spec}; "
            "set NEWSLETTER_SENDER to an address of your own domain"
        )
    if settings.signer is None:
        raise ConfigError(
            "links and addresses in mails need a key to sign them; set NEWSLETTER_SECRET_KEYS "
            "('newsletter config --new-secret' makes one)"
        )


def build_smtp_sender(settings: Settings) -> SmtpSender:
    """Builds the sender by SMTP. Raises ConfigError for settings that cannot work, and for a key that cannot sign."""
    from newsletter.senders.smtp import SmtpSender, SmtpServer

    _require_a_sender(settings)
    if not (settings.from_address.addr_spec + settings.bounce_address).isascii():
        raise ConfigError(
            "not every mail server takes an address beyond ASCII; set NEWSLETTER_SENDER and NEWSLETTER_BOUNCE_TO "
            "to plain ones, with the xn-- form of the domain"
        )
    user, password = settings.smtp_user or "", settings.smtp_password
    if bool(user) != bool(password):
        raise ConfigError(
            "a login is a name and a password; set both NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD, or neither"
        )
    secret = reveal(password)
    if not (user + secret).isascii():
        raise ConfigError("a mail server's login is ASCII; set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD so")
    if user:
        forbid_readable_password(settings.smtp_host, settings.smtp_tls, "set NEWSLETTER_SMTP_TLS to starttls or tls")
    server = SmtpServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        hello=settings.from_address.domain,
        user=user,
        password=secret,
        timeout_s=settings.smtp_timeout_s,
    )
    return SmtpSender(server, utc_now, signed=build_signature(settings, settings.from_address.domain))


def build_signature(settings: Settings, domain: str) -> Callable[[bytes], bytes]:
    """Builds what puts a DKIM signature on a mail; without a key the mail stays as it is."""
    key, selector = settings.dkim_key, settings.dkim_selector
    if key is None and selector is None:
        return lambda mail: mail
    if key is None or selector is None:
        raise ConfigError(
            "a DKIM signature needs a key and its name in the DNS; "
            "set both NEWSLETTER_DKIM_KEY and NEWSLETTER_DKIM_SELECTOR, or neither"
        )
    from newsletter.senders.dkim_signature import DkimSignature

    return DkimSignature(key, selector, domain)


def build_sendgrid_sender(settings: Settings) -> SendGridSender:
    """Builds the sender by SendGrid. Raises ConfigError for what SendGrid would refuse anyway."""
    from newsletter.senders.sendgrid import SendGridSender

    _require_a_sender(settings)
    key = reveal(settings.sendgrid_api_key)
    if not re.fullmatch(r"[!-~]+", key):  # anything else cannot be put into a header
        raise ConfigError(
            "SendGrid takes no mail without a key of its own form; set SENDGRID_API_KEY to one with the permission "
            "Mail Send (Settings, API Keys)"
        )

    def hold(seconds: float) -> None:
        rest, _ = _limits_of(sender.name, settings)
        rest.hold(seconds)

    sender = SendGridSender(
        key,
        url=settings.sendgrid_url,
        timeout_s=settings.sendgrid_timeout_s,
        clock=utc_now,
        sleep=time.sleep,
        hold=hold,
    )
    return sender
