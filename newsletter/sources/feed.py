"""Reads one arXiv feed, Atom or RSS 2.0, from bytes. Fetches nothing: see `arxiv.py` and `recorded.py`.

The format is the one arXiv's feed service writes: an entry's id is `oai:arXiv.org:IDvN`, its first category the
primary one, its authors one string joined by commas. A feed that may have lost entries is refused whole, because
half a feed looks like a quiet day; a single entry that cannot be read is left out and named in a warning.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import feedparser

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Feed, Paper

MAX_BODY_BYTES = 20_000_000  # four times a feed of 2,000 entries with the longest abstracts
FULL_FEED_ENTRIES = 2_000  # arXiv cuts a longer feed; the new papers with the lowest ids are what is missing

_EASTERN = ZoneInfo("America/New_York")  # arXiv's day
_TITLE_END = " updates on arXiv.org"
_ERROR_TITLE = "Feed error"  # arXiv answers an unknown category with a valid, empty feed of this title
_CATEGORY = re.compile(r"[a-z][a-z-]*(\.[A-Za-z][A-Za-z-]*)?")
_ENTRY_ID = re.compile(
    r"oai:arXiv\.org:(?P<id>[0-9]{4}\.[0-9]{4,5}|(?P<archive>[a-z-]+)(\.[A-Z]{2})?/(?P<number>[0-9]{7}))"
    r"v(?P<version>[1-9][0-9]{0,2})"
)
_SUMMARY_HEAD = re.compile(r"arXiv:\S+\s+Announce Type:\s+\S+\s+Abstract:\s*")
_NAME_SUFFIXES = frozenset({"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"})
_SHOWN_CHARS = 200  # of foreign text in a message for the operator
_NAMED_ENTRIES = 5  # unreadable entries with a warning of their own; the rest is counted


def parse_feed(body: bytes, category: str) -> Feed:
    """The entries of `body` that belong to `category`; none for the valid, empty feed of a weekend.

    `body` may be a combined feed (cs.LG+cs.AI): then an entry belongs to each of its categories. Raises
    SourceError for anything that is not a whole arXiv feed of that category; `is_config` when it is arXiv's
    answer to a category it does not know.
    """
    check_category(category)
    parsed, warnings = _parse(body, category)
    covered = _covered(parsed.feed, category)
    if not _covers(covered, category):
        raise SourceError(
            category,
            f"This feed is of {', '.join(covered)}, not of {category}; use the feed of {category}.",
        )
    entries = parsed.entries
    if len(covered) > 1 or covered[0] != category:
        entries = [entry for entry in entries if _is_listed(entry, category)]
    announcements, unreadable = _announcements(entries, category)
    if len(parsed.entries) >= FULL_FEED_ENTRIES:
        warnings = (*warnings, _full(category, len(parsed.entries)))
    return Feed(category, _announced_on(parsed, category), announcements, (*warnings, *unreadable))


def feed_day(body: bytes, name: str) -> date:
    """The day a feed gives itself, whatever its categories. `name` is what messages call it."""
    parsed, _ = _parse(body, name)
    _covered(parsed.feed, name)
    return _announced_on(parsed, name)


def arxiv_day(at: datetime) -> date:
    """arXiv's day at this (aware) moment: the date in New York."""
    return at.astimezone(_EASTERN).date()


def check_category(category: str) -> None:
    """Raises SourceError unless this looks like a category: it becomes part of an address or a file name."""
    if not _CATEGORY.fullmatch(category):
        raise SourceError(
            category,
            f"'{_shown(category)}' is not an arXiv category; in subscribers.yaml, write one such as cs.LG.",
            is_config=True,
        )


def split_authors(creators: str) -> tuple[str, ...]:
    """Names out of arXiv's one string. A comma within parentheses belongs to an affiliation.

    A parenthesis without its partner is an ordinary character, so that it cannot swallow the names after it.
    """
    depth = _parenthesis_depth(creators)
    cuts = [i for i, char in enumerate(creators) if char == "," and depth[i] == 0]
    parts = [creators[start + 1 : end] for start, end in zip([-1, *cuts], [*cuts, len(creators)], strict=True)]
    names: list[str] = []
    for name in filter(None, (" ".join(part.split()) for part in parts)):
        if name in _NAME_SUFFIXES and names:  # "James W. Davidson, Jr." is one person
            names[-1] = f"{names[-1]}, {name}"
        else:
            names.append(name)
    return tuple(names)


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


