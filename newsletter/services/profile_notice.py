"""Builds the mail to a reader whose profile the operator has changed for them. Pure; sends nothing.

Its subject is the one of a profile by mail, so that an answer to it is a changed profile (mail/inbound/parse.py).
"""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address

from newsletter.mail import MailIdentity, build_service_message, responses
from newsletter.model import Message, Subscriber


def changed_by_operator(
    reader: Subscriber,
    changes: str,
    number: int,
    *,
    identity: MailIdentity,
    service_sender: Address,
    answers: responses.ResponseTexts,
    brand_name: str,
    now: datetime,
) -> Message:
    """Builds the mail. `changes` says in words what revision `number` changed; the same revision is the same mail."""
    text = f"The people who run {brand_name} have changed your profile, most likely as you asked them to.\n\n{changes}"
    links = identity.links_for(reader.subscriber_id, now.date())
    if links.profile_url:
        text += f"\n\nYour profile, and all its earlier versions:\n{links.profile_url}"
    filled = answers.fill("changed", reader.profile.language, {"profile": text})
    message = build_service_message(
        key=f"{reader.subscriber_id.replace('_', '-')}.revision-{number}",
        sender=service_sender,
        to=reader.email,
        subject=filled.subject,
        text=filled.text,
        now=now,
    )
    message.mime["Reply-To"] = Address(addr_spec=links.reply_to)
    return message
