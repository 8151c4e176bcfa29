"""Signs what lets somebody act for a subscriber: tokens of links, and the part of an address after the plus.

Both hold a subscriber's id and no address, have one purpose, can be used again and do not expire: a mail lies in its
mailbox for years. Pure; what a token allows is for those to say who read it. Links are itsdangerous'; a tag has its own
form, since addresses lose their capitals on the way and hold 64 octets before the @ (RFC 5321 §4.5.3.1.1); so have the
links of which a mail has many, since Gmail cuts a long one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer

_SUBSCRIBER_ID = re.compile(r"s_([a-z2-7]{8})")
_TAG = re.compile(r"[a-z2-7]{24}")
_FIRST_DAY = date(2020, 1, 1)
_LAST_DAY = _FIRST_DAY + timedelta(days=0xFFFF)  # a day is two octets
_ID_BYTES = 5
_MAC_BYTES = 8  # 64 bits: nobody guesses one by mail, nor by asking a server as often as it can answer
_LINK_CHARS = 200
_FROM_PAGE = "w"  # behind the date of a link that stands on a page of the archive


class Purpose(StrEnum):
    """What a token is for; one made for another purpose is worth nothing."""

    UNSUBSCRIBE = "unsubscribe"  # a link
    PAUSE = "pause"  # a link
    PROFILE = "profile"  # a link
    REPLY = "reply"  # a tag in Reply-To and in the unsubscribing address
    BOUNCE = "bounce"  # a tag in the envelope sender (VERP)
    VOTE = "vote"  # a short link beside each paper
    SAVE = "save"  # a short link beside each paper
    ARCHIVE = "archive"  # a link to all their digests
    AMOUNT = "amount"  # a short link in each mail: more papers a day, or fewer
    CONFIRM = "confirm"  # a short link in the mail to who asked to be subscribed


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes tokens with the last of its keys and reads those of all, so that keys can be changed without a break.

    `heir` says who a subscriber is now whose token is read: another id, once their address has changed.
    """

    keys: Sequence[str] = field(repr=False)  # oldest to newest
    heir: Callable[[str], str] = field(default=lambda subscriber_id: subscriber_id, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.keys or not all(self.keys):
            raise ValueError("a signer needs at least one key, and none may be empty")

    def link(self, purpose: Purpose, subscriber_id: str) -> str:
        """Makes a token for a URL's path."""
        return str(self._serializer(purpose).dumps(subscriber_id))

    def read_link(self, purpose: Purpose, token: str) -> str | None:
        """Reads whose link it is; None for one that is not ours, or of another purpose."""
        if len(token) > _LINK_CHARS:
            return None
        try:
            found = self._serializer(purpose).loads(token)
        except BadData:
            return None
        return self.heir(found) if isinstance(found, str) else None

    def short_link(self, purpose: Purpose, subscriber_id: str, detail: str) -> str:
        """Makes a token for a URL's path that says a little more, in less than half of the characters of `link`.

        Raises ValueError for an id that it cannot hold, and for a detail that is not ASCII.
        """
        payload = _pack_id(subscriber_id) + detail.encode("ascii")
        return _base64(payload + _mac(self.keys[-1], purpose, payload))

    def read_short_link(self, purpose: Purpose, token: str) -> tuple[str, str] | None:
        """Reads whose link it is, and the detail; None for one that is not ours, or of another purpose."""
        if len(token) > _LINK_CHARS or not token.isascii():
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except binascii.Error:
            return None
        payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if token != _base64(raw) or not self._is_ours(purpose, payload, mac):
            return None
        return self.heir(_unpack_id(payload[:_ID_BYTES])), payload[_ID_BYTES:].decode("ascii")

    def tag(self, purpose: Purpose, subscriber_id: str, digest_on: date) -> str:
        """Makes 24 lower-case letters and digits for one mail. Raises ValueError for an id or a date it cannot hold."""
        if not _FIRST_DAY <= digest_on <= _LAST_DAY:
            raise ValueError(f"{digest_on} cannot be put into a token")
        payload = _pack_id(subscriber_id) + (digest_on - _FIRST_DAY).days.to_bytes(2, "big")
        return base64.b32encode(payload + _mac(self.keys[-1], purpose, payload)).decode("ascii").lower()

    def read_tag(self, purpose: Purpose, tag: str) -> tuple[str, date] | None:
        """Reads whose mail it is, of which digest date; None for a tag that is not ours. Capitals do not matter."""
        if not _TAG.fullmatch(tag.lower()):
            return None
        try:
            raw = base64.b32decode(tag.upper())
        except binascii.Error:
            return None
        payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not self._is_ours(purpose, payload, mac):
            return None
        days = int.from_bytes(payload[_ID_BYTES:], "big")
        return self.heir(_unpack_id(payload[:_ID_BYTES])), _FIRST_DAY + timedelta(days=days)

    def _is_ours(self, purpose: Purpose, payload: bytes, mac: bytes) -> bool:
        return any(hmac.compare_digest(_mac(key, purpose, payload), mac) for key in self.keys)

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(list(self.keys), salt=f"newsletter link {purpose}")


def vote_token(signer: Signer, subscriber_id: str, arxiv_id: str, value: int) -> str:
    """Makes the token of a link by which a reader votes on a paper: 1 or -1."""
    return signer.short_link(Purpose.VOTE, subscriber_id, f"{value:+d}"[0] + arxiv_id)


def read_vote_token(signer: Signer, token: str) -> tuple[str, str, int] | None:
    """Reads who votes, on which paper, and 1 or -1; None for a token that is not ours."""
    found = signer.read_short_link(Purpose.VOTE, token)
    if found is None:
        return None
    subscriber_id, detail = found
    return subscriber_id, detail[1:], 1 if detail.startswith("+") else -1


def amount_token(
    signer: Signer, subscriber_id: str, digest_on: date, direction: int, *, is_from_mail: bool = True
) -> str:
    """Makes the token of a link by which a reader asks for more papers a day (1) or fewer (-1) by that digest.

    Only what is from a mail may lead on to the reader's profile: a page may be seen by others.
    """
    detail = f"{direction:+d}"[0] + digest_on.isoformat() + ("" if is_from_mail else _FROM_PAGE)
    return signer.short_link(Purpose.AMOUNT, subscriber_id, detail)


def read_amount_token(signer: Signer, token: str) -> tuple[str, date, int, bool] | None:
    """Reads who asks, by the digest of which date, 1 or -1, and if it is from a mail; None if it is not ours."""
    found = signer.read_short_link(Purpose.AMOUNT, token)
    if found is None:
        return None
    subscriber_id, detail = found
    digest_on = date.fromisoformat(detail[1:].removesuffix(_FROM_PAGE))
    return subscriber_id, digest_on, 1 if detail.startswith("+") else -1, not detail.endswith(_FROM_PAGE)


def save_token(signer: Signer, subscriber_id: str, arxiv_id: str) -> str:
    """Makes the token of a link by which a reader saves a paper, or takes it off their list."""
    return signer.short_link(Purpose.SAVE, subscriber_id, arxiv_id)


def read_save_token(signer: Signer, token: str) -> tuple[str, str] | None:
    """Reads who saves, and which paper; None for a token that is not ours."""
    return signer.read_short_link(Purpose.SAVE, token)


def tagged(address: str, tag: str) -> str:
    """Makes `news+TAG@example.org` of `news@example.org` (plus-addressing). A tag that is there already gives way."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}+{tag}@{domain}"


def tag_of(address: str) -> str:
    """Takes what stands behind the plus, in lower case; empty if there is none."""
    return address.rpartition("@")[0].partition("+")[2].lower()


@lru_cache(maxsize=64)
def _pack_id(subscriber_id: str) -> bytes:
    match = _SUBSCRIBER_ID.fullmatch(subscriber_id)
    if match is None:
        raise ValueError(f"{subscriber_id!a} cannot be put into a token")
    return base64.b32decode(match[1].upper())


def _unpack_id(packed: bytes) -> str:
    return f"s_{base64.b32encode(packed).decode('ascii').lower()}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _mac(key: str, purpose: Purpose, payload: bytes) -> bytes:
    return hmac.digest(_purposed(key, purpose), payload, hashlib.sha256)[:_MAC_BYTES]


@lru_cache(maxsize=64)  # a mail has dozens of links of one purpose
def _purposed(key: str, purpose: Purpose) -> bytes:
    return hmac.digest(key.encode("utf-8"), f"newsletter tag {purpose}".encode(), hashlib.sha256)
