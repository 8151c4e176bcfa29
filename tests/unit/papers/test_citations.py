"""BibTeX and RIS, read back by the libraries that others read them with."""

import gzip
import json
import os
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Origin, Paper
from newsletter.papers.citations import bibtex, last_first, people, ris, year
from newsletter.papers.latex import readable
from newsletter.sources.feed import split_authors
from tests import SHARED, make

bibtexparser = pytest.importorskip("bibtexparser", reason="no bibtexparser here; ./run test installs it")
rispy = pytest.importorskip("rispy", reason="no rispy here; ./run test installs it")

CORPUS = SHARED / "corpus" / "days"
EVERY = int(os.environ.get("CITATIONS_EVERY", "80"))  # of the real papers; 1 takes some minutes
HOSTILE = (
    *("100% {of} }it", "a \\", "\\{ only", "$x", "@misc{evil,\n  title = {x}}", 'quote " # & ~ ^ _', "\ud800"),
    "a and b",
)


def read_bibtex(text: str) -> list[dict[str, str]]:
    parser = bibtexparser.bparser.BibTexParser(common_strings=True, ignore_nonstandard_types=False)
    return list(bibtexparser.loads(text, parser=parser).entries)


def read_ris(text: str) -> list[dict[str, Any]]:
    return list(rispy.loads(text))


def assert_whole(papers: list[Paper]) -> None:
    """Every paper comes back from both forms, in order, and nothing else does."""
    entries, records = read_bibtex(bibtex(papers)), read_ris(ris(papers))
    ids = [paper.arxiv_id for paper in papers]
    assert [entry["eprint"] for entry in entries] == ids
    assert len({entry["ID"] for entry in entries}) == len(set(ids))
    assert [record["accession_number"] for record in records] == [f"arXiv:{arxiv_id}" for arxiv_id in ids]
    for paper, entry, record in zip(papers, entries, records, strict=True):
        authors = people(paper.authors)
        assert record.get("authors", []) == authors
        assert len(re.split(r"\sand\s(?![^{]*\})", entry["author"])) == len(authors) if authors else True
        assert not re.search(r"(?<!\\)[%#]", entry["title"])
        assert entry["primaryclass"] == paper.primary


def test_a_paper_as_bibtex() -> None:
    paper = make.paper(
        "2510.05064",
        title="Sparse rows of $x^2$ at 50% \\& more",
        authors=("Ludwig van der Berg (Bonn, Germany)", "J. Jos\\'e", "The LIGO Collaboration"),
        categories=("cs.LG", "stat.ML"),
    )
    assert bibtex([paper]) == (
        "@misc{vanderberg_2510.05064,\n"
        "  title = {{Sparse rows of $x^2$ at 50\\% \\& more}},\n"
        "  author = {van der Berg, Ludwig and José, J. and {The LIGO Collaboration}},\n"
        "  year = {2025},\n"
        "  eprint = {2510.05064},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.LG},\n"
        "  url = {https://arxiv.org/abs/2510.05064}\n"
        "}\n"
    )


def test_a_paper_as_ris() -> None:
    told = {"title": "On $x^2$\n  and $\\alpha$", "abstract": "It is\nabout.", "authors": ("A. Noether",)}
    paper = make.paper("hep-th/9901001", **told)
    assert ris([paper]).split("\r\n") == [
        *("TY  - UNPB", "TI  - On x² and α", "AU  - Noether, A.", "PY  - 1999", "AB  - It is about.", "KW  - cs.LG"),
        *("AN  - arXiv:hep-th/9901001", "PB  - arXiv", "UR  - https://arxiv.org/abs/hep-th/9901001", "ER  - ", ""),
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Lovelace", "Lovelace, Ada"),
        ("Ludwig van der Berg", "van der Berg, Ludwig"),
        ("van der Berg", "van der Berg"),
        ("Guido Van Rossum", "Rossum, Guido Van"),
        ("James W. Davidson, Jr.", "Davidson, Jr., James W."),
        ("Ada B. King III", "King, III, Ada B."),
        ("DeepSeek-AI", "DeepSeek-AI"),
        ("The LIGO Scientific Collaboration", "The LIGO Scientific Collaboration"),
    ],
)
def test_a_name_begins_with_its_last_part(name: str, shown: str) -> None:
    assert last_first(name) == shown


def test_affiliations_and_stray_signs_are_no_authors() -> None:
    assert people(("Ada Lovelace (1, 2) (London (UK))", ":", "(MIT)", "Emmy Noether")) == [
        *("Lovelace, Ada", "(MIT)", "Noether, Emmy"),
    ]


