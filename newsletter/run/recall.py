"""Adds to a composed digest what it says of papers that the same reader was sent before.

Reads the reader's own digests of the last two months. What a paper follows is for a PredecessorFinder to know
(scoring/); which of several is named, for `in_preference`; what the week's best are, weekly_best.py's business, and
what is news of a paper that was sent, updates.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from newsletter.model import Digest, EarlierEntry, PastMail, SentPaper, Vote
from newsletter.run import weekly_best
from newsletter.run.context import RunContext
from newsletter.run.select import Selection
from newsletter.run.shared_predecessors import Follows, SharedPredecessors, with_follows
from newsletter.run.updates import confirm
from newsletter.scoring import PredecessorFinder

RECALLED = timedelta(days=60)  # a reader remembers no older mail, and each one read takes half a millisecond
MOST_RECALLED = 1_500  # papers


def recall(
    context: RunContext, selection: Selection, digest: Digest, *, shared: SharedPredecessors | None = None
) -> Digest:
    """Gives the digest with what it says of earlier ones: which paper follows which, what became of papers of these.

    On Fridays the week's best, too.

    A digest that cannot be read is passed over. May be repeated; writes nothing. `shared` has what was found for others
    of the same run.
    """
    who, on = digest.subscriber.subscriber_id, digest.digest_on
    if selection.changed:
        known = context.store.get_digests(who, sorted({each.known_on for each in selection.changed}))
        digest = replace(digest, updates=confirm(selection.changed, known))
    finder = context.predecessors if digest.entries else None
    mailed = [mail for mail in selection.mailed if mail.digest_on >= on - RECALLED]
    follows = _find_shared(context, selection, digest, mailed, shared) if finder and shared else None
    monday = weekly_best.monday_of(on) if weekly_best.is_due(digest.subscriber, on) else None
    oldest = on - RECALLED if finder and follows is None else monday
    dates = [mail.digest_on for mail in mailed if oldest is not None and mail.digest_on >= oldest]
    digests = context.store.get_digests(who, dates) if dates else []
    if finder and follows is None and digests:
        follows = _find_followed(digest, finder, in_preference(digests, selection.votes)[:MOST_RECALLED])
        if shared and len(digests) == len(dates):  # whoever has lost some is no example for others
            shared.keep(digest, mailed, selection.votes, follows)
    if follows is not None:
        apply = shared.apply if shared else with_follows
        digest = replace(digest, entries=apply(digest.entries, follows))
    if monday and digests:
        week = [earlier for earlier in digests if earlier.digest_on >= monday]
        digest = replace(digest, weekly_best=weekly_best.choose_best(week, selection.votes))
    return digest


def _find_shared(
    context: RunContext,
    selection: Selection,
    digest: Digest,
    mailed: Sequence[PastMail],
    shared: SharedPredecessors,
) -> Follows | None:
    """Gives what an equal reader's papers follow, if this reader's digests of those dates are kept as well."""
    follows = shared.find(digest, mailed, selection.votes)
    named = sorted({sent.digest_on for sent in follows or () if sent})
    kept = context.store.get_digests(digest.subscriber.subscriber_id, named) if named else []
    return follows if len(kept) == len(named) else None


def _find_followed(digest: Digest, finder: PredecessorFinder, earlier: Sequence[EarlierEntry]) -> Follows:
    places = finder.find_predecessors([entry.paper for entry in digest.entries], [each.entry.paper for each in earlier])
    return tuple(None if place is None else _as_sent(earlier[place]) for place in places)


def _as_sent(earlier: EarlierEntry) -> SentPaper:
    sent, origin = earlier.entry, earlier.entry.paper.origin
    name, url = (origin.name, origin.url) if origin else ("", "")
    return SentPaper(sent.paper.arxiv_id, earlier.digest_on, sent.number, name, url)


def in_preference(digests: Sequence[Digest], votes: Sequence[Vote]) -> list[EarlierEntry]:
    """Lists the papers of these digests, those first that are named first: the liked ones, then the newest. Pure.

    Of one digest those that stand first in it. What the reader wants less of is not among them.
    """
    values = {vote.arxiv_id: vote.value for vote in votes}
    newest = sorted(digests, key=lambda digest: digest.digest_on, reverse=True)
    papers = [EarlierEntry(digest.digest_on, entry) for digest in newest for entry in digest.entries]
    wanted = [each for each in papers if values.get(each.entry.paper.arxiv_id, 0) >= 0]
    return sorted(wanted, key=lambda each: values.get(each.entry.paper.arxiv_id, 0), reverse=True)
