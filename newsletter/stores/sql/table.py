"""Values in a table: each a row, of which some columns are asked for and one holds the whole as JSON.

Plain ASCII JSON, also of a text with a NUL or a lone surrogate in it, which foreign text can have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    Table,
    Update,
    any_,
    bindparam,
    cast,
    delete,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.errors import ReaderUnreadable, StoreError
from newsletter.stores.sql.database import Database
from newsletter.stores.values import adapter_of, find_time_without_zone, first_problem

T = TypeVar("T")
U = TypeVar("U")
_MOST_KEYS = 3  # of the tables whose rows are one reader's
ROWS_AT_ONCE = 500  # so that a statement stays below SQLite's 32,766 parameters


def batched(values: Collection[U], most: int = ROWS_AT_ONCE) -> Iterator[list[U]]:
    """Parts them into lists of at most so many."""
    whole = list(values)
    for start in range(0, len(whole), most):
        yield whole[start : start + most]


def are_these(column: ColumnElement[str], parameter: str, *, is_postgresql: bool) -> ColumnElement[bool]:
    """The condition that a column has one of the texts of a parameter, a list.

    PostgreSQL takes that whole as an array. As many parameters as there are texts would cost more than the answer.
    """
    if is_postgresql:
        return column == any_(bindparam(parameter, type_=postgresql.ARRAY(column.type)))
    return column.in_(bindparam(parameter, expanding=True))


def select_raw(table: Table, *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Selects rows in a form that is the same for every table, to be asked for together with those of others."""
    key = [cast(column, String) for column in table.primary_key]
    padded = [*key, *[literal("")] * (_MOST_KEYS - len(key))]
    named = [part.label(f"key{number}") for number, part in enumerate(padded)]
    return select(literal(table.name).label("part"), *named, table.c.value).where(*conditions)


def keyed_update(table: Table) -> Update:
    """An UPDATE of all but the key, of the row with the key that `replace_given` gives."""
    others: dict[str, BindParameter[Any]] = {
        column.name: bindparam(column.name) for column in table.columns if not column.primary_key
    }
    own = [column == bindparam(f"key_{column.name}") for column in table.primary_key]
    return update(table).where(*own).values(others)