# --- is it a whole arXiv feed? ------------------------------------------------------------------------


def _parse(body: bytes, category: str) -> tuple[Any, tuple[str, ...]]:
    """feedparser's result and the warnings, or SourceError if it is not a whole feed."""
    _refuse_foreign_bytes(body, category)
    parsed = _read(body)
    return parsed, _refuse_damage(parsed, category)


@lru_cache(maxsize=1)  # a combined feed is asked once for each category, a recorded one also for its day
def _read(body: bytes) -> Any:
    """What feedparser makes of it; not to be changed."""
    # BytesIO: feedparser would try plain bytes as a file name. Unsanitised, because its sanitiser takes
    # "$a<b$" for a tag and drops what follows; whatever shows an abstract escapes it.
    return feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def _refuse_foreign_bytes(body: bytes, category: str) -> None:
    """What can be told before parsing, and must be: feedparser reads empty and HTML bodies without complaint."""
    if len(body) > MAX_BODY_BYTES:
        raise SourceError(category, too_large(category))
    if not body.strip():
        raise SourceError(category, f"The feed of {category} has no content at all; run again later.")
    root = re.search(rb"<[A-Za-z]", body)
    prolog = body[: root.start()].lower() if root else b""
    if _is_html(body):
        raise SourceError(
            category,
            f"An HTML page came in place of the feed of {category}; run again later, and check the feed's"
            " address if it stays so.",
        )
    if b"<!doctype" in prolog:  # arXiv's feeds have none; entities defined there can blow up a small file
        raise SourceError(
            category,
            f"The feed of {category} has a document type declaration, which arXiv's feeds never have, and was"
            " not read; check where it comes from.",
        )


def too_large(category: str) -> str:
    return (
        f"The feed of {category} has more than {MAX_BODY_BYTES // 1_000_000} MB and was not read; check where it"
        " comes from."
    )


def _is_html(body: bytes) -> bool:
    return re.search(rb"^\s*<!doctype html|<html[\s>]", body[:2_000].lower()) is not None


def _refuse_damage(parsed: Any, category: str) -> tuple[str, ...]:
    """Raises SourceError if entries may be lost; the warning for a feed that lies about its encoding only."""
    if parsed.get("version") not in {"atom10", "rss20"}:
        raise SourceError(
            category,
            f"What came for {category} is neither an Atom nor an RSS 2.0 feed; check the feed's address.",
        )
    problem = parsed.get("bozo_exception") if parsed.bozo else None
    if problem is None:
        return ()
    if isinstance(problem, feedparser.CharacterEncodingOverride):
        return (f"The feed of {category} is not encoded as it says; some characters may be wrong.",)
    raise SourceError(
        category,
        f"The feed of {category} is damaged or cut off ({_where(problem)}) and was not used, because papers may be"
        " missing from it; run again later.",
    )


def _where(problem: Any) -> str:
    line = getattr(problem, "getLineNumber", lambda: None)()
    reason = _shown(getattr(problem, "getMessage", lambda: str(problem))())
    return f"line {line}: {reason}" if line is not None else reason


def _covered(feed: Any, category: str) -> tuple[str, ...]:
    """The categories the feed says it is of, by its title or else its own address."""
    title = " ".join(feed.get("title", "").split())
    if title.startswith(_ERROR_TITLE):
        raise SourceError(category, _unknown(category, feed.get("subtitle", "")), is_config=True)
    if title.endswith(_TITLE_END):
        return tuple(name.strip() for name in title.removesuffix(_TITLE_END).split(","))
    address = re.fullmatch(r"https?://rss\.arxiv\.org/(?:atom|rss)/([^/?#]+)", feed.get("link", ""))
    if address:
        return tuple(address[1].split("+"))
    raise SourceError(
        category,
        f"What came for {category} is a feed, but not one of arXiv's (its title is '{_shown(title)}'); check the"
        " feed's address.",
    )


