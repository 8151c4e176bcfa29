"""Shares digests among equal readers: the same profile and limits, papers and votes make the same digest. Pure.

Only the latest few are remembered, since flow.py serves such readers one after another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import time
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from newsletter.model import Digest, Frequency, Paper, Profile, ScoreReport, Subscriber, Updates, Votes

if TYPE_CHECKING:
    from newsletter.run.select import Selection  # which is made of a Morning, and that has these digests

MAX_DIGESTS = 8

T = TypeVar("T")


def in_groups(subscribers: Iterable[Subscriber]) -> list[Subscriber]:
    """Sorts subscribers so that those who can share stand together, each group where its first one stood.

    Groups in groups: the same papers to choose from, of these the same profile, of these the same digest.
    """
    papers: dict[object, dict[Profile, dict[Subscriber, list[Subscriber]]]] = {}
    for subscriber in subscribers:
        profiles = papers.setdefault((subscriber.categories, subscriber.candidate_types), {})
        digests = profiles.setdefault(subscriber.profile, {})
        digests.setdefault(_as_anybody(subscriber), []).append(subscriber)
    return [
        subscriber
        for profiles in papers.values()
        for digests in profiles.values()
        for equals in digests.values()
        for subscriber in equals
    ]


def split_by_profile(grouped: Iterable[Subscriber]) -> list[list[Subscriber]]:
    """Splits what `in_groups` gives into readers of one profile, who choose from the same papers."""
    by_profile = groupby(grouped, key=lambda one: (one.categories, one.candidate_types, one.profile))
    return [list(readers) for _, readers in by_profile]


def cut_into_slices(groups: Sequence[Sequence[T]], size: int) -> list[list[T]]:
    """Cuts groups of readers, in their order, into slices of at most that size: a group in two only if it is larger."""
    slices: list[list[T]] = []
    for group in groups:
        for start in range(0, len(group), size):
            part = group[start : start + size]
            if slices and len(slices[-1]) + len(part) <= size:
                slices[-1] += part
            else:
                slices.append(list(part))
    return slices


@dataclass(frozen=True, slots=True)
class _Question:
    """All that a digest depends on. Compared, and not hashed: of equal readers most of it are the same objects."""

    selection: Selection
    votes: frozenset[tuple[Paper, float]]


class SharedDigests:
    """Remembers the latest digests of a run with their score reports, for readers who would get the same.

    Tokens are shown in the mail that caused them: what is given again has none. Where anything went wrong with the
    scores nothing is remembered, so that the next reader's papers are tried again.
    """

    def __init__(self) -> None:
        self._latest = deque[tuple[_Question, Digest, ScoreReport]](maxlen=MAX_DIGESTS)

    def find(self, selection: Selection, votes: Votes) -> tuple[Digest, ScoreReport] | None:
        """Gives the digest that an equal reader got, as this reader's."""
        question = _question_of(selection, votes)
        for asked, digest, report in self._latest:
            if asked == question:
                return replace(digest, subscriber=selection.subscriber, usage=None), replace(report, usage=None)
        return None

    def keep(self, selection: Selection, votes: Votes, digest: Digest, report: ScoreReport) -> None:
        if not (report.failures or report.problem or report.notices):
            lasting = replace(report, explain=None)  # which holds megabytes; the digest has its comments
            self._latest.append((_question_of(selection, votes), digest, lasting))


def _question_of(selection: Selection, votes: Sequence[tuple[Paper, float]]) -> _Question:
    reader = _as_anybody(selection.subscriber)
    anybody = replace(selection, subscriber=reader, settled_on=(), readings=(), mailed=(), changed=(), votes=())
    return _Question(anybody, frozenset(votes))


def _as_anybody(subscriber: Subscriber) -> Subscriber:
    """Leaves out who this is, and when they are mailed: their digest says it, and is no other for it.

    Nor is it for what it tells of papers that were sent before, which comes to it later (run/recall.py).
    """
    return replace(
        subscriber,
        subscriber_id="",
        email="",
        name="",
        zone="",
        send_at=time(),
        frequency=Frequency.DAILY,
        weekday=0,
        paused_until=None,
        public_archive="",
        welcome=False,
        has_chosen_relevance=True,
        announce_types=subscriber.candidate_types,
        updates=Updates.NONE,
    )
