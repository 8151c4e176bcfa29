"""Prints on any terminal: plain letters for what its encoding has no sign for, and documents as UTF-8 in a file.

Python raises UnicodeEncodeError for such a sign, which would end a morning over a tick or a reader's name. Which
commands print a document, as against words for a person, is theirs to say.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from pathlib import Path

import click

PLAIN = "newsletter-plain"  # the name of the error handler
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
#: Signs of our own that Unicode knows no plain form of.
_SIGNS = {
    **{"✓": "+", "✗": "x", "…": "...", "–": "-", "—": "-", "−": "-", "·": "-", "•": "*", "→": "->", "←": "<-"},
    **{"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "×": "x", "≤": "<=", "≥": ">=", "√": "sqrt", "ß": "ss"},
    **{"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"},
}


def make_forgiving() -> None:
    """Makes standard output and error print plain letters for want of a sign, and not raise. May be repeated.

    What would be printed on one that was closed goes nowhere.
    """
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    codecs.register_error(PLAIN, _in_plain_letters)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors=PLAIN)


def write_document(text: str) -> None:
    """Prints text that is meant for a file, with a line end at its end: in UTF-8, except on a terminal."""
    whole = text if text.endswith("\n") else f"{text}\n"
    click.echo(whole if sys.stdout.isatty() else whole.encode("utf-8", "surrogateescape"), nl=False)


def is_output_lost(error: OSError) -> bool:
    """Whether the error came of printing: it names no file, and is one of a disk. Nothing is printed from then on."""
    if error.filename is not None or error.errno not in _FULL:
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python fails once more at its end
    return True


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_plain(sign) for sign in signs), error.end


def _plain(sign: str) -> str:
    """The nearest thing in ASCII: a letter without its accent, or a question mark."""
    plain = _SIGNS.get(sign) or "".join(c for c in unicodedata.normalize("NFKD", sign) if c.isascii())
    return plain or ("" if unicodedata.combining(sign) else "?")
