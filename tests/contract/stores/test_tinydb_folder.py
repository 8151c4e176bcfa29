"""What the folder store promises on top: values of every shape, private files, and no damage taken for nothing."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable, StoreError
from newsletter.model.deliveries import DeliveryState
from newsletter.model.digests import Counts
from newsletter.model.papers import Announcement, AnnouncementDay, AnnounceType, FeedOutcome, FeedReport, Paper
from newsletter.model.runs import RunOutcome, RunReport, SubscriberReport
from newsletter.stores.locks import FolderLock
from newsletter.stores.tinydb import TinyStore
from tests.contract.stores.memories import DAY, NOW, WHO, claim, day, run_report
from tests.fakes import no_more_than

S = DeliveryState

# --- values of every shape

foreign_text = st.text(st.characters() | st.characters(categories=["Cs"]) | st.just("\x00"), max_size=12)
instants = st.datetimes(timezones=st.just(UTC))
papers = st.builds(
    Paper,
    *(foreign_text, st.integers(1, 99), foreign_text, st.lists(foreign_text, max_size=3).map(tuple)),
    *(foreign_text, st.lists(foreign_text, min_size=1, max_size=3).map(tuple)),
)
announcements = st.builds(
    Announcement, papers, st.sampled_from(AnnounceType), st.lists(foreign_text, max_size=2).map(tuple)
)
feeds = st.builds(FeedReport, foreign_text, st.sampled_from(FeedOutcome), st.integers(0, 3000), foreign_text)
counts = st.none() | st.builds(Counts, *[st.integers(0, 9999)] * 5)
subscribers = st.builds(SubscriberReport, foreign_text, st.sampled_from(RunOutcome), counts, foreign_text, foreign_text)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyStore, TinyStore]:
    """Two stores on one folder: what one writes, the other reads from the disk."""
    folder = tmp_path_factory.mktemp("shared")
    return TinyStore(folder), TinyStore(folder)


lawful = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@lawful
@given(st.dates(), st.lists(announcements, max_size=3), st.lists(feeds, max_size=2))
def test_every_announcement_day_round_trips(
    shared: tuple[TinyStore, TinyStore], on: date, shown: list[Announcement], reports: list[FeedReport]
) -> None:
    value = AnnouncementDay(on, tuple(shown), tuple(reports))
    shared[0].remember_day(value)
    assert shared[1].get_day(on) == value


@lawful
@given(
    st.builds(
        RunReport,
        *(st.just("r1"), st.dates(), instants, instants),
        *(st.lists(feeds, max_size=2).map(tuple), st.lists(subscribers, max_size=3).map(tuple)),
    )
)
def test_every_run_report_round_trips(shared: tuple[TinyStore, TinyStore], value: RunReport) -> None:
    shared[0].record_run(value)
    kept = shared[1].get_runs(digest_on=value.digest_on)
    assert kept == [value]
    assert kept[0].started_at.utcoffset() == timedelta(0)


@lawful
@given(instants, foreign_text, st.lists(foreign_text, max_size=3), st.integers(0, 10**6))
def test_every_delivery_round_trips(
    shared: tuple[TinyStore, TinyStore], now: datetime, text: str, ids: list[str], number: int
) -> None:
    writer, reader = shared
    who = f"s_{number}"
    on = DAY + timedelta(days=len(reader.get_deliveries(subscriber_id=who)))
    writer.start_run("r1")
    row = ledger.hand_over(
        claim(writer, who=who, on=on, now=now),
        paper_ids=tuple(ids),
        announced_on=(on,),
        message_id=text,
        now=now,
    )
    row = ledger.defer(row, text, now, now)
    writer.move(row)
    assert reader.get_delivery(who, on) == row


# --- locks


def test_waiting_for_a_stopped_process_ends_with_a_sentence(tmp_path: Path) -> None:
    stuck, waiting = FolderLock(tmp_path / "folder.lock"), FolderLock(tmp_path / "folder.lock", wait_s=0.0)
    with stuck.held(), pytest.raises(StoreError, match=r"held by another process.*end it"), waiting.held():
        pytest.fail("two holders")


def test_opening_removes_leftovers_and_spares_the_living(tiny: TinyStore, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    (folder / "tmp" / ".2026-11.json.abc.tmp").write_text("{ half")
    (folder / "locks" / "run-dead.lock").touch()
    TinyStore(folder)
    assert list((folder / "tmp").iterdir()) == []
    assert sorted(path.name for path in (folder / "locks").iterdir()) == ["folder.lock", "run-r1.lock"]
    assert tiny.is_running("r1")


# --- what is on the disk


def write_each_kind(tiny: TinyStore) -> None:
    tiny.remember_day(day(DAY))
    tiny.put_document("subscribers.yaml", "x")
    tiny.record_run(run_report("r1"))
    claim(tiny)


def test_the_folder_and_its_files_are_private(tiny: TinyStore, tmp_path: Path) -> None:
    write_each_kind(tiny)
    folder = tmp_path / "state"
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_file_is_replaced_and_never_written_into(tiny: TinyStore, tmp_path: Path) -> None:
    """Who has the old file open, or a second name for it, keeps the old content whole."""
    folder = tmp_path / "state"
    tiny.put_document("subscribers.yaml", "old")
    tiny.remember_day(day(DAY, 1))
    tiny.record_run(run_report("a"))
    row = claim(tiny)
    written = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks"]
    for number, path in enumerate(written):
        os.link(path, tmp_path / str(number))
    old = [path.read_bytes() for path in written]
    tiny.put_document("subscribers.yaml", "new")
    tiny.remember_day(day(DAY, 2))
    tiny.record_run(run_report("b"))
    tiny.move(ledger.skip(row, "nothing relevant", NOW))
    assert len(written) == 4
    for number, path in enumerate(written):
        assert (tmp_path / str(number)).read_bytes() == old[number] != path.read_bytes()


def test_the_files_are_where_the_documentation_says(tiny: TinyStore, tmp_path: Path) -> None:
    write_each_kind(tiny)
    folder = tmp_path / "state"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "announcements/2026-11-22.json",
        "deliveries/s_8k2mpq4x/2026-11.json",
        "documents/subscribers.yaml",
        "locks/folder.lock",
        "locks/run-r1.lock",
        "runs/2026-11-22.json",
    ]


Damage = Callable[[str], str]

DAMAGES: dict[str, Damage] = {
    "torn": lambda text: text[: len(text) // 2],
    "empty": lambda _text: "",
    "zeroes": lambda text: "\x00" * len(text),
    "not an object": lambda _text: "[]",
    "without a format": lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "format"}),
    "a table that is none": lambda text: json.dumps(json.loads(text) | {"deliveries": 3}),
    "a value that is none": lambda text: json.dumps(json.loads(text) | {"deliveries": {f"{WHO}/{DAY}": 3}}),
    "an unknown state": lambda text: text.replace('"claimed"', '"posted"'),
    "a field missing": lambda text: text.replace('"run_id"', '"run"'),
    "of somebody else": lambda text: text.replace(f'"subscriber_id":"{WHO}"', '"subscriber_id":"s_other"'),
    "nested without end": lambda _text: "[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_an_error_and_never_an_empty_one(tiny: TinyStore, tmp_path: Path, damage: Damage) -> None:
    claim(tiny)
    path = tmp_path / "state" / "deliveries" / WHO / "2026-11.json"
    damaged = damage(path.read_text())
    assert damaged != path.read_text()
    path.write_text(damaged)
    for use in (
        lambda: tiny.get_delivery(WHO, DAY),
        lambda: tiny.get_sent(WHO),
        lambda: tiny.claim(WHO, DAY, run_id="r1", now=NOW),
    ):
        with pytest.raises(StoreError, match=r"2026-11\.json.*from a backup"):
            use()
    assert path.read_text() == damaged


def test_a_damaged_day_and_document_are_errors_too(tiny: TinyStore, tmp_path: Path) -> None:
    tiny.remember_day(day(DAY))
    tiny.put_document("subscribers.yaml", "x")
    (tmp_path / "state" / "announcements" / "2026-11-22.json").write_text("{")
    (tmp_path / "state" / "documents" / "subscribers.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match=r"2026-11-22\.json"):
        tiny.get_days(before=date(2027, 1, 1), limit=1)
    with pytest.raises(StoreError, match=r"subscribers\.yaml"):
        tiny.get_document("subscribers.yaml")


def test_a_file_of_a_later_format_is_refused(tiny: TinyStore, tmp_path: Path) -> None:
    claim(tiny)
    path = tmp_path / "state" / "deliveries" / WHO / "2026-11.json"
    path.write_text(path.read_text().replace('"format":1', '"format":2'))
    with pytest.raises(StoreError, match=r"format 2 .* install"):
        tiny.get_sent(WHO)


def test_stray_files_are_left_alone(tiny: TinyStore, tmp_path: Path) -> None:
    claim(tiny)
    for name in ("deliveries/.DS_Store", f"deliveries/{WHO}/2026-11.json~", "announcements/notes.txt"):
        (tmp_path / "state" / name).write_text("mine")
    assert len(tiny.get_deliveries()) == 1
    assert tiny.get_days(before=DAY, limit=3) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\x00b", "a\n", "ä", "x" * 101])
def test_an_id_that_could_lead_out_of_the_folder_is_refused(tiny: TinyStore, name: str) -> None:
    tiny_uses: tuple[Callable[[], object], ...] = (
        lambda: tiny.put_document(name, "x"),
        lambda: tiny.get_document(name),
        lambda: tiny.start_run(name),
        lambda: tiny.claim(name, DAY, run_id="r1", now=NOW),
        lambda: tiny.claim(WHO, DAY, run_id=name, now=NOW),
        lambda: tiny.get_sent(name),
    )
    for use in tiny_uses:
        with pytest.raises(StoreError, match="cannot be a file name"):
            use()


def test_a_disk_that_fills_up_leaves_the_old_row_whole(tiny: TinyStore, tmp_path: Path) -> None:
    row = claim(tiny)
    with no_more_than(100), pytest.raises(StoreError, match="check the disk's free space"):
        tiny.move(ledger.skip(row, "nothing relevant", NOW))
    assert tiny.get_delivery(WHO, DAY) == row
    assert list((tmp_path / "state" / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(StoreError, match=r"state.*check the disk"):
        TinyStore(tmp_path / "state")


def test_a_day_that_is_not_asked_for_is_not_read(tiny: TinyStore, tmp_path: Path) -> None:
    for number in (18, 19, 20, 21):
        tiny.remember_day(day(date(2026, 11, number)))
    (tmp_path / "state" / "announcements" / "2026-11-18.json").write_text("not read")
    (tmp_path / "state" / "announcements" / "2026-11-21.json").write_text("not read")
    found = tiny.get_days(before=date(2026, 11, 21), limit=2)
    assert [one.announced_on.day for one in found] == [19, 20]


# --- a folder that went away

LISTINGS: dict[str, Callable[[TinyStore], object]] = {
    "announcements": lambda store: store.get_days(before=DAY, limit=9),
    "deliveries": lambda store: store.get_deliveries(),
    "deliveries of one": lambda store: store.get_deliveries(subscriber_id=WHO),
    "deliveries sent": lambda store: store.get_sent(WHO),
    "digests": lambda store: store.get_digest_days(WHO),
    "events": lambda store: store.require_readable(WHO),
    "standings": lambda store: store.get_address_statuses(),
    "calls": lambda store: store.get_calls(since=DAY, until=DAY),
    "batches": lambda store: store.get_batches(since=DAY),
    "judgements": lambda store: store.get_gradings("a" * 16, since=DAY),
    "runs": lambda store: store.get_runs(),
    "sign_ups": lambda store: store.get_sign_ups(),
    "enrolled": lambda store: store.get_enrolled(),
    "moved": lambda store: store.get_moves(),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_folder_that_went_away_is_never_taken_for_an_empty_one(tmp_path: Path, name: str) -> None:
    """A disk that is unmounted under a run leaves an empty folder behind: nothing sent would mean everything again."""
    store = TinyStore(tmp_path)
    LISTINGS[name](store)
    shutil.rmtree(tmp_path / name.split(maxsplit=1)[0])
    with pytest.raises((StoreError, ReaderUnreadable)):
        LISTINGS[name](store)
