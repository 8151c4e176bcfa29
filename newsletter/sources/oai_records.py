"""One page of arXiv's records, in the form of OAI-PMH 2.0 (metadata prefix arXivRaw), from its bytes. Fetches nothing.

The protocol is https://www.openarchives.org/OAI/openarchivesprotocol.html. arXivRaw, of the forms that arXiv offers,
has the moment at which each version was received. A page that is not whole is refused; a single record that cannot be
read is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree as ET

from newsletter.errors import SourceBusy, SourceError
from newsletter.model import Paper, PaperRecord
from newsletter.papers import WITHOUT_WORDS, readable_name, withdrawal_notice
from newsletter.sources.feed import ARXIV_ID, CATEGORY, bounded, plain_id, read_authors
from newsletter.sources.markup import moment, shown
from newsletter.sources.record_xml import read_records, read_root

URL_SETTING = "NEWSLETTER_OAI_URL"

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_ID_START = "oai:arXiv.org:"
_AND = re.compile(r",?\s+and\s+(?![^()]*\))")  # outside of an affiliation
_MOST_VERSIONS = 300
_TOKEN_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of records; `token` asks for the next one, and is "" on the last."""

    records: tuple[PaperRecord, ...]
    problems: tuple[str, ...]  # a sentence for each record that was left out
    token: str


def read_page(body: bytes, category: str) -> RecordPage:
    """Reads an answer to ListRecords. `category` is what messages call it.

    Without records where arXiv says that none match. Raises SourceBusy for a sentence that says the server is busy,
    and SourceError for all else that is not a whole page.
    """
    root = read_root(body, category, f"{_OAI}OAI-PMH", protocol="OAI-PMH", setting=URL_SETTING)
    if (error := root.find(f"{_OAI}error")) is not None:
        if error.get("code") == "noRecordsMatch":
            return RecordPage((), (), "")
        raise _refused(category, error)
    listed = root.find(f"{_OAI}ListRecords")
    if listed is None:
        raise SourceError(category, f"What came for the records of {category} lists none; run again later.")
    found, id_path = listed.findall(f"{_OAI}record"), f"{_OAI}header/{_OAI}identifier"
    records, problems = read_records(found, _record, id_path, category, setting=URL_SETTING)
    token = listed.findtext(f"{_OAI}resumptionToken", "").strip()
    if len(token) > _TOKEN_CHARS:
        raise SourceError(category, f"The records of {category} go on under an endless name; run again later.")
    return RecordPage(records, problems, token)


def _refused(category: str, error: ET.Element) -> SourceError:
    code, why = shown(error.get("code", "")), shown("".join(error.itertext()))
    if code == "badResumptionToken":
        return SourceBusy(category, f"arXiv no longer knew where the records of {category} went on; run again later.")
    return SourceError(
        category,
        f"arXiv has no records for the category {category} ({code}: {why}); correct its name in subscribers.yaml, or"
        " update this program.",
        is_config=code == "badArgument",
    )


def _record(record: ET.Element) -> PaperRecord | None:
    """Reads one record; None for one that arXiv has deleted. Raises ValueError with the reason for one that is none."""
    header = record.find(f"{_OAI}header")
    if header is None:
        raise ValueError("it has no header")
    if header.get("status") == "deleted":
        return None
    raw = record.find(f"{_OAI}metadata/{_RAW}arXivRaw")
    if raw is None:
        raise ValueError("it has no metadata in the form arXivRaw")
    arxiv_id = _identity(header, raw)
    received_at = tuple(_received(raw))
    title = " ".join(_text(raw, "title").split())
    categories = tuple(dict.fromkeys(term for term in _text(raw, "categories").split() if CATEGORY.fullmatch(term)))
    if not title:
        raise ValueError("it has no title")
    if not categories:
        raise ValueError("it has no category")
    abstract = " ".join(bounded(_text(raw, "abstract"), "abstract").split())
    names = (name for each in read_authors(_text(raw, "authors")) for name in _AND.split(each))
    paper = Paper(
        arxiv_id=arxiv_id,
        version=len(received_at),
        title=bounded(title, "title"),
        authors=tuple(readable_name(name) for name in names if name.strip()),
        abstract=abstract,
        categories=categories,
        withdrawal=_withdrawal(raw, title, abstract),
    )
    return PaperRecord(paper, received_at, _changed_on(header))


def _withdrawal(raw: ET.Element, title: str, abstract: str) -> str:
    """Reads the notice of a withdrawn paper. Its latest version has no files, which arXiv calls source type I."""
    notice = withdrawal_notice(title, abstract, bounded(_text(raw, "comments"), "abstract"))
    latest = raw.findall(f"{_RAW}version")[-1]
    is_without_files = "I" in latest.findtext(f"{_RAW}source_type", "")
    return notice or (WITHOUT_WORDS if is_without_files else "")


def _identity(header: ET.Element, raw: ET.Element) -> str:
    name = header.findtext(f"{_OAI}identifier", "").strip()
    found = ARXIV_ID.fullmatch(name.removeprefix(_ID_START))
    if not found or found["version"] or not name.startswith(_ID_START):
        raise ValueError("its id is not an arXiv id")
    inner = ARXIV_ID.fullmatch(_text(raw, "id"))
    if not inner or plain_id(inner) != plain_id(found):
        raise ValueError("its metadata are of another id")
    return plain_id(found)


def _received(raw: ET.Element) -> Iterator[datetime]:
    """Reads when each version was received, in their order."""
    versions = raw.findall(f"{_RAW}version")
    if not 0 < len(versions) <= _MOST_VERSIONS:
        raise ValueError(f"it has {len(versions)} versions")
    before: datetime | None = None
    for number, version in enumerate(versions, 1):
        at = moment(version.findtext(f"{_RAW}date", "").strip())
        if version.get("version") != f"v{number}" or at is None:
            raise ValueError(f"its version {number} has no number or no date")
        if before and at < before:
            raise ValueError(f"its version {number} is older than the one before it")
        before = at
        yield at


def _changed_on(header: ET.Element) -> date:
    at = moment(header.findtext(f"{_OAI}datestamp", "").strip())
    if at is None:
        raise ValueError("it does not say when it changed")
    return at.date()


def _text(raw: ET.Element, name: str) -> str:
    found = raw.findall(f"{_RAW}{name}")
    if len(found) > 1 or any(len(element) for element in found):
        raise ValueError(f"its {name} stands there twice, or has elements in it")
    return (found[0].text or "").strip() if found else ""
