"""Reads the papers that somebody keeps: a BibTeX, RIS or CSL-JSON file, and what stands for one paper in a list. Pure.

Only titles and abstracts are taken, as readable text; a record without a title is passed over. What they do to a
ranking is the scorers' business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from newsletter.errors import ConfigError
from newsletter.model import LibraryPaper
from newsletter.papers.html_text import html_to_text
from newsletter.papers.latex import readable

MAX_PAPERS = 200  # of a file, the latest: as many as votes (subscribers/votes.py)
MAX_BYTES = 5_000_000
MAX_TITLE, MAX_ABSTRACT = 300, 4_000  # characters that are read; arXiv has at most 207 and 1,920

# arXiv ids as people write them: alone, after "arXiv:", in an address, as a DOI; the version says nothing.
_ID = re.compile(
    r"(?:https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv:\s*"
    r"|(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.)?"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_NEW_FROM = (7, 4)  # year and month: until then ids named an archive
# In "$x<y$ and $z>w$" is no tag: that is a name alone, or one with attributes.
_ATTRIBUTE = r"""\s++[\w:-]++=(?:"[^"<>]*+"|'[^'<>]*+'|[\w-]++)"""
_LESS_THAN = re.compile(rf"<(?!/?[a-z][\w:-]*+(?:{_ATTRIBUTE})*+\s*+/?>)", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_RIS_TITLES, _RIS_ABSTRACTS = ("primary_title", "title", "translated_title"), ("abstract", "notes_abstract")


def arxiv_id(entry: str) -> str:
    """Gives the arXiv id that an entry of a list is, without its version; "" for a title."""
    match = _ID.fullmatch(entry.strip())
    return match["id"] if match else ""


def may_exist(arxiv_id: str) -> bool:
    """Tells whether arXiv can give out such an id: hep-th/9901001 from August 1991 on, 0704.0001 from April 2007 on."""
    archive, _, number = arxiv_id.rpartition("/")
    year, month = int(number[:2]), int(number[2:4])
    is_within = (year >= 91 or (year, month) < _NEW_FROM) if archive else (year, month) >= _NEW_FROM
    return 1 <= month <= 12 and is_within


def is_library_file(entry: str) -> bool:
    """Tells whether an entry names a file: no title ends like one."""
    return _suffix(entry) in _READERS


def read_library(data: bytes, name: str) -> tuple[LibraryPaper, ...]:
    """Reads the file's papers, at most MAX_PAPERS of them: the latest by year, and of a year those further down.

    Raises ConfigError with the remedy for a file that is too large, of another form, or holds no title.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{name} has {len(data):,} bytes, at most {MAX_BYTES:,} are read; export fewer papers")
    kind, read = _READERS[_suffix(name)]
    try:
        records = list(read(data.decode("utf-8-sig")))
    except Exception as error:  # the parsers promise no kind of error for a broken file
        raise ConfigError(
            f"{name} cannot be read as {kind} in UTF-8 ({type(error).__name__}); export it anew"
        ) from error
    dated = [
        (_year(year), number, LibraryPaper(name, clean[:MAX_TITLE], _clean(abstract)[:MAX_ABSTRACT]))
        for number, (title, abstract, year) in enumerate(records)
        if (clean := _clean(title))
    ]
    if not dated:
        raise ConfigError(f"{name} holds no {kind} record with a title; export it anew, or name another file")
    ordered = [paper for _, _, paper in sorted(dated, key=lambda one: one[:2])]
    return keep_each_once(ordered)[-MAX_PAPERS:]


def keep_each_once(papers: Iterable[LibraryPaper]) -> tuple[LibraryPaper, ...]:
    """Gives one of the papers with the same title: that weighs most, of these one with an abstract, or else the last.

    The same title is one with the same letters and digits, whatever stands between them. The order is that of the last
    ones. Same arguments, same papers.
    """
    best: dict[str, LibraryPaper] = {}
    for paper in papers:
        key = "".join(filter(str.isalnum, paper.title.casefold())) or paper.title
        known = best.pop(key, paper)
        best[key] = max((paper, known), key=lambda one: (one.weight, bool(one.abstract)))
    return tuple(best.values())


_Record = tuple[str, str, str]  # title, abstract, year


def _read_bibtex(text: str) -> Iterator[_Record]:
    import bibtexparser  # noqa: PLC0415  half a second that only who names such a file should wait
    from bibtexparser.bibdatabase import UndefinedString, as_text  # noqa: PLC0415
    from bibtexparser.bparser import BibTexParser  # noqa: PLC0415

    def spell(value: object) -> str:
        try:
            return str(as_text(value))
        except UndefinedString:  # "month = juli": an abbreviation that the file leaves to a style says nothing here
            return ""

    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, interpolate_strings=False)
    for record in bibtexparser.loads(text, parser=parser).entries:
        title, abstract, year, at = (spell(record.get(name, "")) for name in ("title", "abstract", "year", "date"))
        yield title, abstract, year or at


def _read_ris(text: str) -> Iterator[_Record]:
    import rispy  # noqa: PLC0415

    for record in rispy.loads(text, skip_unknown_tags=True):
        year = record.get("year") or record.get("date", "")
        yield _first(record, _RIS_TITLES), _first(record, _RIS_ABSTRACTS), year


def _read_csl(text: str) -> Iterator[_Record]:
    """Reads CSL-JSON: a list of items (citeproc-js, "CSL-JSON data"), or one item for each key of `items`."""
    document = json.loads(text)
    items = document.get("items", []) if isinstance(document, dict) else document
    for item in filter(lambda each: isinstance(each, dict), items):
        issued = item.get("issued")
        yield item.get("title", ""), item.get("abstract", ""), json.dumps(issued) if issued else ""


_READERS: Mapping[str, tuple[str, Callable[[str], Iterable[_Record]]]] = {
    "bib": ("BibTeX", _read_bibtex),
    "ris": ("RIS", _read_ris),
    "json": ("CSL-JSON", _read_csl),
}


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _first(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((str(record[key]) for key in keys if record.get(key)), "")


def _year(text: object) -> int:
    match = _YEAR.search(str(text))
    return int(match[0]) if match else 0


def _clean(text: object) -> str:
    """Makes one readable line of TeX and of HTML, which CSL-JSON and publishers' abstracts have.

    BibTeX protects capitals with braces that are no part of a title. A "<" that begins no whole tag is "less than".
    """
    if not isinstance(text, str):
        return ""
    return html_to_text(_LESS_THAN.sub("&lt;", readable(text).replace("{", "").replace("}", "")))
