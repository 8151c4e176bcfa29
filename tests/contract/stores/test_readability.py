"""One damaged file of one reader: nothing in it is lost, nobody else is held up, and the operator is told its name."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.delivery import suppression
from newsletter.errors import ReaderUnreadable, StoreError
from newsletter.flow import run_morning
from newsletter.model import ReaderHistory
from newsletter.model.deliveries import EventKind, MailEvent, Suppression, SuppressionReason
from newsletter.model.runs import RunOutcome
from newsletter.model.subscribers import RevisionOrigin, SignUp, Vote
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.archives import digest
from tests.damage import DAMAGES, KINDS, MONDAY, NOW, ONE, OTHER, file_of, remember
from tests.fakes import Silent
from tests.unit.test_flow import Morning, morning, two_papers

ELSEWHERE = {"a later version's words", "another reader's", "times without a zone"}  # not for the ledger
TIMELESS = {"digests"}  # in which there are no times
EACH = [(k, d) for k in KINDS for d in DAMAGES if not (k in TIMELESS and d == "times without a zone")]
COMPLAINT = MailEvent(EventKind.COMPLAINED, ONE, MONDAY, NOW + timedelta(hours=1))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory in which something of each kind is kept of two readers."""
    folder = tmp_path_factory.mktemp("whole") / "state"
    store = TinyStore(folder)
    for who in (ONE, OTHER):
        remember(store, who)
    return folder


@pytest.fixture
def folder(tmp_path: Path, whole: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "state")


@pytest.fixture
def store(folder: Path) -> TinyStore:
    return TinyStore(folder)


def damaged(folder: Path, kind: str, damage: str) -> Path:
    path = file_of(folder, kind, ONE)
    DAMAGES[damage](path)
    return path


def look(path: Path) -> object:
    """The file as it is, whatever it is."""
    if path.is_symlink():
        return path.readlink()
    return sorted(path.iterdir()) if path.is_dir() else path.read_bytes()


@pytest.mark.parametrize(("kind", "damage"), EACH)
def test_it_concerns_its_reader_alone_and_is_named_with_the_remedy(
    folder: Path, store: TinyStore, kind: str, damage: str
) -> None:
    path = damaged(folder, kind, damage)
    with pytest.raises(ReaderUnreadable) as caught:
        store.require_readable(ONE, make.TUESDAY)
    said = str(caught.value)
    assert caught.value.subscriber_id == ONE
    assert str(path) in said
    assert "; put this file back" in said or "; install the version" in said
    assert store.find_unreadable() == ({} if kind == "digests" else {ONE: said})
    store.require_readable(OTHER, make.TUESDAY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_morning_holds_back_its_reader_and_mails_the_others(folder: Path, store: TinyStore, kind: str) -> None:
    path = damaged(folder, kind, "cut")
    given = morning_of(folder, store)
    report = given.run()
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.UNREADABLE, RunOutcome.SENT]
    assert str(path) in report.subscribers[0].detail
    assert [mail.to for mail in given.sender.mails] == ["other@example.org"]
    given.tick()
    assert len(given.sender.mails) == 1


def test_who_is_no_subscriber_for_that_reason_is_reported_too(folder: Path, store: TinyStore) -> None:
    given = morning_of(folder, store)
    report = run_morning(given.context, given.subscribers[1:], Silent(), unreadable={ONE: "why", "s_cccc2222": "why"})
    told = [(entry.subscriber_id, entry.outcome) for entry in report.subscribers]
    held = RunOutcome.UNREADABLE
    assert told == [(ONE, held), ("s_cccc2222", held), (OTHER, RunOutcome.SENT)]


