"""Tells who is a newcomer and gets a welcome: once, when the operator adds them. Pure.

Whoever the store has a welcome of is none any more. When it is tried again is promised_mail.py's business, sending it
services/welcomes.py's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.model import PromisedMail, SignUp, SignUpOrigin, Subscriber, Welcome

GIVE_UP_AFTER = timedelta(days=7)  # a welcome that could not leave for so long comes too late


def is_over(welcome: Welcome | None, enrolment: SignUp | None) -> bool:
    """Whether nothing is to be done for them any more. `enrolment`: what they are a subscriber by, beside the file.

    Whom the operator adds by the command after they were welcomed is a newcomer once more.
    """
    if welcome is None or welcome.mail is PromisedMail.WAITING:
        return False
    is_added_since = enrolment is not None and enrolment.origin is SignUpOrigin.OPERATOR and enrolment.at > welcome.at
    return not is_added_since


def begin(subscriber_id: str, mail: PromisedMail, now: datetime, enrolment: SignUp | None) -> Welcome:
    """Makes the welcome of a newcomer, never older than what made them one: clocks are set back at times."""
    return Welcome(subscriber_id, max(now, enrolment.at) if enrolment else now, mail)


def reason_for_none(reader: Subscriber, enrolment: SignUp | None, *, was_mailed: bool, has_moved: bool) -> str:
    """Says in a few words why a newcomer needs no welcome; empty if they are to get one.

    `was_mailed`: the ledger knows them. That does not count for who was added by the command: the operator knows best.
    """
    if not reader.welcome:
        return "not wanted by the operator"
    if enrolment is not None and enrolment.origin is SignUpOrigin.WEB:
        return "they came by the web"
    if has_moved:
        return "their address changed"
    is_added = enrolment is not None and enrolment.origin is SignUpOrigin.OPERATOR
    return "they were mailed before" if was_mailed and not is_added else ""


def is_too_late(welcome: Welcome, now: datetime) -> bool:
    return now - welcome.at > GIVE_UP_AFTER
