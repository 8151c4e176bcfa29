"""Builds the MIME mail of a digest: two parts, the headers of a list mail, the envelope. Pure; sends nothing.

Everything is a function of (subscriber, digest date, content, now): the same delivery built twice has the same
Message-ID, so that copies collapse in the mailbox. Service mails (alerts, confirmations) are plainer and come from
another address, so that a reader's filter for the one does not catch the other.
"""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.headerregistry import Address, BaseHeader, Group, HeaderRegistry, UniqueAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from newsletter.addresses import mailto_link
from newsletter.mail.header_folding import fold_addresses, fold_text
from newsletter.mail.quoted_printable import encode_text
from newsletter.model import Digest, Message, RenderedDigest, Subscriber, delivery_id_of
from newsletter.signing import Purpose, Signer, amount_token, save_token, tagged, vote_token

# RFC 5322 §2.1.1: no line over 998 characters. Quoted-printable keeps lines at 76 whatever the HTML looks like.
_ENCODING = "quoted-printable"
SERVICE = "service"  # before the slash of a service mail's id
_INVISIBLE = "\u2060"  # word joiner


class _ListHeader(BaseHeader):
    """Addresses in angle brackets, a line each: folded anywhere else the first line would be empty or a link broken."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        UnstructuredHeader.parse(value, kwds)

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self.replace('>, <', f'>,{policy.linesep} <')}{policy.linesep}"


class _TextHeader(BaseHeader):
    """Free text, which is no encoded word whatever it looks like. Raises ValueError for CR or LF."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        fold_text("", value)
        kwds["decoded"] = value.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates
        kwds["parse_tree"] = None

    def fold(self, *, policy: Policy) -> str:
        return policy.linesep.join([*fold_text(self.name, str(self)), ""])


class _MailboxHeader(UniqueAddressHeader):
    """From, To or Reply-To, made of an `Address`, which is not written and then read again as a text would be."""

    name: str

    @classmethod
    def parse(cls, value: Address, kwds: dict[str, Any]) -> None:  # type: ignore[override]  # given no text
        kwds["groups"] = [Group(None, [value])]
        kwds["decoded"] = str(value)
        kwds["defects"] = []
        kwds["parse_tree"] = None

    def fold(self, *, policy: Policy) -> str:
        return policy.linesep.join([*fold_addresses(self.name, self.addresses), ""])


class _Headers(HeaderRegistry):
    """Makes the class of each header once: the library makes one for each header of each mail."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        if name not in self._made:
            self._made[name] = super().__getitem__(name)
        return self._made[name]


def _policy() -> EmailPolicy[EmailMessage]:
    headers = _Headers()
    headers.map_to_type("list-unsubscribe", _ListHeader)
    headers.map_to_type("subject", _TextHeader)
    for name in ("from", "to", "reply-to"):
        headers.map_to_type(name, _MailboxHeader)  # type: ignore[arg-type]  # the registry adds BaseHeader
    return email.policy.SMTP.clone(header_factory=headers)


_POLICY = _policy()


@dataclass(frozen=True, slots=True)
class VoteLinks:
    """Makes the links of one subscriber's mails by which they vote on a paper, or save it."""

    base_url: str
    signer: Signer
    subscriber_id: str

    def url(self, arxiv_id: str, value: int) -> str:
        """To the page that asks whether more (1) or less (-1) like this paper is meant."""
        return f"{self.base_url}/v/{vote_token(self.signer, self.subscriber_id, arxiv_id, value)}"

    def save_url(self, arxiv_id: str) -> str:
        """To the page that asks whether the paper is to be saved, and says whether it is."""
        return f"{self.base_url}/s/{save_token(self.signer, self.subscriber_id, arxiv_id)}"


@dataclass(frozen=True, slots=True)
class MailLinks:
    """The addresses and links by which a reader answers one mail. Without a web part there are no links."""

    reply_to: str
    unsubscribe_url: str = ""
    envelope_from: str = ""  # who is told of a bounce; empty: the From address
    profile_url: str = ""
    web_url: str = ""  # the page that has this digest with everything in full
    vote_links: VoteLinks | None = None
    more_papers_url: str = ""  # the page that sends more papers a day
    fewer_papers_url: str = ""
    is_read: bool = False  # by this program: a reply may say more than a person would be asked to do


