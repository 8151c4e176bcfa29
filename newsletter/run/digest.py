"""Puts a digest together: which scored papers pass the cut-offs, in which order, how many. Pure; renders nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date

from newsletter.model import (
    WORDS_FROM,
    Announcement,
    Counts,
    Digest,
    DigestEntry,
    Notice,
    Paper,
    Score,
    ScoreReport,
    Subscriber,
    UnsentPaper,
)
from newsletter.papers import find_pinned_author
from newsletter.run.nearest import count_nearest, suggest_widening
from newsletter.subscribers import leading_topic, named_topic

MOST_UNSENT = 500  # that a digest remembers; 150 bytes each


def passes(score: Score, subscriber: Subscriber) -> bool:
    """Tells whether the score reaches both cut-offs; that for novelty only where a model judged it."""
    is_new = score.novelty is None or score.novelty >= subscriber.min_novelty
    return score.relevance >= subscriber.min_relevance and is_new


def reading_order(score: Score) -> tuple[int, int, float, str]:
    """Gives the sort key: relevance, then novelty, then the scorer's own rank, best first; the id settles the rest.

    Of equal relevance those come first whose novelty a model judged: it has read more of them than words can tell.
    """
    return (-score.relevance, -(score.novelty or 0), -score.rank, score.arxiv_id)


def topic_of(score: Score, names: Sequence[str]) -> str:
    """Gives the topic that a paper meets: the one its comment begins with, or else the scorer's, or else one it names.

    Of several that begin at the same place the longest: "sparse attention" says more than "sparse". Where no model
    judged the paper, the scorer wrote the comment and knows: a long name is cut there, to what may be another's name.
    """
    if score.novelty is None and score.topic in names:
        return score.topic
    begins = leading_topic(score.comment, names)
    return begins or (score.topic if score.topic in names else named_topic(score.comment, names))


def sort_nearest(scores: Sequence[Score], passed_over: Collection[str]) -> list[Score]:
    """Sorts scores below the cut-offs, the nearest first.

    What a model judged comes before what it was not asked about; of equal relevance, what meets the profile is nearer.
    """
    return sorted(
        scores,
        key=lambda score: (
            score.arxiv_id in passed_over,
            -score.relevance,
            not score.is_met,
            reading_order(score),
        ),
    )


def choose_entries(
    subscriber: Subscriber,
    candidates: Sequence[Announcement],
    scores: Sequence[Score],
    *,
    passed_over: Collection[str] = (),
    is_first: bool = False,
    with_comment: Callable[[Score], Score] = lambda score: score,
) -> tuple[list[DigestEntry], list[Score]]:
    """Gives the entries of the digest in reading order, and what passed and `max_papers` cut, in that order, too.

    Who wants them by topic gets the topics in the profile's order, and last what meets none.

    Pinned authors pass whatever their scores are, and are not what `max_papers` cuts (unless they alone exceed it).
    Behind those that pass come the nearest, where `at_least` asks for them, or a first digest would be empty.
    `with_comment` completes the scores of what is shown.
    """
    announcements = {a.paper.arxiv_id: a for a in candidates}
    names = [topic.name for topic in subscriber.profile.topics]
    relevant, below = list[tuple[Score, str]](), list[Score]()
    for score in scores:
        pinned = find_pinned_author(subscriber.pinned_authors, announcements[score.arxiv_id].paper.authors)
        if pinned or passes(score, subscriber):
            relevant.append((score, pinned))
        else:
            below.append(score)
    relevant.sort(key=lambda item: (not item[1], reading_order(item[0])))
    shown, cut = relevant[: subscriber.max_papers], relevant[subscriber.max_papers :]
    n_nearest = count_nearest(subscriber, len(relevant), is_first=is_first)
    nearest = sort_nearest(below, passed_over)[:n_nearest] if n_nearest else []

    def show(plain: Score, pinned: str = "", *, is_nearest: bool = False) -> DigestEntry:
        announced, score = announcements[plain.arxiv_id], with_comment(plain)
        if pinned and score.novelty is None and score.relevance < WORDS_FROM:
            score = replace(score, comment="")  # it is here for its author, who is named beside it
        kind, topic = announced.announce_type, topic_of(score, names)
        return DigestEntry(0, announced.paper, kind, score, pinned, topic, is_nearest)

    entries = [show(score, pinned) for score, pinned in shown]
    entries.sort(key=lambda one: reading_order(one.score))
    if subscriber.group_by_topic:
        entries.sort(key=lambda one: names.index(one.topic) if one.topic else len(names))
    entries += [show(score, is_nearest=True) for score in nearest]
    numbered = [replace(one, number=number) for number, one in enumerate(entries, start=1)]
    return numbered, sorted((score for score, _ in cut), key=reading_order)


def _unsent(score: Score, paper: Paper) -> UnsentPaper:
    url = paper.origin.url if paper.origin else ""  # arXiv's is known by the id
    return UnsentPaper(score.arxiv_id, paper.title, score.relevance, score.novelty, url)


def build_digest(
    subscriber: Subscriber,
    *,
    digest_on: date,
    announced_on: Sequence[date],
    announced: int,
    candidates: Sequence[Announcement],
    score_report: ScoreReport,
    notices: Sequence[Notice] = (),
    is_first: bool = False,
) -> Digest:
    """Builds the digest of these candidates (unique papers, kinds as the subscriber sees them) by these scores.

    `announced` counts the unique papers of the subscriber's categories, whatever their kind; it bounds the others.
    `is_first`: no digest was mailed to them before, so that this one holds the nearest papers where none passes.
    """
    scores, passed_over = score_report.scores, frozenset(score_report.passed_over)
    entries, cut = choose_entries(
        subscriber,
        candidates,
        scores,
        passed_over=passed_over,
        is_first=is_first,
        with_comment=score_report.with_comment,
    )
    nearest = sum(entry.is_nearest for entry in entries)
    relevant = len(entries) - nearest + len(cut)
    starts_without = is_first and entries and not relevant
    papers = {a.paper.arxiv_id: a.paper for a in candidates}
    return Digest(
        subscriber=subscriber,
        digest_on=digest_on,
        announced_on=tuple(announced_on),
        entries=tuple(entries),
        counts=Counts(
            announced=announced,
            scanned=len(candidates) - len(passed_over),
            relevant=relevant,
            shown=len(entries),
            not_scored=len(score_report.failures),
            nearest=nearest,
        ),
        scorer=score_report.scorer,
        usage=score_report.usage,
        notices=(*score_report.notices, *notices),
        prompt=score_report.prompt,
        widening=suggest_widening(subscriber, candidates, scores) if starts_without else "",
        unsent=tuple(_unsent(score, papers[score.arxiv_id]) for score in cut[:MOST_UNSENT]),
    )


def anonymize(digest: Digest) -> Digest:
    """Gives the digest as it is remembered: without its reader's address, name and papers, which no page needs."""
    profile = replace(digest.subscriber.profile, papers=())
    reader = replace(digest.subscriber, email="", name="", public_archive="", profile=profile, papers=(), zotero=None)
    return replace(digest, subscriber=reader)
