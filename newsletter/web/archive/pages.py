"""Fills the templates of the archive (`templates/archive/`) for one edition of it; knows no server and writes no file.

Everything foreign is escaped by Jinja; MathML alone is not, which our own typesetting made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from newsletter.addresses import mailto_link
from newsletter.mail import (
    BY_TOPIC,
    BY_WORDS,
    EVERYTHING,
    FILLED_UP,
    NEAREST_ONLY,
    NOTHING,
    PARTLY_JUDGED,
    render,
    templates,
)
from newsletter.model import Delivery, Digest, SavedPaper
from newsletter.papers import bibtex, ris
from newsletter.web.archive.editions import ArchivedDigests, Edition, sent_at
from newsletter.web.archive.month import month_of, months
from newsletter.web.archive.saved import atom_time, saved_views
from newsletter.web.archive.search import MOST_CHARS, SearchablePaper, find, prepare
from newsletter.web.archive.urls import ArchiveUrls
from newsletter.web.archive.views import (
    FeedEntryView,
    FeedView,
    SearchView,
    archive_view,
    day_view,
    month_view,
    search_view,
)

TEMPLATES = "templates/archive"
BIBTEX, RIS, MARKDOWN = "bib", "ris", "md"
ENDINGS = (BIBTEX, RIS, MARKDOWN)
FEED_ENTRIES = 30
SAVED_FEED_ENTRIES = 100
_FEED_SINCE = "2026-01-01"  # of the ids of saved papers: what was saved first may be taken off (RFC 4151 wants a date)

_MOST_PREPARED = 600  # digests ready to be searched, about 100 kB each
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


class Pages:
    """Makes the pages of any edition. `profile_text` words a digest's profile, `markdown` the whole digest."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        brand_name: str,
        reply_address: str,
        authority: str,
        profile_text: Callable[[Digest], str],
        markdown: Callable[[Digest], str],
    ) -> None:
        self._environment = _environment(folders, brand_name, reply_address)
        self._profile_text = profile_text
        self._markdown = markdown
        self._authority = authority  # the domain in the ids of the feed, which no move of the web part may change
        self._prepared = lru_cache(maxsize=_MOST_PREPARED)(_prepare)

    def day(self, edition: Edition, on: date) -> str | None:
        """Makes the page of one digest; None if there is none."""
        digest = edition.digests.get(on)
        if digest is None:
            return None
        days = edition.digests.days()
        view = day_view(
            digest,
            digest.prompt or self._profile_text(digest),
            earlier=max((day for day in days if day < on), default=None),
            later=min((day for day in days if day > on), default=None),
        )
        return self._fill("day.html", edition, d=view)

    def month(self, edition: Edition, month: date) -> str | None:
        """Makes the overview of one month; None if it has no digest."""
        rows = edition.digests.deliveries()
        all_months = months([row.digest_on for row in rows])
        found = (edition.digests.digest_of(row) for row in rows if month_of(row.digest_on) == month)
        digests = [digest for digest in found if digest]
        if not digests:
            return None
        view = month_view(
            month,
            digests,
            earlier=max((each for each in all_months if each < month), default=None),
            later=min((each for each in all_months if each > month), default=None),
        )
        return self._fill("month.html", edition, m=view)

    def overview(self, edition: Edition) -> str:
        """Makes the latest month's page, or one that says that there is nothing yet."""
        days = edition.digests.days()
        latest = self.month(edition, month_of(days[-1])) if days else None
        return latest or self._fill("empty.html", edition)

    def file(self, edition: Edition, on: date, ending: str, ids: Collection[str] = ()) -> str | None:
        """Writes a digest, or some papers of it, as BibTeX, RIS or Markdown; None if there is none of them."""
        digest = edition.digests.get(on)
        if digest is None:
            return None
        entries = tuple(entry for entry in digest.entries if not ids or entry.paper.arxiv_id in ids)
        if not entries:
            return None
        if ending == MARKDOWN:
            return self._markdown(replace(digest, entries=entries))
        papers = [entry.paper for entry in entries]
        keywords = {entry.paper.arxiv_id: "nearest" for entry in entries if entry.is_nearest}
        return bibtex(papers, keywords) if ending == BIBTEX else ris(papers, keywords)

    def search(self, edition: Edition, query: str, page: int = 1) -> str:
        """Searches all papers of the edition and shows one page of hits; without a query the form alone."""
        query = " ".join(query[:MOST_CHARS].split())
        digests = edition.digests
        rows = digests.deliveries() if query else []
        prepared = chain.from_iterable(self._prepared(digests, row) for row in rows)
        return self._fill("search.html", edition, s=search_view(query, find(prepared, query), page))

    def feed(self, edition: Edition) -> str | None:
        """Makes an Atom feed of the latest digests (RFC 4287); None as long as there is none: a feed has a date."""
        digests, rows = edition.digests, edition.digests.deliveries()
        if not rows:
            return None
        found = [(row, digests.digest_of(row)) for row in reversed(rows[-FEED_ENTRIES:])]
        entries = tuple(self._feed_entry(edition, row, digest) for row, digest in found if digest)
        feed_id = f"tag:{self._authority},{rows[0].digest_on}:{digests.name}"
        updated = max(entry.updated for entry in entries)
        return _NOT_XML.sub("", self._fill("feed.atom", edition, f=FeedView(feed_id, updated, entries)))

    def saved(self, edition: Edition) -> str | None:
        """Makes the page of the reader's saved papers; None for an archive that has no such list."""
        if edition.urls.save is None:
            return None
        papers = saved_views(edition.digests.saved(), edition.urls.save, "")
        return self._fill("saved.html", edition, papers=papers)

    def saved_file(self, edition: Edition, ending: str) -> str | None:
        """Writes the saved papers as BibTeX, RIS or an Atom feed; None if there is no list, or nothing on it."""
        saved = edition.digests.saved() if edition.urls.save else []
        if not saved or edition.urls.save is None:
            return None
        papers = [each.paper for each in saved]
        if ending in (BIBTEX, RIS):
            return bibtex(papers, {}) if ending == BIBTEX else ris(papers, {})
        feed_id = f"tag:{self._authority},{_FEED_SINCE}:{edition.digests.name}/saved"
        views = saved_views(saved[-SAVED_FEED_ENTRIES:], edition.urls.save, feed_id)
        return _NOT_XML.sub("", self._fill("saved.atom", edition, id=feed_id, papers=views))

    def _feed_entry(self, edition: Edition, row: Delivery, digest: Digest) -> FeedEntryView:
        view = day_view(digest, "", earlier=None, later=None, is_brief=True)
        return FeedEntryView(
            # RFC 4151: a date on which the domain was ours
            id=f"tag:{self._authority},{view.on}:{edition.digests.name}/{view.on}",
            on=view.on,
            title=f"{view.title}: {_count(digest)}",
            updated=atom_time(sent_at(row)),
            content=self._fill("_entry.html", edition, d=view),
        )

    def listing(self, editions: Sequence[tuple[Edition, str]], urls: ArchiveUrls) -> str:
        """Makes the list of these archives, each with its link."""
        views = [archive_view(each.digests.name, link, each.digests.days()) for each, link in editions]
        return self._render("list.html", urls, archives=views)

    def missing(self, edition: Edition | None, on: str = "") -> str:
        """Makes the page for an address that leads to nothing, within an archive or to none at all."""
        return self._fill("missing.html", edition, on=on, is_known=edition is not None)

    def check(self) -> None:
        """Fills each template in ways that take every branch. Raises ConfigError, naming template and line."""
        views = [
            day_view(NOTHING, "", earlier=None, later=None),
            day_view(EVERYTHING, "words", earlier=date.min, later=date.max),
            *(
                day_view(each, "words", earlier=None, later=None)
                for each in (BY_TOPIC, PARTLY_JUDGED, BY_WORDS, FILLED_UP, NEAREST_ONLY)
            ),
            day_view(replace(EVERYTHING, prompt="A prompt.", usage=None), "words", earlier=None, later=None),
        ]
        overviews = [
            month_view(month_of(EVERYTHING.digest_on), [EVERYTHING], earlier=date.min, later=date.max),
            month_view(month_of(EVERYTHING.digest_on), [EVERYTHING, NEAREST_ONLY], earlier=None, later=None),
            month_view(month_of(EVERYTHING.digest_on), [NOTHING], earlier=None, later=None),
            month_view(month_of(EVERYTHING.digest_on), [BY_WORDS], earlier=None, later=None),
            month_view(month_of(EVERYTHING.digest_on), [BY_WORDS, EVERYTHING], earlier=None, later=None),
        ]
        searches = [SearchView("words", 3, overviews[0].best, page, 3) for page in (1, 2)]
        searches += [SearchView("words", 0, (), 1, 1), SearchView("", 0, (), 1, 1)]
        entries = (FeedEntryView("id", EVERYTHING.digest_on, "a day", "2026-01-02T07:00:00Z", "<p>"),)
        kept = [SavedPaper("s_aaaaaaaa", datetime(2026, 1, 2, tzinfo=UTC), e.paper) for e in EVERYTHING.entries]
        lists = [saved_views(papers, lambda _: "/s/TOKEN", "tag:x") for papers in (kept, [])]
        for urls in (
            ArchiveUrls(save=lambda _: "/s/TOKEN"),
            ArchiveUrls(page_end=".html", is_served=False, is_public=True, listing="../"),
        ):
            for view in views:
                self._render("day.html", urls, d=view)
            for overview in overviews:
                self._render("month.html", urls, m=overview)
            for search in searches:
                self._render("search.html", urls, s=search)
            for view in views:
                self._render("_entry.html", urls, d=view)
            self._render("feed.atom", urls, f=FeedView("id", "2026-01-02T07:00:00Z", entries))
            self._render("empty.html", urls)
            for papers in lists:
                self._render("saved.html", urls, papers=papers)
            self._render("saved.atom", urls, id="tag:x", papers=lists[0])
            for days in ([], [EVERYTHING.digest_on]):
                self._render("list.html", urls, archives=[archive_view("name", "name/", days)])
            self._render("list.html", urls, archives=[])
            for on, is_known in (("", False), ("", True), ("2026-01-01", True)):
                self._render("missing.html", urls, on=on, is_known=is_known)

    def _fill(self, name: str, edition: Edition | None, **values: Any) -> str:
        who = edition.digests.slug if edition else ""
        return self._render(name, edition.urls if edition else ArchiveUrls(), who=who, **values)

    def _render(self, name: str, urls: ArchiveUrls, who: str = "", **values: Any) -> str:
        try:
            return self._environment.get_template(name).render(at=urls, who=who, **values)
        except (TemplateError, TypeError) as error:  # TypeError: a filter that takes no None, in an operator's copy
            raise templates.problem_of(f"{TEMPLATES}/{name}", error) from error


def _count(digest: Digest) -> str:
    """Writes "12 papers", and how many of them are only the nearest."""
    papers = "1 paper" if len(digest.entries) == 1 else f"{len(digest.entries)} papers"
    nearest = digest.counts.nearest
    return f"{papers}, {nearest} of them below the cut-offs" if nearest else papers


def _prepare(digests: ArchivedDigests, row: Delivery) -> tuple[SearchablePaper, ...]:
    digest = digests.digest_of(row)
    return prepare(digest) if digest else ()


def _environment(folders: Sequence[Path], brand_name: str, reply_address: str) -> Environment:
    environment = Environment(
        loader=templates.loader_of(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(brand_name=brand_name, reply_address=reply_address)
    environment.filters.update(reflowed=render.reflowed, mailto=mailto_link)
    environment.filters.update(day=lambda on: f"{on.day} {on:%B}", month=lambda on: f"{on:%B %Y}")
    return environment
