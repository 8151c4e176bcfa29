"""Commands killed within 30 ms of a hand-over: `newsletter run` and `newsletter serve`, as an operator has them.

A mail server on loopback counts mails and kills the process whose connection it is, a random moment after one of the
steps of a chosen mail: MAIL, RCPT, DATA, or the mail itself, which it has then. So the kill falls before, into or after
the writes around the hand-over. Around that one kill happens what happens in life: a second process at work, another
sender for one run, a change of the clock in the night, two days asleep. At the end each reader must have each paper
once, or the ledger must say that it does not know. `python -m tests.e2e.killed_handover KIND COUNT` prints the toll.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.addresses import subscriber_id
from newsletter.delivery.ledger import OPEN_STATES
from newsletter.model import EventKind, MailEvent
from newsletter.stores.tinydb import TinyStore
from tests.e2e import killed_run, starts
from tests.http_server import Handler, serving

READERS, PAPERS = 6, 4
KEY = "the-key-of-these-tests-0123456789abcdef"
STAGES = ("MAIL", "RCPT", "DATA", "END")
AIM_S = 0.03
PATIENCE_S = 60
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
#: Due at half past two in Berlin, on the two nights that have this time twice, or not at all; and on a plain one.
NIGHTS = {
    "back": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "forward": datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    "plain": datetime(2026, 11, 18, 1, 30, tzinfo=UTC),
}


# --- the mail server ----------------------------------------------------------------------------------


@dataclass
class Aim:
    """Kill whoever hands over the n-th mail (from 1), `after_s` after that stage; or do `instead`."""

    nth: int
    stage: str
    after_s: float
    instead: Callable[[int], None] | None = None
    has_hit: bool = False


@dataclass
class PostOffice:
    """What was taken, as (address, arXiv id), and the present aim."""

    aim: Aim | None = None
    pids: tuple[int, ...] = ()
    taken: list[tuple[str, str]] = field(default_factory=list)
    mails: int = 0
    seen: int = 0  # mails begun since the aim was set
    port: int = 0

    def take_aim(self, aim: Aim, *pids: int) -> None:
        self.aim, self.pids, self.seen = aim, pids, 0

    def reached(self, stage: str, session: Session) -> None:
        self.seen += stage == "MAIL"
        aim = self.aim
        if aim is None or aim.has_hit or self.seen < aim.nth or stage != aim.stage:
            return
        pid = _owner(session.peer[1], self.pids)
        if pid:
            aim.has_hit = True
            act = aim.instead or _kill
            asyncio.get_running_loop().call_later(aim.after_s, act, pid)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.reached("MAIL", session)
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.reached("RCPT", session)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails += 1
        self.taken += [(envelope.rcpt_tos[0], paper) for paper in papers_of(envelope.content)]
        self.reached("END", session)
        return "250 2.0.0 Ok"


class _Telling(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        self.event_handler.reached("DATA", self.session)
        await super().smtp_DATA(arg)


@contextmanager
def post_office() -> Iterator[PostOffice]:
    office, loop = PostOffice(), asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: _Telling(office, loop=loop), "127.0.0.1", 0)

    async def close() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}  # connections whose process was killed among them
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def papers_of(mail: bytes) -> set[str]:
    text = message_from_bytes(mail, EmailMessage, policy=SMTP_POLICY).get_body(("plain",))
    assert text is not None
    return set(re.findall(r"arxiv\.org/abs/([\d.]+\d)", text.get_content()))


def _owner(port: int, pids: tuple[int, ...]) -> int:
    """Which of these processes has the connection from that port; 0 if none has it any more."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port}
    for pid in pids:
        try:
            if any(str(link.readlink()) in inodes for link in Path(f"/proc/{pid}/fd").iterdir()):
                return pid
        except FileNotFoundError:  # it has ended, or closed a file meanwhile
            continue
    return 0


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it came to its end in these milliseconds


# --- arXiv --------------------------------------------------------------------------------------------

_ENTRY = """<entry><id>oai:arXiv.org:{id}v1</id><title>Pruning and training, part {n}</title>
<link href="https://arxiv.org/abs/{id}" rel="alternate" type="text/html"/>
<summary>arXiv:{id}v1 Announce Type: new
Abstract: How to choose hyperparameters when a network is pruned, case {n}.</summary>
<category term="cs.LG"/><published>{day}T00:00:00-04:00</published>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ada Muster, Jan Probe</dc:creator></entry>"""


def feed_of(day: datetime) -> bytes:
    """The announcement of that New York day: always the same papers for a day, others for another."""
    on = day.astimezone(ZoneInfo("America/New_York")).date()
    entries = [_ENTRY.format(id=f"{on:%y%m}.{on.day:02}{n:03}", n=n, day=on.isoformat()) for n in range(1, PAPERS + 1)]
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom">'
        f"<id>http://rss.arxiv.org/atom/cs.LG</id><title>cs.LG updates on arXiv.org</title>"
        f"<updated>{on}T04:00:00+00:00</updated>{''.join(entries)}</feed>"
    ).encode()


