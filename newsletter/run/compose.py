"""Step three: score the selected papers for one subscriber, and compose the digest. Records nothing.

Cut-offs and order are digest.py's business, which papers are candidates select.py's.
"""

from __future__ import annotations

from newsletter.model import Digest, Notice, NoticeKind, ScoreReport
from newsletter.run.digest import build_digest
from newsletter.run.select import Selection
from newsletter.run.shared_digests import SharedDigests
from newsletter.scoring import Scorer
from newsletter.subscribers import labelled_papers


def compose(scorer: Scorer, selection: Selection, *, shared: SharedDigests | None = None) -> tuple[Digest, ScoreReport]:
    """Scores the papers of a selection and composes the digest of those that pass, or come nearest.

    `shared`: the digests of other readers of this run, of whom one may have got the same.
    """
    subscriber = selection.subscriber
    # What is said of a mail must not change it when it is shown again
    votes = labelled_papers(selection.votes, without=(each.paper.arxiv_id for each in selection.candidates))
    if shared and (known := shared.find(selection, votes)):
        return known
    score_report = scorer.score(
        subscriber.profile,
        selection.papers,
        selection.history,
        floor=subscriber.min_relevance,
        votes=votes,
    )
    digest = build_digest(
        subscriber,
        digest_on=selection.digest_on,
        announced_on=[day.announced_on for day in selection.days],
        announced=len(selection.announced),
        candidates=selection.candidates,
        score_report=score_report,
        notices=_notices(selection),
        is_first=selection.is_first,
    )
    if shared:
        shared.keep(selection, votes, digest, score_report)
    return digest, score_report


def _notices(selection: Selection) -> list[Notice]:
    """Says which papers are missing: of feeds that failed, that are late, of which only a part is there or has room."""
    missing = (
        (NoticeKind.FEEDS_FAILED, selection.failed_feeds),
        (NoticeKind.FEEDS_LATE, selection.late_feeds),
        (NoticeKind.FEEDS_INCOMPLETE, selection.half_feeds),
        (NoticeKind.FEEDS_IN_PORTIONS, selection.portioned_feeds),
    )
    return [Notice(kind, {"feeds": feeds}) for kind, feeds in missing if feeds]
