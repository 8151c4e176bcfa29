"""What a reader says of single papers: "+3 -5" in a reply, tokens of the links in a mail, and what votes teach. Pure.

Who may vote is for tokens and tags to say; keeping votes, and finding the papers they are about, is
services/votes.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newsletter.model import Paper, Vote
from newsletter.signing import Purpose, Signer

MORE, LESS, NEITHER = 1, -1, 0
MOST_CHARS = 400  # of a line with votes
MOST_TAUGHT = 200  # votes a scorer learns from, the latest: interests change

_PLUS, _MINUS = "+＋﹢", "−－﹣–‐‑-"  # phones turn a hyphen into any of these
_MARK = f"([{_PLUS}{_MINUS}])([1-9１-９][0-9０-９]{{0,2}})"
_BETWEEN = "(?:[ \\t\\u00a0\\u3000]+|[ \\t\\u00a0\\u3000]*[,;，、；][ \\t\\u00a0\\u3000]*)"
_LINE = re.compile(f"{_MARK}(?:{_BETWEEN}{_MARK})*")
_EACH = re.compile(_MARK)


def read_votes(text: str) -> tuple[tuple[int, int], ...]:
    """Numbers of papers in the mail with 1 or -1, by number, from a line such as "+3 -5"; empty for any other line.

    Every number has its sign, and nothing else stands in the line: a telephone number or a date is no vote. Who says
    both of one paper has said nothing.
    """
    line = text.strip()
    if len(line) > MOST_CHARS or not _LINE.fullmatch(line):
        return ()
    said = {(int(number), MORE if sign in _PLUS else LESS) for sign, number in _EACH.findall(line)}
    return () if len({number for number, _ in said}) < len(said) else tuple(sorted(said))


def numbered(paper_ids: Sequence[str], marks: Iterable[tuple[int, int]]) -> list[tuple[str, int]]:
    """The papers these marks mean in a mail with these papers; a number that the mail has not means none."""
    return [(paper_ids[number - 1], value) for number, value in marks if 1 <= number <= len(paper_ids)]


def vote_token(signer: Signer, subscriber_id: str, arxiv_id: str, value: int) -> str:
    return signer.short_link(Purpose.VOTE, subscriber_id, f"{value:+d}"[0] + arxiv_id)


def read_vote_token(signer: Signer, token: str) -> tuple[str, str, int] | None:
    """Who, about which paper, and 1 or -1; None for a token that is not ours."""
    found = signer.read_short_link(Purpose.VOTE, token)
    if found is None:
        return None
    subscriber_id, detail = found
    return subscriber_id, detail[1:], MORE if detail.startswith("+") else LESS


def lessons(votes: Sequence[Vote], *, without: Iterable[str] = ()) -> tuple[tuple[Paper, int], ...]:
    """What a scorer may learn of these votes (oldest first), but those on the papers `without`."""
    left_out = set(without)
    known = [(vote.paper, vote.value) for vote in votes if vote.paper and vote.value]
    return tuple(lesson for lesson in known[-MOST_TAUGHT:] if lesson[0].arxiv_id not in left_out)
