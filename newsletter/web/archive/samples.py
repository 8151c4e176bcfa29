"""Tries the archive's templates at the start: with values that take every branch of each, by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from newsletter.mail import BY_TOPIC, BY_WORDS, EVERYTHING, FILLED_UP, NEAREST_ONLY, NOTHING, PARTLY_JUDGED
from newsletter.model import SavedPaper
from newsletter.signing import Signer
from newsletter.texts import Texts, weekdays
from newsletter.web.archive.day import DayView, day_view
from newsletter.web.archive.lists import FeedEntryView, FeedView, SearchView, archive_view
from newsletter.web.archive.month import month_of
from newsletter.web.archive.month_view import MonthView, month_view
from newsletter.web.archive.saved import saved_views
from newsletter.web.archive.urls import ArchiveUrls, ReaderLinks

Sample = tuple[str, Mapping[str, Any]]

_SIGNER, _WHO = Signer(["a sample"]), "s_aaaaaaaa"
SAMPLE_URLS = (
    *(ArchiveUrls(acts=ReaderLinks(_SIGNER, _WHO, has_amounts)) for has_amounts in (True, False)),
    ArchiveUrls(is_public=True, listing_page="../", query="?lang=en", languages={"en": "English", "de": "Deutsch"}),
    ArchiveUrls(page_end=".html", is_served=False),
)


def samples(t: Texts) -> Iterator[Sample]:
    """Gives each template's name with values for it."""
    views, overviews = _days(t), _months(t)
    yield from (("day.html", {"d": view}) for view in views)
    yield from (("_entry.html", {"d": view}) for view in views)
    yield from (("month.html", {"m": overview, "weekdays": weekdays(t.language)}) for overview in overviews)
    searches = [SearchView("words", 3, overviews[0].best, page, 3) for page in (1, 2)]
    searches += [SearchView("words", 0, (), 1, 1), SearchView("", 0, (), 1, 1)]
    yield from (("search.html", {"s": search}) for search in searches)
    entry = FeedEntryView("id", EVERYTHING.digest_on, "a day", "2026-01-02T07:00:00Z", "<p>")
    yield "feed.atom", {"f": FeedView("id", "2026-01-02T07:00:00Z", (entry,))}
    yield "empty.html", {}
    kept = [SavedPaper(_WHO, datetime(2026, 1, 2, tzinfo=UTC), each.paper) for each in EVERYTHING.entries]
    lists = [saved_views(papers, lambda _: "/s/TOKEN", "tag:x", t) for papers in (kept, [])]
    yield from (("saved.html", {"papers": papers}) for papers in lists)
    yield "saved.atom", {"id": "tag:x", "papers": lists[0]}
    for archives in ([], *([archive_view("name", "name/", days, t)] for days in ([], [EVERYTHING.digest_on]))):
        yield "list.html", {"archives": archives}
    for day, is_known in (("", False), ("", True), ("1 January 2026", True)):
        yield "missing.html", {"day": day, "is_known": is_known}


def _days(t: Texts) -> list[DayView]:
    prompted = replace(EVERYTHING, prompt="A prompt.", usage=None)
    plain = (BY_TOPIC, PARTLY_JUDGED, BY_WORDS, FILLED_UP, NEAREST_ONLY, NOTHING, prompted)
    return [
        day_view(EVERYTHING, "words", t, earlier=date.min, later=date.max),
        *(day_view(each, "words", t, earlier=None, later=None) for each in plain),
    ]


def _months(t: Texts) -> list[MonthView]:
    month = month_of(EVERYTHING.digest_on)
    digests = ([EVERYTHING, NEAREST_ONLY], [NOTHING], [BY_WORDS], [BY_WORDS, EVERYTHING])
    return [
        month_view(month, [EVERYTHING], t, earlier=date.min, later=date.max),
        *(month_view(month, each, t, earlier=None, later=None) for each in digests),
    ]
