"""The list of subscribers is read when it changed, and one reader costs the same with a thousand others."""

import os
import tracemalloc
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from newsletter.addresses import subscriber_id
from newsletter.delivery.suppression import pause
from newsletter.errors import ConfigError, ReaderUnreadable
from newsletter.model import Frequency, ReaderWishes, RevisionOrigin, SignUp, SignUpOrigin, Subscriber
from newsletter.services.directory import find_served, load_listed, load_subscribers
from newsletter.services.enrolled_subscribers import READ_AT_ONCE
from newsletter.services.subscribers_file import LAST_GOOD, load_file, read_subscribers
from newsletter.stores.tinydb import TinyStore
from tests.make import NOW, TUESDAY
from tests.memory_store import MemoryStore

CUT_OFF = 7  # of who writes none
ENTRY = "  - {{email: {}@example.org, categories: [cs.LG], topics: [{{name: T, relevant: {}}}]}}\n"
EVE = SignUp(subscriber_id("eve@example.org"), NOW, "eve@example.org", "Eve", ("cs.LG",), "Graphs.")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "subscribers.yaml", "ada", "emmy")


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return TinyStore(tmp_path / "state")


def write(path: Path, *names: str, words: str = "all", defaults: str = "") -> Path:
    path.write_text(f"{defaults}subscribers:\n" + "".join(ENTRY.format(name, words) for name in names))
    return path


def emails(path: Path, store: TinyStore) -> list[str]:
    return [one.email for one in load_listed(path, store, CUT_OFF).subscribers]


def test_what_the_file_says_is_kept_until_it_changes(path: Path, store: TinyStore) -> None:
    first = load_file(path, store, CUT_OFF)[0]
    assert load_file(path, TinyStore(path.parent / "state"), CUT_OFF)[0] is first
    os.utime(path)
    assert load_file(path, store, CUT_OFF)[0] is first
    write(path, "ada", "lise")
    assert emails(path, store) == ["ada@example.org", "lise@example.org"]


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=r"No such file or directory\); 'newsletter init' writes one to begin with, or name another",
    ):
        read_subscribers(tmp_path / "subscribers.yaml")


def test_what_is_there_and_cannot_be_read_is_not_to_be_written_anew(tmp_path: Path) -> None:
    (tmp_path / "subscribers.yaml").mkdir()
    with pytest.raises(
        ConfigError, match=r"\(Is a directory\); make it a file that this user may read, or name another"
    ):
        read_subscribers(tmp_path / "subscribers.yaml")


def in_place(path: Path, text: bytes) -> None:
    with path.open("r+b") as file:
        file.write(text)


