"""What every Store promises about what readers say: revisions in order, and the latest vote on each paper."""

from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from newsletter.errors import StoreConflict, StoreLimit
from newsletter.model import ProfileRevision, RevisionOrigin, Vote
from newsletter.stores import Store
from newsletter.subscribers import revisions
from tests.contract.stores.memories import DAY, NOW, WHO, Memory, SharedMemory, race

REPLY, WEB, OPERATOR = RevisionOrigin
LATER = timedelta(minutes=1)


def test_revisions_are_numbered_and_come_back_as_they_were(memory: Memory, store: Store) -> None:
    assert store.get_revisions(WHO) == []
    first = store.add_revision(WHO, "topics: [\U0001d538 \x00 \ud800]\n", origin=REPLY, now=NOW)
    second = store.add_revision(WHO, "", origin=WEB, now=NOW + LATER)
    assert first == ProfileRevision(WHO, 1, NOW, "topics: [\U0001d538 \x00 \ud800]\n", REPLY)
    assert second.number == 2
    assert memory.another().get_revisions(WHO) == [first, second]
    assert memory.another().get_revisions("s_other234") == []


def test_the_same_text_again_is_no_new_revision(store: Store) -> None:
    first = store.add_revision(WHO, "a: 1", origin=REPLY, now=NOW)
    assert store.add_revision(WHO, "a: 1", origin=WEB, now=NOW + LATER) == first
    store.add_revision(WHO, "a: 2", origin=WEB, now=NOW)
    assert store.add_revision(WHO, "a: 1", origin=WEB, now=NOW).number == 3


def test_a_change_of_what_is_no_longer_the_latest_is_refused(store: Store) -> None:
    store.add_revision(WHO, "a: 1", origin=REPLY, now=NOW, after=0)
    with pytest.raises(StoreConflict, match="changed meanwhile"):
        store.add_revision(WHO, "a: 2", origin=WEB, now=NOW, after=0)
    assert store.add_revision(WHO, "a: 2", origin=WEB, now=NOW, after=1).number == 2


def test_the_last_ones_are_kept_and_numbers_go_on(memory: Memory, store: Store) -> None:
    for number in range(1, 2 * revisions.MAX_REVISIONS + 1):
        made = store.add_revision(WHO, f"a: {number}", origin=WEB, now=NOW, after=number - 1)
        assert made.number == number
    kept = memory.another().get_revisions(WHO)
    assert [one.number for one in kept] == list(range(revisions.MAX_REVISIONS + 1, 2 * revisions.MAX_REVISIONS + 1))
    assert kept[-1].text == f"a: {2 * revisions.MAX_REVISIONS}"
    for after in (0, 3, revisions.MAX_REVISIONS, 2 * revisions.MAX_REVISIONS - 1):
        with pytest.raises(StoreConflict):
            store.add_revision(WHO, "b: 1", origin=WEB, now=NOW, after=after)


def test_a_day_has_so_many_and_the_operator_more(store: Store) -> None:
    store.add_revision(WHO, "a: 0", origin=OPERATOR, now=NOW, most_a_day=2)
    for number, origin in enumerate((WEB, REPLY), 1):
        store.add_revision(WHO, f"a: {number}", origin=origin, now=NOW, most_a_day=2)
    for origin in (WEB, REPLY):
        with pytest.raises(StoreLimit, match="try again tomorrow"):
            store.add_revision(WHO, "a: 3", origin=origin, now=NOW + LATER, most_a_day=2)
    assert store.add_revision(WHO, "a: 2", origin=WEB, now=NOW, most_a_day=2).number == 3  # nothing new
    assert store.add_revision(WHO, "a: 3", origin=OPERATOR, now=NOW).number == 4
    assert store.add_revision(WHO, "a: 4", origin=WEB, now=NOW + timedelta(days=1), most_a_day=2).number == 5
    assert store.add_revision("s_other234", "a: 1", origin=WEB, now=NOW, most_a_day=2).number == 1


def test_the_latest_vote_on_a_paper_counts_and_zero_takes_it_back(memory: Memory, store: Store) -> None:
    up, down = Vote(WHO, "2511.00001", 1, NOW), Vote(WHO, "hep-th/9901001", -1, NOW + LATER)
    for vote in (down, up):
        store.put_vote(vote)
    assert memory.another().get_votes(WHO) == [up, down]
    store.put_vote(Vote(WHO, "2511.00001", 0, NOW + LATER))
    store.put_vote(up)  # a late copy
    assert store.get_votes(WHO) == [down]
    assert store.get_votes("s_other234") == []


def test_of_racing_processes_one_has_each_claim_and_no_revision_is_lost(shared: SharedMemory, tmp_path: Path) -> None:
    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        barrier.wait()
        won = [key for key in map(str, range(20)) if store.claim_once("mail", key, on=DAY)]
        for turn in range(5):
            store.add_revision(WHO, f"{number} {turn}", origin=REPLY, now=NOW)
        (tmp_path / f"won-{number}").write_text(" ".join(won))

    race(work)
    won = [key for number in range(4) for key in (tmp_path / f"won-{number}").read_text().split()]
    assert sorted(won) == sorted(map(str, range(20)))
    revisions = shared.another().get_revisions(WHO)
    assert [revision.number for revision in revisions] == list(range(1, 21))
    assert {revision.text for revision in revisions} == {f"{number} {turn}" for number in range(4) for turn in range(5)}
