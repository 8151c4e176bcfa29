"""Grades of relevance: what they hang on, and what they do not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.scoring.ranking.calibrate import CHANCES, PLACES, Yardstick, give_chances, grade_relevance
from newsletter.scoring.ranking.rank import Ranking

N_SHIPPED = 200
places = st.floats(-3, 8, allow_nan=False)


def make_ranking(scores: list[float], likeness: float = 0.5, field: float = 3.0) -> Ranking:
    """Papers of these scores, then shipped ones on a normal curve, of which a tenth lies `field` deviations high."""
    shipped = np.random.default_rng(0).standard_normal(N_SHIPPED)
    score = np.concatenate([scores, shipped])
    evidence = np.where(np.arange(len(score)) % 5 == 0, field, 0.0)
    nothing = np.zeros((1, len(score)))
    return Ranking(score, evidence, np.full(len(score), likeness), nothing, nothing, nothing)


def grade(ranking: Ranking, n_papers: int) -> list[int]:
    return grade_relevance(ranking, Yardstick(n_papers, 0.0, 1.0))[:n_papers].tolist()


@given(st.lists(places, min_size=2, max_size=30))
def test_a_better_place_is_never_graded_lower(scores: list[float]) -> None:
    graded = grade(make_ranking(sorted(scores)), len(scores))
    assert graded == sorted(graded)
    assert all(1 <= each <= 10 for each in graded)


@given(paper=places, others=st.lists(places, max_size=60))
def test_a_grade_does_not_hang_on_the_other_papers_of_the_day(paper: float, others: list[float]) -> None:
    alone = grade(make_ranking([paper]), 1)[0]
    assert grade(make_ranking([paper, *others]), 1 + len(others))[0] == alone


@given(scores=st.lists(places, min_size=1, max_size=10), factor=st.floats(0.1, 10), shift=st.floats(-5, 5))
def test_a_grade_does_not_hang_on_the_scale_of_the_scores(scores: list[float], factor: float, shift: float) -> None:
    ranking = make_ranking(scores)
    moved = replace(ranking, score=ranking.score * factor + shift)
    differences = np.array(grade(moved, len(scores))) - np.array(grade(ranking, len(scores)))
    assert np.abs(differences).max() <= 1  # a place on the border may fall on either side


@pytest.mark.parametrize(
    ("score", "likeness", "field", "lowest", "highest"),
    [
        (6.0, 0.5, 3.0, 10, 10),
        (6.0, 0.5, 0.0, 10, 10),
        (6.0, 0.05, 0.0, 1, 3),
        (6.0, 0.02, 3.0, 5, 7),
        (0.0, 0.5, 3.0, 1, 3),
    ],
    ids=[
        "the subject in its field",
        "the subject among strangers",
        "a stranger among strangers",
        "by chance, where the subject is missing",
        "an average paper",
    ],
)
def test_place_likeness_and_field_decide(
    score: float, likeness: float, field: float, lowest: int, highest: int
) -> None:
    assert lowest <= grade(make_ranking([score], likeness, field), 1)[0] <= highest


def test_where_no_paper_differs_none_is_graded_high() -> None:
    ranking = make_ranking([1.0])
    assert set(grade(replace(ranking, score=np.zeros_like(ranking.score)), 1)) == {1}


def test_grades_mean_what_the_documentation_says() -> None:
    """Somebody who counts on a 9 is right in four of five cases at least, and on a 7 nearly every second time."""
    from_seven, from_nine = CHANCES[7 - 2], CHANCES[9 - 2]
    assert (from_seven, from_nine) == (0.45, 0.8)
    assert (np.diff(CHANCES) > 0).all()
    assert (np.diff(give_chances(np.array(PLACES))) > 0).all()
    assert give_chances(PLACES[-1:])[0] > from_nine
