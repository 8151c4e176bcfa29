"""Stores a reader's vote with the paper it is about, so that it teaches long after the announcement is forgotten.

Who may vote was settled before; what votes do to a ranking is the scorers' business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.errors import ReaderUnreadable
from newsletter.model import Paper, Vote
from newsletter.stores import Store
from newsletter.subscribers import NEITHER, papers_by_number

# From the date of a mail: arXiv's day may be one ahead of the reader's, and a mail covers two weeks and a day at most.
_DAY_AHEAD, _DAYS_BACK = 1, 21


@dataclass(frozen=True, slots=True)
class NumberedVote:
    """A vote on a paper by its number in a mail. `paper` is None if nothing is known of it any more."""

    number: int
    paper_id: str
    value: int
    paper: Paper | None


def current_vote(store: Store, subscriber_id: str, arxiv_id: str) -> Vote | None:
    """The vote that counts now; None if there is none, or it was taken back."""
    votes = store.get_votes(subscriber_id)
    return next((vote for vote in votes if vote.arxiv_id == arxiv_id), None)


def find_paper(store: Store, subscriber_id: str, arxiv_id: str) -> Paper | None:
    """Finds a paper that was mailed to this reader: by its vote, its announcement, or a digest of whatever age."""
    vote = current_vote(store, subscriber_id, arxiv_id)
    if vote and vote.paper:
        return vote.paper
    rows = store.get_deliveries(subscriber_id=subscriber_id)
    mailed_on = [row.digest_on for row in reversed(rows) if arxiv_id in row.paper_ids]
    if not mailed_on:
        return None
    return _find_announced(store, arxiv_id, mailed_on[0]) or _find_in_digests(store, subscriber_id, arxiv_id, mailed_on)


def cast(store: Store, subscriber_id: str, arxiv_id: str, value: int, now: datetime) -> None:
    """Stores a vote: more (1), less (-1) or neither (0) like this paper. Doing it twice is doing it once."""
    current = current_vote(store, subscriber_id, arxiv_id)
    if value == (current.value if current else NEITHER):
        return
    paper = find_paper(store, subscriber_id, arxiv_id) if value else None
    store.put_vote(Vote(subscriber_id, arxiv_id, value, now, paper))


def cast_numbered(
    store: Store, subscriber_id: str, digest_on: date, marks: Iterable[tuple[int, int]], now: datetime
) -> list[NumberedVote]:
    """Stores votes by paper numbers in the mail of that date, and returns them; none for a number that it has not."""
    row = store.get_delivery(subscriber_id, digest_on)
    votes_cast = list[NumberedVote]()
    for number, paper_id, value in papers_by_number(row.paper_ids if row else (), marks):
        cast(store, subscriber_id, paper_id, value, now)
        votes_cast.append(NumberedVote(number, paper_id, value, find_paper(store, subscriber_id, paper_id)))
    return votes_cast


def _find_announced(store: Store, arxiv_id: str, mailed_on: date) -> Paper | None:
    for back in range(-_DAY_AHEAD, _DAYS_BACK + 1):
        day = store.get_day(mailed_on - timedelta(days=back))
        for announcement in day.announcements if day else ():
            if announcement.paper.arxiv_id == arxiv_id:
                return announcement.paper
    return None


def _find_in_digests(store: Store, subscriber_id: str, arxiv_id: str, mailed_on: Iterable[date]) -> Paper | None:
    """Finds what was mailed longer ago than announcements are kept: the archive has links to vote on it."""
    for on in mailed_on:
        try:
            digest = store.get_digest(subscriber_id, on)
        except ReaderUnreadable:  # an older mail may have it; without it the vote counts, and teaches nothing
            continue
        found = (entry.paper for entry in digest.entries) if digest else ()
        if paper := next((each for each in found if each.arxiv_id == arxiv_id), None):
            return paper
    return None
