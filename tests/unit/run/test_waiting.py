"""Mails wait for feeds that are late, some hours; then they leave and say what is missing, which comes later."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from newsletter.flow import run_morning
from newsletter.model import Announcement, NoticeKind, RunOutcome
from newsletter.run.waiting import HOLD
from tests import make
from tests.fakes import Silent
from tests.unit.test_flow import Morning, ticking

FRIDAY, MONDAY, NEXT = make.TUESDAY - timedelta(days=4), make.TUESDAY - timedelta(days=1), make.WEDNESDAY
Answer = list[Announcement] | str
READERS = {"s_both2222": ("cs.AI", "cs.LG"), "s_only2222": ("cs.LG",)}


def papers(on: date, category: str) -> list[Announcement]:
    """What a category announces on a day: six papers."""
    number = sorted(READERS["s_both2222"]).index(category)
    return [make.announcement(f"2601.{on.day:02}{number}{n:02}", categories=(category,)) for n in range(6)]


def two_readers(answer: Answer) -> Morning:
    """Two mails are behind them. At ten past seven in Berlin cs.LG is there, and cs.AI gives this answer."""
    days: dict[date, dict[str, Answer]] = {
        on: {"cs.AI": papers(on, "cs.AI"), "cs.LG": papers(on, "cs.LG")} for on in (FRIDAY, MONDAY, make.TUESDAY, NEXT)
    }
    given = ticking(days, now=make.NOW - timedelta(days=4) + timedelta(minutes=10))
    given.subscribers = [make.subscriber(subscriber_id=who, categories=READERS[who]) for who in READERS]
    for days_more in (3, 1):
        assert given.tick() == [RunOutcome.SENT] * 2
        given.now += timedelta(days=days_more)
    days[make.TUESDAY]["cs.AI"] = answer
    return given


def it_comes(given: Morning) -> None:
    given.source.days[make.TUESDAY]["cs.AI"] = TODAY


OLD, TODAY = papers(MONDAY, "cs.AI"), papers(make.TUESDAY, "cs.AI")
ANSWERS: dict[str, tuple[Answer, NoticeKind]] = {
    "stale": (OLD, NoticeKind.FEEDS_LATE),
    "half-stale": ([*OLD, *TODAY[:3]], NoticeKind.FEEDS_INCOMPLETE),
    "failed": ("no answer", NoticeKind.FEEDS_FAILED),
}


@pytest.mark.parametrize("state", ANSWERS)
def test_who_reads_a_late_feed_waits_and_gets_one_whole_mail(state: str) -> None:
    given = two_readers(ANSWERS[state][0])
    assert given.tick() == [RunOutcome.WAITING, RunOutcome.SENT]
    given.now += timedelta(minutes=20)
    it_comes(given)
    assert given.tick() == [RunOutcome.SENT, RunOutcome.ALREADY_SENT]
    assert sent_on_tuesday(given) == ids(TODAY, papers(make.TUESDAY, "cs.LG"))
    assert notices(given) == []


@pytest.mark.parametrize("state", ANSWERS)
def test_after_some_hours_the_mail_leaves_and_says_what_comes_later(state: str) -> None:
    answer, notice = ANSWERS[state]
    given = two_readers(answer)
    first = given.now
    while given.now < first + HOLD:
        assert given.tick()[0] is RunOutcome.WAITING
        given.now += timedelta(minutes=15)
    assert given.tick()[0] is RunOutcome.SENT
    there = TODAY[:3] if state == "half-stale" else []
    assert sent_on_tuesday(given) == ids(there, papers(make.TUESDAY, "cs.LG"))
    assert notices(given) == [(notice, ("cs.AI",))]
    given.now += timedelta(hours=4)
    it_comes(given)
    assert given.tick()[0] is RunOutcome.ALREADY_SENT
    given.now = first + timedelta(days=1)
    assert given.tick()[0] is RunOutcome.SENT
    row = make.present(given.store.get_delivery("s_both2222", NEXT))
    late = [each for each in TODAY if each not in there]
    assert set(row.paper_ids) == ids(late, papers(NEXT, "cs.AI"), papers(NEXT, "cs.LG"))


def test_a_late_feed_is_asked_a_few_times_and_no_more_after_a_restart() -> None:
    given = two_readers(OLD)
    before = len(given.source.asked)
    for _ in range(12 * 12):  # twelve hours, a restart every five minutes: what is planned is in the memory
        given.tick()
        given.now += timedelta(minutes=5)
    asked = given.source.asked[before:]
    assert asked.count("cs.LG") == 1
    assert asked.count("cs.AI") == 14  # at 0, 15, 45 minutes, and then every hour


def test_two_that_collect_at_once_ask_once() -> None:
    given = two_readers(TODAY)
    given.store.start_run("another")
    assert given.store.begin_asking(make.TUESDAY, "cs.AI", run_id="another", now=given.now)
    before = len(given.source.asked)
    assert given.tick() == [RunOutcome.WAITING, RunOutcome.SENT]
    assert given.source.asked[before:] == ["cs.LG"]
    given.store.end_run("another")  # killed: the next one asks in its place
    assert given.tick() == [RunOutcome.SENT, RunOutcome.ALREADY_SENT]


def test_nobody_waits_who_runs_by_hand() -> None:
    given = two_readers(OLD)
    report = run_morning(given.context, given.subscribers, Silent())
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.SENT, RunOutcome.SENT]


def test_who_reads_the_late_feed_alone_is_told_nothing_and_status_says_why() -> None:
    given = two_readers(OLD)
    given.subscribers = [make.subscriber(subscriber_id="s_both2222", categories=("cs.AI",))]
    given.now += HOLD
    assert given.tick() == [RunOutcome.NO_ANNOUNCEMENT]
    assert given.store.get_runs()[0].subscribers[0].detail == "arXiv is late: cs.AI (stale)"


def ids(*groups: Sequence[Announcement]) -> set[str]:
    return {each.paper.arxiv_id for group in groups for each in group}


def sent_on_tuesday(given: Morning) -> set[str]:
    return set(make.present(given.store.get_delivery("s_both2222", make.TUESDAY)).paper_ids)


def notices(given: Morning) -> list[tuple[NoticeKind, object]]:
    digest = make.present(given.store.get_digest("s_both2222", make.TUESDAY))
    return [(each.kind, each.values["feeds"]) for each in digest.notices if not isinstance(each, str)]
