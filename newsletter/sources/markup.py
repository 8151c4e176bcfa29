"""Reads the markup of a feed, Atom 1.0 or RSS 2.0, from bytes into plain texts. What they mean is `feed.py`'s business.

The XML parser of the standard library (expat) takes time in proportion to the body, whatever is in it, and stops at
the first mistake. General feed readers guess on from there, by patterns that can take minutes, and can fail in any
way (https://github.com/kurtmckee/feedparser/issues/562, 591, 599); nothing they guess would be used here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from newsletter.errors import SourceBusy, SourceError

MAX_BODY_BYTES = 20_000_000  # four times a feed of 2,000 entries with the longest abstracts
MAX_TAGS = 500_000  # ten times such a feed; each becomes an object in memory

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_MARKS = (  # the longer ones first: UTF-32's begins with UTF-16's (XML 1.0, appendix F)
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_SWAPPED = "\u3c00"  # "<" of UTF-16 with its two bytes exchanged, and hardly ever anything else
_DECLARED = re.compile(rb"\s{0,20}<\?xml[^>]{0,60}?\sencoding\s?=\s?[\"']([A-Za-z0-9._-]{1,40})[\"']")
# Of the codecs Python knows, some are no character sets, and some take time by the square of the length (idna,
# punycode). These are the ones a feed may be in beside UTF-8 and UTF-16; all of them write ASCII as ASCII.
_CHARACTER_SETS = re.compile(r"ascii|iso8859-\d+|cp125\d|koi8-[ru]|gb18030|gbk|gb2312|big5|shift_jis|euc_(jp|kr)")
_A_FEED = re.compile(r"<(?:[\w.-]{1,20}:)?(?:feed|rss)[\s>]")
_HTML = re.compile(r"^\s*<!doctype html|<html[\s>]", re.IGNORECASE)
_BUSY = re.compile(
    r"rate.?limit|rate exceeded|too many requests|(?:try|retry|try again|come back) later|throttl|slow down"
    r"|temporarily unavailable|service unavailable|overloaded|over capacity|(?:is|too) busy",
    re.IGNORECASE,
)
_NAME = r"(?:oai:arXiv\.org:([A-Za-z0-9./-]{1,80})|arXiv:([A-Za-z0-9./-]{1,80})\s{1,9}Announce Type:)"
_NAMES = re.compile(_NAME)
# In a paper's own texts every "<" is escaped, so they cannot name another one in this way
_NAMES_AFTER_A_TAG = re.compile(rf"<[^<>]*>\s*(?:<!\[CDATA\[\s*)?{_NAME}")
_HEAD_CHARS = 2_000  # where a body says what it is
_SHOWN_CHARS = 200  # of foreign text in a message for the operator


@dataclass(frozen=True, slots=True)
class Entry:
    """The texts of one entry, each without the white space around it, and as often as they stand in it."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    summaries: tuple[str, ...]
    kinds: tuple[str, ...]
    categories: tuple[str, ...]
    creators: tuple[str, ...]
    authors: tuple[str, ...]
    published: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole feed; `address` is its own."""

    title: str
    subtitle: str
    address: str
    published: str
    updated: str
    entries: tuple[Entry, ...]
    is_as_declared: bool  # False: some letters may be wrong


def read_document(body: bytes, name: str) -> Document:
    """The feed in `body`; `name` is what messages call it.

    Raises SourceBusy if a server says in its place that it is busy, and SourceError if there is anything else than a
    whole feed.
    """
    text, is_as_declared = _text(body, name)
    _refuse_what_is_no_feed(text, name)
    try:
        root = ET.fromstring(text)  # noqa: S314  # no document type, so no entities to multiply
    except ET.ParseError as error:
        raise _damaged(name, str(error)) from error
    document = _document(root, name, is_as_declared)
    names = _NAMES_AFTER_A_TAG if document.entries else _NAMES
    named = {found[1] or found[2] for found in names.finditer(text)}
    lost = named.difference(*map(_named_by, document.entries))
    if lost:
        raise _damaged(name, f"{len(lost)} arXiv ids stand outside of its entries: {', '.join(sorted(lost))}")
    return document


def _document(root: ET.Element, name: str, is_as_declared: bool) -> Document:
    if root.tag == f"{_ATOM}feed":
        return _atom(root, is_as_declared)
    channel = root.find("channel")
    if root.tag == "rss" and root.get("version") == "2.0" and channel is not None:
        return _rss(channel, is_as_declared)
    raise _neither(name)


def _named_by(entry: Entry) -> frozenset[str]:
    begins = (_NAMES.match(text) for text in (*entry.ids, *entry.summaries))
    return frozenset(found[1] or found[2] for found in begins if found)


def refuse_busy(body: bytes, name: str, *, retry_after_s: float | None = None) -> None:
    """Raises SourceBusy if this is not a feed but a sentence (or a page) that says the server is busy.

    arXiv sends "Rate exceeded." with status 200, too.
    """
    start = body[:_HEAD_CHARS].decode("ascii", "replace")
    found = None if _A_FEED.search(start) else _BUSY.search(start)
    if found:
        raise SourceBusy(
            name,
            f"The feed server is busy: in place of the feed of {name} it sent '{shown(_sentence(start, found))}'; run"
            " again later.",
            retry_after_s=retry_after_s,
        )


def _damaged(name: str, why: str) -> SourceError:
    return SourceError(
        name,
        f"The feed of {name} is damaged or cut off ({shown(why)}) and was not used, because papers may be missing from"
        " it; run again later.",
    )


def too_large(name: str) -> SourceError:
    return SourceError(
        name,
        f"The feed of {name} has more than {MAX_BODY_BYTES // 1_000_000} MB or {MAX_TAGS:,} tags and was not read;"
        " check where it comes from.",
    )


def shown(text: str) -> str:
    """Foreign text for a message: one line, bounded."""
    line = " ".join(text[: 10 * _SHOWN_CHARS].split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _text(body: bytes, name: str) -> tuple[str, bool]:
    """The body as text, and whether it is encoded as it says."""
    if len(body) > MAX_BODY_BYTES:
        raise too_large(name)
    said = next((encoding for mark, encoding in _MARKS if body.startswith(mark)), None) or _declared(body)
    for encoding in filter(None, (said, "utf-8")):
        try:
            text = body.decode(encoding)
        except UnicodeError:
            continue
        if encoding.startswith("utf-16") and _SWAPPED in text:
            raise _damaged(name, "a byte is missing, and what follows is read by the wrong halves")
        return text.lstrip(), encoding == said
    return body.decode("cp1252", "replace").lstrip(), False


def _declared(body: bytes) -> str | None:
    """Python's name of the encoding in the XML declaration; None if it is none that can be believed."""
    found = _DECLARED.match(body)
    if not found:
        return "utf-8"
    try:
        known = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return None
    return known if known == "utf-8" or _CHARACTER_SETS.fullmatch(known) else None


