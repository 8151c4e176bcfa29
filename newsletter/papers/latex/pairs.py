"""Pairs the braces and the dollars of a text."""

from __future__ import annotations

import re

_STRUCTURE = re.compile(r"\\.|[{}$]", re.S)


def brace_pairs(text: str) -> dict[int, int]:
    """Maps the place of each opening brace to that of its partner; escaped braces do not count."""
    partner: dict[int, int] = {}
    open_at: list[int] = []
    for match in _STRUCTURE.finditer(text):
        if match[0] == "{":
            open_at.append(match.start())
        elif match[0] == "}" and open_at:
            partner[open_at.pop()] = match.start()
    return partner


def dollar_pairs(text: str, partner: dict[int, int]) -> tuple[dict[int, int], dict[int, int]]:
    """Maps each dollar to the next one, and to the next one in the same group of braces."""
    following: dict[int, int] = {}
    beside: dict[int, int] = {}
    closers = set(partner.values())
    last, last_in_group = -1, [-1]
    for match in _STRUCTURE.finditer(text):
        pos = match.start()
        if match[0] == "$":
            following[last] = beside[last_in_group[-1]] = pos
            last = last_in_group[-1] = pos
        elif pos in partner:
            last_in_group.append(-1)
        elif pos in closers:
            last_in_group.pop()
    return following, beside
