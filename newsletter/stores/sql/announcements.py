"""Keeps announcement days: the table `announcement_days`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from newsletter.model import AnnouncementDay, Feed, FeedReport
from newsletter.papers import announcements, begin_asking
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.documents import Documents
from newsletter.stores.sql.table import SqlTable
from newsletter.stores.sql.unchanged_rows import UnchangedRows
from newsletter.stores.values import adapter_of

MOST_KEPT = 16  # days of some megabytes: a morning reads 14
_NOTES = "feeds of "  # documents


class Announcements:
    """Keeps one AnnouncementDay for each arXiv day."""

    def __init__(self, database: Database, is_running: Callable[[str], bool]) -> None:
        self._is_running = is_running
        self._database = database
        self.rows = SqlTable(database, tables.announcement_days, AnnouncementDay, columns_of)
        self._columns = tables.announcement_days.c
        self._unchanged = UnchangedRows(self.rows, self._columns.announced_on, MOST_KEPT)
        self._documents = Documents(database)

    def remember_day(self, day: AnnouncementDay) -> None:
        with self._database.locked("day", day.announced_on):
            self.rows.put(day)
            if self._noted(day.announced_on):
                self._note(day)

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        with self._database.locked("day", announced_on):
            stored = self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
            if noted := self._noted(announced_on):
                stored = replace(stored, asking=noted.asking)
            day = announcements.add_feeds(stored, feeds, reports)
            self.rows.put(day)
            if noted:
                self._note(day)
        return day

    def begin_asking(self, announced_on: date, category: str, *, run_id: str, now: datetime) -> bool:
        with self._database.locked("day", announced_on):
            noted = self._noted(announced_on)
            stored = noted or self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
            day = begin_asking(stored, category, run_id=run_id, now=now, is_running=self._is_running)
            if day is not None:
                self._note(day)
                if noted is None:
                    self._drop_notes(before=announced_on)
        return day is not None

    def _noted(self, announced_on: date) -> AnnouncementDay | None:
        """Gives that day without its papers, which take long to read and write; None if nobody asked for its feeds."""
        note = self._documents.get_document(_note_name(announced_on))
        try:
            return adapter_of(AnnouncementDay).validate_json(note or "")
        except ValidationError:
            return None  # none, or of another version: it is made anew of the day itself

    def _note(self, day: AnnouncementDay) -> None:
        """Notes what is known of a day's feeds, and who asks for them. Call within a change."""
        note = adapter_of(AnnouncementDay).dump_json(replace(day, announcements=()))
        self._documents.put_document(_note_name(day.announced_on), note.decode())

    def _drop_notes(self, *, before: date) -> None:
        """Deletes the notes of earlier days. Call within a change."""
        names = tables.documents.c.name
        self._documents.rows.drop(names.startswith(_NOTES), names < _note_name(before))

    def get_day(self, announced_on: date) -> AnnouncementDay | None:
        return self._unchanged.get(announced_on)

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        if limit <= 0:
            return []
        wanted = (self._columns.announced_on < before, self._columns.papers > 0)
        return self._unchanged.find(*wanted, order=(self._columns.announced_on.desc(),), limit=limit)[::-1]

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        self.rows.drop_days(self._columns.announced_on, before, most_days)


def _note_name(announced_on: date) -> str:
    return f"{_NOTES}{announced_on}"


def columns_of(day: AnnouncementDay) -> dict[str, Any]:
    return {"announced_on": day.announced_on, "papers": len(day.announcements)}
