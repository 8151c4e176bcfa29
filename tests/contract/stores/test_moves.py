"""What every Store promises of a subscriber whose address changed: all that was theirs is, under the new id."""

import os
import shutil
import signal
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.delivery import ledger, suppression
from newsletter.errors import ReaderUnreadable, StoreConflict
from newsletter.model.deliveries import (
    AddressStatus,
    DeliveryState,
    EventKind,
    MailEvent,
    Suppression,
    SuppressionReason,
)
from newsletter.model.digests import Digest
from newsletter.model.subscribers import Frequency, Move, RevisionOrigin, SavedPaper, SignUp, Vote
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.archives import digest, entry
from tests.contract.stores.memories import Memory, fork

OLD, NEW, OTHER = "s_aaaa2222", "s_bbbb3333", "s_cccc4444"
MAIL = "new@example.org"
NOW = make.NOW
FIRST, SECOND, THIRD = date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 3)  # over the turn of a month
MOVE = Move(OLD, NEW, NOW, MAIL)
R = SuppressionReason


def digest_of(who: str, on: date, *papers: str) -> Digest:
    shown = [entry(number, paper) for number, paper in enumerate(papers, 1)]
    return digest(on, shown, subscriber=replace(make.subscriber(subscriber_id=who), email="", name=""))


def mail(store: Store, who: str, on: date, *papers: str, state: DeliveryState = DeliveryState.ACCEPTED) -> None:
    store.start_run("r0")
    claim = make.present(store.claim(who, on, run_id="r0", now=NOW))
    if state is DeliveryState.SKIPPED:
        store.move(ledger.skip(claim, "nothing relevant", NOW))
    else:
        store.put_digest(digest_of(who, on, *papers))
        row = ledger.hand_over(
            claim, paper_ids=papers, announced_on=(on,), message_id=f"<{on}.{who}@example.org>", now=NOW
        )
        store.move(row)
        if state is not DeliveryState.HANDED_OVER:
            store.move(ledger.accept(row, "receipt", NOW))
    store.end_run("r0")


def say_much(store: Store, who: str = OLD) -> None:
    """Something of each kind."""
    mail(store, who, FIRST, "2601.00001", "2601.00002")
    mail(store, who, SECOND, "2601.00003")
    store.take_event(MailEvent(EventKind.DELIVERED, who, FIRST, NOW), now=NOW)
    for number, text in enumerate(("max_papers: 3", "", "max_papers: 4")):
        store.add_revision(who, text, origin=RevisionOrigin.WEB, now=NOW + timedelta(minutes=number))
    store.put_vote(Vote(who, "2601.00001", 1, NOW))
    store.put_vote(Vote(who, "2601.00002", -1, NOW))
    store.put_vote(Vote(who, "2601.00002", 0, NOW + timedelta(minutes=1)))
    store.save_paper(SavedPaper(who, NOW, make.paper("2601.00001")), most=9)
    store.change_address_status(who, lambda known: replace(known, paused_until=THIRD, frequency=Frequency.WEEKLY))
    asked = SignUp(who, NOW, "old@example.org", "Ada", ("cs.LG",), "Graphs.", confirmed_at=NOW)
    store.add_sign_up(asked)
    store.enrol(asked, most=9)


def everything(store: Store, who: str) -> dict[str, object]:
    days = store.get_digest_days(who)
    return {
        "deliveries": store.get_deliveries(subscriber_id=who),
        "events": [store.get_events(who, on) for on in (FIRST, SECOND)],
        "digests": [store.get_digest(who, on) for on in days],
        "revisions": store.get_revisions(who),
        "votes": store.get_votes(who),
        "saved": store.get_saved(who),
        "standing": store.get_address_status(who),
        "sign-up": store.get_sign_up(who, NOW.date()),
        "enrolled": [one for one in store.get_enrolled() if one.subscriber_id == who],
    }


def renamed(found: object) -> object:
    """The same of the new id; of an address, too."""
    if isinstance(found, dict):
        return {key: renamed(value) for key, value in found.items()}
    if isinstance(found, list):
        return [renamed(value) for value in found]
    if isinstance(found, Digest):
        return replace(found, subscriber=replace(found.subscriber, subscriber_id=NEW))
    if isinstance(found, SignUp):
        return replace(found, subscriber_id=NEW, email=MAIL)
    return replace(found, subscriber_id=NEW) if found else found  # type: ignore[type-var]


NOTHING: dict[str, object] = {
    **{"deliveries": [], "events": [[], []], "digests": [], "revisions": [], "votes": [], "saved": []},
    **{"standing": AddressStatus(OLD), "sign-up": None, "enrolled": []},
}


def test_all_of_it_comes_along_and_nothing_else_is_touched(memory: Memory, store: Store) -> None:
    say_much(store)
    say_much(store, OTHER)
    before, others = everything(store, OLD), everything(store, OTHER)
    for turn in range(2):  # again, it changes nothing
        store.move_subscriber(replace(MOVE, at=NOW + timedelta(minutes=turn)))
        assert everything(memory.another(), NEW) == renamed(before)
        assert everything(store, OLD) == NOTHING
        assert everything(store, OTHER) == others
    assert store.get_sent(NEW) == {"2601.00001", "2601.00002", "2601.00003"}
    assert store.find_unreadable() == {}
    moved = store.get_moves()
    assert [(one.subscriber_id, one.to, one.email, one.is_done) for one in moved] == [(OLD, NEW, "", True)]


