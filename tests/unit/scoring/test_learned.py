"""The learned ranking prefers what the model passed before. Papers here are made up."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import numpy.typing as npt
import pytest

from newsletter.model import Paper, Profile, Topic
from newsletter.scoring.ranking.learned import Example, Learner
from tests import make

PROFILE = Profile((Topic("Learning", "how networks learn"),))
GOOD = ["sparse attention kernels", "attention with sparse keys", "kernels of sparse layers", "sparse keys of layers"]
BAD = ["medical images of lungs", "lungs in medical scans", "images of plants", "plants in medical gardens"]


def paper(number: int, words: str, author: str = "Ada Lovelace") -> Paper:
    return make.paper(f"2601.{number:05d}", title=words, abstract=f"On {words}.", authors=(author,))


def examples(relevance: int = 8) -> list[Example]:
    good = [Example(paper(n, words), relevance) for n, words in enumerate(GOOD)]
    return good + [Example(paper(100 + n, words), 0) for n, words in enumerate(BAD)]


TODAY = [paper(201, "lungs and gardens"), paper(202, "sparse kernels and attention"), paper(203, "lungs of plants")]


def test_what_is_like_the_papers_that_passed_comes_first() -> None:
    ranked = Learner().rank(PROFILE, TODAY, examples(), [0.0, 0.0, 0.0], floor=7)
    assert max(ranked.scores) == ranked.scores[1]
    assert max(ranked.chances) == ranked.chances[1]
    assert all(0 < chance < 1 for chance in ranked.chances)


def test_a_score_below_the_floor_is_a_paper_that_was_turned_down() -> None:
    """Here everything was: so nothing can be told apart, and the prior alone decides."""
    ranked = Learner().rank(PROFILE, TODAY, examples(relevance=6), [1.0, 2.0, 3.0], floor=7)
    assert list(ranked.scores) == sorted(ranked.scores)
    assert ranked.chances == ()


def test_a_score_at_the_floor_is_a_paper_that_passed() -> None:
    assert Learner().rank(PROFILE, TODAY, examples(relevance=7), [1.0, 2.0, 3.0], floor=7).chances


@pytest.mark.parametrize(
    ("profile", "usual"),
    [
        (Profile((Topic("Schwarze Löcher"),)), Profile((Topic("Black holes"),))),
        (Profile((Topic("x", "mech interp"),)), Profile((Topic("x", "mechanistic interpretability"),))),
        (
            Profile((Topic("Not medical images", "", "medical images"), *PROFILE.topics)),
            Profile((replace(PROFILE.topics[0], irrelevant="medical images"),)),
        ),
    ],
    ids=["German", "clipped", "a topic that only turns down"],
)
def test_a_profile_is_read_as_where_no_model_judges(profile: Profile, usual: Profile) -> None:
    about = [paper(400 + n, words) for n, words in enumerate(("black holes", "mechanistic interpretability", *BAD))]
    one, other = (Learner().rank(each, about, examples(), [0.0] * len(about), floor=7) for each in (profile, usual))
    assert one.scores == pytest.approx(other.scores)


def test_few_answers_leave_the_order_to_the_prior() -> None:
    ranked = Learner().rank(PROFILE, TODAY, examples()[2:6], [3.0, 1.0, 2.0], floor=7)
    assert ranked.scores[0] > ranked.scores[2] > ranked.scores[1]
    assert ranked.chances == ()


def test_the_prior_decides_between_papers_of_the_same_words() -> None:
    twins = [paper(301, "sparse kernels"), paper(302, "sparse kernels")]
    ranked = Learner().rank(PROFILE, twins, examples(), [0.0, 1.0], floor=7)
    assert ranked.scores[1] > ranked.scores[0]


def test_an_author_of_papers_that_passed_lifts_a_paper() -> None:
    known = [Example(paper(n, words, "Emmy Noether"), 8) for n, words in enumerate(GOOD)]
    turned_down = [Example(paper(100 + n, words, "Somebody Else"), 0) for n, words in enumerate(BAD)]
    twins = [paper(301, "on a new subject", "Somebody Else"), paper(302, "on a new subject", "Emmy Noether")]
    ranked = Learner().rank(PROFILE, twins, known + turned_down, [0.0, 0.0], floor=7)
    assert ranked.scores[1] > ranked.scores[0]


def test_the_same_arguments_give_the_same_numbers_whatever_was_ranked_before() -> None:
    used = Learner()
    used.rank(PROFILE, TODAY[::-1], examples(), [0.0, 1.0, 0.0], floor=5)
    arguments = (PROFILE, TODAY, examples(), [0.1, 0.2, 0.3], 7)
    assert used.rank(*arguments) == Learner().rank(*arguments)


def test_empty_and_strange_texts_are_ranked_too() -> None:
    strange = [make.paper("2601.00900", title="", abstract="", authors=()), paper(901, "\ud800 ∫ \x00")]
    ranked = Learner().rank(PROFILE, strange, examples(), [0.0, 0.0], floor=7)
    assert len(ranked.scores) == len(ranked.chances) == 2
    assert all(map(math.isfinite, ranked.scores))


# --- examples that say less than a whole one -------------------------------------------------------------

KEPT = [paper(400 + n, words) for n, words in enumerate(("lungs and gardens", "gardens of lungs", "lungs in gardens"))]


def kept(weight: float, papers: Sequence[Paper] = KEPT) -> list[Example]:
    return [Example(each, 10, weight, is_graded=False) for each in papers]


def test_the_less_an_example_says_the_less_it_moves() -> None:
    """A paper of lungs gains by kept ones, the more they weigh; those of next to no weight change next to nothing."""
    chances = [
        Learner().rank(PROFILE, TODAY, [*kept(weight), *examples()], [0.0] * 3, floor=7).chances
        for weight in (1e-9, 1e-3, 0.1, 0.3, 1.0)
    ]
    of_lungs = [each[0] for each in chances]
    assert of_lungs == sorted(of_lungs)
    assert of_lungs[0] < 0.5 < of_lungs[-1]
    assert of_lungs[0] == pytest.approx(of_lungs[1], abs=0.01)


@pytest.mark.parametrize(("weight", "is_learned"), [(1.0, True), (0.5, True), (0.49, False), (0.01, False)])
def test_examples_are_counted_by_what_they_say_before_anything_is_learned(weight: float, is_learned: bool) -> None:
    six = kept(weight, [*KEPT, *(paper(500 + n, words) for n, words in enumerate(GOOD[:3]))])
    turned_down = [one for one in examples() if not one.relevance]
    assert bool(Learner().rank(PROFILE, TODAY, [*six, *turned_down], [0.0] * 3, floor=7).chances) is is_learned


# --- what a sentence model made of the papers -------------------------------------------------------------


class Reader:
    """Puts papers of an odd number in one place and the others in another, but for those it has not read."""

    def __init__(self, unread: Collection[Paper] = ()) -> None:
        self.unread = unread

    def __call__(self, papers: Sequence[Paper]) -> npt.NDArray[np.float32]:
        rows = np.array([(1, 0) if int(each.arxiv_id[5:]) % 2 else (0, 1) for each in papers], dtype=np.float32)
        rows[[each in self.unread for each in papers]] = np.nan
        return rows


def nonsense(count: int, first: int) -> list[Paper]:
    """Papers whose words say nothing of what passed."""
    random = Random(first)
    words = [f"{one}{two}" for one in "bdfgklmnprst" for two in ("ako", "umi", "ero", "oli")]
    return [paper(first + n, " ".join(random.choices(words, k=12))) for n in range(count)]


EARLIER, NEXT = nonsense(120, first=1000), nonsense(40, first=2000)
BY_MEANING = [Example(one, 9 * (int(one.arxiv_id[5:]) % 2)) for one in EARLIER]
BY_CHANCE = [Example(one, Random(n).choice((0, 9))) for n, one in enumerate(EARLIER)]


def rank_next(answers: Sequence[Example], reader: Reader | None) -> npt.NDArray[np.float64]:
    return np.array(Learner(reader).rank(PROFILE, NEXT, answers, [0.0] * len(NEXT), 7).scores)


@pytest.mark.parametrize("unread", [[], EARLIER[:50]], ids=["all read", "some earlier papers not"])
def test_what_a_sentence_model_made_of_papers_decides_where_it_foretold_the_gradings(unread: list[Paper]) -> None:
    scores = rank_next(BY_MEANING, Reader(unread))
    assert scores[1::2].mean() - scores[::2].mean() > 1
    by_words = rank_next(BY_MEANING, None)
    assert by_words[1::2].mean() - by_words[::2].mean() < 0.6


def test_it_does_not_decide_where_it_foretold_nothing() -> None:
    np.testing.assert_array_equal(rank_next(BY_CHANCE, Reader()), rank_next(BY_CHANCE, None))


@pytest.mark.parametrize("unread", [NEXT[:1], EARLIER + NEXT], ids=["one paper of the day", "none at all"])
def test_half_a_day_is_not_ranked_by_it_and_half_without(unread: list[Paper]) -> None:
    np.testing.assert_array_equal(rank_next(BY_MEANING, Reader(unread)), rank_next(BY_MEANING, None))


LIBRARY, VOTED = nonsense(300, first=5000), nonsense(600, first=6000)
# How many papers of a library stand before the gradings, and how many votes behind them
BESIDE = [(0, 0), (60, 0), (300, 0), (0, 60), (0, 300), (300, 300)]


def beside(gradings: Sequence[Example], n_kept: int, n_voted: int, weight: float) -> list[Example]:
    """The gradings between liked papers; of those behind the sentence model says the contrary of BY_MEANING."""
    return [*kept(weight, LIBRARY[:n_kept]), *gradings, *kept(weight, VOTED[: 2 * n_voted : 2])]


@pytest.mark.parametrize("weight", [0.01, 1.0])
@pytest.mark.parametrize(("n_kept", "n_voted"), BESIDE)
def test_what_helps_is_told_by_the_latest_gradings_however_many_votes_there_are(
    n_kept: int, n_voted: int, weight: float
) -> None:
    answers = beside(BY_CHANCE, n_kept, n_voted, weight)
    np.testing.assert_array_equal(rank_next(answers, Reader()), rank_next(answers, None))
    answers = beside(BY_MEANING, n_kept, n_voted, 0.01)
    assert not np.array_equal(rank_next(answers, Reader()), rank_next(answers, None))


def test_votes_alone_do_not_tell_what_helps() -> None:
    answers = [replace(one, is_graded=False) for one in BY_MEANING]
    np.testing.assert_array_equal(rank_next(answers, Reader()), rank_next(answers, None))
