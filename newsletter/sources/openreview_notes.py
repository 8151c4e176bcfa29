"""Parses what the API of OpenReview (version 2) sends, from its bytes. Fetches nothing: see `openreview.py`.

A page is `notes`, with a `count` of all of them where an offset was asked for. Each value of a note's `content` stands
in an object of its own, `{"value": …}`; titles and abstracts are text with TeX, abstracts with Markdown, too
(https://docs.openreview.net/reference/api-v2/entities/note). A page that is damaged is refused whole; a note that
cannot be read is left out and named. What not everybody may read is passed over, since an account may see more than
the readers of a mail.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from newsletter.errors import FetchError, SourceError
from newsletter.model import Announcement, AnnounceType, Origin, Paper, PaperId
from newsletter.papers import arxiv_id, categories, merge_announcements, venues, withdrawal_notice
from newsletter.sources.feed_papers import MOST_ABSTRACT_CHARS, MOST_TITLE_CHARS, web_address
from newsletter.sources.json_answers import of_another_form, read_object
from newsletter.sources.markup import shown
from newsletter.sources.names import MOST_NAMES

_SERVER = "OpenReview"
_PDF_URL = "https://openreview.net/pdf?id="
CREDENTIALS = "OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD"
COPY_NAME = "copy its name from the address of its page there, capitals included"
_NAME_CHARS = 200
_VENUE_CHARS = 100
_EVERYBODY = "everyone"
_EARLIEST_MS, _LATEST_MS = (datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000 for year in (1990, 2100))
_ID_FIELDS = ("doi", "DOI", "arxiv", "arXiv", "arxiv_id", "arxiv_link", "preprint", "preprint_link", "pdf", "html")
_FORUM_IN_BIBTEX = re.compile(r"openreview\.net/forum\?id=([A-Za-z0-9_-]+)")
_WAIT = re.compile(r"try again in (?:(\d{1,5}) minutes?)?(?:\s+and\s+)?(?:(\d{1,6}) seconds?)?", re.IGNORECASE)
_LINE_MARKS = re.compile(r"^[ \t]{0,8}(?:[-*+]|#{1,6}|>)[ \t]+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,3})(?![\s*])([^*$\n]{1,300}?)(?<![\s*])\1(?![\w*])")
# What is read first of a conference that publishes thousands of papers in one day
_FIRST = (re.compile(r"\boral\b", re.IGNORECASE), re.compile(r"\bspotlight\b", re.IGNORECASE))


@dataclass(frozen=True, slots=True)
class AcceptedPaper:
    """A paper that a venue accepted. `accepted_on` is the day on which it did, or the nearest to it that is known.

    `place` is 0 for a talk, 1 for a spotlight, 2 for all others.
    """

    announcement: Announcement
    accepted_on: date
    place: int


@dataclass(frozen=True, slots=True)
class NotesPage:
    """One page. `notes` counts what came, wanted or not, `total` the notes of all pages (None: it does not say)."""

    papers: tuple[AcceptedPaper, ...]
    notes: int
    total: int | None
    problems: tuple[str, ...] = ()


def read_notes(body: bytes, category: str) -> NotesPage:
    """Reads one page; keeps what the category's venue accepted. Raises SourceError for what is no whole page."""
    document = read_answer(body, category)
    notes, total = document.get("notes"), document.get("count")
    if not isinstance(notes, list) or not (total is None or (isinstance(total, int) and 0 <= total < 10**9)):
        raise of_another_form(category, _SERVER)
    found, problems = [], []
    for note in notes:
        try:
            if _is_of(note, category):
                found.append(_accepted(note, category))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            name = note.get("id", "without an id") if isinstance(note, dict) else "no note"
            problems.append(f"A paper of {category} was left out ({shown(str(name))}): {error}.")
    return NotesPage(tuple(found), len(notes), total, tuple(problems))


def in_order(papers: Iterable[AcceptedPaper]) -> tuple[Announcement, ...]:
    """Gives each paper once: talks first, then spotlights, then the others, the newest of each first."""
    newest_first = sorted(papers, key=lambda each: each.accepted_on, reverse=True)
    return merge_announcements(each.announcement for each in sorted(newest_first, key=lambda each: each.place))


def read_answer(body: bytes, category: str) -> Mapping[str, Any]:
    """Reads an answer as far as its outer form. Raises SourceError if it is damaged, or no object of JSON."""
    if body.lstrip()[:1] == b"<":
        raise SourceError(
            category,
            f"OpenReview sent an HTML page in place of {category}, as it does to ask for a person at a browser; set"
            f" {CREDENTIALS} to an account of yours, or run again later.",
        )
    return read_object(body, category, _SERVER)


def understand(refusal: FetchError) -> FetchError:
    """Says in words what the API says of a refusal: `{"name": …, "message": …}`. What it does not explain stays."""
    try:
        said = json.loads(refusal.answer)
        name, message = str(said.get("name", "")), str(said.get("message", ""))
    except (ValueError, AttributeError, RecursionError):
        return refusal
    match name:
        case "RateLimitError":
            wait_s = refusal.retry_after_s or _asked_wait_s(message)
            when = f"in {math.ceil(wait_s / 60)} minutes" if wait_s else "later"
            text = f"OpenReview is asked too often ({shown(message)}); ask again {when}."
            return FetchError(refusal.url, text, is_passing=True, retry_after_s=wait_s)
        case "ChallengeRequiredError":
            return FetchError(
                refusal.url,
                "OpenReview lists papers for people at a browser and for programs that are logged in; set"
                f" {CREDENTIALS} to an account of yours, or log in there once if they are set.",
            )
        case "TokenExpiredError":
            text = "OpenReview took the login for too old; it is renewed when it is asked again."
            return FetchError(refusal.url, text, is_passing=True)
        case "NotFoundError":
            text = f"OpenReview knows no such venue; {COPY_NAME}."
            return FetchError(refusal.url, text)
        case "LoginError":
            text = f"OpenReview does not take {CREDENTIALS}; correct them."
            return FetchError(refusal.url, text)
        case _:
            return refusal


