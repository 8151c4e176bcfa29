"""What every Store promises about who subscribes on the web: asked once a day, let in once, forgotten whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier

from newsletter.delivery.suppression import suppress
from newsletter.model import (
    Frequency,
    Move,
    PromisedMail,
    RevisionOrigin,
    SavedPaper,
    SignUp,
    SignUpOrigin,
    Suppression,
    SuppressionReason,
    Vote,
)
from newsletter.stores import Store
from newsletter.subscribers import signup_rules
from tests import make
from tests.archives import digest
from tests.contract.stores.memories import DAY, NOW, WHO, Memory, SharedMemory, race

ASKED = SignUp(
    *(WHO, NOW, "ada@example.org", "Ada \U0001d538 \x00"),
    *(("cs.LG", "hep-th"), "Graphs.\nAnd \ud800 trees.", "Europe/Berlin", Frequency.WEEKLY, "de"),
)
LATER = timedelta(hours=1)


def of(number: int) -> SignUp:
    return replace(ASKED, subscriber_id=f"s_number{number:02d}", at=NOW + number * timedelta(seconds=1))


def test_what_is_asked_for_comes_back_and_the_first_of_a_day_stays(memory: Memory, store: Store) -> None:
    assert store.get_sign_up(WHO, DAY) is None
    assert store.add_sign_up(ASKED)
    assert not store.add_sign_up(replace(ASKED, email="ada+2@example.org", at=NOW + LATER))
    assert memory.another().get_sign_up(WHO, DAY) == ASKED
    tomorrow = replace(ASKED, at=NOW + timedelta(days=1))
    assert store.add_sign_up(tomorrow)
    assert store.get_sign_up(WHO, DAY) == ASKED
    assert store.get_sign_up(WHO, DAY + timedelta(days=1)) == tomorrow
    assert store.get_sign_up("s_other234", DAY) is None
    assert store.get_enrolled() == []


def test_no_address_takes_the_place_of_another_with_its_id(memory: Memory, store: Store) -> None:
    assert store.enrol(ASKED, most=5)
    assert not store.enrol(replace(ASKED, email="mallory@example.net"), most=5)
    assert memory.another().get_enrolled() == [ASKED]
    again = replace(ASKED, email="Ada+2@Example.org", at=NOW + LATER)
    assert store.enrol(again, most=5)
    assert memory.another().get_enrolled() == [again]


def test_some_of_the_enrolled_are_read_without_the_others(memory: Memory, store: Store) -> None:
    people = [of(number) for number in range(4)]
    for one in people:
        store.enrol(one)
    wanted = [people[2].subscriber_id, people[0].subscriber_id, "s_nobody23"]
    some = memory.another()
    assert some.get_enrolled(only=wanted) == [people[0], people[2]]
    assert some.get_enrolled_ids(only=wanted) == [people[0].subscriber_id, people[2].subscriber_id]
    assert some.get_enrolled(only=[]) == some.get_enrolled_ids(only=[]) == []
    assert some.get_enrolled(only=["../enrolled/s_number00", "", "s_ \x00"]) == []
    many = [f"s_nobody{number}" for number in range(1_200)]
    assert some.get_enrolled(only=[*many, *wanted]) == [people[0], people[2]]


def test_any_change_of_who_is_enrolled_changes_the_mark(memory: Memory, store: Store) -> None:
    """Clocks look at it every few seconds."""
    changes: list[Callable[[], object]] = [
        lambda: store.enrol(of(1)),
        lambda: store.enrol(of(2)),
        lambda: store.enrol(replace(of(1), words="Trees.")),
        lambda: store.move_subscriber(Move(of(1).subscriber_id, "s_new23456", NOW, "new@example.org")),
        lambda: store.forget_enrolled(of(2).subscriber_id),
    ]
    marks = [store.mark_of_enrolled()]
    for change in changes:
        change()
        marks.append(memory.another().mark_of_enrolled())
    store.add_sign_up(of(4))
    assert store.mark_of_enrolled() == store.mark_of_enrolled() == marks[-1]
    assert len(set(marks)) == len(marks)


def test_it_is_confirmed_once(memory: Memory, store: Store) -> None:
    assert store.change_sign_up(WHO, DAY, lambda stored: signup_rules.confirm(stored, NOW)) is None
    store.add_sign_up(ASKED)
    confirmed = replace(ASKED, confirmed_at=NOW + LATER)
    assert store.change_sign_up(WHO, DAY, lambda stored: signup_rules.confirm(stored, NOW + LATER)) == confirmed
    assert store.change_sign_up(WHO, DAY, lambda stored: signup_rules.confirm(stored, NOW + 2 * LATER)) == confirmed
    assert memory.another().get_sign_up(WHO, DAY) == confirmed
    assert not store.add_sign_up(ASKED)


def test_it_is_changed_in_one_step_and_can_be_dropped(memory: Memory, store: Store) -> None:
    assert store.change_sign_up(WHO, DAY, lambda known: known) is None
    store.add_sign_up(ASKED)
    held = replace(ASKED, mail=PromisedMail.WAITING, tries=3, retry_at=NOW + LATER, held_by="a-run")
    assert store.change_sign_up(WHO, DAY, lambda known: held) == held
    assert memory.another().get_sign_up(WHO, DAY) == held
    assert store.change_sign_up(WHO, DAY, lambda known: None) is None
    assert memory.another().get_sign_ups() == []


def test_all_that_is_kept_is_in_the_order_they_asked(memory: Memory, store: Store) -> None:
    asked = [replace(of(number), at=of(number).at + timedelta(days=days)) for number, days in ((3, 0), (1, 1), (2, 0))]
    for one in asked:
        store.add_sign_up(one)
    assert memory.another().get_sign_ups() == [asked[2], asked[0], asked[1]]


def test_a_change_may_ask_which_runs_live(memory: Memory, store: Store) -> None:
    memory.another().start_run("a-run")
    store.add_sign_up(ASKED)
    store.change_sign_up(WHO, DAY, lambda known: replace(known, tries=store.is_running("a-run") + 1))
    assert store.get_sign_ups()[0].tries == 2


def test_what_was_asked_for_before_a_day_is_forgotten(store: Store) -> None:
    for days in (0, 1):
        store.add_sign_up(replace(ASKED, at=NOW + timedelta(days=days)))
    store.enrol(ASKED, most=1)
    store.forget_sign_ups(before=DAY + timedelta(days=1))
    assert store.get_sign_up(WHO, DAY) is None
    assert store.get_sign_up(WHO, DAY + timedelta(days=1)) is not None
    assert store.get_enrolled() == [ASKED]


def test_the_latest_enrolment_of_somebody_counts_and_others_are_in_the_order_they_asked(
    memory: Memory, store: Store
) -> None:
    for number in (3, 1, 2):
        assert store.enrol(of(number), most=3)
    again = replace(of(2), words="Trees.")
    assert store.enrol(again, most=3)
    assert memory.another().get_enrolled() == [of(1), again, of(3)]


def test_no_more_are_let_in_than_there_are_places_and_who_left_takes_none(store: Store) -> None:
    assert store.enrol(of(1), most=2)
    assert store.enrol(of(2), most=2)
    assert not store.enrol(of(3), most=2)
    assert store.enrol(of(2), most=2)  # has a place already
    assert [one.subscriber_id for one in store.get_enrolled()] == ["s_number01", "s_number02"]
    assert store.enrol(replace(of(9), origin=SignUpOrigin.OPERATOR))
    assert (store.count_places_taken(), store.count_places_taken(by_others_than="s_number02")) == (2, 1)
    gone = Suppression(SuppressionReason.UNSUBSCRIBED, NOW)
    store.change_address_status("s_number01", lambda known: suppress(known, gone))
    assert store.enrol(of(3), most=2)


def test_who_is_forgotten_leaves_nothing_but_their_standing(memory: Memory, store: Store) -> None:
    for who in (WHO, "s_other234"):
        store.add_sign_up(replace(ASKED, subscriber_id=who))
        store.enrol(replace(ASKED, subscriber_id=who), most=2)
        store.add_revision(who, "a: 1", origin=RevisionOrigin.WEB, now=NOW)
        store.put_vote(Vote(who, "2511.00001", 1, NOW))
        store.save_paper(SavedPaper(who, NOW, make.paper("2511.00001")), most=9)
        store.put_digest(digest(DAY, subscriber=make.subscriber(subscriber_id=who)))
    gone = Suppression(SuppressionReason.UNSUBSCRIBED, NOW)
    store.change_address_status(WHO, lambda known: suppress(known, gone))
    assert store.forget_enrolled(WHO)
    assert not store.forget_enrolled(WHO)
    there = memory.another()
    assert [one.subscriber_id for one in there.get_enrolled()] == ["s_other234"]
    assert (there.get_sign_up(WHO, DAY), there.get_revisions(WHO), there.get_votes(WHO)) == (None, [], [])
    assert (there.get_saved(WHO), len(there.get_saved("s_other234"))) == ([], 1)
    assert (there.get_digest_days(WHO), there.get_digest_days("s_other234")) == ([], [DAY])
    assert there.get_address_status(WHO).suppression == gone
    assert there.get_sign_up("s_other234", DAY) is not None
    assert len(there.get_revisions("s_other234")) == len(there.get_votes("s_other234")) == 1


def test_of_racing_processes_no_more_get_a_place_than_there_are(shared: SharedMemory) -> None:
    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        barrier.wait()
        for each in range(4):
            store.enrol(of(4 * number + each), most=5)
            store.add_sign_up(replace(ASKED, words=str(number)))

    race(work)
    store = shared.another()
    assert len(store.get_enrolled()) == 5
    assert store.get_sign_up(WHO, DAY) is not None
