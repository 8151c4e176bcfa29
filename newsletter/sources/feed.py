"""Parses an arXiv feed, Atom or RSS 2.0, from its bytes. Fetches nothing: see `arxiv.py` and `recorded.py`.

The format is the one arXiv's feed service writes: an entry's id is `oai:arXiv.org:IDvN`, its first category the
primary one, its authors one string joined by commas. A feed that may have lost entries is refused whole, because
half a feed looks like a quiet day; a single entry that cannot be read is left out and named in a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import accumulate

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Feed, Paper
from newsletter.papers import arxiv_day, taxonomy, withdrawal_notice
from newsletter.sources.left_out import name_left_out, require_some
from newsletter.sources.markup import Document, Entry, moment, read_document, shown

FULL_FEED_ENTRIES = 2_000  # arXiv cuts a longer feed; the new papers with the lowest ids are what is missing

_TITLE_END = " updates on arXiv.org"
_ERROR_TITLE = "Feed error"  # arXiv answers an unknown category with a valid, empty feed of this title
CATEGORY = re.compile(r"[a-z][a-z-]{0,30}(\.[A-Za-z][A-Za-z-]{0,30})?")
# A class of another scheme, MSC's 68T50 or ACM's I.2.6, or one of arXiv's former archives
_OTHER_TERM = re.compile(r"[A-Z0-9].*|[a-z-]{2,10}")
# https://info.arxiv.org/help/arxiv_identifier.html: four digits after the month until 2014, five from 2015 on;
# before April 2007 the archive, perhaps with a class, and seven digits that begin with year and month.
ARXIV_ID = re.compile(
    r"(?P<id>(07(0[4-9]|1[0-2])|(0[89]|1[0-4])(0[1-9]|1[0-2]))\.[0-9]{4}"
    r"|(0[0-6]|1[5-9]|[2-9][0-9])(0[1-9]|1[0-2])\.[0-9]{5}"
    r"|(?P<archive>[a-z-]{2,10})(\.[A-Z]{2})?/(?P<number>(9[1-9]|0[0-7])(0[1-9]|1[0-2])[0-9]{3}))"
    r"(v(?P<version>[1-9][0-9]{0,2}))?"
)
_ENTRY_ID_START = "oai:arXiv.org:"
_SUMMARY_HEAD = re.compile(r"arXiv:(\S{1,80})\s{1,9}Announce Type:\s{1,9}\S{1,80}\s{1,9}Abstract:\s*")
_ANOTHER_HEAD = re.compile(r"Announce Type:\s{1,9}\S{1,80}\s{1,9}Abstract:")
_FEED_TITLE_CHARS = 5_000  # the names of all categories take 1,400; a longer title is none of arXiv's
_NAME_SUFFIXES = frozenset({"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"})
_NAMED_ENTRIES = 5  # unreadable entries with a warning of their own; the rest is counted
# arXiv's own bounds are below a tenth of these; beyond them the text is damaged, and no other part should meet it.
_MOST_CHARS = {"title": 2_000, "abstract": 20_000, "authors": 200_000}
# Feeds are dated by a midnight in New York; one written with the offset of the other half of the year is no other day.
_SUMMER_TIME = timedelta(hours=1)
_NAME_CHARS = 200  # what is longer is no name; the rest of it is cut off


Read = Callable[[bytes, str], Document]  # what `read_document` does


def parse_feed(body: bytes, category: str, read: Read = read_document) -> Feed:
    """Reads the entries of `body` that belong to `category`; none for the valid, empty feed of a weekend.

    `body` may be a combined feed (cs.LG+cs.AI): then an entry belongs to each of its categories. Raises
    SourceError for anything that is not a whole arXiv feed of that category; `is_config` when it is arXiv's
    answer to a category it does not know.
    """
    check_category(category)
    with _failing_only(category):
        return _feed(read(body, category), category)


def feed_day(body: bytes, name: str, read: Read = read_document) -> date:
    """Reads the day a feed gives itself, whatever its categories. `name` is what messages call it."""
    with _failing_only(name):
        document = read(body, name)
        _covered(document, name)
        return _announced_on(document, name)


def _feed(document: Document, category: str) -> Feed:
    covered = _covered(document, category)
    if not _covers(covered, category):
        raise SourceError(
            category,
            f"This feed is of {', '.join(covered)}, not of {category}; use the feed of {category}.",
        )
    is_combined = len(covered) > 1 or covered[0] != category
    announcements, unreadable = _announcements(document.entries, category, covered if is_combined else ())
    warnings = []
    if not document.is_as_declared:
        warnings.append(f"The feed of {category} is not encoded as it says; some characters may be wrong.")
    if len(document.entries) >= FULL_FEED_ENTRIES:
        warnings.append(_full(category, len(document.entries)))
    return Feed(category, _announced_on(document, category), announcements, (*warnings, *unreadable))


@contextmanager
def _failing_only(name: str) -> Iterator[None]:
    """Turns whatever a body makes fail into SourceError: the other feeds are read, and the operator is told."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            name,
            f"The feed of {name} could not be read ({type(error).__name__}: {shown(str(error))}); run again later, and"
            " update this program if it stays so.",
        ) from error


