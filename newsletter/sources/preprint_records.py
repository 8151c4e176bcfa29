"""Parses answers of the API of bioRxiv and medRxiv, from their bytes. Fetches nothing: see `preprints.py`.

The form is described at https://api.biorxiv.org/: `messages` with the count of all records, and a `collection` of one
record for each version that was posted. Numbers come as numbers or as texts. A page that is damaged is refused whole;
a record that cannot be read is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Origin, Paper, PaperId
from newsletter.papers import categories, html_to_text, withdrawal_notice
from newsletter.sources.feed_papers import MOST_ABSTRACT_CHARS, MOST_TITLE_CHARS
from newsletter.sources.json_answers import of_another_form, read_object
from newsletter.sources.markup import shown
from newsletter.sources.names import read_names

MOST_VERSION = 99
# bioRxiv marks up its abstracts by words: O_LI … C_LI for an item of a list, O_SCPLOWnC_SCPLOW for a small capital,
# O_ST_ABSBackgroundC_ST_ABS for a heading, and O_FIG … C_FIG around what there is instead of a figure
_FIGURES = re.compile(r"O_(FIG|TBL|FD|TEXTBOX)\b.{0,20000}?C_\1\b", re.DOTALL)
_HEADINGS = re.compile(r"O_ST_ABS(.{0,200}?)C_ST_ABS", re.DOTALL)
_ITEMS = re.compile(r"[OC]_(?:LI|LST)")
_MARKS = re.compile(r"[OC]_(?:SCPLOW|SCPCAP|ST_ABS|FIG|TBL|FD|TEXTBOX|INLINEFIG|CAPS|LINKSMALLFIG|LARGEFIG)")
_NOTHING = "no posts found"


@dataclass(frozen=True, slots=True)
class PreprintPage:
    """One page of records. `total` counts the records of all pages, `records` those of this one, wanted or not."""

    announcements: tuple[Announcement, ...]
    records: int
    total: int
    problems: tuple[str, ...] = ()


def read_page(body: bytes, category: str) -> PreprintPage:
    """Reads one page; keeps the records of the category's subject. Raises SourceError for what is no whole page."""
    server = categories.TITLES[categories.source_of(category)]
    document = _load(body, category, server)
    status = str(document["messages"][0].get("status", "")).strip().lower()
    if status.startswith(_NOTHING):
        return PreprintPage((), 0, 0)
    if status != "ok":
        raise SourceError(category, f"{server} answered '{shown(status)}' for {category}; run again later.")
    collection = document["collection"]
    found, problems = [], []
    for record in collection:
        try:
            if _is_of(record, category):
                found.append(_announcement(record, category))
        except (ValueError, TypeError, KeyError) as error:
            name = record.get("doi", "without a DOI") if isinstance(record, dict) else "no record"
            problems.append(f"A record of {category} was left out ({shown(str(name))}): {error}.")
    total = _number(document["messages"][0].get("total", len(collection)), category, server)
    return PreprintPage(tuple(found), len(collection), total, tuple(problems))


def preprint_origin(server: str, doi: str, version: int, *, published_doi: str = "") -> Origin:
    """Gives where a version of a preprint can be opened: abstract, PDF and full text."""
    page = f"https://www.{server.lower()}.org/content/{doi}v{version}"
    return Origin(server, page, doi, pdf=f"{page}.full.pdf", html=f"{page}.full", published_doi=published_doi)


def clean_abstract(text: str) -> str:
    """Gives an abstract without bioRxiv's own marks and without markup."""
    plain = _HEADINGS.sub(r"\1: ", _FIGURES.sub(" ", text))
    return html_to_text(_MARKS.sub("", _ITEMS.sub(" ", plain)))[:MOST_ABSTRACT_CHARS]


def _load(body: bytes, category: str, server: str) -> Mapping[str, Any]:
    """Reads the JSON of a page as far as its outer form. Raises SourceError if it has another."""
    document = read_object(body, category, server)
    messages, collection = document.get("messages"), document.get("collection", [])
    if not (isinstance(messages, list) and messages and isinstance(messages[0], dict) and isinstance(collection, list)):
        raise of_another_form(category, server)
    return {"messages": messages, "collection": collection}


def _number(value: object, category: str, server: str) -> int:
    text = str(value)
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    raise SourceError(category, f"{server} does not say how many records {category} has; run again later.")


def _is_of(record: Mapping[str, Any], category: str) -> bool:
    if not isinstance(record, dict):
        raise ValueError("it is no record")
    subject = _text(record, "category")
    return categories.fold_subject(subject) == categories.fold_subject(categories.within_source(category))


def _announcement(record: Mapping[str, Any], category: str) -> Announcement:
    server = categories.TITLES[categories.source_of(category)]
    paper_id = PaperId.of_doi(_text(record, "doi"))
    title = html_to_text(_text(record, "title"))
    version = _text(record, "version") or "1"
    if paper_id is None:
        raise ValueError("it has no DOI")
    full_text = _text(record, "jatsxml").lower()
    if full_text and paper_id.value.partition("/")[2] not in full_text:
        raise ValueError("the address of its text is of another paper")
    if not title or len(title) > MOST_TITLE_CHARS:
        raise ValueError("it has no title that can be shown")
    if not (version.isascii() and version.isdigit() and 1 <= int(version[:9]) <= MOST_VERSION):
        raise ValueError("it has no version")
    abstract = clean_abstract(_text(record, "abstract"))
    published = PaperId.of_doi(_text(record, "published"))  # "NA" until a journal has it
    paper = Paper(
        arxiv_id=str(paper_id),
        version=int(version),
        title=title,
        authors=read_names([_text(record, "authors")]),
        abstract=abstract,
        categories=(category,),
        published_on=date.fromisoformat(_text(record, "date")[:10]),
        origin=preprint_origin(
            server, paper_id.value, int(version), published_doi=published.value if published else ""
        ),
        withdrawal=withdrawal_notice(title, abstract),
    )
    kind = AnnounceType.NEW if paper.version == 1 else AnnounceType.REPLACE
    return Announcement(paper, kind, (category,))


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()
