"""Welcomes whom the operator adds, by subscribers.yaml or the command: one mail at once, and never a second.

Who is a newcomer is subscribers/welcome_rules.py's business, what the mail says mail/welcome.py's. Each look is
bounded, and over when the sender fails for all: the digests matter more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.errors import STOPPED_RETRY_S, ConfigError, ReaderUnreadable, SendDeferred, SendStopped
from newsletter.mail import welcome as welcome_mail
from newsletter.model import Digest, DigestEntry, Message, PromisedMail, SignUp, Subscriber, Welcome
from newsletter.run import ON_THE_MINUTE, CircuitBreaker, Timing, first_mail_at, is_paused, local_date, reading_order
from newsletter.senders import Sender, do_nothing
from newsletter.services import directory
from newsletter.services.promised_mails import HandOver, hand_over
from newsletter.stores import Store
from newsletter.subscribers import promised_mail, welcome_rules

MOST_AT_ONCE = 50  # in one look; a thousand newcomers take twenty
NEXT_LOOK = timedelta(seconds=60)  # where more are waiting than one look may take
LOOK_ANYHOW = timedelta(minutes=15)  # as often as a clock looks who is due
AFTER_HALT = timedelta(seconds=STOPPED_RETRY_S)
TOO_LATE = "it could not leave for a week"
MANY_TRIES = 5  # in about half an hour: the operator is told that it does not leave


def never() -> bool:
    """The default of `should_stop`."""
    return False


@dataclass(frozen=True, slots=True)
class Look:
    """What one look for newcomers came to. `again_at`: when another is worth it, be nobody added; None: never."""

    sent: int = 0
    again_at: datetime | None = None
    is_resting: bool = False  # no other look before that time: the sender fails for all, or has had enough
    is_settled: bool = False  # everybody who is listed: the same list brings nobody to be welcomed


@dataclass(slots=True)
class SettledList:
    """The list that a look found to be settled: while it stays as it is, another look finds nobody.

    What has changed is told by a mark of the list, which costs little; what changed without it, within LOOK_ANYHOW.
    """

    _mark: object = None
    _looked_at: datetime | None = None

    def holds(self, mark: object, now: datetime) -> bool:
        """Says whether no look is needed. `mark` is None if it could not be read."""
        if mark is None or mark != self._mark or self._looked_at is None:
            return False
        return self._looked_at <= now < self._looked_at + LOOK_ANYHOW

    def note(self, look: Look | None, mark: object, now: datetime) -> None:
        """Takes what a look came to, before which the mark was read."""
        self._mark = mark if look and look.is_settled else None
        self._looked_at = now


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is to be welcomed."""

    reader: Subscriber  # as they are served
    enrolment: SignUp | None  # what they are a subscriber by; None: the file


