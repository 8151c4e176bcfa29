"""What follows from a reader's mail: kept first, confirmed once, to the reader and nobody else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.headerregistry import Address

import pytest

from newsletter.delivery import ledger, suppression
from newsletter.errors import StoreError
from newsletter.files import resources
from newsletter.mail.inbound.command_words import WORDS, Command
from newsletter.mail.inbound.parse import Ignored, Request, read_reply
from newsletter.mail.message import MailIdentity
from newsletter.mail.responses import FILE, commands_in_words
from newsletter.model import AddressStatus, Frequency, RevisionOrigin, Subscriber, Suppression, SuppressionReason, Vote
from newsletter.services.replies import Handled, ReplyHandler, answer, handle
from newsletter.services.service_mail import ServiceMails
from newsletter.signing import Purpose, Signer, tag_of
from tests import TESTS, make
from tests.fakes import Act, FlakySender, MemoryStore

SERVICE = resources.load_texts(FILE)
ANSWERS = {key.partition(".")[0] for key in SERVICE["en"].sentences if key.endswith(".subject")}
SIGNER = Signer(["the key of the newsletter"])
READER = make.subscriber(subscriber_id="s_abcd2345")
WHO, ON = READER.subscriber_id, date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAPERS = ("2611.00001", "2611.00002")


class Profiles:
    """A fake: remembers what was asked."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str, RevisionOrigin]] = []

    def current(self, subscriber_id: str) -> str:
        return f"# of {subscriber_id}\ncategories: [cs.LG]"

    def change(
        self, subscriber_id: str, text: str, *, origin: RevisionOrigin, now: datetime, after: int | None = None
    ) -> str:
        self.changes.append((subscriber_id, text, origin))
        return "One topic more."


class Office:
    """A handler with everything around it, and the hour."""

    def __init__(self, *subscribers: Subscriber, script: Sequence[Act] = (), base_url: str = "") -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.sender = FlakySender(lambda: self.now, script)
        self.profiles = Profiles()
        subscribers = subscribers or (READER,)
        self.handler = ReplyHandler(
            store=self.store,
            sender=self.sender,
            mails=ServiceMails(
                MailIdentity(Address("Papers", addr_spec="digest@example.net"), "news@example.net", SIGNER, base_url),
                Address("Service", addr_spec="service@example.net"),
                "Morning Papers",
                SERVICE,
            ),
            profiles=self.profiles,
            subscribers=subscribers,
            now=lambda: self.now,
        )

    def handle(self, command: Command, mail: str = "<1@example.org>", **changes: object) -> Handled:
        plain = Request(WHO, command, self.now, "en", mail, ON, references=(mail,))
        return answer(self.handler, replace(plain, **changes))  # type: ignore[arg-type]

    @property
    def status(self) -> AddressStatus:
        return self.store.get_address_status(WHO)

    @property
    def said(self) -> str:
        """The text of the last answer."""
        return str(self.sender.mails[-1].mime.get_content())


@pytest.fixture
def office() -> Office:
    return Office()


# --- what is done


def test_unsubscribing_suppresses_and_the_answer_says_how_to_undo_it() -> None:
    office = Office(base_url="https://papers.example.net")
    assert office.handle(Command.UNSUBSCRIBE) == Handled("unsubscribe", WHO, is_answered=True)
    assert office.status.suppression == Suppression(SuppressionReason.UNSUBSCRIBED, NOW, suppression.BY_REPLY)
    assert suppression.may_resubscribe(office.status)
    assert f"https://papers.example.net/u/{SIGNER.link(Purpose.UNSUBSCRIBE, WHO)}" in office.said


def test_without_a_web_part_the_answer_names_the_command_that_undoes_it(office: Office) -> None:
    office.handle(Command.UNSUBSCRIBE)
    assert "resume" in office.said


def test_resume_takes_back_the_readers_own_wishes(office: Office) -> None:
    office.handle(Command.UNSUBSCRIBE)
    office.handle(Command.PAUSE, "<2@example.org>", until=date(2026, 12, 24))
    office.now += timedelta(minutes=5)
    office.handle(Command.RESUME, "<3@example.org>")
    assert office.status.suppression is None
    assert office.status.paused_until is None
    assert "comes again" in office.said


