"""One page of the answer of arXiv's API, Atom with its own extensions, from its bytes. Fetches nothing.

The form is https://info.arxiv.org/help/api/user-manual.html. Of a paper's versions an entry dates the first
(`published`) and the latest (`updated`); those between are given the date of the latest. A page that is not whole is
refused; a single entry that cannot be read is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from newsletter.errors import SourceBusy, SourceError
from newsletter.model import Paper, PaperRecord
from newsletter.papers import readable_name, withdrawal_notice
from newsletter.sources.feed import ARXIV_ID, CATEGORY, bounded, plain_id
from newsletter.sources.markup import moment, shown
from newsletter.sources.record_xml import read_records, read_root

URL_SETTING = "NEWSLETTER_API_URL"

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_ID_START = ("http://arxiv.org/abs/", "https://arxiv.org/abs/")
_ERROR_START = "https://arxiv.org/api/errors"  # the id of the entry that stands in place of an answer
_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class ApiPage:
    """A page of records, in the order of the answer."""

    records: tuple[PaperRecord, ...]
    problems: tuple[str, ...]  # a sentence for each entry that was left out
    entries: int  # on this page, with those that were left out
    total: int  # that match, on all pages


def read_api_page(body: bytes, category: str, *, start: int) -> ApiPage:
    """Reads a page that begins after `start` entries. `category` is what messages call it.

    Raises SourceBusy for a sentence that says the server is busy, and for a page that is empty although others follow,
    which the API gives now and then; SourceError for all else that is not a whole page.
    """
    root = read_root(body, category, f"{_ATOM}feed", protocol="arXiv's API", setting=URL_SETTING)
    found = root.findall(f"{_ATOM}entry")
    if found and _text(found[0], f"{_ATOM}id").startswith(_ERROR_START):
        why = shown(_text(found[0], f"{_ATOM}summary"))
        raise SourceError(category, f"arXiv's API refused to list {category} ({why}); update this program.")
    total = _total(root, category)
    if not found and start < total:
        raise SourceBusy(category, f"arXiv's API left out the papers of {category} from {start} on; run again later.")
    records, problems = read_records(found, _record, f"{_ATOM}id", category, setting=URL_SETTING)
    return ApiPage(records, problems, len(found), total)


def _total(root: ET.Element, category: str) -> int:
    text = root.findtext(f"{_SEARCH}totalResults", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise SourceError(category, f"arXiv's API does not say how many papers {category} has; run again later.")
    return int(text)


def _record(entry: ET.Element) -> PaperRecord:
    """Reads one entry. Raises ValueError with the reason for one that is no paper."""
    arxiv_id, version = _identity(entry)
    first, latest = (moment(_text(entry, f"{_ATOM}{name}")) for name in ("published", "updated"))
    if first is None or latest is None or latest < first:
        raise ValueError("its dates are missing, or in the wrong order")
    title = " ".join(_text(entry, f"{_ATOM}title").split())
    if not title:
        raise ValueError("it has no title")
    abstract = " ".join(bounded(_text(entry, f"{_ATOM}summary"), "abstract").split())
    comment = bounded(_text(entry, f"{_ARXIV}comment"), "abstract")  # where arXiv asks for the reason of a withdrawal
    paper = Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=bounded(title, "title"),
        authors=_authors(entry),
        abstract=abstract,
        categories=_categories(entry),
        withdrawal=withdrawal_notice(title, abstract, comment),
    )
    return PaperRecord(paper, (first, *[latest] * (version - 1)), latest.date())


def _identity(entry: ET.Element) -> tuple[str, int]:
    """Reads the id without its version, and the version. Refuses an entry that may be parts of two."""
    for name in ("id", "title", "summary", "published", "updated"):
        found = entry.findall(f"{_ATOM}{name}")
        if len(found) > 1 or any(len(element) for element in found):
            raise ValueError(f"its {name} stands there twice, or has elements in it")
    named = {_text(entry, f"{_ATOM}id")}
    links = entry.findall(f"{_ATOM}link[@rel='alternate']")
    identities = {_read_id(text) for text in named | {link.get("href", "") for link in links}}
    if len(identities) > 1:
        raise ValueError("its link is of another paper")
    return identities.pop()


def _read_id(text: str) -> tuple[str, int]:
    start = next((each for each in _ID_START if text.startswith(each)), None)
    found = ARXIV_ID.fullmatch(text.removeprefix(start)) if start else None
    if not found or not found["version"]:
        raise ValueError("its id is not an arXiv id with a version")
    return plain_id(found), int(found["version"])


def _categories(entry: ET.Element) -> tuple[str, ...]:
    """Lists arXiv's categories, each once, the primary one first."""
    primary = entry.find(f"{_ARXIV}primary_category")
    elements = [*([] if primary is None else [primary]), *entry.findall(f"{_ATOM}category")]
    terms = dict.fromkeys(element.get("term", "") for element in elements)
    categories = tuple(term for term in terms if CATEGORY.fullmatch(term))
    if not categories:
        raise ValueError("it has no category")
    return categories


def _authors(entry: ET.Element) -> tuple[str, ...]:
    names = [" ".join(name.text.split()) for name in entry.iterfind(f"{_ATOM}author/{_ATOM}name") if name.text]
    bounded(", ".join(names), "authors")
    return tuple(
        readable_name(name if len(name) <= _NAME_CHARS else f"{name[:_NAME_CHARS]}…") for name in names if name
    )


def _text(element: ET.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()