@dataclass(frozen=True, slots=True)
class MailIdentity:
    """The sender of all mails, and where answers go. `signer` is None without a secret key: then nothing is tagged."""

    sender: Address
    reply_to: str  # the mailbox that gets replies, "unsubscribe" among them
    signer: Signer | None = None
    base_url: str = ""  # of the web part, without a slash at its end
    bounce_to: str = ""  # the mailbox that gets bounces
    has_tags: bool = True  # False: the mailbox of replies knows no plus-addressing
    is_read: bool = False  # whether replies come to this program, not to a person alone

    def links_for(self, subscriber_id: str, digest_on: date) -> MailLinks:
        """Makes the links of one delivery, always the same. A tag says whose mail it was, and only we can make one."""
        signer = self.signer
        if signer is None:
            return MailLinks(self.reply_to, envelope_from=self.bounce_to)
        reply = tagged(self.reply_to, signer.tag(Purpose.REPLY, subscriber_id, digest_on))
        bounce = tagged(self.bounce_to, signer.tag(Purpose.BOUNCE, subscriber_id, digest_on)) if self.bounce_to else ""
        links = MailLinks(reply if self.has_tags else self.reply_to, envelope_from=bounce, is_read=self.is_read)
        if not self.base_url:
            return links
        return replace(
            links,
            unsubscribe_url=f"{self.base_url}/u/{signer.link(Purpose.UNSUBSCRIBE, subscriber_id)}",
            profile_url=f"{self.base_url}/profile/{signer.link(Purpose.PROFILE, subscriber_id)}",
            web_url=f"{self.base_url}/archive/{signer.link(Purpose.ARCHIVE, subscriber_id)}/{digest_on}",
            vote_links=VoteLinks(self.base_url, signer, subscriber_id),
            more_papers_url=f"{self.base_url}/amount/{amount_token(signer, subscriber_id, digest_on, 1)}",
            fewer_papers_url=f"{self.base_url}/amount/{amount_token(signer, subscriber_id, digest_on, -1)}",
        )


def build_message(digest: Digest, rendered: RenderedDigest, identity: MailIdentity, *, now: datetime) -> Message:
    """The mail of this digest; its Message-ID is one for each (subscriber, digest date). `now` is aware.

    Raises ValueError if an address, a name or the subject contains CR or LF, or if the HTML is not ASCII.
    """
    who, on = digest.subscriber.subscriber_id, digest.digest_on
    key = f"{on.isoformat()}.{who}"
    links = identity.links_for(who, on)
    mime = _list_mail(digest.subscriber, rendered, identity.sender, links, key=key, kind="digest", now=now)
    return Message(delivery_id_of(who, on), digest.subscriber.email, mime, links.envelope_from)


def build_welcome(reader: Subscriber, rendered: RenderedDigest, identity: MailIdentity, *, now: datetime) -> Message:
    """The mail that welcomes this reader; once more on the same UTC day it is the same mail. Raises as `build_message`.

    It comes from the address of the digests, so that who lets it in lets them in, too.
    """
    on = now.astimezone(UTC).date()
    key = f"{on.isoformat()}.{reader.subscriber_id.replace('_', '-')}.welcome"
    links = identity.links_for(reader.subscriber_id, on)
    mime = _list_mail(reader, rendered, identity.sender, links, key=f"{SERVICE}.{key}", kind="welcome", now=now)
    return Message(f"{SERVICE}/{key}", reader.email, mime, links.envelope_from)


def _list_mail(
    reader: Subscriber,
    rendered: RenderedDigest,
    sender: Address,
    links: MailLinks,
    *,
    key: str,
    kind: str,
    now: datetime,
) -> EmailMessage:
    """A mail of two parts with all headers of a list. The same `key` is the same mail."""
    message_id = f"<{key}@{sender.domain}>"
    if not rendered.html.isascii():
        # SendGrid picks the charset from the bytes, and Gmail clips what it gets as Latin-1 at any size
        raise ValueError(f"the HTML part of {message_id} is not ASCII")
    mime = EmailMessage(policy=_POLICY)
    mime["From"] = sender
    mime["To"] = Address(display_name=reader.name, addr_spec=reader.email)
    mime["Reply-To"] = Address(addr_spec=links.reply_to)
    mime["Subject"] = _POLICY.header_factory("Subject", rendered.subject)
    mime["Date"] = format_datetime(now)
    mime["Message-ID"] = message_id
    _add_fixed(mime, "List-Id", f"<digest.{sender.domain}>")  # RFC 2919
    for name, value in list_unsubscribe(links).items():
        mime[name] = value
    # Gmail's postmaster tools: a:b:c:sender
    _add_fixed(mime, "Feedback-ID", f"::{kind}:{_feedback_sender(sender.domain)}")
    _add_automatic(mime)
    _add_parts(mime, rendered, key)
    return mime


