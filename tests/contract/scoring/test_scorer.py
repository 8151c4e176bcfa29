"""What every `Scorer` promises, run on each implementation. Papers and profiles here are made up."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.model import Paper, Profile, ScoreReport, Topic
from newsletter.scoring import ScoreCache, Scorer
from newsletter.scoring.funnel import FunnelScorer
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.shortlist import Policy
from tests import make as values
from tests.fake_grader import FakeGrader
from tests.fakes import MemoryStore

COMMENTS = resources.load_texts("prompts/comments.yaml")


LOCAL = LocalScorer(comments=COMMENTS)


def make_local() -> Scorer:
    """The same one for all tests, too: what it has read for others changes nothing (unit/scoring/test_local.py)."""
    return LOCAL


def make_funnel() -> Scorer:
    """Sends half of any day, and fails now and then."""
    store = MemoryStore()
    relevance = {f"2510.{number:05d}": number for number in range(0, 11, 2)}
    grader = FakeGrader(store, lambda: values.NOW, relevance, broken={"2510.00005", "2510.00011"})
    return FunnelScorer(make_local(), grader, store, Policy(cold_share=0.5, small_pool=0), lambda: values.NOW)


CACHE = ScoreCache(make_local())


def make_cache() -> Scorer:
    """The same one for all tests: a report that it gave for another question would be found out."""
    return CACHE


SCORERS = [
    *(pytest.param(make, id=make.__name__.removeprefix("make_")) for make in (make_local, make_funnel, make_cache))
]

PROFILE = Profile(
    topics=(
        Topic("Sparse models", "Pruning and sparsity of neural networks", "Medical images"),
        Topic("Dwarf galaxies", "Satellites of the Milky Way"),
    ),
    about="Reads over coffee",
    like=("quantization",),
    avoid=("federated learning",),
)


def make_paper(number: int, title: str = "A title", abstract: str = "Some words on pruning.") -> Paper:
    return Paper(f"2510.{number:05d}", 1, title, ("Ada Example",), abstract, ("cs.LG",))


PAPERS = tuple(
    make_paper(number, title, abstract)
    for number, (title, abstract) in enumerate(
        [
            ("Pruning large networks", "We prune neural networks and study their sparsity."),
            ("Satellites of the Milky Way", "Dwarf galaxies orbit the Milky Way as its satellites."),
            ("Growing tomatoes", "Light and water in a greenhouse."),
            ("Quantization by halves", "A quantization of weights, without federated learning."),
        ]
    )
)
TEXTS = st.text(max_size=80)
Vote = tuple[Paper, int]
ANY_PAPERS = st.lists(
    st.builds(make_paper, st.integers(0, 30), TEXTS, TEXTS), max_size=8, unique_by=lambda paper: paper.arxiv_id
)
ANY_TOPICS = st.lists(st.builds(Topic, st.text(min_size=1, max_size=20), TEXTS, TEXTS), max_size=3).map(tuple)
ANY_WORDS = st.lists(st.text(max_size=20), max_size=3).map(tuple)
ANY_PROFILE = st.builds(Profile, ANY_TOPICS, TEXTS, ANY_WORDS, ANY_WORDS, st.sampled_from(["en", "de", "xx"]))

pytestmark = pytest.mark.parametrize("make", SCORERS)


def assert_whole(papers: Sequence[Paper], scorer: Scorer, profile: Profile, history: Sequence[Sequence[Paper]]) -> None:
    report = scorer.score(profile, papers, history)
    ids = [score.arxiv_id for score in report.scores] + [failure.arxiv_id for failure in report.failures]
    assert set(report.passed_over) <= {score.arxiv_id for score in report.scores}
    assert sorted(ids) == sorted({paper.arxiv_id for paper in papers})
    for score in report.scores:
        assert type(score.relevance) is int
        assert score.novelty is None or type(score.novelty) is int
        assert 1 <= score.relevance <= 10
        assert score.novelty is None or 1 <= score.novelty <= 10
        assert score.rank == score.rank, "a rank that is not a number cannot order anything"
        assert report.with_comment(score).comment
        assert score.topic in {"", *(topic.name for topic in profile.topics)}
    assert report.scorer


def test_every_paper_comes_back_once_with_whole_numbers_and_a_comment(make: Callable[[], Scorer]) -> None:
    assert_whole(PAPERS, make(), PROFILE, [])


def test_no_papers_make_an_empty_report(make: Callable[[], Scorer]) -> None:
    report = make().score(PROFILE, [], [PAPERS])
    assert report.scores == ()
    assert report.failures == ()


def test_one_paper_alone_is_scored(make: Callable[[], Scorer]) -> None:
    assert_whole(PAPERS[:1], make(), PROFILE, [])


def test_a_paper_given_twice_comes_back_once(make: Callable[[], Scorer]) -> None:
    assert_whole([PAPERS[0], PAPERS[1], PAPERS[0]], make(), PROFILE, [PAPERS])


def test_repeating_a_call_gives_the_same_report(make: Callable[[], Scorer]) -> None:
    scorer = make()
    first = scorer.score(PROFILE, PAPERS[:2], [PAPERS[2:]])
    scorer.score(Profile(topics=(), like=("tomatoes",)), PAPERS[2:], [])
    again = scorer.score(PROFILE, PAPERS[:2], [PAPERS[2:]])
    assert replace(again, usage=first.usage) == first  # what is remembered is not paid for twice
    assert make().score(PROFILE, PAPERS[:2], [PAPERS[2:]]) == first


def test_the_order_of_papers_changes_no_score(make: Callable[[], Scorer]) -> None:
    forward = {score.arxiv_id: score for score in make().score(PROFILE, PAPERS, []).scores}
    backward = {score.arxiv_id: score for score in make().score(PROFILE, PAPERS[::-1], []).scores}
    assert {i: (s.relevance, s.novelty) for i, s in forward.items()} == {
        i: (s.relevance, s.novelty) for i, s in backward.items()
    }


@settings(max_examples=20, deadline=None)
@given(papers=ANY_PAPERS, past=st.lists(ANY_PAPERS, max_size=2), profile=ANY_PROFILE)
def test_foreign_text_breaks_nothing(
    make: Callable[[], Scorer], papers: list[Paper], past: list[list[Paper]], profile: Profile
) -> None:
    assert_whole(papers, make(), profile, past)


MANY = tuple(
    make_paper(20 + n, f"{('Satellites', 'Pruning')[n % 2]} {n}", f"{('galaxies', 'sparsity')[n % 2]} and {word}.")
    for n, word in enumerate(["moss", "moss ferns", "rain", "rain clouds", "light", "moss lichen", "wind", "rain fog"])
)
ANY_VOTES = st.lists(
    st.tuples(st.builds(make_paper, st.integers(20, 50), TEXTS, TEXTS), st.sampled_from([1, -1])),
    max_size=8,
    unique_by=lambda vote: vote[0].arxiv_id,
)


def test_without_votes_nothing_changes(make: Callable[[], Scorer]) -> None:
    assert make().score(PROFILE, MANY, [PAPERS], votes=()) == make().score(PROFILE, MANY, [PAPERS])


@settings(max_examples=6, deadline=None)
@given(votes=ANY_VOTES, random=st.randoms())
def test_the_order_of_votes_means_nothing(make: Callable[[], Scorer], votes: list[Vote], random: Random) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)
    assert make().score(PROFILE, MANY, [PAPERS], votes=votes) == make().score(PROFILE, MANY, [PAPERS], votes=shuffled)


@settings(max_examples=6, deadline=None)
@given(papers=ANY_PAPERS, votes=ANY_VOTES, profile=ANY_PROFILE)
def test_votes_move_a_relevance_as_far_as_their_number_allows_and_no_novelty(
    make: Callable[[], Scorer], papers: list[Paper], votes: list[Vote], profile: Profile
) -> None:
    without, voted = make().score(profile, papers, []), make().score(profile, papers, [], votes=votes)
    # Votes may change whom a model is asked about: then it may fail for another paper, or words stand in for all
    assume(without.scorer == voted.scorer)
    assert _settled_ids(without) == _settled_ids(voted)
    before = {score.arxiv_id: score for score in without.scores}
    for after in voted.scores:
        assert after.rank == after.rank  # no NaN
        if after.arxiv_id in before and after.arxiv_id not in {*without.passed_over, *voted.passed_over}:
            assert abs(after.relevance - before[after.arxiv_id].relevance) <= (1 if len(votes) < 5 else 2)
            assert after.novelty == before[after.arxiv_id].novelty


def _settled_ids(report: ScoreReport) -> list[str]:
    return sorted(each.arxiv_id for each in (*report.scores, *report.failures))


@pytest.mark.parametrize("value", [1, -1])
def test_what_is_like_a_liked_paper_ranks_higher_and_like_a_disliked_one_lower(
    make: Callable[[], Scorer], value: int
) -> None:
    """Papers with moss beside others of the same subject, under a profile that says at length what it wants."""
    vote = (make_paper(90, "Moss", "Moss and lichen on a wall, and more moss."), value)
    wish = "distillation quantization calibration scheduling caching batching routing sampling masking packing"
    more = Topic("More", f"{wish} fusing tiling paging hashing sorting slicing folding binning pooling gating")
    profile = replace(PROFILE, topics=(*PROFILE.topics, more))

    def advantage(votes: Sequence[Vote]) -> float:
        scores = {each.arxiv_id: each.rank for each in make().score(profile, MANY, [PAPERS], votes=votes).scores}
        mossy, others = (("2510.00020", "2510.00021", "2510.00025"), ("2510.00022", "2510.00023", "2510.00027"))
        return sum(map(scores.__getitem__, mossy)) - sum(map(scores.__getitem__, others))

    assert (advantage([vote]) - advantage(())) * value > 0
