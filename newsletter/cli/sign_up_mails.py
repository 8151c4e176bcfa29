"""Sends the mails that the page to subscribe promised, as a part of `newsletter serve`. No command of its own.

What was promised is in the memory, whichever process promised it: what one left undone the next one does. What is sent
when is services/signup.py's and subscribers/signup_rules.py's business.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from threading import Event

from newsletter import app
from newsletter.cli.common import log_failure
from newsletter.cli.shutdown import Worker
from newsletter.services import signup
from newsletter.settings import Settings

EVERY_S = 60.0  # a look at what other processes may have left, or failed to do
_AFTER_FAILURE_S = 5.0
_LOOK_AGAIN_S = 0.5


def keep_sign_up_mails(settings: Settings, submitted: Event, worker: Worker) -> None:
    """Sends promised mails until the worker is asked to stop; `submitted` is set when there may be a new one.

    Whatever goes wrong is logged, a bug with its traceback: the mail concerned is tried again later.
    """
    store = app.build_store(settings)
    signup_service = app.build_signup_service(settings, store, submitted.set)
    run_id = f"web-{app.utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    store.start_run(run_id)
    while not worker.stop.is_set():
        submitted.clear()
        worker.idle.set()  # until a mail leaves: a server that does not answer holds up no end
        wait_s = _send_all(signup_service, run_id, worker)
        worker.idle.set()
        _wait(worker.stop, submitted, wait_s)
    store.end_run(run_id)


def _send_all(signup_service: signup.SignupService, run_id: str, worker: Worker) -> float:
    """Sends mails until none is due; returns in how many seconds to look again."""
    try:
        while not worker.stop.is_set() and signup_service.send_next(run_id, worker.idle.clear):
            worker.idle.set()
        next_at = signup_service.next_at()
    except Exception as error:  # noqa: BLE001 - the others are to be mailed, too, and a broken memory may be mended
        log_failure("sign_ups_failed", error)
        return _AFTER_FAILURE_S
    soon = (next_at - app.utc_now()) / timedelta(seconds=1) if next_at else EVERY_S
    return min(max(soon, 1.0), EVERY_S)


def _wait(stop: Event, submitted: Event, wait_s: float) -> None:
    while wait_s > 0 and not stop.is_set() and not submitted.wait(min(_LOOK_AGAIN_S, wait_s)):
        wait_s -= _LOOK_AGAIN_S
