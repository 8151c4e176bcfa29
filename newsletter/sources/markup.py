"""The bytes of a feed, Atom 1.0 or RSS 2.0, → plain texts, by feedparser behind a guard. What they mean: `feed.py`.

The guard is the standard library's XML parser (expat), which takes time in proportion to the body and stops at the
first mistake. It copies what an arXiv feed consists of, each text bounded, and feedparser reads the copy: by itself
it guesses on after a mistake, fails in any way, and has patterns that take minutes for one long word
(https://github.com/kurtmckee/feedparser/issues/562, 591, 599).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from itertools import islice
from typing import Any
from xml.etree import ElementTree as ET

import feedparser

from newsletter.errors import SourceBusy, SourceError

MAX_BODY_BYTES = 20_000_000  # four times a feed of 2,000 entries with the longest abstracts
MAX_TAGS = 500_000  # ten times such a feed; each becomes an object in memory
MAX_ENTRIES = 10_000  # five times what arXiv serves at most

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
for _prefix, _space in (("arxiv", _ARXIV), ("dc", _DC)):  # feedparser knows elements that are not its own by the prefix
    ET.register_namespace(_prefix, _space.strip("{}"))
_CREATOR = f"{_DC}creator"
_KIND = f"{_ARXIV}announce_type"
# Of our own, for the copy: in what it knows as authors feedparser looks for addresses, by a pattern that takes the
# square of a word's length
_AUTHORS = f"{_ARXIV}authors"
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
_MOST_CHARS = 250_000  # of one text that feedparser sees; no text of an arXiv feed has a tenth of it
_MOST_CATEGORIES = 100  # of an entry: feedparser looks through all of them for each one
_TERM_CHARS = 200
_UNREADABLE = "unreadable"  # in place of what feedparser would make a guess of, or break at
_YEARS = range(1991, 2200)  # arXiv began in 1991; what lies outside is a damaged date


@dataclass(frozen=True, slots=True)
class Entry:
    """The texts of one entry, without the white space around them."""

    id: str
    title: str
    summary: str
    kind: str
    categories: tuple[str, ...]
    authors: str  # of all elements that hold some, with ", " between them
    published: str  # as `moment` reads it
    mixture: str  # why it may be parts of two; "" if it cannot


@dataclass(frozen=True, slots=True)
class Document:
    """A whole feed; `address` is its own."""

    title: str
    subtitle: str
    address: str
    published: str  # as `moment` reads it
    updated: str
    entries: tuple[Entry, ...]
    is_as_declared: bool  # False: some letters may be wrong


@dataclass(frozen=True, slots=True)
class _Form:
    """How one of the two formats names what a feed consists of."""

    entry: str
    id: str
    title: str
    summary: str
    category: str
    author: str
    dates: tuple[str, ...]
    of_the_feed: tuple[str, ...]


_ATOM_FORM = _Form(
    entry=f"{_ATOM}entry",
    id=f"{_ATOM}id",
    title=f"{_ATOM}title",
    summary=f"{_ATOM}summary",
    category=f"{_ATOM}category",
    author=f"{_ATOM}author/{_ATOM}name",
    dates=(f"{_ATOM}published", f"{_ATOM}updated"),
    of_the_feed=(f"{_ATOM}id", f"{_ATOM}title", f"{_ATOM}subtitle"),
)
_RSS_FORM = _Form(
    entry="item",
    id="guid",
    title="title",
    summary="description",
    category="category",
    author="author",
    dates=("pubDate", "lastBuildDate"),
    of_the_feed=("link", "title", "description"),
)


def read_document(body: bytes, name: str) -> Document:
    """Reads the feed in `body`; `name` is what messages call it.

    Raises SourceBusy if a server says in its place that it is busy, and SourceError if there is anything else than a
    whole feed.
    """
    text, is_as_declared = decode(body, name)
    _refuse_what_is_no_feed(text, name)
    try:
        root = ET.fromstring(text)  # noqa: S314  # no document type, so no entities to multiply
    except ET.ParseError as error:
        raise _damaged(name, str(error)) from error
    form, channel = _form_of(root, name)
    entries = list(channel.iterfind(form.entry))
    if len(entries) > MAX_ENTRIES:
        raise too_large(name)
    names = _names_in(text, _NAMES_AFTER_A_TAG if entries else _NAMES)
    if lost := names - {named for entry in entries for named in _named_by(entry, form)}:
        raise _damaged(name, f"{len(lost)} arXiv ids stand outside of its entries: {', '.join(sorted(lost))}")
    parsed = _parsed(_copied(root, form, channel, entries))
    if len(parsed.entries) != len(entries):
        raise _damaged(name, f"{len(parsed.entries)} of its {len(entries)} entries could be read")
    return _document(parsed, [_mixture(entry, form) for entry in entries], is_as_declared)


def _form_of(root: ET.Element, name: str) -> tuple[_Form, ET.Element]:
    """Finds the format, and the element that holds the entries."""
    if root.tag == f"{_ATOM}feed":
        return _ATOM_FORM, root
    channel = root.find("channel")
    if root.tag == "rss" and root.get("version") == "2.0" and channel is not None:
        return _RSS_FORM, channel
    raise _neither(name)


def _names_in(text: str, names: re.Pattern[str]) -> set[str]:
    return {found[1] or found[2] for found in names.finditer(text)}


def _named_by(entry: ET.Element, form: _Form) -> Iterator[str]:
    """Finds the ids that an entry gives itself."""
    for text in (*_texts(entry, form.id), *_texts(entry, form.summary)):
        if found := _NAMES.match(text):
            yield found[1] or found[2]


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
        f"The feed of {name} has more than {MAX_BODY_BYTES // 1_000_000} MB, {MAX_TAGS:,} tags or {MAX_ENTRIES:,}"
        " entries and was not read; check where it comes from.",
    )


def shown(text: str) -> str:
    """Cuts foreign text for a message: one line, bounded."""
    line = " ".join(text[: 10 * _SHOWN_CHARS].split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def decode(body: bytes, name: str) -> tuple[str, bool]:
    """Decodes the body; reports whether it is encoded as it says. Raises SourceError for one that is too large."""
    if len(body) > MAX_BODY_BYTES:
        raise too_large(name)
    encoding_named = next((encoding for mark, encoding in _MARKS if body.startswith(mark)), None) or _declared(body)
    for encoding in filter(None, (encoding_named, "utf-8")):
        try:
            text = body.decode(encoding)
        except UnicodeError:
            continue
        if encoding.startswith("utf-16") and _SWAPPED in text:
            raise _damaged(name, "a byte is missing, and what follows is read by the wrong halves")
        return text.lstrip(), encoding == encoding_named
    return body.decode("cp1252", "replace").lstrip(), False


def _declared(body: bytes) -> str | None:
    """Reads Python's name of the encoding in the XML declaration; None if it cannot be believed."""
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
    """Takes the line with the words that were found, without what looks like tags."""
    line = text[text.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]
    return re.sub(r"<[^<>]*>", " ", line)


