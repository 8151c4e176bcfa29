"""Announcement days: the table `announcement_days`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from newsletter.model import AnnouncementDay, Feed, FeedReport
from newsletter.papers import announcements, begin_asking
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable


class Announcements:
    """Keeps one AnnouncementDay for each arXiv day."""

    def __init__(self, database: Database, is_running: Callable[[str], bool]) -> None:
        self._is_running = is_running
        self._database = database
        self.rows = SqlTable(database, tables.announcement_days, AnnouncementDay, columns_of)
        self._columns = tables.announcement_days.c

    def remember_day(self, day: AnnouncementDay) -> None:
        self.rows.put(day)

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        with self._database.change():
            self._database.lock("day", announced_on)
            stored = self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
            day = announcements.add_feeds(stored, feeds, reports)
            self.rows.put(day)
        return day

    def begin_asking(self, announced_on: date, category: str, *, run_id: str, now: datetime) -> bool:
        with self._database.change():
            self._database.lock("day", announced_on)
            stored = self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
            day = begin_asking(stored, category, run_id=run_id, now=now, is_running=self._is_running)
            if day is not None:
                self.rows.put(day)
        return day is not None

    def get_day(self, announced_on: date) -> AnnouncementDay | None:
        return self.rows.get(announced_on)

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        if limit <= 0:
            return []
        latest = (self._columns.announced_on.desc(),)
        return self.rows.find(self._columns.announced_on < before, self._columns.papers > 0, order=latest, limit=limit)[
            ::-1
        ]

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        self.rows.drop_days(self._columns.announced_on, before, most_days)


def columns_of(day: AnnouncementDay) -> dict[str, Any]:
    return {"announced_on": day.announced_on, "papers": len(day.announcements)}
