"""Acts on a mail that a reader sent: stores the wish first, then confirms it once.

What a mail asks for is mail/inbound/parse.py's business, the words of an answer are mail/responses.py's. An answer goes
to the address on our list and to no other, so that whoever got hold of a mail of ours changes nothing unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from newsletter.addresses import base_address
from newsletter.delivery import ledger, suppression
from newsletter.errors import ReaderUnreadable, SendError
from newsletter.mail import responses
from newsletter.mail.inbound import Command, Envelope, Ignored, NoEvent, ReplyPolicy, Request, read_bounce, read_reply
from newsletter.model import AddressStatus, Frequency, Message, PaperId, RevisionOrigin, Subscriber
from newsletter.papers import readable
from newsletter.run import is_paused
from newsletter.senders import Sender
from newsletter.services import lost_memory
from newsletter.services.directory import as_served
from newsletter.services.profiles import ProfileService
from newsletter.services.service_mail import ServiceMails
from newsletter.services.votes import NumberedVote, cast_numbered
from newsletter.stores import Store
from newsletter.subscribers import read_votes
from newsletter.texts import name_weekday, pick, write_short_date

BEGUN, DONE, ANSWERS = "mails-begun", "mails-done", "answers"  # what is claimed once
MOST_ANSWERS = 20  # to one reader in a day, whatever they ask
_FREQUENCIES = {
    Command.DAILY: Frequency.DAILY,
    Command.WEEKDAYS: Frequency.WEEKDAYS,
    Command.WEEKLY: Frequency.WEEKLY,
}
_COMMANDS = {frequency: command for command, frequency in _FREQUENCIES.items()}


@dataclass(frozen=True, slots=True)
class ReplyHandler:
    """What handling one mail needs. `subscribers` are as listed when it came in."""

    store: Store
    sender: Sender
    mails: ServiceMails
    profiles: ProfileService
    subscribers: Sequence[Subscriber]
    now: Callable[[], datetime]
    authserv_id: str = ""

    def find_reader(self, subscriber_id: str) -> Subscriber | None:
        """Finds one subscriber as they are served now: of thousands, only one reader's wishes are read."""
        listed = next((one for one in self.subscribers if one.subscriber_id == subscriber_id), None)
        return as_served(listed, self.store) if listed else None

    def policy(self) -> ReplyPolicy | None:
        """Says whose mail counts; None without a key, since nobody could be told from anybody else.

        Who answers an old mail is who they are now.
        """
        signer = self.mails.identity.signer
        if signer is None:
            return None
        readers = {base_address(subscriber.email) for subscriber in self.subscribers}
        now_theirs = replace(signer, heir=self.store.heir_of)
        return ReplyPolicy(now_theirs, self.mails.own_addresses, readers, self.authserv_id, read_votes)


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a mail, for the log: names an id at most."""

    what: str  # the command; or why nothing was done
    subscriber_id: str = ""
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer to be filled in: its name in service.yaml, and the values that only it has."""

    name: str
    values: Mapping[str, str]


NO_ENVELOPE = Envelope()


def handle(handler: ReplyHandler, raw: bytes, envelope: Envelope = NO_ENVELOPE) -> Handled:
    """Handles a mail that came in: records a bounce of ours, and reads anything else as a reader's wish."""
    signer, policy = handler.mails.identity.signer, handler.policy()
    if signer is None or policy is None:
        return Handled("no key is set, so nobody can be told from anybody else; set NEWSLETTER_SECRET_KEYS")
    event = read_bounce(raw, signer, now=handler.now(), to=next(iter(envelope.to), ""))
    if isinstance(event, NoEvent):
        return answer(handler, read_reply(raw, policy, now=handler.now(), envelope=envelope))
    is_kept = handler.store.take_event(event, now=handler.now())
    if not is_kept:
        lost_memory.note_unknown(handler.store, event)
    return Handled(event.kind if is_kept else "a bounce of a mail that is not known", event.subscriber_id)


