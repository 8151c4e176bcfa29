"""Everything that a store keeps, carried into another one or through a file: the same is there, whatever is killed."""

import gzip
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import StoreError
from newsletter.model import (
    Frequency,
    Grading,
    MailEvent,
    ModelBatch,
    ModelCall,
    PaperVector,
    PromisedMail,
    SavedPaper,
    SignUp,
    Vote,
    Welcome,
)
from newsletter.model.deliveries import EventKind, Suppression, SuppressionReason
from newsletter.model.subscribers import Move, RevisionOrigin
from newsletter.stores import Store
from newsletter.stores.backup_file import BackupFile, write_backup
from newsletter.stores.contents import KINDS, Source, Target, carry
from newsletter.stores.sql import SqlStore
from newsletter.stores.sql.contents import SqlContents
from newsletter.stores.sql.database import Database, parse_url
from newsletter.stores.sql.paces import Paces
from newsletter.stores.tinydb import TinyStore
from newsletter.stores.tinydb.contents import TinyContents
from newsletter.stores.tinydb.folder import StateFolder
from tests import ROOT, databases, make
from tests.archives import digest
from tests.contract.stores.memories import DAY, NOW, day, doubted, fork, handed_over, run_report

ONE, OTHER, GONE = "s_aaaa2222", "s_bbbb3333", "s_cccc4444"
ODD = "naïve \x00 \ud800 \U0001d538\r\n"  # what foreign text can have
ORIGIN = "restore x"


def quiet(_kind: str, _count: int) -> None: ...


class Place:
    """Where a store is: it opens it, and what is in it."""

    def __init__(self, store: Callable[[], Store], contents: Callable[[], Any]) -> None:
        self.store, self.contents = store, contents


@pytest.fixture
def databases_of_the_test() -> Iterator[list[Database]]:
    opened: list[Database] = []
    yield opened
    for database in opened:
        database.close()


@pytest.fixture
def place(
    request: pytest.FixtureRequest, tmp_path: Path, databases_of_the_test: list[Database]
) -> Callable[[str, str], Place]:
    """Gives an empty place of that kind and name."""

    def open_database(url: str) -> Database:
        databases_of_the_test.append(Database(parse_url(url)))
        return databases_of_the_test[-1]

    def make_place(kind: str, name: str) -> Place:
        if kind == "tiny":
            folder = tmp_path / name
            return Place(lambda: TinyStore(folder), lambda: TinyContents(StateFolder(folder)))
        url = databases.sqlite_url(tmp_path / f"{name}.db")
        if kind == "postgresql":
            url = databases.new_schema(request.getfixturevalue("postgres_url"), name)
        databases.migrate(url)
        return Place(lambda: SqlStore(open_database(url)), lambda: SqlContents(open_database(url)))

    return make_place


def fill(store: Store) -> None:
    """Something of every kind, with all that foreign text can have."""
    store.start_run("r1")
    for who in (ONE, OTHER, GONE):
        handed_over(store, who=who, papers=("2511.00001",), on=DAY - timedelta(days=40))
        doubted(store, who)
        store.put_digest(digest(DAY, subscriber=make.subscriber(subscriber_id=who), notices=(ODD,)))
        store.take_event(MailEvent(EventKind.DELIVERED, who, DAY, NOW, ODD), now=NOW)
        store.add_revision(who, f"about: {ODD}", origin=RevisionOrigin.WEB, now=NOW)
        store.add_revision(who, "", origin=RevisionOrigin.REPLY, now=NOW + timedelta(minutes=1))
        store.put_vote(Vote(who, "hep-th/9901001", -1, NOW, make.paper("hep-th/9901001", title=ODD)))
        store.put_vote(Vote(who, "2601.00002", 0, NOW))
        store.save_paper(SavedPaper(who, NOW, make.paper()), most=9)
        asked = SignUp(who, NOW, f"{who}@example.org", ODD, ("cs.LG",), ODD, frequency=Frequency.WEEKLY)
        store.add_sign_up(asked)
        store.enrol(replace(asked, confirmed_at=NOW))
    why = Suppression(SuppressionReason.COMPLAINT, NOW, ODD, DAY)
    told = {"suppression": why, "soft_bounces_on": (DAY,), "held": (why,)}
    store.change_address_status(OTHER, lambda known: replace(known, **told))
    store.begin_welcomes([Welcome(ONE, NOW, PromisedMail.SENT)])
    store.claim_once("mail", ODD, on=DAY)
    store.put_document("subscribers.yaml", ODD)
    store.record_run(run_report("r0"))
    call = ModelCall("c1", NOW, "m", "flex", "p", ("2511.00001",), "h", cost_usd=Decimal("0.0100"), answer=ODD)
    store.begin_call(call, budget_usd=None)
    store.begin_batch(ModelBatch("b1", NOW, "r1", DAY, "p", "m", "k", 7), (), budget_usd=None)
    store.put_gradings([Grading("2511.00001", 1, "p", "m", "k", 8, 6, ODD, False, NOW)])
    store.remember_day(day(DAY, 3))
    store.put_vectors([PaperVector("2511.00001", 1, "m", DAY, "AAAA")])
    store.end_run("r1")


