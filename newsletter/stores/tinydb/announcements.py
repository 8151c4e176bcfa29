"""Announcement days: announcements/2026-11-22.json each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from newsletter.files import atomic
from newsletter.model import AnnouncementDay, Feed, FeedReport
from newsletter.papers import announcements, begin_asking
from newsletter.stores.tinydb.folder import ReadCache, StateFolder, day_file, day_files, disk_errors, drop_days
from newsletter.stores.tinydb.table import JsonTable
from newsletter.stores.values import adapter_of

_DAYS_IN_MEMORY = 16  # a history of seven and today, for two zones


class Announcements:
    """Keeps one AnnouncementDay for each arXiv day."""

    def __init__(self, folder: StateFolder, is_running: Callable[[str], bool]) -> None:
        self._is_running = is_running
        self._asking, self._temp = folder.locks / "asking", folder.temp
        self._days = JsonTable(folder, "announcements", AnnouncementDay, lambda day: day.announced_on.isoformat())
        self._cache = ReadCache(lambda path: self._days.get(path, path.stem), most=_DAYS_IN_MEMORY)

    def remember_day(self, day: AnnouncementDay) -> None:
        path = self._file(day.announced_on)
        with self._days.change(path):
            self._days.put(path, day)

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        path = self._file(announced_on)
        with self._days.change(path):
            day = announcements.add_feeds(self._with_asking(announced_on), feeds, reports)
            self._days.put(path, day)
            self._note(day)
        return day

    def begin_asking(self, announced_on: date, category: str, *, run_id: str, now: datetime) -> bool:
        with self._days.change(self._asking):
            stored = self._with_asking(announced_on)
            day = begin_asking(stored, category, run_id=run_id, now=now, is_running=self._is_running)
            if day is not None:
                self._note(day)
        return day is not None

    def _with_asking(self, announced_on: date) -> AnnouncementDay:
        """Gives that day with who is asking for its feeds: noted apart, since to write a day takes long."""
        day = self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
        noted = self._noted()
        return replace(day, asking=noted.asking) if noted and noted.announced_on == announced_on else day

    def _noted(self) -> AnnouncementDay | None:
        with disk_errors(self._asking):
            try:
                return adapter_of(AnnouncementDay).validate_json(self._asking.read_bytes())
            except (FileNotFoundError, ValidationError):
                return None  # a note helps nobody but runs that are alive

    def _note(self, day: AnnouncementDay) -> None:
        """Notes who is asking for the feeds of the latest day. Call under the folder's lock."""
        latest = self._noted()
        if latest is None or latest.announced_on <= day.announced_on:
            note = adapter_of(AnnouncementDay).dump_json(replace(day, announcements=(), feeds=()))
            atomic.write_whole(self._asking, note, temp_folder=self._temp)

    def get_day(self, announced_on: date) -> AnnouncementDay | None:
        path = self._file(announced_on)
        with disk_errors(path):
            return self._cache.get(path)

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        found: list[AnnouncementDay] = []
        for announced_on in sorted(self._stored_days(before), reverse=True):
            if len(found) >= limit:
                break
            day = self.get_day(announced_on)
            if day is not None and day.announcements:
                found.append(day)
        return found[::-1]

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        with self._days.change(self._days.path):
            drop_days(day_files(self._days.path), before, most_days)

    def _stored_days(self, before: date) -> list[date]:
        with disk_errors(self._days.path):
            stored = [date.fromisoformat(path.stem) for path in day_files(self._days.path)]
        return [day for day in stored if day < before]

    def _file(self, announced_on: date) -> Path:
        return self._days.path / day_file(announced_on)