def replaced(path: Path, text: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(text)
    beside.replace(path)


@pytest.mark.parametrize("change", [in_place, replaced])
def test_a_change_of_the_same_length_at_the_same_time_is_seen(
    path: Path, store: TinyStore, change: Callable[[Path, bytes], None]
) -> None:
    assert emails(path, store)[1] == "emmy@example.org"
    before = path.stat()
    change(path, path.read_bytes().replace(b"emmy", b"lise"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert emails(path, store)[1] == "lise@example.org"


def test_a_broken_file_is_told_each_time_and_seen_to_be_mended(path: Path, store: TinyStore) -> None:
    load_file(path, store, CUT_OFF)
    path.write_text("subscribers: [")
    first, again = load_listed(path, store, CUT_OFF), load_listed(path, store, CUT_OFF)
    assert first.problem == again.problem != ""
    assert [one.email for one in first.subscribers] == ["ada@example.org", "emmy@example.org"]
    write(path, "lise")
    assert load_listed(path, store, CUT_OFF).problem == ""
    assert store.get_document(LAST_GOOD) == path.read_text()


def test_without_a_good_file_each_try_says_so(path: Path, store: TinyStore) -> None:
    path.write_text("subscribers: [")
    for _ in range(2):
        with pytest.raises(ConfigError, match="has 1 problem"):
            load_listed(path, store, CUT_OFF)


def test_threads_see_the_old_list_or_the_new_one(path: Path, store: TinyStore) -> None:
    store.enrol(EVE, most=9)
    old, new = ("ada@example.org", "emmy@example.org", "eve@example.org"), ("lise@example.org", "eve@example.org")
    is_changed = Event()

    def look(turn: int) -> tuple[bool, tuple[str, ...]]:
        """Whether it begins after the change, which a late turn need not do, and whom it sees."""
        if turn == 20:
            write(path.with_suffix(".new"), "lise").replace(path)
            is_changed.set()
        return is_changed.is_set(), tuple(emails(path, store))

    with ThreadPoolExecutor(4) as threads:
        seen = set(threads.map(look, range(60)))
    assert seen <= {(False, old), (False, new), (True, new)}
    assert (True, new) in seen


def test_who_came_by_the_web_follows_their_enrolment_and_the_defaults(path: Path, store: TinyStore) -> None:
    store.enrol(EVE, most=9)
    eve = load_listed(path, store, CUT_OFF).subscribers[-1]
    assert load_listed(path, store, CUT_OFF).subscribers[-1].profile is eve.profile
    write(path, "ada", defaults="defaults: {max_papers: 7}\n")
    assert load_listed(path, store, CUT_OFF).subscribers[-1] == replace(eve, max_papers=7)
    TinyStore(path.parent / "state").enrol(replace(EVE, at=NOW + timedelta(days=1), categories=("math.RA",)), most=9)
    assert load_listed(path, store, CUT_OFF).subscribers[-1].categories == ("math.RA",)
    store.forget_enrolled(EVE.subscriber_id)
    assert emails(path, store) == ["ada@example.org"]


# --- a long list


class InParts(MemoryStore):
    """Notes of how many readers everything that is kept was asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def get_enrolled(self, *, only: Collection[str] | None = None) -> list[SignUp]:
        found = super().get_enrolled(only=only)
        self.asked.append(len(found))
        return found

    def get_wishes(self, subscriber_ids: Collection[str]) -> dict[str, ReaderWishes | ReaderUnreadable]:
        self.asked.append(len(subscriber_ids))
        return super().get_wishes(subscriber_ids)


PROFILES = 200  # more than any cache of parsed texts has


def added(number: int) -> SignUp:
    """A reader whom the operator added; the profile is a new object each time, as it is when it was just read."""
    email = f"reader{number}@example.org"
    topic = f"  - {{name: T{number % PROFILES}, relevant: graphs}}"
    profile = f"categories: [cs.LG]\ntime_zone: Europe/Berlin\nkeywords:\n  like: [bees]\ntopics:\n{topic}\n"
    who = SignUp(subscriber_id(email), NOW - timedelta(seconds=number), email, f"Reader {number}", (), "")
    return replace(who, origin=SignUpOrigin.OPERATOR, profile=profile)


def shared_parts(one: Subscriber) -> list[object]:
    """All that is long, or built."""
    return [one.profile, one.categories, one.announce_types, one.zone, one.send_at]


def test_what_is_equal_of_many_readers_is_one_object_and_read_in_parts(path: Path) -> None:
    """So a hundred thousand readers need as much memory as their profiles, and a kilobyte each."""
    store = InParts()
    people = [added(number) for number in range(2 * READ_AT_ONCE + PROFILES)]
    for one in people:
        store.enrol(one)
    looks = [load_subscribers(path, store, min_relevance=CUT_OFF) for _ in range(2)]
    assert max(store.asked) <= READ_AT_ONCE
    in_order = sorted(people, key=lambda one: one.at)
    for listed in looks:
        whose = [(one.subscriber_id, one.email, one.name) for one in listed.subscribers[2:]]
        assert whose == [(one.subscriber_id, one.email, one.name) for one in in_order]
        assert not listed.changed
    everybody = [one for listed in looks for one in listed.subscribers[2:]]
    for part in zip(*map(shared_parts, everybody), strict=True):
        assert len(set(map(id, part))) <= PROFILES
    assert len({one.profile for one in everybody}) == PROFILES
    sign_ups = load_listed(path, store, CUT_OFF).sign_ups
    assert sign_ups == {one.subscriber_id: one for one in people}
    assert len({id(one.profile) for one in sign_ups.values()}) == PROFILES


class Made(MemoryStore):
    """So many readers, who are new objects each time, as they are when they were just read."""

    def __init__(self, readers: int) -> None:
        super().__init__()
        self.numbers = {added(number).subscriber_id: number for number in range(readers)}

    def get_enrolled_ids(self, *, only: Collection[str] | None = None) -> list[str]:
        return sorted(self.numbers if only is None else self.numbers.keys() & only)

    def get_enrolled(self, *, only: Collection[str] | None = None) -> list[SignUp]:
        return [added(self.numbers[who]) for who in self.get_enrolled_ids(only=only)]


def test_to_read_a_list_takes_a_kilobyte_for_each_reader_at_any_moment(path: Path) -> None:
    """With their ids, names and addresses: at the first look, and at a later one."""
    peaks: list[list[int]] = []
    for count in (READ_AT_ONCE, 3 * READ_AT_ONCE):
        store = Made(count)
        peaks.append([])
        for _ in range(2):
            tracemalloc.start()
            listed = load_subscribers(path, store, min_relevance=CUT_OFF, today=TUESDAY)
            peaks[-1].append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert len(listed.subscribers) == count + 2
    for few, many in zip(*peaks, strict=True):
        assert (many - few) / (2 * READ_AT_ONCE) < 1_000


def test_of_readers_who_share_a_profile_each_has_their_own_wishes(path: Path, store: TinyStore) -> None:
    plain, changed, paused, weekly, odd, papers = (replace(added(n * PROFILES), at=NOW) for n in range(6))
    for one in (plain, changed, paused, weekly, odd, replace(papers, name="Else")):
        store.enrol(one)
    store.add_revision(changed.subscriber_id, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    store.change_address_status(paused.subscriber_id, lambda known: pause(known, TUESDAY))
    store.change_address_status(weekly.subscriber_id, lambda known: replace(known, frequency=Frequency.WEEKLY))
    (path.parent / "state" / "revisions" / f"{odd.subscriber_id}.json").write_bytes(b"")
    listed = load_subscribers(path, store, min_relevance=CUT_OFF)
    served = {one.subscriber_id: one for one in listed.subscribers}
    like = served[plain.subscriber_id]
    expected = {changed: {"max_papers": 3}, paused: {"paused_until": TUESDAY}, weekly: {"frequency": Frequency.WEEKLY}}
    for one in (plain, changed, paused, weekly, odd):
        own = {"subscriber_id": one.subscriber_id, "email": one.email, "name": one.name, **expected.get(one, {})}
        assert served[one.subscriber_id] == replace(like, **own)
    assert served[papers.subscriber_id].name == "Else"
    assert list(listed.unreadable) == [odd.subscriber_id]


def test_a_profile_that_cannot_be_read_names_each_of_its_readers(path: Path, store: TinyStore) -> None:
    broken = [replace(added(number), profile="topics: [") for number in range(2)]
    for one in broken:
        store.enrol(one)
    listed = load_subscribers(path, store, min_relevance=CUT_OFF)
    for one in broken:
        assert f"newsletter subscribers remove {one.subscriber_id}" in listed.unreadable[one.subscriber_id]


def test_who_sets_no_cut_off_has_the_scorers_and_who_sets_one_keeps_it(path: Path, store: TinyStore) -> None:
    """The same file is read for a scorer of words and for a model, one after the other."""
    store.enrol(EVE, most=9)
    write(path, "ada")
    for cut_off in (6, 7, 6):
        served = load_subscribers(path, store, min_relevance=cut_off).subscribers
        assert {one.min_relevance for one in served} == {cut_off}
    ada = load_listed(path, store, CUT_OFF).subscribers[0].subscriber_id
    store.add_revision(ada, "min_relevance: 7", origin=RevisionOrigin.WEB, now=NOW)
    changed = find_served(path, store, ada, 6)
    assert changed is not None
    assert changed.min_relevance == 7


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "Europe/Berl\x00n", "Europe"])
def test_who_asked_for_a_zone_that_is_none_is_no_subscriber_and_told(path: Path, store: TinyStore, zone: str) -> None:
    store.enrol(replace(EVE, zone=zone), most=9)
    listed = load_subscribers(path, store, min_relevance=CUT_OFF)
    assert [one.email for one in listed.subscribers] == ["ada@example.org", "emmy@example.org"]
    assert f"newsletter subscribers remove {EVE.subscriber_id}" in listed.unreadable[EVE.subscriber_id]


class Counting(TinyStore):
    """How often each reader's own files were looked at, by whichever part of the store."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.looks: Counter[str] = Counter()
        for name in ("get_address_status", "get_revisions"):
            counted = self._counted(getattr(self, name))
            for owner in (self, getattr(self, name).__self__):
                setattr(owner, name, counted)

    def _counted(self, get: Callable[[str], object]) -> Callable[[str], object]:
        def counted(subscriber_id: str) -> object:
            self.looks[subscriber_id] += 1
            return get(subscriber_id)

        return counted


def test_one_reader_is_found_as_served_without_a_look_at_the_others(path: Path, tmp_path: Path) -> None:
    store = Counting(tmp_path / "state")
    store.enrol(EVE, most=9)
    ada, emmy = (subscriber_id(f"{name}@example.org") for name in ("ada", "emmy"))
    store.add_revision(ada, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    store.change_address_status(EVE.subscriber_id, lambda known: pause(known, TUESDAY))
    store.change_address_status(emmy, lambda known: replace(known, frequency=Frequency.WEEKLY))
    served = {one.subscriber_id: one for one in load_subscribers(path, store, min_relevance=CUT_OFF).subscribers}
    assert (served[ada].max_papers, served[emmy].frequency) == (3, "weekly")
    for who, one in served.items():
        store.looks.clear()
        assert find_served(path, store, who, CUT_OFF) == one
        assert set(store.looks) == {who}
    assert find_served(path, store, "s_nobody22", CUT_OFF) is None
    (tmp_path / "state" / "revisions" / f"{ada}.json").write_bytes(b"")
    assert find_served(path, store, ada, CUT_OFF) == load_listed(path, store, CUT_OFF).find(ada)


def test_a_subscriber_of_the_file_is_held_back_while_another_address_with_their_id_is_enrolled(
    path: Path, store: TinyStore
) -> None:
    """Whoever looks for it finds an address with the id of somebody who is not on the list yet."""
    prof, stranger = "prof1194199@uni.example.org", "x84215@evil.example.net"
    who = subscriber_id(prof)
    write(path, "ada").write_text(path.read_text().replace("ada@example.org", prof))
    store.enrol(replace(EVE, subscriber_id=who, email=stranger), most=5)
    listed = load_subscribers(path, store, min_relevance=CUT_OFF)
    assert [one.email for one in listed.subscribers] == [prof]
    assert list(listed.unreadable) == [who]
    assert f"newsletter subscribers remove {who}" in listed.unreadable[who]
    assert store.forget_enrolled(who)
    store.enrol(replace(EVE, subscriber_id=who, email="Prof1194199+papers@uni.example.org"), most=5)
    assert load_subscribers(path, store, min_relevance=CUT_OFF).unreadable == {}
