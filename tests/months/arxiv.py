"""A server that stands for arXiv: feeds, records and the API of one calendar, by a clock that is not the machine's.

The forms are the published ones, and those of captured answers: a feed as https://rss.arxiv.org/atom writes it, OAI-PMH
with the prefix arXivRaw, and the API's Atom. What goes wrong, and when, is said by `Trouble`. Every request is kept, so
that a test can see whether arXiv was asked politely.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from newsletter.papers import arxiv_day
from newsletter.sources.feed import FULL_FEED_ENTRIES
from tests.http_server import Handler
from tests.months.calendar import DAY, EASTERN, Calendar, Entry, Played
from tests.oai_server import NO_RECORDS, Kept, page

FEEDS, RECORDS, API = EVERYWHERE = ("feeds", "records", "API")
PAUSE_S = 3.0  # arXiv's terms: no more than one request every three seconds, over all machines of one operator
RECORDS_OUT = timedelta(hours=2)  # records are renewed some hours before the feed turns at midnight
OAI_PAGE = 1_000
ASKED_TO_WAIT_S = 1_800


class Kind(StrEnum):
    """What can go wrong with an answer."""

    STALE = "yesterday's batch with today's date"
    HALF_STALE = "half of today's batch and half of yesterday's"
    LATE = "an empty feed on a day with papers"
    BUSY = "429 without Retry-After"
    BUSY_FOR = "429 with Retry-After"
    BROKEN = "503"
    HTML = "HTML in place of XML"
    CUT = "an answer that ends early"
    DOWN = "no answer at all"
    FULL = "2,000 entries, and the lowest ids are missing"
    LAGGING = "records that lack the last two days"


@dataclass(frozen=True)
class Trouble:
    """What goes wrong from one hour to another after that day's midnight in New York. No categories: all of them."""

    kind: Kind
    on: date
    from_h: float = 0
    to_h: float = 24
    sites: tuple[str, ...] = (FEEDS,)
    categories: tuple[str, ...] = ()

    def holds(self, at: datetime, site: str, category: str) -> bool:
        if site not in self.sites or (self.categories and category not in self.categories):
            return False
        begins = _midnight(self.on)
        return begins + timedelta(hours=self.from_h) <= at < begins + timedelta(hours=self.to_h)


@dataclass(frozen=True)
class Asked:
    """A request, and what became of it."""

    at: datetime
    site: str
    category: str
    answer: str


