"""What an alert says, what it leaves out, and that a trouble is told once a day."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.delivery import suppression
from newsletter.errors import StoreError
from newsletter.model.deliveries import AddressStatus, Suppression, SuppressionReason
from newsletter.model.papers import FeedOutcome, FeedReport
from newsletter.model.runs import RunOutcome, RunReport, SubscriberReport
from newsletter.ops.alerts import (
    REMEDIES,
    Alert,
    Kind,
    add_keys,
    broken_run,
    build_alert,
    find_arrivals,
    find_bounce_troubles,
    find_troubles,
    parse_keys,
    went_well,
)
from tests import make

FINE = (FeedReport("cs.LG", FeedOutcome.ANNOUNCED, 12), FeedReport("cs.AI", FeedOutcome.STALE, 0, "an old one"))


def entry(
    number: int, outcome: RunOutcome, detail: str = "", *, problem: str = "", old: bool = False
) -> SubscriberReport:
    who = f"s_{number:08}"
    delivery = "" if old else f"{who}/{make.TUESDAY}"
    return SubscriberReport(who, outcome, detail=detail, problem=problem, delivery_id=delivery)


def report(*entries: SubscriberReport, feeds: tuple[FeedReport, ...] = FINE, on: date = make.TUESDAY) -> RunReport:
    return RunReport("run-1", on, make.NOW, make.NOW, feeds, entries)


def text(found: RunReport, problem: str = "") -> str:
    alert = make.present(build_alert(found, find_troubles(found, problem)))
    return f"{alert.subject}\n{alert.text}"


WELL = [
    *(RunOutcome.SENT, RunOutcome.ALREADY_SENT, RunOutcome.NOT_DUE, RunOutcome.PAUSED, RunOutcome.SUPPRESSED),
    *(
        RunOutcome.INTERRUPTED,
        RunOutcome.NO_ANNOUNCEMENT,
        RunOutcome.NOTHING_RELEVANT,
        RunOutcome.BUSY,
        RunOutcome.WAITING,
    ),
]


def test_a_run_in_which_nothing_failed_is_no_news() -> None:
    found = report(*(entry(n, outcome) for n, outcome in enumerate(WELL)))
    assert find_troubles(found) == ()
    assert build_alert(found, ()) is None
    assert went_well(())


@pytest.mark.parametrize("outcome", sorted(set(RunOutcome) - set(WELL) - {RunOutcome.FEED_FAILED}))
def test_every_outcome_that_counts_as_a_failure_is_told_with_id_cause_and_remedy(outcome: RunOutcome) -> None:
    found = report(entry(1, outcome, "what the other side said"))
    said = text(found)
    assert "(s_00000001): what the other side said" in said
    assert any(remedy in said for remedy in REMEDIES.values())
    assert "1 subscribers = " in said
    assert "newsletter status --date 2026-01-06" in said
    assert not went_well(find_troubles(found))


def test_a_failed_feed_is_told_once_and_not_for_each_of_its_readers() -> None:
    feeds = (*FINE, FeedReport("cs.RO", FeedOutcome.FAILED, 0, "arXiv did not answer."))
    found = report(*(entry(n, RunOutcome.FEED_FAILED, "cs.RO") for n in range(5)), feeds=feeds)
    [trouble] = find_troubles(found)
    assert (trouble.kind, trouble.about) == (Kind.FEED, "cs.RO")
    assert "Feed failed (cs.RO): arXiv did not answer." in text(found)


def late(tries: int, outcome: FeedOutcome = FeedOutcome.STALE) -> FeedReport:
    return FeedReport("cs.RO", outcome, 0, "The feed of cs.RO is an old one.", is_awaited=True, tries=tries)


def test_a_late_announcement_is_told_once_after_some_looks_and_taken_back_once() -> None:
    waiting = entry(1, RunOutcome.WAITING, "cs.RO (stale)")
    assert find_troubles(report(waiting, feeds=(*FINE, late(2)))) == ()
    found = report(waiting, feeds=(*FINE, late(3)))
    alert = make.present(build_alert(found, find_troubles(found)))
    assert "Announcement late (cs.RO): the feed repeats what was announced before" in alert.text
    assert went_well(alert.troubles)
    sent = parse_keys(add_keys("", alert))
    later = report(waiting, feeds=(*FINE, late(4)))
    assert build_alert(later, [*find_troubles(later), *find_arrivals(later, sent)], sent) is None
    came = FeedReport("cs.RO", FeedOutcome.ANNOUNCED, 31, fetched_at=make.NOW)
    there = report(entry(1, RunOutcome.SENT), feeds=(*FINE, came))
    back = make.present(build_alert(there, [*find_troubles(there), *find_arrivals(there, sent)], sent))
    assert "Announcement came (cs.RO): today's papers came at 06:00 UTC" in back.text
    assert find_arrivals(there, frozenset()) == ()
    sent = parse_keys(add_keys("\n".join(sent), back))
    assert build_alert(there, find_arrivals(there, sent), sent) is None


def test_a_half_stale_feed_is_not_said_to_repeat_anything_since_its_date_or_its_ids_may_have_told() -> None:
    said = text(report(feeds=(*FINE, late(3, FeedOutcome.HALF_STALE))))
    assert "Announcement late (cs.RO): the feed is an old one, or a part of it is" in said


@pytest.mark.parametrize("outcome", [FeedOutcome.STALE, FeedOutcome.HALF_STALE, FeedOutcome.NO_ANNOUNCEMENT])
def test_many_categories_that_are_late_together_are_one_line(outcome: FeedOutcome) -> None:
    feeds = tuple(replace(late(3, outcome), category=category) for category in ("cs.AI", "cs.CL", "cs.RO"))
    found = report(feeds=feeds)
    alert = make.present(build_alert(found, find_troubles(found)))
    assert [line.partition(":")[0] for line in alert.lines] == ["Announcement late (cs.AI, cs.CL, cs.RO)"]


def test_a_feed_that_failed_and_came_is_taken_back_too() -> None:
    failed = report(feeds=(*FINE, FeedReport("cs.RO", FeedOutcome.FAILED, 0, "No answer.", is_awaited=True, tries=9)))
    [trouble] = find_troubles(failed)
    assert trouble.kind is Kind.FEED
    there = report(feeds=(*FINE, FeedReport("cs.RO", FeedOutcome.ANNOUNCED, 31, fetched_at=make.NOW)))
    assert [each.kind for each in find_arrivals(there, {trouble.key})] == [Kind.CAME]


def test_a_model_that_failed_is_told_though_every_mail_went_out() -> None:
    found = report(entry(1, RunOutcome.SENT, problem="the key is refused (401)"), entry(2, RunOutcome.SENT))
    assert "Model (s_00000001): the key is refused (401)" in text(found)
    assert not went_well(find_troubles(found))


def test_a_broken_subscribers_file_is_told() -> None:
    assert "Subscribers file: subscribers.yaml:3: topics: missing" in text(
        report(), "subscribers.yaml:3: topics: missing"
    )


def test_a_profile_that_is_ignored_is_told_for_each_reader_and_keeps_no_heartbeat_away() -> None:
    found = report(entry(1, RunOutcome.SENT), entry(2, RunOutcome.SENT))
    ignored = [(f"s_{n:08}", f"revision 2 of the profile of s_{n:08} cannot be read any more (x)") for n in (1, 2)]
    troubles = find_troubles(found, "", ignored)
    assert [each.about for each in troubles] == ["s_00000001", "s_00000002"]
    assert len({each.key for each in troubles}) == 2
    assert went_well(troubles)
    alert = make.present(build_alert(found, troubles))
    assert "Profile ignored (s_00000001, s_00000002): revision 2" in alert.text
    assert "'newsletter subscribers revert' brings one back" in alert.text


def test_the_same_cause_is_one_line_with_all_ids_and_many_ids_are_cut() -> None:
    found = report(*(entry(n, RunOutcome.DEFERRED, f"s_{n:08}/2026-01-06: 451 later, {n} waiting") for n in range(25)))
    alert = make.present(build_alert(found, find_troubles(found)))
    [line] = alert.lines
    assert "s_00000019 and 5 more)" in line
    assert alert.subject == "Newsletter 2026-01-06: deferred (25)"


def test_the_gravest_comes_first() -> None:
    found = report(entry(1, RunOutcome.DEFERRED), entry(2, RunOutcome.STOPPED), entry(3, RunOutcome.IN_DOUBT))
    assert re.findall(r"^(\w+(?: \w+)?) \(", text(found), re.MULTILINE) == ["Sending stopped", "In doubt", "Deferred"]


def test_addresses_in_others_words_are_taken_out() -> None:
    said = text(report(entry(1, RunOutcome.REJECTED, "550 <ada@example.org>: no such user")))
    assert "ada" not in said
    assert "550 <[address]>: no such user" in said


def test_others_words_are_bounded_and_on_one_line() -> None:
    [trouble] = find_troubles(report(entry(1, RunOutcome.DEFERRED, "later\r\nSubject: x\n" + "y" * 5000)))
    assert trouble.detail.startswith("later Subject: x yyy")
    assert len(trouble.detail) == 500


def test_a_webhook_gets_the_text_and_the_parts() -> None:
    found = report(entry(1, RunOutcome.REJECTED, "no such user"), entry(2, RunOutcome.REJECTED, "no such user"))
    alert = make.present(build_alert(found, find_troubles(found)))
    payload = json.loads(alert.payload())
    assert payload.keys() == {"text", "subject", "date", "run", "troubles"}
    assert payload["text"] == f"{alert.subject}\n{alert.text}"
    assert payload["troubles"] == [
        {
            "kind": "rejected",
            "about": ["s_00000001", "s_00000002"],
            "detail": "no such user",
            "remedy": REMEDIES[Kind.REJECTED],
        }
    ]


def told_after(found: RunReport, told: str = "") -> str:
    alert = build_alert(found, find_troubles(found), parse_keys(told))
    return add_keys(told, alert) if alert else told


def test_the_same_trouble_is_told_once_a_day_and_again_the_next() -> None:
    found = report(entry(1, RunOutcome.DEFERRED, "451 try later, 12 waiting"))
    told = told_after(found)
    later = report(
        entry(1, RunOutcome.DEFERRED, "451 try later, 7 waiting"),
        entry(2, RunOutcome.DEFERRED, "451 try later, 7 waiting"),
    )
    assert build_alert(later, find_troubles(later), parse_keys(told)) is None, "the same cause, whoever it meets"
    tomorrow = report(entry(1, RunOutcome.DEFERRED, "451 try later, 12 waiting"), on=make.WEDNESDAY)
    assert build_alert(tomorrow, find_troubles(tomorrow), parse_keys(told)) is not None


def test_another_cause_is_told_and_what_was_told_is_left_out() -> None:
    told = told_after(report(entry(1, RunOutcome.DEFERRED, "try later")))
    found = report(entry(1, RunOutcome.DEFERRED, "try later"), entry(2, RunOutcome.DEFERRED, "the disk is full"))
    alert = make.present(build_alert(found, find_troubles(found), parse_keys(told)))
    assert [trouble.about for trouble in alert.troubles] == ["s_00000002"]


@pytest.mark.parametrize("outcome", [RunOutcome.REJECTED, RunOutcome.IN_DOUBT])
def test_each_lost_mail_is_news_of_its_own(outcome: RunOutcome) -> None:
    told = told_after(report(entry(1, outcome, "the same words")))
    found = report(entry(1, outcome, "other words"), entry(2, outcome, "the same words"))
    alert = make.present(build_alert(found, find_troubles(found), parse_keys(told)))
    assert [trouble.about for trouble in alert.troubles] == ["s_00000002"]


@pytest.mark.parametrize("outcome", [RunOutcome.REJECTED, RunOutcome.IN_DOUBT])
def test_what_the_ledger_says_all_day_does_not_stop_the_heartbeat_after_the_run_that_did_it(
    outcome: RunOutcome,
) -> None:
    assert not went_well(find_troubles(report(entry(1, outcome))))
    later = report(entry(1, outcome, old=True))
    assert went_well(find_troubles(later))
    assert build_alert(later, find_troubles(later)) is not None, "told, if the run that did it could not"


def test_a_deferral_that_lasts_stops_the_heartbeat_as_long_as_it_lasts() -> None:
    assert not went_well(find_troubles(report(entry(1, RunOutcome.DEFERRED, old=True))))


def test_a_run_that_broke_off_is_told_once_a_day() -> None:
    error = StoreError("state/deliveries/x.json cannot be read; put this file back from a backup")
    alert = Alert(make.TUESDAY, (broken_run(error, make.TUESDAY),))
    assert "Run broke off: StoreError: state/deliveries/x.json cannot be read" in alert.text
    told = parse_keys(add_keys("", alert))
    assert broken_run(error, make.TUESDAY).key in told
    assert broken_run(error, make.WEDNESDAY).key not in told


def test_what_was_told_is_forgotten_after_a_week() -> None:
    told = ""
    for n in range(30):
        told = told_after(report(entry(1, RunOutcome.DEFERRED, "later"), on=make.TUESDAY + timedelta(days=n)), told)
    assert len(parse_keys(told)) == 9


def test_the_key_of_an_alert_fits_a_message_id_and_is_the_same_for_the_same() -> None:
    found = report(entry(1, RunOutcome.IN_DOUBT, "x"))
    one, other = (build_alert(found, find_troubles(found)) for _ in range(2))
    assert one is not None
    assert other is not None
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,100}", one.key)
    assert one.key == other.key


def status(number: int, why: SuppressionReason, days_ago: int = 0, *, is_held: bool = False) -> AddressStatus:
    on = make.TUESDAY - timedelta(days=days_ago)
    given = Suppression(why, make.NOW - timedelta(days=days_ago), "550 5.1.1 no such user", on)
    parse_keys = suppression.suppress(AddressStatus(f"s_{number:08}"), given)
    return suppression.apply_brake(parse_keys, on, too_many=is_held)


def test_a_bounce_that_suppresses_is_told_once_with_its_words_and_fails_no_run() -> None:
    found = find_bounce_troubles([status(1, SuppressionReason.HARD_BOUNCE, 1)], make.TUESDAY)
    alert = make.present(build_alert(report(), found))
    assert "Bounced (s_00000001): hard bounce: 550 5.1.1 no such user" in alert.text
    assert "newsletter suppressions" in alert.text
    assert went_well(found)
    tomorrow = find_bounce_troubles([status(1, SuppressionReason.HARD_BOUNCE, 1)], make.WEDNESDAY)
    assert build_alert(report(on=make.WEDNESDAY), tomorrow, parse_keys(add_keys("", alert))) is None


def test_a_bounce_is_remembered_as_told_for_as_long_as_it_would_be_told() -> None:
    bounced, told = [status(1, SuppressionReason.SOFT_BOUNCES)], ""
    alerts = 0
    for days in range(30):
        on = make.TUESDAY + timedelta(days=days)
        others = [status(2 + days, SuppressionReason.HARD_BOUNCE, -days)]
        alert = build_alert(report(on=on), find_bounce_troubles(bounced + others, on), parse_keys(told))
        if alert is not None:
            told = add_keys(told, alert)
            alerts += "s_00000001" in alert.text
    assert alerts == 1


@pytest.mark.parametrize(
    "why", [SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINT, SuppressionReason.OPERATOR]
)
def test_other_suppressions_are_no_bounces(why: SuppressionReason) -> None:
    assert find_bounce_troubles([status(1, why)], make.TUESDAY) == ()


def test_what_is_held_is_told_each_day_and_no_run_went_well_meanwhile() -> None:
    waiting = [status(number, SuppressionReason.HARD_BOUNCE, is_held=True) for number in range(3)]
    told = ""
    for on in (make.TUESDAY, make.WEDNESDAY):
        found = find_bounce_troubles(waiting, on)
        assert not went_well(found)
        alert = make.present(build_alert(report(on=on), found, parse_keys(told)))
        assert "Bounces held (s_00000000, s_00000001, s_00000002): 550 5.1.1 no such user" in alert.text
        assert "newsletter suppressions held" in alert.text
        told = add_keys(told, alert)
        assert build_alert(report(on=on), found, parse_keys(told)) is None
