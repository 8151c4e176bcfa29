"""Takes SendGrid's events: verifies the raw bytes, then stores what they say of our mails.

What an event means is mail/inbound/sendgrid_events.py's business, what follows from it the store's. SendGrid repeats a
post for a day until it is answered with 2xx: 403 leaves time to mend a key, 503 says that the store failed and a
repeat helps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

import flask

from newsletter.errors import ReaderUnreadable, StoreError
from newsletter.mail.inbound import sendgrid_events
from newsletter.model import MailEvent
from newsletter.services import lost_memory
from newsletter.stores import Store
from newsletter.web.request_limits import ConcurrencyLimit, sparing_warner

PATH = "/hooks/sendgrid/events"
MOST_BYTES = 4 * 1024 * 1024  # SendGrid posts at 768 kB at the latest (Event Webhook overview)
SLOTS, WAITING, WAIT_S = 1, 1, 10.0  # posts at once: thousands of events take a while

_log = logging.getLogger(__name__)


def blueprint(store: Store, public_key: str | None, now: Callable[[], datetime]) -> flask.Blueprint:
    """`public_key` is NEWSLETTER_SENDGRID_WEBHOOK_KEY; without it every post is refused.

    Raises ConfigError for one that is no such key.
    """
    key = sendgrid_events.load_key(public_key) if public_key else None
    hook = flask.Blueprint("sendgrid_hook", __name__)
    at_once, warn = ConcurrencyLimit(SLOTS, WAITING, WAIT_S), sparing_warner(_log, now)

    @hook.post(PATH)
    def take() -> tuple[str, int]:
        body = flask.request.get_data(cache=False)
        if key is None:
            warn("events of SendGrid are refused without a key; set NEWSLETTER_SENDGRID_WEBHOOK_KEY")
            return "no key is set here\n", 403
        if not sendgrid_events.verify(body, dict(flask.request.headers), key, now()):
            warn("a post to %s has no good signature; if SendGrid sent it, set its key anew", PATH)
            return "the signature is not SendGrid's, or too old\n", 403
        with at_once.slot():
            return _keep(store, body, now())

    return hook


def _take_all(store: Store, events: Iterable[MailEvent], now: datetime) -> tuple[int, int]:
    """Stores the events; counts those stored, and those whose reader's files cannot be read."""
    kept = failed = 0
    unknown: list[MailEvent] = []
    for event in events:
        try:
            is_kept = store.take_event(event, now=now)
            kept += is_kept
            unknown += [] if is_kept else [event]
        except ReaderUnreadable as error:
            failed += 1
            _log.error("an event of %s could not be kept; SendGrid will repeat it: %s", error.subscriber_id, error)
    if unknown and lost_memory.note_unknown(store, min(unknown, key=lambda event: event.digest_on)):
        _log.error("SendGrid tells of a mail that the memory does not know and that is older than it; see /ready")
    return kept, failed


def _keep(store: Store, body: bytes, now: datetime) -> tuple[str, int]:
    try:
        batch = sendgrid_events.parse(body)
    except sendgrid_events.UnreadableEvents as error:
        _log.warning("%s", error)
        return f"{error}\n", 400
    try:
        kept, failed = _take_all(store, batch.events, now)
    except StoreError:
        _log.exception("events of SendGrid could not be kept; it will repeat them")
        return "the memory failed; please repeat\n", 503
    if failed:
        return f"{kept} kept, {failed} not: the memory failed; please repeat\n", 503
    not_ours = batch.not_ours + len(batch.events) - kept
    line = (
        f"{kept} kept, {not_ours} not ours, {batch.ignored} ignored, {batch.unknown + batch.unreadable} not understood"
    )
    _log.info("events of SendGrid: %s", line)
    return f"{line}\n", 200
