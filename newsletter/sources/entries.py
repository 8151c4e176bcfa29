"""The bytes of any RSS or Atom feed → its entries as plain texts. Which paper an entry is, `feed_papers.py` says.

Reads Atom 1.0, RSS 2.0 and its forerunners, and RSS 1.0, which journals use, by the names of elements and not by their
namespaces, which feeds write in many ways. The guard is the standard library's XML parser, which stops at the first
mistake: a feed that is damaged or cut off is refused whole, because papers may be missing from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import entities
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.papers import html_to_text
from newsletter.sources.markup import MAX_TAGS, decode, moment, refuse_busy, shown, too_large

MOST_ENTRIES = 1_000  # that are read of a feed, from its beginning: whole journals have fewer
MOST_FIELD_CHARS = 200_000
_HEAD_CHARS = 2_000
_HTML_PAGE = re.compile(r"^\s*<!doctype html|<html[\s>]", re.IGNORECASE)
# The one document type that feeds have (RSS 0.91); it defines no entities of its own
_OLD_RSS = re.compile(r"<!DOCTYPE\s+rss\s+[^\[\]>]{0,300}>", re.IGNORECASE)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_XHTML = "{http://www.w3.org/1999/xhtml}"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry, in its own words: texts without markup, an empty one where the feed has none."""

    title: str
    link: str  # as it stands there: it may be relative
    guid: str  # what the feed calls the entry
    abstract: str
    authors: tuple[str, ...]  # each as the feed has it: one element may name several
    at: datetime | None  # when it was published, or else changed
    identifiers: tuple[str, ...]  # of DOIs and the like: prism:doi, dc:identifier
    journal: str  # prism:publicationName
    pdf: str  # the address of an enclosure that is a PDF
    mixture: str  # why it may be parts of two; "" if it cannot


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A whole feed. `is_as_declared`: it is encoded as it says, so that no letters are wrong."""

    title: str
    link: str
    entries: tuple[FeedEntry, ...]  # the first MOST_ENTRIES
    left_out: int
    is_as_declared: bool


def read_entries(body: bytes, name: str) -> FeedDocument:
    """Reads the feed in `body`; `name` is what messages call it.

    Raises SourceBusy if a server says in its place that it is busy, and SourceError for everything that is no whole
    feed.
    """
    text, is_as_declared = decode(body, name)
    root = _parse(text, name)
    channel = _channel(root, name)
    found = [element for element in _entry_holder(root, channel) if _local(element) in ("item", "entry")]
    return FeedDocument(
        title=html_to_text(_text(channel, "title")),
        link=_link(channel),
        entries=tuple(_entry(element) for element in found[:MOST_ENTRIES]),
        left_out=max(0, len(found) - MOST_ENTRIES),
        is_as_declared=is_as_declared,
    )


def _parse(text: str, name: str) -> ET.Element:
    start = text[:_HEAD_CHARS]
    if not start.strip():
        raise SourceError(name, f"{name} has no content at all; run again later.")
    refuse_busy(start.encode("ascii", "replace"), name)
    if _HTML_PAGE.search(start) and "<rss" not in start:
        raise SourceError(
            name,
            f"An HTML page came in place of the feed {name}; open the page, and write the address of its RSS or Atom"
            " feed.",
        )
    text = _OLD_RSS.sub("", text, count=1)
    if "<!DOCTYPE" in text[: 10 * _HEAD_CHARS] or "<!ENTITY" in text:  # what is defined there can blow up a small file
        raise SourceError(name, f"{name} defines entities of its own, which feeds never need, and was not read.")
    if text.count("<") > MAX_TAGS:
        raise too_large(name)
    try:
        return ET.fromstring(_NOT_IN_XML.sub(" ", _NAMED.sub(_numbered, text)))  # noqa: S314  # no entities
    except ET.ParseError as error:
        raise SourceError(
            name,
            f"The feed {name} is damaged or cut off ({shown(str(error))}) and was not used, because papers may be"
            " missing from it; run again later.",
        ) from error
    except ValueError as error:  # half a character, as damage leaves it
        raise SourceError(name, f"The feed {name} could not be read ({shown(str(error))}); run again later.") from error


def _numbered(found: re.Match[str]) -> str:
    """Writes a character that HTML has a name for by its number: feeds use `&nbsp;`, which XML does not know."""
    if found[1] in _OF_XML or f"{found[1]};" not in entities.html5:
        return found[0]
    return "".join(f"&#{ord(char)};" for char in entities.html5[f"{found[1]};"])


def _channel(root: ET.Element, name: str) -> ET.Element:
    """Finds the element that has the feed's own title."""
    if _local(root) == "feed":
        return root
    channel = next((child for child in root if _local(child) == "channel"), None)
    if _local(root) in ("rss", "RDF") and channel is not None:
        return channel
    raise SourceError(name, f"What came from {name} is neither an Atom nor an RSS feed; check the address.")


