"""What a dry run says is what the run does then, for whoever and on whatever day; and it leaves nothing behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.model import Frequency, RunOutcome, RunReport
from newsletter.run import foretell
from tests import make
from tests.fakes import Act, FlakySender, Silent
from tests.unit.test_flow import (
    BROKEN,
    Morning,
    ScriptedScorer,
    ScriptedSource,
    mailed_before,
    morning,
    several,
    suppressed,
    two_papers,
)

DULL = ScriptedScorer(dull=frozenset({"2601.00001", "2601.00002"}))
ALL_BROKEN = BROKEN | {"2601.00001"}


def foretold(given: Morning, *, due_only: bool = False) -> RunReport:
    return foretell(given.context, given.subscribers, Silent(), digest_on=given.source.on, due_only=due_only)


def said(report: RunReport) -> list[tuple[object, ...]]:
    return [(entry.subscriber_id, entry.outcome, entry.counts) for entry in report.subscribers]


def left() -> Morning:
    given = morning(*two_papers())
    suppressed(given)
    return given


def run_before(**changes: object) -> Callable[[], Morning]:
    def make_it() -> Morning:
        given = morning(*two_papers(), **changes)
        given.run()
        given.sender = FlakySender(lambda: make.NOW)
        return given

    return make_it


def with_feed(answer: object) -> Callable[[], Morning]:
    return lambda: Morning(ScriptedSource({make.TUESDAY: {"cs.LG": answer}}))  # type: ignore[dict-item]


def reader(**changes: object) -> Callable[[], Morning]:
    return lambda: morning(*two_papers(), subscribers=[make.subscriber(**changes)])


def scored_by(scorer: ScriptedScorer) -> Callable[[], Morning]:
    return lambda: morning(*two_papers(), scorer=replace(scorer, scored=[]))


SITUATIONS = {
    "a mail": (reader(), RunOutcome.SENT),
    "a suppressed address": (left, RunOutcome.SUPPRESSED),
    "a pause": (reader(paused_until=make.WEDNESDAY), RunOutcome.PAUSED),
    "another weekday": (reader(frequency=Frequency.WEEKLY, weekday=4), RunOutcome.NOT_DUE),
    "nothing relevant": (scored_by(DULL), RunOutcome.NOTHING_RELEVANT),
    "no paper scored": (scored_by(ScriptedScorer(broken=ALL_BROKEN)), RunOutcome.SCORING_FAILED),
    "a model that failed, and nothing passed": (scored_by(replace(DULL, problem="no key")), RunOutcome.SCORING_FAILED),
    "a quiet day": (with_feed([]), RunOutcome.NO_ANNOUNCEMENT),
    "a feed that failed": (with_feed("no answer"), RunOutcome.FEED_FAILED),
    "a mail that was sent": (run_before(), RunOutcome.ALREADY_SENT),
    "a mail that waits": (run_before(sender=FlakySender(lambda: make.NOW, [Act.DEFER])), RunOutcome.DEFERRED),
    "a mail that was refused": (run_before(sender=FlakySender(lambda: make.NOW, [Act.REJECT])), RunOutcome.REJECTED),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_foretold_is_what_the_run_does(name: str) -> None:
    build, outcome = SITUATIONS[name]
    given = build()
    if outcome is RunOutcome.NOTHING_RELEVANT:
        mailed_before(given)  # a first mail would have the nearest
    rows, days = given.store.get_deliveries(), given.store.get_days(before=date.max, limit=9)
    told = foretold(given)
    assert given.store.get_deliveries() == rows
    assert given.store.get_days(before=date.max, limit=9) == days
    assert given.sender.mails == []
    assert [entry.outcome for entry in told.subscribers] == [outcome]
    assert said(told) == said(given.run())


def test_a_feed_is_asked_for_once_whoever_reads_it() -> None:
    given = morning(*two_papers(), subscribers=several(5))
    assert [entry.outcome for entry in foretold(given).subscribers] == [RunOutcome.SENT] * 5
    assert given.source.asked == ["cs.LG"]


def test_of_who_is_due_alone_it_foretells_as_the_clock_would_mail_them() -> None:
    given = morning(*two_papers())  # ten minutes before the send time
    assert [entry.outcome for entry in foretold(given, due_only=True).subscribers] == [RunOutcome.NOT_DUE]
    given.now += timedelta(minutes=11)
    assert [entry.outcome for entry in foretold(given, due_only=True).subscribers] == [RunOutcome.SENT]
