"""Makes words comparable, however somebody writes them, and patterns of words that are compared so. Pure."""

from __future__ import annotations

import re
import unicodedata

NEVER = r"(?!)"  # a pattern that matches nothing


def fold_words(text: str) -> str:
    """Makes a text comparable: without capitals, accents, invisible characters and other widths."""
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in parts if not "\u0300" <= c <= "\u036f" and unicodedata.category(c) != "Cf")
    return " ".join(unicodedata.normalize("NFC", kept).casefold().replace("’", "'").split())


def alternatives(words: str) -> str:
    """Builds a pattern for any of the words that `|` parts, the longest first."""
    return "|".join(sorted((re.escape(fold_words(word)) for word in words.split("|")), key=len, reverse=True))
