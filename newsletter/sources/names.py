"""The authors of journals and preprint servers, as each writes them → names as arXiv prints them. Pure.

Feeds have one element a name, one for all ("Anna Berg, Ben Stone, and Cleo Wu"), or family names first, in pairs
("Berg, A., Stone, B." or "Berg, A.; Stone, B. C.").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_NAMES = 500
_NAME_CHARS = 200  # what is longer is no name; the rest of it is cut off
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[\s-]{0,2}){1,4}|(?:[^\W\d_]{1,2}\.[\s-]{0,2}){1,4}")
_AND = re.compile(r",? (?:and|&) |,(?:and|&) ", re.IGNORECASE)
_MAIL = re.compile(r"^[^\s@]+@[^\s(]+ ?\((.*)\)$")  # RSS 2.0 wants `lawyer@boyer.net (Lawyer Boyer)`
_GROUP = re.compile(r"\b(?:collaborations?|consortium|team|group|project|network|initiative)\b", re.IGNORECASE)


def read_names(elements: Sequence[str]) -> tuple[str, ...]:
    """Gives the names of all elements, each once, in their order, the first MOST_NAMES of them."""
    names = (name for element in elements for name in _split(element))
    plain = (" ".join(name.split()).strip(" ,;") for name in names)
    kept = dict.fromkeys(name[:_NAME_CHARS] for name in plain if any(map(str.isalpha, name)))
    return tuple(kept)[:MOST_NAMES]


def _split(text: str) -> list[str]:
    text = " ".join(text.split())
    mail = _MAIL.match(text)
    text = mail[1] if mail else text
    if "@" in text and " " not in text:
        return []  # an address alone is no name to show
    if ";" in text:
        return [first_name_first(part) for part in text.split(";")]
    parts = [part.strip() for part in _AND.sub(", ", text).split(",")]
    parts = [part for part in parts if part]
    if _are_pairs(parts):
        return [f"{given} {family}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    return parts


def _are_pairs(parts: Sequence[str]) -> bool:
    """Whether these are family and given names by turns: two single words, or initials at every second place."""
    if len(parts) % 2 or not parts:
        return False
    if all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return True
    return len(parts) == 2 and " " not in parts[0] and parts[1].count(" ") <= 1 and not _GROUP.search(parts[1])


def first_name_first(name: str) -> str:
    """ "A. B. Berg" for "Berg, A. B."; what has no comma, or several, stays as it is."""
    family, comma, given = (part.strip() for part in name.strip().partition(","))
    return f"{given} {family}" if comma and given and "," not in given else name.strip()
