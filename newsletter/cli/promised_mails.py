"""Sends the mails that are promised once: those to who subscribes on the web, and welcomes. No command of its own.

What is to be sent is in the memory, whichever process comes to it first: what one left undone the next one does. What
is sent when is the business of services/signup.py and services/welcomes.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from threading import Event
from time import monotonic

from newsletter import app
from newsletter.cli.common import log_failure
from newsletter.cli.shutdown import Worker
from newsletter.errors import ConfigError, NewsletterError
from newsletter.model import PromisedMail
from newsletter.ops import notify
from newsletter.services import lost_memory, signup, subscribers_file, welcomes
from newsletter.settings import Settings
from newsletter.stores import Store

EVERY_S = 60.0  # a look at what other processes may have left, or failed to do
NEWCOMERS_EVERY_S = 15.0  # a look into subscribers.yaml
BEFORE_DIGESTS_S = 60.0  # after that a run begins no other welcome: the digests are waiting
_AFTER_FAILURE_S = 5.0
_LOOK_AGAIN_S = 0.5


def keep_sign_up_mails(settings: Settings, submitted: Event, worker: Worker) -> None:
    """Sends mails about sign-ups until the worker is asked to stop; `submitted` is set when there may be a new one.

    Whatever goes wrong is logged, a bug with its traceback: the mail concerned is tried again later.
    """
    store = app.build_store(settings)
    signup_service = app.build_signup_service(settings, store, submitted.set)
    run_id = _new_run_id("web")
    store.start_run(run_id)
    _keep(lambda: _send_all(signup_service, run_id, worker), submitted, worker)
    store.end_run(run_id)


def keep_welcomes(settings: Settings, store: Store, worker: Worker) -> None:
    """Welcomes newcomers within seconds, until the worker is asked to stop. Failures are logged and told."""
    notifier, settled = app.build_notifier(settings), welcomes.SettledList()

    def look() -> float:
        mark, began_at = _mark_of_list(settings, store), app.utc_now()
        if settled.holds(mark, began_at):
            return NEWCOMERS_EVERY_S
        # A new one each time: what it has loaded for newcomers is not kept until the next ones come
        found = look_for_newcomers(
            app.build_welcome_service(settings, store),
            notifier,
            should_stop=worker.stop.is_set,
            leaving=worker.idle.clear,
        )
        settled.note(found, mark, began_at)
        if found is None:
            return EVERY_S
        soon = (found.again_at - app.utc_now()) / timedelta(seconds=1) if found.again_at else NEWCOMERS_EVERY_S
        return max(soon, 1.0) if found.is_resting else min(max(soon, 1.0), NEWCOMERS_EVERY_S)

    _keep(look, Event(), worker)


def _mark_of_list(settings: Settings, store: Store) -> object:
    """Gives what is another value after each change of who is listed; None if it cannot be read."""
    try:
        return store.mark_of_enrolled(), sha256(subscribers_file.read_subscribers(settings.subscribers)).digest()
    except NewsletterError:
        return None  # the look itself says what is wrong


def welcome_before_digests(
    settings: Settings, notifier: notify.Notifier, *, only: str, due_only: bool, should_stop: Callable[[], bool]
) -> int:
    """Welcomes newcomers for a minute at most, before a run; returns how many. Nothing that goes wrong stops it."""
    service, until = app.build_welcome_service(settings, app.build_store(settings)), monotonic() + BEFORE_DIGESTS_S
    found = look_for_newcomers(
        service, notifier, only=only, due_only=due_only, should_stop=lambda: should_stop() or monotonic() > until
    )
    return found.sent if found else 0


def welcome_one(settings: Settings, store: Store, who: str) -> tuple[PromisedMail | None, str]:
    """Welcomes one newcomer now; says what became of the mail, be it sent by another process, and why not.

    None: it is not due. Raises StoreError.
    """
    outcomes: list[str] = []
    service = app.build_welcome_service(settings, store)

    def log_outcome(subscriber_id: str, outcome: str) -> None:
        service.log_outcome(subscriber_id, outcome)
        outcomes.extend([outcome] if subscriber_id == who else [])

    listening = replace(service, log_outcome=log_outcome)
    look_for_newcomers(listening, app.build_notifier(settings), only=who, should_stop=welcomes.never)
    known = {one.subscriber_id: one.mail for one in store.get_welcomes() or ()}
    return known.get(who), ", ".join(outcomes)


def begin_welcomes(settings: Settings, store: Store) -> None:
    """Tells newcomers from who is there already, before a run is recorded. Nothing that goes wrong stops the run."""
    try:
        app.build_welcome_service(settings, store).begin()
    except NewsletterError as error:
        log_failure("welcomes_failed", error)


def look_for_newcomers(
    service: welcomes.WelcomeService,
    notifier: notify.Notifier,
    *,
    only: str = "",
    due_only: bool = True,
    should_stop: Callable[[], bool],
    leaving: Callable[[], None] = lambda: None,
) -> welcomes.Look | None:
    """Looks once; None if that failed, which is logged and told."""
    try:
        lost_memory.require_whole(service.store)  # to one that began anew everybody is a newcomer
        return service.send_due(
            _new_run_id("welcome"), only=only, due_only=due_only, should_stop=should_stop, leaving=leaving
        )
    except Exception as error:  # noqa: BLE001 - digests matter more, and a broken memory or template may be mended
        log_failure("welcomes_failed", error)
        if not isinstance(error, ConfigError):  # a file that was never right is told by who mails digests
            notifier.notify_failed_welcome("", f"{type(error).__name__}: {error}")
        return None


def _new_run_id(kind: str) -> str:
    return f"{kind}-{app.utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def _keep(look: Callable[[], float], wake: Event, worker: Worker) -> None:
    """Looks again and again, after the seconds that the look before returned, or when it is woken."""
    while not worker.stop.is_set():
        wake.clear()
        worker.idle.set()  # until a mail leaves: a server that does not answer holds up no end
        wait_s = look()
        worker.idle.set()
        _wait(worker.stop, wake, wait_s)


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


def _wait(stop: Event, wake: Event, wait_s: float) -> None:
    while wait_s > 0 and not stop.is_set() and not wake.wait(min(_LOOK_AGAIN_S, wait_s)):
        wait_s -= _LOOK_AGAIN_S
