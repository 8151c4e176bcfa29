"""Keeps which runs are alive, by their locks, and the reports of those that ended: the table `runs`."""

from __future__ import annotations

from datetime import date
from typing import Any

from newsletter.errors import StoreError
from newsletter.model import RunReport
from newsletter.stores.address_change import AddressChange
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.run_locks import LivingRuns
from newsletter.stores.sql.table import SqlTable


class Runs:
    """Keeps who runs, and what became of each run. A run that starts first finishes moves that were cut off."""

    def __init__(self, database: Database, running: LivingRuns, address_change: AddressChange) -> None:
        self._running = running
        self._address_change = address_change
        self.rows = SqlTable(database, tables.runs, RunReport, columns_of)
        self._columns = tables.runs.c

    def start_run(self, run_id: str) -> None:
        self._address_change.finish_begun()
        if not self._running.take(run_id):
            raise StoreError(f"run {run_id} is already running; give this one another id")

    def end_run(self, run_id: str) -> None:
        self._running.give_back(run_id)

    def current_run(self) -> str:
        return self._running.latest()

    def is_running(self, run_id: str) -> bool:
        return self._running.is_taken(run_id)

    def record_run(self, report: RunReport) -> None:
        self.rows.put(report)

    def get_runs(self, *, digest_on: date | None = None, limit: int = 20) -> list[RunReport]:
        conditions = [self._columns.digest_on == digest_on] if digest_on is not None else []
        latest = (self._columns.digest_on.desc(), self._columns.started_at.desc())
        return self.rows.find(*conditions, order=latest, limit=limit)


def columns_of(report: RunReport) -> dict[str, Any]:
    return {"run_id": report.run_id, "digest_on": report.digest_on, "started_at": report.started_at}
