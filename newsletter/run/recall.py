"""Between composing and delivering: what a digest says of those that the same reader was sent before.

Reads the reader's own digests of the last two months. What a paper follows is for a PredecessorFinder to know
(scoring/); which of several is named, for `in_preference`; what the week's best are, weekly_best.py's business, and
what is news of a paper that was sent, updates.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from newsletter.model import Digest, DigestEntry, EarlierEntry, SentPaper, Vote
from newsletter.run import weekly_best
from newsletter.run.context import RunContext
from newsletter.run.select import Selection
from newsletter.run.updates import confirm
from newsletter.scoring import PredecessorFinder

RECALLED = timedelta(days=60)  # a reader remembers no older mail, and each one read takes half a millisecond
MOST_RECALLED = 1_500  # papers


def recall(context: RunContext, selection: Selection, digest: Digest) -> Digest:
    """Gives the digest with what it says of earlier ones: which paper follows which, what became of papers of these.

    On Fridays the week's best, too.

    A digest that cannot be read is passed over. May be repeated; writes nothing.
    """
    who, on = digest.subscriber.subscriber_id, digest.digest_on
    if selection.changed:
        known = context.store.get_digests(who, sorted({each.known_on for each in selection.changed}))
        digest = replace(digest, updates=confirm(selection.changed, known))
    finder = context.predecessors if digest.entries else None
    monday = weekly_best.monday_of(on) if weekly_best.is_due(digest.subscriber, on) else None
    oldest = on - RECALLED if finder else monday
    dates = [date for date in selection.mailed_on if oldest is not None and date >= oldest]
    digests = context.store.get_digests(who, dates) if dates else []
    if not digests:
        return digest
    if finder:
        digest = _with_predecessors(digest, finder, in_preference(digests, selection.votes)[:MOST_RECALLED])
    if monday:
        week = [earlier for earlier in digests if earlier.digest_on >= monday]
        digest = replace(digest, weekly_best=weekly_best.choose_best(week, selection.votes))
    return digest


def _with_predecessors(digest: Digest, finder: PredecessorFinder, earlier: Sequence[EarlierEntry]) -> Digest:
    places = finder.find_predecessors([entry.paper for entry in digest.entries], [each.entry.paper for each in earlier])
    entries = (
        _following(entry, None if place is None else earlier[place])
        for entry, place in zip(digest.entries, places, strict=True)
    )
    return replace(digest, entries=tuple(entries))


def _following(entry: DigestEntry, earlier: EarlierEntry | None) -> DigestEntry:
    if earlier is None:
        return entry
    sent, origin = earlier.entry, earlier.entry.paper.origin
    name, url = (origin.name, origin.url) if origin else ("", "")
    return replace(entry, follows=SentPaper(sent.paper.arxiv_id, earlier.digest_on, sent.number, name, url))


def in_preference(digests: Sequence[Digest], votes: Sequence[Vote]) -> list[EarlierEntry]:
    """Lists the papers of these digests, those first that are named first: the liked ones, then the newest. Pure.

    Of one digest those that stand first in it. What the reader wants less of is not among them.
    """
    values = {vote.arxiv_id: vote.value for vote in votes}
    newest = sorted(digests, key=lambda digest: digest.digest_on, reverse=True)
    papers = [EarlierEntry(digest.digest_on, entry) for digest in newest for entry in digest.entries]
    wanted = [each for each in papers if values.get(each.entry.paper.arxiv_id, 0) >= 0]
    return sorted(wanted, key=lambda each: values.get(each.entry.paper.arxiv_id, 0), reverse=True)