@pytest.mark.parametrize("command", [Command.PAUSE, Command.WEEKLY])
def test_no_mail_is_promised_to_who_gets_none(office: Office, command: Command) -> None:
    office.handle(Command.UNSUBSCRIBE)
    office.handle(command, "<2@example.org>", until=date(2026, 12, 24))
    assert "You get no more mail" in office.said
    assert "resume" in office.said
    assert office.status.paused_until is None
    blocked = Suppression(SuppressionReason.HARD_BOUNCE, NOW)
    other = Office()
    other.store.change_address_status(WHO, lambda known: suppression.suppress(known, blocked))
    other.handle(command, until=date(2026, 12, 24))
    assert "write to them" in other.said


def test_resume_does_not_promise_what_the_operators_file_forbids() -> None:
    office = Office(replace(READER, paused_until=date(2026, 12, 24)))
    office.handle(Command.RESUME)
    assert "write to them" in office.said


@pytest.mark.parametrize("why", [SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE])
def test_resume_lets_nobody_in_whom_something_else_keeps_out(office: Office, why: SuppressionReason) -> None:
    office.store.change_address_status(WHO, lambda known: suppression.suppress(known, Suppression(why, NOW)))
    office.handle(Command.RESUME)
    assert office.status.suppression is not None
    assert "news@example.net" in office.said


def test_leaving_after_a_bounce_and_coming_back_does_not_forget_the_bounce(office: Office) -> None:
    office.store.change_address_status(
        WHO, lambda known: suppression.suppress(known, Suppression(SuppressionReason.HARD_BOUNCE, NOW))
    )
    office.handle(Command.UNSUBSCRIBE)
    office.handle(Command.RESUME, "<2@example.org>")
    assert office.status.suppression is not None


def test_a_pause_says_until_when(office: Office) -> None:
    office.handle(Command.PAUSE, until=date(2026, 12, 24))
    assert office.status.paused_until == date(2026, 12, 24)
    assert "24 December 2026" in office.said
    assert "resume" in office.said


def test_the_frequency_changes_and_the_answer_names_the_old_one(office: Office) -> None:
    office.handle(Command.WEEKLY)
    assert office.status.frequency is Frequency.WEEKLY
    assert "comes: weekly (Monday)." in office.said
    assert "reply: daily" in office.said
    office.handle(Command.WEEKDAYS, "<2@example.org>")
    assert "reply: weekly" in office.said


def given_mail(office: Office, on: date = ON, paper_ids: tuple[str, ...] = PAPERS) -> None:
    office.store.start_run("run")
    row = make.handed_over(office.store, WHO, on, run_id="run", now=NOW, paper_ids=paper_ids)
    office.store.move(ledger.accept(row, "receipt", NOW))


@pytest.mark.parametrize("digest_on", [ON, None])
def test_votes_are_kept_for_the_papers_of_the_mail_that_is_answered(office: Office, digest_on: date | None) -> None:
    given_mail(office)
    office.handle(Command.VOTE, votes=((2, 1), (1, -1), (9, 1), (0, 1)), digest_on=digest_on)
    assert set(office.store.get_votes(WHO)) == {Vote(WHO, PAPERS[1], 1, NOW), Vote(WHO, PAPERS[0], -1, NOW)}
    assert "    +2  arXiv:2611.00002\n    -1  arXiv:2611.00001\n" in office.said


@pytest.mark.parametrize("language", WORDS)
def test_an_answer_to_votes_names_each_paper_of_any_source_and_each_number_that_the_mail_has_not(language: str) -> None:
    office = Office(replace(READER, profile=replace(READER.profile, language=language)))
    papers = {
        "2611.00001": r"Sparse $\alpha$ & rows",
        "doi:10.64898/2026.01.04.700101": "Place cells of bats",
        "openreview:dEndrit3Xq": "Transformers Count",
        "feed:494b51805567ca84": "Correction",
    }
    office.store.remember_day(make.day(ON, [make.announcement(key, title=title) for key, title in papers.items()]))
    given_mail(office, paper_ids=tuple(papers))
    office.handle(Command.VOTE, votes=((1, 1), (2, -1), (3, 1), (4, -1)))
    lines = [
        "    +1  Sparse α & rows",
        "    -2  Place cells of bats",
        "    +3  Transformers Count",
        "    -4  Correction",
    ]
    assert [line for line in office.said.splitlines() if line.startswith("    ")] == lines
    assert SERVICE[language]("vote.missing", numbers="") not in office.said
    office.handle(Command.VOTE, "<2@example.org>", votes=((1, 1), (9, 1), (12, -1)))
    assert f"\n\n{SERVICE[language]('vote.missing', numbers='9, 12')}\n\n" in office.said


