"""What is left of TeX in real papers, counted and frozen: the numbers may only fall.

Every fifth recorded day, the models' comments and the recorded feeds; benchmarks/tex_corpus.py counts all and shows the
places.
"""

import pytest

from benchmarks.tex_corpus import Census, characters_lost, count, count_formulas, files_of, read_texts
from tests import SHARED

PLACES_LEFT = {"title": {}, "author": {}, "abstract": {"brace": 2, "dollar": 2}, "comment": {}}
FORMULAS_NOT_TYPESET = 6


def real_texts() -> list[tuple[str, str]]:
    days = sorted((SHARED / "corpus" / "days").glob("*.jsonl.gz"))
    if not days:
        pytest.skip("no ../shared/corpus beside the repository: real papers are not counted; lay the corpus there")
    others = files_of(SHARED / "corpus" / "labels") + files_of(SHARED / "reference" / "feeds" / "captured")
    return list(dict.fromkeys(read_texts([*days[::5], *others])))


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    return real_texts()


@pytest.fixture(scope="module")
def counted(texts: list[tuple[str, str]]) -> dict[str, Census]:
    return count(texts)


def test_no_more_is_left_of_tex_than_was(counted: dict[str, Census]) -> None:
    left = {kind: {name: len(places) for name, places in census.stumbles.items()} for kind, census in counted.items()}
    assert left == PLACES_LEFT, "fewer? lower the numbers here and in docs/latex.md"


def test_no_real_text_loses_letters_or_stays_raw(counted: dict[str, Census]) -> None:
    for kind, census in counted.items():
        assert (kind, census.lost, census.fell_back, census.swollen) == (kind, [], 0, 0)


def test_nearly_all_real_formulas_are_typeset(texts: list[tuple[str, str]]) -> None:
    formulas = count_formulas(text for kind, text in texts if kind != "author")
    assert len(formulas.different) > 2_500
    assert formulas.n_failed <= FORMULAS_NOT_TYPESET, formulas.failed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (r"a broken $\mathcal{O(n$ formula", "command"),
        (r"a broken $\mathcal{O(n$ formula", "dollar"),
        ("a group { without an end", "brace"),
        ("x^2^ and nothing", "script"),
        ("( ) where something stood, $x$", "gap"),
        ("a` stray tick", "quotes"),
    ],
)
def test_the_census_sees_what_is_left(text: str, name: str) -> None:
    census = Census()
    census.add("abstract", text)
    assert census.stumbles[name]


def test_the_census_sees_lost_letters_but_not_those_left_out_on_purpose() -> None:
    assert characters_lost(r"\emph{quick} fox \cite{Ann\'{e}2020}", "quick ox") == "f"
    assert characters_lost(r"\href{https://a.example/x}{https://a.example/x}", "https://a.example/x") == ""
