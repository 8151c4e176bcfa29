"""Readers in every zone get the newest announcement that they have not had, whatever clocks change here and there."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.model import Announcement, Feed, RunOutcome
from newsletter.papers import arxiv_day, is_weekday
from newsletter.run.schedule import Timing, next_mail_at
from tests import make
from tests.unit.test_flow import Morning, ScriptedSource

ZONES = [
    *("Asia/Tokyo", "Asia/Kathmandu", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Honolulu"),
    *("Europe/Berlin", "America/New_York", "America/Los_Angeles"),
]
STARTS = [
    pytest.param(date(2026, 3, 5), id="the clocks of New York go forward, on 8 March"),
    pytest.param(date(2026, 3, 26), id="those of Berlin on 29 March, and Auckland's go back on 5 April"),
    pytest.param(date(2026, 10, 22), id="Berlin's go back on 25 October, and New York's on 1 November"),
]
TIMES = (time(0, 5), time(7, 10), time(23, 55))
# Any two of zone, time and start meet.
CASES = [
    pytest.param(zone, TIMES[(z + s) % len(TIMES)], *start.values, id=f"{zone}, {start.id}")
    for z, zone in enumerate(ZONES)
    for s, start in enumerate(STARTS)
]


@dataclass
class EasternSource(ScriptedSource):
    """Serves the day of New York: papers from Monday to Friday, nothing on weekends."""

    def day(self, now: datetime) -> date:
        self.on = arxiv_day(now)
        return self.on

    def fetch(self, category: str) -> Feed:
        return Feed(category, self.on, announced(self.on))


def announced(on: date) -> tuple[Announcement, ...]:
    count = 5 if is_weekday(on) else 0
    return tuple(make.announcement(f"{on:%y%m}.{on:%d}{number:03}") for number in range(count))


@pytest.mark.parametrize(("zone", "send_at", "first_on"), CASES)
def test_each_mail_has_the_newest_announcement_and_none_is_had_twice(zone: str, send_at: time, first_on: date) -> None:
    reader = make.subscriber(zone=zone, send_at=send_at)
    now = datetime.combine(first_on, time(12), ZoneInfo("UTC"))
    given = Morning(EasternSource({}), subscribers=[reader], now=now, timing=Timing(latest=timedelta(hours=12)))
    had: list[date] = []
    for _ in range(14):
        given.now = make.present(next_mail_at(reader, given.now))
        newest = arxiv_day(given.now)
        [outcome] = given.tick()
        is_news = is_weekday(newest) and newest not in had
        assert outcome is (RunOutcome.SENT if is_news else RunOutcome.NO_ANNOUNCEMENT), given.now
        row = given.store.get_delivery(reader.subscriber_id, given.now.astimezone(ZoneInfo(zone)).date())
        had += make.present(row).announced_on if is_news else ()
        assert not is_news or had[-1] == newest
    days = [had[0] + timedelta(days=n) for n in range((had[-1] - had[0]).days + 1)]
    assert had == [day for day in days if is_weekday(day)]
    assert given.sent() == {each.paper.arxiv_id for day in had for each in announced(day)}
