"""Who is found due is whoever a look of the clock would have to do something for."""

import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from newsletter.flow import run_morning
from newsletter.model import Delivery, RunOutcome
from newsletter.run import collect_morning, find_due
from newsletter.run.due import LOOK_AGAIN, ROWS_AT_ONCE
from newsletter.run.waiting import HOLD
from tests import make
from tests.fakes import Act, FlakySender, Silent
from tests.memory_store import MemoryStore
from tests.unit.test_flow import Morning, ScriptedScorer, mailed_before, morning, suppressed, two_papers

DUE = make.NOW + timedelta(minutes=10)
DULL = frozenset({"2601.00001", "2601.00002"})


def at_seven_ten() -> Morning:
    given = morning(*two_papers(), now=DUE)
    given.sender = FlakySender(lambda: given.now)
    collect_morning(given.context, given.subscribers, Silent())
    return given


def due(given: Morning) -> list[str]:
    return [one.subscriber_id for one in find_due(given.context, given.subscribers)]


def deferred(given: Morning) -> None:
    given.sender = FlakySender(lambda: given.now, [Act.DEFER])
    given.tick()


def with_nothing_to_say(given: Morning) -> None:
    mailed_before(given)
    given.scorer = ScriptedScorer(dull=DULL)
    assert given.tick() == [RunOutcome.NOTHING_RELEVANT]


def in_hand(given: Morning) -> None:
    given.store.start_run("r1")
    given.store.claim("s_abcd2345", make.TUESDAY, run_id="r1", now=given.now)


def left_by_the_dead(given: Morning) -> None:
    in_hand(given)
    given.store.end_run("r1")


def too_late(given: Morning) -> None:
    given.now += timedelta(hours=16)


def too_early(given: Morning) -> None:
    given.now -= timedelta(minutes=1)


def paused(given: Morning) -> None:
    given.subscribers = [make.subscriber(paused_until=make.WEDNESDAY)]


@pytest.mark.parametrize(
    ("what_happened", "is_due"),
    [
        (lambda given: None, True),
        (lambda given: given.tick(), False),
        (deferred, False),
        (with_nothing_to_say, False),
        (in_hand, False),
        (left_by_the_dead, True),
        (suppressed, False),
        (paused, False),
        (too_early, False),
        (too_late, False),
    ],
)
def test_who_is_due_is_who_has_a_mail_to_come(what_happened: Callable[[Morning], object], is_due: bool) -> None:
    given = at_seven_ten()
    what_happened(given)
    assert due(given) == (["s_abcd2345"] if is_due else [])


def test_a_mail_that_was_deferred_is_due_again_at_its_time() -> None:
    given = at_seven_ten()
    deferred(given)
    given.now = make.present(make.present(given.store.get_delivery("s_abcd2345", make.TUESDAY)).retry_at)
    assert due(given) == ["s_abcd2345"]


def test_a_mail_with_nothing_to_say_is_looked_at_again_after_an_hour_or_a_feed() -> None:
    given = at_seven_ten()
    with_nothing_to_say(given)
    given.now += LOOK_AGAIN / 2
    assert due(given) == []
    given.subscribers = [make.subscriber(categories=("cs.AI", "cs.LG"))]
    given.source.days[make.TUESDAY]["cs.AI"] = [make.announcement("2601.00009", categories=("cs.AI",))]
    collect_morning(given.context, given.subscribers, Silent())
    assert due(given) == ["s_abcd2345"]
    given = at_seven_ten()
    with_nothing_to_say(given)
    given.now += LOOK_AGAIN
    assert due(given) == ["s_abcd2345"]


def test_who_waits_for_a_late_feed_is_due_when_it_is_given_up() -> None:
    given = at_seven_ten()
    given.subscribers = [make.subscriber(categories=("cs.AI", "cs.LG"))]
    given.source.days[make.TUESDAY]["cs.AI"] = "no answer"
    collect_morning(given.context, given.subscribers, Silent())
    assert due(given) == []
    given.now += HOLD
    assert due(given) == ["s_abcd2345"]


def test_equal_readers_stand_side_by_side() -> None:
    given = at_seven_ten()
    kinds = [("cs.LG",), ("cs.AI",)] * 3
    given.subscribers = [
        make.subscriber(subscriber_id=f"s_{n}", categories=categories) for n, categories in enumerate(kinds)
    ]
    collect_morning(given.context, given.subscribers, Silent())
    assert due(given) == ["s_0", "s_2", "s_4", "s_1", "s_3", "s_5"]


class InParts(MemoryStore):
    """Notes of how many readers the ledger was asked at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def get_deliveries(self, *, subscriber_ids: Collection[str] | None = None, **wanted: Any) -> list[Delivery]:
        self.asked.append(len(subscriber_ids) if subscriber_ids is not None else sys.maxsize)
        return super().get_deliveries(subscriber_ids=subscriber_ids, **wanted)


def test_of_many_who_are_due_the_ledger_is_read_in_parts() -> None:
    """A row has the papers of its mail: those of a hundred thousand readers are never in memory together."""
    given = at_seven_ten()
    store = InParts()
    ids = [f"s_{number:08}" for number in range(ROWS_AT_ONCE + 2)]
    mailed = ids[1], ids[-1]
    store.start_run("r1")
    for who in mailed:
        make.handed_over(store, who, make.TUESDAY)
    readers = [make.subscriber(subscriber_id=who) for who in ids]
    found = find_due(replace(given.context, store=store), readers)
    assert [one.subscriber_id for one in found] == [who for who in ids if who not in mailed]
    assert max(store.asked) <= ROWS_AT_ONCE


def test_a_morning_that_is_collected_mails_without_asking_arxiv() -> None:
    given = at_seven_ten()
    assert given.source.asked == ["cs.LG"]
    assert given.mailed() == []
    report = run_morning(given.context, given.subscribers, Silent(), due_only=True, is_collected=True)
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.SENT]
    assert given.source.asked == ["cs.LG"]
    uncollected = morning(*two_papers(), now=DUE)
    run_morning(uncollected.context, uncollected.subscribers, Silent(), due_only=True, is_collected=True)
    assert uncollected.source.asked == []


def test_collecting_is_recorded_when_it_says_something_new() -> None:
    given = at_seven_ten()
    given.now += timedelta(minutes=1)
    collect_morning(given.context, given.subscribers, Silent())
    [recorded] = given.store.get_runs()
    assert [feed.category for feed in recorded.feeds] == ["cs.LG"]
    assert recorded.subscribers == ()
    report = collect_morning(given.context, given.subscribers, Silent(), unreadable={"s_abcd2345": "damaged"})
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.UNREADABLE]
    assert report in given.store.get_runs()
