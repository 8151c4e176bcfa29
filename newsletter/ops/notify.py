"""Tells the operator: an alert by mail and to a webhook after a run with failures, a heartbeat after one without.

What is told is alerts.py's business. Whatever fails here is logged, and neither fails the run nor hides what it said.
Neither URL is ever logged: whoever knows it may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from email.headerregistry import Address

import httpx2
import stamina

from newsletter.errors import StoreError
from newsletter.mail import build_service_message
from newsletter.model import RunReport
from newsletter.ops import alerts, log
from newsletter.ops.alerts import Alert
from newsletter.senders import Sender
from newsletter.stores import Store

TOLD = "told.txt"  # the document that remembers what was told
TIMEOUT_S = 10.0
ATTEMPTS = 3
PATIENCE_S = 30.0  # for all attempts together


class _Refused(Exception):
    """An answer that is not 2xx, without the address in its text. `is_passing`: another try may help."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.is_passing = status == httpx2.codes.TOO_MANY_REQUESTS or status >= httpx2.codes.INTERNAL_SERVER_ERROR


class Notifier:
    """Tells of runs. `alert_to`, `alert_url` and `heartbeat_url` are empty where nobody is to be told that way."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        service_sender: Address,
        now: Callable[[], datetime],
        *,
        alert_to: str = "",
        alert_url: str = "",
        heartbeat_url: str = "",
    ) -> None:
        self._store = store
        self._sender = sender
        self._service_sender = service_sender
        self._now = now
        self._alert_to = alert_to
        self._alert_url = alert_url
        self._heartbeat_url = heartbeat_url
        self._told = frozenset[str]()  # by this process: holds where the memory does not

    def tell(
        self,
        report: RunReport,
        problem: str = "",
        ignored: Sequence[tuple[str, str]] = (),
        moved: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Alert about what is not told yet, and give the heartbeat if all went well.

        `problem` is that of subscribers.yaml; `ignored` and `moved` are as in `alerts.troubles_of`. Bounces that came
        since the last run are told, too.
        """
        troubles = alerts.troubles_of(report, problem, ignored, moved) + self._bounces(report.digest_on)
        self._alert(alerts.alert_of(report, troubles, self._known()))
        if alerts.went_well(troubles) and self._heartbeat_url:
            self._try("heartbeat", self._beat)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What breaks a run off in here is told, and goes on."""
        try:
            yield
        except Exception as error:
            self.tell_of_break(error)
            raise

    def tell_of_break(self, error: Exception) -> None:
        """Alert about a run that ended with an exception, once a day."""
        self._alert(alerts.alert_of_break(error, self._now().date(), self._known()))

    def tell_of_mail(self, where: str, error: Exception) -> None:
        """Alert about a reader's mail that was set aside, once a day for each cause. `where` it lies: no address."""
        self._alert(alerts.alert_of_mail(where, error, self._now().date(), self._known()))

    def tell_of_one_id(self, who: str) -> None:
        """Alert about an address on the page to subscribe that has the id of another, once a day for each id."""
        self._alert(alerts.alert_of_one_id(who, self._now().date(), self._known()))

    def _alert(self, alert: Alert | None) -> None:
        if alert is None:
            return
        ways: list[tuple[str, Callable[[Alert], None]]] = []
        if self._alert_to:
            ways.append(("mail", self._mail))
        if self._alert_url:
            ways.append(("webhook", self._post))
        is_told = [self._try(name, lambda way=way: way(alert)) for name, way in ways]  # type: ignore[misc]
        if any(is_told):
            self._remember(alert)

    def _try(self, way: str, tell: Callable[[], None]) -> bool:
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - the run is more important than what is said of it
            log.get_log().warning("telling_failed", way=way, error=type(error).__name__, detail=_in_words(error))
            return False
        if way != "heartbeat":
            log.get_log().info("alert_sent", way=way)
        return True

    def _mail(self, alert: Alert) -> None:
        message = build_service_message(
            key=alert.key,
            sender=self._service_sender,
            to=self._alert_to,
            subject=alert.subject,
            text=alert.text,
            now=self._now(),
        )
        with closing(self._sender):
            self._sender.send(message)

    def _post(self, alert: Alert) -> None:
        _ask("POST", self._alert_url, alert.payload())

    def _beat(self) -> None:
        _ask("GET", self._heartbeat_url)

    def _bounces(self, on: date) -> tuple[alerts.Trouble, ...]:
        try:
            return alerts.troubles_of_bounces(self._store.get_address_statuses(), on)
        except StoreError:
            log.get_log().warning("telling_failed", way="memory", exc_info=True)
            return ()

    def _known(self) -> frozenset[str]:
        try:
            return self._told | alerts.known(self._store.get_document(TOLD) or "")
        except StoreError:
            log.get_log().warning("telling_failed", way="memory", exc_info=True)
            return self._told

    def _remember(self, alert: Alert) -> None:
        self._told |= {each.key for each in alert.troubles}
        try:
            self._store.put_document(TOLD, alerts.remember(self._store.get_document(TOLD) or "", alert))
        except StoreError:
            log.get_log().warning("telling_failed", way="memory", exc_info=True)


def _ask(method: str, url: str, payload: str | None = None) -> None:
    """One request, tried again a few times where that may help. Raises _Refused, or httpx2's error of the last try."""
    headers = {"Content-Type": "application/json"} if payload else {}

    def once() -> None:
        response = httpx2.request(method, url, content=payload, headers=headers, timeout=TIMEOUT_S)
        if not response.is_success:
            raise _Refused(response.status_code)

    retrying = stamina.RetryingCaller(attempts=ATTEMPTS, timeout=PATIENCE_S, wait_initial=0.5, wait_max=5.0)
    retrying(_may_pass, once)


def _may_pass(error: Exception) -> bool:
    return error.is_passing if isinstance(error, _Refused) else isinstance(error, httpx2.TransportError)


def _in_words(error: Exception) -> str:
    """An HTTP library's own words may hold the URL."""
    return "" if isinstance(error, httpx2.HTTPError | httpx2.InvalidURL) else str(error)
