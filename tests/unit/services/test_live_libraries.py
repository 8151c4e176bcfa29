"""Zotero libraries read once a day and kept (newsletter/services/live_libraries.py), and what they do to a morning."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import build_local_scorer
from newsletter.errors import FetchError
from newsletter.model import LibraryContents, LibraryItem, Profile, RevisionOrigin, Subscriber, ZoteroLibrary
from newsletter.run.digest import anonymize
from newsletter.scoring.llm.grader import profile_key
from newsletter.services import directory, library
from newsletter.services.live_libraries import (
    HALF_LIFE,
    INDEX,
    MOST_FAILURES,
    MOST_RETRY_AFTER,
    PATIENCE,
    READ_EVERY,
    RETRY_AFTER,
    find_stale,
    kept_papers,
    read_index,
    refresh,
)
from newsletter.services.profiles import ProfileService
from newsletter.stores import Store
from newsletter.subscribers import profile_yaml
from tests import archives, make
from tests.memory_store import MemoryStore

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
GROUP = ZoteroLibrary("groups/7", "ABCD2345")
BEES = LibraryItem("Counting bees", "Bees that count flowers by their petals.", NOW - timedelta(days=1))
ROCKS = LibraryItem("Old rocks", "A catalogue of sedimentary rocks and their age.", NOW - HALF_LIFE - timedelta(days=1))


@dataclass
class Reader:
    """Answers from a script: contents, None for unchanged, or an error; the last one for ever."""

    answers: list[LibraryContents | FetchError | None]
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def read(self, library: ZoteroLibrary, *, key: str = "", known_version: int = 0) -> LibraryContents | None:
        self.asked.append((library.place, key, known_version))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, FetchError):
            raise answer
        return answer


def contents(*items: LibraryItem, version: int = 5) -> LibraryContents:
    return LibraryContents(version, len(items), items)


def reader(zotero: ZoteroLibrary | None = GROUP, email: str = "ada@example.org") -> Subscriber:
    return replace(make.subscriber(email=email, profile=Profile(())), zotero=zotero)


def look(store: Store, answers: Reader, *subscribers: Subscriber, at: datetime = NOW, **keys: str) -> None:
    refresh(subscribers or [reader()], store, answers, keys, lambda: at)


@pytest.fixture
def store() -> Store:
    return MemoryStore()


def test_equal_libraries_are_read_once_a_day_for_all(store: Store) -> None:
    answers = Reader([contents(BEES)])
    everybody = [reader(), reader(email="rita@example.org"), reader(None, email="nobody@example.org")]
    look(store, answers, *everybody)
    look(store, answers, *everybody, at=NOW + READ_EVERY - timedelta(seconds=1))
    assert answers.asked == [("groups/7/ABCD2345", "", 0)]
    look(store, answers, *everybody, at=NOW + READ_EVERY)
    assert answers.asked[1:] == [("groups/7/ABCD2345", "", 5)], "by the version that is known"


def test_nobody_is_asked_where_nobody_names_a_library(store: Store) -> None:
    answers = Reader([contents()])
    look(store, answers, reader(None))
    assert answers.asked == []
    assert store.get_document(INDEX) is None


def test_what_was_added_half_a_year_before_the_latest_counts_half(store: Store) -> None:
    look(store, Reader([contents(ROCKS, BEES)]))
    assert [(one.title, one.weight) for one in kept_papers(GROUP, store)] == [
        ("Old rocks", 0.5),
        ("Counting bees", 1.0),
    ]


def test_a_library_that_rests_goes_on_saying_the_same(store: Store) -> None:
    answers = Reader([contents(ROCKS, BEES), None])
    look(store, answers)
    before = kept_papers(GROUP, store)
    look(store, answers, at=NOW + timedelta(days=400))
    assert kept_papers(GROUP, store) == before
    assert read_index(store)[GROUP.name].read_at == NOW + timedelta(days=400)


@pytest.mark.parametrize(
    ("wait_s", "again_after"),
    [(None, RETRY_AFTER), (60.0, RETRY_AFTER), (7_200.0, timedelta(hours=2)), (1e9, MOST_RETRY_AFTER)],
)
def test_a_failure_leaves_what_was_read_before(store: Store, wait_s: float | None, again_after: timedelta) -> None:
    failure = FetchError("groups/7", "The Zotero library is away.", is_passing=True, retry_after_s=wait_s)
    answers = Reader([contents(BEES), failure, contents(ROCKS)])
    look(store, answers)
    later = NOW + READ_EVERY
    look(store, answers, at=later)
    assert [one.title for one in kept_papers(GROUP, store)] == ["Counting bees"]
    [(who, why)] = find_stale([reader(), reader(None)], store)
    assert who == reader().subscriber_id
    assert why == "The Zotero library is away. Until then what was read on 2026-11-20 serves."
    look(store, answers, at=later + again_after - timedelta(seconds=1))
    assert len(answers.asked) == 2
    look(store, answers, at=later + again_after)
    assert [one.title for one in kept_papers(GROUP, store)] == ["Old rocks"]
    assert find_stale([reader()], store) == []


def test_who_has_no_copy_yet_is_told_of(store: Store) -> None:
    look(store, Reader([FetchError("groups/7", "The Zotero library is away.")]))
    assert [why for _, why in find_stale([reader()], store)] == [
        "The Zotero library is away. Until then their papers are chosen without it."
    ]
    assert library.fill(reader(), store).profile.papers == ()


def test_a_private_library_is_read_with_its_key_and_kept_from_who_has_none(store: Store) -> None:
    private, curious = replace(GROUP, key_variable="ZOTERO_KEY_ADA"), reader(email="curious@example.org")
    answers = Reader([contents(BEES), FetchError("groups/7", "It is private.")])
    look(store, answers, reader(private), curious, ZOTERO_KEY_ADA="secret")
    assert {(place, key) for place, key, _ in answers.asked} == {(GROUP.place, "secret"), (GROUP.place, "")}
    by_key = {key: name for (_, key, _), name in zip(answers.asked, sorted([private.name, GROUP.name]), strict=True)}
    assert by_key[""] == GROUP.name
    whole = [library.fill(one, store).profile.papers for one in (reader(private), curious)]
    assert sum(map(len, whole)) == 1


def test_a_key_that_is_not_set_is_named(store: Store) -> None:
    answers = Reader([contents(BEES)])
    look(store, answers, reader(replace(GROUP, key_variable="ZOTERO_KEY_ADA")), ZOTERO_KEY="another")
    assert answers.asked == []
    [(_, why)] = find_stale([reader(replace(GROUP, key_variable="ZOTERO_KEY_ADA"))], store)
    assert "set ZOTERO_KEY_ADA in the environment" in why


def test_what_nobody_names_any_more_is_forgotten(store: Store) -> None:
    answers = Reader([contents(BEES)])
    look(store, answers)
    look(store, answers, reader(None))
    assert kept_papers(GROUP, store) == ()
    assert read_index(store) == {}


def test_a_round_takes_no_longer_than_its_patience_and_the_next_goes_on(store: Store) -> None:
    answers, everybody = (
        Reader([contents(BEES)]),
        [reader(ZoteroLibrary(f"groups/{n}"), f"r{n}@example.org") for n in range(9)],
    )
    times = [NOW + n * PATIENCE / 4 for n in range(100)]
    refresh(everybody, store, answers, {}, lambda: times.pop(0))
    assert 0 < len(answers.asked) < len(everybody)
    look(store, answers, *everybody, at=NOW + timedelta(hours=1))
    assert len(answers.asked) == len(everybody)


def test_mails_do_not_wait_for_each_library_while_zotero_is_away(store: Store) -> None:
    away = Reader([FetchError("groups/7", "Zotero is away.", is_passing=True)])
    everybody = [reader(ZoteroLibrary(f"groups/{n}"), f"r{n}@example.org") for n in range(9)]
    look(store, away, *everybody)
    assert len(away.asked) == MOST_FAILURES
    look(store, away, *everybody, at=NOW + timedelta(minutes=15))
    assert len(set(away.asked)) == 2 * MOST_FAILURES, "the next round goes on with others"
    private = Reader([FetchError("groups/7", "It is private.")])
    look(store, private, *everybody, at=NOW + timedelta(days=1))
    assert len(private.asked) == len(everybody), "what one library is says nothing of the next"


def test_a_stop_is_heard_between_two_libraries(store: Store) -> None:
    answers = Reader([contents(BEES)])
    refresh([reader()], store, answers, {}, lambda: NOW, should_stop=lambda: True)
    assert answers.asked == []


@pytest.mark.parametrize("text", ["", "[", "{}", '[["x"]]', "[[1, 2, 3]]", "null", '[["2026-01-01", "no zone", ""]]'])
def test_what_cannot_be_understood_is_read_anew(store: Store, text: str) -> None:
    store.put_document("zotero-groups-7-ABCD2345.json", text)
    store.put_document(INDEX, text)
    assert kept_papers(GROUP, store) == ()
    assert find_stale([reader()], store) == []
    look(store, Reader([contents(BEES)]))
    assert [one.title for one in kept_papers(GROUP, store)] == ["Counting bees"]


def test_a_library_alone_brings_papers_worded_like_its_latest(store: Store) -> None:
    bees = [make.paper(f"2601.{n:05d}", title=f"Flowers that bees count {n}", abstract=BEES.abstract) for n in range(3)]
    rocks = [make.paper(f"2601.{n:05d}", title=f"Rocks {n}", abstract=ROCKS.abstract) for n in range(10, 30)]
    look(store, Reader([contents(BEES)]))
    filled = library.fill(reader(), store)
    assert filled.profile.has_wishes
    scores = build_local_scorer().score(filled.profile, [*bees, *rocks], []).scores
    relevance = {score.arxiv_id: score.relevance for score in scores}
    assert min(relevance[one.arxiv_id] for one in bees) > max(relevance[one.arxiv_id] for one in rocks)


def test_of_two_subjects_the_one_added_lately_ranks_higher(store: Store) -> None:
    bees = make.paper("2601.00001", title="Flowers that bees count", abstract=BEES.abstract)
    rocks = make.paper("2601.00002", title="Rocks and their age", abstract=ROCKS.abstract)
    others = [make.paper(f"2601.{n:05d}", title=f"Moons of ice {n}", abstract="Moons.") for n in range(10, 40)]

    def ranks(old: LibraryItem, lately: LibraryItem) -> dict[str, float]:
        items = [
            *(replace(old, title=f"{old.title} {n}", added_at=NOW - timedelta(days=2_000 + n)) for n in range(40)),
            *(replace(lately, title=f"{lately.title} {n}", added_at=NOW - timedelta(days=n)) for n in range(40)),
        ]
        store.put_document(INDEX, "{}")
        look(store, Reader([contents(*items)]))
        profile = library.fill(reader(), store).profile
        scored = build_local_scorer().score(profile, [bees, rocks, *others], []).scores
        return {score.arxiv_id: score.rank or 0.0 for score in scored}

    now_bees, now_rocks = ranks(ROCKS, BEES), ranks(BEES, ROCKS)
    assert now_bees["2601.00001"] > now_bees["2601.00002"]
    assert now_rocks["2601.00002"] > now_rocks["2601.00001"]


def test_gradings_outlive_a_paper_that_is_added(store: Store) -> None:
    """The key has the library's name: with its titles, each new one would make strangers of all gradings before."""
    look(store, Reader([contents(ROCKS)]))
    before = profile_key(library.fill(reader(), store).profile)
    look(store, Reader([contents(ROCKS, BEES)]), at=NOW + READ_EVERY)
    assert profile_key(library.fill(reader(), store).profile) == before
    other = replace(reader(), zotero=ZoteroLibrary("groups/8"))
    look(store, Reader([contents(ROCKS)]), other, at=NOW + READ_EVERY)
    assert profile_key(library.fill(other, store).profile) != before