def check_category(category: str) -> None:
    """Raises SourceError unless this looks like a category: it becomes part of an address or a file name."""
    if not CATEGORY.fullmatch(category):
        raise SourceError(
            category,
            f"'{shown(category)}' is not an arXiv category; in subscribers.yaml, write one such as cs.LG.",
            is_config=True,
        )


def split_authors(creators: str) -> tuple[str, ...]:
    """Splits arXiv's one string into names. A comma within parentheses belongs to an affiliation.

    A parenthesis without its partner is an ordinary character, so that it cannot swallow the names after it. A colon
    follows a collaboration ("The X Collaboration: A. Name", https://info.arxiv.org/help/prep.html#author) and ends its
    name; by itself, like any sign without a letter, it is nobody.
    """
    depth = _parenthesis_depth(creators)
    cuts = [i for i in range(len(creators)) if depth[i] == 0 and _ends_a_name(creators, i)]
    parts = [creators[start + 1 : end] for start, end in zip([-1, *cuts], [*cuts, len(creators)], strict=True)]
    names: list[str] = []
    for name in (" ".join(part.split()) for part in parts if any(map(str.isalnum, part))):
        if name in _NAME_SUFFIXES and names:  # "James W. Davidson, Jr." is one person
            names[-1] = f"{names[-1]}, {name}"
        else:
            names.append(name)
    return tuple(names)


def _ends_a_name(creators: str, i: int) -> bool:
    if creators[i] != ":":
        return creators[i] == ","
    following = creators[i + 1 : i + 2]
    return not following or following.isspace() or following.isupper() or following == ","  # but not in "A:son"


def _parenthesis_depth(text: str) -> list[int]:
    steps = [0] * len(text)
    opened: list[int] = []
    for i, char in enumerate(text):
        if char == "(":
            opened.append(i)
        elif char == ")" and opened:
            steps[opened.pop()] += 1
            steps[i] -= 1
    return list(accumulate(steps))


# --- whose feed it is, and of which day ---------------------------------------------------------------


def _covered(document: Document, category: str) -> tuple[str, ...]:
    """Reads the categories of a feed from its title, or else from its own address."""
    title = " ".join(document.title[:_FEED_TITLE_CHARS].split())
    if title.startswith(_ERROR_TITLE):
        raise SourceError(category, _unknown(category, document.subtitle), is_config=True)
    if title.endswith(_TITLE_END):
        return tuple(name.strip() for name in title.removesuffix(_TITLE_END).split(","))
    address = re.fullmatch(r"https?://rss\.arxiv\.org/(?:atom|rss)/([^/?#]{1,5000})", document.address)
    if address:
        return tuple(address[1].split("+"))
    raise SourceError(
        category,
        f"What came for {category} is a feed, but not one of arXiv's (its title is '{shown(title)}'); check the"
        " feed's address.",
    )


def _unknown(category: str, reason: str) -> str:
    quoted = f" ('{shown(reason)}')" if reason else ""
    return f"arXiv has no feed for the category {category}{quoted}; correct its name in subscribers.yaml."


def _covers(covered: Sequence[str], category: str) -> bool:
    """Whether a feed of these covers the category, as an archive's feed (cs) does (cs.LG)."""
    return any(category == name or category.startswith(f"{name}.") for name in covered)


def _is_listed(entry: Entry, category: str) -> bool:
    return any(name == category or name.startswith(f"{category}.") for name in _categories(entry))


def _whose(entry: Entry, covered: Sequence[str]) -> str:
    """Says why it is unclear which of a combined feed's categories an entry belongs to; "" if it is clear."""
    for term in entry.categories:
        if term not in taxonomy.CATEGORIES and not _OTHER_TERM.fullmatch(term):
            return f"one of its categories is '{shown(term)}', and may have been another"
    is_covered = any(_covers(covered, name) for name in _categories(entry))
    return "" if is_covered else "it is of none of the feed's categories"


def _announced_on(document: Document, category: str) -> date:
    """Reads the US Eastern day of a feed. Atom has it in the entries; an empty feed has the time of writing."""
    midnights = next((found for found in ([document.published], _published(document)) if any(found)), [])
    days = Counter(arxiv_day(at + _SUMMER_TIME) for at in map(moment, midnights) if at)
    if not midnights:
        days.update(arxiv_day(at) for at in map(moment, [document.updated]) if at)
    if not days:
        raise SourceError(category, f"The feed of {category} does not say of which day it is; run again later.")
    return days.most_common(1)[0][0]