def answer(handler: ReplyHandler, request: Request | Ignored) -> Handled:
    """Does what is asked, then says so. Raises StoreError if it could not be stored: the same mail may then come again.

    A mail that comes again after it was done does nothing, also if the reader has wished otherwise meanwhile.
    """
    if isinstance(request, Ignored):
        return Handled(request.why)
    who, now = request.subscriber_id, handler.now()
    reader = handler.find_reader(who)
    if request.command is not Command.UNSUBSCRIBE:  # which is kept also where nothing else can be
        handler.store.require_readable(who)
    if _was_done_before(handler.store, request):
        return Handled("a copy of a mail that was done", who)
    before = _status_before(handler.store, who)
    reply = _carry_out(handler, request, reader, now)
    handler.store.claim_once(DONE, _key(request), on=request.at.date())
    what = request.command if request.is_understood else "no command in it"
    if reader is None or reply is None or not _wants_answer(request, before):
        return Handled(what, who)
    if not _may_answer(handler.store, request, now.date()):
        return Handled(f"{what}, not answered again today", who)
    message = _confirmation(handler, request, reader, reply, before, now)
    try:
        handler.sender.send(message)
    except SendError as error:  # what was asked is done; the next digest shows it
        return Handled(f"{what}, not confirmed: {type(error).__name__}", who)
    return Handled(what, who, is_answered=True)


def _status_before(store: Store, who: str) -> AddressStatus:
    """The status that the words of the answer depend on; blank where it cannot be read."""
    try:
        return store.get_address_status(who)
    except ReaderUnreadable:
        return AddressStatus(who)


def _was_done_before(store: Store, request: Request) -> bool:
    """Claims the request twice, before and after: a mail whose first handling was killed in between is done again."""
    key, on = _key(request), request.at.date()
    if store.claim_once(BEGUN, key, on=on):
        return False
    return not store.claim_once(DONE, key, on=on)


def _key(request: Request) -> str:
    what = f"{request.mail} {request.command} {request.until} {request.votes} {request.text}"
    return f"{request.subscriber_id} {sha256(what.encode()).hexdigest()[:32]}"


def _wants_answer(request: Request, status: AddressStatus) -> bool:
    """Says whether to answer: whoever gets no mail gets none that they have not asked for either."""
    return request.wants_answer and (request.is_understood or status.suppression is None)


def _may_answer(store: Store, request: Request, today: date) -> bool:
    """Claims one answer for a wish and a day; another date, vote or profile is another wish, up to a limit."""
    asked = f"{request.until} {request.votes} {request.text}{''.join(request.further)}"
    wish = sha256(asked.encode()).hexdigest()[:16]
    if not store.claim_once(ANSWERS, f"{request.subscriber_id} {request.command} {wish}", on=today):
        return False
    who = request.subscriber_id
    return any(store.claim_once(ANSWERS, f"{who} number {n}", on=today) for n in range(MOST_ANSWERS))


# --- the deeds ------------------------------------------------------------------------------------------


def _carry_out(handler: ReplyHandler, request: Request, reader: Subscriber | None, now: datetime) -> _Reply | None:
    store, who, command = handler.store, request.subscriber_id, request.command
    if command is Command.UNSUBSCRIBE:
        store.change_address_status(who, lambda known: _unsubscribe(known, request.at))
        return _Reply("unsubscribe", {})
    if reader is None:
        return None  # somebody who was a subscriber: may leave, and nothing else
    if command is Command.PAUSE and request.until:
        until = request.until
        status = store.change_address_status(who, lambda known: suppression.pause(known, until))
        return _answer_without_mail(status, reader) or _Reply(
            "pause", {"until": write_short_date(until, reader.profile.language)}
        )
    if command is Command.RESUME:
        status = store.change_address_status(
            who, lambda known: suppression.resume(suppression.resubscribe(known, request.at))
        )
        is_blocked = status.suppression is not None or _is_paused(handler, who, now.date())
        return _Reply("blocked" if is_blocked else "resume", {})
    if frequency := _FREQUENCIES.get(command):
        status = store.change_address_status(who, lambda known: replace(known, frequency=frequency))
        language = reader.profile.language
        chosen = responses.word(command, language)
        if frequency is Frequency.WEEKLY:
            chosen = f"{chosen} ({name_weekday(reader.weekday, language)})"
        return _answer_without_mail(status, reader) or _Reply("frequency", {"chosen": chosen})
    if command is Command.VOTE:
        return _vote(handler, request, reader.profile.language)
    if command is not Command.PROFILE:
        return _Reply("help", {})
    if request.text:
        text = handler.profiles.change(who, request.text, origin=RevisionOrigin.REPLY, now=now)
        return _Reply("changed", {"profile": text})
    return _Reply("profile", {"profile": handler.profiles.current(who)})