def move_away(store: Store) -> None:
    """Somebody whose mails are all settled has another address now."""
    store.move_subscriber(Move("s_dddd5555", "s_eeee6666", NOW, "new@example.org"))


def everything(source: Source) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, values in source.read():
        found[kind] += map(repr, values)
    return {kind: sorted(values) for kind, values in found.items()}


ROUTES = [("tiny", "sqlite"), ("tiny", "postgresql"), ("sqlite", "tiny"), ("postgresql", "sqlite")]


@pytest.mark.parametrize(("here", "there"), ROUTES)
def test_all_of_it_is_there_afterwards(place: Callable[[str, str], Place], here: str, there: str) -> None:
    source, target = place(here, "here"), place(there, "there")
    fill(source.store())
    move_away(source.store())
    counts = carry(source.contents(), target.contents(), ORIGIN, quiet)
    before, after = everything(source.contents()), everything(target.contents())
    assert {kind: len(values) for kind, values in before.items()} == counts
    assert [kind for kind in KINDS if not before[kind]] == ["waiting_suppressions"], "something of every other kind"
    assert after == before
    assert views(target.store()) == views(source.store())
    assert not target.store().claim_once("mail", ODD, on=DAY)


def views(store: Store) -> list[object]:
    """What others ask a store for."""
    found: list[object] = [store.get_deliveries(), store.get_open_deliveries(), store.get_runs(), store.get_enrolled()]
    for who in (ONE, OTHER, GONE):
        found += [store.get_sent(who), store.get_digest(who, DAY), store.get_revisions(who), store.get_votes(who)]
        found += [store.get_saved(who), store.get_address_status(who), store.get_events(who, DAY)]
    found += [store.get_welcomes(), store.get_moves(), store.get_document("subscribers.yaml"), store.find_unreadable()]
    found += [store.get_day(DAY), store.get_gradings("p", since=DAY), store.get_batches(since=DAY)]
    found += [store.find_papers(OTHER, "lovelace")]
    return [*found, store.get_calls(since=DAY, until=DAY), store.get_vectors("m", [("2511.00001", 1)])]


@pytest.mark.parametrize("kind", ["tiny", "sqlite", "postgresql"])
def test_a_backup_brings_everything_back(place: Callable[[str, str], Place], tmp_path: Path, kind: str) -> None:
    source, target = place(kind, "here"), place(kind, "there")
    fill(source.store())
    file = tmp_path / "backup.gz"
    counts = write_backup(source.contents(), file, quiet)
    assert (file.stat().st_mode & 0o777, BackupFile(file).counts) == (0o600, counts)
    carry(BackupFile(file), target.contents(), ORIGIN, quiet)
    assert everything(target.contents()) == everything(source.contents()) == everything(BackupFile(file))
    assert views(target.store()) == views(source.store())


def test_what_is_worth_nothing_tomorrow_is_in_no_backup(place: Callable[[str, str], Place]) -> None:
    """A folder could not even name it."""
    source, target = place("sqlite", "here"), place("tiny", "there")
    Paces(source.store().database).reserve("feeds of https://rss.arxiv.org", 3.0)  # type: ignore[attr-defined]
    source.store().enrol(SignUp(ONE, NOW, "one@example.org", "", ("cs.LG",), ""))
    assert carry(source.contents(), target.contents(), ORIGIN, quiet) == dict.fromkeys(KINDS, 0) | {"enrolled": 1}
    assert [one.subscriber_id for one in target.store().get_enrolled()] == [ONE]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_worth_nothing_tomorrow_is_not_in_the_way_of_a_backup(
    place: Callable[[str, str], Place], kind: str
) -> None:
    """`newsletter check` takes turns at the servers of feeds, also before there is anything else."""
    source, target = place("tiny", "here"), place(kind, "there")
    fill(source.store())
    Paces(target.store().database).reserve("feeds of https://rss.arxiv.org", 3.0)  # type: ignore[attr-defined]
    carry(source.contents(), target.contents(), ORIGIN, quiet)
    assert everything(target.contents()) == everything(source.contents())


