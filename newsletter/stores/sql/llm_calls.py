"""Keeps a model's answers and calls: the tables `gradings`, `model_calls` and `model_batches`, by UTC day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, union

from newsletter.model import Grading, ModelBatch, ModelCall, spending
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable


class LlmCalls:
    """Keeps answers by profile, and the calls and batches of each day, whose sum stays within a budget."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.gradings = SqlTable(database, tables.gradings, Grading, grading_columns_of)
        self.calls = SqlTable(database, tables.model_calls, ModelCall, call_columns_of)
        self.batches = SqlTable(database, tables.model_batches, ModelBatch, batch_columns_of)

    # -- answers

    def put_gradings(self, gradings: Sequence[Grading]) -> None:
        if gradings:
            self.gradings.put(*gradings)

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        columns = self.gradings.columns
        found = self.gradings.find(columns.profile_key == profile_key, columns.made_on >= since)
        return sorted(found, key=lambda grading: grading.order)

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]:
        columns = self.gradings.columns
        found = self.gradings.find(columns.profile_key.startswith(beginning, autoescape=True), columns.made_on >= since)
        return sorted(found, key=lambda grading: grading.order)

    # -- calls

    def begin_call(self, call: ModelCall, *, budget_usd: Decimal | None) -> bool:
        on = _utc_day(call.at)
        with self._database.locked("calls", on):
            if self.calls.get(on, call.call_id) is not None:
                return True
            if not spending.is_within_budget(call, self._begun(call, on), budget_usd):
                return False
            self.calls.put(call)
        return True

    def end_call(self, call: ModelCall) -> None:
        self.calls.put(call)

    def get_calls(self, *, since: date, until: date) -> list[ModelCall]:
        columns = self.calls.columns
        return self.calls.find(
            columns.called_on >= since, columns.called_on <= until, order=(columns.at, columns.call_id)
        )

    def sum_costs(self, *, called_on: date) -> Decimal:
        columns = self.calls.columns
        wanted = select(columns.cost_usd).where(columns.called_on == called_on, columns.cost_usd.is_not(None))
        with self._database.statement() as connection:
            return sum(map(Decimal, connection.execute(wanted).scalars()), Decimal(0))

    def forget_calls(self, *, before: date, most_days: int | None = None) -> None:
        columns = (
            self.gradings.columns.made_on,
            self.calls.columns.called_on,
            self.batches.columns.submitted_on,
        )
        days = union(*(select(column.label("day")).where(column < before) for column in columns)).subquery()
        with self._database.change() as connection:
            oldest = connection.execute(select(days.c.day).order_by(days.c.day).limit(most_days)).scalars().all()
            self.gradings.drop(columns[0].in_(oldest))
            self.calls.drop(columns[1].in_(oldest))
            self.batches.drop(columns[2].in_(oldest))

    def _begun(self, call: ModelCall, on: date) -> list[ModelCall]:
        """What the day's calls may cost, each in place of the call: their answers are long, and nobody reads them."""
        columns = self.calls.columns
        with self._database.statement() as connection:
            costs = connection.execute(select(columns.cost_usd).where(columns.called_on == on)).scalars()
            return [replace(call, cost_usd=None if cost is None else Decimal(cost)) for cost in costs]

    # -- batches of calls

    def begin_batch(self, batch: ModelBatch, calls: Sequence[ModelCall], *, budget_usd: Decimal | None) -> bool:
        on = _utc_day(batch.at)
        with self._database.locked("batch", *batch.request_key):
            self._database.lock("calls", on)
            if stored := self._find_same(batch):
                return stored[0].batch_id == batch.batch_id
            if calls and not spending.are_within_budget(calls, self._begun(calls[0], on), budget_usd):
                return False
            self.batches.put(batch)
            if calls:
                self.calls.put(*calls)
        return True

    def move_batch(self, batch: ModelBatch) -> None:
        with self._database.locked("batch", *batch.request_key):
            stored = self.batches.get(batch.batch_id)
            if stored is None or stored.is_open or not batch.is_open:
                self.batches.put(batch)

    def get_batches(self, *, since: date) -> list[ModelBatch]:
        found = self.batches.find(self.batches.columns.submitted_on >= since)
        return sorted(found, key=lambda batch: (batch.at, batch.batch_id))

    def _find_same(self, batch: ModelBatch) -> list[ModelBatch]:
        columns = self.batches.columns
        return self.batches.find(
            columns.profile_key == batch.profile_key,
            columns.model == batch.model,
            columns.prompt_key == batch.prompt_key,
            columns.announced_on == batch.announced_on,
        )


def grading_columns_of(one: Grading) -> dict[str, Any]:
    return {
        "profile_key": one.profile_key,
        "model": one.model,
        "prompt_key": one.prompt_key,
        "arxiv_id": one.arxiv_id,
        "version": one.version,
        "made_on": _utc_day(one.at),
    }


def call_columns_of(call: ModelCall) -> dict[str, Any]:
    cost = None if call.cost_usd is None else str(call.cost_usd)
    return {"called_on": _utc_day(call.at), "call_id": call.call_id, "at": call.at, "cost_usd": cost}


def batch_columns_of(batch: ModelBatch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "submitted_on": _utc_day(batch.at),
        "profile_key": batch.profile_key,
        "model": batch.model,
        "prompt_key": batch.prompt_key,
        "announced_on": batch.announced_on,
    }


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()