@dataclass(frozen=True, slots=True)
class WelcomeService:
    """Sends welcomes. Several processes may do this: each mail is one's alone."""

    store: Store
    load_listed: Callable[[], directory.ListedSubscribers]
    find_heirs: Callable[[directory.ListedSubscribers], set[str]]  # who may have had another address
    open_sender: Callable[[], Sender]
    build_mail: Callable[[welcome_mail.WelcomeContent], Message]
    preview_before: Callable[[Subscriber, date], Digest | None]
    arxiv_day: Callable[[datetime], date]
    now: Callable[[], datetime]
    log_outcome: Callable[[str, str], None]  # for the log: whose welcome, and what became of it
    alert: Callable[[str, str], None]  # the operator: whose welcome, and what is wrong with it
    timing: Timing = ON_THE_MINUTE

    def begin(self) -> None:
        """Tells newcomers from who is there already, once for each memory; afterwards it does nothing.

        In a memory of an earlier version everybody who is listed counts as welcomed. To be called before a run is
        recorded: by the runs an old memory is known.
        """
        if self.store.has_begun_welcomes():
            return
        listed, welcomed = self.load_listed(), set[str]()
        if self._is_old():
            welcomed = {one.subscriber_id for one in listed.subscribers} | set(listed.unreadable)
        self.store.begin_welcomes([Welcome(who, self.now(), PromisedMail.NONE) for who in sorted(welcomed)])

    def _is_old(self) -> bool:
        """Says of a memory without welcomes whether an earlier version has mailed by it."""
        return bool(self.store.get_runs(limit=1) or self.store.get_days(before=date.max, limit=1))

    def decline(self, enrolments: Iterable[SignUp]) -> None:
        """Keeps that these newcomers, enrolled now or next, are not to be welcomed. May be repeated."""
        self.begin()
        for one in enrolments:
            self._settle(one.subscriber_id, one)

    def send_due(
        self,
        run_id: str,
        *,
        only: str = "",
        due_only: bool = True,
        should_stop: Callable[[], bool] = never,
        leaving: Callable[[], None] = do_nothing,
    ) -> Look:
        """Sends the welcomes that are due, as a run of this id, which begins and ends here.

        At most MOST_AT_ONCE, and to `only` this one if given. `due_only`: digests keep to their send times. `leaving`
        is called right before each mail leaves. One whose sender was killed is sent by another, unless it was leaving
        just then: twice is worse than missed.
        """
        self.begin()
        known, listed = self._known(), self.load_listed()
        self._tell_of_doubts(known)
        if _is_settled(listed, known):
            return Look(is_settled=True)
        newcomers = [one for one in self._find_newcomers(known, listed) if only in ("", one.reader.subscriber_id)]
        ready = [one for one in newcomers if self._is_ready(known.get(one.reader.subscriber_id))]
        ready.sort(key=lambda one: _tries(known.get(one.reader.subscriber_id)))
        sent = 0
        if ready:
            self.store.start_run(run_id)
            try:
                with closing(self.open_sender()) as opened:
                    sender = CircuitBreaker(opened, should_stop)
                    for newcomer in ready[:MOST_AT_ONCE]:
                        if sender.halt:
                            return Look(sent, self.now() + AFTER_HALT, is_resting=True)
                        sent += self._welcome(newcomer, sender, run_id, due_only=due_only, leaving=leaving)
            finally:
                self.store.end_run(run_id)
        if len(ready) > MOST_AT_ONCE:
            return Look(sent, self.now() + NEXT_LOOK, is_resting=True)
        after, ids = self._known(), {one.reader.subscriber_id for one in newcomers}
        return Look(
            sent, min((one.retry_at for who, one in after.items() if who in ids and one.retry_at), default=None)
        )

    def _known(self) -> dict[str, Welcome]:
        return {one.subscriber_id: one for one in self.store.get_welcomes() or ()}

    def content(self, reader: Subscriber, *, due_only: bool = True) -> welcome_mail.WelcomeContent:
        """Works out what a welcome says to them now."""
        now = self.now()
        first_at = first_mail_at(reader, now, self.timing, self.arxiv_day, due_only=due_only)
        covered_on = self.arxiv_day(first_at or now)
        digest = self.preview_before(reader, covered_on)  # what the first mail brings is not shown before
        best = _best(digest) if digest else ()
        on = max(digest.announced_on) if digest and best else None
        is_now = first_at == now
        first_on = local_date(first_at, reader.zone) if first_at and not is_now else None
        return welcome_mail.WelcomeContent(reader, first_on, best, on)

    # --- who

    def foretell(self) -> list[str]:
        """Names by id whom the next looks would welcome. Changes nothing."""
        known = self.store.get_welcomes()
        if known is None and self._is_old():
            return []
        by_id = {one.subscriber_id: one for one in known or ()}
        sorted_out = self._sort_out(by_id, self.load_listed())
        return [newcomer.reader.subscriber_id for newcomer, reason in sorted_out if not reason]

    def _find_newcomers(self, known: Mapping[str, Welcome], listed: directory.ListedSubscribers) -> Iterator[Newcomer]:
        """Yields who is to be welcomed, and settles who needs no welcome."""
        for newcomer, reason in self._sort_out(known, listed):
            if not reason:
                yield newcomer
                continue
            who = newcomer.reader.subscriber_id
            self._settle(who, newcomer.enrolment)
            self.log_outcome(who, f"no welcome: {reason}")
            if reason == TOO_LATE:
                self.alert(who, reason)

    def _sort_out(
        self, known: Mapping[str, Welcome], listed: directory.ListedSubscribers
    ) -> Iterator[tuple[Newcomer, str]]:
        """Yields newcomers, each with the reason why they need no welcome. Who gets no mail now is left for later."""
        unsettled = [
            one
            for one in listed.subscribers
            if one.subscriber_id not in listed.unreadable
            and not welcome_rules.is_over(known.get(one.subscriber_id), listed.sign_ups.get(one.subscriber_id))
        ]
        if not unsettled:
            return
        ids = [one.subscriber_id for one in unsettled]
        enrolled = {one.subscriber_id: one for one in self.store.get_enrolled(only=ids)}
        heirs = self._heirs(listed)
        for one in unsettled:
            who = one.subscriber_id
            with suppress(ReaderUnreadable):  # they get no mail at all until that is mended
                if self._is_mailed(one):
                    reason = self._reason_for_none(one, known.get(who), enrolled.get(who), has_moved=who in heirs)
                    reader = directory.resolve(one, self.store).subscriber
                    yield Newcomer(reader, listed.sign_ups.get(who)), reason

    def _reason_for_none(
        self, reader: Subscriber, welcome: Welcome | None, enrolment: SignUp | None, *, has_moved: bool
    ) -> str:
        was_mailed = welcome is None and bool(self.store.get_deliveries(subscriber_id=reader.subscriber_id))
        reason = welcome_rules.reason_for_none(reader, enrolment, was_mailed=was_mailed, has_moved=has_moved)
        is_late = welcome is not None and welcome_rules.is_too_late(welcome, self.now())
        return reason or (TOO_LATE if is_late else "")

    def _heirs(self, listed: directory.ListedSubscribers) -> set[str]:
        """Names who has another address than before and was not added since; of the file also who may have."""
        enrolled = listed.sign_ups
        moved = {
            each.to for each in self.store.get_moves() if each.to not in enrolled or enrolled[each.to].at < each.at
        }
        return moved | (self.find_heirs(listed) - enrolled.keys())

    def _is_mailed(self, listed: Subscriber) -> bool:
        """Says whether digests go to them now. Raises ReaderUnreadable."""
        if self.store.get_address_status(listed.subscriber_id).suppression is not None:
            return False
        reader = directory.resolve(listed, self.store).subscriber
        return not is_paused(reader, local_date(self.now(), reader.zone))

    def _is_ready(self, welcome: Welcome | None) -> bool:
        return welcome is None or not _is_waiting(welcome) or promised_mail.is_due(welcome, self.now())

    def _tell_of_doubts(self, known: Mapping[str, Welcome]) -> None:
        """Tells the operator of welcomes whose sender was killed as they left, once."""
        for who, welcome in known.items():
            is_left = welcome.mail is PromisedMail.LEAVING and bool(welcome.held_by)
            if is_left and not self.store.is_running(welcome.held_by):
                self._change(who, lambda one: promised_mail.settle(one, PromisedMail.LEAVING))
                self.alert(who, "it may have left, and is not sent again: the program was killed as it did")

    # --- the mail

    def _welcome(
        self,
        newcomer: Newcomer,
        sender: CircuitBreaker,
        run_id: str,
        *,
        due_only: bool,
        leaving: Callable[[], None],
    ) -> bool:
        """Sends one welcome; says whether it left."""
        reader = newcomer.reader
        who = reader.subscriber_id
        if not self._take(newcomer, run_id):
            return False
        try:
            message = self.build_mail(self.content(reader, due_only=due_only))
            if self.store.get_address_status(who).suppression is not None:  # since: ranking takes its time
                self._settle(who, newcomer.enrolment)
                self.log_outcome(who, "no welcome: suppressed")
                return False
            done = hand_over(sender, message, lambda change: self._change(who, change), now=self.now, leaving=leaving)
        except BaseException as error:
            self._change(who, self._released)
            if isinstance(error, ConfigError):  # such as a template; it will not mend itself
                self.alert(who, str(error))
            raise
        self.log_outcome(who, str(done) or "mailed")
        self._tell_of_failure(who, done)
        return done.error is None

    def _take(self, newcomer: Newcomer, run_id: str) -> bool:
        """Makes the mail this run's, if nobody else has it."""
        who, now = newcomer.reader.subscriber_id, self.now()

        def take(known: Welcome | None) -> Welcome:
            if known is not None and welcome_rules.is_over(known, newcomer.enrolment):
                return known
            fresh = welcome_rules.begin(who, PromisedMail.WAITING, now, newcomer.enrolment)
            waiting = known if known is not None and _is_waiting(known) else fresh
            return promised_mail.claim(waiting, run_id, now, self.store.is_running)

        mine = self.store.change_welcome(who, take)
        return mine is not None and mine.held_by == run_id and promised_mail.is_due(mine, now)

    def _released(self, welcome: Welcome) -> Welcome:
        """Gives it back after a failure of ours: tried again, unless it was leaving."""
        return promised_mail.postpone(welcome, self.now()) if _is_waiting(welcome) else welcome

    def _settle(self, who: str, enrolment: SignUp | None) -> None:
        none = welcome_rules.begin(who, PromisedMail.NONE, self.now(), enrolment)
        self.store.change_welcome(who, lambda known: none)

    def _change(self, who: str, change: Callable[[Welcome], Welcome]) -> Welcome | None:
        return self.store.change_welcome(who, lambda known: change(known) if known else None)

    def _tell_of_failure(self, who: str, done: HandOver) -> None:
        """Alerts the operator of what will not mend itself, and of what has not for long."""
        error = done.error
        if error is None:
            return
        is_passing = isinstance(error, SendDeferred) and not isinstance(error, SendStopped)
        if not is_passing or _tries(self._known().get(who)) >= MANY_TRIES:
            self.alert(who, str(error))


def _is_settled(listed: directory.ListedSubscribers, known: Mapping[str, Welcome]) -> bool:
    """Says whether nothing is to be done for anybody, also for those who cannot be read or are mailed nothing now."""
    who = {*(one.subscriber_id for one in listed.subscribers), *listed.unreadable}
    is_leaving = any(one.mail is PromisedMail.LEAVING and one.held_by for one in known.values())
    return not is_leaving and all(welcome_rules.is_over(known.get(one), listed.sign_ups.get(one)) for one in who)


def _is_waiting(welcome: Welcome) -> bool:
    return welcome.mail is PromisedMail.WAITING


def _tries(welcome: Welcome | None) -> int:
    return welcome.tries if welcome else 0


def _best(digest: Digest) -> tuple[DigestEntry, ...]:
    """Gives what met the profile, the best first: what only came near is no taste of what they will get."""
    least = digest.subscriber.min_relevance
    met = [entry for entry in digest.entries if entry.pinned_author or entry.score.relevance >= least]
    return tuple(sorted(met, key=lambda entry: reading_order(entry.score)))
