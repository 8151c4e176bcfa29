"""Fills the templates of the archive (`templates/archive/`) for one edition of it; knows no server and writes no file.

Everything foreign is escaped by Jinja; MathML alone is not, which our own typesetting made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError, pass_context
from jinja2.runtime import Context

from newsletter.addresses import mailto_link
from newsletter.mail import render, templates
from newsletter.model import Delivery, Digest, Profile
from newsletter.papers import bibtex, ris, search
from newsletter.texts import (
    FALLBACK_LANGUAGE,
    Texts,
    pick,
    weekdays,
    write_colon,
    write_day,
    write_month,
    write_short_date,
)
from newsletter.web.archive.day import day_view
from newsletter.web.archive.editions import Edition, sent_at
from newsletter.web.archive.lists import FeedEntryView, FeedView, archive_view, feed_title, search_view
from newsletter.web.archive.month import month_of, months
from newsletter.web.archive.month_view import month_view
from newsletter.web.archive.samples import SAMPLE_URLS, samples
from newsletter.web.archive.saved import atom_time, saved_views
from newsletter.web.archive.urls import ArchiveUrls
from newsletter.web.archive.wording import load_archive_texts

TEMPLATES = "templates/archive"
_COMPILED = templates.CompiledTemplates()
BIBTEX, RIS, MARKDOWN = "bib", "ris", "md"
ENDINGS = (BIBTEX, RIS, MARKDOWN)
FEED_ENTRIES = 30
SAVED_FEED_ENTRIES = 100
_FEED_SINCE = "2026-01-01"  # of the ids of saved papers: what was saved first may be taken off (RFC 4151 wants a date)

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


class Pages:
    """Makes the pages of any edition. `profile_text` words a profile in a language, `markdown` the whole digest."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        brand_name: str,
        reply_address: str,
        authority: str,
        profile_text: Callable[[Profile, str], str],
        markdown: Callable[[Digest], str],
    ) -> None:
        self._environment = _environment(folders, brand_name, reply_address)
        self._texts = load_archive_texts()
        self._profile_text = profile_text
        self._markdown = markdown
        self._authority = authority  # the domain in the ids of the feed, which no move of the web part may change

    def day(self, edition: Edition, on: date) -> str | None:
        """Makes the page of one digest; None if there is none."""
        digest = edition.digests.get(on)
        if digest is None:
            return None
        days = edition.digests.days()
        view = day_view(
            digest,
            digest.prompt or self._profile_text(digest.subscriber.profile, edition.language),
            self._t(edition.language),
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
            self._t(edition.language),
            earlier=max((each for each in all_months if each < month), default=None),
            later=min((each for each in all_months if each > month), default=None),
        )
        return self._fill("month.html", edition, m=view, weekdays=weekdays(edition.language))

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
        query = " ".join(query[: search.MOST_CHARS].split())
        found = edition.digests.find(query) if query else []
        view = search_view(query, found, page, self._t(edition.language), edition.digests.entries_at)
        return self._fill("search.html", edition, s=view)

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
        if edition.urls.acts is None:
            return None
        papers = saved_views(edition.digests.saved(), edition.urls.acts.save, "", self._t(edition.language))
        return self._fill("saved.html", edition, papers=papers)

    def saved_file(self, edition: Edition, ending: str) -> str | None:
        """Writes the saved papers as BibTeX, RIS or an Atom feed; None if there is no list, or nothing on it."""
        acts = edition.urls.acts
        saved = edition.digests.saved() if acts else []
        if not saved or acts is None:
            return None
        papers = [each.paper for each in saved]
        if ending in (BIBTEX, RIS):
            return bibtex(papers, {}) if ending == BIBTEX else ris(papers, {})
        feed_id = f"tag:{self._authority},{_FEED_SINCE}:{edition.digests.name}/saved"
        views = saved_views(saved[-SAVED_FEED_ENTRIES:], acts.save, feed_id, self._t(edition.language))
        return _NOT_XML.sub("", self._fill("saved.atom", edition, id=feed_id, papers=views))

    def _feed_entry(self, edition: Edition, row: Delivery, digest: Digest) -> FeedEntryView:
        t = self._t(edition.language)
        view = day_view(digest, "", t, earlier=None, later=None, is_brief=True)
        return FeedEntryView(
            # RFC 4151: a date on which the domain was ours
            id=f"tag:{self._authority},{view.on}:{edition.digests.name}/{view.on}",
            on=view.on,
            title=feed_title(view.title, digest, t),
            updated=atom_time(sent_at(row)),
            content=self._fill("_entry.html", edition, d=view),
        )

    def listing(self, editions: Sequence[tuple[Edition, str]], urls: ArchiveUrls, language: str) -> str:
        """Makes the list of these archives, each with its link."""
        t = self._t(language)
        views = [archive_view(each.digests.name, link, each.digests.days(), t) for each, link in editions]
        return self._render("list.html", urls, t, archives=views)

    def missing(self, edition: Edition | None, on: date | None = None, language: str = FALLBACK_LANGUAGE) -> str:
        """Makes the page for an address that leads to nothing: within an archive, on a day perhaps, or to none at all.

        `language` is that of who is in no archive.
        """
        t = self._t(edition.language if edition else language)
        day = write_short_date(on, t.language) if on else ""
        urls = edition.urls if edition else ArchiveUrls()
        return self._render("missing.html", urls, t, _who(edition), day=day, is_known=edition is not None)

    def check(self) -> None:
        """Fills each template in ways that take every branch. Raises ConfigError, naming template and line."""
        t = self._t(FALLBACK_LANGUAGE)
        for (name, values), urls in product(samples(t), SAMPLE_URLS):
            self._render(name, urls, t, **values)

    def _t(self, language: str) -> Texts:
        return pick(self._texts, language)

    def _fill(self, name: str, edition: Edition, **values: Any) -> str:
        return self._render(name, edition.urls, self._t(edition.language), _who(edition), **values)

    def _render(self, name: str, urls: ArchiveUrls, t: Texts, who: str = "", **values: Any) -> str:
        u = pick(templates.load_update_texts(), t.language)  # of papers that were sent before
        try:
            return self._environment.get_template(name).render(at=urls, t=t, u=u, who=who, **values)
        except (TemplateError, TypeError) as error:  # TypeError: a filter that takes no None, in an operator's copy
            raise templates.problem_of(f"{TEMPLATES}/{name}", error) from error


def _who(edition: Edition | None) -> str:
    """Names an archive that is public; whose another one is, no page says."""
    return edition.digests.slug if edition else ""


def _environment(folders: Sequence[Path], brand_name: str, reply_address: str) -> Environment:
    environment = Environment(
        loader=templates.loader_of(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
    )
    environment.globals.update(brand_name=brand_name, reply_address=reply_address)
    environment.filters.update(reflowed=render.reflowed, mailto=mailto_link)
    environment.filters.update(colon=write_colon, day=_day, month=_month)
    return environment


@pass_context
def _day(context: Context, on: date) -> str:
    return write_day(on, context["t"].language)


@pass_context
def _month(context: Context, on: date) -> str:
    return write_month(on, context["t"].language)
