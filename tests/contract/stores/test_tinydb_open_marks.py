"""The index of open deliveries in the folder store: marks, and a look for what others wrote without one."""

import json
import os
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.delivery import ledger
from newsletter.errors import StoreError
from newsletter.model import Delivery, DeliveryState
from newsletter.stores.tinydb import TinyStore
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.table import JsonTable
from tests.contract.stores.memories import DAY, NOW, WHO, claim, doubted, handed_over
from tests.fakes import no_more_than

S = DeliveryState
A_DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the store `tiny`."""
    return tmp_path / "state"


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "open").iterdir() if path.name != "looked")


def month_of(folder: Path, who: str) -> Path:
    return folder / "deliveries" / who / f"{DAY:%Y-%m}.json"


def write_without_a_mark(folder: Path, row: Delivery) -> None:
    """What an older version does."""
    table = JsonTable(StateFolder(folder), "deliveries", Delivery, lambda row: row.delivery_id)
    table.put(month_of(folder, row.subscriber_id), row)


def test_a_row_has_its_mark_before_it_is_open_and_as_long_as_it_is(tiny: TinyStore, folder: Path) -> None:
    row = claim(tiny)
    assert marks(folder) == []
    row = ledger.hand_over(row, paper_ids=(), announced_on=(), message_id="", now=NOW)
    with no_more_than(1), pytest.raises(StoreError):  # the row cannot be written, as if the process died before it
        tiny.move(row)
    again = TinyStore(folder)
    assert marks(folder) == [f"{DAY}_{WHO}"]
    again.move(row)
    assert again.get_open_deliveries() == [row]
    again.move(ledger.accept(row, "receipt", NOW))
    assert marks(folder) == []


@pytest.mark.parametrize("left", [f"{DAY}_{WHO}", f"{DAY}_s_nobody"])
def test_a_mark_that_a_kill_left_behind_is_taken_away(tiny: TinyStore, folder: Path, left: str) -> None:
    claim(tiny)
    (folder / "open" / left).touch()
    assert tiny.get_open_deliveries() == []
    assert marks(folder) == []


def test_strange_files_beside_the_marks_are_left_alone(tiny: TinyStore, folder: Path) -> None:
    for name in (".DS_Store", "notes.txt", "2026-11_s_x"):
        (folder / "open" / name).touch()
    assert tiny.get_open_deliveries() == []
    assert len(marks(folder)) == 3


def test_only_the_owner_sees_them(tiny: TinyStore, folder: Path) -> None:
    doubted(tiny)
    assert (folder / "open").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (folder / "open").iterdir()} == {0o600}


def without_marks(folder: Path) -> TinyStore:
    """The folder as an older version leaves it."""
    shutil.rmtree(folder / "open")
    return TinyStore(folder)


def test_the_folder_of_an_older_version_is_looked_through(tiny: TinyStore, folder: Path) -> None:
    opened = [doubted(tiny, on=date(2024, 2, 29)), doubted(tiny, "s_other")]
    claim(tiny, who="s_third")
    newer = without_marks(folder)
    assert newer.get_open_deliveries() == opened
    assert len(marks(folder)) == 2
    assert newer.get_open_deliveries() == opened


def test_marks_that_are_deleted_while_a_store_is_at_work_are_made_again(tiny: TinyStore, folder: Path) -> None:
    row = doubted(tiny)
    shutil.rmtree(folder / "open")
    other = handed_over(tiny, who="s_other")
    assert tiny.get_open_deliveries() == [row, other]
    shutil.rmtree(folder / "open")
    assert tiny.get_open_deliveries() == [row, other]


def test_what_an_older_version_writes_between_two_newer_ones_is_found(tiny: TinyStore, folder: Path) -> None:
    """Somebody installs the new one, goes back after a bad morning, and installs it again."""
    claim(tiny)
    assert tiny.get_open_deliveries() == []
    row = ledger.hand_over(claim(tiny, who="s_new"), paper_ids=(), announced_on=(), message_id="", now=NOW)
    known = ledger.hand_over(tiny.get_delivery(WHO, DAY) or row, paper_ids=(), announced_on=(), message_id="", now=NOW)
    assert tiny.get_open_deliveries() == []
    for each in (row, known):
        write_without_a_mark(folder, each)
    assert TinyStore(folder).get_open_deliveries() == [known, row]


def test_what_comes_back_from_a_backup_is_found_however_old_its_files_are(
    tiny: TinyStore, folder: Path, tmp_path: Path
) -> None:
    row = doubted(tiny)
    path = month_of(folder, WHO)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    shutil.copy2(path, tmp_path / "backup.json")
    tiny.move(ledger.settle(row, True, "found", NOW))
    assert tiny.get_open_deliveries() == []
    shutil.copy2(tmp_path / "backup.json", path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    assert tiny.get_open_deliveries() == [row]


def test_a_row_that_does_not_say_who_sent_it_is_read(tiny: TinyStore, folder: Path) -> None:
    row = doubted(tiny)
    path = month_of(folder, WHO)
    content = json.loads(path.read_bytes())
    del content["deliveries"][row.delivery_id]["sent_by"]
    path.write_text(json.dumps(content))
    assert without_marks(folder).get_open_deliveries() == [row]


def test_what_nobody_wrote_since_the_last_look_is_not_read_again(tiny: TinyStore, folder: Path) -> None:
    """So a tick costs the same after years: here a read would stumble over the damage."""
    claim(tiny)
    path, looked = month_of(folder, WHO), folder / "open" / "looked"
    while not looked.exists() or looked.stat().st_mtime_ns <= path.parent.stat().st_ctime_ns:
        assert tiny.get_open_deliveries() == []  # the kernel's clock for files ticks every few milliseconds
    path.write_text("damaged")
    row = doubted(tiny, "s_other")
    assert tiny.get_open_deliveries() == [row]
    with pytest.raises(StoreError, match="put this file back"):
        without_marks(folder).get_open_deliveries()


@pytest.mark.parametrize("state", DeliveryState)
def test_of_rows_in_every_state_the_open_ones_are_found(tiny: TinyStore, folder: Path, state: DeliveryState) -> None:
    """Files that surely have none are not read, and no text of a row may be taken for its state."""
    detail = '"state":"in_doubt","run_id": "state":"accepted","run_id":'
    closed = [replace(claim(tiny, who="s_a", on=on), state=S.ACCEPTED, detail=detail) for on in (DAY, DAY - A_DAY)]
    row = replace(claim(tiny), state=state, detail=detail)
    for each in (*closed, row):
        write_without_a_mark(folder, each)
    assert without_marks(folder).get_open_deliveries() == ([row] if state in ledger.OPEN_STATES else [])


def test_a_file_that_surely_has_no_open_row_is_not_read(tiny: TinyStore, folder: Path) -> None:
    """It takes long, and a memory from a backup has many: here a read would stumble over a row."""
    row = replace(claim(tiny), state=S.ACCEPTED)
    path = month_of(folder, WHO)
    for state in (S.ACCEPTED, S.IN_DOUBT):
        write_without_a_mark(folder, replace(row, state=state))
        path.write_text(path.read_text().replace('"attempts":1', '"attempts":"many"'))
        if state is S.ACCEPTED:
            assert without_marks(folder).get_open_deliveries() == []
        else:
            with pytest.raises(StoreError, match="attempts"):
                without_marks(folder).get_open_deliveries()


def test_a_look_in_the_future_says_nothing_once_the_clock_is_right_again(tiny: TinyStore, folder: Path) -> None:
    assert tiny.get_open_deliveries() == []
    os.utime(folder / "open" / "looked", (4_000_000_000, 4_000_000_000))
    row = ledger.hand_over(claim(tiny), paper_ids=(), announced_on=(), message_id="", now=NOW)
    write_without_a_mark(folder, row)
    assert tiny.get_open_deliveries() == [row]
