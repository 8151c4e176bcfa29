"""The papers that readers keep: which are found, who may name files, and what a library alone brings in the morning."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.app import build_local_scorer
from newsletter.cli.exits import EXIT_CONFIG
from newsletter.errors import ConfigError
from newsletter.model import Profile, RevisionOrigin, Subscriber
from newsletter.run.digest import anonymize
from newsletter.scoring.llm.grader import profile_key
from newsletter.services import additions, directory, library, subscribers_file
from newsletter.services.profiles import ProfileService
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests import archives, make
from tests.command import newsletter
from tests.memory_store import MemoryStore

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
ENTRY = "subscribers:\n  - email: ada@example.org\n    categories: [cs.LG]\n    papers: {}\n"
RIS = "TY  - JOUR\nTI  - Counting bees\nAB  - Bees that count flowers.\nPY  - 2024\nER  - \n"
BEES = "Bees learn to count flowers by their petals."
ROCKS = "A catalogue of sedimentary rocks and their age."
KINDS = (
    *[("new", BEES, f"Counting flowers, as bees do {n}") for n in range(2)],
    *[("new", ROCKS, f"Old rocks {n}") for n in range(8)],
)


def reader(*papers: str, **changes: object) -> Subscriber:
    return make.subscriber(profile=Profile(()), papers=papers, **changes)


def titles(subscriber: Subscriber) -> list[str]:
    return [paper.title for paper in subscriber.profile.papers]


@pytest.fixture
def store() -> Store:
    return MemoryStore()


def announce(store: Store, on: date, *papers: tuple[str, str, str]) -> None:
    shown = [
        make.announcement(f"2601.{n:05d}", kind, title=title, abstract=abstract)
        for n, (kind, abstract, title) in enumerate(papers)
    ]
    store.remember_day(make.day(on, shown))


def test_titles_count_as_they_are_and_ids_when_their_announcement_is_kept(store: Store) -> None:
    announce(store, date(2026, 1, 5), *KINDS)
    ada = reader("Moons of ice", "arXiv:2601.00001v2", "2501.99999")
    library.remember_ids([ada], store)
    filled = library.fill(ada, store)
    assert titles(filled) == ["Moons of ice", "Counting flowers, as bees do 1"]
    assert filled == library.fill(filled, store)
    assert library.find_missing(filled) == [("2501.99999", False)]


def test_an_id_that_was_found_counts_when_its_announcement_is_forgotten(store: Store) -> None:
    announce(store, date(2026, 1, 5), *KINDS)
    ada = reader("2601.00001")
    library.remember_ids([ada], store)
    store.forget_days(before=date(2026, 2, 1))
    library.remember_ids([ada], store)
    assert titles(library.fill(ada, store)) == ["Counting flowers, as bees do 1"]


def test_an_id_whose_announcement_is_kept_counts_from_the_first_look_at_the_list(tmp_path: Path, store: Store) -> None:
    """The morning's mail is of that look: from the second on was a day late."""
    announce(store, date(2026, 1, 5), *KINDS)
    path = tmp_path / "subscribers.yaml"
    path.write_text(ENTRY.format('["2601.00001"]'))
    (ada,) = directory.load_subscribers(path, store, min_relevance=6).subscribers
    assert titles(ada) == ["Counting flowers, as bees do 1"]


def test_an_id_sought_in_vain_is_sought_again_with_the_next_announcement(store: Store) -> None:
    ada = reader("2601.00001")
    announce(store, date(2026, 1, 5), KINDS[0])
    library.remember_ids([ada], store)
    announce(store, date(2026, 1, 6), *KINDS)
    library.remember_ids([ada], store)
    assert titles(library.fill(ada, store)) == ["Counting flowers, as bees do 1"]


def test_files_are_the_operators_alone(tmp_path: Path, store: Store) -> None:
    """A reader who writes a file's name into their own profile reads no file of this machine."""
    (tmp_path / "mine.ris").write_text(RIS, encoding="utf-8")
    (tmp_path / "secret.ris").write_text(RIS.replace("bees", "secrets"), encoding="utf-8")
    path = tmp_path / "subscribers.yaml"
    path.write_text(ENTRY.format("mine.ris"), encoding="utf-8")
    (listed,) = directory.load_listed(path, store, 7).subscribers
    assert titles(directory.as_served(listed, store)) == ["Counting bees"]
    profiles = ProfileService(lambda: [listed], store, build_local_scorer)
    text = "papers: [secret.ris, mine.ris, Moons of ice]\n"
    answer = profiles.change(listed.subscriber_id, text, origin=RevisionOrigin.REPLY, now=NOW)
    assert "secret.ris names a file" in answer
    assert titles(directory.as_served(listed, store)) == ["Counting bees", "Moons of ice"]


