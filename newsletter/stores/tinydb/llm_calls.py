"""Keeps a model's answers and calls by UTC day: judgements/PROFILE/DATE.json, calls/DATE.json, batches/DATE.json."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from newsletter.model import Grading, ModelBatch, ModelCall, spending
from newsletter.stores.tinydb.folder import StateFolder, day_file, day_files, disk_errors, drop_days, safe_name
from newsletter.stores.tinydb.table import JsonTable


class LlmCalls:
    """Keeps answers by profile, and the calls and batches of each day, whose sum stays within a budget."""

    def __init__(self, folder: StateFolder) -> None:
        self._answers = JsonTable(folder, "judgements", Grading, answer_key)
        self._calls = JsonTable(folder, "calls", ModelCall, lambda call: call.call_id)
        self._batches = JsonTable(folder, "batches", ModelBatch, lambda batch: batch.batch_id)

    # -- answers

    def put_gradings(self, gradings: Sequence[Grading]) -> None:
        by_file: dict[Path, list[Grading]] = {}
        for grading in gradings:
            folder = self._answers.path / safe_name(grading.profile_key)
            by_file.setdefault(folder / _utc_file(grading.at), []).append(grading)
        with self._answers.change(self._answers.path):
            for path, values in by_file.items():
                self._answers.put(path, *values)

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        return self._read([self._answers.path / safe_name(profile_key)], since)

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]:
        name = safe_name(beginning)
        with disk_errors(self._answers.path):
            folders = [each for each in self._answers.path.iterdir() if each.name.startswith(name) and each.is_dir()]
        return self._read(sorted(folders), since)

    def _read(self, folders: Sequence[Path], since: date) -> list[Grading]:
        latest: dict[tuple[str, str], Grading] = {}  # asked again on another day: the later answer counts
        for folder in folders:
            with disk_errors(folder):
                for path in sorted(day_files(folder, of_one=True)):
                    if path.stem >= since.isoformat():
                        gradings = self._answers.get_all(path)
                        latest |= {(one.profile_key, answer_key(one)): one for one in gradings}
        return sorted(latest.values(), key=lambda grading: grading.order)

    # -- calls

    def begin_call(self, call: ModelCall, *, budget_usd: Decimal | None) -> bool:
        path = self._calls.path / _utc_file(call.at)
        with self._calls.change(path):
            begun = self._calls.get_all(path)
            if any(other.call_id == call.call_id for other in begun):
                return True
            if not spending.is_within_budget(call, begun, budget_usd):
                return False
            self._calls.put(path, call)
        return True

    def end_call(self, call: ModelCall) -> None:
        path = self._calls.path / _utc_file(call.at)
        with self._calls.change(path):
            self._calls.put(path, call)

    def get_calls(self, *, since: date, until: date) -> list[ModelCall]:
        with disk_errors(self._calls.path):
            paths = [path for path in day_files(self._calls.path) if str(since) <= path.stem <= str(until)]
            calls = [call for path in paths for call in self._calls.get_all(path)]
        return sorted(calls, key=lambda call: (call.at, call.call_id))

    def sum_costs(self, *, called_on: date) -> Decimal:
        calls = self.get_calls(since=called_on, until=called_on)
        return sum((call.cost_usd for call in calls if call.cost_usd is not None), Decimal(0))

    def forget_calls(self, *, before: date, most_days: int | None = None) -> None:
        with self._calls.change(self._calls.path):
            profiles = [folder for folder in self._answers.path.iterdir() if folder.is_dir()]
            folders = (self._batches.path, self._calls.path, *profiles)
            drop_days([path for folder in folders for path in day_files(folder)], before, most_days)
            for folder in profiles:
                if not any(folder.iterdir()):
                    folder.rmdir()

    # -- batches of calls

    def begin_batch(self, batch: ModelBatch, calls: Sequence[ModelCall], *, budget_usd: Decimal | None) -> bool:
        path = self._calls.path / _utc_file(batch.at)
        with self._calls.change(path):
            stored = self.get_batches(since=min(batch.announced_on, batch.at.astimezone(UTC).date()))
            if any(other.request_key == batch.request_key for other in stored):
                return any(other.batch_id == batch.batch_id for other in stored)
            if not spending.are_within_budget(calls, self._calls.get_all(path), budget_usd):
                return False
            self._batches.put(self._batches.path / path.name, batch)
            if calls:
                self._calls.put(path, *calls)
        return True

    def move_batch(self, batch: ModelBatch) -> None:
        path = self._batches.path / _utc_file(batch.at)
        with self._batches.change(path):
            stored = self._batches.get(path, batch.batch_id)
            if stored is None or stored.is_open or not batch.is_open:
                self._batches.put(path, batch)

    def get_batches(self, *, since: date) -> list[ModelBatch]:
        with disk_errors(self._batches.path):
            paths = [path for path in day_files(self._batches.path) if path.stem >= str(since)]
            batches = [batch for path in paths for batch in self._batches.get_all(path)]
        return sorted(batches, key=lambda batch: (batch.at, batch.batch_id))


def answer_key(grading: Grading) -> str:
    """Within one profile, as the profile is the folder."""
    return f"{grading.model}/{grading.prompt_key}/{grading.arxiv_id}v{grading.version}"


def _utc_file(at: datetime) -> str:
    return day_file(at.astimezone(UTC).date())
