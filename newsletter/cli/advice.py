"""Warns of settings that work today and surprise later, each with its remedy; refuses one that harms readers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from newsletter import app
from newsletter.errors import ConfigError
from newsletter.ops import durability, log
from newsletter.settings import Settings
from newsletter.stores import Store

_MOUNTS = Path("/proc/mounts")


def advice(settings: Settings, environment: Mapping[str, str] = os.environ, mounts: str | None = None) -> Iterator[str]:
    """Yields the sentences that fit these settings. `mounts` stands for the system's own list."""
    if (settings.base_url or "").startswith("http://"):
        yield (
            f"{settings.base_url} is not encrypted: whoever is on the way can read and use the links of a mail, and "
            "mails lack the one-click Unsubscribe button that Gmail and Yahoo ask for; set NEWSLETTER_BASE_URL to an "
            "https:// address"
        )
    if settings.send_by == "smtp" and not settings.bounce_address:
        yield (
            f"bounces come to {settings.from_address.addr_spec} without a tag, so that none can be read; set "
            "NEWSLETTER_BOUNCE_TO to a mailbox that takes tags and feeds 'newsletter bounce', or NEWSLETTER_IMAP_HOST "
            "to have the mailbox of replies read"
        )
    if settings.send_by == "sendgrid" and not settings.sendgrid_webhook_key:
        yield (
            "nobody learns of bounces and complaints; turn on SendGrid's Event Webhook and set "
            "NEWSLETTER_SENDGRID_WEBHOOK_KEY to its key"
        )
    if (settings.base_url or "").startswith("https://") and not settings.trusted_proxies:
        yield (
            f"{settings.base_url} needs a proxy that speaks HTTPS, and all that come by it count as one client and "
            "share its limits, such as 20 forms to subscribe a day; set NEWSLETTER_TRUSTED_PROXIES to 1, or to as many "
            "proxies as add to X-Forwarded-For"
        )
    if why := _why_the_memory_vanishes(settings, environment, mounts):
        yield (
            f"the memory in {_place_of_memory(settings)} may begin anew after a restart ({why}): then everybody gets "
            "the same papers again, and who has left is mailed again; mount a volume and set "
            f"{_variable(settings)} to a {_kind(settings)} on it"
        )


def require_lasting_memory(
    settings: Settings, environment: Mapping[str, str] = os.environ, mounts: str | None = None
) -> None:
    """Refuses to mail people from a platform whose disk vanishes, with a memory that lies on it: a ConfigError.

    On a machine of one's own it is advice alone: a folder in memory may be meant, to try something.
    """
    why = _why_the_memory_vanishes(settings, environment, mounts)
    if why and durability.platform_of(environment) and settings.send_by != "outbox":
        raise ConfigError(
            f"the memory in {_place_of_memory(settings)} would begin anew with each restart ({why}), and everybody "
            "would get the same papers again; set DATABASE_URL to a PostgreSQL database, or mount a volume and set "
            f"{_variable(settings)} to a {_kind(settings)} on it"
        )


def require_memory(settings: Settings, store: Store) -> None:
    """Refuses to mail people with a memory that will vanish, or that began anew. Raises ConfigError and StoreError."""
    require_lasting_memory(settings)
    require_known_memory(settings, store)


def require_known_memory(settings: Settings, store: Store) -> None:
    """Refuses to mail people with a memory that began anew: a StoreError. Logs what could not be known of it."""
    if unknown := app.require_known_memory(settings, store):
        log.get_log().warning("advice", text=unknown)


def _why_the_memory_vanishes(settings: Settings, environment: Mapping[str, str], mounts: str | None) -> str:
    try:
        place = _place_of_memory(settings)
    except ConfigError:  # told by whoever opens the memory
        return ""
    if place is None:
        return ""
    if mounts is None:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace") if _MOUNTS.exists() else ""
    return durability.why_it_vanishes(str(place.absolute()), mounts, environment)


def _place_of_memory(settings: Settings) -> Path | None:
    """Where on a disk the memory lies; None for a database on a server."""
    return settings.state if settings.database_url is None else app.open_database(settings).path


def _variable(settings: Settings) -> str:
    return "NEWSLETTER_STATE" if settings.database_url is None else "DATABASE_URL"


def _kind(settings: Settings) -> str:
    return "folder" if settings.database_url is None else "file"


def log_advice(settings: Settings) -> None:
    """Logs the advice, for a process that runs all day: its log is read more often than `check` is run."""
    for sentence in advice(settings):
        log.get_log().warning("advice", text=sentence)
