"""Everything in a state folder, kind by kind, to be carried from it or into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from newsletter.errors import StoreError
from newsletter.files import atomic
from newsletter.model import MailEvent
from newsletter.stores.contents import KINDS, WELCOMES_BEGUN, Claim, Document, Mark
from newsletter.stores.locks import RunLocks
from newsletter.stores.tinydb.claims import KeptClaim
from newsletter.stores.tinydb.documents import Documents
from newsletter.stores.tinydb.folder import (
    DAY_FILE,
    MONTH_FILE,
    READER_FILE,
    SAFE_NAME,
    StateFolder,
    day_file,
    disk_errors,
    matching,
    month_file,
    safe_name,
)
from newsletter.stores.tinydb.llm_calls import answer_key
from newsletter.stores.tinydb.table import JsonTable

_VALUES_AT_ONCE = 200
_LARGE = ("announcement_days", "paper_vectors")  # a file has megabytes of them


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the values of one kind are: in which files, in which table of them, under which key."""

    folder: str
    file: re.Pattern[str]
    file_of: Callable[[Any], str]  # below the folder
    key_of: Callable[[Any], str]
    table: str = ""  # if it is not the folder's name
    is_deep: bool = False  # in folders below the folder


def _reader(value: Any) -> str:
    return f"{safe_name(value.subscriber_id)}.json"


def _in_month(value: Any) -> str:
    return f"{safe_name(value.subscriber_id)}/{month_file(value.digest_on)}"


def _utc(at: datetime) -> str:
    return day_file(at.astimezone(UTC).date())


def _event_key(event: MailEvent) -> str:
    return f"{event.delivery_id}/{event.kind}"


def _who(value: Any) -> str:
    return str(value.subscriber_id)


_PLACES: dict[str, _Place] = {
    "deliveries": _Place("deliveries", MONTH_FILE, _in_month, lambda row: row.delivery_id, is_deep=True),
    "address_statuses": _Place("standings", READER_FILE, _reader, _who),
    "waiting_suppressions": _Place("waiting", READER_FILE, _reader, _who, "standings"),
    "events": _Place("events", MONTH_FILE, _in_month, _event_key, is_deep=True),
    "moves": _Place("moved", READER_FILE, _reader, _who, "moves"),
    "enrolled": _Place("enrolled", READER_FILE, _reader, _who, "sign_ups"),
    "sign_ups": _Place("sign_ups", DAY_FILE, lambda one: _utc(one.at), _who),
    "revisions": _Place("revisions", READER_FILE, _reader, lambda revision: str(revision.number)),
    "votes": _Place("votes", READER_FILE, _reader, lambda vote: str(vote.arxiv_id)),
    "saved_papers": _Place("saved", READER_FILE, _reader, lambda saved: str(saved.paper.arxiv_id)),
    "welcomes": _Place("welcomes", re.compile(r"all\.json"), lambda _: "all.json", _who),
    "runs": _Place("runs", DAY_FILE, lambda report: day_file(report.digest_on), lambda report: str(report.run_id)),
    "model_calls": _Place("calls", DAY_FILE, lambda call: _utc(call.at), lambda call: str(call.call_id)),
    "model_batches": _Place("batches", DAY_FILE, lambda batch: _utc(batch.at), lambda batch: str(batch.batch_id)),
    "gradings": _Place(
        "judgements", DAY_FILE, lambda one: f"{safe_name(one.profile_key)}/{_utc(one.at)}", answer_key, is_deep=True
    ),
    "announcement_days": _Place(
        "announcements", DAY_FILE, lambda day: day_file(day.announced_on), lambda day: str(day.announced_on)
    ),
    "paper_vectors": _Place(
        "vectors",
        DAY_FILE,
        lambda one: day_file(one.announced_on),
        lambda one: f"{one.model}/{one.arxiv_id}v{one.version}",
    ),
    "digests": _Place(
        "digests",
        DAY_FILE,
        lambda digest: f"{safe_name(digest.subscriber.subscriber_id)}/{day_file(digest.digest_on)}",
        lambda digest: f"{digest.subscriber.subscriber_id}/{digest.digest_on}",
        is_deep=True,
    ),
}


