"""Builds what alerts the operator. Opens no connection, and no memory before there is something to tell."""

from __future__ import annotations

from email.utils import parseaddr
from functools import cache
from typing import TYPE_CHECKING

from newsletter.app.common import build_store, reveal, utc_now
from newsletter.app.senders import build_sender
from newsletter.settings import Settings

if TYPE_CHECKING:
    from newsletter.ops.notify import Notifier


def build_notifier(settings: Settings) -> Notifier:
    """Builds what alerts the operator. It has a sender of its own: that of a run is closed when the run has ended."""
    from newsletter.ops.notify import Notifier

    return Notifier(
        cache(lambda: build_store(settings)),  # an error is not kept: the memory may be back the next time
        build_sender(settings),
        settings.service_address,
        utc_now,
        alert_to=parseaddr(settings.alert_to or "")[1],
        alert_url=reveal(settings.alert_url),
        heartbeat_url=reveal(settings.heartbeat_url),
    )
