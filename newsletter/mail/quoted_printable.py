"""Writes a text as quoted-printable (RFC 2045 §6.7). Pure."""

from __future__ import annotations

import binascii


def encode_text(text: str, charset: str) -> str:
    """Gives the text in this charset as lines of ASCII of at most 76 characters, each ended by a line feed.

    Without the blanks at the ends of lines, which nobody sees: for them Python (3.11 to 3.13) writes lines of 78.
    Raises UnicodeEncodeError for what the charset does not have.
    """
    lines = (line.rstrip(b" \t") for line in text.encode(charset).splitlines())
    return binascii.b2a_qp(b"\n".join(lines) + b"\n").decode("ascii")