def _entry_holder(root: ET.Element, channel: ET.Element) -> Iterator[ET.Element]:
    """RSS 1.0 has its items beside the channel, the other formats have them in it."""
    yield from channel
    if root is not channel:
        yield from root


# --- one entry ----------------------------------------------------------------------------------------


def _entry(entry: ET.Element) -> FeedEntry:
    return FeedEntry(
        title=html_to_text(next(_own(entry, "title"), "") or _text(entry, "title")),
        link=_link(entry),
        guid=_text(entry, "guid", "id") or _attribute(entry, "about"),
        abstract=_longest(entry, "description", "summary", "encoded", "content", "abstract"),
        authors=tuple(_authors(entry)),
        at=next(filter(None, map(moment, _texts(entry, *_DATES))), None),
        identifiers=tuple(_texts(entry, "doi", "identifier")),
        journal=html_to_text(_text(entry, "publicationName")),
        pdf=_pdf(entry),
        mixture=_mixture(entry),
    )


_END = re.compile(r"</(?:item|entry)>")
_SINGLE = ("title", "guid", "id", "description", "summary", "pubDate", "published")
_DATES = ("pubDate", "published", "publicationDate", "date", "issued", "updated", "modified")


def _texts(element: ET.Element, *names: str) -> Iterator[str]:
    """Gives the texts of the children of these names, in the order of the names."""
    for name in names:
        for child in element:
            if _local(child) == name and (text := _inner(child)):
                yield text


def _own(element: ET.Element, name: str) -> Iterator[str]:
    """Gives the texts of the children of that name in the element's own namespace: `title`, and not `media:title`."""
    space = element.tag.rpartition("}")[0]
    tag = f"{space}}}{name}" if space else name
    return (text for child in element if child.tag == tag and (text := _inner(child)))


def _mixture(entry: ET.Element) -> str:
    """Says why an entry may be parts of two, as damage leaves them: what an entry has once is there twice."""
    for name in _SINGLE:
        if len(set(_own(entry, name))) > 1:
            return f"it has more than one {name}"
    if any(_END.search(child.text or "") for child in entry):  # a CDATA section that lost its end
        return "it goes on into the next entry"
    beside = (entry.text, *(child.tail for child in entry))
    return "it has text beside its elements" if any(text and text.strip() for text in beside) else ""


def _text(element: ET.Element, *names: str) -> str:
    return next(_texts(element, *names), "")


def _inner(element: ET.Element) -> str:
    """Gives the text of an element; of one that holds markup as elements (Atom's xhtml), that markup."""
    if len(element):
        for inner in element.iter():
            inner.tag = inner.tag.removeprefix(_XHTML)
        whole = "".join(ET.tostring(child, encoding="unicode") for child in element)
        return ((element.text or "") + whole).strip()[:MOST_FIELD_CHARS]
    return (element.text or "").strip()[:MOST_FIELD_CHARS]


def _longest(entry: ET.Element, *names: str) -> str:
    """Gives the longest of these texts: many feeds have a teaser and, in another element, the whole."""
    return max((html_to_text(text) for text in _texts(entry, *names)), key=len, default="")


def _authors(entry: ET.Element) -> Iterator[str]:
    for child in entry:
        if _local(child) in ("creator", "author", "contributor"):
            name = _text(child, "name") if len(child) else (child.text or "")
            if plain := html_to_text(name):
                yield plain


def _link(element: ET.Element) -> str:
    """Gives the address of the page: RSS has it as text; Atom as an attribute, of several the `alternate` one."""
    links = [child for child in element if _local(child) == "link"]
    for child in links:
        if child.get("href") and child.get("rel", "alternate") == "alternate":
            return str(child.get("href")).strip()
    return next((text for child in links if (text := (child.text or "").strip())), "")


def _pdf(entry: ET.Element) -> str:
    for child in entry:
        if _local(child) in ("enclosure", "link") and child.get("type", "").lower() == "application/pdf":
            return (child.get("url") or child.get("href") or "").strip()
    return ""


def _attribute(element: ET.Element, name: str) -> str:
    return next((value.strip() for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
