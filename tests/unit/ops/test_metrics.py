"""The page of metrics, read back by Prometheus' own parser."""

from datetime import timedelta
from decimal import Decimal

from prometheus_client.parser import text_string_to_metric_families

from newsletter.delivery import ledger, suppression
from newsletter.model.deliveries import DeliveryState, Suppression, SuppressionReason
from newsletter.model.llm_calls import ModelCall
from newsletter.model.papers import FeedOutcome, FeedReport
from newsletter.model.runs import RunOutcome, RunReport, SubscriberReport
from newsletter.ops.metrics import Metrics
from tests import make
from tests.fakes import MemoryStore

Page = dict[tuple[str, ...], float]


def read(page: bytes) -> Page:
    """`{(name, label values…): value}`."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def page(store: MemoryStore) -> Page:
    return read(Metrics(store, lambda: make.NOW)())


def claimed(store: MemoryStore, who: str, days_ago: int = 0, run: str = "run-1") -> ledger.Delivery:
    store.start_run(run)
    return make.present(store.claim(who, make.TUESDAY - timedelta(days=days_ago), run_id=run, now=make.NOW))


def handed_over(store: MemoryStore, who: str, days_ago: int = 0, run: str = "run-1") -> ledger.Delivery:
    store.start_run(run)
    return make.handed_over(store, who, make.TUESDAY - timedelta(days=days_ago), run_id=run)


def test_a_memory_of_nothing_has_numbers_too() -> None:
    numbers = page(MemoryStore())
    assert numbers["newsletter_in_doubt",] == 0
    assert numbers["newsletter_model_cost_usd",] == 0
    assert {numbers["newsletter_deliveries", state] for state in DeliveryState} == {0}
    assert ("newsletter_last_run_timestamp_seconds",) not in numbers, "no run yet is not a run in 1970"


def test_the_last_run_is_told_with_its_time_its_length_and_every_outcome() -> None:
    store = MemoryStore()
    entries = tuple(SubscriberReport(f"s_{n:08}", outcome) for n, outcome in enumerate([RunOutcome.SENT] * 3))
    feeds = (FeedReport("cs.LG", FeedOutcome.ANNOUNCED, 42), FeedReport("cs.AI", FeedOutcome.FAILED, 0))
    store.record_run(RunReport("run-1", make.TUESDAY, make.NOW - timedelta(seconds=90), make.NOW, feeds, entries))
    numbers = page(store)
    assert numbers["newsletter_last_run_timestamp_seconds",] == make.NOW.timestamp()
    assert numbers["newsletter_last_run_duration_seconds",] == 90
    assert numbers["newsletter_last_run_subscribers", "sent"] == 3
    assert numbers["newsletter_last_run_subscribers", "in doubt"] == 0
    assert numbers["newsletter_feed", "cs.AI", "failed"] == 1
    assert numbers["newsletter_feed", "cs.AI", "announced"] == 0
    assert numbers["newsletter_feed_papers", "cs.LG"] == 42


def test_deliveries_of_the_last_days_are_counted_by_state() -> None:
    store = MemoryStore()
    for days_ago in (0, 6, 7):
        store.move(ledger.accept(handed_over(store, "s_abcd2345", days_ago), "receipt", make.NOW))
    claimed(store, "s_other234")
    numbers = page(store)
    assert numbers["newsletter_deliveries", "accepted"] == 2
    assert numbers["newsletter_deliveries", "claimed"] == 1


def test_a_doubt_is_counted_however_old_and_a_mail_just_being_sent_is_none() -> None:
    store = MemoryStore()
    handed_over(store, "s_abcd2345", 30, "run-old")
    store.end_run("run-old")
    handed_over(store, "s_other234", 0, "run-now")
    assert page(store)["newsletter_in_doubt",] == 1


def test_suppressions_and_the_bill_of_the_day_are_told() -> None:
    store = MemoryStore()
    store.change_address_status(
        "s_abcd2345",
        lambda status: suppression.suppress(status, Suppression(SuppressionReason.COMPLAINT, make.NOW)),
    )
    for number, at in enumerate((make.NOW, make.NOW, make.NOW - timedelta(days=1))):
        call = ModelCall(f"c{number}", at, "m", "standard", "p", (), "h", cost_usd=Decimal("0.25"))
        store.begin_call(call, budget_usd=None)
    numbers = page(store)
    assert numbers["newsletter_suppressions", "complaint"] == 1
    assert numbers["newsletter_suppressions", "hard bounce"] == 0
    assert numbers["newsletter_bounces_held",] == 0
    why = Suppression(SuppressionReason.HARD_BOUNCE, make.NOW, digest_on=make.TUESDAY)
    store.change_address_status(
        "s_bbcd2345",
        lambda known: suppression.apply_brake(suppression.suppress(known, why), make.TUESDAY, too_many=True),
    )
    numbers = page(store)
    assert numbers["newsletter_suppressions", "hard bounce"] == 0
    assert numbers["newsletter_bounces_held",] == 1
    assert numbers["newsletter_model_cost_usd",] == 0.5


def test_the_page_names_nobody() -> None:
    store = MemoryStore()
    handed_over(store, "s_abcd2345")
    assert b"s_abcd2345" not in Metrics(store, lambda: make.NOW)()


def test_the_ledger_is_counted_once_a_minute_however_often_one_asks() -> None:
    store, now = MemoryStore(), [make.NOW]
    metrics = Metrics(store, lambda: now[0])
    first = metrics()
    claimed(store, "s_abcd2345")
    assert metrics() == first
    now[0] += timedelta(minutes=1)
    assert read(metrics())["newsletter_deliveries", "claimed"] == 1
