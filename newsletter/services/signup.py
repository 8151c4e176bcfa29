"""Subscribes somebody on the web: checks the form, asks the mailbox by mail, and lets them in when they confirm.

The form says nothing to whoever sent it about the address in it: it is written down, and what depends on the address
happens later, by mail. What is written down is mailed whatever ends the process (`send_next`). No word of the form is
mailed, so that nobody can have us mail their words to a stranger. The rules are subscribers/signup_rules.py's, the
words of the mails templates/email/subscribe.yaml's; pages are web/subscribe.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from newsletter.addresses import base_address, is_same_mailbox, subscriber_id
from newsletter.delivery import ledger
from newsletter.model import Message, Profile, PromisedMail, RevisionOrigin, SignUp, Subscriber, UnknownWords
from newsletter.papers import arxiv_day, categories, venues
from newsletter.run import ON_THE_MINUTE, Timing, first_mail_at, mail_date, next_mail_at
from newsletter.senders import Sender
from newsletter.services.promised_mails import hand_over
from newsletter.services.service_mail import ServiceMails
from newsletter.signing import Purpose
from newsletter.stores import Store
from newsletter.subscribers import (
    Confirmation,
    Form,
    FormProblem,
    LinkState,
    SubscriberEntry,
    nearest_zones,
    promised_mail,
    signup_rules,
    values,
)

SLOTS = "subscribe-forms"  # what is claimed once
MOST_FORMS = 100  # that are acted on in a UTC day, whoever sends them

FILE = "templates/email/subscribe.yaml"
_FIELDS = {"topics": "words", "time_zone": "zone"}  # of the form, where they have another name in subscribers.yaml
_NEEDED = frozenset({"email", "categories", "topics"})
_MOST_CHARS = {"name": values.MAX_LINE, "words": values.MAX_PROSE}
_MOST_GUESSED_CHARS = 100  # of what was typed: to look for near names is slow


@dataclass(frozen=True, slots=True)
class SignupService:
    """Lets people subscribe. `find` gives a subscriber as they are served; it and `is_in_file` read anew each time."""

    store: Store
    open_sender: Callable[[], Sender]
    mails: ServiceMails  # with a signer and a base URL
    find: Callable[[str], Subscriber | None]
    is_in_file: Callable[[str], bool]  # whether subscribers.yaml has them, whose word then holds over any form
    subscriber_from_signup: Callable[[SignUp], Subscriber]
    max_subscribers: int  # subscribers by the web
    now: Callable[[], datetime]
    wake: Callable[[], None]  # whoever calls `send_next`
    log_outcome: Callable[[str, str], None]  # for the log: whose sign-up, and what became of it
    find_unknown_words: Callable[[Profile], Sequence[UnknownWords]] = lambda profile: ()
    offers_venues: bool = False  # those of OpenReview that the form names
    timing: Timing = ON_THE_MINUTE
    alert: Callable[[str], None] = lambda who: None  # the operator: another address has this id; nothing was changed

    def blank(self) -> Form:
        """An untouched form, with what holds for everybody who says nothing else."""
        usual = self.subscriber_from_signup(SignUp("", self.now(), "", "", (), ""))
        return Form(frequency=usual.frequency, zone=usual.zone, language=usual.profile.language)

    def is_full(self) -> bool:
        return self.store.count_places_taken() >= self.max_subscribers

    def problems(self, form: Form) -> Sequence[FormProblem]:
        """Lists what is wrong in a form, by the rules of subscribers.yaml; one problem for a field."""
        try:
            _validate(form, offers_venues=self.offers_venues)
        except ValidationError as error:
            return list(_form_problems(error, form))
        return []

    def reserve_slot(self) -> bool:
        """Claims a place for one more form today; False if there is none left. The same for every address."""
        today = self.now().astimezone(UTC).date()
        return any(self.store.claim_once(SLOTS, f"{number}", on=today) for number in range(MOST_FORMS))

    def submit(self, form: Form) -> None:
        """Stores a form without problems, so that what is to be mailed about it is mailed.

        Says nothing, and takes the same time for every address. Raises StoreError if that cannot be promised.
        """
        entry = _validate(form, offers_venues=self.offers_venues)
        sign_up = SignUp(
            subscriber_id=subscriber_id(entry.email),
            at=self.now(),
            email=entry.email,
            name=entry.name,
            categories=tuple(dict.fromkeys(entry.categories)),
            words=entry.topics[0].relevant,
            zone=entry.time_zone if form.zone.strip() else "",
            frequency=entry.frequency if form.frequency else None,
            language=entry.language if form.language else "",
            mail=PromisedMail.WAITING,
        )
        self.store.add_sign_up(sign_up)
        stored = self.store.get_sign_up(sign_up.subscriber_id, signup_rules.asked_on(sign_up))
        if stored is not None and not is_same_mailbox(stored.email, sign_up.email):
            self.alert(sign_up.subscriber_id)
        self.wake()

    def check_link(self, who: str, on: date) -> Confirmation:
        """Says what the link of that day's mail leads to. Changes nothing."""
        sign_up = self.store.get_sign_up(who, on)
        reader = self.find(who)
        if sign_up is not None and reader is not None and not is_same_mailbox(sign_up.email, reader.email):
            return Confirmation(LinkState.OLD, who)  # as one of which nothing is kept
        state = signup_rules.link_state(
            sign_up, self.store.get_address_status(who), is_listed=reader is not None, today=self._today()
        )
        if state is LinkState.SUBSCRIBED and reader is not None:
            unknown = tuple(self.find_unknown_words(reader.profile))
            language, at = reader.profile.language, self._first_mail_at(reader)
            return Confirmation(state, who, language=language, first_mail_at=at, unknown_words=unknown)
        language = self._language_of(sign_up) if sign_up else ""
        if state is LinkState.WAITING and reader is not None and self.is_in_file(who):
            return Confirmation(state, who, language=reader.profile.language)
        if state is LinkState.WAITING and sign_up is not None:
            return Confirmation(state, who, sign_up.categories, sign_up.words, language)
        return Confirmation(state, who, language=language)

    def confirm(self, who: str, on: date) -> Confirmation:
        """Lets somebody in, if the link is good for that. May be repeated: it is done once."""
        confirmation = self.check_link(who, on)
        sign_up = self.store.get_sign_up(who, on)
        if confirmation.state is not LinkState.WAITING or sign_up is None:
            return confirmation
        if not self._enrol(sign_up):
            after = self.check_link(who, on)  # somebody else may have come in meanwhile
            is_other = after.state is LinkState.OLD
            return after if is_other else Confirmation(LinkState.FULL, who, language=confirmation.language)
        self.store.change_address_status(who, lambda known: signup_rules.reinstate(known, sign_up, self.now()))
        self.store.change_sign_up(who, on, lambda stored: signup_rules.confirm(stored, self.now()))
        self.log_outcome(who, "subscribed")
        return self.check_link(who, on)

    def _enrol(self, sign_up: SignUp) -> bool:
        """Enrols somebody, unless subscribers.yaml has them already; False if there is no place left."""
        who = sign_up.subscriber_id
        if self.is_in_file(who):
            return True
        if self.store.get_revisions(who):  # of an earlier time: what is asked for now holds over them
            self.store.add_revision(who, "", origin=RevisionOrigin.WEB, now=self.now())
        return self.store.enrol(sign_up, most=self.max_subscribers)

    # --- mails

    def send_next(self, run_id: str, leaving: Callable[[], None] = lambda: None) -> bool:
        """Sends one mail that was promised and is due, as `run_id`, which has to be running; False if there is none.

        `leaving` is called right before it leaves. Several processes may do this: each mail is one's alone. One whose
        sender was killed is sent by another, unless it was leaving just then: twice is worse than an answer missed.
        """
        stored = self.store.get_sign_ups()
        due = sorted((one for one in stored if promised_mail.is_due(one, self.now())), key=lambda one: one.tries)
        sign_up = next(filter(None, (self._take(one, run_id) for one in due)), None)
        if sign_up is None:
            return False
        try:
            outcome = self._process(sign_up, stored, leaving)
        except BaseException:
            self._change(sign_up, lambda known: known if known.mail is PromisedMail.LEAVING else self._postponed(known))
            raise
        self.log_outcome(sign_up.subscriber_id, outcome)
        return True

    def next_at(self) -> datetime | None:
        """Says when the first of the waiting mails is to be tried; None if none waits."""
        waiting = [one for one in self.store.get_sign_ups() if one.mail is PromisedMail.WAITING]
        return min((one.retry_at or one.at for one in waiting), default=None)

    def _take(self, sign_up: SignUp, run_id: str) -> SignUp | None:
        mine = self._change(
            sign_up, lambda known: promised_mail.claim(known, run_id, self.now(), self.store.is_running)
        )
        return mine if mine is not None and mine.held_by == run_id and promised_mail.is_due(mine, self.now()) else None

    def _change(self, sign_up: SignUp, change: Callable[[SignUp], SignUp | None]) -> SignUp | None:
        return self.store.change_sign_up(sign_up.subscriber_id, signup_rules.asked_on(sign_up), change)

    def _postponed(self, sign_up: SignUp) -> SignUp:
        return promised_mail.postpone(sign_up, self.now())

    def _process(self, sign_up: SignUp, stored: Sequence[SignUp], leaving: Callable[[], None]) -> str:
        """Sends the mail that fits the sign-up; says in a few words, without an address, what became of it."""
        status = self.store.get_address_status(sign_up.subscriber_id)
        why = "suppressed" if not signup_rules.may_be_mailed(status) else ""
        why = why or ("an address of the newsletter" if base_address(sign_up.email) in self.mails.own_addresses else "")
        if why:
            self._change(sign_up, lambda known: None)
            return f"no mail: {why}"
        reader = self.find(sign_up.subscriber_id)
        if reader is not None and not is_same_mailbox(reader.email, sign_up.email):
            self._change(sign_up, lambda known: None)
            self.alert(sign_up.subscriber_id)
            return "no mail: it has the id of another address"
        if why := signup_rules.reason_not_to_mail(sign_up, stored, self._today()):
            self._change(sign_up, lambda known: promised_mail.settle(known, PromisedMail.NONE))
            return f"no mail: {why}"
        to = reader.email if reader else sign_up.email
        if reader is not None:  # another spelling of an address may be another person's at some providers
            self._change(sign_up, lambda known: replace(known, email=to))
            if status.suppression is None:
                return self._send(self._already_mail(sign_up, reader), sign_up, leaving) or "mailed: subscribed already"
        return self._send(self._confirmation_mail(sign_up, to), sign_up, leaving) or "mailed: asked to confirm"

    def _confirmation_mail(self, sign_up: SignUp, to: str) -> Message:
        signer, on = self.mails.identity.signer, signup_rules.asked_on(sign_up)
        if signer is None:
            raise ValueError("a sign-up cannot be confirmed without a key")
        token = signer.short_link(Purpose.CONFIRM, sign_up.subscriber_id, on.isoformat())
        link = f"{self.mails.identity.base_url}/confirm/{token}"
        values = {"link": link, "days": f"{signup_rules.LINK_VALID_FOR.days}"}
        return self._build("confirm", self._language_of(sign_up), values, sign_up, to)

    def _already_mail(self, sign_up: SignUp, reader: Subscriber) -> Message:
        links = self.mails.identity.links_for(reader.subscriber_id, self._today())
        values = {"profile": links.profile_url, "unsubscribe": links.unsubscribe_url}
        return self._build("already", reader.profile.language, values, sign_up, reader.email)

    def _build(self, name: str, language: str, values: Mapping[str, str], sign_up: SignUp, to: str) -> Message:
        key = f"{signup_rules.asked_on(sign_up)}.{sign_up.subscriber_id}.subscribe"
        values = {"name": self.mails.brand_name, **values}
        reply_to = self.mails.identity.reply_to
        return self.mails.build(name, language, values, key=key, to=to, reply_to=reply_to, now=self.now())

    def _send(self, message: Message, sign_up: SignUp, leaving: Callable[[], None]) -> str:
        """Sends one mail; says why it did not leave, or nothing if it did."""
        with closing(self.open_sender()) as sender:
            return str(
                hand_over(sender, message, lambda change: self._change(sign_up, change), now=self.now, leaving=leaving)
            )

    # --- what is known

    def _today(self) -> date:
        return self.now().astimezone(UTC).date()

    def _language_of(self, sign_up: SignUp) -> str:
        return sign_up.language or self.subscriber_from_signup(sign_up).profile.language

    def _first_mail_at(self, reader: Subscriber) -> datetime | None:
        """Gives when the next mail may come: from now on, if that of today is due and has not left."""
        now = self.now()
        today = self.store.get_delivery(reader.subscriber_id, mail_date(reader, now, self.timing))
        if today is not None and ledger.counts_as_sent(today.state):
            at = next_mail_at(reader, now, self.timing)
        else:
            at = first_mail_at(reader, now, self.timing, arxiv_day, due_only=True)
        return at.astimezone(ZoneInfo(reader.zone)) if at else None