# --- what feedparser gets to see ----------------------------------------------------------------------


def _copied(root: ET.Element, form: _Form, channel: ET.Element, entries: Sequence[ET.Element]) -> bytes:
    """Copies of a feed, in the same format, only what is read of one."""
    copy = ET.Element(root.tag, {"version": "2.0"} if form is _RSS_FORM else {})
    feed = copy if channel is root else ET.SubElement(copy, "channel")
    _put(feed, channel, form.of_the_feed)
    _put_dates(feed, channel, form)
    for entry in entries:
        _put_entry(ET.SubElement(feed, form.entry), entry, form)
    return bytes(ET.tostring(copy, encoding="utf-8", xml_declaration=True))


def _put_entry(copy: ET.Element, entry: ET.Element, form: _Form) -> None:
    _put(copy, entry, (form.id, form.title, form.summary, _KIND))
    _put_dates(copy, entry, form)
    for term in dict.fromkeys(islice(_terms(entry, form), _MOST_CATEGORIES)):
        ET.SubElement(copy, form.category, {} if form is _RSS_FORM else {"term": term}).text = term
    if authors := _joined(_texts(entry, _CREATOR), _texts(entry, form.author)):
        ET.SubElement(copy, _AUTHORS).text = authors[:_MOST_CHARS]


