"""Readers who live through weeks of a played arXiv: the clock's own loop, real rounds, a real memory, and no waiting.

Time is a number that goes on when somebody waits. Each round has new sources, as the clock's have, so that nothing is
known from one round to the next but what the memory keeps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.headerregistry import Address
from hashlib import sha256

import httpx2

from newsletter.errors import TurnsHeld
from newsletter.files import resources
from newsletter.flow import run_morning
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.model import AnnounceType, Frequency, Paper, Profile, RunReport, ScoreReport, Subscriber, Topic, Votes
from newsletter.papers import arxiv_day
from newsletter.run import BackfillReport, LookBack, RunContext, Timing, run_clock
from newsletter.run.schedule import mail_date
from newsletter.scoring.protocols import History
from newsletter.sources import Harvester, api_records, oai_records
from newsletter.sources.api import ApiHarvester
from newsletter.sources.arxiv import ArxivSource
from newsletter.sources.oai import OaiHarvester
from newsletter.sources.record_server import RecordServer
from newsletter.sources.second_way import FirstThatAnswers
from newsletter.sources.turns import Turns
from newsletter.stores import Store
from newsletter.stores.paces import MOST_WAITED_S
from tests import make
from tests.fakes import FlakySender, Silent
from tests.months.arxiv import PlayedArxiv

RELEVANT_OF = 40  # one paper of so many passes
RENDERER = Renderer(Brand("Morning Papers", "back@example.org"), resources.folders("templates/email"))
IDENTITY = MailIdentity(Address("Morning Papers", addr_spec="digest@example.org"), "back@example.org")


def reader(name: str, zone: str, send_at: str, *categories: str, **changes: object) -> Subscriber:
    """One of the played readers; the profile is theirs alone, so that nobody gets an equal reader's digest."""
    return make.subscriber(
        subscriber_id=f"s_{name}",
        email=f"{name}@example.org",
        name=name,
        zone=zone,
        send_at=time.fromisoformat(send_at),
        categories=categories,
        profile=Profile((Topic(name, f"what {name} likes"),)),
        announce_types=(AnnounceType.NEW, AnnounceType.CROSS),
        min_relevance=7,
        **changes,
    )


READERS = (
    reader("berlin", "Europe/Berlin", "07:10", "cs.LG", "cs.AI"),
    reader("tokyo", "Asia/Tokyo", "08:00", "cs.CL"),
    reader("auckland", "Pacific/Auckland", "18:30", "cs.CV", "cs.LG"),
    reader("honolulu", "Pacific/Honolulu", "21:15", "astro-ph.GA", "astro-ph.CO"),
    reader("newyork", "America/New_York", "06:00", "cs.AI", frequency=Frequency.WEEKDAYS),
    reader("london", "Europe/London", "09:00", "astro-ph.CO", "cs.CL", frequency=Frequency.WEEKLY, weekday=4),
    reader("kolkata", "Asia/Kolkata", "00:05", "cs.LG", empty_mail=True),
)


def is_relevant(who: str, arxiv_id: str) -> bool:
    """Whether this reader wants that paper: by lot, and always the same."""
    return sha256(f"{who}/{arxiv_id}".encode()).digest()[0] % RELEVANT_OF == 0


@dataclass
class ByLot:
    """A scorer that remembers when it was asked about which paper for whom."""

    now: Callable[[], datetime]
    asked: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)
    history_days: int = 3

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        who = profile.topics[0].name
        for paper in papers:
            self.asked.setdefault((who, paper.arxiv_id), []).append(self.now())
        scores = [make.score(each.arxiv_id, 9 if is_relevant(who, each.arxiv_id) else 2) for each in papers]
        return ScoreReport(tuple(scores), (), "by lot")


@dataclass(frozen=True)
class Absence:
    """The clock's machine is down."""

    begins: datetime
    ends: datetime


