"""Damage to one file of the memory, in every way that disks, editors and operators have: for tests of what goes on."""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.delivery.suppression import lift, pause
from newsletter.model import EventKind, MailEvent, RevisionOrigin, SavedPaper, SignUp, Vote
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.archives import digest

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)
MONDAY = date(2026, 1, 5)
ONE, OTHER = "s_aaaa2222", "s_bbbb3333"


def remember(store: TinyStore, who: str) -> None:
    """Something of each kind about this subscriber."""
    store.start_run("r0")
    row = make.handed_over(store, who, MONDAY, run_id="r0", now=NOW, paper_ids=("2601.00099",))
    store.move(ledger.accept(row, "receipt", NOW))
    store.end_run("r0")
    store.take_event(MailEvent(EventKind.DELIVERED, who, MONDAY, NOW), now=NOW)
    store.change_address_status(who, lambda known: pause(lift(known, NOW - timedelta(days=1)), MONDAY))
    store.add_revision(who, "max_papers: 9", origin=RevisionOrigin.WEB, now=NOW)
    store.put_vote(Vote(who, "2601.00099", 1, NOW))
    store.save_paper(SavedPaper(who, NOW, make.paper("2601.00099")), most=9)
    store.enrol(SignUp(who, NOW, f"{who}@example.org", "Eve", ("cs.LG",), "Graphs."), most=9)
    store.put_digest(digest(subscriber=make.subscriber(subscriber_id=who)))


def file_of(folder: Path, kind: str, who: str) -> Path:
    """The file of this kind; of digests the one of Tuesday."""
    name = {"events": f"{who}/2026-01.json", "digests": f"{who}/{make.TUESDAY}.json"}.get(kind, f"{who}.json")
    return folder / kind / name


KINDS = ("events", "standings", "revisions", "votes", "saved", "enrolled", "digests")


def _rewritten(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_text(json.dumps(change(json.loads(path.read_bytes()))))

    return damage


def _each_row(change: dict[str, object]) -> Callable[[dict[str, object]], object]:
    def changed(content: dict[str, object]) -> object:
        return {
            name: table if name == "format" else {key: {**row, **change} for key, row in table.items()}  # type: ignore[attr-defined]
            for name, table in content.items()
        }

    return changed


#: A value that this version does not know, for each kind of file.
_LATER: dict[str, object] = {
    **{"kind": "sung", "origin": "sung", "frequency": "sung", "value": "sung", "paper": "sung"},
    **{"suppression": {"why": "sung", "since": "2026-01-05T06:00:00Z"}, "counts": "sung"},
}


def _without_zones(path: Path) -> None:
    text = path.read_text()
    path.write_text(re.sub(r"(T\d\d:\d\d:\d\d)Z", r"\1", text))


def _is_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _is_a_loop(path: Path) -> None:
    """What nobody can open, root included, whom permissions do not stop."""
    path.unlink()
    path.symlink_to(path.name)


def _is_anothers(path: Path) -> None:
    mine, its = (ONE, OTHER) if ONE in str(path) else (OTHER, ONE)
    path.write_bytes(Path(str(path).replace(mine, its)).read_bytes())


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(512)),
    "binary": lambda path: path.write_bytes(os.urandom(300)),
    "latin-1": lambda path: path.write_bytes(path.read_bytes().replace(b"s_", b"\xe9_")),
    "nested": lambda path: path.write_bytes(b"[" * 100_000),
    "list": lambda path: path.write_text("[]"),
    "null": lambda path: path.write_text("null"),
    "no format": lambda path: path.write_text("{}"),
    "nothing but a format": lambda path: path.write_text('{"format": 1}'),
    "another table": lambda path: path.write_text('{"format": 1, "notes": {"a": {"b": 1}}}'),
    "no rows": _rewritten(lambda found: {name: 1 if name == "format" else [] for name in found}),
    "wrong fields": _rewritten(lambda found: {name: 1 if name == "format" else {"a": {"b": 1}} for name in found}),
    "a later format": _rewritten(lambda found: {**found, "format": 2}),
    "a later version's words": _rewritten(_each_row(_LATER)),
    "times without a zone": _without_zones,
    "a folder": _is_folder,
    "a loop": _is_a_loop,
    "another reader's": _is_anothers,
}
