"""Builds the mails of the service itself to a reader: answers, confirmations, and notices. Pure; sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address

from newsletter.addresses import base_address
from newsletter.mail import MailIdentity, build_service_message
from newsletter.model import Message, Subscriber
from newsletter.texts import TextsByLanguage, pick


@dataclass(frozen=True, slots=True)
class ServiceMails:
    """Knows from whom these mails come, where their links lead, and their texts."""

    identity: MailIdentity
    sender: Address
    brand_name: str
    texts: TextsByLanguage  # a `subject` and a `text` in the group of each mail

    @property
    def own_addresses(self) -> set[str]:
        """The newsletter's own base addresses: no reader writes from them, and nothing is mailed to them."""
        identity = self.identity
        own = (identity.sender.addr_spec, self.sender.addr_spec, identity.reply_to, identity.bounce_to)
        return {base_address(address) for address in own if address}

    def build(
        self,
        name: str,
        language: str,
        values: Mapping[str, str],
        *,
        not_done: Sequence[str] = (),
        key: str,
        to: str,
        reply_to: str,
        now: datetime,
    ) -> Message:
        """Fills in the mail of this name. The same `key` is the same mail.

        `not_done`: lines of the reader's that asked for more than the one thing that the mail is about. They are named
        above its text, which may be a profile to be copied.
        """
        t = pick(self.texts, language)
        lines = "\n".join(f"    {line}" for line in not_done)
        above = t("not_done", wishes=lines) + "\n\n" if not_done else ""
        message = build_service_message(
            key=key.replace("_", "-"),
            sender=self.sender,
            to=to,
            subject=" ".join(t(f"{name}.subject", **values).split()),
            text=above + t(f"{name}.text", **values).strip() + "\n",
            now=now,
        )
        message.mime["Reply-To"] = Address(addr_spec=reply_to)
        return message

    def build_change_notice(self, reader: Subscriber, changes: str, number: int, now: datetime) -> Message:
        """Tells a reader what the operator changed in their profile with revision `number`.

        It has the subject of a profile by mail, so that an answer is a changed profile (mail/inbound/parse.py).
        """
        t = pick(self.texts, reader.profile.language)
        links = self.identity.links_for(reader.subscriber_id, now.date())
        versions = t("operator_changed.versions", link=links.profile_url) if links.profile_url else ""
        return self.build(
            "operator_changed",
            reader.profile.language,
            {"name": self.brand_name, "changes": changes, "versions": versions},
            key=f"{reader.subscriber_id}.revision-{number}",
            to=reader.email,
            reply_to=links.reply_to,
            now=now,
        )
