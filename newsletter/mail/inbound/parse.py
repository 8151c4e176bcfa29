"""The bytes of a mail to the newsletter → what its reader asks for, or why it asks for nothing. Pure.

Who wrote it says writer.py, what it asks for commands.py, and its text is body_text.py's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.errors import UnreadableMail
from newsletter.mail.inbound.body_text import find_own_text
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.inbound.commands import LEAVE, NOT_UNDERSTOOD, VoteMarks, find_wish
from newsletter.mail.inbound.parts import header_of, open_mail, sent_at
from newsletter.mail.inbound.writer import (
    Envelope,
    ReplyPolicy,
    identify_by_dkim,
    identify_by_tag,
    is_apples_button,
    may_be_automatic,
    message_ids_in,
    thread_of,
    why_not_a_reader,
)

_OLDEST = timedelta(days=7)  # a mail is on its way for five days at most (RFC 5321 §4.5.4.1)
_UNKNOWN = Envelope()


@dataclass(frozen=True, slots=True)
class Ignored:
    """The mail asks for nothing and gets no answer; `why` is for the operator, and names nobody."""

    why: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader asks for. `at` is when they wrote it: a copy of the mail is the same request."""

    subscriber_id: str
    command: Command
    at: datetime
    language: str  # of the word they used
    mail: str  # the Message-ID, with its brackets; empty if there is none
    digest_on: date | None = None  # of the mail it answers, if that is known
    until: date | None = None  # PAUSE: mail comes again on this day
    votes: VoteMarks = ()
    text: str = ""  # PROFILE: the new one; empty: they want to see it
    subject: str = ""  # of their mail, for the answer's
    references: tuple[str, ...] = ()  # Message-IDs of the thread, theirs the last
    is_understood: bool = True  # False: there is no command in it, and HELP is our own idea
    further: tuple[str, ...] = ()  # lines that ask for something else, which is not done
    wants_answer: bool = True  # False: a program wrote it for them


def read_reply(raw: bytes, policy: ReplyPolicy, *, now: datetime, envelope: Envelope = _UNKNOWN) -> Request | Ignored:
    """Reads what this mail asks for. Never raises, whatever the bytes are; takes time that grows with their number."""
    try:
        mail = open_mail(raw)
    except UnreadableMail as error:
        return Ignored(f"it cannot be read: {error}")
    if why := why_not_a_reader(mail, envelope, policy.ours):
        return Ignored(why)
    tagged = identify_by_tag(mail, envelope, policy.signer)
    whose = tagged or identify_by_dkim(mail, envelope, policy)
    if whose is None:
        return Ignored("nobody we know: no tag of ours, no From that DKIM proves")
    who, digest_on = whose
    at = sent_at(mail, now - _OLDEST, now)
    subject = header_of(mail, "Subject")
    is_button = is_apples_button(mail)
    found = LEAVE if is_button else find_wish(subject, find_own_text(mail), at.date(), policy.read_votes)
    wish = found or (NOT_UNDERSTOOD if tagged and not may_be_automatic(mail, subject) else None)
    if wish is None:
        return Ignored("no command in it")
    thread = thread_of(mail)
    return Request(
        who,
        wish.command,
        at,
        wish.language,
        thread[-1] if thread and message_ids_in(header_of(mail, "Message-ID")) else "",
        digest_on,
        wish.until,
        wish.votes,
        wish.text,
        subject,
        thread,
        is_understood=found is not None,
        further=wish.further,
        wants_answer=not is_button,
    )