def test_who_was_added_by_the_command_may_have_a_file_too(tmp_path: Path, store: Store) -> None:
    (tmp_path / "mine.ris").write_text(RIS, encoding="utf-8")
    path = tmp_path / "subscribers.yaml"
    path.write_text(ENTRY.format("[Moons of ice]"), encoding="utf-8")
    file, _ = subscribers_file.load_file(path, store, 6)
    profile = "categories: [cs.LG]\npapers: mine.ris\n"
    added = additions.add(
        store, directory.load_listed(path, store, 6), additions.read_profile("bo@example.org", "", profile, file, NOW)
    )
    assert added.addition is additions.Addition.ADDED
    assert titles(directory.load_subscribers(path, store, min_relevance=6).subscribers[-1]) == ["Counting bees"]


def test_an_id_that_is_announced_counts_from_the_answer_on(store: Store) -> None:
    announce(store, date(2026, 1, 5), *KINDS)
    profiles = ProfileService(lambda: [make.subscriber()], store, build_local_scorer)
    text = "papers: ['2601.00001', '2501.99999']\n"
    answer = profiles.change(make.subscriber().subscriber_id, text, origin=RevisionOrigin.REPLY, now=NOW)
    assert "papers: 2501.99999 is not among the papers announced here lately" in answer
    assert "papers: 2601.00001 is" not in answer


def test_what_was_sought_in_vain_for_others_is_not_sought_again(store: Store) -> None:
    announce(store, date(2026, 1, 5), *KINDS)
    for listed in ("2501.00001", "2501.00002"):
        library.remember_ids([reader(listed)], store)
    before = store.get_document(library.KEPT_PAPERS)
    library.remember_ids([reader("2501.00001", "2501.00002")], store)
    assert store.get_document(library.KEPT_PAPERS) == before
    assert json.loads(before or "")["sought"].keys() == {"2501.00001", "2501.00002"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"papers": {"2601.00001": 1}, "sought": {}}', '{"papers": []}'])
def test_a_damaged_memory_of_papers_is_made_anew(store: Store, text: str) -> None:
    announce(store, date(2026, 1, 5), *KINDS)
    store.put_document(library.KEPT_PAPERS, text)
    ada = reader("2601.00001")
    assert titles(library.fill(ada, store)) == []
    library.remember_ids([ada], store)
    assert titles(library.fill(ada, store)) == ["Counting flowers, as bees do 1"]


@pytest.mark.parametrize(("data", "why"), [(None, "No such file"), (b"", "no RIS record"), (b"\xff", "no RIS record")])
def test_a_bad_file_holds_its_reader_back_and_nobody_else(
    tmp_path: Path, store: Store, data: bytes | None, why: str
) -> None:
    if data is not None:
        (tmp_path / "mine.ris").write_bytes(data)
    path = tmp_path / "subscribers.yaml"
    other = "  - email: bo@example.org\n    categories: [cs.LG]\n    papers: [Moons of ice]\n"
    path.write_text(ENTRY.format("mine.ris") + other, encoding="utf-8")
    everybody = directory.load_subscribers(path, store, min_relevance=7)
    assert [one.email for one in everybody.subscribers if one.subscriber_id not in everybody.unreadable] == [
        "bo@example.org"
    ]
    assert why in " ".join(everybody.unreadable.values())


def test_check_names_the_line_of_a_bad_file_and_counts_a_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(ENTRY.format("[Moons of ice, mine.ris]"), encoding="utf-8")
    bad = newsletter("check")
    assert "subscribers.yaml:4: papers: mine.ris cannot be read" in bad.output
    (tmp_path / "mine.ris").write_text(RIS, encoding="utf-8")
    assert "subscribers.yaml:4: papers: mine.ris has 1 paper\n" in newsletter("check").output
    many = (RIS.replace("bees", f"{n} bees") for n in range(library.MOST_PAPERS + 5))
    (tmp_path / "mine.ris").write_text("".join(many), encoding="utf-8")
    assert "mine.ris has 200 papers or more, of which the latest 200 count" in newsletter("check").output


def test_check_names_what_of_a_file_cannot_be_read_and_the_rest_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(ENTRY.format("[mine.ris]"), encoding="utf-8")
    (tmp_path / "mine.ris").write_text(f"{RIS}{RIS}TY  - JOUR\nTI  - Ants\n", encoding="utf-8")
    done = newsletter("check", "subscribers.yaml")
    assert done.exit_code == 0
    assert "papers: mine.ris has 2 papers\n  mine.ris:11: the record breaks off; export the file anew" in done.output
    (tmp_path / "mine.ris").write_text(RIS + "TY  - JOUR\nER  - \n" * (library.MOST_UNREAD + 2), encoding="utf-8")
    assert "and 2 more parts of mine.ris that cannot be read" in newsletter("check", "subscribers.yaml").output


