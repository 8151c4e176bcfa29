"""bioRxiv and medRxiv over HTTP: their API (https://api.biorxiv.org/), and their RSS feeds while that does not answer.

The API comes first because it lists all of a subject's papers of some days, each with its whole abstract. A feed has
the latest 30 alone, and a busy subject has more in a day. What they say is the business of `preprint_records.py` and
`feed_papers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Feed
from newsletter.papers import arxiv_day, categories, merge_announcements
from newsletter.sources.feed_papers import parse_entries
from newsletter.sources.left_out import name_left_out, require_some
from newsletter.sources.polite import PoliteGetter
from newsletter.sources.preprint_records import preprint_origin, read_page

API_URL = "https://api.biorxiv.org"
WINDOW = timedelta(days=8)  # a week and a day are caught up with; papers are posted late, too
MAX_PAGES = 100  # of 30 to 100 records each
_JSON, _RSS = "application/json", "application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"


class PreprintSource:
    """A source of `biorxiv:` and `medrxiv:` categories: what was posted in the last days, whether it is new or not."""

    def __init__(self, getter: PoliteGetter, now: Callable[[], datetime]) -> None:
        self._getter = getter
        self._now = now

    def fetch(self, category: str) -> Feed:
        """Fetches what a subject's papers of the last days are, each at its latest version.

        Raises SourceError if neither the API nor the feed can be read.
        """
        on = arxiv_day(self._now())
        try:
            return self._by_api(category, on)
        except SourceError as error:
            try:
                feed = self._by_feed(category, on)
            except SourceError:
                raise error from None
            why = f"The API did not bring {category} ({error}), so its feed was read: it has the latest papers alone."
            return replace(feed, warnings=(why, *feed.warnings))

    def _by_api(self, category: str, on: date) -> Feed:
        source, subject = categories.source_of(category), categories.within_source(category)
        # A day more: in Asia it is tomorrow, and servers date by their own clock
        days = f"{API_URL}/details/{source}/{on - WINDOW}/{on + timedelta(days=1)}"
        found: list[Announcement] = []
        problems: list[str] = []
        read = 0
        for _ in range(MAX_PAGES):
            body = self._getter.get(f"{days}/{read}/json?category={subject}", category, accept=_JSON)
            page = read_page(body, category)
            found += page.announcements
            problems += page.problems
            read += page.records
            if read >= page.total:
                what = f"records of {category}"
                require_some(found, problems, what, category, server=categories.TITLES[source])
                return Feed(category, on, merge_announcements(found), name_left_out(problems, what))
            if not page.records:
                raise SourceError(category, f"Of {page.total} records of {category} {read} came; run again later.")
        raise SourceError(category, f"{category} has more than {MAX_PAGES} pages of records; update this program.")

    def _by_feed(self, category: str, on: date) -> Feed:
        source, subject = categories.source_of(category), categories.within_source(category)
        url = f"https://connect.{source}.org/{source}_xml.php?subject={subject}"
        return as_preprints(parse_entries(self._getter.get(url, category, accept=_RSS, attempts=1), category, on))


def as_preprints(feed: Feed) -> Feed:
    """Gives what a server's own feed shows as preprints: with all their pages, later versions as replacements."""
    server = categories.TITLES[categories.source_of(feed.category)]
    shown = []
    for each in feed.announcements:
        paper = each.paper
        if paper.origin and paper.origin.doi:
            paper = replace(paper, origin=preprint_origin(server, paper.origin.doi, paper.version))
        kind = AnnounceType.NEW if paper.version == 1 else AnnounceType.REPLACE
        shown.append(replace(each, paper=paper, announce_type=kind))
    return replace(feed, announcements=tuple(shown))
