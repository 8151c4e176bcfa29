"""Who is welcomed when the operator adds somebody, who is not, and that it happens once whatever goes wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage

import pytest

from newsletter.addresses import subscriber_id
from newsletter.delivery import ledger, suppression
from newsletter.errors import StoreError
from newsletter.mail.welcome import WelcomeContent
from newsletter.model import (
    Digest,
    Message,
    Move,
    PromisedMail,
    RunReport,
    SignUp,
    SignUpOrigin,
    Subscriber,
    Suppression,
    SuppressionReason,
    Welcome,
)
from newsletter.papers import arxiv_day
from newsletter.services import welcomes
from newsletter.services.directory import ListedSubscribers
from newsletter.services.welcomes import Look, WelcomeService
from newsletter.subscribers.enrolment import subscriber_from_signup
from newsletter.subscribers.schema import Preferences
from tests import archives, make
from tests.fakes import Act, FlakySender, MemoryStore

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)  # a Tuesday
RUN = "a-run"
DEFAULTS = Preferences(categories=["cs.LG"])


def reader(name: str, **changes: object) -> Subscriber:
    email = f"{name}@example.org"
    return make.subscriber(subscriber_id=subscriber_id(email), email=email, name=name.title(), **changes)


ADA, EVE = reader("ada"), reader("eve")
WHO = ADA.subscriber_id


def enrolment(one: Subscriber, at: datetime = NOW, origin: SignUpOrigin = SignUpOrigin.OPERATOR) -> SignUp:
    by_hand = "topics: [{name: T, relevant: all}]" if origin is SignUpOrigin.OPERATOR else ""
    return SignUp(one.subscriber_id, at, one.email, "", ("cs.LG",), "Graphs.", origin=origin, profile=by_hand)


@dataclass
class Office:
    """The list, the hour, and who sends."""

    listed: list[Subscriber] = field(default_factory=list)
    script: Sequence[Act] = ()
    store: MemoryStore = field(default_factory=MemoryStore)
    now: datetime = NOW
    heirs: set[str] = field(default_factory=set)
    told: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)
    latest: Digest | None = None
    unreadable: dict[str, str] = field(default_factory=dict)
    while_building: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.sender = FlakySender(lambda: self.now, self.script)
        self.contents: list[WelcomeContent] = []
        self.asked_before: list[date] = []
        self.service = WelcomeService(
            store=self.store,
            load_listed=self.load,
            find_heirs=lambda listed: self.heirs,
            open_sender=lambda: self.sender,
            build_mail=self.build,
            preview_before=self.preview,
            arxiv_day=arxiv_day,
            now=lambda: self.now,
            log_outcome=lambda who, became: self.told.append((who, became)),
            alert=lambda who, detail: self.alerts.append((who, detail)),
        )

    def load(self) -> ListedSubscribers:
        in_file = {one.subscriber_id for one in self.listed}
        sign_ups = {one.subscriber_id: one for one in self.store.get_enrolled() if one.subscriber_id not in in_file}
        enrolled = [subscriber_from_signup(one, DEFAULTS) for one in sign_ups.values()]
        return ListedSubscribers([*self.listed, *enrolled], sign_ups, unreadable=self.unreadable)

    def build(self, content: WelcomeContent) -> Message:
        self.while_building()
        self.contents.append(content)
        who = content.reader.subscriber_id
        return Message(f"service/{self.now:%Y-%m-%d}.{who}", content.reader.email, EmailMessage())

    def preview(self, one: Subscriber, before: date) -> Digest | None:
        self.asked_before.append(before)
        return self.latest

    def look(self, run_id: str = RUN, **options: object) -> Look:
        return self.service.send_due(run_id, **options)  # type: ignore[arg-type]

    def look_until_done(self) -> None:
        for _ in range(20):
            self.look()
            self.now += timedelta(hours=1)

    @property
    def mailed(self) -> list[str]:
        return [mail.to for mail in self.sender.mails]

    def welcome(self, who: str = WHO) -> Welcome | None:
        return next((one for one in self.store.get_welcomes() or () if one.subscriber_id == who), None)


def began(listed: Sequence[Subscriber] = (), **changes: object) -> Office:
    """A memory of this version, in which nobody was welcomed yet."""
    office = Office(list(listed), **changes)  # type: ignore[arg-type]
    office.store.begin_welcomes([])
    return office


def test_whoever_is_listed_in_a_new_memory_is_a_newcomer_and_welcomed_once() -> None:
    office = Office([ADA, EVE])
    office.look_until_done()
    assert office.mailed == [ADA.email, EVE.email]
    assert office.told == [(ADA.subscriber_id, "mailed"), (EVE.subscriber_id, "mailed")]
    assert {one.mail for one in office.store.get_welcomes() or ()} == {PromisedMail.SENT}


def with_a_run(office: Office) -> None:
    office.store.record_run(RunReport("r1", NOW.date(), NOW, NOW, (), ()))


def with_a_day(office: Office) -> None:
    office.store.remember_day(make.day(announcements=[make.announcement()]))


@pytest.mark.parametrize("mark", [with_a_run, with_a_day])
def test_in_a_memory_of_an_earlier_version_everybody_counts_as_welcomed_but_who_comes_later(
    mark: Callable[[Office], None],
) -> None:
    office = Office([ADA])
    mark(office)
    office.look_until_done()
    assert office.mailed == []
    office.listed.append(EVE)
    office.look_until_done()
    assert office.mailed == [EVE.email]


def test_what_this_version_does_later_makes_nobody_of_it_an_old_reader() -> None:
    office = Office([ADA])
    office.service.begin()
    with_a_run(office)
    office.look()
    assert office.mailed == [ADA.email]


def test_who_would_be_welcomed_is_foretold_and_nothing_changed() -> None:
    office = Office([ADA, replace(EVE, welcome=False)])
    assert office.service.foretell() == [WHO]
    assert (office.store.get_welcomes(), office.told, office.mailed) == (None, [], [])
    office.look()
    assert office.service.foretell() == []
    old = Office([ADA])
    with_a_run(old)
    assert old.service.foretell() == []


# --- who gets none


def mailed_before(office: Office) -> None:
    office.store.start_run("r1")
    row = make.handed_over(office.store, WHO)
    office.store.move(ledger.accept(row, "receipt", NOW))
    office.store.end_run("r1")


def moved_here(office: Office) -> None:
    office.store.move_subscriber(Move("s_former22", WHO, NOW))


def by_web(office: Office) -> None:
    office.store.enrol(enrolment(ADA, origin=SignUpOrigin.WEB))


def by_web_alone(office: Office) -> None:
    by_web(office)
    office.listed.clear()


def not_wanted(office: Office) -> None:
    office.listed[0] = replace(ADA, welcome=False)


def perhaps_moved(office: Office) -> None:
    office.heirs.add(WHO)


@pytest.mark.parametrize("given", [mailed_before, moved_here, by_web, by_web_alone, not_wanted, perhaps_moved])
def test_who_needs_none_gets_none_also_when_the_reason_is_gone(given: Callable[[Office], None]) -> None:
    office = began([ADA])
    given(office)
    office.look()
    office.listed, office.heirs = [ADA], set()
    office.look_until_done()
    assert office.mailed == []
    assert office.told == [(WHO, office.told[0][1])]
    assert office.told[0][1].startswith("no welcome: ")


def suppressed(office: Office) -> Callable[[], None]:
    gone = Suppression(SuppressionReason.HARD_BOUNCE, NOW)
    office.store.change_address_status(WHO, lambda known: suppression.suppress(known, gone))
    return lambda: _set(office, lambda known: suppression.lift(known, NOW))


def paused_by_themselves(office: Office) -> Callable[[], None]:
    until = NOW.date() + timedelta(days=30)
    office.store.change_address_status(WHO, lambda known: suppression.pause(known, until))
    return lambda: _set(office, suppression.resume)


def paused_by_the_operator(office: Office) -> Callable[[], None]:
    office.listed[0] = replace(ADA, paused_until=NOW.date() + timedelta(days=30))
    return lambda: office.listed.__setitem__(0, ADA)


def _set(office: Office, change: Callable[..., object]) -> None:
    office.store.change_address_status(WHO, change)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [suppressed, paused_by_themselves, paused_by_the_operator])
@pytest.mark.parametrize("script", [(), (Act.DEFER,)])  # new, or waiting already
def test_who_gets_no_mail_now_is_welcomed_when_mail_goes_to_them(
    given: Callable[[Office], Callable[[], None]], script: Sequence[Act]
) -> None:
    office = began([ADA], script=script)
    if script:
        office.look()
    end = given(office)
    office.look_until_done()
    assert office.mailed == []
    end()
    office.look()
    assert office.mailed == [ADA.email]


def test_who_leaves_while_their_mail_is_made_gets_none() -> None:
    office = began([ADA])
    office.while_building = lambda: _set(office, lambda known: suppression.unsubscribe(known, NOW))
    office.look_until_done()
    assert (office.mailed, office.told) == ([], [(WHO, "no welcome: suppressed")])


def test_taken_out_of_the_file_and_put_back_is_no_second_welcome() -> None:
    office = began([ADA])
    office.look()
    office.listed.clear()
    office.look()
    office.listed.append(ADA)
    office.look_until_done()
    assert office.mailed == [ADA.email]


def test_who_left_and_is_listed_again_gets_none_and_who_is_added_anew_by_the_command_one() -> None:
    office = began([ADA])
    office.look()
    _set(office, lambda known: suppression.unsubscribe(known, office.now))
    office.listed.clear()
    office.look()
    _set(office, lambda known: suppression.lift(known, office.now))
    office.listed.append(ADA)
    office.look_until_done()
    assert office.mailed == [ADA.email]
    office.listed.clear()
    office.store.enrol(enrolment(ADA, office.now))
    mailed_before(office)
    office.look_until_done()
    assert office.mailed == [ADA.email] * 2


def test_who_is_added_and_in_the_file_as_well_is_welcomed_once() -> None:
    office = began([ADA])
    office.look()
    office.now += timedelta(hours=1)
    office.store.enrol(enrolment(ADA, office.now))
    office.look_until_done()
    assert office.mailed == [ADA.email]


def test_a_clock_that_is_set_back_after_somebody_was_added_welcomes_them_once() -> None:
    office = began()
    office.store.enrol(enrolment(ADA, NOW + timedelta(days=2)))
    office.look_until_done()
    assert office.mailed == [ADA.email]


def test_who_moved_is_welcomed_when_they_are_added_anew_after_that() -> None:
    office = began()
    office.store.enrol(enrolment(ADA))
    office.store.move_subscriber(Move("s_former22", WHO, NOW + timedelta(hours=1)))
    office.look_until_done()
    assert office.mailed == []
    office.store.forget_enrolled(WHO)
    office.store.enrol(enrolment(ADA, office.now))
    office.look_until_done()
    assert office.mailed == [ADA.email]


def test_who_is_declined_before_they_are_added_gets_none_either() -> None:
    office = began()
    ada = enrolment(ADA, NOW + timedelta(minutes=1))
    office.service.decline([ada])
    office.store.enrol(ada)
    office.look_until_done()
    assert office.mailed == []


def test_declined_is_for_good() -> None:
    office = began()
    ada = enrolment(ADA, NOW + timedelta(minutes=1))
    office.store.enrol(ada)
    office.service.decline([ada])
    office.look_until_done()
    assert office.mailed == []


# --- once, whatever goes wrong


@pytest.mark.parametrize("act", [Act.DEFER, Act.AWAY, Act.STOP])
def test_what_surely_did_not_leave_is_tried_again_with_growing_pauses(act: Act) -> None:
    office = began([ADA], script=[act] * 3)
    pauses = []
    for _ in range(3):
        office.look()
        waiting = make.present(office.welcome())
        pauses.append(make.present(waiting.retry_at) - office.now)
        office.look()
        office.now = make.present(waiting.retry_at)
    assert pauses == [timedelta(seconds=seconds) for seconds in (5, 20, 60)]
    assert office.mailed == []
    office.look()
    assert office.mailed == [ADA.email]


@pytest.mark.parametrize("act", [Act.REJECT, Act.GONE, Act.LOSE, Act.KEEP])
def test_what_was_refused_or_may_have_left_is_never_sent_again_and_the_operator_told_once(act: Act) -> None:
    office = began([ADA], script=[act])
    office.look_until_done()
    assert len(office.mailed) == (act is Act.KEEP)
    assert [who for who, _ in office.alerts] == [WHO]


def test_a_sender_killed_before_the_mail_left_is_followed_by_another() -> None:
    office = began([ADA])
    office.store.start_run(RUN)
    office.store.change_welcome(WHO, lambda known: Welcome(WHO, NOW, PromisedMail.WAITING, held_by=RUN))
    office.look("another-run")
    assert office.mailed == []
    office.store.crash()
    office.look("another-run")
    assert office.mailed == [ADA.email]


def test_a_sender_killed_as_the_mail_left_is_not_and_the_operator_is_told_once() -> None:
    office = began([ADA])
    office.store.change_welcome(WHO, lambda known: Welcome(WHO, NOW, PromisedMail.LEAVING, held_by=RUN))
    office.look_until_done()
    assert office.mailed == []
    ((who, said),) = office.alerts
    assert (who, "may have left" in said) == (WHO, True)


def test_a_failure_of_ours_holds_nobody_up_and_is_tried_again() -> None:
    office = began([ADA, EVE])

    def fail() -> None:
        office.while_building = lambda: None
        raise OSError("a bug")

    office.while_building = fail
    with pytest.raises(OSError, match="a bug"):
        office.look()
    office.look()
    assert office.mailed == [EVE.email]
    office.look_until_done()
    assert office.mailed == [EVE.email, ADA.email]


def test_a_welcome_that_cannot_leave_for_a_week_is_given_up() -> None:
    office = began([ADA], script=[Act.DEFER] * 10_000)
    while office.now < NOW + timedelta(days=9):
        office.look()
        office.now += timedelta(hours=1)
    assert make.present(office.welcome()).mail is PromisedMail.NONE
    assert office.alerts[-1] == (WHO, "it could not leave for a week")
    assert office.told[-1] == (WHO, "no welcome: it could not leave for a week")


def test_of_many_newcomers_so_many_are_welcomed_in_one_look() -> None:
    office = began([reader(f"reader{number}") for number in range(120)])
    counts = []
    while (look := office.look()).is_resting:
        counts.append(look.sent)
        assert look.again_at == office.now + welcomes.NEXT_LOOK
    assert [*counts, look.sent] == [50, 50, 20]
    assert sorted(office.mailed) == sorted(one.email for one in office.listed)


def test_a_sender_that_fails_for_all_is_offered_nothing_more_in_this_look() -> None:
    office = began([reader(f"reader{number}") for number in range(9)], script=[Act.ACCEPT, Act.AWAY])
    look = office.look()
    assert look == Look(1, office.now + welcomes.AFTER_HALT, is_resting=True)
    assert len(office.mailed) == 1


# --- when no look is needed


def suppressed(office: Office) -> None:
    office.store.change_address_status(
        WHO, lambda status: replace(status, suppression=Suppression(SuppressionReason.COMPLAINT, NOW))
    )


def unreadable(office: Office) -> None:
    office.unreadable = {WHO: "their library cannot be read"}


def waits(office: Office) -> None:
    office.sender = FlakySender(lambda: office.now, [Act.DEFER] * 9)


def is_leaving(office: Office) -> None:
    office.store.start_run("killed")
    office.store.change_welcome(WHO, lambda _: Welcome(WHO, NOW, PromisedMail.LEAVING, held_by="killed"))


@pytest.mark.parametrize("hinder", [suppressed, unreadable, waits, is_leaving])
def test_a_list_is_settled_when_nobody_can_become_a_newcomer_without_a_change_of_it(
    hinder: Callable[[Office], None],
) -> None:
    office = began([ADA, EVE])
    hinder(office)
    assert not office.look().is_settled
    assert not office.look().is_settled
    welcomed = began([ADA, EVE])
    assert not welcomed.look().is_settled, "somebody was welcomed"
    assert welcomed.look() == Look(is_settled=True)
    assert began().look().is_settled


def test_a_settled_list_is_not_looked_at_again_until_it_changes_or_time_has_passed() -> None:
    settled, soon = welcomes.SettledList(), NOW + timedelta(seconds=15)
    assert not settled.holds("a", NOW)
    settled.note(Look(is_settled=True), "a", NOW)
    assert settled.holds("a", soon)
    assert not settled.holds("b", soon)
    assert not settled.holds(None, soon)
    assert not settled.holds("a", NOW + welcomes.LOOK_ANYHOW)
    assert not settled.holds("a", NOW - timedelta(seconds=1)), "the clock was set back"
    for look in (Look(), None):
        settled.note(look, "a", NOW)
        assert not settled.holds("a", soon)


def test_it_ends_when_it_is_asked_to_after_the_mail_in_hand() -> None:
    office = began([ADA, EVE])
    office.look(should_stop=lambda: bool(office.mailed))
    assert office.mailed == [ADA.email]


def test_one_alone_can_be_welcomed() -> None:
    office = began([ADA, EVE])
    office.look(only=EVE.subscriber_id)
    assert office.mailed == [EVE.email]


def test_a_memory_that_cannot_be_read_sends_nothing() -> None:
    class Broken(MemoryStore):
        def get_welcomes(self) -> list[Welcome] | None:
            raise StoreError("the disk is broken")

    office = Office([ADA], store=Broken())
    with pytest.raises(StoreError):
        office.look()
    assert office.mailed == []


# --- what it says


@pytest.mark.parametrize(
    ("now", "changes", "due_only", "first_on", "covered_on"),
    [
        # Tuesday at noon in New York; their send time is over: today
        (datetime(2026, 1, 6, 17, tzinfo=UTC), {}, True, None, date(2026, 1, 6)),
        (datetime(2026, 1, 6, 5, tzinfo=UTC), {}, True, date(2026, 1, 6), date(2026, 1, 6)),
        (datetime(2026, 1, 6, 5, tzinfo=UTC), {}, False, None, date(2026, 1, 6)),
        (datetime(2026, 1, 9, 23, tzinfo=UTC), {"send_at": time(23, 30)}, True, None, date(2026, 1, 9)),
        # arXiv's Saturday and Sunday bring nothing, by its own clock
        (datetime(2026, 1, 10, 9, tzinfo=UTC), {}, True, date(2026, 1, 12), date(2026, 1, 12)),
        (datetime(2026, 1, 10, 9, tzinfo=UTC), {}, False, date(2026, 1, 12), date(2026, 1, 12)),
        (datetime(2026, 1, 11, 9, tzinfo=UTC), {"zone": "Asia/Tokyo"}, True, date(2026, 1, 13), date(2026, 1, 12)),
    ],
)
def test_the_first_mail_is_foretold_and_what_it_brings_is_not_shown_before(
    now: datetime, changes: dict[str, object], due_only: bool, first_on: date | None, covered_on: date
) -> None:
    office = began([replace(ADA, **changes)], now=now)  # type: ignore[arg-type]
    office.look(due_only=due_only)
    (content,) = office.contents
    assert (content.first_on, office.asked_before) == (first_on, [covered_on])


def test_the_best_of_the_latest_day_is_shown_with_its_date() -> None:
    entries = [archives.entry(1, relevance=7), archives.entry(2, relevance=9)]
    office = began([ADA], latest=archives.digest(entries=entries, announced_on=(date(2026, 1, 5),)))
    office.look()
    (content,) = office.contents
    assert [entry.number for entry in content.best] == [2, 1]
    assert content.best_on == date(2026, 1, 5)


def test_what_is_below_the_cut_off_is_not_shown_but_of_a_pinned_author() -> None:
    pinned = replace(archives.entry(2, relevance=2), pinned_author="Ada Lovelace")
    office = began([ADA], latest=archives.digest(entries=[archives.entry(1, relevance=6), pinned]))
    office.look()
    assert [entry.number for entry in office.contents[0].best] == [2]
    nothing = began([ADA], latest=archives.digest(entries=[archives.entry(1, relevance=6)]))
    nothing.look()
    assert (nothing.contents[0].best, nothing.contents[0].best_on) == ((), None)
