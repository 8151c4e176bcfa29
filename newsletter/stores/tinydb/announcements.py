"""Keeps announcement days: announcements/2026-11-22.json each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from newsletter.files import atomic
from newsletter.model import AnnouncementDay, Feed, FeedReport
from newsletter.papers import announcements, begin_asking
from newsletter.stores.tinydb.folder import (
    ReadCache,
    StateFolder,
    day_file,
    day_files,
    disk_errors,
    drop_days,
    matching,
)
from newsletter.stores.tinydb.table import JsonTable
from newsletter.stores.values import adapter_of

_NOTE = re.compile(r"asking-\d{4}-\d\d-\d\d")
_DAYS_IN_MEMORY = 16  # a history of seven and today, for two zones


class Announcements:
    """Keeps one AnnouncementDay for each arXiv day."""

    def __init__(self, folder: StateFolder, is_running: Callable[[str], bool]) -> None:
        self._is_running = is_running
        self._locks, self._temp = folder.locks, folder.temp
        self._days = JsonTable(folder, "announcements", AnnouncementDay, lambda day: day.announced_on.isoformat())
        self._cache = ReadCache(lambda path: self._days.get(path, path.stem), most=_DAYS_IN_MEMORY)

    def remember_day(self, day: AnnouncementDay) -> None:
        path = self._file(day.announced_on)
        with self._days.change(path):
            self._days.put(path, day)

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        path = self._file(announced_on)
        with self._days.change(path):
            noted = self._noted(announced_on)
            day = announcements.add_feeds(self._with_asking(announced_on, noted), feeds, reports)
            self._days.put(path, day)
            if noted:
                self._note(day)
        return day

    def begin_asking(self, announced_on: date, category: str, *, run_id: str, now: datetime) -> bool:
        with self._days.change(self._note_file(announced_on)):
            noted = self._noted(announced_on)
            stored = self._with_asking(announced_on, noted)
            day = begin_asking(stored, category, run_id=run_id, now=now, is_running=self._is_running)
            if day is not None:
                self._note(day)
                if noted is None:
                    self._drop_notes(before=announced_on)
        return day is not None

    def _with_asking(self, announced_on: date, noted: AnnouncementDay | None) -> AnnouncementDay:
        """Gives that day with who is asking for its feeds: noted apart, since to write a day takes long."""
        day = self.get_day(announced_on) or AnnouncementDay(announced_on, (), ())
        return replace(day, asking=noted.asking) if noted else day

    def _noted(self, announced_on: date) -> AnnouncementDay | None:
        path = self._note_file(announced_on)
        with disk_errors(path):
            try:
                return adapter_of(AnnouncementDay).validate_json(path.read_bytes())
            except (FileNotFoundError, ValidationError):
                return None  # a note helps nobody but runs that are alive

    def _note(self, day: AnnouncementDay) -> None:
        """Notes who is asking for the feeds of a day. Call under the folder's lock."""
        note = adapter_of(AnnouncementDay).dump_json(replace(day, announcements=(), feeds=()))
        atomic.write_whole(self._note_file(day.announced_on), note, temp_folder=self._temp)

    def _drop_notes(self, *, before: date) -> None:
        """Deletes the notes of earlier days. Call under the folder's lock."""
        for path, _ in matching(self._locks, _NOTE):
            if path.name < self._note_file(before).name:
                path.unlink(missing_ok=True)

    def _note_file(self, announced_on: date) -> Path:
        return self._locks / f"asking-{announced_on}"

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