def test_a_paper_that_nothing_is_known_of_any_more_is_named_by_its_id(office: Office) -> None:
    given_mail(office, paper_ids=("doi:10.64898/x", "openreview:dEndrit3Xq", "feed:494b51805567ca84"))
    office.handle(Command.VOTE, votes=((1, 1), (2, 1), (3, 1)))
    assert "+1  doi:10.64898/x\n    +2  OpenReview:dEndrit3Xq\n    +3  feed:494b51805567ca84\n" in office.said


def test_votes_on_a_mail_without_such_papers_are_not_kept_and_the_reader_hears_so(office: Office) -> None:
    office.handle(Command.VOTE, votes=((1, 1),))
    assert office.store.get_votes(WHO) == []
    assert "could not be kept" in office.said


def test_profile_alone_brings_the_present_one(office: Office) -> None:
    office.handle(Command.PROFILE)
    assert "categories: [cs.LG]" in office.said
    assert office.profiles.changes == []


def test_a_changed_profile_is_handed_on_and_answered_with_what_came_of_it(office: Office) -> None:
    office.handle(Command.PROFILE, text="categories: [cs.CL]")
    assert office.profiles.changes == [(WHO, "categories: [cs.CL]", RevisionOrigin.REPLY)]
    assert office.said == "One topic more.\n"


def test_help_lists_the_commands_and_changes_nothing(office: Office) -> None:
    office.handle(Command.HELP)
    assert "unsubscribe" in office.said
    assert office.status == AddressStatus(WHO)


# --- the answer


def test_the_answer_goes_to_the_reader_from_the_service_in_the_thread(office: Office) -> None:
    office.handle(Command.HELP, references=("<0@example.org>", "<1@example.org>"))
    mail = office.sender.mails[0]
    assert (mail.to, mail.mime["To"], mail.mime["From"]) == (
        "reader@example.org",
        "reader@example.org",
        "Service <service@example.net>",
    )
    assert mail.mime["In-Reply-To"] == "<1@example.org>"
    assert mail.mime["References"] == "<0@example.org> <1@example.org>"
    assert mail.mime["Auto-Submitted"] == "auto-replied"
    assert SIGNER.read_tag(Purpose.REPLY, tag_of(mail.mime["Reply-To"].addresses[0].addr_spec)) == (WHO, ON)


def test_our_own_answer_sent_back_to_us_does_nothing(office: Office) -> None:
    office.handle(Command.PROFILE)
    policy = make.present(office.handler.policy())
    raw = office.sender.mails[0].mime.as_bytes()
    assert isinstance(read_reply(raw, policy, now=NOW), Ignored)
    without_marks = raw.replace(b"Auto-Submitted", b"X-A").replace(b"Precedence", b"X-B")
    assert read_reply(without_marks, policy, now=NOW) == Ignored("it comes from ourselves")


@pytest.mark.parametrize("language", WORDS)
def test_every_answer_is_in_the_readers_language(language: str) -> None:
    reader = replace(READER, profile=replace(READER.profile, language=language))
    office = Office(reader)
    for number, command in enumerate((Command.UNSUBSCRIBE, Command.RESUME, Command.WEEKLY, Command.HELP)):
        office.handle(command, f"<{number}@example.org>")
    answers = SERVICE[language]
    subjects = [mail.mime["Subject"] for mail in office.sender.mails]
    assert subjects == [answers[f"{name}.subject"] for name in ("unsubscribe", "resume", "frequency", "help")]
    assert commands_in_words(language) in office.said