@dataclass
class PlayedArxiv:
    """What arXiv answers at the moment that `now` gives."""

    calendar: Calendar
    now: Callable[[], datetime]
    troubles: Sequence[Trouble] = ()
    asked: list[Asked] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)  # requests that came too early
    _bodies: dict[tuple[object, ...], bytes] = field(default_factory=dict)
    _closed_until: datetime | None = None

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]] | None:
        """Status, body and headers; None: hang up without a word."""
        site, category, query = _read(path)
        at = self.now()
        kind = next((each.kind for each in self.troubles if each.holds(at, site, category)), None)
        self._watch(at, site, category)
        self.asked.append(Asked(at, site, category, kind or "well"))
        match kind:
            case Kind.DOWN:
                return None
            case Kind.BUSY:
                return 429, b"Rate exceeded.", {}
            case Kind.BUSY_FOR:
                self._closed_until = at + timedelta(seconds=ASKED_TO_WAIT_S)
                return 429, b"Rate exceeded.", {"Retry-After": f"{ASKED_TO_WAIT_S}"}
            case Kind.BROKEN:
                return 503, b"Service Unavailable", {}
            case Kind.HTML:
                return 200, b"<!DOCTYPE html><html><title>Login</title><p>Welcome to this network.</html>", {}
        body = self._body(site, category, query, at, kind)
        if kind is Kind.CUT:
            body = body[: len(body) * 2 // 3]
        return 200, body, {"ETag": f'"{sha256(body).hexdigest()[:16]}"'}

    def _watch(self, at: datetime, site: str, category: str) -> None:
        if self.asked and (at - self.asked[-1].at).total_seconds() < PAUSE_S - 0.001:
            self.impolite.append(
                f"{at:%Y-%m-%d %H:%M:%S} {site} of {category}: less than 3 seconds after the one before"
            )
        if self._closed_until and at < self._closed_until:
            self.impolite.append(f"{at:%Y-%m-%d %H:%M:%S} {site} of {category}: before Retry-After was over")

    def _body(self, site: str, category: str, query: dict[str, str], at: datetime, kind: Kind | None) -> bytes:
        on = arxiv_day(at)
        if site == FEEDS:
            feed_kind = kind if kind in (Kind.STALE, Kind.HALF_STALE, Kind.LATE, Kind.FULL) else None
            return self._kept((site, category, on, feed_kind), lambda: self._feed(category, on, feed_kind))
        until = arxiv_day(at + RECORDS_OUT) - (2 * DAY if kind is Kind.LAGGING else timedelta(0))
        if site == RECORDS:
            return self._records(query, until).encode()
        return self._api(category, query, until).encode()

    def _kept(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        if key not in self._bodies:
            self._bodies[key] = make()
        return self._bodies[key]

    def _feed(self, category: str, on: date, kind: Kind | None) -> bytes:
        shown = self.calendar.feed(on, category)
        before = self.calendar.day_before(on)
        yesterday = self.calendar.feed(before, category) if before else []
        match kind:
            case Kind.STALE:
                shown = yesterday
            case Kind.HALF_STALE:
                shown = [*shown[: len(shown) // 2], *yesterday[len(yesterday) // 2 :]]
            case Kind.LATE:
                shown = []
            case Kind.FULL:
                shown = [*shown[max(1, len(shown) // 5) :], *_padding(shown)][:FULL_FEED_ENTRIES]
        return feed_of(category, on, shown).encode()

    def _records(self, query: dict[str, str], until: date) -> str:
        of, since, skip = query.get("set", ""), query.get("from", ""), 0
        if token := query.get("resumptionToken", ""):
            of, since, start = token.split("|")
            skip = int(start)
        category = _category_of(of)
        changed = [each for each in self.calendar.records(category, until=until) if f"{each.changed_on}" >= since]
        if not changed:
            return NO_RECORDS
        end = skip + OAI_PAGE
        records = [_kept_record(each) for each in changed[skip:end]]
        return page(records, f"{of}|{since}|{end}" if end < len(changed) else "")

    def _api(self, category: str, query: dict[str, str], until: date) -> str:
        records = self.calendar.records(category, until=until)
        latest = sorted(records, key=lambda each: (each.received_at[-1], each.arxiv_id), reverse=True)
        start, size = int(query.get("start", "0")), min(int(query.get("max_results", "10")), 2_000)
        return api_page(latest[start : start + size], start, len(latest))

    def count_by_site(self) -> Counter[str]:
        return Counter(each.site for each in self.asked)

    @cached_property
    def handler(self) -> type[Handler]:
        """The server behind an address."""
        played = self

        class PlayedHandler(Handler):
            def do_GET(self) -> None:
                if (answer := played.answer(self.path)) is None:
                    self.close_connection = True
                    return
                status, body, headers = answer
                named = {name.replace("-", "_"): value for name, value in headers.items()}
                self.answer(status, body, content_type="application/xml", **named)

        return PlayedHandler


def shortest_gap_s(asked: Iterable[Asked]) -> float:
    """The shortest time between two requests, in seconds."""
    moments = [each.at for each in asked]
    return min(((later - earlier).total_seconds() for earlier, later in pairwise(moments)), default=0.0)


def feed_of(category: str, on: date, shown: Sequence[Entry]) -> str:
    """A feed in arXiv's form: its dates are the day's midnight, whatever it shows."""
    midnight = _midnight(on)
    written = f"{midnight:%Y-%m-%dT%H:%M:%S}.866337+00:00"
    published = f"{on}T00:00:00{midnight.astimezone(EASTERN):%z}"
    published = f"{published[:-2]}:{published[-2:]}"
    head = (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">'
        f"<id>http://rss.arxiv.org/atom/{category}</id><title>{category} updates on arXiv.org</title>"
        f"<updated>{written}</updated>"
        f'<link href="http://rss.arxiv.org/atom/{category}" rel="self" type="application/atom+xml"/>'
        f"<subtitle>{category} updates on the arXiv.org e-print archive.</subtitle>"
    )
    return head + "".join(_entry(entry, entry.kind_in(category), written, published) for entry in shown) + "</feed>"


def _entry(entry: Entry, kind: str, written: str, published: str) -> str:
    paper = entry.paper
    terms = "".join(f'<category term="{escape(each)}"/>' for each in paper.categories)
    return (
        f"<entry><id>oai:arXiv.org:{paper.arxiv_id}v{paper.version}</id><title>{escape(paper.text.title)}</title>"
        f"<updated>{written}</updated>"
        f'<link href="https://arxiv.org/abs/{paper.arxiv_id}" rel="alternate" type="text/html"/>'
        f"<summary>arXiv:{paper.arxiv_id}v{paper.version} Announce Type: {kind or 'replace-cross'} \n"
        f"Abstract: {escape(paper.text.abstract)}</summary>{terms}<published>{published}</published>"
        f"<arxiv:announce_type>{kind or 'replace-cross'}</arxiv:announce_type>"
        "<dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights>"
        f"<dc:creator>{escape(paper.text.authors)}</dc:creator></entry>"
    )


def _padding(shown: Sequence[Entry]) -> list[Entry]:
    """Replacements of papers that nobody has seen, as many as fill a feed."""
    first = shown[0].paper
    moments = tuple(at - timedelta(days=900) for at in first.received_at[:1] * 2)
    return [
        Entry(
            Played(f"2405.{number:05}", first.text, first.categories, moments, first.announced_on, first.announced_on),
            "replace",
        )
        for number in range(1, FULL_FEED_ENTRIES + 1)
    ]


def _kept_record(paper: Played) -> Kept:
    text = paper.text
    categories = " ".join(paper.categories)
    return Kept(
        paper.arxiv_id, paper.received_at, categories, text.title, text.authors, text.abstract, paper.changed_on
    )


def api_page(papers: Sequence[Played], start: int, total: int) -> str:
    """A page of the API's answer, in the form of https://info.arxiv.org/help/api/user-manual.html."""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"'
        ' xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/x</id><title>arXiv Query</title>'
        "<updated>2026-04-12T22:45:06Z</updated>"
        f"<opensearch:itemsPerPage>{len(papers)}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{''.join(map(_api_entry, papers))}</feed>"
    )


def _api_entry(paper: Played) -> str:
    terms = "".join(
        f'<category term="{escape(each)}" scheme="http://arxiv.org/schemas/atom"/>' for each in paper.categories
    )
    names = "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.text.authors.split(", "))
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.arxiv_id}v{paper.version}</id><title>{escape(paper.text.title)}</title>"
        f"<updated>{paper.received_at[-1]:%Y-%m-%dT%H:%M:%SZ}</updated>"
        f'<link href="https://arxiv.org/abs/{paper.arxiv_id}v{paper.version}" rel="alternate" type="text/html"/>'
        f"<summary>{escape(paper.text.abstract)}</summary>{terms}"
        f"<published>{paper.received_at[0]:%Y-%m-%dT%H:%M:%SZ}</published>"
        f'<arxiv:primary_category term="{escape(paper.categories[0])}"/>{names}</entry>'
    )


def _read(path: str) -> tuple[str, str, dict[str, str]]:
    """Which site is asked for which category, and how."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path.startswith("/atom/"):
        return FEEDS, parts.path.removeprefix("/atom/"), query
    if parts.path.startswith("/oai"):
        of = query.get("set") or query.get("resumptionToken", "").split("|")[0]
        return RECORDS, _category_of(of), query
    return API, query.get("search_query", "").removeprefix("cat:"), query


def _category_of(set_name: str) -> str:
    """cs:cs:LG is cs.LG, physics:hep-th is hep-th."""
    return ".".join(set_name.split(":")[1:])


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=EASTERN).astimezone(UTC)
