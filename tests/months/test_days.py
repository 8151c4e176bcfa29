"""Some days of a played arXiv with every kind of trouble: each paper is considered once for each reader."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.model import Subscriber
from newsletter.papers import arxiv_day
from newsletter.stores import Store
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.tinydb import TinyStore
from tests.fakes import MemoryStore
from tests.http_server import serving
from tests.months import world as played
from tests.months.arxiv import API, EVERYWHERE, RECORDS, Kind, PlayedArxiv, Trouble
from tests.months.audit import Audit, audit
from tests.months.calendar import DAY, made_up, play
from tests.months.world import READERS, Absence, World

FIRST = date(2026, 10, 5)  # a Monday
AN_HOUR = timedelta(hours=1)


def day(number: int) -> date:
    return FIRST + number * DAY


HOLIDAY = day(15)
TROUBLES = (
    Trouble(Kind.STALE, day(1), categories=("cs.LG",)),
    Trouble(Kind.BUSY, day(1), to_h=2, categories=("cs.AI",)),
    Trouble(Kind.HALF_STALE, day(2), categories=("cs.CV",)),
    Trouble(Kind.BROKEN, day(2), to_h=5, categories=("cs.AI", "cs.LG")),
    Trouble(Kind.BUSY_FOR, day(3), to_h=3, categories=("cs.CL",)),
    Trouble(Kind.LATE, day(4), to_h=1),
    Trouble(Kind.HTML, day(4), from_h=1, to_h=9, categories=("cs.CL",)),
    Trouble(Kind.CUT, day(7), to_h=5, categories=("cs.LG",)),
    Trouble(Kind.DOWN, day(8), sites=EVERYWHERE),
    Trouble(Kind.DOWN, day(9), to_h=12, sites=(RECORDS,)),  # so that the API is asked
    Trouble(Kind.LAGGING, day(14), sites=(RECORDS,)),
)
AWAY = Absence(datetime(2026, 10, 15, 2, tzinfo=UTC), datetime(2026, 10, 17, 12, tzinfo=UTC))


def live(
    store: Store,
    days: int,
    troubles: Sequence[Trouble],
    *,
    absences: Sequence[Absence] = (),
    readers: Sequence[Subscriber] = READERS,
    every: timedelta = AN_HOUR,
) -> tuple[World, Audit]:
    """A memory, and what is found in it after so many days; papers of the last two may still be on their way."""
    last = day(days)
    calendar = play(made_up(18, days=5), FIRST, last, holidays=[HOLIDAY])
    world = World(store, readers, _morning(FIRST), _morning(last), absences, cron=every)
    world.arxiv = PlayedArxiv(calendar, world.now, troubles)
    with serving(world.arxiv.handler) as world.url:
        world.live()
    return world, audit(world, calendar, first=day(1), last=last - 2 * DAY)


def _morning(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 4, tzinfo=UTC) + timedelta(minutes=13)


def test_each_paper_is_considered_once_for_each_reader_whatever_goes_wrong(tmp_path: Path) -> None:
    world, found = live(TinyStore(tmp_path / "state"), 18, TROUBLES, absences=[AWAY])
    assert found.faults == [], "\n".join(found.lines())
    assert found.considered > 400
    assert {each.answer for each in world.arxiv.asked} == {"well", *(trouble.kind for trouble in TROUBLES)}
    assert all(world.arxiv.count_by_site()[site] for site in EVERYWHERE)


def test_so_it_is_in_a_database_and_with_fewer_rounds(postgres_url: str) -> None:
    database = Database(parse_url(postgres_url))
    with closing(database):
        _, found = live(SqlStore(database), 14, TROUBLES, absences=[AWAY], every=3 * AN_HOUR)
    assert found.faults == [], "\n".join(found.lines())
    assert found.considered > 250


WEEK = [Trouble(Kind.DOWN, day(number), sites=EVERYWHERE) for number in range(7, 14)]


def test_after_a_week_without_arxiv_one_mail_catches_up_with_the_best() -> None:
    readers = [reader for reader in READERS if reader.name in ("berlin", "auckland", "london")]
    world, found = live(MemoryStore(), 20, WEEK, readers=readers, every=3 * AN_HOUR)
    assert found.faults == [], "\n".join(found.lines())
    missed = {day(number) for number in range(7, 12)}
    for reader in readers:
        rows = world.store.get_deliveries(subscriber_id=reader.subscriber_id)
        about = [row for row in rows if ledger.counts_as_sent(row.state) and missed.intersection(row.announced_on)]
        assert [set(row.announced_on) >= missed for row in about] == [True], reader.name
        assert arxiv_day(about[0].at) >= day(14)


def test_a_category_wanted_for_the_first_time_on_a_stale_day_is_asked_for_again_on_that_day() -> None:
    """Its old batch is known by the ids of other categories; the records are away, so that nothing else brings them."""
    stale = Trouble(Kind.STALE, day(3), to_h=8, categories=("cs.CV",))
    away = [Trouble(Kind.DOWN, day(number), sites=(RECORDS, API)) for number in range(2, 5)]
    calendar = play(made_up(36, days=5), FIRST, day(5))
    readers = [
        played.reader("berlin", "Europe/Berlin", "07:10", "cs.LG"),
        played.reader("oslo", "Europe/Oslo", "07:00", "cs.CV"),
    ]
    begins, joins, ends = _morning(FIRST), _morning(day(3)), _morning(day(4)) + 8 * AN_HOUR
    world = World(MemoryStore(), readers, begins, ends, joins={"oslo": joins}, cron=AN_HOUR)
    world.arxiv = PlayedArxiv(calendar, world.now, [stale, *away])
    with serving(world.arxiv.handler) as world.url:
        world.live()
    announced = {arxiv_id for on, arxiv_id, _ in calendar.announced("cs.CV") if on == day(3)}
    asked = {arxiv_id for who, arxiv_id in world.scorer.asked if who == "oslo"}
    assert announced
    assert announced <= asked
