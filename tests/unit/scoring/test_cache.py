"""Readers with the same profile share a report: what is asked once, what again, whose the tokens are."""

from dataclasses import replace
from decimal import Decimal

import pytest

from newsletter.model import RunOutcome, ScoreReport, Usage
from newsletter.scoring.cache import ScoreCache
from tests import make
from tests.unit.test_flow import ScriptedScorer, morning, two_papers

COST = Usage(1000, 200, 900, Decimal("0.01"), Decimal("0.02"))
PROFILE = make.subscriber().profile
PAPERS = [make.paper("2601.00001"), make.paper("2601.00002")]
HISTORY = [[make.paper("2512.00001")]]


class Costly(ScriptedScorer):
    def score(self, *args: object, **named: object) -> ScoreReport:  # type: ignore[override]
        return replace(super().score(*args, **named), usage=COST)  # type: ignore[arg-type]


def test_an_equal_question_is_answered_once_and_paid_once() -> None:
    scorer = Costly()
    cache = ScoreCache(scorer)
    first = cache.score(PROFILE, PAPERS, HISTORY, floor=5, votes=[(PAPERS[0], 1), (PAPERS[1], -1)])
    again = cache.score(PROFILE, tuple(PAPERS), tuple(HISTORY), floor=5, votes=[(PAPERS[1], -1), (PAPERS[0], 1)])
    assert len(scorer.scored) == 1
    assert first.usage == COST
    assert again == replace(first, usage=None)


@pytest.mark.parametrize(
    "changed",
    [
        {"profile": replace(PROFILE, about="Something else")},
        {"papers": PAPERS[:1]},
        {"papers": PAPERS[::-1]},
        {"history": []},
        {"floor": 6},
        {"votes": [(PAPERS[0], -1)]},
    ],
)
def test_any_difference_makes_another_question(changed: dict[str, object]) -> None:
    scorer = ScriptedScorer()
    cache = ScoreCache(scorer)
    plain: dict[str, object] = {"profile": PROFILE, "papers": PAPERS, "history": HISTORY, "floor": 5, "votes": ()}
    cache.score(**plain)  # type: ignore[arg-type]
    cache.score(**plain | changed)  # type: ignore[arg-type]
    assert len(scorer.scored) == 2


@pytest.mark.parametrize("trouble", [{"problem": "no money"}, {"broken": frozenset({"2601.00002"})}])
def test_what_went_wrong_is_tried_again_for_the_next_reader(trouble: dict[str, object]) -> None:
    scorer = ScriptedScorer(**trouble)  # type: ignore[arg-type]
    cache = ScoreCache(scorer)
    for _ in range(2):
        cache.score(PROFILE, PAPERS, HISTORY)
    assert len(scorer.scored) == 2


def test_a_scorer_to_which_the_cut_off_means_nothing_is_asked_once_for_all_of_them() -> None:
    scorer = ScriptedScorer()
    cache = ScoreCache(scorer, by_floor=False)
    assert cache.score(PROFILE, PAPERS, HISTORY, floor=3) == cache.score(PROFILE, PAPERS, HISTORY, floor=8)
    assert len(scorer.scored) == 1


def test_only_the_latest_reports_are_remembered() -> None:
    scorer = ScriptedScorer()
    cache = ScoreCache(scorer, max_reports=2)
    for floor in (1, 2, 3, 3, 2, 1):
        cache.score(PROFILE, PAPERS, HISTORY, floor=floor)
    assert len(scorer.scored) == 4


def test_readers_of_one_profile_are_scored_once_a_run_and_the_first_mail_shows_the_tokens() -> None:
    readers = [make.subscriber(), make.subscriber(subscriber_id="s_bbbb2222", email="b@example.org")]
    given = morning(*two_papers(), scorer=Costly(), subscribers=readers)
    assert given.outcomes() == [RunOutcome.SENT] * 2
    assert len(given.scorer.scored) == 1
    digests = [given.store.get_digest(reader.subscriber_id, make.TUESDAY) for reader in readers]
    assert [digest.usage for digest in digests if digest] == [COST, None]
    texts = [make.text_of(mail.mime) for mail in given.sender.mails]
    assert ["1,000 tokens" in text or "1,200" in text for text in texts] == [True, False]
    assert given.outcomes() == [RunOutcome.ALREADY_SENT] * 2
