"""The nearest papers: who gets some, which, how they are counted, and what is suggested to whom nothing passed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.mail.notices import write_notice
from newsletter.mail.templates import load_notices
from newsletter.model import (
    DeliveryState,
    Digest,
    Move,
    NoticeKind,
    Paper,
    Profile,
    RunOutcome,
    Score,
    Topic,
    ZoteroLibrary,
)
from newsletter.model.scores import ScoreReport
from newsletter.model.subscribers import Frequency, Votes
from newsletter.run.digest import build_digest
from newsletter.run.nearest import FEW_CANDIDATES, FIRST_NEAREST, suggest_widening
from newsletter.run.preview import preview
from newsletter.scoring.protocols import History
from newsletter.services.votes import cast_numbered
from tests import make
from tests.fakes import Act, FlakySender, Silent
from tests.unit.test_flow import BROKEN, Morning, ScriptedScorer, ScriptedSource, mailed_before, morning, next_day

FIVE = tuple(f"2601.{number:05}" for number in range(1, 6))
LATER = ("2601.00011", "2601.00012", "2601.00013")


@dataclass
class Grades(ScriptedScorer):
    """Gives the relevance that is written for a paper, 2 to all others."""

    relevance: dict[str, int] | None = None

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        report = super().score(profile, papers, history, floor=floor, votes=votes)
        known = self.relevance or {}
        scores = (replace(score, relevance=known.get(score.arxiv_id, 2)) for score in report.scores)
        return replace(report, scores=tuple(scores))


def quiet_day(relevance: dict[str, int] | None = None, *, ids: Sequence[str] = FIVE, **subscriber: object) -> Morning:
    """A day on which nothing passes, but for what is given a high relevance."""
    announced = [make.announcement(each) for each in ids]
    return morning(*announced, scorer=Grades(relevance=relevance), subscribers=[make.subscriber(**subscriber)])


def mailed(given: Morning) -> list[str]:
    """What the latest mail has, in its order."""
    [who] = {subscriber.subscriber_id for subscriber in given.subscribers}
    return list(given.store.get_deliveries(subscriber_id=who)[-1].paper_ids)


def digest_of(given: Morning) -> Digest:
    [subscriber] = given.subscribers
    return make.present(given.store.get_digest(subscriber.subscriber_id, given.source.on))


# --- a reader's first mail


def test_the_first_day_on_which_nothing_passes_brings_the_three_nearest() -> None:
    given = quiet_day({FIVE[3]: 6, FIVE[1]: 5})
    [entry] = given.run().subscribers
    assert entry.outcome is RunOutcome.SENT
    assert entry.detail == "nothing passed; with the nearest 3"
    assert mailed(given) == [FIVE[3], FIVE[1], FIVE[0]]
    counts = make.present(entry.counts)
    assert (counts.scanned, counts.relevant, counts.shown, counts.nearest) == (5, 0, 3, 3)
    assert all(each.is_nearest for each in digest_of(given).entries)


def test_a_second_quiet_day_brings_none_and_nothing_is_sent_twice() -> None:
    given = quiet_day()
    given.run()
    next_day(given, FIVE[0], *LATER)
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]
    assert len(given.mailed()) == 1


@pytest.mark.parametrize("passing", [1, 2, 3])
def test_where_something_passes_the_first_mail_has_that_alone(passing: int) -> None:
    given = quiet_day(dict.fromkeys(FIVE[:passing], 9))
    given.run()
    assert mailed(given) == list(FIVE[:passing])
    assert digest_of(given).counts.nearest == 0


def test_a_paper_of_a_pinned_author_is_enough_for_a_first_mail() -> None:
    given = quiet_day(pinned_authors=("Grace Hopper",))
    given.source.days[make.TUESDAY]["cs.LG"] = [make.announcement(FIVE[0], authors=("Grace Hopper",)), *_four()]
    given.run()
    assert mailed(given) == [FIVE[0]]


def _four() -> list[object]:
    return [make.announcement(each) for each in FIVE[1:]]


def test_who_only_follows_authors_gets_a_first_mail_and_then_their_papers_alone() -> None:
    given = quiet_day(profile=Profile(()), pinned_authors=("Grace Hopper",))
    assert given.outcomes() == [RunOutcome.SENT]
    assert digest_of(given).counts.nearest == FIRST_NEAREST
    assert make.present(digest_of(given).widening).kind is NoticeKind.FIRST_TOPIC
    next_day(given, *LATER)
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]


@pytest.mark.parametrize("authors", [(), ("Grace Hopper",)])
def test_who_lists_papers_of_which_nothing_is_known_is_told_so(authors: tuple[str, ...]) -> None:
    given = quiet_day(profile=Profile(()), papers=("2510.99999",), pinned_authors=authors)
    assert given.outcomes() == [RunOutcome.SENT]
    assert make.present(digest_of(given).widening).kind is NoticeKind.PAPERS_UNKNOWN


def test_who_has_a_live_library_alone_is_told_that_it_could_not_be_read_yet() -> None:
    given = quiet_day(profile=Profile(()), zotero=ZoteroLibrary("groups/12"))
    assert given.outcomes() == [RunOutcome.SENT]
    notice = make.present(digest_of(given).widening)
    assert (notice.kind, notice.values) == (NoticeKind.LIBRARY_UNREAD, {"place": "groups/12"})


def test_who_only_follows_authors_may_ask_for_others_on_each_day() -> None:
    given = quiet_day(profile=Profile(()), pinned_authors=("Grace Hopper",), at_least=2)
    given.run()
    next_day(given, *LATER)
    given.run()
    assert digest_of(given).counts.nearest == 2


@pytest.mark.parametrize(("ids", "expected"), [(FIVE[:1], 1), (FIVE[:2], 2), (FIVE, 3)])
def test_there_are_no_more_nearest_than_candidates(ids: Sequence[str], expected: int) -> None:
    given = quiet_day(ids=ids)
    given.run()
    assert len(mailed(given)) == expected


def test_of_a_day_without_candidates_there_is_nothing_to_mail() -> None:
    given = quiet_day()
    given.source.days[make.TUESDAY]["cs.LG"] = [make.announcement(FIVE[0], "replace", version=2)]
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]


def test_max_papers_bounds_the_nearest_too() -> None:
    given = quiet_day(max_papers=2)
    given.run()
    assert len(mailed(given)) == 2


def test_a_weekly_readers_first_mail_comes_too_and_one_after_a_pause() -> None:
    weekly = make.subscriber(frequency=Frequency.WEEKLY, weekday=make.TUESDAY.weekday())
    paused = make.subscriber(paused_until=make.TUESDAY)
    for subscriber in (weekly, paused):
        given = quiet_day()
        given.subscribers = [subscriber]
        given.source.on -= timedelta(days=1)
        given.source.days[given.source.on] = {"cs.LG": [make.announcement("2512.00009")]}
        assert set(given.outcomes()) <= {RunOutcome.NOT_DUE, RunOutcome.PAUSED}
        given.source.on = make.TUESDAY
        assert given.outcomes() == [RunOutcome.SENT]
        assert digest_of(given).counts.nearest == FIRST_NEAREST


def test_who_was_on_the_list_for_long_and_never_had_a_mail_gets_one() -> None:
    """Rows without a mail, as versions before this rule left them."""
    given = quiet_day()
    given.store.start_run("r0")
    for days in (3, 2):
        claim = make.present(
            given.store.claim("s_abcd2345", make.TUESDAY - timedelta(days=days), run_id="r0", now=make.NOW)
        )
        given.store.move(ledger.skip(claim, "nothing relevant", make.NOW, announced_on=(claim.digest_on,)))
    given.store.end_run("r0")
    assert given.outcomes() == [RunOutcome.SENT]


@pytest.mark.parametrize("act", [Act.DEFER, Act.LOSE, Act.REJECT])
def test_a_mail_that_was_not_accepted_leaves_the_next_one_the_first(act: Act) -> None:
    given = quiet_day()
    given.sender = FlakySender(lambda: make.NOW, [act])
    given.run()
    next_day(given, "2601.00011", "2601.00012")
    given.now += timedelta(days=1)
    assert given.outcomes() == [RunOutcome.SENT]
    assert digest_of(given).counts.nearest == FIRST_NEAREST


def test_a_crash_between_claim_and_acceptance_leaves_the_same_mail_to_send() -> None:
    given = quiet_day()
    given.store.start_run("r0")
    make.present(given.store.claim("s_abcd2345", make.TUESDAY, run_id="r0", now=make.NOW))
    given.store.crash()
    assert given.outcomes() == [RunOutcome.SENT]
    assert digest_of(given).counts.nearest == FIRST_NEAREST


def test_a_reader_with_a_new_address_is_not_a_new_reader() -> None:
    given = quiet_day()
    mailed_before(given)
    given.store.move_subscriber(Move("s_abcd2345", "s_moved234", make.NOW))
    given.subscribers = [make.subscriber(subscriber_id="s_moved234")]
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]


def test_a_preview_of_a_first_mail_is_that_mail_before_and_after_it_left() -> None:
    given = quiet_day()
    before = preview(given.context, given.subscribers[0], Silent(), digest_on=make.TUESDAY).digest
    given.run()
    assert preview(given.context, given.subscribers[0], Silent(), digest_on=make.TUESDAY, anew=True).digest == before
    assert make.present(before).counts.nearest == FIRST_NEAREST


# --- when there are none


def test_while_a_feed_is_missing_the_nearest_wait_for_it() -> None:
    subscriber = make.subscriber(categories=("cs.AI", "cs.LG"), at_least=2)
    source = ScriptedSource({make.TUESDAY: {"cs.LG": [make.announcement(each) for each in FIVE], "cs.AI": "no answer"}})
    given = Morning(source, scorer=Grades(), subscribers=[subscriber])
    assert given.outcomes() == [RunOutcome.FEED_FAILED]
    source.days[make.TUESDAY]["cs.AI"] = [make.announcement("2601.00009", categories=("cs.AI",))]
    assert given.outcomes() == [RunOutcome.SENT]


def test_a_paper_that_could_not_be_scored_is_never_among_the_nearest() -> None:
    given = quiet_day(ids=FIVE[:3])
    given.scorer.broken = BROKEN
    given.run()
    assert set(mailed(given)).isdisjoint(BROKEN)
    given = quiet_day()
    given.scorer.broken = frozenset(FIVE)
    assert given.outcomes() == [RunOutcome.SCORING_FAILED]


def test_when_a_model_that_should_have_judged_did_not_there_are_none() -> None:
    given = quiet_day()
    given.scorer.problem = "the key is not valid"
    assert given.outcomes() == [RunOutcome.SCORING_FAILED]
    assert given.mailed() == []


# --- at_least


def test_at_least_fills_up_behind_what_passed_on_any_day() -> None:
    given = quiet_day({FIVE[4]: 9, FIVE[2]: 6}, at_least=3)
    mailed_before(given)
    given.run()
    assert mailed(given) == [FIVE[4], FIVE[2], FIVE[0]]
    assert [entry.is_nearest for entry in digest_of(given).entries] == [False, True, True]
    assert [entry.number for entry in digest_of(given).entries] == [1, 2, 3]


def test_at_least_brings_some_on_a_day_when_nothing_passes_but_suggests_nothing() -> None:
    given = quiet_day(at_least=2)
    mailed_before(given)
    assert given.outcomes() == [RunOutcome.SENT]
    assert digest_of(given).counts.nearest == 2
    assert digest_of(given).widening == ""


def test_the_nearest_are_mailed_once() -> None:
    given = quiet_day(at_least=2)
    given.run()
    first = mailed(given)
    next_day(given, first[0], *LATER, "2601.00014")
    given.run()
    assert set(first).isdisjoint(mailed(given))
    assert len(mailed(given)) == 2


def test_a_reader_may_vote_on_the_nearest_by_their_numbers() -> None:
    given = quiet_day(ids=FIVE[:2])
    given.run()
    cast_numbered(given.store, "s_abcd2345", make.TUESDAY, [(2, 1)], make.NOW)
    assert [vote.arxiv_id for vote in given.store.get_votes("s_abcd2345")] == [FIVE[1]]


# --- which, and in which order


def digest_of_scores(scores: Sequence[Score], *, passed_over: Sequence[str] = (), **subscriber: object) -> Digest:
    return build_digest(
        make.subscriber(**subscriber),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=len(scores),
        candidates=[make.announcement(score.arxiv_id) for score in scores],
        score_report=make.score_report(*scores, passed_over=tuple(passed_over)),
    )


def ids(digest: Digest) -> list[str]:
    return [entry.paper.arxiv_id for entry in digest.entries]


def test_what_a_model_judged_comes_before_what_it_was_not_asked_about() -> None:
    scores = [make.score(FIVE[0], 6, rank=9.0), make.score(FIVE[1], 3), make.score(FIVE[2], 5)]
    assert ids(digest_of_scores(scores, passed_over=FIVE[:1], at_least=3)) == [FIVE[2], FIVE[1], FIVE[0]]


def test_of_equal_relevance_what_has_a_word_of_the_profile_is_nearer() -> None:
    scores = [
        replace(make.score(FIVE[0], 1, rank=1.0), is_met=False),
        make.score(FIVE[1], 1, rank=-1.0),
        replace(make.score(FIVE[2], 2, rank=-2.0), is_met=False),
    ]
    assert ids(digest_of_scores(scores, at_least=3)) == [FIVE[2], FIVE[1], FIVE[0]]


SCORES = st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10), st.booleans()), max_size=30).map(
    lambda many: [
        replace(make.score(f"2601.{i:05}", relevance, novelty), is_met=is_met)
        for i, (relevance, novelty, is_met) in enumerate(many)
    ]
)


@given(SCORES, st.integers(0, 20), st.integers(1, 25), st.booleans())
def test_counts_and_order_hold_whatever_passes(
    scores: list[Score], at_least: int, max_papers: int, is_first: bool
) -> None:
    subscriber = make.subscriber(at_least=at_least, max_papers=max_papers)
    digest = build_digest(
        subscriber,
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=len(scores),
        candidates=[make.announcement(score.arxiv_id) for score in scores],
        score_report=make.score_report(*scores),
        is_first=is_first,
    )
    counts, marks = digest.counts, [entry.is_nearest for entry in digest.entries]
    passing = {s.arxiv_id for s in scores if s.relevance >= 7 and s.novelty >= 4}
    assert marks == sorted(marks)
    assert all((entry.paper.arxiv_id in passing) != entry.is_nearest for entry in digest.entries)
    assert counts.relevant == len(passing)
    assert counts.passed == min(len(passing), max_papers)
    assert counts.shown == len(digest.entries) == len(set(ids(digest))) <= min(max_papers, len(scores))
    fewest = max(at_least, FIRST_NEAREST if is_first and not passing else 0)
    assert counts.shown == max(counts.passed, min(fewest, max_papers, len(scores)))
    assert bool(digest.widening) == (is_first and not passing and bool(scores))


# --- what would bring more


def suggestion(scores: Sequence[Score], *, categories: tuple[str, ...] = ("cs.LG",), **subscriber: object) -> str:
    candidates = [make.announcement(score.arxiv_id, categories=categories) for score in scores]
    return write_notice(suggest_widening(make.subscriber(**subscriber), candidates, scores), load_notices()["en"])


MANY = [make.score(f"2601.{number:05}", 2) for number in range(FEW_CANDIDATES)]


@pytest.mark.parametrize(
    ("scores", "changes", "expected"),
    [
        (
            [make.score(FIVE[0], 6), make.score(FIVE[1], 6), make.score(FIVE[2], 5)],
            {},
            "With min_relevance at 6 in place of 7, 2 papers of today would have passed.",
        ),
        (
            [make.score(FIVE[0], 9, 3)],
            {},
            "With min_novelty at 3 in place of 4, 1 paper of today would have passed.",
        ),
        (
            [make.score(FIVE[0], 4), make.score(FIVE[1], 4)],
            {"categories": ("cs.LG", "stat.ML")},
            "cs.LG brought only 2 papers today, 2 of them also in stat.ML: that category would bring more.",
        ),
        ([make.score(FIVE[0], 4)], {}, "cs.LG brought only 1 paper today; another category would bring more."),
        (MANY, {}, "Broader words, or fewer of them, find more than “Learning” does."),
        (
            [replace(score, is_met=False) for score in MANY],
            {"profile": Profile((Topic("Schwarze Löcher", "Gravitation"),), like=("Sterne",))},
            "None says “Schwarze Löcher” or “Sterne”; words that more papers use find more.",
        ),
        (
            [replace(score, is_met=False) for score in MANY],
            {"profile": Profile((Topic("Not video", "", "video generation"),), like=("Sterne",))},
            "None says “Sterne”; words that more papers use find more.",
        ),
    ],
)
def test_the_suggestion_is_the_one_that_applies(scores: list[Score], changes: dict[str, object], expected: str) -> None:
    assert suggestion(scores, **changes) == expected  # type: ignore[arg-type]


@given(SCORES.filter(bool), st.text(min_size=1, max_size=100), st.integers(1, 10))
def test_a_suggestion_is_short_whatever_the_profile_says(scores: list[Score], name: str, cut: int) -> None:
    said = suggestion(scores, min_relevance=cut, profile=Profile((Topic(name, "x"),), like=(name,) * 3))
    assert 0 < len(said) < 300
    assert said.endswith(".")


def test_no_state_of_a_row_but_acceptance_makes_a_reader_an_old_one() -> None:
    assert set(ledger.ACCEPTED_STATES) == {DeliveryState.ACCEPTED, DeliveryState.DELIVERED}
