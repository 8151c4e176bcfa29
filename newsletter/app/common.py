"""Builds what every part works with: clock, store, identity, renderer, timing, and the subscribers.

Only this room and the commands read the clock.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.app.database import open_database
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.model import JUDGED_CUT_OFF, WORDS_CUT_OFF
from newsletter.settings import Settings
from newsletter.stores import Store
from newsletter.theme import load_theme

if TYPE_CHECKING:
    from pydantic import SecretStr

    from newsletter.mail.message import MailIdentity
    from newsletter.mail.render import Renderer
    from newsletter.run.schedule import Timing
    from newsletter.services.directory import ListedSubscribers, SubscriberList
    from newsletter.signing import Signer

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_store(settings: Settings) -> Store:
    """Opens the memory: the database if there is one, else the folder, which is made if it is missing.

    Raises StoreError if it cannot be read or the database lacks tables of this version, ConfigError if its address is
    none.
    """
    if settings.database_url is not None:
        from newsletter.stores.sql import SqlStore

        return SqlStore(open_database(settings))
    from newsletter.stores.tinydb import TinyStore

    return TinyStore(settings.state)


def find_store(settings: Settings, part: str) -> Store | None:
    """Opens the memory if it is there, with that folder in it, and else nothing: opening a new one would write."""
    has_one = settings.database_url is not None or (settings.state / part).is_dir()
    return build_store(settings) if has_one else None


def build_mail_identity(settings: Settings) -> MailIdentity:
    from newsletter.mail.message import MailIdentity

    return MailIdentity(
        sender=settings.from_address,
        reply_to=settings.reply_address,
        signer=settings.signer,
        base_url=(settings.base_url or "").rstrip("/"),
        bounce_to=settings.bounce_address,
        has_tags=settings.reply_tags,
        is_read=settings.is_inbox_read,
    )


def build_reading_signer(settings: Settings, store: Store) -> Signer | None:
    """Builds what reads links: a link in an old mail counts for who its reader is now."""
    signer = settings.signer
    return replace(signer, heir=store.heir_of) if signer else None


def reveal(secret: SecretStr | None) -> str:
    """The secret as plain text, for the adapter that needs it; empty if none is set."""
    return secret.get_secret_value() if secret else ""


def require_signer(settings: Settings) -> Signer:
    """What reads tags of mails that were sent. Raises ConfigError without a key."""
    if settings.signer is None:
        raise ConfigError("no tag can be read without the key; set NEWSLETTER_SECRET_KEYS as it was for sending")
    return settings.signer


def forbid_readable_password(host: str, tls: str, remedy: str) -> None:
    """Raises ConfigError where a password would leave this machine in plain text."""
    if tls == "none" and host not in _THIS_MACHINE:
        raise ConfigError(f"the password for {host} would be readable on its way; {remedy}")


def build_renderer(settings: Settings) -> Renderer:
    from newsletter.mail.render import Brand, Renderer

    return Renderer(
        Brand(settings.name, settings.reply_address, settings.footer),
        resources.folders("templates/email"),
        load_theme(),
    )


def build_timing(settings: Settings) -> Timing:
    from newsletter.run.schedule import Timing

    return Timing(settings.jitter_minutes, timedelta(hours=settings.latest_h))


def default_cut_off(settings: Settings) -> int:
    """Gives the relevance from which papers are mailed to who has set none: it depends on who grades them."""
    return WORDS_CUT_OFF if settings.model is None else JUDGED_CUT_OFF


def load_subscribers(settings: Settings, store: Store, only: Collection[str] | None = None) -> SubscriberList:
    """Reads all subscribers as they are served now, or `only` those with these ids.

    Raises ConfigError if there never was a good file.
    """
    from newsletter.services import directory

    today = utc_now().date() if only is None else None  # who is on the list is noted when all of it is read
    return directory.load_subscribers(
        settings.subscribers, store, today=today, min_relevance=default_cut_off(settings), only=only
    )


def find_problem_of_list(settings: Settings, store: Store) -> str:
    """Says what is wrong with the subscribers file, as `subscribers_file.find_problem` does."""
    from newsletter.services import subscribers_file

    return subscribers_file.find_problem(settings.subscribers, store)


def load_listed(settings: Settings, store: Store, only: Collection[str] | None = None) -> ListedSubscribers:
    """Reads all subscribers, or `only` these, before their own wishes: quicker, since no reader's files are read."""
    from newsletter.services import directory

    return directory.load_listed(settings.subscribers, store, default_cut_off(settings), only)