@dataclass
class World:
    """One memory, its readers, and the days of one arXiv; `live` goes through them."""

    store: Store
    readers: Sequence[Subscriber]
    at: datetime
    until: datetime
    absences: Sequence[Absence] = ()
    joins: Mapping[str, datetime] = field(default_factory=dict)  # when who was not there from the beginning comes
    timing: Timing = Timing(0, timedelta(hours=12))  # noqa: RUF009 - frozen
    cron: timedelta | None = None  # between two `newsletter run --due`; None: the clock
    arxiv: PlayedArxiv = field(init=False)
    url: str = ""
    reports: list[RunReport] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: dict[date, list[str]] = field(default_factory=dict)
    ticks: int = 0

    def __post_init__(self) -> None:
        self.sender = FlakySender(self.now)
        self.scorer = ByLot(self.now)
        self._next_request_at = self._held_until = self.at
        self._client = httpx2.Client(timeout=20.0)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.at.timestamp()

    def reserve(self, pause_s: float) -> float:
        """The one pace that whoever asks arXiv keeps, as the memory keeps it for all processes."""
        begins = max(self.at, self._next_request_at, self._held_until)
        if (held_s := (self._held_until - self.at).total_seconds()) > MOST_WAITED_S:
            raise TurnsHeld("arXiv", held_s)
        self._next_request_at = begins + timedelta(seconds=pause_s)
        return (begins - self.at).total_seconds()

    def hold(self, seconds: float) -> None:
        """Keeps whoever asks arXiv from it for so long."""
        self._held_until = max(self._held_until, self.at + timedelta(seconds=seconds))

    def wait(self, seconds: float) -> bool:
        self.sleep(seconds)
        for absence in self.absences:
            if absence.begins <= self.at < absence.ends:
                self.at = absence.ends
        return self.at >= self.until

    def turns(self) -> Turns:
        return Turns(reserve=self.reserve, hold=self.hold, sleep=self.sleep, monotonic=self.monotonic)

    def context(self) -> RunContext:
        return RunContext(
            source=ArxivSource(
                self._client,
                base_url=f"{self.url}/atom",
                turns=self.turns(),
                monotonic=self.monotonic,
            ),
            scorer=self.scorer,
            sender=self.sender,
            store=self.store,
            renderer=RENDERER,
            identity=IDENTITY,
            now=self.now,
            timing=self.timing,
        )

    def harvester(self) -> Harvester:
        return FirstThatAnswers(
            [
                lambda: OaiHarvester(self._server("oai", oai_records.URL_SETTING)),
                lambda: ApiHarvester(self._server("api/query", api_records.URL_SETTING)),
            ]
        )

    def _server(self, path: str, setting: str) -> RecordServer:
        url = f"{self.url}/{path}"
        return RecordServer(self._client, url, setting, patience_s=300.0, turns=self.turns(), monotonic=self.monotonic)

    def _note(self, reports: Sequence[BackfillReport]) -> None:
        """Remembers what records brought, by the arXiv day on which it came."""
        notes = self.notes.setdefault(arxiv_day(self.at), [])
        for each in reports:
            filled = [f"{day.announced_on:%d %b}" for day in each.days if day.new or day.cross]
            notes += [f"{each.category} back-filled: {each.papers} entries of {', '.join(filled)}"] if filled else []
            notes += [f"{each.category}: {each.late} papers came late"] if each.late else []

    def tick(self) -> Sequence[Subscriber]:
        """One round, as the clock has it (newsletter/worker/rounds.py)."""
        self.ticks += 1
        readers = [each for each in self.readers if self.joins.get(each.name, self.at) <= self.at]
        categories = {category for each in readers for category in each.categories}
        look_back = LookBack(self.store, self.harvester, categories, Silent(), self.now)
        filled = look_back.fill_missed_days()
        report = run_morning(self.context(), readers, Silent(), due_only=True)
        late = look_back.look_again(most=2)
        self._note([*filled, *late])
        if not self.reports or report.subscribers != self.reports[-1].subscribers:
            self.reports.append(report)
        return readers

    def live(self) -> None:
        """Goes round until the end."""
        if self.cron:
            self._live_by_cron(self.cron)
        else:
            run_clock(
                tick=self.tick,
                report_failure=lambda error: self.failures.append(f"{self.at}: {type(error).__name__}: {error}"),
                now=self.now,
                wait=self.wait,
                timing=self.timing,
            )
        self._client.close()

    def _live_by_cron(self, every: timedelta) -> None:
        begins = self.at
        while True:
            self.tick()
            passed = (self.at - begins) // every + 1
            if self.wait((begins + passed * every - self.at).total_seconds()):
                return

    def mail_date(self, who: str, at: datetime) -> date:
        """The date of the reader's mail that was in hand then."""
        return mail_date(next(each for each in self.readers if each.subscriber_id == f"s_{who}"), at, self.timing)

    def arxiv_today(self) -> date:
        return arxiv_day(self.at)
