"""Profiles of kept papers alone: what they bring, what they leave out, and how votes move them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import LibraryPaper, Paper, Profile, Topic
from newsletter.scoring.ranking.library_profiles import (
    MOST_PAPERS,
    LibraryFit,
    LibraryGrader,
    is_library_alone,
)
from newsletter.scoring.ranking.rank import Ranking
from tests.unit.scoring.test_local import SCORER, make_day, renumber, score

CUT_OFF = 6  # the default without a model
GALAXIES = ("Satellites of the Andromeda galaxy", "Dwarf galaxies and their star formation")
PROTEINS = ("Folding of membrane proteins", "How enzymes bind small molecules")


def keep(*titles: str, weight: float = 1.0) -> Profile:
    return Profile((), papers=tuple(LibraryPaper(title, title, weight=weight) for title in titles))


def bring(profile: Profile, papers: list[Paper]) -> list[str]:
    """Titles of what reaches the default cut-off."""
    titles = {paper.arxiv_id: paper.title for paper in papers}
    return [titles[each.arxiv_id] for each in score(profile, papers) if each.relevance >= CUT_OFF]


@pytest.mark.parametrize(
    ("profile", "is_alone"),
    [
        (keep("Bees"), True),
        (Profile((), about="I study bees", avoid=("wasps",), papers=keep("Bees").papers), True),
        (Profile((Topic("Bees", ""),), papers=keep("Bees").papers), False),
        (Profile((), like=("bees",), papers=keep("Bees").papers), False),
        (Profile(()), False),
    ],
)
def test_a_library_is_alone_where_nothing_else_is_asked_for(profile: Profile, is_alone: bool) -> None:
    assert is_library_alone(profile) is is_alone


@pytest.mark.parametrize("kept", [GALAXIES, GALAXIES[:1], GALAXIES * 4])
def test_a_few_titles_bring_what_is_near_them_first_and_nothing_far_off(kept: tuple[str, ...]) -> None:
    day = make_day()
    ranked = sorted(score(keep(*kept), day), key=lambda each: -(each.rank or 0.0))
    near = {paper.arxiv_id for paper in day if "galaxy" in paper.title.lower()}
    assert {each.arxiv_id for each in ranked[: len(near)]} == near
    assert all("galaxy" in title for title in bring(keep(*kept), day))


def test_a_library_on_another_subject_brings_no_flood() -> None:
    assert len(bring(keep(*PROTEINS), make_day())) <= 3


def test_a_paper_kept_twice_counts_once() -> None:
    once, twice = keep(*GALAXIES), Profile((), papers=(*keep(*GALAXIES).papers, *keep(*GALAXIES).papers))
    assert [each.relevance for each in score(once, make_day())] == [each.relevance for each in score(twice, make_day())]


@pytest.mark.parametrize("title", ["Zwerggalaxien um die Milchstraße", "Les galaxies naines", "Galassie nane"])
def test_a_title_in_another_language_is_read_in_the_wording_of_papers(title: str) -> None:
    brought = bring(keep(title), make_day())
    assert brought
    assert all("galaxy" in one for one in brought)


def test_titles_of_which_no_paper_uses_a_word_bring_nothing() -> None:
    assert not bring(keep("数理統計学", "Xyzzyplugh"), make_day())


@pytest.mark.parametrize("title", ["数理統計学", "…", "A", "The of and"])
def test_a_title_without_a_word_that_papers_use_breaks_nothing(title: str) -> None:
    assert len(score(keep(title), make_day())) == len(make_day())
    assert len(score(keep(title, *GALAXIES), make_day())) == len(make_day())


@pytest.mark.parametrize("value", [1, -1])
def test_one_vote_moves_the_grades_of_a_library_by_one_at_most(value: int) -> None:
    day = make_day()
    voted = renumber(day, "2509")[1]
    without = SCORER.score(keep(*GALAXIES), day, []).scores
    moved = SCORER.score(keep(*GALAXIES), day, [], votes=[(voted, value)]).scores
    assert max(abs(a.relevance - b.relevance) for a, b in zip(without, moved, strict=True)) <= 1


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=60))
def test_what_is_kept_counts_by_its_weight_within_what_was_measured(weights: list[float]) -> None:
    day = make_day(10)
    papers = tuple(LibraryPaper("x", f"Title {n}", weight=weight) for n, weight in enumerate(weights))
    fit, _ = SCORER.fit_kept_papers(SCORER.rank(Profile((), papers=papers), day, []))
    assert 2**fit.doublings == pytest.approx(min(max(sum(weights), 1.0), MOST_PAPERS))
    assert np.abs(fit.nearness).max() <= 1 + 1e-6


@given(st.lists(st.floats(-5, 20), min_size=2, max_size=20), st.floats(-1, 1), st.floats(0, 5))
def test_who_ranks_higher_is_graded_no_lower(places: list[float], nearness: float, doublings: float) -> None:
    order = np.sort(np.array(places))
    nothing = np.zeros_like(order)
    table = np.zeros((1, len(order)))
    grader = LibraryGrader(LibraryFit(np.full_like(order, nearness), doublings))
    ranking = Ranking(order, nothing, nothing, table, table, table)
    grades = grader.grade(ranking)
    assert (np.diff(grades) >= 0).all()
    assert 1 <= grades.min() <= grades.max() <= 10
    assert (np.diff(grader.order(ranking)) >= 0).all()