def _unknown(category: str, reason: str) -> str:
    said = f" ('{_shown(reason)}')" if reason else ""
    return f"arXiv has no feed for the category {category}{said}; correct its name in subscribers.yaml."


def _covers(covered: Sequence[str], category: str) -> bool:
    """An archive's feed (cs) covers its categories (cs.LG)."""
    return any(category == name or category.startswith(f"{name}.") for name in covered)


def _is_listed(entry: Any, category: str) -> bool:
    """Whether an entry of a feed of several categories belongs to this one.

    An entry whose categories cannot be read belongs to all, so that its warning is not lost.
    """
    categories = _categories(entry)
    return not categories or any(name == category or name.startswith(f"{category}.") for name in categories)


# --- its day and its entries --------------------------------------------------------------------------


def _announced_on(parsed: Any, category: str) -> date:
    """The US Eastern day the feed gives itself. Atom has it in the entries, or else as the time of writing."""
    days = [entry.get("published_parsed") for entry in parsed.entries]
    stamps = [parsed.feed.get("published_parsed"), max(filter(None, days), default=None)]
    for stamp in (*stamps, parsed.feed.get("updated_parsed")):
        if stamp:
            return arxiv_day(datetime.fromtimestamp(timegm(stamp), UTC))
    raise SourceError(category, f"The feed of {category} does not say of which day it is; run again later.")


def _announcements(entries: Sequence[Any], category: str) -> tuple[tuple[Announcement, ...], tuple[str, ...]]:
    announcements: list[Announcement] = []
    problems: list[str] = []
    for entry in entries:
        try:
            announcements.append(_announcement(entry, category))
        except ValueError as error:
            name = _shown(entry.get("id", "")) or "without an id"
            problems.append(f"An entry in the feed of {category} was left out ({name}): {error}.")
    if problems and not announcements:
        raise SourceError(
            category,
            f"None of the {len(problems)} entries in the feed of {category} could be read. {problems[0]} arXiv may"
            " have changed its format: update this program.",
        )
    more = len(problems) - _NAMED_ENTRIES
    rest = (f"{more} more entries in the feed of {category} were left out.",) if more > 0 else ()
    return tuple(announcements), (*problems[:_NAMED_ENTRIES], *rest)


def _announcement(entry: Any, category: str) -> Announcement:
    """Raises ValueError with the reason for an entry that is not a paper."""
    found = _ENTRY_ID.fullmatch(entry.get("id", ""))
    if not found:
        raise ValueError("its id is not an arXiv id with a version")
    title = " ".join(entry.get("title", "").split())
    if not title:
        raise ValueError("it has no title")
    categories = _categories(entry)
    if not categories:
        raise ValueError("it has no category")
    kind = entry.get("arxiv_announce_type", "")
    if kind not in set(AnnounceType):
        raise ValueError(f"its announce type is '{_shown(kind)}'")
    paper = Paper(
        # "math.GT/0309136" and "math/0309136" are one paper; arXiv's own form is the one without the class
        arxiv_id=f"{found['archive']}/{found['number']}" if found["archive"] else found["id"],
        version=int(found["version"]),
        title=title,
        authors=split_authors(entry.get("author", "")),
        abstract=_SUMMARY_HEAD.sub("", entry.get("summary", ""), count=1),
        categories=categories,
    )
    return Announcement(paper, AnnounceType(kind), (category,))


def _categories(entry: Any) -> tuple[str, ...]:
    """arXiv categories, each once. Feeds rebuilt from the API also list MSC and ACM classes (68T50, I.2.6)."""
    terms = ((tag.get("term") or "").strip() for tag in entry.get("tags", ()))
    return tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term)))


def _full(category: str, entries: int) -> str:
    return (
        f"The feed of {category} has {entries} entries; arXiv cuts feeds at {FULL_FEED_ENTRIES}, so the new papers"
        " with the lowest ids may be missing."
    )


def _shown(text: str) -> str:
    """Foreign text for a message: one line, bounded."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"