def test_two_histories_become_one(store: Store) -> None:
    say_much(store)
    mail(store, OLD, THIRD, "2601.00007", "2601.00008")
    mail(store, NEW, SECOND, "2601.00009", "2601.00003")
    mail(store, NEW, THIRD, state=DeliveryState.SKIPPED)
    store.add_revision(NEW, "max_papers: 9", origin=RevisionOrigin.REPLY, now=NOW + timedelta(seconds=90))
    store.put_vote(Vote(NEW, "2601.00001", -1, NOW + timedelta(hours=1)))
    store.change_address_status(NEW, lambda known: suppression.pause(known, date(2026, 3, 1)))
    store.move_subscriber(MOVE)
    rows = {row.digest_on: row for row in store.get_deliveries(subscriber_id=NEW)}
    assert rows[SECOND].paper_ids == ("2601.00009", "2601.00003")
    assert rows[THIRD].paper_ids == ("2601.00007", "2601.00008")
    assert store.get_sent(NEW) == {f"2601.0000{number}" for number in (1, 2, 3, 7, 8, 9)}
    assert [store.get_digest(NEW, on) for on in (SECOND, THIRD)] == [
        digest_of(NEW, SECOND, "2601.00009", "2601.00003"),
        digest_of(NEW, THIRD, "2601.00007", "2601.00008"),
    ]
    texts = [(one.number, one.text) for one in store.get_revisions(NEW)]
    assert texts == [(1, "max_papers: 3"), (2, ""), (3, "max_papers: 9"), (4, "max_papers: 4")]
    assert [(vote.arxiv_id, vote.value) for vote in store.get_votes(NEW)] == [("2601.00001", -1)]
    standing = store.get_address_status(NEW)
    assert (standing.paused_until, standing.frequency) == (date(2026, 3, 1), Frequency.WEEKLY)
    assert store.get_deliveries(subscriber_id=OLD) == []


@pytest.mark.parametrize("why", R)
def test_the_persons_word_comes_along_and_a_dead_mailbox_stays(store: Store, why: SuppressionReason) -> None:
    reason = Suppression(why, NOW, "their words")
    store.change_address_status(OLD, lambda known: suppression.suppress(known, reason))
    store.move_subscriber(MOVE)
    is_mailbox = why in {R.HARD_BOUNCE, R.DROPPED, R.SOFT_BOUNCES}
    assert store.get_address_status(NEW).suppression == (None if is_mailbox else reason)
    assert store.get_address_status(OLD).suppression == (reason if is_mailbox else None)


def test_who_left_a_dead_mailbox_may_come_back_in_the_living_one(store: Store) -> None:
    store.change_address_status(
        OLD, lambda known: suppression.suppress(known, Suppression(R.HARD_BOUNCE, NOW, "5.1.1"))
    )
    store.change_address_status(OLD, lambda known: suppression.unsubscribe(known, NOW + timedelta(hours=1)))
    store.move_subscriber(MOVE)
    assert suppression.may_resubscribe(store.get_address_status(NEW))


# --- what comes later for the old id


def event(kind: EventKind, who: str = OLD, on: date = FIRST) -> MailEvent:
    return MailEvent(kind, who, on, NOW + timedelta(hours=2), "their words")


def test_a_bounce_of_the_old_mailbox_frees_the_papers_and_spares_the_new_one(store: Store) -> None:
    say_much(store)
    store.move_subscriber(MOVE)
    assert store.take_event(event(EventKind.BOUNCED_HARD), now=NOW)
    assert make.present(store.get_delivery(NEW, FIRST)).state is DeliveryState.REJECTED
    assert store.get_address_status(NEW).suppression is None
    assert store.get_address_status(OLD).suppression is not None
    assert [each.kind for each in store.get_events(NEW, FIRST)] == [EventKind.DELIVERED, EventKind.BOUNCED_HARD]


@pytest.mark.parametrize("kind", [EventKind.COMPLAINED, EventKind.UNSUBSCRIBED])
def test_what_the_person_says_of_an_old_mail_is_theirs(store: Store, kind: EventKind) -> None:
    say_much(store)
    store.move_subscriber(MOVE)
    store.move_subscriber(Move(NEW, OTHER, NOW + timedelta(minutes=1), "other@example.org"))
    assert store.take_event(event(kind), now=NOW)
    assert store.get_address_status(OTHER).suppression is not None
    assert store.get_address_status(OLD) == AddressStatus(OLD)


def test_a_bounce_of_a_mail_that_gave_way_does_not_reject_the_other(store: Store) -> None:
    for who, paper in ((OLD, "2601.00001"), (NEW, "2601.00002")):
        mail(store, who, FIRST, paper)
    store.move_subscriber(MOVE)
    assert store.take_event(event(EventKind.BOUNCED_HARD), now=NOW)
    assert make.present(store.get_delivery(NEW, FIRST)).state is DeliveryState.ACCEPTED
    assert store.take_event(event(EventKind.COMPLAINED), now=NOW)
    assert store.get_address_status(NEW).suppression is not None


