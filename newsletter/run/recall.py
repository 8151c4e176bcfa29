"""Between composing and delivering: what a digest says of those that the same reader was sent before.

Reads the reader's own digests of the last two months and their votes. What a paper follows is for a PredecessorFinder
to know (scoring/); which of several is named, for `in_preference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

from newsletter.errors import ReaderUnreadable
from newsletter.model import Digest, DigestEntry, SentPaper, Vote
from newsletter.run.context import RunContext
from newsletter.run.select import Selection
from newsletter.stores import Store

RECALLED = timedelta(days=60)  # a reader remembers no older mail, and each one read takes half a millisecond
MOST_RECALLED = 1_500  # papers

Earlier = tuple[date, DigestEntry]  # of a digest of that date


def recall(context: RunContext, selection: Selection, digest: Digest) -> Digest:
    """Gives the digest with what it says of earlier ones: of each paper, which of those sent before it follows.

    A digest that cannot be read is passed over. May be repeated; writes nothing.
    """
    if context.predecessors is None or not digest.entries:
        return digest
    who, oldest = digest.subscriber.subscriber_id, digest.digest_on - RECALLED
    digests = _read(context.store, who, [on for on in selection.mailed_on if on >= oldest])
    earlier = in_preference(digests, context.store.get_votes(who))[:MOST_RECALLED] if digests else []
    papers = [entry.paper for entry in digest.entries]
    places = context.predecessors.find_predecessors(papers, [entry.paper for _, entry in earlier])
    entries = [
        entry if place is None else replace(entry, follows=_sent_paper(earlier[place]))
        for entry, place in zip(digest.entries, places, strict=True)
    ]
    return replace(digest, entries=tuple(entries))


def _read(store: Store, subscriber_id: str, dates: Sequence[date]) -> list[Digest]:
    """Reads the digests of these dates, as far as they are kept and can be read."""
    digests = []
    for on in dates:
        with suppress(ReaderUnreadable):  # the archive says so; this mail can do without
            digest = store.get_digest(subscriber_id, on)
            digests += [digest] if digest else []
    return digests


def in_preference(digests: Sequence[Digest], votes: Sequence[Vote]) -> list[Earlier]:
    """Lists the papers of these digests, those first that are named first: the liked ones, then the newest. Pure.

    Of one digest those that stand first in it. What the reader wants less of is not among them.
    """
    values = {vote.arxiv_id: vote.value for vote in votes}
    newest = sorted(digests, key=lambda digest: digest.digest_on, reverse=True)
    papers = [(digest.digest_on, entry) for digest in newest for entry in digest.entries]
    wanted = [one for one in papers if values.get(one[1].paper.arxiv_id, 0) >= 0]
    return sorted(wanted, key=lambda one: values.get(one[1].paper.arxiv_id, 0), reverse=True)


def _sent_paper(earlier: Earlier) -> SentPaper:
    digest_on, entry = earlier
    return SentPaper(entry.paper.arxiv_id, digest_on, entry.number)
