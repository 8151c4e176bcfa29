"""Metrics for Prometheus: worked out from the store when somebody asks.

So it does not matter which process mails and which one answers. Names no subscriber. A page is kept for a minute: a
database counts by itself, while the state folder has to read the ledger's latest months for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from newsletter.model import DeliveryState, FeedOutcome, RunOutcome, SuppressionReason
from newsletter.stores import Store

LAST_DAYS = 7
KEEP = timedelta(minutes=1)


class Metrics:
    """Called, gives the page of metrics as bytes (Prometheus text format)."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._now = now
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_FromStore(store, now))
        self._page = b""
        self._made_at: datetime | None = None

    def __call__(self) -> bytes:
        now = self._now()
        if self._made_at is None or not timedelta(0) <= now - self._made_at < KEEP:
            self._page, self._made_at = generate_latest(self._registry), now
        return self._page


class _FromStore(Collector):
    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def describe(self) -> list[Metric]:
        return []  # nothing is read before somebody asks

    def collect(self) -> Iterator[Metric]:
        yield from self._last_run()
        yield from self._deliveries()
        yield from self._suppressions()
        yield self._model_cost()

    def _last_run(self) -> Iterator[Metric]:
        runs = self._store.get_runs(limit=1)
        if not runs:
            return
        run = runs[0]
        yield _gauge(
            "newsletter_last_run_timestamp_seconds",
            "When the latest run that told something new ended.",
            run.finished_at.timestamp(),
        )
        seconds = (run.finished_at - run.started_at).total_seconds()
        yield _gauge("newsletter_last_run_duration_seconds", "How long it took.", seconds)
        counted = Counter(entry.outcome for entry in run.subscribers)
        outcomes = GaugeMetricFamily(
            "newsletter_last_run_subscribers", "Its subscribers, by what became of them.", labels=["outcome"]
        )
        for outcome in RunOutcome:
            outcomes.add_metric([outcome], counted[outcome])
        yield outcomes
        feeds = GaugeMetricFamily(
            "newsletter_feed", "How each feed went: 1 for what it was.", labels=["category", "outcome"]
        )
        papers = GaugeMetricFamily("newsletter_feed_papers", "Papers in each feed.", labels=["category"])
        for feed in run.feeds:
            for kind in FeedOutcome:
                feeds.add_metric([feed.category, kind], float(feed.outcome is kind))
            papers.add_metric([feed.category], feed.papers)
        yield feeds
        yield papers

    def _deliveries(self) -> Iterator[Metric]:
        first = self._now().date() - timedelta(days=LAST_DAYS - 1)
        counted = self._store.count_deliveries(since=first)
        family = GaugeMetricFamily(
            "newsletter_deliveries", f"Digests of the last {LAST_DAYS} days, by state.", labels=["state"]
        )
        for state in DeliveryState:
            family.add_metric([state], counted.get(state, 0))
        yield family
        opened = self._store.get_open_deliveries()
        doubts = sum(not self._store.is_running(row.run_id) for row in opened)
        yield _gauge("newsletter_in_doubt", "Mails that may or may not have left, of any day.", doubts)

    def _suppressions(self) -> Iterator[Metric]:
        statuses = self._store.get_address_statuses()
        counted = Counter(each.suppression.why for each in statuses if each.suppression)
        family = GaugeMetricFamily("newsletter_suppressions", "Addresses that get no mail, by why.", labels=["reason"])
        for reason in SuppressionReason:
            family.add_metric([reason], counted[reason])
        yield family
        held = sum(each.is_held for each in statuses)
        yield _gauge("newsletter_bounces_held", "Addresses whose bounces wait for the operator; they are mailed.", held)

    def _model_cost(self) -> Metric:
        cost = self._store.sum_costs(called_on=self._now().date())
        return _gauge("newsletter_model_cost_usd", "Dollars that the model's calls of this UTC day cost.", float(cost))


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)