def test_the_heir_is_who_they_are_now_and_who_moves_back_is_themselves(store: Store) -> None:
    say_much(store)
    before = everything(store, OLD)
    assert store.heir_of(OLD) == OLD
    store.move_subscriber(MOVE)
    assert (store.heir_of(OLD), store.heir_of(NEW), store.heir_of(OTHER)) == (NEW, NEW, OTHER)
    store.move_subscriber(Move(NEW, OTHER, NOW, "other@example.org"))
    assert store.heir_of(OLD) == OTHER
    store.move_subscriber(Move(OTHER, OLD, NOW, "old@example.org"))
    assert [store.heir_of(who) for who in (OLD, NEW, OTHER)] == [OLD, OLD, OLD]
    assert everything(store, OLD) == before


def test_another_person_with_the_old_address_is_somebody_of_their_own(store: Store) -> None:
    say_much(store)
    store.move_subscriber(MOVE)
    mail(store, OLD, THIRD, "2601.00001")
    assert store.heir_of(OLD) == OLD
    assert store.get_sent(NEW) == {"2601.00001", "2601.00002", "2601.00003"}


# --- when it has to wait


def test_it_waits_for_a_run_and_for_a_doubt(store: Store) -> None:
    store.start_run("r1")
    with pytest.raises(StoreConflict, match="a run is at work"):
        store.move_subscriber(MOVE)
    store.end_run("r1")
    mail(store, OLD, FIRST, "2601.00001", state=DeliveryState.HANDED_OVER)
    with pytest.raises(StoreConflict, match=r"sent is not known|whether a mail was sent"):
        store.move_subscriber(MOVE)
    assert store.get_moves() == []
    assert len(store.get_deliveries(subscriber_id=OLD)) == 1


# --- the folder store


def kill_at(folder: Path, step: int) -> bool:
    """Move in a process that is killed before the n-th file is replaced or deleted; False if there was none."""

    def run() -> None:
        store, seen = TinyStore(folder), [0]

        def count(name: str, _: tuple[object, ...]) -> None:
            if name in ("os.rename", "os.remove"):
                seen[0] += 1
                if seen[0] == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        store.move_subscriber(MOVE)

    child = fork.Process(target=run)
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL


def state_of(folder: Path) -> Path:
    store = TinyStore(folder)
    say_much(store)
    mail(store, OLD, THIRD, "2601.00007")
    mail(store, NEW, SECOND, "2601.00009")
    store.add_revision(NEW, "max_papers: 9", origin=RevisionOrigin.REPLY, now=NOW + timedelta(seconds=90))
    return folder


def test_killed_at_any_write_and_done_again_it_is_as_if_done_at_once(tmp_path: Path) -> None:
    """By the same command, or by the next run: by turns."""
    whole = state_of(tmp_path / "whole")
    shutil.copytree(whole, tmp_path / "at-once")
    at_once = TinyStore(tmp_path / "at-once")
    at_once.move_subscriber(MOVE)
    wanted, step = [everything(at_once, who) for who in (OLD, NEW)], 1
    while True:
        folder = shutil.copytree(whole, tmp_path / f"killed-{step}")
        if not kill_at(folder, step):
            break
        store = TinyStore(folder)
        if step % 2 or not store.get_moves():
            store.move_subscriber(MOVE)
        else:
            with pytest.raises(ReaderUnreadable, match="is not finished; run 'newsletter subscribers move"):
                store.require_readable(NEW)
            store.start_run("r1")
            store.end_run("r1")
        assert [everything(store, who) for who in (OLD, NEW)] == wanted, step
        assert [move.is_done for move in store.get_moves()] == [True]
        step += 1
    assert step > 15


def test_a_damaged_file_of_either_keeps_both_as_they_are(tmp_path: Path) -> None:
    folder = state_of(tmp_path / "state")
    for who in (OLD, NEW):
        path = folder / "revisions" / f"{who}.json"
        whole = path.read_bytes()
        path.write_bytes(whole[:-3])
        store = TinyStore(folder)
        before = [store.get_deliveries(subscriber_id=each) for each in (OLD, NEW)]
        with pytest.raises(ReaderUnreadable, match="put this file back"):
            store.move_subscriber(MOVE)
        assert [store.get_deliveries(subscriber_id=each) for each in (OLD, NEW)] == before
        assert store.get_moves() == []
        path.write_bytes(whole)


def test_a_damaged_note_of_a_move_stops_nobody_else(tmp_path: Path) -> None:
    folder = state_of(tmp_path / "state")
    store = TinyStore(folder)
    store.move_subscriber(MOVE)
    path = folder / "moved" / f"{OLD}.json"
    path.write_bytes(b"{")
    store.require_readable(NEW)
    store.start_run("r1")
    assert list(store.find_unreadable()) == [OLD]
    with pytest.raises(ReaderUnreadable):
        store.heir_of(OLD)
