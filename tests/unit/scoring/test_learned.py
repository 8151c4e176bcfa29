"""The learned ranking prefers what the model passed before. Papers here are made up."""

import math

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
