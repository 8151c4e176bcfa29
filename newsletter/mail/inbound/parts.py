"""The bytes of a mail → its headers and parts, in time that grows with their length, whatever the bytes are. Pure.

Python's email package does the reading. It calls itself for each part within a part and each comment within a comment,
and reads some headers in the square of their length: here is what keeps both within bounds. What the parts say is
body_text.py's business.
"""

from __future__ import annotations

import re
from codecs import lookup
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime

from newsletter.errors import UnreadableMail

#: Where a mail server writes the address a mail was delivered to, the surest first.
DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
MOST_BYTES = 1_000_000  # of a mail that are looked at: what a reader writes comes before what is attached
MOST_HEADER_BYTES = 250_000  # of all headers together; providers take 64 to 500 kB
MOST_PARTS = 300
_LONGEST_HEADER = 20_000
_LONGEST_FIELDS = 2_000  # of a header that describes the body: its parameters are read in quadratic time
_MOST_FIELDS = 40  # of such a header, which takes more time by field than by length. A long name of a file has 30
_DEEPEST = 30  # boundaries, each of which is looked for in every line, and mails within mails
# Python knows them, mail does not. To undo punycode takes the square of a text's length.
_NO_CHARSETS = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"}
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n|\r\r")
_DEEPER = re.compile(rb"boundary[*0-9]*[ \t]*=|message/", re.IGNORECASE)


class _Bounded(Compat32):
    """Cuts a header that is longer than any mail program makes it."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        if name.lower().startswith("content-"):
            return name, ";".join(value[:_LONGEST_FIELDS].split(";")[:_MOST_FIELDS])
        return name, value[:_LONGEST_HEADER]


_POLICY = _Bounded()


def open_mail(raw: bytes) -> Message:
    """The mail, as far as it is looked at. Raises UnreadableMail if it cannot be taken to pieces."""
    try:
        return message_from_bytes(_up_to_the_deepest(_with_few_headers(raw[:MOST_BYTES])), policy=_POLICY)
    except RecursionError as error:
        raise UnreadableMail("it has more mails within mails than any mail") from error


def _with_few_headers(raw: bytes) -> bytes:
    """Without the headers behind the first MOST_HEADER_BYTES."""
    found = _END_OF_HEADERS.search(raw)
    end = found.start() if found else len(raw)
    if end <= MOST_HEADER_BYTES:
        return raw
    last_line = raw.rfind(b"\n", 0, MOST_HEADER_BYTES)
    return raw[: max(0, last_line)] + raw[end:]


def _up_to_the_deepest(raw: bytes) -> bytes:
    """Up to where it goes deeper than any mail, or has more parts: the text stands before that."""
    for number, found in enumerate(_DEEPER.finditer(raw)):
        if number == _DEEPEST:
            return raw[: found.start()]
    return raw


def parts_of(mail: Message, is_entered: Callable[[Message], bool] = lambda part: True) -> Iterator[Message]:
    """The mail and all parts in it, in their order, up to MOST_PARTS; nothing within a part that is not entered."""
    waiting = [mail]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        inner = part.get_payload()
        if isinstance(inner, list) and is_entered(part):
            waiting.extend(each for each in reversed(inner[:MOST_PARTS]) if isinstance(each, Message))


# --- headers --------------------------------------------------------------------------------------------


def headers_of(mail: Message, name: str) -> list[str]:
    """Every header of that name, decoded as far as it can be. Never raises."""
    # raw: what is neither ASCII nor encoded would come out as question marks
    return [_decoded(str(value)) for header, value in mail.raw_items() if header.lower() == name.lower()]


def header_of(mail: Message, name: str) -> str:
    """The first; empty if there is none."""
    return next(iter(headers_of(mail, name)), "")


def sent_at(mail: Message, earliest: datetime, now: datetime) -> datetime:
    """Reads the time the mail gives itself; `now` where that cannot be true: before `earliest`, or in the future."""
    try:
        at = parsedate_to_datetime(header_of(mail, "Date"))
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return now
    return at if earliest <= at <= now else now


def digest_date_in(message_ids: str, who: str) -> date | None:
    """Finds the digest date in our own Message-IDs for this subscriber, which name both."""
    for found in re.finditer(rf"<(\d{{4}}-\d\d-\d\d)\.{who}@", message_ids, re.ASCII):
        with suppress(ValueError):
            return date.fromisoformat(found[1])
    return None


def addresses_in(values: Iterable[str]) -> list[str]:
    """The addresses in these headers. One header that cannot be read does not hide those of the others."""
    return [address for value in values for address in _addresses(value)]


def _addresses(value: str) -> list[str]:
    try:
        return [address for _, address in getaddresses([value]) if "@" in address]
    except (ValueError, IndexError, AttributeError, RecursionError):  # what a damaged header does to the library
        return []


def _decoded(value: str) -> str:
    """RFC 2047. What stands behind the last encoded word is left alone: in it every beginning of one is searched
    to its end."""
    line = " ".join(decoded(value.encode("utf-8", "surrogateescape"), "utf-8").splitlines())
    end = line.rfind("?=") + 2
    if end < 2:
        return line
    try:
        parts = decode_header(line[:end])
    except (HeaderParseError, ValueError, AssertionError):
        return line
    words = (part if isinstance(part, str) else decoded(part, charset or "ascii") for part, charset in parts)
    return "".join(words) + line[end:]


def decoded(payload: bytes, charset: str) -> str:
    """By the charset it says; a wrong one is UTF-8 if it can be, else windows-1252."""
    for name in (charset, "utf-8"):
        try:
            if lookup(name).name not in _NO_CHARSETS:
                return payload.decode(name)
        except (LookupError, ValueError):
            continue
    return payload.decode("cp1252", "replace")
