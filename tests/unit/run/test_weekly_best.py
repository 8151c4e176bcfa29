"""The week's best: when, which papers, and that they count as nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.delivery import ledger
from newsletter.model import Frequency, RunOutcome
from newsletter.run.weekly_best import MOST_PAPERS, choose_best, is_due, monday_of
from tests import make
from tests.unit.run.test_recall import WHO, digest, vote
from tests.unit.test_flow import Morning, ScriptedScorer, ScriptedSource, next_day

MONDAY = make.TUESDAY - timedelta(days=1)
FRIDAY = MONDAY + timedelta(days=4)
WANTING = make.subscriber(weekly_best=True)


@pytest.mark.parametrize("frequency", [Frequency.DAILY, Frequency.WEEKDAYS])
def test_it_is_due_on_fridays_for_who_wants_it(frequency: Frequency) -> None:
    reader = replace(WANTING, frequency=frequency)
    week = [MONDAY + timedelta(days=day) for day in range(7)]
    assert [is_due(reader, on) for on in week] == [on == FRIDAY for on in week]
    assert not any(is_due(replace(reader, weekly_best=False), on) for on in week)
    assert {monday_of(on) for on in week} == {MONDAY}


def test_a_weekly_mail_has_none() -> None:
    assert not is_due(replace(WANTING, frequency=Frequency.WEEKLY, weekday=4), FRIDAY)


def test_the_liked_come_first_then_the_best_and_what_is_not_liked_not_at_all() -> None:
    of_monday = digest(MONDAY, *(f"2601.0000{number}" for number in range(1, 5)))
    of_tuesday = digest(make.TUESDAY, *(f"2601.0001{number}" for number in range(1, 5)))
    graded = [
        replace(entry, score=make.score(entry.paper.arxiv_id, relevance, novelty))
        for entry, (relevance, novelty) in zip(of_tuesday.entries, [(9, 5), (9, 8), (10, None), (7, 9)], strict=True)
    ]
    nearest = replace(graded[0], is_nearest=True, paper=make.paper("2601.00019"), score=make.score("2601.00019", 10))
    of_tuesday = replace(of_tuesday, entries=(*graded, nearest))
    chosen = choose_best([of_monday, of_tuesday], [vote("2601.00004", 1), vote("2601.00013", -1)])
    assert [one.entry.paper.arxiv_id for one in chosen] == [
        *("2601.00004", "2601.00012", "2601.00011", "2601.00001", "2601.00002")
    ]
    assert len(chosen) == MOST_PAPERS
    assert [one.digest_on for one in chosen] == [MONDAY, make.TUESDAY, make.TUESDAY, MONDAY, MONDAY]


def week(*, last: bool = True, scorer: ScriptedScorer | None = None) -> Morning:
    """A week of mornings up to Friday, which has one paper or no announcement."""
    source = ScriptedSource({MONDAY: {"cs.LG": [make.announcement("2601.00001")]}})
    given = Morning(source, subscribers=[WANTING])
    source.on = MONDAY
    given.run()
    for number in (2, 3, 4):
        next_day(given, f"2601.0000{number}")
        given.run()
    next_day(given, *(["2601.00005"] if last else []))
    given.scorer = scorer or given.scorer
    return given


def test_fridays_mail_shows_them_and_counts_its_own_papers_alone() -> None:
    given = week()
    assert given.outcomes() == [RunOutcome.SENT]
    friday = make.present(given.store.get_digest(WHO, FRIDAY))
    assert [one.entry.paper.arxiv_id for one in friday.weekly_best] == [f"2601.0000{number}" for number in range(1, 5)]
    assert [entry.paper.arxiv_id for entry in friday.entries] == ["2601.00005"]
    assert (friday.counts.announced, friday.counts.shown) == (1, 1)
    assert make.present(given.store.get_delivery(WHO, FRIDAY)).paper_ids == ("2601.00005",)
    assert make.present(given.store.get_digest(WHO, FRIDAY - timedelta(days=1))).weekly_best == ()
    assert "THE WEEK’S BEST" in make.text_of(given.sender.mails[-1].mime)


def test_they_come_by_themselves_where_nothing_of_friday_passed() -> None:
    given = week(scorer=ScriptedScorer(dull=frozenset({"2601.00005"})))
    assert given.outcomes() == [RunOutcome.SENT]
    mail = given.sender.mails[-1].mime
    assert mail["Subject"] == "The week’s best: On the paper 2601.00001"
    assert make.present(given.store.get_delivery(WHO, FRIDAY)).paper_ids == ()
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]


def test_a_friday_without_announcement_has_no_mail() -> None:
    given = week(last=False)
    sent = len(given.sender.mails)
    assert given.outcomes() == [RunOutcome.NO_ANNOUNCEMENT]
    assert len(given.sender.mails) == sent


def test_a_mail_that_bounced_was_not_sent() -> None:
    given = week()
    thursday = make.present(given.store.get_delivery(WHO, FRIDAY - timedelta(days=1)))
    given.store.move(ledger.reject(thursday, "no such mailbox", make.NOW))
    given.run()
    shown = make.present(given.store.get_digest(WHO, FRIDAY)).weekly_best
    assert date(2026, 1, 8) not in {one.digest_on for one in shown}