def _refuse_what_is_no_feed(text: str, name: str) -> None:
    start = text[:_HEAD_CHARS]
    if not start.strip():
        raise SourceError(name, f"The feed of {name} has no content at all; run again later.")
    refuse_busy(start.encode("ascii", "replace"), name)
    if _HTML.search(start):
        raise SourceError(
            name,
            f"An HTML page came in place of the feed of {name}; run again later, and check the feed's address if it"
            " stays so.",
        )
    if "<!DOCTYPE" in text:  # arXiv's feeds have none; entities defined there can blow up a small file
        raise SourceError(
            name,
            f"The feed of {name} has a document type declaration, which arXiv's feeds never have, and was not read;"
            " check where it comes from.",
        )
    if not _A_FEED.search(text[: 10 * _HEAD_CHARS]):
        raise _neither(name)
    if text.count("<") > MAX_TAGS:
        raise too_large(name)


def _neither(name: str) -> SourceError:
    return SourceError(name, f"What came for {name} is neither an Atom nor an RSS 2.0 feed; check the feed's address.")


def _sentence(text: str, found: re.Match[str]) -> str:
    """The line with the words that were found, without what looks like tags."""
    line = text[text.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]
    return re.sub(r"<[^<>]*>", " ", line)


# --- the two formats ----------------------------------------------------------------------------------


def _atom(root: ET.Element, is_as_declared: bool) -> Document:
    return Document(
        title=_first(root, f"{_ATOM}title"),
        subtitle=_first(root, f"{_ATOM}subtitle"),
        address=_first(root, f"{_ATOM}id"),
        published="",
        updated=_first(root, f"{_ATOM}updated"),
        entries=tuple(
            Entry(
                ids=_texts(entry, f"{_ATOM}id"),
                titles=_texts(entry, f"{_ATOM}title"),
                summaries=_texts(entry, f"{_ATOM}summary"),
                kinds=_texts(entry, f"{_ARXIV}announce_type"),
                categories=tuple((tag.get("term") or "").strip() for tag in entry.iterfind(f"{_ATOM}category")),
                creators=_texts(entry, f"{_DC}creator"),
                authors=_texts(entry, f"{_ATOM}author/{_ATOM}name"),
                published=_first(entry, f"{_ATOM}published"),
            )
            for entry in root.iterfind(f"{_ATOM}entry")
        ),
        is_as_declared=is_as_declared,
    )


def _rss(channel: ET.Element, is_as_declared: bool) -> Document:
    return Document(
        title=_first(channel, "title"),
        subtitle=_first(channel, "description"),
        address=_first(channel, "link"),
        published=_first(channel, "pubDate"),
        updated=_first(channel, "lastBuildDate"),
        entries=tuple(
            Entry(
                ids=_texts(item, "guid"),
                titles=_texts(item, "title"),
                summaries=_texts(item, "description"),
                kinds=_texts(item, f"{_ARXIV}announce_type"),
                categories=_texts(item, "category"),
                creators=_texts(item, f"{_DC}creator"),
                authors=_texts(item, "author"),
                published=_first(item, "pubDate"),
            )
            for item in channel.iterfind("item")
        ),
        is_as_declared=is_as_declared,
    )


def _texts(element: ET.Element, path: str) -> tuple[str, ...]:
    return tuple(_found(element, path))


def _first(element: ET.Element, path: str) -> str:
    return next(_found(element, path), "")


def _found(element: ET.Element, path: str) -> Iterator[str]:
    return ("".join(child.itertext()).strip() for child in element.iterfind(path))
