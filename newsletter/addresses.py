"""An address → its base address, the id of the subscriber behind it, a link; words → without addresses. Pure.

Whether an address is well formed is for others to say (subscribers/subscribers_yaml.py). The id must never change: the
ledger and the memory of sent papers hang on it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote

_WORD = re.compile(r"[^\s<>()\[\]\"',;:]+")
_WORDS_CHARS = 200


def base_address(email: str) -> str:
    """Lower case and without `+tag`: what two spellings of one mailbox share (the key of a suppression)."""
    local, at, domain = email.strip().lower().rpartition("@")
    base = local.partition("+")[0]
    return f"{base or local}{at}{domain}"  # a local part that begins with + is no tag


def is_same_mailbox(one: str, other: str) -> bool:
    """Whether two addresses are one mailbox. Where that matters the id is not enough: it has 40 bits."""
    return base_address(one) == base_address(other)


def subscriber_id(email: str) -> str:
    """`s_` and eight lower-case base32 characters, 40 bits of the base address's SHA-256.

    Two of 1,000 addresses share an id with a chance of 1 to 2 million; subscribers/subscribers_yaml.py refuses such a
    pair. Whoever looks for an address with the id of another finds one in seconds: an address that proves something is
    compared itself (`is_same_mailbox`).
    """
    digest = hashlib.sha256(base_address(email).encode("utf-8", "surrogatepass")).digest()
    return "s_" + base64.b32encode(digest[:5]).decode("ascii").lower()


def mailto_link(email: str, subject: str = "") -> str:
    """A link to write to this address (RFC 6068). A plus is %2B: some mail programs read a bare one as a blank."""
    return f"mailto:{quote(email, safe='@')}" + (f"?subject={quote(subject, safe='')}" if subject else "")


def without_addresses(words: str) -> str:
    """Foreign words for the ledger and the log: on one line of 200 characters at most, addresses taken out."""
    line = " ".join("".join(c if c.isprintable() else " " for c in _WORD.sub(_hidden, words)).split())
    return line if len(line) <= _WORDS_CHARS else f"{line[: _WORDS_CHARS - 1]}…"


def _hidden(word: re.Match[str]) -> str:
    """What is shown of a word: an address has an @ inside."""
    return "(address)" if "@" in word[0][1:-1] else word[0]