def _validate(form: Form, *, offers_venues: bool) -> SubscriberEntry:
    """Reads a form by the rules of subscribers.yaml. Raises ValidationError."""
    said: dict[str, Any] = {
        "email": form.email.strip(),
        "name": form.name.strip(),
        "categories": [each for each in form.categories if _may_choose(each, offers_venues=offers_venues)],
        "topics": [{"name": "words", "relevant": form.words.replace("\r\n", "\n").strip()}],
        "time_zone": form.zone.strip(),
        "frequency": form.frequency,
        "language": form.language,
    }
    return SubscriberEntry.model_validate({key: value for key, value in said.items() if value or key in _NEEDED})


def _may_choose(category: str, *, offers_venues: bool) -> bool:
    """Whether a stranger may name this category: what anybody may name is a request that anybody may send from here.

    So feeds and venues are the readers' to name, but for the venues that the form offers.
    """
    if categories.is_openreview(category):
        return offers_venues and categories.within_source(category) in venues.OFFERED
    return not categories.is_feed(category)


def _form_problems(error: ValidationError, form: Form) -> Iterator[FormProblem]:
    reported = set[str]()
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0])
        if key in reported:
            continue
        reported.add(key)
        field = _FIELDS.get(key, key)
        yield _problem(key, field, form, detail.get("ctx", {}))


def _problem(key: str, field: str, form: Form, context: Mapping[str, Any]) -> FormProblem:
    typed = getattr(form, field)
    if key in _NEEDED and not (typed if isinstance(typed, tuple) else typed.strip()):
        return FormProblem(field, f"{field}_blank")
    if "max_length" in context:
        return FormProblem(field, f"{field}_many", {"n": context["max_length"]})
    guessed = typed.strip() if isinstance(typed, str) and len(typed) <= _MOST_GUESSED_CHARS else ""
    if field == "email" and guessed:
        fault = values.email_fault(guessed)
        return FormProblem(field, "email_wrong" if fault is values.EmailFault.OTHER else f"email_{fault}")
    if field == "zone" and (zones := nearest_zones(guessed)):
        return FormProblem(field, "zone_nearest", {"zones": ", ".join(zones)})
    if field in _MOST_CHARS:
        return FormProblem(field, f"{field}_wrong", {"n": _MOST_CHARS[field]})
    return FormProblem(field, "choice_wrong" if field in {"frequency", "language"} else f"{field}_wrong")