@pytest.mark.parametrize(("arxiv_id", "said"), [("2510.05064", "2025"), ("hep-th/9901001", "1999"), ("x", "")])
def test_the_year_is_in_the_id(arxiv_id: str, said: str) -> None:
    assert year(arxiv_id) == said


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_paper_breaks_out_of_its_entry(text: str) -> None:
    papers = [make.paper("2601.00001", title=text, authors=(text,), abstract=text), make.paper("2601.00002")]
    assert_whole(papers)
    assert rispy.loads(ris(papers))[0].get("title", "").replace(" ", "") in readable(text).replace(" ", "")


SIGNS = ("{", "}", "\\", "$", "%", "a", " ", "_", "\n", "ER  - ", "é", "@", '"')
pieces = st.lists(st.sampled_from(SIGNS), max_size=12)


@given(pieces.map("".join).filter(str.strip))
def test_any_title_leaves_the_next_entry_alone(title: str) -> None:
    assert_whole([make.paper("2601.00001", title=title), make.paper("2601.00002")])


def real_papers() -> Iterable[Paper]:
    files = sorted(CORPUS.glob("*.jsonl.gz"))
    if not files:
        pytest.skip("no ../shared/corpus/days beside the repository: real papers are not checked")
    found: dict[str, Paper] = {}
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                authors = split_authors(", ".join(row["authors"]))
                paper = Paper(row["id"], 1, row["title"], authors, row["abstract"], tuple(row["categories"]))
                found[paper.arxiv_id] = paper
    return list(found.values())[::EVERY]


def test_real_papers_come_back_whole() -> None:
    assert_whole(list(real_papers()))


def elsewhere(name: str, doi: str = "", **changes: Any) -> Paper:
    origin = Origin(name, "https://example.org/papers/1?a=b&c=d", doi)
    paper_id = f"doi:{doi}" if doi else "feed:0123456789abcdef"
    return make.paper(paper_id, origin=origin, published_on=date(2026, 1, 5), **changes)


@pytest.mark.parametrize(
    ("paper", "kind", "where", "ris_kind"),
    [
        (elsewhere("Journal of Invention", "10.5555/1"), "article", {"journal": "Journal of Invention"}, "JOUR"),
        (elsewhere("bioRxiv", "10.1101/1"), "article", {"journal": "bioRxiv"}, "UNPB"),
        (elsewhere("A blog"), "misc", {"howpublished": "A blog"}, "BLOG"),
    ],
)
def test_a_paper_from_elsewhere_is_cited_by_its_place_and_doi(
    paper: Paper, kind: str, where: dict[str, str], ris_kind: str
) -> None:
    (entry,), (record,) = read_bibtex(bibtex([paper])), read_ris(ris([paper]))
    assert paper.origin
    assert entry["ENTRYTYPE"] == kind
    assert where.items() <= entry.items()
    assert (entry["year"], entry.get("doi", ""), entry["url"]) == ("2026", paper.origin.doi, paper.origin.url)
    assert not {"eprint", "archiveprefix", "primaryclass"} & entry.keys()
    assert (record["type_of_reference"], record.get("doi", "")) == (ris_kind, paper.origin.doi)
    assert record["urls"] == [paper.origin.url]


@given(pieces.map("".join))
def test_nothing_that_a_source_says_of_itself_breaks_out_of_an_entry(text: str) -> None:
    origin = Origin(f"Name {text}", f"https://example.org/{text}", f"10.5555/{text}")
    papers = [make.paper("feed:0123456789abcdef", origin=origin), make.paper("2601.00002")]
    entries, records = read_bibtex(bibtex(papers)), read_ris(ris(papers))
    assert [entry["title"] for entry in entries] == [f"{{{paper.title}}}" for paper in papers]
    assert [record["title"] for record in records] == [paper.title for paper in papers]


@pytest.mark.parametrize(
    ("venue", "kind", "fields", "ris_type", "name"),
    [
        ("TMLR", "article", "journal", "JOUR", "Transactions on Machine Learning Research"),
        ("DMLR", "article", "journal", "JOUR", "DMLR"),
        ("ICLR.cc/2026/Conference", "inproceedings", "booktitle", "CPAPER", "ICLR 2026"),
    ],
)
def test_a_paper_of_openreview_is_cited_by_its_venue(
    venue: str, kind: str, fields: str, ris_type: str, name: str
) -> None:
    url = "https://openreview.net/forum?id=abcd1"
    paper = make.paper(
        "openreview:abcd1",
        categories=(f"openreview:{venue}",),
        published_on=date(2026, 1, 5),
        origin=Origin("ICLR 2026 Oral", url),
    )
    (entry,) = read_bibtex(bibtex([paper]))
    assert (entry["ENTRYTYPE"], entry[fields], entry["year"], entry["url"]) == (kind, name, "2026", url)
    (record,) = read_ris(ris([paper]))
    assert (record["type_of_reference"], record["secondary_title"], record["urls"]) == (ris_type, name, [url])