def _unsubscribe(known: AddressStatus, at: datetime) -> AddressStatus:
    """Suppresses the address, unless the wish is from before the reader came back."""
    if known.lifted_at is not None and at <= known.lifted_at:
        return known
    return suppression.unsubscribe(known, at, suppression.BY_REPLY)


def _answer_without_mail(status: AddressStatus, reader: Subscriber) -> _Reply | None:
    """The answer to somebody who gets no mail and asks when it comes: it must promise none."""
    if status.suppression is None:
        return None
    if suppression.may_resubscribe(status):
        return _Reply("unsubscribe", {"undo": responses.word(Command.RESUME, reader.profile.language)})
    return _Reply("blocked", {})


def _is_paused(handler: ReplyHandler, who: str, today: date) -> bool:
    """Says whether subscribers.yaml pauses the reader, now that their own wish is gone."""
    reader = handler.find_reader(who)
    return reader is not None and is_paused(reader, today)


def _vote(handler: ReplyHandler, request: Request, language: str) -> _Reply:
    """Keeps the votes, and answers with each paper's title, and with the numbers that the mail has not."""
    who = request.subscriber_id
    on = request.digest_on or _last_mail_on(handler.store, who)
    votes_cast = cast_numbered(handler.store, who, on, request.votes, request.at) if on else []
    if not votes_cast:
        return _Reply("no_vote", {})
    found = {vote.number for vote in votes_cast}
    missing = ", ".join(f"{number}" for number, _ in request.votes if number not in found)
    t = pick(handler.mails.texts, language)
    lines = [f"    {'+' if vote.value > 0 else '-'}{vote.number}  {_title_of(vote)}" for vote in votes_cast]
    said = [t("vote.missing", numbers=missing)] if missing else []
    return _Reply("vote", {"votes": "\n".join(lines), "missing": "\n\n".join(["", *said])})


def _title_of(vote: NumberedVote) -> str:
    return readable(vote.paper.title) if vote.paper else PaperId.read(vote.paper_id).cited or vote.paper_id


def _last_mail_on(store: Store, who: str) -> date | None:
    """The date of the mail that a reader means who does not answer one."""
    rows = store.get_deliveries(subscriber_id=who, states=ledger.ACCEPTED_STATES)
    return rows[-1].digest_on if rows else None


# --- the answer -----------------------------------------------------------------------------------------


def _confirmation(
    handler: ReplyHandler, request: Request, reader: Subscriber, reply: _Reply, before: AddressStatus, now: datetime
) -> Message:
    language = reader.profile.language
    identity = handler.mails.identity
    links = identity.links_for(reader.subscriber_id, request.digest_on or now.date())
    values = {
        "name": handler.mails.brand_name,
        "contact": identity.reply_to,
        "commands": responses.commands_in_words(language),
        "undo": _undo_hint(request.command, reader, before, links.unsubscribe_url),
        **reply.values,
    }
    wish = sha256(_key(request).encode()).hexdigest()[:12]
    key = f"{now:%Y-%m-%d}.{reader.subscriber_id}.{wish}"
    message = handler.mails.build(
        *(reply.name, language, values),
        not_done=request.further,
        key=key,
        to=reader.email,
        reply_to=links.reply_to,
        now=now,
    )
    mime = message.mime
    mime.replace_header("Auto-Submitted", "auto-replied")  # RFC 3834 §5
    if request.mail:
        mime["In-Reply-To"] = request.mail
    if request.references:
        mime["References"] = " ".join(request.references)
    return message


def _undo_hint(command: Command, reader: Subscriber, before: AddressStatus, link: str) -> str:
    """The link that undoes the wish, or the word to reply with."""
    language = reader.profile.language
    if command is Command.UNSUBSCRIBE:
        return link or responses.word(Command.RESUME, language)
    if command is Command.RESUME:
        return responses.word(Command.UNSUBSCRIBE if before.suppression else Command.PAUSE, language)
    if command in _FREQUENCIES:
        return responses.word(_COMMANDS[before.frequency or reader.frequency], language)
    return responses.word(Command.RESUME, language)