@pytest.mark.parametrize("language", WORDS)
def test_what_an_answer_teaches_is_understood(language: str) -> None:
    policy = make.present(Office().handler.policy())
    to = f"news+{SIGNER.tag(Purpose.REPLY, WHO, ON)}@example.net"
    for line in commands_in_words(language).splitlines()[:-1]:
        raw = f"From: r@example.org\nTo: {to}\nContent-Type: text/plain; charset=utf-8\n\n{line}\n".encode()
        assert isinstance(read_reply(raw, policy, now=NOW), Request), line


@pytest.mark.parametrize("language", WORDS)
def test_only_the_subject_of_a_profile_is_a_command(language: str) -> None:
    """An answer to an answer is not a wish."""
    policy = make.present(Office().handler.policy())
    to = f"news+{SIGNER.tag(Purpose.REPLY, WHO, ON)}@example.net"
    for name in ANSWERS:
        subject = SERVICE[language][f"{name}.subject"]
        raw = f"From: r@example.org\nTo: {to}\nSubject: Re: {subject}\n\n\n".encode()
        found = read_reply(raw, policy, now=NOW)
        assert isinstance(found, Request)
        assert found.is_understood is (name in {"profile", "changed", "operator_changed"}), name


@pytest.mark.parametrize("language", WORDS)
def test_an_answer_names_what_was_asked_for_beside_and_not_done(language: str) -> None:
    office = Office(replace(READER, profile=replace(READER.profile, language=language)))
    for number, command in enumerate((Command.WEEKLY, Command.UNSUBSCRIBE, Command.PROFILE, Command.VOTE)):
        office.handle(command, f"<{number}@example.org>", further=("Pause 3 Wochen", "+7"))
        assert "\n    Pause 3 Wochen\n    +7\n" in office.said, command
    assert office.status.paused_until is None
    said = len(office.sender.mails)
    office.handle(Command.WEEKLY, "<9@example.org>")
    assert len(office.sender.mails) == said + 1, "alone it is another wish"


# --- what is not understood, and what wants no answer


@pytest.mark.parametrize("language", WORDS)
def test_who_is_not_understood_is_told_what_there_is_once_a_day_in_their_language(language: str) -> None:
    office = Office(replace(READER, profile=replace(READER.profile, language=language)))
    for number in range(3):
        outcome = office.handle(Command.HELP, f"<{number}@example.org>", is_understood=False)
        silence = "no command in it, not answered again today"
        assert outcome == (Handled(silence, WHO) if number else Handled("no command in it", WHO, is_answered=True))
    office.handle(Command.HELP, "<9@example.org>")
    assert [mail.mime["Subject"] for mail in office.sender.mails] == [SERVICE[language]["help.subject"]]
    assert commands_in_words(language) in office.said
    assert office.status == AddressStatus(WHO)


@pytest.mark.parametrize("why", SuppressionReason)
def test_who_gets_no_mail_is_told_nothing_that_they_have_not_asked_for(office: Office, why: SuppressionReason) -> None:
    office.store.change_address_status(WHO, lambda known: suppression.suppress(known, Suppression(why, NOW)))
    assert not office.handle(Command.HELP, is_understood=False).is_answered
    assert office.sender.mails == []


def test_what_a_program_wished_for_its_reader_is_done_without_an_answer(office: Office) -> None:
    assert office.handle(Command.UNSUBSCRIBE, wants_answer=False) == Handled("unsubscribe", WHO)
    assert office.status.suppression is not None
    assert office.sender.mails == []


# --- once


def test_the_same_wish_is_answered_once_a_day(office: Office) -> None:
    for number in range(3):
        office.handle(Command.HELP, f"<{number}@example.org>")
    assert len(office.sender.mails) == 1
    office.now += timedelta(days=1)
    office.handle(Command.HELP, "<9@example.org>")
    assert len(office.sender.mails) == 2


def test_a_profile_that_was_mended_is_answered_again_up_to_a_limit(office: Office) -> None:
    for number in range(30):
        office.handle(Command.PROFILE, f"<{number}@example.org>", text=f"max_papers: {number}")
    assert len(office.profiles.changes) == 30
    assert len(office.sender.mails) == 20