def _terms(entry: ET.Element, form: _Form) -> Iterator[str]:
    for category in entry.iterfind(form.category):
        yield (category.get("term") or "".join(category.itertext())).strip()[:_TERM_CHARS] or _UNREADABLE


def _put(copy: ET.Element, original: ET.Element, tags: Sequence[str]) -> None:
    """Copies the first element of each name."""
    for tag in tags:
        if text := next(_found(original, tag), ""):
            ET.SubElement(copy, tag).text = text[:_MOST_CHARS]


def _put_dates(copy: ET.Element, original: ET.Element, form: _Form) -> None:
    for tag in form.dates:
        if text := next(_found(original, tag), ""):
            at = moment(text)
            ET.SubElement(copy, tag).text = at.isoformat() if at else _UNREADABLE


def _joined(creators: Sequence[str], authors: Sequence[str]) -> str:
    """Joins the names of all elements; who stands in both kinds of element is one."""
    known = {name for text in creators for name in _parts(text)}
    return ", ".join(filter(None, (*creators, *(text for text in authors if not known.issuperset(_parts(text))))))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _mixture(entry: ET.Element, form: _Form) -> str:
    """Says why an entry may be parts of two: arXiv writes each text once, and none within or beside another."""
    for what, tag in {"id": form.id, "title": form.title, "summary": form.summary, "announce type": _KIND}.items():
        if len(set(_texts(entry, tag))) > 1:
            return f"it has more than one {what}"
        if any(len(found) for found in entry.iterfind(tag)):
            return f"its {what} has elements in it"
    beside = (entry.text, *(child.tail for child in entry))
    return "it has text beside its elements" if any(text and text.strip() for text in beside) else ""


def _texts(element: ET.Element, path: str) -> tuple[str, ...]:
    return tuple(_found(element, path))


def _found(element: ET.Element, path: str) -> Iterator[str]:
    return ("".join(child.itertext()).strip() for child in element.iterfind(path))


def moment(text: str) -> datetime | None:
    """Reads a date of Atom (RFC 3339) or RSS (RFC 5322 §3.3); None for any other, or of a year without arXiv."""
    if len(text) > 60:
        return None
    try:
        at = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC) if at.year in _YEARS else None
    except (ValueError, OverflowError, IndexError):
        return None


# --- what it makes of it ------------------------------------------------------------------------------


def _parsed(body: bytes) -> Any:
    # BytesIO: feedparser would try plain bytes as a file name. Unsanitised, because its sanitiser takes
    # "$a<b$" for a tag and drops what follows; whatever shows an abstract escapes it.
    return feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def _document(parsed: Any, mixtures: Sequence[str], is_as_declared: bool) -> Document:
    feed = parsed.feed
    return Document(
        title=feed.get("title", ""),
        subtitle=feed.get("subtitle", ""),
        address=feed.get("id", "") or feed.get("link", ""),
        published=feed.get("published", ""),
        updated=feed.get("updated", ""),
        entries=tuple(
            Entry(
                id=entry.get("id", ""),
                title=entry.get("title", ""),
                summary=entry.get("summary", ""),
                kind=entry.get("arxiv_announce_type", ""),
                categories=tuple(tag.get("term") or "" for tag in entry.get("tags", ())),
                authors=entry.get("arxiv_authors", ""),
                published=entry.get("published", ""),
                mixture=mixture,
            )
            for entry, mixture in zip(parsed.entries, mixtures, strict=True)
        ),
        is_as_declared=is_as_declared,
    )
