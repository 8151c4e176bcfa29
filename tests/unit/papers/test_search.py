"""What is found by which words, and in which order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.search import MOST_TERMS, find, fold, prepare, terms
from tests import make
from tests.archives import digest, entry

PAPERS = prepare(
    digest(
        entries=[
            entry(1, title='Schr\\"odinger bridges', abstract="State-space models of $\\alpha$-helices in the wild."),
            entry(2, title="State models", abstract="An \\'etale space.", authors=("Émilie Châtelet (Paris)",)),
            entry(3, "hep-th/9901001", title="量子計算の速い方法", abstract="It is said."),
        ]
    )
)


def numbers(query: str) -> list[int]:
    return [found.number for found in find(PAPERS, query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("schrodinger", [1]),
        ("SCHRÖDINGER bridge", [1]),
        ("space state", [2, 1]),  # one has "state" in its title
        ('"state space"', [1]),
        ("“state-space", [1]),
        ("chatelet etale", [2]),
        ("emilie schrodinger", []),
        ("hep-th/9901001", [3]),
        ("2601.00002", [2]),
        ("paris", [2]),
        ("計算", [3]),
        ("ai", []),  # not in the middle of "said"
        ("α-helices", [1]),
        ("alpha", [1]),
        ("Α", [1]),
        ("", []),
        ('"" ... --', []),
    ],
)
def test_words_find_papers(query: str, found: list[int]) -> None:
    assert numbers(query) == found


def test_among_equals_the_newest_comes_first() -> None:
    later = prepare(digest(make.TUESDAY + timedelta(days=1), [entry(7, title="State models")]))
    assert find((*PAPERS, *later), "state models")[0].digest_on == make.TUESDAY + timedelta(days=1)


def test_a_query_is_bounded() -> None:
    assert len(terms(" ".join(f"w{number}" for number in range(1_000)))) <= MOST_TERMS
    assert terms("a" * 10_000)[0] == " " + "a" * 200
    assert terms("a A á a") == (" a",)


@given(st.text(max_size=300))
def test_any_query_has_an_answer_of_papers_that_hold_its_terms(query: str) -> None:
    places = find(PAPERS, query)
    for paper in PAPERS:
        fields = (*paper.fields, paper.comment)
        assert (paper.place in places) == bool(terms(query)) * all(any(t in f for f in fields) for t in terms(query))


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == fold(fold(once))
    assert "  " not in once