def test_a_library_alone_ranks_what_is_worded_like_it_first(tmp_path: Path) -> None:
    store = TinyStore(tmp_path / "state")
    announce(store, date(2026, 1, 5), *KINDS)
    ada = library.fill(reader("Counting bees", "How bees tell flowers apart"), store)
    shown = store.get_days(before=date.max, limit=1)[0].announcements
    report = build_local_scorer().score(ada.profile, [each.paper for each in shown], [])
    best = sorted(report.scores, key=lambda score: (-score.relevance, -score.rank))[:2]
    assert {score.arxiv_id for score in best} == {"2601.00000", "2601.00001"}


def test_the_archive_and_the_keys_of_other_profiles_know_nothing_of_it(store: Store) -> None:
    ada = library.fill(reader("Moons of ice"), store)
    digest = anonymize(archives.digest(subscriber=ada))
    assert "Moons" not in json.dumps(str(digest))
    assert profile_key(ada.profile) != profile_key(Profile(()))


def test_a_reader_without_papers_is_left_as_they_are(store: Store) -> None:
    ada = make.subscriber()
    assert library.fill(ada, store) == ada
    library.remember_ids([ada], store)
    assert store.get_document(library.KEPT_PAPERS) is None


@pytest.mark.parametrize("entry", ["mine.ris", "Counting bees", "2601.00001"])
def test_the_profiles_of_equal_readers_stay_one_object_with_their_papers(
    store: Store, tmp_path: Path, entry: str
) -> None:
    (tmp_path / "mine.ris").write_text(RIS, encoding="utf-8")
    announce(store, date(2026, 1, 5), *KINDS)
    readers = [reader(entry, subscriber_id=f"s_number0{number}") for number in range(2)]
    library.remember_ids(readers, store)
    for add in (library.reading_files(tmp_path), library.filling(store)):
        readers = [add(one) for one in readers]
    assert readers[0].profile is readers[1].profile
    assert len(titles(readers[0])) == 1


def test_a_file_that_grows_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "mine.ris"
    for count in (1, 2):
        file.write_text("".join(RIS.replace("bees", f"{n} bees") for n in range(count)), encoding="utf-8")
        assert len(titles(library.reading_files(tmp_path)(reader("mine.ris")))) == count
    with pytest.raises(ConfigError, match="relative to"):
        library.reading_files(tmp_path)(reader("other.ris"))


def test_an_id_is_unknown_until_its_paper_is_announced_and_never_again(store: Store) -> None:
    entries = ["arXiv:2601.00001v2", "2601.99999", "hep-th/9901001", "Moons of ice", "library.bib"]
    assert library.find_unknown_ids(entries, store) == {*entries[:3]}
    announce(store, date(2026, 1, 5), *KINDS)
    assert library.find_unknown_ids(entries, store) == {*entries[1:3]}
    library.remember_ids([reader(*entries)], store)
    announce(store, date(2026, 6, 5))
    assert library.find_unknown_ids(entries, store) == {*entries[1:3]}


def test_check_names_the_lines_of_ids_of_which_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "subscribers.yaml"
    listed = '\n      - "2601.00001"\n      - "2510.99999"\n      - Moons of ice'
    file.write_text(f"defaults: {{papers: '2510.99998'}}\n{ENTRY.format(listed)}", encoding="utf-8")
    announce(TinyStore(tmp_path / "state"), date(2026, 1, 5), *KINDS)
    monkeypatch.setenv("NEWSLETTER_STATE", str(tmp_path / "state"))
    TinyStore(tmp_path / "state").put_document("a", "b")
    done = newsletter("check", str(file))
    told = [line.strip() for line in done.output.splitlines() if "nothing is known of" in line]
    assert done.exit_code == 0
    assert [line.partition(": an id")[0] for line in told] == [
        f"{file}:1: papers: nothing is known of 2510.99998",
        f"{file}:7: papers: nothing is known of 2510.99999",
    ]


@pytest.mark.parametrize("entry", ["9999.99999", "arXiv:2500.00001", "0703.0001", "hep-th/9913001", "math.GT/0704001"])
def test_an_id_that_cannot_exist_is_refused_with_the_remedy(entry: str, tmp_path: Path) -> None:
    file = tmp_path / "subscribers.yaml"
    file.write_text(ENTRY.format(f'["{entry}"]'), encoding="utf-8")
    done = newsletter("check", str(file))
    assert done.exit_code == EXIT_CONFIG
    assert f'{file}:4: papers: found "{entry}", expected an arXiv id, which begins with its year' in done.output
    assert "write the title" in done.output
