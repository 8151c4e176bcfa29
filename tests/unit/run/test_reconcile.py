"""At the end of a run each subscriber is in one of five groups, and the ledger tells the same story."""

from collections.abc import Sequence

import pytest

from newsletter.delivery import ledger
from newsletter.errors import LedgerError
from newsletter.model.deliveries import Delivery, DeliveryState, EventKind, MailEvent
from newsletter.model.runs import TALLY, RunOutcome, RunReport, SubscriberReport, Tally, tally
from newsletter.run import reconcile
from tests import make


def report(*entries: SubscriberReport) -> RunReport:
    return RunReport("r1", make.TUESDAY, make.NOW, make.NOW, (), entries)


def entry(who: str, outcome: RunOutcome, *, claimed: bool = False) -> SubscriberReport:
    return SubscriberReport(who, outcome, delivery_id=f"{who}/{make.TUESDAY}" if claimed else "")


def check(entries: Sequence[SubscriberReport], subscribers: Sequence[str], *rows: Delivery) -> None:
    kept = {row.delivery_id: row for row in rows}
    reconcile.check(report(*entries), subscribers, lambda ids: {one: kept[one] for one in ids if one in kept})


def claimed(who: str = "s_1", run_id: str = "r1") -> Delivery:
    return ledger.first_claim(who, make.TUESDAY, run_id, make.NOW)


def accepted(who: str = "s_1", run_id: str = "r1") -> Delivery:
    handed = ledger.hand_over(
        claimed(who, run_id), paper_ids=("2601.00001",), announced_on=(make.TUESDAY,), message_id="<m@x>", now=make.NOW
    )
    return ledger.accept(handed, "receipt", make.NOW)


def test_every_outcome_is_in_one_of_the_five_groups() -> None:
    assert set(TALLY) == set(RunOutcome)
    everybody = report(*(entry(f"s_{number}", outcome) for number, outcome in enumerate(RunOutcome)))
    counted = tally(everybody)
    assert list(counted) == list(Tally)
    assert sum(counted.values()) == len(RunOutcome)


def test_books_that_balance_pass() -> None:
    rows = [accepted("s_1"), ledger.skip(claimed("s_2"), "nothing relevant", make.NOW)]
    entries = [
        entry("s_1", RunOutcome.SENT, claimed=True),
        entry("s_2", RunOutcome.NOTHING_RELEVANT, claimed=True),
        entry("s_3", RunOutcome.SUPPRESSED),
    ]
    check(entries, ["s_1", "s_2", "s_3"], *rows)


@pytest.mark.parametrize("subscribers", [["s_1"], ["s_1", "s_2", "s_3"], ["s_2", "s_1"]])
def test_a_subscriber_missing_twice_or_too_many_is_a_bug(subscribers: list[str]) -> None:
    entries = [entry("s_1", RunOutcome.NOT_DUE), entry("s_2", RunOutcome.NOT_DUE)]
    with pytest.raises(LedgerError, match="run r1 tells of 2 subscribers"):
        check(entries, subscribers)


@pytest.mark.parametrize("row", [claimed(), ledger.skip(claimed(), "nothing relevant", make.NOW)])
def test_sent_without_an_accepted_row_is_a_bug(row: Delivery) -> None:
    with pytest.raises(LedgerError, match=rf"tells sent of s_1/2026-01-06, which is {row.state} in the ledger"):
        check([entry("s_1", RunOutcome.SENT, claimed=True)], ["s_1"], row)


def test_sent_without_any_row_is_a_bug() -> None:
    with pytest.raises(LedgerError, match="not there in the ledger"):
        check([entry("s_1", RunOutcome.SENT, claimed=True)], ["s_1"])


def test_a_row_that_another_run_took_over_meanwhile_is_its_business() -> None:
    check([entry("s_1", RunOutcome.NOTHING_RELEVANT, claimed=True)], ["s_1"], accepted(run_id="r2"))


def handed(run_id: str = "r1") -> Delivery:
    return ledger.hand_over(
        claimed(run_id=run_id), paper_ids=("2601.00001",), announced_on=(make.TUESDAY,), message_id="", now=make.NOW
    )


MADE = {
    RunOutcome.SENT: ledger.accept(handed(), "receipt", make.NOW),
    RunOutcome.DEFERRED: ledger.defer(handed(), "later", make.NOW, make.NOW),
    RunOutcome.STOPPED: ledger.defer(handed(), "the key is refused", make.NOW, make.NOW),
    RunOutcome.SCORING_FAILED: ledger.defer(claimed(), "no answer", make.NOW, make.NOW),
    RunOutcome.REJECTED: ledger.reject(handed(), "never", make.NOW),
    RunOutcome.IN_DOUBT: ledger.doubt(handed(), "no answer", make.NOW),
    RunOutcome.NOTHING_RELEVANT: ledger.skip(claimed(), "nothing relevant", make.NOW),
}


def moved_on(row: Delivery) -> list[Delivery]:
    """Every row that others can make of it while the run goes on: events, the operator, another run."""
    rows = [
        ledger.apply_events(
            row, [MailEvent(kind, row.subscriber_id, row.digest_on, make.NOW)], make.NOW, lambda _run: False
        )
        for kind in EventKind
    ]
    if row.state is DeliveryState.IN_DOUBT:
        rows += [ledger.settle(row, is_accepted, "the operator", make.NOW) for is_accepted in (True, False)]
    rows += [ledger.reclaim(each, "r2", make.NOW) for each in rows if each.state is DeliveryState.DEFERRED]
    return rows


@pytest.mark.parametrize("outcome", MADE)
def test_a_row_that_went_on_since_the_run_made_its_move_balances(outcome: RunOutcome) -> None:
    for row in [MADE[outcome], *moved_on(MADE[outcome])]:
        check([entry("s_1", outcome, claimed=True)], ["s_1"], row)


@pytest.mark.parametrize("outcome", MADE)
def test_a_move_that_the_run_tells_and_did_not_make_is_a_bug(outcome: RunOutcome) -> None:
    """Also if an earlier run had made it: the claims of that time are over."""
    again = ledger.reclaim(MADE[RunOutcome.DEFERRED], "r1", make.NOW)
    for row in (again, claimed(), handed()):
        with pytest.raises(LedgerError, match="in the ledger"):
            check([entry("s_1", outcome, claimed=True)], ["s_1"], row)