def morning_of(folder: Path, store: TinyStore) -> Morning:
    """A morning for the one and the other, on Tuesday."""
    given = morning(
        *two_papers(),
        subscribers=[
            make.subscriber(subscriber_id=ONE, email="one@example.org"),
            make.subscriber(subscriber_id=OTHER, email="other@example.org"),
        ],
    )
    file_of(folder, "digests", OTHER).unlink(missing_ok=True)
    given.store = store  # type: ignore[assignment]
    return given


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["cut", "another table", "a later format", "a folder", "another reader's"])
def test_nothing_that_comes_later_is_written_over_it(folder: Path, store: TinyStore, kind: str, damage: str) -> None:
    path = damaged(folder, kind, damage)
    before = look(path)
    changes: list[Callable[[], object]] = [
        lambda: store.take_event(COMPLAINT, now=NOW),
        lambda: store.settle_by_events(ONE, MONDAY, now=NOW),
        lambda: store.change_address_status(ONE, lambda known: suppression.unsubscribe(known, NOW)),
        lambda: store.change_address_status(ONE, suppression.resume),
        lambda: store.add_revision(ONE, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW),
        lambda: store.put_vote(Vote(ONE, "2601.00098", -1, NOW)),
        lambda: store.enrol(SignUp(ONE, NOW, "one@example.org", "", ("cs.LG",), "Trees."), most=9),
        lambda: store.put_digest(digest(subscriber=make.subscriber(subscriber_id=ONE))),
    ]
    for change in changes:
        with suppress(ReaderUnreadable):  # StoreError would be everybody's
            change()
    assert look(path) == before


