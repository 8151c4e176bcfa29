"""Libraries of papers: each form a reference manager exports, what stands for one paper, and files that are broken."""

import json
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.model import LibraryPaper
from newsletter.papers.citations import bibtex, ris
from newsletter.papers.library import (
    MAX_ABSTRACT,
    MAX_BYTES,
    MAX_PAPERS,
    MAX_TITLE,
    arxiv_id,
    is_library_file,
    keep_each_once,
    may_exist,
    read_library,
)
from tests import make
from tests.bounded_time import assert_takes_at_most


def read_papers(data: bytes, name: str) -> tuple[LibraryPaper, ...]:
    return read_library(data, name).papers


BIBTEX = """
@article{bee2024, title = {{Bees} that count to {Four}}, abstract = {We let bees count.}, year = {2024}, month = jan}
@online{ant2025, title = {Ants with {\\"U}mlauts}, date = {2025-03-01}, keywords = {ants}}
@misc{untitled, year = 2026}
@comment{not a paper}
"""
RIS = (
    "TY  - JOUR\nTI  - Bees that count to Four\nAB  - We let bees count.\nPY  - 2024/01/05\nER  - \n"
    "TY  - UNPB\nT1  - Ants with Ümlauts\nXX  - unknown\nDA  - 2025/03/01\nER  - \nTY  - JOUR\nPY  - 2026\nER  - \n"
)
CSL = json.dumps(
    [
        {"title": "Bees that count to Four", "abstract": "We let bees count.", "issued": {"date-parts": [[2024, 1]]}},
        {"title": "Ants with Ümlauts", "issued": {"raw": "2025-03-01"}},
        {"issued": {"date-parts": [[2026]]}},
        "no item",
    ]
)


@pytest.mark.parametrize(("name", "text"), [("a.bib", BIBTEX), ("a.ris", RIS), ("a.json", CSL), ("A.RIS", RIS)])
def test_each_form_gives_the_titles_and_abstracts_oldest_first(name: str, text: str) -> None:
    bees, ants = read_papers(text.encode(), name)
    assert (bees.entry, bees.title, bees.abstract) == (name, "Bees that count to Four", "We let bees count.")
    assert (ants.title, ants.abstract) == ("Ants with Ümlauts", "")


def test_what_this_program_exports_is_read_back() -> None:
    papers = [make.paper("2601.00001", title="On $k$-means"), make.paper("2601.00002", title="Bees & ants")]
    for name, text in (("x.bib", bibtex(papers)), ("x.ris", ris(papers))):
        assert [paper.title for paper in read_papers(text.encode(), name)] == ["On k-means", "Bees & ants"]


def test_a_large_library_is_read_from_its_latest_end() -> None:
    items = [{"title": f"Paper {n}", "issued": {"date-parts": [[2000 + n % 2]]}} for n in range(2 * MAX_PAPERS)]
    papers = read_papers(json.dumps(items).encode(), "x.json")
    assert [paper.title for paper in papers] == [f"Paper {n}" for n in range(1, 2 * MAX_PAPERS, 2)]


def test_long_texts_are_cut() -> None:
    (paper,) = read_papers(json.dumps([{"title": "t" * 9_999, "abstract": "a" * 9_999}]).encode(), "x.json")
    assert (len(paper.title), len(paper.abstract)) == (MAX_TITLE, MAX_ABSTRACT)


@pytest.mark.parametrize(
    ("data", "name", "remedy"),
    [
        (b"", "x.bib", "name another file"),
        (b"@article{a, year = 2000}", "x.bib", "name another file"),
        (b"TY  - JOUR\nER  - \n", "x.ris", "name another file"),
        (b"not json", "x.json", "export it anew"),
        (b'[{"title": "Be', "x.json", "x.json:1: this is no JSON"),
        (b"[1, 2]", "x.json", "name another file"),
        (b"\xff\xfe\x00", "x.ris", "name another file"),
        (b"\x89PNG\x00\x00", "x.bib", "name another file"),
        (b"x" * (MAX_BYTES + 1), "x.bib", "export fewer"),
    ],
)
def test_a_broken_file_is_named_with_the_remedy(data: bytes, name: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=name) as error:
        read_papers(data, name)
    assert remedy in str(error.value)


def test_markup_of_html_is_no_part_of_a_title() -> None:
    """CSL-JSON has it by its own rules; publishers' abstracts have it in every form."""
    marked = '<span class="nocase">Bees</span> that breathe CO<sub>2</sub> &amp; <i>hum</i>'
    texts = {
        "x.json": json.dumps([{"title": marked, "abstract": "<jats:p>We let bees hum.</jats:p>"}]),
        "x.ris": f"TY  - JOUR\nTI  - {marked}\nAB  - <p>We let bees hum.</p>\nER  - \n",
        "x.bib": "@misc{a, title = {Bees that breathe CO<sub>2</sub> \\& <i>hum</i>},"
        " abstract = {{\\textless}p{\\textgreater}We let bees hum.{\\textless}/p{\\textgreater}}}",
    }
    for name, text in texts.items():
        (paper,) = read_papers(text.encode(), name)
        assert (paper.title, paper.abstract) == ("Bees that breathe CO₂ & hum", "We let bees hum.")