def _asked_wait_s(message: str) -> float | None:
    """Reads "Please try again in 60 minutes and 13 seconds", which stands where others have `Retry-After`."""
    found = _WAIT.search(message)
    wait_s = 60.0 * int(found[1] or 0) + int(found[2] or 0) if found else 0.0
    return wait_s or None


# --- one note -----------------------------------------------------------------------------------------


def _is_of(note: Mapping[str, Any], category: str) -> bool:
    """Whether a note is a paper that the venue accepted and everybody may read. Raises ValueError for what is none."""
    if not isinstance(note, dict) or not isinstance(note.get("content"), dict):
        raise ValueError("it is no note")
    wanted = venues.fold_venue(categories.within_source(category))
    is_public = _EVERYBODY in (note.get("readers") or ())
    return is_public and not note.get("ddate") and venues.fold_venue(_text(note, "venueid")) == wanted


def _accepted(note: Mapping[str, Any], category: str) -> AcceptedPaper:
    venue = " ".join(_text(note, "venue").split())
    paper = _paper(note, category, venue)
    accepted_on = _first_date(note, "pdate", "tmdate", "mdate", "odate", "cdate")
    place = next((number for number, word in enumerate(_FIRST) if word.search(venue)), len(_FIRST))
    return AcceptedPaper(Announcement(paper, AnnounceType.NEW, (category,)), accepted_on, place)


def _paper(note: Mapping[str, Any], category: str, venue: str) -> Paper:
    forum = _forum_of(note)
    title = _line(_text(note, "title"))
    if not title or len(title) > MOST_TITLE_CHARS:
        raise ValueError("it has no title that can be shown")
    abstract = _line(_without_marks(_text(note, "abstract")))[:MOST_ABSTRACT_CHARS]
    known, doi = _named_ids(note)
    pdf = _text(note, "pdf")
    origin = Origin(
        name=venue[:_VENUE_CHARS] or categories.show_category(category),
        url=forum.url,
        doi=doi.value if doi else "",
        pdf=f"{_PDF_URL}{forum.value}" if pdf.startswith("/pdf") else web_address(pdf),
    )
    return Paper(
        arxiv_id=known or str(doi or forum),
        version=1,
        title=title,
        authors=tuple(dict.fromkeys(_authors(note)))[:MOST_NAMES],
        abstract=abstract,
        categories=(category,),
        published_on=_first_date(note, "pdate", "odate", "cdate"),
        origin=None if known else origin,
        withdrawal=withdrawal_notice(title, abstract),
    )


def _forum_of(note: Mapping[str, Any]) -> PaperId:
    """Gives the id of a paper's forum. Raises ValueError if it is none, or another than the rest of the note says."""
    forum = note.get("forum")
    found = PaperId.of_forum(forum) if isinstance(forum, str) else None
    if found is None:
        raise ValueError("it has no forum")
    if note.get("id") != forum:
        raise ValueError("it is an answer to a paper, and none itself")
    cited = _FORUM_IN_BIBTEX.search(_text(note, "_bibtex"))
    if cited and cited[1] != forum:
        raise ValueError("it is cited as another paper")
    return found


def _named_ids(note: Mapping[str, Any]) -> tuple[str, PaperId | None]:
    """Finds the paper's arXiv id and its DOI, where the note names them: by these one paper is known everywhere."""
    known, doi = "", None
    for text in (_text(note, field) for field in _ID_FIELDS):
        known = known or arxiv_id(text)
        doi = doi or PaperId.of_doi(text)
    return known, doi


def _authors(note: Mapping[str, Any]) -> Iterator[str]:
    """Gives the names: texts, or since 2026 objects with the name among affiliations."""
    value = _value(note, "authors")
    for each in value if isinstance(value, list) else ():
        name = each.get("fullname") or each.get("name") if isinstance(each, dict) else each
        line = _line(name)[:_NAME_CHARS] if isinstance(name, str) else ""
        if any(map(str.isalpha, line)):
            yield line


def _first_date(note: Mapping[str, Any], *keys: str) -> date:
    """Reads the first of these dates that the note has: milliseconds since 1970. Raises ValueError if it has none."""
    for key in keys:
        value = note.get(key)
        if isinstance(value, int | float) and _EARLIEST_MS <= value < _LATEST_MS:
            return datetime.fromtimestamp(value / 1000, UTC).date()
    raise ValueError("it has no date")


def _value(note: Mapping[str, Any], field: str) -> Any:
    """Gives what stands in a field that everybody may read; None in place of others, such as hidden authors."""
    held = note["content"].get(field)
    if not isinstance(held, dict):
        return None
    readers = held.get("readers")
    return held.get("value") if readers is None or _EVERYBODY in readers else None


def _text(note: Mapping[str, Any], field: str) -> str:
    value = _value(note, field)
    return value.strip() if isinstance(value, str) else ""


def _without_marks(text: str) -> str:
    """Gives a text without the marks of Markdown that authors use; what is between dollars is TeX, and stays."""
    plain = _LINE_MARKS.sub("", text[: 2 * MOST_ABSTRACT_CHARS])
    return _EMPHASIS.sub(r"\2", plain)


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