class SqlTable(Generic[T]):
    """One kind of value, and the columns that each has beside its JSON: its key first of all.

    `more_columns_of` gives those that take long to make, and are made only for a row that is written.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        kind: type[T],
        columns_of: Callable[[T], Mapping[str, Any]],
        *,
        more_columns_of: Callable[[T], Mapping[str, Any]] = lambda value: {},
        is_of_reader: bool = False,
    ) -> None:
        self.database = database
        self.table = table
        self.columns = table.c
        self.name = table.name
        self._kind = kind
        self._columns_of = columns_of
        self._more_columns_of = more_columns_of
        self._key = [column.name for column in table.primary_key]
        self._add = self.insert().on_conflict_do_nothing()
        self._is_of_reader = is_of_reader  # what cannot be read in a row concerns that row's subscriber alone

    def row(self, value: T) -> dict[str, Any]:
        return {**self._columns_of(value), **self._more_columns_of(value), "value": self.dump(value)}

    def dump(self, value: T) -> str:
        return json.dumps(adapter_of(self._kind).dump_python(value, mode="json"), separators=(",", ":"))

    def insert(self) -> Any:
        """An INSERT of the database's own kind, which knows ON CONFLICT."""
        return (postgresql if self.database.is_postgresql else sqlite).insert(self.table)

    def add(self, value: T) -> bool:
        """Writes a new row; False, and nothing is written, if there is one with this key."""
        with self.database.statement() as connection:
            return connection.execute(self._add, self.row(value)).rowcount == 1

    def put(self, *values: T) -> None:
        """Writes rows in place of those with their keys; of several with one key the last."""
        latest = {self._key_of(value): value for value in values}
        ordered = sorted(latest, key=lambda key: [str(part) for part in key])  # two that put the same wait in one order
        with self.database.change() if len(ordered) > ROWS_AT_ONCE else self.database.statement() as connection:
            for keys in batched(ordered):
                rows = [self.row(latest[key]) for key in keys]
                insert = self.insert().values(rows)
                others = {name: insert.excluded[name] for name in rows[0] if name not in self._key}
                connection.execute(insert.on_conflict_do_update(index_elements=self._key, set_=others))

    def replace(self, value: T, *conditions: ColumnElement[bool]) -> bool:
        """Writes it in place of the row with its key if that meets the conditions; else False, and nothing is written.

        One statement: of any number of racing ones with the same conditions one wins.
        """
        row = self.row(value)
        own = [self.columns[name] == row.pop(name) for name in self._key]
        with self.database.statement() as connection:
            return connection.execute(update(self.table).where(*own, *conditions).values(row)).rowcount == 1

    def replace_given(self, statement: Update, value: T, given: Mapping[str, Any]) -> bool:
        """The same by a `keyed_update` that was made before, which is quicker; `given` are its other parameters."""
        row = self.row(value)
        keyed = {f"key_{name}": row.pop(name) for name in self._key}
        with self.database.statement() as connection:
            return connection.execute(statement, {**row, **keyed, **given}).rowcount == 1

    def get(self, *key: Any) -> T | None:
        """The value with this key, given in the order of the table's."""
        found = self.find(*(self.columns[name] == part for name, part in zip(self._key, key, strict=True)))
        return found[0] if found else None

    def get_same(self, values: Sequence[T]) -> list[T | None]:
        """Gives what is kept under the keys of these values, in their order."""
        keys = [self._key_of(value) for value in values]
        found: dict[tuple[Any, ...], T] = {}
        types = [self.columns[name].type for name in self._key]
        for some in batched(keys):
            wanted = [tuple_(*key, types=types) for key in some]
            of_these = tuple_(*(self.columns[name] for name in self._key)).in_(wanted)
            found |= {self._key_of(value): value for value in self.find(of_these)}
        return [found.get(key) for key in keys]

    def _key_of(self, value: T) -> tuple[Any, ...]:
        columns = self._columns_of(value)
        return tuple(columns[name] for name in self._key)

    def find(
        self, *conditions: ColumnElement[bool], order: Sequence[ColumnElement[Any]] = (), limit: int | None = None
    ) -> list[T]:
        """Raises StoreError, or ReaderUnreadable, if one of them cannot be read."""
        return [self.value_of(row) for row in self._rows(conditions, order, limit)]

    def find_readable(self, *conditions: ColumnElement[bool], order: Sequence[ColumnElement[Any]] = ()) -> list[T]:
        """The same without those that cannot be read."""
        found: list[T] = []
        for row in self._rows(conditions, order, None):
            try:
                found.append(self.value_of(row))
            except ReaderUnreadable:
                continue
        return found

    def find_unreadable(self) -> dict[str, str]:
        """Names the subscribers of whom a row cannot be read, and says why. Reads the table from end to end."""
        found: dict[str, str] = {}
        for rows in self.pages():
            for row in rows:
                try:
                    self.value_of(row)
                except ReaderUnreadable as error:
                    found.setdefault(error.subscriber_id, str(error))
        return found

    def pages(self, *conditions: ColumnElement[bool]) -> Iterator[Sequence[Any]]:
        """Gives those rows by their key, some hundreds at a time, for `value_of`."""
        key = [self.columns[name] for name in self._key]
        types = [column.type for column in key]
        wanted = select(*key, self.columns["value"]).where(*conditions).order_by(*key).limit(ROWS_AT_ONCE)
        page = wanted
        while True:
            with self.database.statement() as connection:
                rows = connection.execute(page).all()
            if not rows:
                return
            yield rows
            page = wanted.where(tuple_(*key) > tuple_(*rows[-1][:-1], types=types))

    def read_raw(self, row: Any) -> T:
        """Reads a row of `select_raw`. Raises StoreError, or ReaderUnreadable."""
        key = [str(part) for part in row[1 : 1 + len(self._key)]]
        return self._read(key, row.value, lambda value: [json.dumps(str(part))[1:-1] for part in self._key_of(value)])

    def drop(self, *conditions: ColumnElement[bool]) -> int:
        """Deletes those rows, and says how many there were."""
        with self.database.statement() as connection:
            return connection.execute(delete(self.table).where(*conditions)).rowcount

    def drop_days(self, column: ColumnElement[date], before: date, most_days: int | None) -> None:
        """Deletes the rows of the oldest `most_days` days before that date (None: of all)."""
        days = select(column).where(column < before).distinct().order_by(column).limit(most_days)
        self.drop(column.in_(days.scalar_subquery() if most_days is None else select(days.subquery().c[0])))

    def _rows(
        self, conditions: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[Any]], limit: int | None
    ) -> Sequence[Any]:
        wanted = [self.columns[name] for name in (*self._key, "value")]
        with self.database.statement() as connection:
            return connection.execute(select(*wanted).where(*conditions).order_by(*order).limit(limit)).all()

    def value_of(self, row: Any) -> T:
        """Reads a row of its key and its JSON. Raises StoreError, or ReaderUnreadable."""
        *key, text = row
        return self._read(key, text, self._key_of)

    def _read(self, key: Sequence[Any], text: str, key_of: Callable[[T], Sequence[Any]]) -> T:
        try:
            value = adapter_of(self._kind).validate_python(json.loads(text))
        except ValidationError as error:
            raise self._unreadable(key, first_problem(error)) from error
        except (ValueError, RecursionError) as error:
            raise self._unreadable(key, str(error)) from error
        if (found := list(key_of(value))) != list(key):
            raise self._unreadable(key, f"it holds {'/'.join(map(str, found))}")
        if (at := find_time_without_zone(value)) is not None:
            raise self._unreadable(key, f"{at} has no time zone")
        return value

    def _unreadable(self, key: Sequence[Any], why: str) -> StoreError:
        text = (
            f"the row {'/'.join(map(str, key))} of the table {self.table.name} cannot be read ({why}); put this row "
            "back from a backup"
        )
        return ReaderUnreadable(str(key[0]), text) if self._is_of_reader else StoreError(text)