def test_an_empty_memory_makes_a_backup_too(place: Callable[[str, str], Place], tmp_path: Path) -> None:
    counts = write_backup(place("sqlite", "here").contents(), tmp_path / "backup.gz", quiet)
    assert counts == BackupFile(tmp_path / "backup.gz").counts == dict.fromkeys(KINDS, 0)


# --- cut off


class Dying:
    """A target that is killed before one of its writes."""

    def __init__(self, target: Target, writes: int) -> None:
        self._target, self._left = target, writes
        self.begin, self.read_same = target.begin, target.read_same

    def write(self, kind: str, values: Sequence[Any]) -> None:
        self._fall()
        self._target.write(kind, values)

    def finish(self) -> None:
        self._fall()
        self._target.finish()

    def _fall(self) -> None:
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("there", ["tiny", "sqlite", "postgresql"])
def test_killed_on_the_way_nobody_opens_it_and_the_same_command_completes_it(
    place: Callable[[str, str], Place], there: str
) -> None:
    source, target = place("tiny", "here"), place(there, "there")
    fill(source.store())
    for writes in (0, 1, 2, 3, 4, 5):
        child = fork.Process(
            target=lambda writes=writes: carry(source.contents(), Dying(target.contents(), writes), ORIGIN, quiet)
        )
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        with pytest.raises(StoreError, match="holds a part of a memory; run 'newsletter restore x' again"):
            target.store()
        with pytest.raises(StoreError, match="run 'newsletter restore x' again"):
            target.contents().begin("restore another")
    carry(source.contents(), target.contents(), ORIGIN, quiet)
    assert everything(target.contents()) == everything(source.contents())
    target.store()


@pytest.mark.parametrize("there", ["tiny", "sqlite", "postgresql"])
def test_nothing_is_carried_into_a_memory_that_has_something(place: Callable[[str, str], Place], there: str) -> None:
    target = place(there, "there")
    target.store().put_document("x", "y")
    with pytest.raises(StoreError, match=r"is not empty .*documents.*else take"):
        carry(place("tiny", "here").contents(), target.contents(), ORIGIN, quiet)
    assert target.store().get_document("x") == "y"


# --- files that are no backup


def _without_fifth(lines: list[bytes]) -> list[bytes]:
    return lines[:4] + lines[5:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda whole: whole[: len(whole) // 2],
    "without its end": lambda whole: gzip.compress(b"".join(gzip.decompress(whole).splitlines(True)[:-1])),
    "without a line": lambda whole: gzip.compress(b"".join(_without_fifth(gzip.decompress(whole).splitlines(True)))),
    "no gzip": gzip.decompress,
    "empty": lambda _: b"",
    "another's": lambda _: gzip.compress(b'{"x": 1}\n'),
    "of a later format": lambda whole: gzip.compress(gzip.decompress(whole).replace(b'backup":1', b'backup":2', 1)),
    "binary": lambda _: bytes(range(256)),
    "nested without end": lambda _: gzip.compress(b"[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_no_whole_backup_is_refused_with_the_remedy(
    place: Callable[[str, str], Place], tmp_path: Path, damage: str
) -> None:
    source = place("tiny", "here")
    fill(source.store())
    file = tmp_path / "backup.gz"
    write_backup(source.contents(), file, quiet)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(StoreError, match=r"; (name another file|take another backup)"):
        BackupFile(file)


def test_a_file_that_is_not_there_and_a_place_that_cannot_be_written(
    place: Callable[[str, str], Place], tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="is not there; name a file"):
        BackupFile(tmp_path / "nothing.gz")
    with pytest.raises(StoreError, match=r"cannot be written .*; choose another place"):
        write_backup(place("tiny", "here").contents(), tmp_path / "nowhere" / "backup.gz", quiet)


# --- what earlier versions kept


@pytest.mark.parametrize("version", sorted(ROOT.glob("tests/stored/*/state")), ids=lambda path: path.parent.name)
def test_the_folder_of_an_earlier_version_is_carried_whole(
    place: Callable[[str, str], Place], tmp_path: Path, version: Path
) -> None:
    folder, target = shutil.copytree(version, tmp_path / "old"), place("sqlite", "there")
    contents = TinyContents(StateFolder(folder))
    carry(contents, target.contents(), ORIGIN, quiet)
    assert everything(target.contents()) == everything(contents)
    old, new = TinyStore(folder), target.store()
    assert new.get_deliveries() == old.get_deliveries()
    assert new.get_address_statuses() == old.get_address_statuses()