@contextmanager
def feed_server(now: Callable[[], datetime]) -> Iterator[str]:
    class FeedHandler(Handler):
        def do_GET(self) -> None:
            self.answer(200, feed_of(now()))

    with serving(FeedHandler) as address:
        yield f"{address}/atom"


# --- the commands -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    folder: Path
    office: PostOffice

    def environment(self, **changes: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        settings = {
            "send_by": "smtp",
            "sender": "papers@example.org",
            "secret_keys": KEY,
            "bounce_to": "bounces@example.org",
            "smtp_host": "127.0.0.1",
            "smtp_port": str(self.office.port),
            "smtp_tls": "none",
            "contact": "operator@example.org",
            "jitter_minutes": "0",
            "log": "json",
            **changes,
        }
        ours = {f"NEWSLETTER_{name.upper()}": value for name, value in settings.items()}
        return {**clean, **ours, "NO_PROXY": "127.0.0.1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}

    @property
    def store(self) -> TinyStore:
        return TinyStore(self.folder / "state")


def prepare(folder: Path, office: PostOffice, *, zone: str, send_at: str) -> Place:
    killed_run.prepare(folder, READERS, max_papers=50, time_zone=zone, send_at=send_at)
    (folder / "cs.LG.atom").write_bytes(feed_of(NIGHTS["plain"]))
    return Place(folder, office)


def begin_run(place: Place, **changes: str) -> starts.Command:
    return starts.start("run", "--feed", "cs.LG.atom", folder=place.folder, env=place.environment(**changes))


def run(place: Place, **changes: str) -> None:
    _ended(begin_run(place, **changes))


def _ended(process: starts.Command) -> None:
    """Whatever its exit code: a mail in doubt makes it 6. A traceback is never right."""
    output, errors = process.communicate(timeout=PATIENCE_S)
    if "Traceback" in errors or process.returncode == 1:
        raise AssertionError(output + errors)


def begin_serve(place: Place, feed_url: str, time: FakeTime | None = None) -> starts.Running:
    """`newsletter serve` with the clock; by the clock that `time` says, if it is given."""
    env = {**place.environment(feed_url=feed_url), **(time.environment() if time else {})}
    return starts.Running([*starts.COMMAND, "serve", "--port", "0"], place.folder, env)


class FakeTime:
    """The clock of processes, set by libfaketime from a file that may be written at any time; it does not stand still.

    Intervals are measured by another clock, which nobody sets. There is one such clock, which goes on from trial to
    trial: the process that forks commands is told its file once.
    """

    _folder = tempfile.TemporaryDirectory(prefix="newsletter-time-")

    def __init__(self, start: datetime) -> None:
        self._file = Path(self._folder.name) / "time"
        self.set(start)

    def set(self, moment: datetime) -> None:
        self._offset = moment - datetime.now(UTC)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self._offset.total_seconds():+.3f}\n")
        fresh.rename(self._file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else threads that wait for their turn ask without end
            "NO_FAKE_STAT": "1",
        }


# --- what happens -------------------------------------------------------------------------------------


def run_killed(place: Place, aim: Aim) -> None:
    """A run is killed, the next one brings the rest."""
    process = begin_run(place)
    place.office.take_aim(aim, process.pid)
    process.communicate(timeout=PATIENCE_S)
    run(place)


def one_of_two_killed(place: Place, aim: Aim) -> None:
    """Of two runs at work the one that hands over is killed; the other ends well."""
    both = [begin_run(place), begin_run(place)]
    place.office.take_aim(aim, *(process.pid for process in both))
    for process in both:
        process.communicate(timeout=PATIENCE_S)
    run(place)


def another_sender_between(place: Place, aim: Aim) -> None:
    """The operator runs once without the mail server's settings: what it may have is not the outbox's to say."""
    process = begin_run(place)
    place.office.take_aim(aim, process.pid)
    process.communicate(timeout=PATIENCE_S)
    run(place, send_by="outbox")
    run(place)


def serve_killed(place: Place, aim: Aim) -> None:
    """The process that serves all day is killed, and started again by its platform."""
    with feed_server(lambda: datetime.now(UTC)) as url:
        first = begin_serve(place, url)
        place.office.take_aim(aim, first.process.pid)
        _finish(first)
        second = begin_serve(place, url)
        _finish(second)


def _finish(serving: starts.Running) -> None:
    if serving.find('"run_finished"') is None:
        return
    if serving.end(signal.SIGTERM) not in (0, -signal.SIGKILL) or "Traceback" in "".join(serving.lines):
        raise AssertionError("".join(serving.lines))


def by_night(night: str) -> Happening:
    """Killed at two by the wall, back an hour later by the sun, when it may be two again, and on the next day."""

    def happens(place: Place, aim: Aim) -> None:
        time = FakeTime(NIGHTS[night] + timedelta(seconds=1))
        with feed_server(time.now) as url:
            first = begin_serve(place, url, time)
            place.office.take_aim(aim, first.process.pid)
            _finish(first)
            for later in (timedelta(minutes=20), timedelta(hours=1), timedelta(hours=24)):
                time.set(NIGHTS[night] + later + timedelta(seconds=1))
                _finish(begin_serve(place, url, time))

    return happens


def asleep(place: Place, aim: Aim) -> None:
    """The machine sleeps for two days in the middle of a hand-over, and then goes on as if nothing had been.

    Who is mailed after it in the same run gets the new day's papers with the next mail, a day later.
    """
    time = FakeTime(NIGHTS["plain"] + timedelta(seconds=1))

    def sleep(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        time.set(time.now() + timedelta(days=2))
        os.kill(pid, signal.SIGCONT)

    with feed_server(time.now) as url:
        first = begin_serve(place, url, time)
        aim.instead = sleep
        place.office.take_aim(aim, first.process.pid)
        _finish(first)
        _finish(begin_serve(place, url, time))
        time.set(time.now() + timedelta(days=1))
        _finish(begin_serve(place, url, time))


Happening = Callable[[Place, Aim], None]
KINDS: Mapping[str, Happening] = {
    "run": run_killed,
    "two": one_of_two_killed,
    "sender": another_sender_between,
    "serve": serve_killed,
    "back": by_night("back"),
    "forward": by_night("forward"),
    "asleep": asleep,
}
BY_FAKE_CLOCK = ("back", "forward", "asleep")  # the others go by the clock of this machine


# --- the toll -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Toll:
    """What some kills came to, counted in papers of a reader, but for kills and doubts."""

    trials: int = 0
    hits: int = 0  # kills that came; others came too late
    doubts: int = 0  # mails that the ledger does not know about at the end
    doubts_taken: int = 0  # of these the provider has the mail
    doubled: int = 0
    lost: int = 0  # neither mailed nor in a doubt that is shown
    left: int = 0  # doubts of mails that the provider has, once it has told of them

    def __add__(self, other: Toll) -> Toll:
        return Toll(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @property
    def is_harmless(self) -> bool:
        return not (self.doubled or self.lost or self.left) and self.doubts <= self.hits


def trial(folder: Path, happens: Happening, chance: random.Random, *, by_fake_clock: bool = False) -> Toll:
    aim = Aim(chance.randint(1, READERS), chance.choice(STAGES), chance.uniform(0, AIM_S))
    zone, send_at = ("Europe/Berlin", "02:30") if by_fake_clock else (zone_at_six(), "05:00")
    with post_office() as office:
        place = prepare(folder, office, zone=zone, send_at=send_at)
        happens(place, aim)
        return _count(place, aim)


def _count(place: Place, aim: Aim) -> Toll:
    store = place.store
    rows = store.get_deliveries(states=OPEN_STATES)
    addresses = {subscriber_id(address): address for address in (f"r{n}@example.org" for n in range(READERS))}
    in_doubt = {(addresses[row.subscriber_id], paper) for row in rows for paper in row.paper_ids}
    outbox = [
        (message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP_POLICY)["To"].addresses[0].addr_spec, paper)
        for path in (place.folder / "outbox").glob("2*.eml")
        for paper in papers_of(path.read_bytes())
    ]
    mailed = Counter([*place.office.taken, *outbox])
    announced = {
        shown.paper.arxiv_id
        for day in store.get_days(before=datetime.now(UTC).date() + timedelta(days=900), limit=50)
        for shown in day.announcements
    }
    wanted = {(address, paper) for address in addresses.values() for paper in announced}
    assert wanted, "nothing was announced"
    doubts_taken = [
        row for row in rows if all((addresses[row.subscriber_id], paper) in mailed for paper in row.paper_ids)
    ]
    for row in doubts_taken:
        store.take_event(MailEvent(EventKind.DELIVERED, row.subscriber_id, row.digest_on, row.at), now=row.at)
    left = set(store.get_deliveries(states=OPEN_STATES)) & set(doubts_taken)
    return Toll(
        trials=1,
        hits=int(aim.has_hit),
        doubts=len(rows),
        doubts_taken=len(doubts_taken),
        doubled=sum(count - 1 for count in mailed.values()),
        lost=len(wanted - mailed.keys() - in_doubt),
        left=len(left),
    )


def zone_at_six() -> str:
    """Where it is six o'clock in the morning now, so that a mail of five o'clock is due for hours."""
    offset = (6 - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-offset:+d}"  # POSIX: the sign is the other way round


def campaign(folder: Path, kind: str, count: int, seed: int = 0) -> Iterator[Toll]:
    """One toll for each trial. The shots are the same for the same seed; where they hit hangs on the machine."""
    for n in range(count):
        chance = random.Random(f"{kind} {seed} {n}")
        yield trial(folder / f"{kind}-{n}", KINDS[kind], chance, by_fake_clock=kind in BY_FAKE_CLOCK)


def main(kind: str, count: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        total = Toll()
        for one in campaign(Path(scratch), kind, count, seed):
            total += one
            if not one.is_harmless:
                sys.stdout.write(f"{kind} {total.trials - 1}: {one}\n")
        sys.stdout.write(f"{kind}: {total}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