@pytest.mark.parametrize("kind", ["standings", "enrolled", "votes"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_kept_of_all_leaves_this_one_out(folder: Path, store: TinyStore, kind: str, damage: str) -> None:
    damaged(folder, kind, damage)
    known, enrolled = store.get_address_statuses(), store.get_enrolled()
    assert [one.subscriber_id for one in known] == ([OTHER] if kind == "standings" else [ONE, OTHER])
    assert [one.subscriber_id for one in enrolled] == ([OTHER] if kind == "enrolled" else [ONE, OTHER])
    assert store.get_enrolled_ids() == [ONE, OTHER]
    assert store.enrol(SignUp("s_cccc2222", NOW, "new@example.org", "", ("cs.LG",), "Trees."), most=3)
    assert not store.enrol(SignUp("s_dddd2222", NOW, "more@example.org", "", ("cs.LG",), "Trees."), most=3)


def test_events_of_mails_long_past_are_left_alone(folder: Path, store: TinyStore) -> None:
    """Where a provider tells of every mail, years of them would be read for each new one."""
    old = file_of(folder, "events", ONE).with_name(f"{make.TUESDAY - timedelta(days=93):%Y-%m}.json")
    old.write_bytes(b"cut")
    store.require_readable(ONE, make.TUESDAY)
    with pytest.raises(ReaderUnreadable):
        store.require_readable(ONE)
    found = store.get_histories([ONE], digest_on=make.TUESDAY, since=MONDAY, mailed_since=MONDAY)
    assert isinstance(found[ONE], ReaderHistory)


def test_fields_of_a_later_version_are_passed_over(folder: Path, store: TinyStore) -> None:
    """They get a default where they are missing, so they can be done without."""
    path = file_of(folder, "standings", ONE)
    content = json.loads(path.read_bytes())
    content["standings"][ONE]["mood"] = "good"
    path.write_text(json.dumps(content))
    assert store.get_address_status(ONE).paused_until == MONDAY


def test_who_leaves_while_their_standing_cannot_be_read_has_left_for_good(folder: Path, store: TinyStore) -> None:
    path = file_of(folder, "standings", ONE)
    whole = path.read_bytes()
    DAMAGES["cut"](path)
    said = store.change_address_status(ONE, lambda known: suppression.unsubscribe(known, NOW))
    assert said.suppression is not None
    with pytest.raises(ReaderUnreadable):
        store.get_address_status(ONE)
    path.write_bytes(whole)  # the backup knows nothing of it
    standing = TinyStore(folder).get_address_status(ONE)
    assert standing.suppression == Suppression(SuppressionReason.UNSUBSCRIBED, NOW, suppression.BY_LINK)
    assert standing.paused_until == MONDAY
    assert store.get_address_statuses() == [standing, store.get_address_status(OTHER)]
    path.unlink()  # nor does who moves the damaged file away
    assert store.get_address_status(ONE).suppression is not None


def test_they_may_take_that_back_before_and_after_the_file_is_mended(folder: Path, store: TinyStore) -> None:
    path = file_of(folder, "standings", ONE)
    whole = path.read_bytes()
    DAMAGES["empty"](path)
    store.change_address_status(ONE, lambda known: suppression.unsubscribe(known, NOW))
    back = store.change_address_status(ONE, lambda known: suppression.resubscribe(known, NOW + timedelta(minutes=1)))
    assert back.suppression is None
    store.change_address_status(ONE, lambda known: suppression.unsubscribe(known, NOW + timedelta(minutes=2)))
    path.write_bytes(whole)
    assert (
        store.change_address_status(ONE, lambda known: suppression.lift(known, NOW + timedelta(hours=1))).suppression
        is None
    )
    assert TinyStore(folder).get_address_status(ONE).suppression is None
    assert not (folder / "waiting" / f"{ONE}.json").exists()


def test_a_weightier_reason_in_the_mended_file_stays(folder: Path, store: TinyStore) -> None:
    path = file_of(folder, "standings", ONE)
    complaint = Suppression(SuppressionReason.COMPLAINT, NOW, "spam")
    store.change_address_status(ONE, lambda known: suppression.suppress(known, complaint))
    whole = path.read_bytes()
    DAMAGES["zeros"](path)
    store.change_address_status(ONE, lambda known: suppression.unsubscribe(known, NOW))
    path.write_bytes(whole)
    assert store.get_address_status(ONE).suppression == complaint


def test_an_event_is_told_again_until_it_can_be_kept_and_suppresses_at_once(folder: Path, store: TinyStore) -> None:
    path = file_of(folder, "standings", ONE)
    whole = path.read_bytes()
    DAMAGES["binary"](path)
    for _ in range(2):
        with pytest.raises(ReaderUnreadable):
            store.take_event(COMPLAINT, now=NOW)
    path.write_bytes(whole)
    assert make.present(store.get_address_status(ONE).suppression).why is SuppressionReason.COMPLAINT
    assert store.take_event(COMPLAINT, now=NOW)


def test_a_complaint_suppresses_though_the_events_cannot_be_read(folder: Path, store: TinyStore) -> None:
    DAMAGES["cut"](file_of(folder, "events", ONE))
    with pytest.raises(ReaderUnreadable):
        store.take_event(COMPLAINT, now=NOW)
    assert store.get_address_status(ONE).suppression is not None


@pytest.mark.parametrize(
    "damage", sorted(set(DAMAGES) - {"a later version's words", "another reader's", "times without a zone"})
)
def test_a_damaged_ledger_is_never_taken_for_an_empty_one(folder: Path, store: TinyStore, damage: str) -> None:
    DAMAGES[damage](folder / "deliveries" / ONE / "2026-01.json")
    with pytest.raises(StoreError) as caught:
        store.get_sent(ONE)
    assert not isinstance(caught.value, ReaderUnreadable)


def test_a_mail_in_doubt_waits_while_its_events_cannot_be_read(folder: Path, store: TinyStore) -> None:
    given = morning_of(folder, store)
    store.start_run("r9")
    for who in (ONE, OTHER):
        make.handed_over(store, who, run_id="r9", sent_by=given.sender.name)
    store.end_run("r9")
    DAMAGES["cut"](file_of(folder, "events", ONE))
    given.run()
    states = [store.get_delivery(who, make.TUESDAY).state for who in (ONE, OTHER)]  # type: ignore[union-attr]
    assert states == ["handed_over", "accepted"]