def _published(document: Document) -> list[str]:
    return [entry.published for entry in document.entries]


# --- its entries --------------------------------------------------------------------------------------


def _announcements(
    entries: Sequence[Entry], category: str, combined: Sequence[str]
) -> tuple[tuple[Announcement, ...], tuple[str, ...]]:
    """Reads the papers of this category; gives a sentence for each entry that was left out.

    `combined` has the categories of a combined feed: the entries of the others are passed over.
    """
    announcements: list[Announcement] = []
    problems: list[str] = []
    are_headed = any(_SUMMARY_HEAD.match(entry.summary) for entry in entries)
    for entry in entries:
        try:
            if not combined or _is_listed(entry, category):
                announcements.append(_announcement(entry, category, is_headed=are_headed))
            elif why := _whose(entry, combined):
                raise ValueError(why)
        except ValueError as error:
            name = shown(entry.id) or "without an id"
            problems.append(f"An entry in the feed of {category} was left out ({name}): {error}.")
    what = f"entries in the feed of {category}"
    require_some(announcements, problems, what, category, server="arXiv")
    return tuple(announcements), name_left_out(problems, what, most=_NAMED_ENTRIES)


def _announcement(entry: Entry, category: str, *, is_headed: bool) -> Announcement:
    """Reads one entry. Raises ValueError with the reason for one that is not a paper, or perhaps parts of two.

    `is_headed` says that the summaries of this feed begin with the paper's id.
    """
    if entry.mixture:
        raise ValueError(entry.mixture)
    arxiv_id, version = _identity(entry.id)
    head = _SUMMARY_HEAD.match(entry.summary)
    if is_headed and (not head or not _is_of(head[1], arxiv_id, version)):
        raise ValueError(f"its summary is of '{shown(head[1]) if head else ''}'")
    abstract = entry.summary[head.end() :] if head else entry.summary
    if _ANOTHER_HEAD.search(abstract):
        raise ValueError("its summary holds the beginning of another one")
    title = " ".join(entry.title.split())
    if not title:
        raise ValueError("it has no title")
    categories = _categories(entry)
    if not categories:
        raise ValueError("it has no category")
    if entry.kind not in set(AnnounceType):
        raise ValueError(f"its announce type is '{shown(entry.kind)}'")
    paper = Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=bounded(title, "title"),
        authors=read_authors(entry.authors),
        abstract=bounded(abstract, "abstract"),
        categories=categories,
        withdrawal=withdrawal_notice(title, abstract),
    )
    return Announcement(paper, AnnounceType(entry.kind), (category,))


def _identity(text: str) -> tuple[str, int]:
    """Reads the id without its version, and the version."""
    found = ARXIV_ID.fullmatch(text.removeprefix(_ENTRY_ID_START))
    if not found or not found["version"] or not text.startswith(_ENTRY_ID_START):
        raise ValueError("its id is not an arXiv id with a version")
    return plain_id(found), int(found["version"])


def plain_id(found: re.Match[str]) -> str:
    """Gives the id without a version, from a match of `ARXIV_ID`."""
    # "math.GT/0309136" and "math/0309136" are one paper; arXiv's own form is the one without the class
    return f"{found['archive']}/{found['number']}" if found["archive"] else found["id"]


def _is_of(text: str, arxiv_id: str, version: int) -> bool:
    """Whether this id, with a version or without, is of that paper."""
    found = ARXIV_ID.fullmatch(text)
    return found is not None and plain_id(found) == arxiv_id and found["version"] in (None, str(version))


def bounded(text: str, what: str) -> str:
    """Gives the text back. Raises ValueError if it is longer than any title, abstract or authors (`what`) can be."""
    if len(text) > _MOST_CHARS[what]:
        raise ValueError(f"its {what} field has more than {_MOST_CHARS[what]:,} characters")
    return text


def read_authors(text: str) -> tuple[str, ...]:
    """Splits arXiv's one string into names, each bounded. Raises ValueError for one that is too long."""
    names = split_authors(bounded(text, "authors"))
    return tuple(name if len(name) <= _NAME_CHARS else f"{name[:_NAME_CHARS]}…" for name in names)


def _categories(entry: Entry) -> tuple[str, ...]:
    """Lists arXiv's categories, each once. Feeds rebuilt from the API also list MSC and ACM classes (68T50, I.2.6)."""
    return tuple(dict.fromkeys(term for term in entry.categories if CATEGORY.fullmatch(term)))


def _full(category: str, entries: int) -> str:
    return (
        f"The feed of {category} has {entries} entries; arXiv cuts feeds at {FULL_FEED_ENTRIES}, so the new papers"
        " with the lowest ids may be missing."
    )