@pytest.mark.parametrize("field", ["month = juli", "journal = jnat", 'note = vol # " 2"', "year = inpress"])
def test_an_abbreviation_that_a_style_explains_keeps_no_record_out(field: str) -> None:
    text = f"@article{{a, title = {{Bees that count}}, {field}}}\n@misc{{b, title = {{Ants}}, year = 2031}}"
    assert [paper.title for paper in read_papers(text.encode(), "x.bib")] == ["Bees that count", "Ants"]


def test_abbreviations_of_the_file_itself_are_spelt_out() -> None:
    text = '@string{bees = "Bees"}\n@article{a, title = bees # " that count", year = 2024, month = jan}'
    assert [paper.title for paper in read_papers(text.encode(), "x.bib")] == ["Bees that count"]


def test_a_paper_that_a_file_has_twice_counts_once() -> None:
    items = [
        {"title": "Bees that count to four", "abstract": "We let bees count."},
        {"title": "Ants"},
        {"title": "Bees That Count: to Four."},
        *({"title": "Ants"} for _ in range(MAX_PAPERS)),
    ]
    bees, ants = read_papers(json.dumps(items).encode(), "x.json")
    assert (bees.title, bees.abstract, ants.title) == ("Bees that count to four", "We let bees count.", "Ants")


_KEPT = st.builds(LibraryPaper, st.just("x"), st.text("aB-: 你", max_size=4), st.sampled_from(["", "abstract"]))


@given(st.lists(_KEPT, max_size=12))
def test_of_equal_titles_one_stays_and_a_second_look_changes_nothing(papers: list[LibraryPaper]) -> None:
    once = keep_each_once(papers)
    assert set(once) <= set(papers)
    assert keep_each_once(once) == once
    assert keep_each_once([*papers, *papers]) == keep_each_once(papers)


@given(st.sampled_from(["x.bib", "x.ris", "x.json"]), st.text(alphabet="@{}=,\"' \nTYERaé-[]:0", max_size=60))
def test_no_text_breaks_a_reader(name: str, text: str) -> None:
    with suppress(ConfigError):
        assert read_papers(text.encode(), name)


@pytest.mark.parametrize(
    "entry",
    [
        "2510.05064",
        "arXiv:2510.05064v3",
        " 2510.05064 ",
        "https://arxiv.org/abs/2510.05064",
        "https://arxiv.org/pdf/2510.05064v1.pdf",
        "http://export.arxiv.org/abs/2510.05064v2?context=cs#comments",
        "https://www.arxiv.org/html/2510.05064/",
        "10.48550/arXiv.2510.05064",
        "doi: 10.48550/arXiv.2510.05064",
        "http://dx.doi.org/10.48550/arXiv.2510.05064",
        "https://doi.org/10.48550/ARXIV.2510.05064",
    ],
)
def test_an_id_is_known_in_each_of_its_forms(entry: str) -> None:
    assert arxiv_id(entry) == "2510.05064"


def test_old_ids_titles_and_files_are_told_apart() -> None:
    assert arxiv_id("hep-th/9901001v2") == "hep-th/9901001"
    for title in (
        "Attention Is All You Need",
        "1984.5 and all that",
        "In 2510.05064 we trust",
        "A study of x.bibliography",
    ):
        assert not arxiv_id(title)
        assert not is_library_file(title)
    assert is_library_file("my papers/Library.BIB")


@pytest.mark.parametrize(
    "known", ["0704.0001", "0712.1234", "1501.00001", "2612.99999", "hep-th/9108001", "math/0703999"]
)
def test_an_id_begins_with_a_month_in_which_arxiv_gave_such_ones(known: str) -> None:
    assert may_exist(known)
    archive, slash, number = known.rpartition("/")
    for month in ("00", "13", "99"):
        assert not may_exist(f"{archive}{slash}{number[:2]}{month}{number[4:]}")


@pytest.mark.parametrize("unknown", ["0703.0001", "0612.00001", "hep-th/0704001", "hep-th/1501001"])
def test_each_kind_of_id_has_its_time(unknown: str) -> None:
    assert not may_exist(unknown)


@pytest.mark.parametrize(
    "title",
    [
        *("Bounds for p < q and q > r", "On $x<y$ and $z>w$ in graphs", "When a<b and b>c", "What n<100 means"),
        *("Of a<b, and of c > d", "A <3 for bees", "If x<y or y = z>w"),
    ],
)
def test_a_sign_of_comparison_in_a_title_is_no_tag(title: str) -> None:
    (paper,) = read_papers(json.dumps([{"title": title}]).encode(), "x.json")
    assert paper.title == title.replace("$", "")


def test_signs_again_and_again_are_read_at_once() -> None:
    for piece in ("<", "<a", "<a ", "<a =", "<a b=", "</", "<a  "):
        data = json.dumps([{"title": "Bees", "abstract": piece * (100_000 // len(piece))}]).encode()
        assert_takes_at_most(1.0, partial(read_papers, data, "x.json"))
