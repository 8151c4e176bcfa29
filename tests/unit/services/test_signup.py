"""What follows when somebody subscribes on the web: who is mailed what, who is let in, and what never happens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.addresses import subscriber_id
from newsletter.delivery import ledger, suppression
from newsletter.errors import ConfigError, StoreError
from newsletter.files import resources
from newsletter.mail.inbound.command_words import WORDS
from newsletter.mail.message import MailIdentity
from newsletter.model.deliveries import AddressStatus, Suppression, SuppressionReason
from newsletter.model.subscribers import Frequency, ProfileRevision, PromisedMail, RevisionOrigin, SignUp, Subscriber
from newsletter.services.service_mail import ServiceMails
from newsletter.services.signup import FILE, MOST_FORMS, SignupService
from newsletter.signing import Purpose, Signer
from newsletter.subscribers.enrolment import subscriber_from_signup
from newsletter.subscribers.schema import Preferences
from newsletter.subscribers.signup_rules import Confirmation, Form, FormProblem, LinkState
from newsletter.web.languages import load_page_texts
from tests import make
from tests.fakes import Act, FlakySender, MemoryStore

MAILS = resources.load_texts(FILE)
SIGNER = Signer(["the key of the newsletter"])
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)  # a Tuesday
LISTED = make.subscriber(subscriber_id=subscriber_id("reader@example.org"))
FORM = Form(
    email="Eve@Example.org",
    name="Eve",
    categories=("cs.LG", "stat.ML"),
    words="Graph neural networks.\r\nAnd trees.",
    frequency="weekdays",
    zone="Europe/Berlin",
    language="en",
)
EVE = subscriber_id("eve@example.org")
RUN, OTHER_RUN = "a-run", "another-run"
DEFAULTS = Preferences(time_zone="Asia/Tokyo", language="de")
OTHER_REASONS = [reason for reason in SuppressionReason if reason is not SuppressionReason.UNSUBSCRIBED]


@dataclass
class Office:
    """A door with everything around it, and the hour."""

    script: Sequence[Act] = ()
    most: int = 2
    now: datetime = NOW
    store: MemoryStore = field(default_factory=MemoryStore)
    told: list[tuple[str, str]] = field(default_factory=list)
    woken: int = 0
    warned: list[str] = field(default_factory=list)
    broken: bool = False  # the way to the mail server

    def __post_init__(self) -> None:
        self.sender = FlakySender(lambda: self.now, self.script)
        self.door = SignupService(
            store=self.store,
            open_sender=self.open_sender,
            mails=ServiceMails(
                MailIdentity(
                    Address("Papers", addr_spec="news@example.org"),
                    "back@example.org",
                    SIGNER,
                    "https://papers.example.org",
                ),
                Address("Papers (service)", addr_spec="service@example.org"),
                "Morning Papers",
                MAILS,
            ),
            find=lambda who: next((one for one in self.subscribers() if one.subscriber_id == who), None),
            is_in_file=lambda who: who == LISTED.subscriber_id,
            subscriber_from_signup=lambda sign_up: subscriber_from_signup(sign_up, DEFAULTS),
            max_subscribers=self.most,
            now=lambda: self.now,
            wake=self.wake,
            log_outcome=lambda who, became: self.told.append((who, became)),
            alert=self.warned.append,
        )

    def open_sender(self) -> FlakySender:
        if self.broken:
            raise OSError("the sender is broken")
        return self.sender

    def script_is_over(self) -> None:
        self.sender = FlakySender(lambda: self.now)

    def subscribers(self) -> list[Subscriber]:
        return [LISTED, *(subscriber_from_signup(one, DEFAULTS) for one in self.store.get_enrolled())]

    def ask(self, **changes: object) -> str:
        """Act on the form at once: the text of the mail, or nothing."""
        before = len(self.sender.mails)
        self.door.submit(replace(FORM, **changes))  # type: ignore[arg-type]
        self.work()
        sent = self.sender.mails[before:]
        assert len(sent) <= 1
        return str(sent[0].mime.get_content()) if sent else ""

    def wake(self) -> None:
        self.woken += 1

    def work(self, run_id: str = RUN) -> None:
        """Send what is promised and due."""
        while self.door.send_next(run_id):
            pass

    def mail(self) -> tuple[str, str]:
        """Whom the last mail went to, and its subject."""
        last = self.sender.mails[-1]
        return last.to, str(last.mime["Subject"])

    def confirm(self, text: str) -> Confirmation:
        return self.door.confirm(*self.link(text))

    def look(self, text: str) -> Confirmation:
        return self.door.check_link(*self.link(text))

    def link(self, text: str) -> tuple[str, date]:
        (token,) = re.findall(r"https://papers\.example\.org/confirm/(\S+)", text)
        found = make.present(SIGNER.read_short_link(Purpose.CONFIRM, token))
        return found[0], date.fromisoformat(found[1])

    def leave(self, who: str = EVE) -> None:
        self.store.change_address_status(who, lambda known: suppression.unsubscribe(known, self.now))

    def pass_time(self, **by: int) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_stranger_is_asked_and_nothing_else_happens(office: Office) -> None:
    text = office.ask()
    assert office.mail() == ("Eve@example.org", "Please confirm your subscription")
    assert "Morning Papers" in text
    assert (office.store.get_enrolled(), office.store.get_address_statuses()) == ([], [])
    assert office.told == [(EVE, "mailed: asked to confirm")]
    mime = office.sender.mails[0].mime
    assert (mime["From"], mime["Reply-To"], mime["Auto-Submitted"]) == (
        "Papers (service) <service@example.org>".replace("Papers (service)", '"Papers (service)"'),
        "back@example.org",
        "auto-generated",
    )


def test_no_word_of_the_form_is_mailed_and_no_address_is_in_the_link(office: Office) -> None:
    text = office.ask(name="Cheap pills", words="Buy them at https://pills.example")
    assert "ills" not in text + str(office.sender.mails[0].mime)
    assert not re.search("eve|example.org$", office.link(text)[0])


def test_who_confirms_is_a_subscriber_with_what_they_asked_for(office: Office) -> None:
    text = office.ask()
    waiting = office.look(text)
    assert (waiting.state, waiting.categories, waiting.words) == (
        LinkState.WAITING,
        ("cs.LG", "stat.ML"),
        "Graph neural networks.\nAnd trees.",
    )
    assert office.store.get_enrolled() == []
    welcome = office.confirm(text)
    assert (welcome.state, f"{welcome.first_mail_at}") == (LinkState.SUBSCRIBED, "2026-01-06 13:00:00+01:00")
    eve = office.subscribers()[1]
    assert (eve.email, eve.name, eve.categories, eve.zone) == (
        *("Eve@example.org", "Eve"),
        *(("cs.LG", "stat.ML"), "Europe/Berlin"),
    )
    assert (eve.frequency, eve.profile.topics[0].relevant) == (Frequency.WEEKDAYS, "Graph neural networks.\nAnd trees.")


@pytest.mark.parametrize(
    ("confirmed_at", "mailed", "first_at"),
    [
        (datetime(2026, 1, 6, 5, tzinfo=UTC), False, "2026-01-06 07:10"),
        (datetime(2026, 1, 6, 8, tzinfo=UTC), False, "2026-01-06 09:00"),  # due for an hour: the clock mails them now
        (datetime(2026, 1, 6, 8, tzinfo=UTC), True, "2026-01-07 07:10"),
        (datetime(2026, 1, 6, 20, tzinfo=UTC), False, "2026-01-07 07:10"),  # too late for today
        (datetime(2026, 1, 9, 20, tzinfo=UTC), False, "2026-01-12 07:10"),  # arXiv announces nothing on Saturdays
    ],
)
def test_who_confirms_is_told_when_the_first_mail_may_come(
    office: Office, confirmed_at: datetime, mailed: bool, first_at: str
) -> None:
    office.now = confirmed_at - timedelta(minutes=1)
    text = office.ask()
    office.now = confirmed_at
    office.confirm(text)
    eve = office.subscribers()[1]
    if mailed:
        office.store.start_run("r1")
        row = make.handed_over(office.store, eve.subscriber_id, confirmed_at.date(), run_id="r1", paper_ids=())
        office.store.move(ledger.accept(row, "receipt", confirmed_at))
    told = make.present(office.door.check_link(eve.subscriber_id, confirmed_at.date()).first_mail_at)
    assert f"{told:%Y-%m-%d %H:%M}" == first_at


# --- two addresses with one id, found by whoever looks for them

PROF, STRANGER = "prof1194199@uni.example.org", "x84215@evil.example.net"
ID = subscriber_id(PROF)


def test_there_are_addresses_with_one_id() -> None:
    assert subscriber_id(STRANGER) == ID


def test_a_stranger_with_the_id_of_a_subscriber_changes_and_learns_nothing(office: Office) -> None:
    office.confirm(office.ask(email=PROF))
    before = office.store.get_enrolled()
    office.pass_time(days=1)
    assert office.ask(email=STRANGER) == ""
    assert office.store.get_enrolled() == before
    assert office.store.get_sign_up(ID, office.now.date()) is None
    assert office.warned == [ID]
    assert (
        office.door.check_link(ID, office.now.date()).state is LinkState.SUBSCRIBED
    )  # of whoever holds PROF's own link


def test_nor_is_a_subscriber_who_left_let_in_again_by_a_stranger(office: Office) -> None:
    office.confirm(office.ask(email=PROF))
    office.leave(ID)
    office.pass_time(days=1)
    assert office.ask(email=STRANGER) == ""
    assert office.store.get_address_status(ID).suppression is not None
    assert office.warned == [ID]


def test_of_two_who_ask_the_one_who_confirms_first_is_in_and_the_others_link_is_as_an_old_one(office: Office) -> None:
    prof = office.ask(email=PROF)
    office.pass_time(days=1)
    stranger = office.ask(email=STRANGER)
    assert office.confirm(stranger).state is LinkState.SUBSCRIBED
    before = office.store.get_enrolled()
    assert (office.look(prof).state, office.confirm(prof).state) == (LinkState.OLD, LinkState.OLD)
    assert office.look(prof).words == ""
    assert office.store.get_enrolled() == before


def test_on_the_same_day_the_first_one_counts_and_the_operator_is_told(office: Office) -> None:
    office.ask(email=PROF)
    assert office.ask(email=STRANGER) == ""
    kept = make.present(office.store.get_sign_up(ID, office.now.date()))
    assert (kept.email, office.warned) == (PROF, [ID])


def test_another_spelling_of_the_same_mailbox_is_the_same(office: Office) -> None:
    office.confirm(office.ask(email=PROF))
    office.pass_time(days=1)
    office.ask(email="Prof1194199+papers@Uni.example.org")
    assert office.told[-1] == (ID, "mailed: subscribed already")
    assert (office.mail()[0], office.warned) == (PROF, [])


def test_confirming_twice_is_once(office: Office) -> None:
    text = office.ask()
    first = office.confirm(text)
    enrolled = office.store.get_enrolled()
    office.store.add_revision(EVE, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    office.pass_time(days=1)
    assert office.confirm(text).state is first.state
    assert office.store.get_enrolled() == enrolled
    assert len(office.store.get_revisions(EVE)) == 1
    assert office.told.count((EVE, "subscribed")) == 1


class FailingStore(MemoryStore):
    """Refuses the n-th thing that is to be kept, and then works again."""

    works_for = 10**6

    def _count(self) -> None:
        self.works_for -= 1
        if self.works_for == 0:
            raise StoreError("the disk is full")

    def add_sign_up(self, sign_up: SignUp) -> bool:
        self._count()
        return super().add_sign_up(sign_up)

    def add_revision(self, *args: Any, **kwargs: Any) -> ProfileRevision:
        self._count()
        return super().add_revision(*args, **kwargs)

    def enrol(self, sign_up: SignUp, *, most: int | None = None) -> bool:
        self._count()
        return super().enrol(sign_up, most=most)

    def change_address_status(self, *args: Any) -> AddressStatus:
        self._count()
        return super().change_address_status(*args)

    def change_sign_up(self, *args: Any) -> SignUp | None:
        self._count()
        return super().change_sign_up(*args)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_confirmation_that_broke_off_is_completed_by_pressing_again(number: int) -> None:
    store = FailingStore()
    office = Office(store=store)
    store.add_revision(EVE, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    office.leave()
    office.pass_time(days=1)
    text = office.ask()
    store.works_for = number
    with pytest.raises(StoreError):
        office.confirm(text)
    assert office.confirm(text).state is LinkState.SUBSCRIBED
    assert [one.subscriber_id for one in store.get_enrolled()] == [EVE]
    assert store.get_address_status(EVE).suppression is None
    assert [revision.text for revision in store.get_revisions(EVE)] == ["max_papers: 3", ""]
    office.leave()
    assert office.confirm(text).state is LinkState.LEFT


def test_an_old_link_does_not_bring_back_who_left(office: Office) -> None:
    text = office.ask()
    office.confirm(text)
    office.pass_time(days=1)
    office.leave()
    assert office.confirm(text).state is LinkState.LEFT
    assert office.store.get_address_status(EVE).suppression is not None


def test_nor_does_an_unused_one(office: Office) -> None:
    first = office.ask()
    office.pass_time(days=1)
    office.confirm(office.ask())
    office.pass_time(days=1)
    office.leave()
    assert office.confirm(first).state is LinkState.LEFT
    assert office.store.get_address_status(EVE).suppression is not None


def test_who_was_removed_by_the_operator_asks_anew(office: Office) -> None:
    text = office.ask()
    office.confirm(text)
    office.store.forget_enrolled(EVE)
    assert office.confirm(text).state is LinkState.OLD
    assert office.store.get_enrolled() == []


def test_who_left_comes_back_by_asking_anew_and_starts_afresh(office: Office) -> None:
    office.confirm(office.ask())
    office.store.add_revision(EVE, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    office.store.change_address_status(EVE, lambda known: replace(known, frequency=Frequency.WEEKLY))
    office.pass_time(days=3)
    office.leave()
    office.pass_time(days=3)
    text = office.ask(words="Something else.")
    assert "/confirm/" in text
    assert office.confirm(text).state is LinkState.SUBSCRIBED
    standing = office.store.get_address_status(EVE)
    assert standing == AddressStatus(EVE, lifted_at=office.now)
    assert office.store.get_enrolled()[0].words == "Something else."
    assert [revision.text for revision in office.store.get_revisions(EVE)] == ["max_papers: 3", ""]


def test_who_is_subscribed_is_told_so_at_the_address_of_the_list(office: Office) -> None:
    text = office.ask(email="READER+x@example.org")
    assert office.mail() == ("reader@example.org", "You are subscribed already")
    assert re.findall(r"https://papers\.example\.org/(\w+)/", text) == ["profile", "u"]
    assert office.told == [(LISTED.subscriber_id, "mailed: subscribed already")]
    assert (office.store.get_enrolled(), office.store.get_address_statuses()) == ([], [])


def test_who_is_in_the_file_and_left_comes_back_without_a_second_entry(office: Office) -> None:
    office.leave(LISTED.subscriber_id)
    office.pass_time(days=1)
    text = office.ask(email="reader@example.org")
    asked = office.door.check_link(*office.link(text))
    assert (asked.state, asked.words, asked.categories) == (LinkState.WAITING, "", ())
    assert asked.language == LISTED.profile.language
    assert office.confirm(text).state is LinkState.SUBSCRIBED
    assert office.store.get_enrolled() == []
    assert office.store.get_address_status(LISTED.subscriber_id).suppression is None


def test_who_came_by_the_web_and_is_in_the_file_now_loses_nothing_of_their_own_when_they_come_back(
    office: Office,
) -> None:
    office.store.enrol(SignUp(LISTED.subscriber_id, NOW, LISTED.email, "", ("cs.LG",), "Trees."), most=9)
    office.store.add_revision(LISTED.subscriber_id, "max_papers: 3", origin=RevisionOrigin.WEB, now=NOW)
    office.leave(LISTED.subscriber_id)
    office.pass_time(days=1)
    assert office.confirm(office.ask(email="reader@example.org")).state is LinkState.SUBSCRIBED
    assert office.store.get_revisions(LISTED.subscriber_id)[-1].text == "max_papers: 3"


def test_who_left_is_asked_and_mailed_at_the_address_of_the_list_whatever_was_typed(office: Office) -> None:
    """a+b@ and a@ are one mailbox nearly everywhere; where they are two, the one cannot speak for the other."""
    office.confirm(office.ask())
    for who in (EVE, LISTED.subscriber_id):
        office.leave(who)
    office.pass_time(days=1)
    for email, listed in (("eve+x@example.org", "Eve@example.org"), ("reader+x@example.org", "reader@example.org")):
        office.confirm(office.ask(email=email))
        assert office.mail()[0] == listed
    assert [one.email for one in office.subscribers()] == ["reader@example.org", "Eve@example.org"]


@pytest.mark.parametrize("reason", OTHER_REASONS)
@pytest.mark.parametrize("email", ["eve@example.org", "reader@example.org"])
def test_who_is_kept_away_by_more_is_not_mailed(office: Office, reason: SuppressionReason, email: str) -> None:
    away = Suppression(reason, NOW - timedelta(days=100))
    who = subscriber_id(email)
    office.store.change_address_status(who, lambda known: replace(known, suppression=away))
    assert office.ask(email=email) == ""
    assert office.told == [(who, "no mail: suppressed")]
    assert office.store.get_sign_up(who, NOW.date()) is None


def test_who_complains_between_asking_and_confirming_stays_away(office: Office) -> None:
    text = office.ask()
    complaint = Suppression(SuppressionReason.COMPLAINT, office.now)
    office.store.change_address_status(EVE, lambda known: replace(known, suppression=complaint))
    assert office.confirm(text).state is LinkState.BLOCKED
    assert office.store.get_enrolled() == []


def test_an_address_gets_one_mail_a_day_whatever_its_spelling(office: Office) -> None:
    first = office.ask()
    assert office.ask(email="EVE+2@example.org", words="Other words.") == ""
    assert office.look(first).words.startswith("Graph")
    assert office.ask(email="reader@example.org")
    assert office.ask(email="reader@example.org") == ""
    office.pass_time(days=1)
    assert "/confirm/" in office.ask()
    assert [who for who, _ in office.told].count(EVE) == 2


def test_an_address_gets_three_mails_a_week_whoever_asks_for_them(office: Office) -> None:
    for email in ("eve@example.org", "reader@example.org"):
        office.now = NOW - timedelta(days=1)  # a Monday
        mailed = [bool(office.ask(email=email)) for _ in range(9) if not office.pass_time(days=1)]
        assert mailed == [True, True, True, False, False, False, True, True, True]


def test_addresses_of_the_newsletter_itself_are_not_mailed(office: Office) -> None:
    for ours in ("news@example.org", "NEWS+tag@example.org", "back@example.org", "service@example.org"):
        assert office.ask(email=ours) == ""


# --- what was promised is kept ---------------------------------------------------------------------------


def test_the_promise_is_written_down_before_anybody_is_told_so(office: Office) -> None:
    office.door.submit(FORM)
    assert [(one.subscriber_id, one.mail) for one in office.store.get_sign_ups()] == [(EVE, PromisedMail.WAITING)]
    assert (office.woken, office.sender.mails) == (1, [])


def test_a_promise_that_cannot_be_written_down_is_none() -> None:
    store = FailingStore()
    office = Office(store=store)
    store.works_for = 1
    with pytest.raises(StoreError):
        office.door.submit(FORM)
    assert office.woken == 0


def test_a_mail_that_surely_did_not_leave_is_tried_again_later_and_later() -> None:
    office = Office(script=[Act.DEFER] * 8)
    assert office.ask() == ""
    waits = []
    for _ in range(8):
        at = make.present(office.door.next_at())
        waits.append(round((at - office.now).total_seconds()))
        office.now = at - timedelta(seconds=1)
        office.work()
        assert office.sender.mails == []
        office.now = at
        office.work()
    assert waits == [5, 20, 60, 300, 1200, 3600, 3600, 3600]
    assert [mail.to for mail in office.sender.mails] == ["Eve@example.org"]
    assert office.door.next_at() is None
    assert office.told[0] == (EVE, f"not mailed: SendDeferred, again at {NOW + timedelta(seconds=5):%H:%M:%S}")
    assert office.told[-1] == (EVE, "mailed: asked to confirm")


def test_a_server_that_is_dead_for_a_day_delays_the_mails_and_loses_none() -> None:
    office = Office(script=[Act.STOP] * 60)
    for name in ("eve", "ann"):
        office.ask(email=f"{name}@example.org")
    for _ in range(60):
        office.pass_time(hours=1)
        office.work()
    assert sorted(mail.to for mail in office.sender.mails) == ["ann@example.org", "eve@example.org"]


def test_a_mail_is_tried_no_longer_than_its_link_is_worth_something() -> None:
    office = Office(script=[Act.DEFER] * 1000)
    office.ask()
    for _ in range(24 * 9):
        office.pass_time(hours=1)
        office.work()
    assert office.told[-1] == (EVE, "no mail: its link would be over")
    assert office.door.next_at() is None
    assert len(office.told) < 24 * 8 + 6


@pytest.mark.parametrize(
    ("act", "became"), [(Act.REJECT, "SendRejected"), (Act.LOSE, "SendInDoubt"), (Act.KEEP, "SendInDoubt")]
)
def test_a_mail_that_never_will_leave_or_may_have_is_not_tried_again(act: Act, became: str) -> None:
    office = Office(script=[act])
    office.ask()
    office.pass_time(hours=5)
    office.work()
    assert office.told == [(EVE, f"not mailed: {became}")]
    assert len(office.sender.mails) == (act is Act.KEEP)


def test_one_whose_mail_cannot_be_made_holds_up_nobody(office: Office) -> None:
    office.door.submit(replace(FORM, email="ann@example.org"))
    office.now += timedelta(seconds=1)
    office.door.submit(FORM)
    office.broken = True
    with pytest.raises(OSError, match="the sender is broken"):
        office.door.send_next(RUN)
    office.broken = False
    office.work()
    assert [mail.to for mail in office.sender.mails] == ["Eve@example.org"]
    office.pass_time(seconds=5)
    office.work()
    assert [mail.to for mail in office.sender.mails] == ["Eve@example.org", "ann@example.org"]


def test_two_processes_do_not_both_send_a_mail(office: Office) -> None:
    for run in (RUN, OTHER_RUN):
        office.store.start_run(run)
    office.door.submit(FORM)
    others: list[bool] = []
    assert office.door.send_next(RUN, lambda: others.append(office.door.send_next(OTHER_RUN)))
    assert others == [False]
    assert len(office.sender.mails) == 1


@pytest.mark.parametrize("is_leaving", [False, True])
def test_a_mail_whose_process_was_killed_is_sent_by_the_next_unless_it_was_leaving(is_leaving: bool) -> None:
    """As in the ledger: whether it left then nobody knows."""
    office = Office()
    office.store.start_run(OTHER_RUN)
    office.door.submit(FORM)
    state = PromisedMail.LEAVING if is_leaving else PromisedMail.WAITING
    office.store.change_sign_up(EVE, NOW.date(), lambda known: replace(known, mail=state, held_by=OTHER_RUN))
    office.work()
    assert office.sender.mails == []
    office.store.crash()
    office.work()
    assert len(office.sender.mails) == (not is_leaving)


def test_who_asked_on_several_days_of_a_dead_server_gets_one_mail_in_the_end() -> None:
    office = Office(script=[Act.DEFER] * 40)
    for _ in range(3):
        office.ask()
        office.pass_time(days=1)
    office.script_is_over()
    office.pass_time(hours=1)
    office.work()
    assert len(office.sender.mails) == 1
    assert [became for _, became in office.told if became.startswith("no mail")] == [
        "no mail: they asked again on a later day"
    ] * 2


def test_no_more_are_let_in_than_there_are_places() -> None:
    office = Office(most=1)
    texts = [office.ask(email=f"{name}@example.org") for name in ("eve", "ann")]
    assert not office.door.is_full()
    assert office.confirm(texts[0]).state is LinkState.SUBSCRIBED
    assert office.door.is_full()
    assert office.confirm(texts[1]).state is LinkState.FULL
    office.leave()
    assert not office.door.is_full()
    assert office.confirm(texts[1]).state is LinkState.SUBSCRIBED


def test_only_so_many_forms_are_acted_on_in_a_day(office: Office) -> None:
    assert all(office.door.reserve_slot() for _ in range(MOST_FORMS))
    assert not office.door.reserve_slot()
    office.pass_time(days=1)
    assert office.door.reserve_slot()


def test_a_blank_form_has_what_the_file_says_for_everybody(office: Office) -> None:
    assert office.door.blank() == Form(frequency="weekdays", zone="Asia/Tokyo", language="de")


def test_a_mail_is_in_the_language_that_was_chosen(office: Office) -> None:
    office.ask(language="fr")
    assert office.mail()[1] == "Merci de confirmer votre abonnement"


@pytest.mark.parametrize(
    ("changes", "field", "sentence", "values"),
    [
        ({"email": " "}, "email", "email_blank", {}),
        ({"email": "eve(at)example.org"}, "email", "email_wrong", {}),
        ({"email": "été@example.org"}, "email", "email_letters", {}),
        ({"email": "eve@example"}, "email", "email_domain", {}),
        ({"email": "e" * 300 + "@example.org"}, "email", "email_wrong", {}),
        ({"email": "eve@example.org\r\nBcc: a@b.org"}, "email", "email_wrong", {}),
        ({"name": "x" * 101}, "name", "name_wrong", {"n": 100}),
        ({"name": "Eve\nBcc: a@b.org"}, "name", "name_wrong", {"n": 100}),
        ({"categories": ()}, "categories", "categories_blank", {}),
        ({"categories": ("cs.LG",) * 51}, "categories", "categories_many", {"n": 50}),
        ({"categories": ("cs.LG", "cs.XX")}, "categories", "categories_wrong", {}),
        ({"words": "\n \n"}, "words", "words_blank", {}),
        (
            {"words": "x" * 4001},
            "words",
            "words_wrong",
            {"n": 4000},
        ),
        ({"words": "\0"}, "words", "words_wrong", {"n": 4000}),
        ({"zone": "berlin"}, "zone", "zone_nearest", {"zones": "Europe/Berlin"}),
        ({"frequency": "hourly"}, "frequency", "choice_wrong", {}),
        ({"language": "tlh"}, "language", "choice_wrong", {}),
    ],
)
def test_a_mistake_is_told_beside_its_field(
    office: Office, changes: dict[str, object], field: str, sentence: str, values: dict[str, str | int]
) -> None:
    (problem,) = office.door.problems(replace(FORM, **changes))  # type: ignore[arg-type]
    assert problem == FormProblem(field, sentence, values)
    assert load_page_texts("subscribe")["en"](sentence, **values)


@pytest.mark.parametrize("changes", [{}, {"name": ""}, {"zone": ""}, {"frequency": ""}, {"language": ""}])
def test_what_may_be_left_out_is_no_mistake(office: Office, changes: dict[str, str]) -> None:
    form = replace(FORM, **changes)  # type: ignore[arg-type]
    assert office.door.problems(form) == []
    assert office.confirm(office.ask(**changes)).state is LinkState.SUBSCRIBED


@given(
    st.builds(
        Form,
        email=st.sampled_from(["eve@example.org", ""]) | st.text(max_size=60),
        name=st.text(max_size=120),
        categories=st.lists(st.sampled_from(["cs.LG", "hep-th", "cs"]) | st.text(max_size=8), max_size=4).map(tuple),
        words=st.text(max_size=200),
        frequency=st.sampled_from(["daily", "", "x"]),
        zone=st.sampled_from(["UTC", ""]) | st.text(max_size=20),
        language=st.sampled_from(["ja", "", "x"]),
    )
)
def test_any_form_is_either_mended_or_a_subscriber_to_be(form: Form) -> None:
    office = Office()
    if office.door.problems(form):
        return
    office.door.submit(form)
    office.work()
    assert len(office.sender.mails) <= 1
    for mail in office.sender.mails:
        invitation = office.confirm(str(mail.mime.get_content()))
        assert invitation.state is LinkState.SUBSCRIBED
        assert office.subscribers()[1].profile.topics[0].name


# --- the words of the mails ------------------------------------------------------------------------------


def test_there_are_mails_in_every_language_of_the_replies() -> None:
    assert set(MAILS) == set(WORDS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("{profile}", "{email}"), "en.already.text: {email} is no placeholder here"),
        (("{link}", ""), "en.confirm.text: {link} is missing"),
        (("confirm:", "confrm:"), "en.confrm.text: is no sentence that the program knows"),
    ],
)
def test_a_copy_with_a_mistake_is_refused_with_the_remedy(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    own = tmp_path / FILE
    own.parent.mkdir(parents=True)
    own.write_text(resources.read_text(FILE).replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"correct {FILE}, or delete your copy")) as refused:
        resources.load_texts(FILE, tmp_path)
    assert said in refused.value.problems


@pytest.mark.parametrize("feed", ["feed:https://journal.example.org/rss", " FEED:https://10.0.0.1.example/", "feed:x"])
def test_a_stranger_names_no_feeds(feed: str) -> None:
    office = Office()
    (problem,) = office.door.problems(replace(FORM, categories=(feed,)))
    assert problem.field == "categories"
    preprints = replace(FORM, categories=(feed, "biorxiv:genetics"))
    assert not office.door.problems(preprints)
    office.door.submit(preprints)
    kept = make.present(office.store.get_sign_up(EVE, NOW.date()))
    assert kept.categories == ("biorxiv:genetics",)


@pytest.mark.parametrize(("offers", "kept"), [(False, ["cs.LG"]), (True, ["cs.LG", "openreview:TMLR"])])
def test_a_stranger_names_no_venue_but_one_that_is_offered(offers: bool, kept: list[str]) -> None:
    office = Office()
    office.door = replace(office.door, offers_venues=offers)
    office.door.submit(replace(FORM, categories=("cs.LG", "openreview:TMLR", "openreview:ICLR.cc/2026/Conference")))
    assert list(make.present(office.store.get_sign_up(EVE, NOW.date())).categories) == kept