def test_the_archive_keeps_nothing_of_a_library(store: Store) -> None:
    look(store, Reader([contents(BEES)]))
    kept = anonymize(archives.digest(subscriber=library.fill(reader(), store))).subscriber
    assert kept.profile.papers == ()
    assert kept.zotero is None


def test_a_reader_names_a_public_library_and_keeps_the_operators_key(tmp_path: Path) -> None:
    entry = "{email: ada@example.org, categories: [cs.LG], zotero: {library: users/1, key: ZOTERO_KEY}}"
    text = f"subscribers:\n  - {entry}\n"
    (tmp_path / "subscribers.yaml").write_text(text, encoding="utf-8")
    store = MemoryStore()
    listed = directory.load_listed(tmp_path / "subscribers.yaml", store, 7).subscribers[0]
    assert listed.zotero == ZoteroLibrary("users/1", "", "ZOTERO_KEY")

    def after(text: str) -> ZoteroLibrary | None:
        store.add_revision(listed.subscriber_id, text, origin=RevisionOrigin.WEB, now=NOW)
        return directory.resolve(listed, store).subscriber.zotero

    assert after("zotero: users/1/ABCD2345\n") == ZoteroLibrary("users/1", "ABCD2345", "ZOTERO_KEY")
    assert after("zotero: users/2\n") == ZoteroLibrary("users/2"), "a key opens its own library alone"
    assert after(profile_yaml.write(listed)) == listed.zotero, "sent back as it was written"
    assert after("zotero: ''\ntopics: [{name: Bees, relevant: Bees.}]\n") is None


def test_a_reader_hears_whether_a_library_was_read_already(store: Store) -> None:
    profiles = ProfileService(lambda: [reader(None)], store, build_local_scorer)

    def answer(text: str) -> str:
        return profiles.change(reader(None).subscriber_id, text, origin=RevisionOrigin.REPLY, now=NOW)

    unread = "zotero: groups/7/ABCD2345 has not been read yet; it is read before your next mail"
    assert unread in answer(f"zotero: {GROUP.place}\n")
    look(store, Reader([contents(BEES)]))
    assert unread not in answer(f"zotero: {GROUP.place}\nabout: I keep bees.\n")
