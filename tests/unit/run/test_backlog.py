"""Which announcement days a mail covers: the latest, and what earlier mails left out."""

from datetime import date, timedelta

from newsletter.delivery import ledger
from newsletter.model import AnnouncementDay, Delivery
from newsletter.run.backlog import ReadSoFar, days_in_reach, days_to_cover, is_settled, left_unscored
from tests import make

MONDAY = make.TUESDAY - timedelta(days=1)


def days(*on: date) -> list[AnnouncementDay]:
    return [make.day(each, [make.announcement()]) for each in on]


def sent(digest_on: date, *announced_on: date) -> Delivery:
    claim = ledger.first_claim("s_abcd2345", digest_on, "run", make.NOW)
    row = ledger.hand_over(claim, paper_ids=("x",), announced_on=announced_on, message_id="<m>", now=make.NOW)
    return ledger.accept(row, "there", make.NOW)


def covered(known: list[AnnouncementDay], rows: list[Delivery], digest_on: date = make.WEDNESDAY) -> list[date]:
    read = ReadSoFar(rows, digest_on, since=known[0].announced_on)
    return [day.announced_on for day in days_to_cover(days_in_reach(known, rows, digest_on), read, ("cs.LG",))]


def test_the_first_mail_covers_the_latest_day_alone() -> None:
    assert covered(days(MONDAY, make.TUESDAY, make.WEDNESDAY), []) == [make.WEDNESDAY]


def test_the_first_mail_waits_when_the_latest_day_brought_nothing() -> None:
    known = [*days(MONDAY), make.day(make.TUESDAY)]
    assert covered(known, []) == [make.TUESDAY]


def test_a_missed_day_is_caught_up() -> None:
    assert covered(days(MONDAY, make.TUESDAY, make.WEDNESDAY), [sent(MONDAY, MONDAY)]) == [
        make.TUESDAY,
        make.WEDNESDAY,
    ]


def test_nothing_before_the_first_mail_is_sent_later() -> None:
    known = days(MONDAY - timedelta(days=3), MONDAY, make.TUESDAY)
    assert covered(known, [sent(MONDAY, MONDAY)], make.TUESDAY) == [make.TUESDAY]


def test_a_skipped_day_counts_as_covered_and_a_deferred_one_does_not() -> None:
    claim = ledger.first_claim("s_abcd2345", make.TUESDAY, "run", make.NOW)
    skipped = ledger.skip(claim, "nothing relevant", make.NOW, announced_on=(make.TUESDAY,))
    known = days(MONDAY, make.TUESDAY, make.WEDNESDAY)
    assert covered(known, [sent(MONDAY, MONDAY), skipped]) == [make.WEDNESDAY]
    deferred = ledger.defer(claim, "later", make.NOW, make.NOW)
    assert covered(known, [sent(MONDAY, MONDAY), deferred]) == [make.TUESDAY, make.WEDNESDAY]


def test_the_row_of_the_same_date_does_not_count() -> None:
    assert covered(days(make.TUESDAY), [sent(make.TUESDAY, make.TUESDAY)], make.TUESDAY) == [make.TUESDAY]


def test_after_a_long_absence_two_weeks_are_caught_up() -> None:
    known = days(*(make.WEDNESDAY - timedelta(days=n) for n in range(20, -1, -1)))
    first = sent(known[0].announced_on, known[0].announced_on)
    assert covered(known, [first]) == [make.WEDNESDAY - timedelta(days=n) for n in range(14, -1, -1)]


def test_a_day_with_a_failed_feed_is_not_settled_and_comes_again() -> None:
    half = make.day(make.TUESDAY, [make.announcement()], failed=["cs.AI"])
    assert is_settled(half, ["cs.LG"])
    assert not is_settled(half, ["cs.LG", "cs.AI"])
    known = [half, *days(make.WEDNESDAY)]
    assert covered(known, [sent(make.TUESDAY)]) == [make.TUESDAY, make.WEDNESDAY]


def failed(digest_on: date, *ids: str) -> Delivery:
    claim = ledger.first_claim("s_abcd2345", digest_on, "run", make.NOW)
    return ledger.skip(claim, "nothing relevant", make.NOW, announced_on=(digest_on,), not_scored_ids=ids)


def test_what_the_last_mail_could_not_score_is_what_is_left_of_its_day() -> None:
    two = make.day(make.TUESDAY, [make.announcement("2601.00001"), make.announcement("2601.00002")])
    known = [*days(MONDAY), two, *days(make.WEDNESDAY)]
    left = left_unscored(known, [failed(MONDAY, "2601.00001"), failed(make.TUESDAY, "2601.00002")], make.WEDNESDAY)
    assert [(day.announced_on, [shown.paper.arxiv_id for shown in day.announcements]) for day in left] == [
        (make.TUESDAY, ["2601.00002"])
    ]


def test_a_paper_that_never_can_be_scored_is_given_up_after_two_weeks() -> None:
    known = days(*(make.WEDNESDAY - timedelta(days=n) for n in (15, 14, 0)))
    left = left_unscored(known, [failed(make.TUESDAY, "2601.00001")], make.WEDNESDAY + timedelta(days=1))
    assert [day.announced_on for day in left] == [make.WEDNESDAY - timedelta(days=14), make.WEDNESDAY]


def test_a_mail_of_the_same_date_or_that_never_left_leaves_nothing() -> None:
    claim = ledger.first_claim("s_abcd2345", MONDAY, "run", make.NOW)
    assert left_unscored(days(make.TUESDAY), [claim, failed(make.TUESDAY, "2601.00001")], make.TUESDAY) == []


def test_without_any_day_there_is_nothing_to_cover() -> None:
    assert days_in_reach([], [], make.TUESDAY) == []
    assert left_unscored([], [failed(MONDAY, "2601.00001")], make.TUESDAY) == []