class TinyContents:
    """A Source and a Target (see stores/contents.py) in a state folder."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._running = RunLocks(folder.locks)
        self._documents = Documents(folder)
        self._once = JsonTable(folder, "once", KeptClaim, lambda claim: claim.key)
        self._tables = {
            kind: JsonTable(folder, place.table or place.folder, KINDS[kind], place.key_of, place=place.folder)
            for kind, place in _PLACES.items()
        }

    def hold(self) -> AbstractContextManager[None]:
        """Keeps everybody else from a change. Whoever waits for longer than half a minute is refused."""
        return self._folder.change(self._folder.path)

    def require_at_rest(self) -> None:
        """Raises StoreError while a run is at work. Call within `hold`."""
        if self._running.any_taken():
            raise StoreError(f"a run is at work in {self._folder.path}; wait until it has ended, and try again")

    # -- reading

    def read(self) -> Iterator[tuple[str, Sequence[Any]]]:
        for kind in KINDS:
            values: list[Any] = []
            for some in self._read_files(kind):
                values += some
                if len(values) >= _VALUES_AT_ONCE or kind in _LARGE:
                    yield kind, values
                    values = []
            if values:
                yield kind, values

    def _read_files(self, kind: str) -> Iterator[Sequence[Any]]:
        if kind == "marks":
            yield [Mark(WELCOMES_BEGUN)] if self._welcomes_file.exists() else []
        elif kind == "claims":
            for path in self._files(self._once.path, DAY_FILE, is_deep=True):
                on = date.fromisoformat(path.stem)
                yield [Claim(path.parent.name, one.key, on) for one in self._once.get_all(path)]
        elif kind == "documents":
            for path in self._files(self._folder.part("documents"), SAFE_NAME):
                yield [Document(path.name, self._documents.get_document(path.name) or "")]
        else:
            place, table = _PLACES[kind], self._tables[kind]
            for path in self._files(table.path, place.file, is_deep=place.is_deep):
                with disk_errors(path):
                    yield table.get_all(path)

    def _files(self, folder: Path, name: re.Pattern[str], *, is_deep: bool = False) -> Iterator[Path]:
        with disk_errors(folder):
            folders = sorted(path for path in folder.iterdir() if path.is_dir()) if is_deep else [folder]
            for each in folders:
                yield from sorted(path for path, _ in matching(each, name) if path.is_file())

    # -- writing

    def begin(self, origin: str) -> bool:
        note = self._folder.unfinished
        with self.hold():
            if note.exists():
                if note.read_text(encoding="utf-8") != origin:
                    self._folder.require_finished()
                return True
            kind = next((kind for kind, values in self.read() if values), "")
            if kind:
                what = kind.replace("_", " ")
                raise StoreError(
                    f"{self._folder.path} is not empty (it has {what}). If all was carried here before, nothing is left"
                    " to do; else take a new folder"
                )
            atomic.write_whole(note, origin.encode(), temp_folder=self._folder.temp)
        return False

    def write(self, kind: str, values: Sequence[Any]) -> None:
        with self.hold():
            if kind == "documents":
                for document in values:
                    self._documents.put_document(document.name, document.text)
            elif kind == "marks":
                if not self._welcomes_file.exists():
                    self._tables["welcomes"].write(self._welcomes_file, ())
            elif kind == "claims":
                for path, claims in _group(values, self._claim_file).items():
                    self._once.put(path, *(KeptClaim(claim.key) for claim in claims))
            else:
                for path, some in _group(values, self._file_of(kind)).items():
                    self._tables[kind].put(path, *some)

    def read_same(self, kind: str, values: Sequence[Any]) -> list[Any]:
        if kind == "documents":
            texts = [(one.name, self._documents.get_document(one.name)) for one in values]
            return [None if text is None else Document(name, text) for name, text in texts]
        if kind == "marks":
            return [mark if self._welcomes_file.exists() else None for mark in values]
        if kind == "claims":
            there = {(path, one.key) for path in _group(values, self._claim_file) for one in self._once.get_all(path)}
            return [claim if (self._claim_file(claim), claim.key) in there else None for claim in values]
        file_of, table = self._file_of(kind), self._tables[kind]
        kept = {(path, table.key_of(one)): one for path in _group(values, file_of) for one in table.get_all(path)}
        return [kept.get((file_of(value), table.key_of(value))) for value in values]

    def finish(self) -> None:
        with self.hold():
            self._folder.unfinished.unlink(missing_ok=True)

    @property
    def _welcomes_file(self) -> Path:
        return self._tables["welcomes"].path / "all.json"

    def _file_of(self, kind: str) -> Callable[[Any], Path]:
        folder, name_of = self._tables[kind].path, _PLACES[kind].file_of
        return lambda value: folder / name_of(value)

    def _claim_file(self, claim: Claim) -> Path:
        return self._once.path / safe_name(claim.what) / day_file(claim.claimed_on)


def _group(values: Sequence[Any], file_of: Callable[[Any], Path]) -> dict[Path, list[Any]]:
    by_file: dict[Path, list[Any]] = {}
    for value in values:
        by_file.setdefault(file_of(value), []).append(value)
    return by_file