def list_unsubscribe(links: MailLinks) -> dict[str, str]:
    """Headers that give a mail client its Unsubscribe button (RFC 2369 §3.2; one click: RFC 8058 §3.1).

    Both have to be inside the DKIM signature (RFC 8058 §4). The link comes first: clients take the first they can.
    """
    mailto = f"<{mailto_link(links.reply_to, 'unsubscribe')}>"
    if not links.unsubscribe_url.startswith("https://"):  # the only form RFC 8058 §3.1 allows
        return {"List-Unsubscribe": mailto}
    return {
        "List-Unsubscribe": f"<{links.unsubscribe_url}>, {mailto}",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def build_service_message(*, key: str, sender: Address, to: str, subject: str, text: str, now: datetime) -> Message:
    """A short mail from the service itself, of text alone. The same `key` (letters, digits, - and .) is the same mail.

    Raises ValueError for CR or LF in subject or address, and for a key that no Message-ID could hold.
    """
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,100}", key):
        raise ValueError(f"{key!a} cannot be part of a Message-ID")
    mime = EmailMessage(policy=_POLICY)
    mime["From"] = sender
    mime["To"] = Address(addr_spec=to)
    mime["Subject"] = _POLICY.header_factory("Subject", subject)
    mime["Date"] = format_datetime(now)
    mime["Message-ID"] = f"<{SERVICE}.{key}@{sender.domain}>"
    _add_automatic(mime)
    mime.set_content(text, charset="utf-8", cte=_ENCODING)
    return Message(delivery_id=f"{SERVICE}/{key}", to=to, mime=mime)


def _add_automatic(mime: EmailMessage) -> None:
    """No out-of-office answers, please: RFC 3834 §5, and [MS-OXCMAIL] for Exchange."""
    _add_fixed(mime, "Auto-Submitted", "auto-generated")
    _add_fixed(mime, "Precedence", "bulk")
    _add_fixed(mime, "X-Auto-Response-Suppress", "All")


def _add_fixed(mime: EmailMessage, name: str, value: str) -> None:
    """Adds a header that many mails have: it is parsed once."""
    mime[name] = _fixed_header(name, value)


@lru_cache(maxsize=64)
def _fixed_header(name: str, value: str) -> BaseHeader:
    header: BaseHeader = _POLICY.header_factory(name, value)
    return header


def _add_parts(mime: EmailMessage, rendered: RenderedDigest, boundary: str) -> None:
    """As `set_content` and `add_alternative` do, which parse the same headers for each mail."""
    text = _part(beyond_latin_1(rendered.text), "plain", "utf-8")
    html = _part(rendered.html, "html", "us-ascii")
    _add_fixed(html, "MIME-Version", "1.0")
    _add_fixed(mime, "MIME-Version", "1.0")
    # The same delivery gives the same bytes. "=_" cannot occur in quoted-printable text (RFC 2045 §6.7).
    mime["Content-Type"] = f'multipart/alternative; boundary="=_{boundary}"'
    mime.set_payload([text, html])


def _part(text: str, subtype: str, charset: str) -> EmailMessage:
    part = EmailMessage(policy=_POLICY)
    _add_fixed(part, "Content-Type", f'text/{subtype}; charset="{charset}"')
    _add_fixed(part, "Content-Transfer-Encoding", _ENCODING)
    part.set_payload(encode_text(text, charset))
    return part


def beyond_latin_1(text: str) -> str:
    """The text, with an invisible character at its end if Latin-1 could hold it and ASCII could not.

    SendGrid would then send it as ISO-8859-1, whatever it was given (seen 2026).
    """
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    return text if text.isascii() else f"{text}{_INVISIBLE}\n"


def _feedback_sender(domain: str) -> str:
    """5 to 15 letters and digits, one for each sender, the same for every mail of theirs (Gmail, Feedback loop).

    The domain itself where it fits, else its beginning and a digest of it: "newsletter.invalid" → "newslette-851dd".
    """
    letters = re.sub(r"[^a-z0-9]", "", domain.lower())
    if 5 <= len(letters) <= 15:
        return letters
    return f"{letters[:9]}-{sha256(domain.lower().encode()).hexdigest()[:5]}"
