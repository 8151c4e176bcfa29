"""Reads the papers that somebody keeps: a BibTeX, RIS or CSL-JSON file, and what stands for one paper in a list. Pure.

Only titles and abstracts are taken, as readable text; how the forms of files are read is in library_forms.py. What they
do to a ranking is the scorers' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from newsletter.errors import ConfigError
from newsletter.model import LibraryPaper
from newsletter.papers.html_text import html_to_text
from newsletter.papers.latex import readable
from newsletter.papers.library_forms import NO_TITLE, READERS, Flaw, decode

MAX_PAPERS = 200  # of a file, the latest: as many as votes (subscribers/votes.py)
MAX_BYTES = 5_000_000
MOST_UNREAD = 20  # parts of a file that are told, each with its line
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
    return _suffix(entry) in READERS


class LibraryFile(NamedTuple):
    """The papers of a file, and what of it cannot be read: for each such part its file and line, and the remedy."""

    papers: tuple[LibraryPaper, ...]
    unread: tuple[str, ...] = ()


def read_library(data: bytes, name: str) -> LibraryFile:
    """Reads the file's papers, at most MAX_PAPERS of them: the latest by year, and of a year those further down.

    Raises ConfigError with the remedy for a file that is too large, or of which no title can be read.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{name} has {len(data):,} bytes, at most {MAX_BYTES:,} are read; export fewer papers")
    kind, read = READERS[_suffix(name)]
    text, flaws = decode(data)
    dated = list[tuple[int, int, LibraryPaper]]()
    for number, found in enumerate(read(text)):
        if isinstance(found, Flaw):
            flaws.append(found)
        elif title := _clean(found.title)[:MAX_TITLE]:
            paper = LibraryPaper(name, title, _clean(found.abstract)[:MAX_ABSTRACT])
            dated.append((_year(found.year), number, paper))
        else:
            flaws.append(Flaw(found.line, NO_TITLE))
    unread = tuple(f"{name}:{flaw.line}: {flaw.text}" for flaw in sorted(flaws))
    if not dated:
        remedy = "export it anew, or name another file"
        raise ConfigError(f"{name} holds no {kind} record with a title; {remedy}", unread[:MOST_UNREAD])
    ordered = [paper for _, _, paper in sorted(dated, key=lambda one: one[:2])]
    return LibraryFile(keep_each_once(ordered)[-MAX_PAPERS:], unread)


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


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


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
