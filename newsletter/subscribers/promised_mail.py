"""A mail that is promised once and sent as soon as it can be: when it is tried, by whom, and when again. Pure.

It is offered again only where it surely did not leave. One that was leaving when its sender was killed may have left,
and stays so: twice is worse than missed. Building and sending it is services/promised_mails.py's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from newsletter.model import PromisedMail, SignUp, Welcome

#: Before a mail that surely did not leave is tried again; then once an hour, as mail servers do (RFC 5321 §4.5.4.1).
RETRY_S = (5, 20, 60, 300, 1200)
LAST_RETRY_S = 3600

Promise = TypeVar("Promise", SignUp, Welcome)


def is_due(promise: Promise, now: datetime) -> bool:
    return promise.mail is PromisedMail.WAITING and (promise.retry_at is None or promise.retry_at <= now)


def claim(promise: Promise, run_id: str, now: datetime, is_running: Callable[[str], bool]) -> Promise:
    """Gives the mail to that run, if it is due and no running one holds it; else changes nothing."""
    if not is_due(promise, now) or (promise.held_by not in {"", run_id} and is_running(promise.held_by)):
        return promise
    return replace(promise, held_by=run_id)


def settle(promise: Promise, mail: PromisedMail) -> Promise:
    return replace(promise, mail=mail, retry_at=None, held_by="")


def postpone(promise: Promise, now: datetime) -> Promise:
    """Sets the time of the next try, after one that surely failed."""
    wait_s = RETRY_S[promise.tries] if promise.tries < len(RETRY_S) else LAST_RETRY_S
    waiting = settle(promise, PromisedMail.WAITING)
    return replace(waiting, tries=promise.tries + 1, retry_at=now + timedelta(seconds=wait_s))
