"""Reads votes on single papers ("+3 -5" in a reply), and gives a scorer the papers with their votes. Pure.

Who may vote is for tokens and tags to say (signing.py); keeping votes, and finding the papers they are about, is
services/votes.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newsletter.model import Paper, Vote

MORE, LESS, NEITHER = 1, -1, 0
_MAX_LINE_CHARS = 400  # of a line with votes
MAX_LABELLED_PAPERS = 200  # that a scorer learns from, the latest: interests change

_PLUS, _MINUS = "+＋﹢", "−－﹣–‐‑-"  # phones turn a hyphen into any of these
_BLANK = r"[ \t\u00a0\u3000]"
_MARK = f"([{_PLUS}{_MINUS}]){_BLANK}?([1-9１-９][0-9０-９]{{0,2}})"
_AND = "[,;，、；/&]|and|und|et|y|e|和|と"
_LINE = re.compile(f"{_MARK}(?:{_BLANK}*(?:{_AND})?{_BLANK}*{_MARK})*[.!。！]?", re.IGNORECASE)
_EACH = re.compile(_MARK)
_TELEPHONE = re.compile(rf"\+{_BLANK}?\d+(?:(?:[{_MINUS}]|{_BLANK}[{_MINUS}]{_BLANK})\d+)+")
_TELEPHONE_DIGITS = 7  # and more: the shortest numbers with the code of a country before them


def read_votes(text: str) -> tuple[tuple[int, int], ...]:
    """Reads a line such as "+3 -5" or "+3-5": numbers of papers with 1 or -1, by number; empty for any other line.

    Every number has its sign, and nothing else stands in the line but what joins them: a telephone number or a date is
    no vote. Who says both of one paper has said nothing.
    """
    line = text.strip()
    if len(line) > _MAX_LINE_CHARS or not _LINE.fullmatch(line) or _is_telephone_number(line):
        return ()
    marks = {(int(number), MORE if sign in _PLUS else LESS) for sign, number in _EACH.findall(line)}
    return () if len({number for number, _ in marks}) < len(marks) else tuple(sorted(marks))


def _is_telephone_number(line: str) -> bool:
    """Whether it is written as one is: "+33-1-42-68-53-10". With "+33 -1" in it, no sign belongs to what is before."""
    return bool(_TELEPHONE.fullmatch(line)) and sum(map(str.isdigit, line)) >= _TELEPHONE_DIGITS


def papers_by_number(paper_ids: Sequence[str], marks: Iterable[tuple[int, int]]) -> list[tuple[int, str, int]]:
    """Finds the papers of these numbers in a mail: number, id and vote; a number that the mail has not means none."""
    return [(number, paper_ids[number - 1], value) for number, value in marks if 1 <= number <= len(paper_ids)]


def labelled_papers(votes: Sequence[Vote], *, without: Iterable[str] = ()) -> tuple[tuple[Paper, int], ...]:
    """Lists the papers voted on, with 1 or -1, that a scorer may learn from; those `without` are left out.

    `votes` are in the order of time; papers whose vote was taken back, or that are not stored, teach nothing.
    """
    labelled = [(vote.paper, vote.value) for vote in votes if vote.paper and vote.value]
    left_out = set(without) if labelled else set()  # a day has a thousand papers, and most readers never vote
    return tuple((paper, value) for paper, value in labelled[-MAX_LABELLED_PAPERS:] if paper.arxiv_id not in left_out)
