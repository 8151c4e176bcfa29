"""Notifies the operator: an alert by mail and to a webhook after a run with failures, a heartbeat after one without.

alerts.py builds the alerts. Whatever fails here is logged, and neither fails the run nor hides its report.
Neither URL is ever logged: whoever knows it may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from email.headerregistry import Address

import httpx2
import stamina

from newsletter.errors import StoreError
from newsletter.mail import build_service_message
from newsletter.model import RunReport
from newsletter.ops import alerts, log
from newsletter.ops.alerts import Alert, Kind, Trouble
from newsletter.senders import Sender
from newsletter.stores import Store

SENT_ALERTS = "told.txt"  # the document with the keys of sent alerts
TIMEOUT_S = 10.0
ATTEMPTS = 3
PATIENCE_S = 30.0  # for all attempts together


class _Refused(Exception):
    """An answer that is not 2xx, without the address in its text. `is_passing`: another try may help."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.is_passing = status == httpx2.codes.TOO_MANY_REQUESTS or status >= httpx2.codes.INTERNAL_SERVER_ERROR


@dataclass(slots=True, repr=False)  # whoever sees one of the URLs may use it
class Notifier:
    """Sends alerts and heartbeats. `alert_to`, `alert_url` and `heartbeat_url` may be empty: nothing is sent there.

    `open_store` opens the memory each time it is needed: that it cannot be opened is what has to be told.
    """

    open_store: Callable[[], Store]
    sender: Sender
    service_sender: Address
    now: Callable[[], datetime]
    alert_to: str = ""
    alert_url: str = ""
    heartbeat_url: str = ""
    # of alerts that this process sent: counts where the store cannot be read
    _sent: frozenset[str] = field(default=frozenset(), init=False)

    def notify(self, report: RunReport, troubles: Iterable[Trouble]) -> None:
        """Sends an alert about the troubles not sent yet, and the heartbeat if all went well.

        Bounces that came since the last run are reported, too, and feeds that came after an alert about them.
        """
        known = self._known_keys()
        found = (*troubles, *self._bounces(report.digest_on), *alerts.find_arrivals(report, known))
        if alert := alerts.build_alert(report, found, known):
            self._alert(alert)
        if alerts.went_well(found) and self.heartbeat_url:
            self._try("heartbeat", lambda: _ask("GET", self.heartbeat_url))

    @contextmanager
    def notifying_breaks(self) -> Iterator[None]:
        """Sends an alert about an exception in here, and raises it again."""
        try:
            yield
        except Exception as error:
            self.notify_break(error)
            raise

    def notify_break(self, error: Exception) -> None:
        """Sends an alert about a run that ended with an exception, once a day."""
        self._alert_once(alerts.broken_run(error, self.now().date()))

    def notify_failed_mail(self, where: str, error: Exception) -> None:
        """Sends an alert about a mail that was set aside, once a day for each cause. `where` it lies has no address."""
        self._alert_once(alerts.failed_mail(where, error, self.now().date()))

    def notify_id_clash(self, who: str) -> None:
        """Sends an alert about a sign-up whose address has the id of another, once a day for each id."""
        self._alert_once(Trouble(Kind.ID_CLASH, self.now().date(), who))

    def notify_failed_welcome(self, who: str, detail: str) -> None:
        """Sends an alert about a welcome, once a day for each id; `who` may be empty: about all of them."""
        self._alert_once(alerts.failed_welcome(who, detail, self.now().date()))

    def _alert_once(self, trouble: Trouble) -> None:
        if trouble.key not in self._known_keys():
            self._alert(Alert(trouble.on, (trouble,)))

    def _alert(self, alert: Alert) -> None:
        is_sent = [
            self.alert_to and self._try("mail", lambda: self._mail(alert)),
            self.alert_url and self._try("webhook", lambda: _ask("POST", self.alert_url, alert.payload())),
        ]
        if any(is_sent):
            self._remember(alert)

    def _try(self, way: str, send: Callable[[], None]) -> bool:
        try:
            send()
        except Exception as error:  # noqa: BLE001 - the run is more important than the alert
            _log_failure(way, error)
            return False
        if way != "heartbeat":
            log.get_log().info("alert_sent", way=way)
        return True

    def _mail(self, alert: Alert) -> None:
        message = build_service_message(
            key=alert.key,
            sender=self.service_sender,
            to=self.alert_to,
            subject=alert.subject,
            text=alert.text,
            now=self.now(),
        )
        with closing(self.sender):
            self.sender.send(message)

    def _bounces(self, on: date) -> tuple[Trouble, ...]:
        try:
            return alerts.find_bounce_troubles(self.open_store().get_address_statuses(), on)
        except StoreError as error:
            _log_failure("memory", error)
            return ()

    def _known_keys(self) -> frozenset[str]:
        try:
            return self._sent | alerts.parse_keys(self.open_store().get_document(SENT_ALERTS) or "")
        except StoreError as error:
            _log_failure("memory", error)
            return self._sent

    def _remember(self, alert: Alert) -> None:
        self._sent |= {each.key for each in alert.troubles}
        try:
            store = self.open_store()
            store.put_document(SENT_ALERTS, alerts.add_keys(store.get_document(SENT_ALERTS) or "", alert))
        except StoreError as error:
            _log_failure("memory", error)


def _log_failure(way: str, error: Exception) -> None:
    log.get_log().warning("telling_failed", way=way, error=type(error).__name__, detail=_in_words(error))


def _ask(method: str, url: str, payload: str | None = None) -> None:
    """Sends one request, again a few times where that may help. Raises _Refused, or httpx2's error of the last try."""
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
