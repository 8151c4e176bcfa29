"""Reads the libraries at zotero.org that subscribers name, once a day for all who name the same, and keeps the papers.

What is kept serves until the next reading, however long that fails; who waits for it is told to the operator. What was
added last weighs most. How Zotero is asked is sources/zotero.py's business, what the papers do to a ranking scoring's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from newsletter.errors import FetchError
from newsletter.model import ZOTERO, LibraryContents, LibraryItem, LibraryPaper, Subscriber, ZoteroLibrary
from newsletter.sources import LibraryReader
from newsletter.stores import Store

INDEX = "zotero.json"
READ_EVERY = timedelta(hours=20)  # so that a mail at the same time each day finds today's
RETRY_AFTER = timedelta(hours=1)
MOST_RETRY_AFTER = timedelta(hours=12)
PATIENCE = timedelta(minutes=5)  # for all libraries of one round; the next one goes on
MOST_FAILURES = 3  # in a row that may pass: Zotero is away, and mails should not wait for it library by library
# A paper added half a year before the latest counts half: about as long as one piece of research takes. Counted from
# the latest, not from today, so that a library nobody touches goes on saying what it said.
HALF_LIFE = timedelta(days=180)
LEAST_WEIGHT = 0.01
_IN_MEMORY = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """How reading one library went. `problem` is a sentence of the last attempt, "" if that went well."""

    next_at: datetime  # not read again before
    read_at: datetime | None = None  # when what is kept was last found to be so
    version: int = 0
    total: int = 0  # entries in the library
    papers: int = 0  # of them kept here
    problem: str = ""


def refresh(
    subscribers: Iterable[Subscriber],
    store: Store,
    reader: LibraryReader,
    keys: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Reads each library that is due, and forgets those that none of these subscribers names. May be repeated.

    `keys` has the keys of private libraries by the variables that hold them. Raises StoreError if the memory fails.
    """
    wanted = {one.zotero.name: one.zotero for one in subscribers if one.zotero}
    readings = read_index(store)
    if not wanted and not readings:
        return
    for name in readings.keys() - wanted.keys():
        store.put_document(_document(name), "")
        del readings[name]
        _write_index(store, readings)
    ends_at, in_a_row = now() + PATIENCE, 0
    for name, library in sorted(wanted.items()):
        if should_stop() or now() > ends_at or in_a_row >= MOST_FAILURES:
            return
        known = readings.get(name) or Reading(now())
        if known.next_at > now():
            continue
        try:
            readings[name], in_a_row = _read(library, known, store, reader, keys, now), 0
        except FetchError as error:
            readings[name] = _failed(known, error, now())
            in_a_row += error.is_passing
        _write_index(store, readings)


def _read(
    library: ZoteroLibrary,
    known: Reading,
    store: Store,
    reader: LibraryReader,
    keys: Mapping[str, str],
    now: Callable[[], datetime],
) -> Reading:
    """Reads one library and keeps what it holds. Raises FetchError."""
    found = reader.read(library, key=find_key(library, keys), known_version=known.version)
    if found is None:
        return replace(known, next_at=now() + READ_EVERY, read_at=now(), problem="")
    store.put_document(_document(library.name), _write(found))
    return Reading(now() + READ_EVERY, now(), found.version, found.total, len(found.items))


def _failed(known: Reading, error: FetchError, now: datetime) -> Reading:
    wait = timedelta(seconds=min(error.retry_after_s or 0, MOST_RETRY_AFTER.total_seconds()))
    return replace(known, next_at=now + max(RETRY_AFTER, wait), problem=str(error))


def find_key(library: ZoteroLibrary, keys: Mapping[str, str]) -> str:
    """Gives the key of a private library, or "". Raises FetchError if it is not set."""
    if library.key_variable and library.key_variable not in keys:
        raise FetchError(
            library.place,
            f"The Zotero library {library.place} is not read without its key; set {library.key_variable} in the"
            " environment or in .env.",
        )
    return keys.get(library.key_variable, "")


def kept_papers(library: ZoteroLibrary | None, store: Store) -> tuple[LibraryPaper, ...]:
    """Gives what is kept of a library, oldest first, each paper with its weight; nothing if it was never read."""
    return _weigh(library.place, store.get_document(_document(library.name)) or "") if library else ()


@lru_cache(maxsize=_IN_MEMORY)
def _weigh(place: str, text: str) -> tuple[LibraryPaper, ...]:
    items = _parse(text)
    latest = max((item.added_at for item in items), default=None)
    return tuple(_paper(place, item, latest - item.added_at) for item in items if latest)


def _paper(place: str, item: LibraryItem, age: timedelta) -> LibraryPaper:
    weight = max(LEAST_WEIGHT, round(0.5 ** (age / HALF_LIFE), 3))
    return LibraryPaper(f"{ZOTERO}{place}", item.title, item.abstract, weight)


def find_stale(subscribers: Iterable[Subscriber], store: Store) -> Sequence[tuple[str, str]]:
    """Lists whose library could not be read the last time, and why, with what serves them meanwhile."""
    named = [one for one in subscribers if one.zotero]
    readings = read_index(store) if named else {}
    return [
        (one.subscriber_id, f"{found.problem} {_meanwhile(found)}")
        for one in named
        if one.zotero and (found := readings.get(one.zotero.name)) and found.problem
    ]


def has_failed(library: ZoteroLibrary, store: Store) -> bool:
    """Tells whether this library could not be read the last time."""
    reading = read_index(store).get(library.name)
    return reading is not None and bool(reading.problem)


def _meanwhile(reading: Reading) -> str:
    if reading.read_at is None:
        return "Until then their papers are chosen without it."
    return f"Until then what was read on {reading.read_at:%Y-%m-%d} serves."


# --- what is kept -------------------------------------------------------------------------------------


def _document(name: str) -> str:
    return f"zotero-{name.replace('/', '-')}.json"


def _write(found: LibraryContents) -> str:
    rows = [[item.added_at.isoformat(), item.title, item.abstract] for item in found.items]
    return json.dumps(rows, indent=0)


def _parse(text: str) -> list[LibraryItem]:
    """Reads the kept items; none of a text that cannot be understood: it is read anew within a day."""
    try:
        rows = json.loads(text or "[]")
        items = [LibraryItem(str(title), str(abstract), datetime.fromisoformat(at)) for at, title, abstract in rows]
        return [item for item in items if item.added_at.tzinfo]
    except (ValueError, TypeError):
        return []


def read_index(store: Store) -> dict[str, Reading]:
    """Gives by name how each library was last read; nothing of a text that cannot be understood."""
    try:
        document = json.loads(store.get_document(INDEX) or "{}")
        return {str(name): _reading(kept) for name, kept in document.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _reading(kept: Mapping[str, object]) -> Reading:
    read_at = kept["read_at"]
    version, total, papers = (int(str(kept[name])) for name in ("version", "total", "papers"))
    return Reading(
        next_at=datetime.fromisoformat(str(kept["next_at"])),
        read_at=datetime.fromisoformat(str(read_at)) if read_at else None,
        version=version,
        total=total,
        papers=papers,
        problem=str(kept["problem"]),
    )


def _write_index(store: Store, readings: Mapping[str, Reading]) -> None:
    document = {
        name: {
            "next_at": one.next_at.isoformat(),
            "read_at": one.read_at.isoformat() if one.read_at else None,
            "version": one.version,
            "total": one.total,
            "papers": one.papers,
            "problem": one.problem,
        }
        for name, one in sorted(readings.items())
    }
    store.put_document(INDEX, json.dumps(document, indent=0))