def test_a_copy_of_a_mail_that_was_done_undoes_nothing_that_came_after_it(office: Office) -> None:
    office.handle(Command.PAUSE, "<1@example.org>", until=date(2026, 12, 24))
    office.handle(Command.RESUME, "<2@example.org>")
    after = office.status
    assert office.handle(Command.PAUSE, "<1@example.org>", until=date(2026, 12, 24)).what.startswith("a copy")
    assert office.status == after


def test_an_old_unsubscription_that_arrives_late_is_over_once_the_reader_came_back(office: Office) -> None:
    office.handle(Command.UNSUBSCRIBE)
    office.now += timedelta(hours=1)
    office.handle(Command.RESUME, "<2@example.org>")
    office.handle(Command.UNSUBSCRIBE, "<3@example.org>", at=NOW + timedelta(minutes=1))
    assert office.status.suppression is None


class FullDisk(MemoryStore):
    """Keeps no standing as long as it is full."""

    is_full = True

    def change_address_status(self, *arguments: object) -> AddressStatus:  # type: ignore[override]
        if self.is_full:
            raise StoreError("the disk is full; make room")
        return super().change_address_status(*arguments)  # type: ignore[arg-type]


def test_a_wish_that_could_not_be_kept_is_not_confirmed_and_kept_when_the_mail_comes_again() -> None:
    office = Office()
    disk = FullDisk()
    office.store = disk
    office.handler = replace(office.handler, store=disk)
    with pytest.raises(StoreError):
        office.handle(Command.WEEKLY)
    assert office.sender.mails == []
    disk.is_full = False
    assert office.handle(Command.WEEKLY).is_answered
    assert office.status.frequency is Frequency.WEEKLY


@pytest.mark.parametrize("act", [Act.DEFER, Act.STOP, Act.REJECT, Act.LOSE])
def test_a_confirmation_that_cannot_leave_does_not_undo_what_was_asked(act: Act) -> None:
    office = Office(script=[act])
    outcome = office.handle(Command.UNSUBSCRIBE)
    assert not outcome.is_answered
    assert office.status.suppression is not None


# --- who


def test_nobody_is_answered_who_is_ignored(office: Office) -> None:
    assert answer(office.handler, Ignored("bulk mail")) == Handled("bulk mail")
    assert office.sender.mails == []


def test_who_is_no_subscriber_any_more_may_still_leave_and_gets_no_answer() -> None:
    office = Office(make.subscriber(subscriber_id="s_other234"))
    assert not office.handle(Command.UNSUBSCRIBE).is_answered
    assert office.status.suppression is not None
    office.handle(Command.WEEKLY, "<2@example.org>")
    assert office.status.frequency is None
    assert office.sender.mails == []


def test_without_a_key_nobody_is_listened_to(office: Office) -> None:
    mails = office.handler.mails
    handler = replace(office.handler, mails=replace(mails, identity=replace(mails.identity, signer=None)))
    assert handler.policy() is None


# --- the file


def test_every_language_with_commands_has_answers() -> None:
    assert set(SERVICE) == set(WORDS)


def test_a_bounce_that_comes_to_the_mailbox_of_replies_is_kept_as_one() -> None:
    """The default without NEWSLETTER_BOUNCE_TO: the envelope has the mailbox of replies, with a bounce's tag."""
    office = Office()
    mails = office.handler.mails
    identity = replace(mails.identity, bounce_to="news@example.net")
    handler = replace(office.handler, mails=replace(mails, identity=identity))
    given_mail(office)
    bounce = (TESTS / "bounces/postfix_no_user.eml").read_bytes()
    came_to = identity.links_for(WHO, ON).envelope_from
    assert came_to.startswith("news+")
    tag = tag_of(came_to).encode()
    outcome = handle(handler, bounce.replace(b"bounces+TAG@example.org", b"news+" + tag + b"@example.net"))
    assert outcome == Handled("bounced_hard", WHO)
    status = office.store.get_address_status(WHO)
    assert status.suppression is not None
    assert status.suppression.why is SuppressionReason.HARD_BOUNCE
    assert office.sender.mails == [], "nobody answers a bounce"
