"""Keeps which runs are alive, by their locks, and the reports of those that ended: runs/2026-11-22.json each."""

from __future__ import annotations

from datetime import date

from newsletter.errors import StoreError
from newsletter.model import RunReport
from newsletter.stores.address_change import AddressChange
from newsletter.stores.locks import RunLocks
from newsletter.stores.tinydb.folder import StateFolder, day_file, day_files, disk_errors, safe_name
from newsletter.stores.tinydb.table import JsonTable


class Runs:
    """Keeps who runs, and what became of each run. A run that starts first finishes moves that were cut off."""

    def __init__(self, folder: StateFolder, running: RunLocks, address_change: AddressChange) -> None:
        self._running = running
        self._address_change = address_change
        self._reports = JsonTable(folder, "runs", RunReport, lambda report: report.run_id)

    def start_run(self, run_id: str) -> None:
        with self._reports.change(self._reports.path):
            self._address_change.finish_begun()
            if not self._running.take(safe_name(run_id)):
                raise StoreError(f"run {run_id} is already running; give this one another id")

    def end_run(self, run_id: str) -> None:
        with self._reports.change(self._reports.path):
            self._running.give_back(safe_name(run_id))

    def current_run(self) -> str:
        return self._running.latest()

    def is_running(self, run_id: str) -> bool:
        with self._reports.change(self._reports.path):
            return self._running.is_taken(safe_name(run_id))

    def record_run(self, report: RunReport) -> None:
        path = self._reports.path / day_file(report.digest_on)
        with self._reports.change(path):
            self._reports.put(path, report)

    def get_runs(self, *, digest_on: date | None = None, limit: int = 20) -> list[RunReport]:
        if digest_on is not None:
            paths = [self._reports.path / day_file(digest_on)]
        else:
            with disk_errors(self._reports.path):
                paths = sorted(day_files(self._reports.path), reverse=True)
        found: list[RunReport] = []
        for path in paths:
            if len(found) >= limit:
                break
            with disk_errors(path):
                reports = self._reports.get_all(path)
            found += sorted(reports, key=lambda report: report.started_at, reverse=True)
        return found[:limit]
