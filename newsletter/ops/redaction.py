"""Takes addresses and secrets out of a text before somebody else reads it: a log, an alert. Pure.

A last net. Whoever writes a line names ids in the first place; this catches what other programs put into their answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ADDRESS = "[address]"
SECRET = "***"  # noqa: S105 - none; in an address it leaves what still looks like one
MIN_SECRET_CHARS = 4  # anything shorter is in every line

# On the generous side: whatever has an @ (in a URL: %40) with something on both sides. A word is looked at from its
# first sign alone: from each takes the square of its length.
_SIGN = r'[^\s@<>()\[\],;:"]'
_ADDRESS = re.compile(rf'(?:"[^"\n]*"|(?<!{_SIGN})(?:{_SIGN}++(?=@)|{_SIGN}+?(?=%40)))(?:@|%40){_SIGN}+')


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Removes what looks like an address, and secrets of four characters or more."""
    for secret in sorted(secrets, key=len, reverse=True):  # one may be part of another
        if len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, SECRET)
    return _ADDRESS.sub(ADDRESS, text)
