"""Tries a profile on the last announcement days: how many papers of each, and the best. Records nothing.

Every day is composed as its morning would have: with the days before it as history, and without what was mailed, since
the question is what the profile finds. What is said of a trial, and advised, is services/trial_words.py's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from newsletter.model import HIGHEST_GRADE, AnnouncementDay, Digest, Frequency, Paper, ReaderHistory, Score, Subscriber
from newsletter.papers import find_pinned_author
from newsletter.run.backlog import settled_categories
from newsletter.run.compose import compose
from newsletter.run.context import Morning
from newsletter.run.digest import passes, reading_order
from newsletter.run.select import Selection, select_from
from newsletter.scoring import Scorer
from newsletter.stores import Store

TRIED_DAYS = 5  # a week of announcements


@dataclass(frozen=True, slots=True)
class TrialDay:
    """One announcement day under one profile.

    `relevant_at[n - 1]` says how many papers would pass with a `min_relevance` of n. `best` is the paper that leads
    the mail, or the nearest where none passes; None if nothing was announced. `best_author` is the pinned name that let
    it in, where its relevance would not have.
    """

    announced_on: date
    relevant_at: tuple[int, ...]
    best: Paper | None = None
    best_relevance: int = 0
    best_author: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """The last days under one profile, oldest first, and the digest of the latest.

    Days on which none of the reader's categories was collected are left out: they say nothing of the profile.
    """

    subscriber: Subscriber
    days: tuple[TrialDay, ...]
    latest: Digest
    uncollected: tuple[str, ...] = ()  # categories of the reader that were not collected on some of these days

    def relevant(self, day: TrialDay) -> int:
        """Says how many papers passed that day, before `max_papers` cut."""
        return day.relevant_at[self.subscriber.min_relevance - 1]

    def per_mail(self, min_relevance: int) -> list[int]:
        """Says how many papers each mail would have had with this cut-off: a weekly one has those of all days."""
        counts = [day.relevant_at[min_relevance - 1] for day in self.days]
        return [sum(counts)] if self.subscriber.frequency is Frequency.WEEKLY else counts


def count_days(scorer: Scorer, most_days: int = TRIED_DAYS) -> int:
    """Says how many kept days a trial looks at: those that are tried, and before them what the first one remembers."""
    return most_days + scorer.history_days


def try_days(
    scorer: Scorer,
    store: Store,
    subscriber: Subscriber,
    days: Sequence[AnnouncementDay],
    *,
    most_days: int = TRIED_DAYS,
) -> Trial:
    """Tries a profile on the last `most_days` of these days, oldest first, of which there is at least one."""
    places = range(max(0, len(days) - most_days), len(days))
    composed = {place: _compose(scorer, store, subscriber, days[: place + 1]) for place in places}
    settled = {place: settled_categories(days[place]) for place in places}
    return Trial(
        subscriber,
        days=tuple(composed[place][1] for place in places if not settled[place].isdisjoint(subscriber.categories)),
        latest=composed[places[-1]][0],
        uncollected=tuple(each for each in subscriber.categories if any(each not in read for read in settled.values())),
    )


def _compose(
    scorer: Scorer, store: Store, subscriber: Subscriber, days: Sequence[AnnouncementDay]
) -> tuple[Digest, TrialDay]:
    *earlier, today = days
    morning = Morning("", today, earlier)
    history = ReaderHistory(votes=tuple(store.get_votes(subscriber.subscriber_id)))
    selection = select_from(history, morning, subscriber, today.announced_on, history_days=scorer.history_days)
    digest, report = compose(scorer, replace(selection, is_first=False))  # what any day would bring
    return digest, _weigh(selection, report.scores)


def _weigh(selection: Selection, scores: Sequence[Score]) -> TrialDay:
    subscriber = selection.subscriber
    papers = {paper.arxiv_id: paper for paper in selection.papers}
    at_any_cut = replace(subscriber, min_relevance=1)
    reached = [_reached(score, papers[score.arxiv_id], at_any_cut) for score in scores]
    counts = tuple(sum(each >= cut for each in reached) for cut in range(1, HIGHEST_GRADE + 1))
    passing = [score for score, each in zip(scores, reached, strict=True) if each >= subscriber.min_relevance]
    best = min(passing or scores, key=reading_order, default=None)
    on = selection.digest_on
    if best is None:
        return TrialDay(on, counts)
    paper = papers[best.arxiv_id]
    author = "" if passes(best, subscriber) else find_pinned_author(subscriber.pinned_authors, paper.authors)
    return TrialDay(on, counts, paper, best.relevance, author)


def _reached(score: Score, paper: Paper, at_any_cut: Subscriber) -> int:
    """Says up to which `min_relevance` a paper passes; 0: it never does."""
    if find_pinned_author(at_any_cut.pinned_authors, paper.authors):
        return HIGHEST_GRADE
    return score.relevance if passes(score, at_any_cut) else 0
