"""papers/works.py: the same letters and the same first author are one work; all else is two."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Announcement, AnnounceType, Origin, Paper
from newsletter.papers.works import Works, merge_works
from tests import make

TITLE = "Two maps of one cave in the hippocampus of bats"
BIORXIV = Origin(
    "bioRxiv", "https://www.biorxiv.org/content/10.64898/1v1", "10.64898/1", pdf="https://example.org/1.pdf"
)
JOURNAL = Origin("A Journal", "https://journal.example.org/1", "10.5555/1")


def paper(paper_id: str = "doi:10.64898/1", title: str = TITLE, *authors: str, **changes: object) -> Paper:
    return make.paper(paper_id, title=title, authors=authors or ("Rosa Amsel", "Karl Breuer"), **changes)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (paper("doi:10.5555/1"), True),
        (paper("doi:10.5555/1", "Two Maps of One Cave, in the Hippocampus of Bats."), True),
        (paper("doi:10.5555/1", TITLE, "R. Amsel"), True),
        (paper("doi:10.5555/1", TITLE, "R. Amsél"), True),
        (paper("doi:10.5555/1", TITLE, "Karl Breuer", "Rosa Amsel"), False),
        (paper("doi:10.5555/1", f"{TITLE}: a reply"), False),
        (make.paper("doi:10.5555/1", title=TITLE, authors=()), True),
    ],
)
def test_which_papers_are_one_work(other: Paper, is_same: bool) -> None:
    known = paper()
    assert (Works([known]).find(other) == known) == is_same
    assert (Works([other]).find(known) == other) == is_same


@pytest.mark.parametrize("title", ["Correction", "Editorial", "Reply to Amsel et al.", "", "???"])
def test_a_short_title_proves_nothing(title: str) -> None:
    assert Works([paper("doi:10.5555/1", title)]).find(paper("doi:10.5555/2", title)) is None


def test_tex_and_letters_are_the_same_title() -> None:
    tex, plain = (paper(title=f"On the {beta}-cells of an invented pancreas") for beta in (r"$\beta$", "β"))
    assert Works([tex]).find(plain) == tex


def shown(each: Paper, *feeds: str) -> Announcement:
    return Announcement(each, AnnounceType.NEW, feeds)


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (paper("2601.00001"), paper(origin=BIORXIV)),
        (paper(origin=BIORXIV), paper("doi:10.5555/1", origin=JOURNAL)),
        (paper("doi:10.5555/1", origin=JOURNAL), paper(origin=BIORXIV, abstract="")),
    ],
)
def test_of_two_places_the_one_that_says_more_stays_with_the_feeds_of_both(
    better: Paper, worse: Paper, is_turned: bool
) -> None:
    other = shown(paper("2601.00009", "A paper on something else altogether"), "c")
    both = [shown(better, "a"), other, shown(worse, "b")]
    merged = merge_works(both[::-1] if is_turned else both)
    assert [each.paper.arxiv_id for each in merged if each != other] == [better.arxiv_id]
    assert {each.feeds for each in merged} == {("a", "b"), ("c",)}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_work_in_three_places_comes_once_in_whatever_order_they_stand(order: tuple[int, ...]) -> None:
    became = replace(BIORXIV, published_doi="10.5555/1")
    places = [
        shown(paper("2601.00001"), "a"),
        shown(paper(origin=became), "b"),
        shown(paper("doi:10.5555/1", "What the article is called at last", origin=JOURNAL), "c"),
    ]
    (merged,) = merge_works([places[place] for place in order])
    assert (merged.paper.arxiv_id, merged.feeds) == ("2601.00001", ("a", "b", "c"))


def test_what_a_feed_has_shown_in_one_place_it_shows_no_later_in_another() -> None:
    """A mail that has read that feed has seen the work."""
    first, later = shown(paper("2601.00001"), "a"), shown(paper(origin=BIORXIV), "a", "b")
    later = replace(later, later=(("a", 2), ("b", 3)))
    assert [each.later for each in merge_works([first, later])] == [(("b", 3),)]
    assert [each.later for each in merge_works([later, first])] == [(("b", 3),)]


titles = st.sampled_from([TITLE, TITLE.upper(), "Short", "Another work that is long enough"])
authors = st.lists(st.sampled_from(["Rosa Amsel", "R. Amsel", "Karl Breuer"]), max_size=2).map(tuple)


@given(st.lists(st.builds(lambda *parts: parts, st.integers(1, 9), titles, authors), max_size=12))
def test_merging_keeps_ids_apart_and_merging_again_changes_nothing(
    drawn: list[tuple[int, str, tuple[str, ...]]],
) -> None:
    papers = {n: make.paper(f"2601.0000{n}", title=title, authors=names) for n, title, names in drawn}
    once = merge_works([shown(each, "cs.LG") for each in papers.values()])
    assert len({each.paper.arxiv_id for each in once}) == len(once)
    assert merge_works(once) == once
