"""What the papers around a paper say of it."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from newsletter.scoring.ranking.neighbours import Neighbourhood


def unit_rows(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@given(arrays(np.float64, (7, 3), elements=st.integers(-3, 3)), arrays(np.float64, 7, elements=st.integers(-5, 5)))
def test_each_average_lies_within_the_scores_of_the_others_and_the_order_of_papers_means_nothing(
    rows: npt.NDArray[np.float64], score: npt.NDArray[np.float64]
) -> None:
    places = unit_rows(rows)
    averages = Neighbourhood((places, places)).average(score)
    for row in range(7):
        others = np.delete(score, row)
        assert min(others.min(), 0) - 1e-4 <= averages[row] <= max(others.max(), 0) + 1e-4
    backwards = Neighbourhood((places[::-1], places[::-1])).average(score[::-1])[::-1]
    np.testing.assert_allclose(averages, backwards, atol=1e-4)


def test_a_paper_goes_by_those_near_it_and_never_by_itself() -> None:
    places = unit_rows(np.array([[1.0, 0.05], [1.0, 0.0], [0.0, 1.0], [0.05, 1.0], [-1.0, -1.0]]))
    averages = Neighbourhood((places,)).average(np.array([5.0, 1.0, -1.0, -5.0, 9.0]))
    np.testing.assert_allclose(averages, [1, 5, -5, -1, 0], atol=0.01)


def test_what_is_kept_for_the_next_profile_gives_the_same() -> None:
    generator = np.random.default_rng(0)
    places, score = unit_rows(generator.standard_normal((300, 4))), generator.standard_normal(300)
    neighbourhood = Neighbourhood((places, places))
    first, *others = (neighbourhood.average(score) for _ in range(3))
    for other in others:
        np.testing.assert_array_equal(first, other)
    np.testing.assert_array_equal(neighbourhood.average(-score), -first)


def test_many_papers_are_compared_like_few() -> None:
    generator = np.random.default_rng(0)
    places, score = unit_rows(generator.standard_normal((600, 4))), generator.standard_normal(600)
    weights = np.maximum(places @ places.T, 0) ** 8
    np.fill_diagonal(weights, 0)
    expected = weights @ score / weights.sum(axis=1)
    np.testing.assert_allclose(Neighbourhood((places,)).average(score), expected, atol=1e-4)
