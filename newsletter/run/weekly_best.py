"""Chooses which of the papers sent since Monday stand once more in Friday's mail. Pure.

Only for who asks for it (`weekly_best`) and has a mail on each of these days: a weekly mail is the week already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from newsletter.model import Digest, EarlierEntry, Frequency, Subscriber, Vote
from newsletter.run.digest import reading_order

MOST_PAPERS = 5
_FRIDAY = 4  # the last day on which arXiv announces


def is_due(subscriber: Subscriber, digest_on: date) -> bool:
    """Tells whether the mail of that date has the week's best."""
    return subscriber.weekly_best and subscriber.frequency is not Frequency.WEEKLY and digest_on.weekday() == _FRIDAY


def monday_of(digest_on: date) -> date:
    return digest_on - timedelta(days=digest_on.weekday())


def choose_best(digests: Sequence[Digest], votes: Sequence[Vote]) -> tuple[EarlierEntry, ...]:
    """Chooses the best papers of these digests: the liked ones first, then as a digest orders them.

    Papers below the cut-offs are not among them, nor any that the reader wants less of.
    """
    values = {vote.arxiv_id: vote.value for vote in votes}
    passed = [
        EarlierEntry(digest.digest_on, entry)
        for digest in digests
        for entry in digest.entries
        if not entry.is_nearest and values.get(entry.paper.arxiv_id, 0) >= 0
    ]
    passed.sort(key=lambda one: (-values.get(one.entry.paper.arxiv_id, 0), reading_order(one.entry.score)))
    return tuple(passed[:MOST_PAPERS])
