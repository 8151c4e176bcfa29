"""Values as JSON, the same in every store: how they are read and written, and what makes one unreadable. Pure."""

from __future__ import annotations

from dataclasses import is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def adapter_of(kind: type[T]) -> TypeAdapter[T]:
    """Gives what reads and writes values of this kind."""
    return _adapter_of(kind)  # type: ignore[return-value, arg-type]  # mypy: a class is hashable


@cache
def _adapter_of(kind: type[object]) -> TypeAdapter[object]:
    """One for each kind and process, as it takes 2 ms to make: a clock opens a store at each tick."""
    return TypeAdapter(kind)


def first_problem(error: ValidationError) -> str:
    """Says which field is wrong, and how; of several the first."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def find_time_without_zone(value: object) -> datetime | None:
    """A time without its zone, as a hand leaves it behind, can be compared with no other."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    parts = (getattr(value, name) for name in _fields_with_times(type(value)))  # type: ignore[arg-type]  # likewise
    return next((found for part in parts if (found := find_time_without_zone(part))), None)


@cache
def _fields_with_times(kind: type[object]) -> tuple[str, ...]:
    """Names the fields of a dataclass that may be, or hold, a time: a digest has hundreds of others."""
    if not is_dataclass(kind):
        return ()
    return tuple(name for name, hint in get_type_hints(kind).items() if _may_hold_time(hint))


def _may_hold_time(hint: object) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(map(_may_hold_time, get_args(hint)))
    return isinstance(hint, type) and (issubclass(hint, datetime) or bool(_fields_with_times(hint)))  # type: ignore[arg-type]
