"""The entries of any feed → papers: which id each has, where it can be opened, what it is cited as. Fetches nothing.

The best id that an entry gives counts, so that the same paper is one wherever it stands: arXiv's, else its DOI, else
what the feed calls it, else its link. An entry without a title, or with neither link nor name, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Feed, Origin, Paper, PaperId
from newsletter.papers import arxiv_id, categories, withdrawal_notice
from newsletter.sources.entries import FeedDocument, FeedEntry, read_entries
from newsletter.sources.left_out import name_left_out
from newsletter.sources.markup import shown
from newsletter.sources.names import read_names

MOST_TITLE_CHARS, MOST_ABSTRACT_CHARS, MOST_URL_CHARS = 1_000, 20_000, 1_000
_NAME_CHARS = 100  # of a journal or a blog
_DOI_IN_URL = re.compile(r"/(?:doi/)?(?:abs/|full/|pdf/|epdf/|content/)?(10\.\d{4,9}/[^?#\s]+)", re.IGNORECASE)
_VERSION = re.compile(r"v(\d{1,2})$")
_PREPRINT_HOSTS = {"www.biorxiv.org": "bioRxiv", "www.medrxiv.org": "medRxiv"}
# What journals put before an abstract: "Nature X, Published online: 12 May 2026; doi:10.1038/…"
_LEAD = re.compile(r"^[^.;:]{2,80}, Published online: [^;]{5,40}; doi:\s?10\.\d{4,9}/[-._;()/:A-Za-z0-9]+\s*")
_LABEL = re.compile(r"^(?:abstract|summary)\s*[:.]?\s+(?=[A-Z])", re.IGNORECASE)
_TRACKING = re.compile(r"utm_|^(?:rss|af|ref|source)$")


def parse_entries(body: bytes, category: str, on: date) -> Feed:
    """Reads a feed into papers, in the feed's order, each once; `category` is `feed:` and the feed's address.

    `on` is the day it is read on, as that a feed gives itself says nothing of its entries. Raises SourceError for what
    is no whole feed, and for one of which no entry could be read.
    """
    address = categories.within_source(category) if categories.is_feed(category) else category
    try:
        document = read_entries(body, address)
    except SourceError as error:
        error.category = category
        raise
    announcements: dict[str, Announcement] = {}
    problems: list[str] = []
    for entry in document.entries:
        try:
            paper = _paper(entry, document, address, category)
        except ValueError as error:
            problems.append(f"An entry of {address} was left out ({shown(entry.title or entry.link)}): {error}.")
        else:
            announcements.setdefault(paper.arxiv_id, Announcement(paper, AnnounceType.NEW, (category,)))
    if problems and not announcements:
        raise SourceError(category, f"None of the {len(problems)} entries of {address} could be read. {problems[0]}")
    return Feed(category, on, tuple(announcements.values()), tuple(_warnings(document, address, problems)))


def _warnings(document: FeedDocument, address: str, problems: list[str]) -> Iterator[str]:
    if not document.is_as_declared:
        yield f"The feed {address} is not encoded as it says; some characters may be wrong."
    if document.left_out:
        yield f"The feed {address} has more entries than are read; its last {document.left_out} were left out."
    yield from name_left_out(problems, f"entries of {address}")


def _paper(entry: FeedEntry, document: FeedDocument, address: str, category: str) -> Paper:
    """Makes the paper of an entry. Raises ValueError with the reason for one that cannot be told apart or shown."""
    if entry.mixture:
        raise ValueError(entry.mixture)
    if not entry.title:
        raise ValueError("it has no title")
    if len(entry.title) > MOST_TITLE_CHARS:
        raise ValueError(f"its title has more than {MOST_TITLE_CHARS:,} characters")
    url = _address(entry.link, document, address) or _address(entry.guid, None, address)
    doi, version = _doi(entry, url)
    found = PaperId.of_doi(doi) if doi else None
    known = arxiv_id(doi) or arxiv_id(url)
    mark = _mark(entry, url, address)
    if not (known or found or mark):
        raise ValueError("it has neither a link nor an id")
    paper_id = known or str(found or PaperId.of_mark(mark))
    name = entry.journal or _PREPRINT_HOSTS.get(urlsplit(url).hostname or "") or document.title
    abstract = clean_abstract(entry.abstract, entry.title)
    return Paper(
        arxiv_id=paper_id,
        version=version,
        title=entry.title,
        authors=read_names(entry.authors),
        abstract=abstract,
        categories=(category,),
        published_on=entry.at.date() if entry.at else None,
        origin=None
        if known
        else Origin(
            name=(name or categories.show_category(category))[:_NAME_CHARS],
            url=url or (found.url if found else "") or address,
            doi=doi,
            pdf=_address(entry.pdf, document, address),
        ),
        withdrawal=withdrawal_notice(entry.title, abstract),
    )


def clean_abstract(text: str, title: str) -> str:
    """Gives an abstract without what journals put before it, cut to MOST_ABSTRACT_CHARS; "" for the title once more."""
    plain = _LABEL.sub("", _LEAD.sub("", text, count=1), count=1).strip()
    return "" if plain.casefold() == title.casefold() else plain[:MOST_ABSTRACT_CHARS]


# --- which paper it is --------------------------------------------------------------------------------


def _doi(entry: FeedEntry, url: str) -> tuple[str, int]:
    """Finds the DOI that an entry says it has, and the version in the address of a preprint; ("", 1) without one.

    Raises ValueError if it says two.
    """
    named = {found.value for text in (*entry.identifiers, entry.guid) if (found := PaperId.of_doi(text))}
    if len(named) > 1:
        raise ValueError("it names two DOIs")
    for doi in named:
        return doi, _version_in(url, doi)
    match = _DOI_IN_URL.search(urlsplit(url).path) if url else None
    if not match:
        return "", 1
    is_preprint = (urlsplit(url).hostname or "") in _PREPRINT_HOSTS
    doi = _VERSION.sub("", match[1]) if is_preprint else match[1]
    found = PaperId.of_doi(doi.removesuffix(".pdf").removesuffix("/full").removesuffix("/abstract").rstrip("/"))
    return (found.value, _version_in(url, found.value)) if found else ("", 1)


def _version_in(url: str, doi: str) -> int:
    rest = urlsplit(url).path.lower().partition(doi)[2]
    version = re.match(r"v(\d{1,2})\b", rest)
    return max(1, int(version[1])) if version and (urlsplit(url).hostname or "") in _PREPRINT_HOSTS else 1


def _mark(entry: FeedEntry, url: str, address: str) -> str:
    """Gives what tells an entry apart: its own name if that is one for the world, else with the feed's, else its link.

    Of a link the parts count that name the page, and not those by which its readers are counted.
    """
    if entry.guid:
        return _page(entry.guid) if _is_web(entry.guid) else f"{address} {entry.guid}"
    return _page(url) if url else ""


def _page(url: str) -> str:
    try:
        parts = urlsplit(url)
        query = urlencode([pair for pair in parse_qsl(parts.query) if not _TRACKING.search(pair[0])])
        return parts._replace(scheme="https", query=query, fragment="").geturl().rstrip("/")
    except ValueError:
        return url


def _is_web(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _address(text: str, document: FeedDocument | None, address: str) -> str:
    """Gives a link as a whole address, http or https; "" for any other. A relative one is of the feed's own page."""
    if not text or (document is None and not _is_web(text)):
        return ""
    try:
        base = urljoin(address, document.link) if document else address
        return web_address(urljoin(base, text.strip()))
    except ValueError:
        return ""


def web_address(url: str) -> str:
    """Gives an address, http or https, that may stand in a mail; "" for any other, and for one with a login in it."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    fits = len(url) <= MOST_URL_CHARS and url.isprintable() and not re.search(r"[\s<>\"'`\\]", url)
    return url if is_good and fits else ""
