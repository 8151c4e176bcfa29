"""Asks who sends the mails whether a new memory has had a predecessor."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from newsletter.app.common import reveal, utc_now
from newsletter.settings import Settings
from newsletter.stores import Store

if TYPE_CHECKING:
    from newsletter.services import lost_memory

_PERMISSION = (
    "give the key the permission Stats (read access), so that a lost memory is noticed before anybody is mailed"
)


def require_known_memory(settings: Settings, store: Store, *, is_noted: bool = True) -> str:
    """Raises StoreError for a memory that is not the one it was (see services/lost_memory.py).

    Gives a sentence about what could not be known. May be repeated; asks nobody once a run was recorded.
    """
    from newsletter.services import lost_memory

    return lost_memory.require_known(store, utc_now().date(), partial(ask_sent_before, settings), is_noted=is_noted)


def ask_sent_before(settings: Settings, since: date) -> lost_memory.SentBefore:
    """Asks SendGrid how many digests it took since then. A mail server cannot say; the outbox is no mail."""
    from newsletter.services import lost_memory

    if settings.send_by != "sendgrid":
        return lost_memory.SentBefore(None)
    import httpx2

    from newsletter.senders.sendgrid_stats import StatsError, count_digests

    url, timeout_s = settings.sendgrid_url, settings.sendgrid_timeout_s
    try:
        with httpx2.Client() as client:
            key = reveal(settings.sendgrid_api_key)
            count = count_digests(key, url=url, timeout_s=timeout_s, since=since, client=client)
    except StatsError as error:
        remedy = "it is asked again at the next start" if error.is_passing else _PERMISSION
        why = f"SendGrid does not say whether this memory is its first ({error}); {remedy}"
        return lost_memory.SentBefore(None, why, error.is_passing)
    return lost_memory.SentBefore(count)
