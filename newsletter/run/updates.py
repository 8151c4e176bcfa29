"""Finds news of papers that a reader was sent: later versions, and that one is withdrawn.

`find_changed` works by the reader's ledger rows and what the days of announcements show, and reads no digest: of most
readers' papers nothing is new. `confirm` compares with what they have read. A version is told of once, because the row
of the mail that tells of it names it; what no mail has told yet is found again for the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.model import AnnouncementDay, Delivery, Digest, Paper, PaperUpdate, SentPaper, Updates
from newsletter.papers import latest

LOOK_BACK = timedelta(days=7)  # before the last mail: its days may have been completed since
MOST_UPDATES = 10  # in one mail; the others are told of in the next ones
_MOST_CHANGED = 50  # for which earlier digests are read


@dataclass(frozen=True, slots=True)
class ChangedPaper:
    """A paper that was sent, as it was announced last. `known_on` is the date of the last mail that spoke of it."""

    paper: Paper
    sent: SentPaper
    known_on: date


def later_versions(days: Iterable[AnnouncementDay], updates: Updates) -> dict[str, Paper]:
    """Gives what who wants such updates may be told of: papers in a later version than their first, by id. Pure.

    Of each paper the latest version that these days show.
    """
    found: dict[str, Paper] = {}
    for day in days:
        for shown in day.announcements:
            paper = shown.paper
            if paper.version > 1 or paper.is_withdrawn:
                found[paper.arxiv_id] = latest(found.get(paper.arxiv_id, paper), paper)
    return {arxiv_id: paper for arxiv_id, paper in found.items() if _is_wanted(paper, updates)}


def find_changed(rows: Sequence[Delivery], versions: Mapping[str, Paper], digest_on: date) -> tuple[ChangedPaper, ...]:
    """Finds which of these `later_versions` may be news in the mail of that date. Pure.

    `rows` are those of this reader's other mails that left, or may have left. A version that one of them told of is
    no news. Withdrawn papers come first, then those sent last.
    """
    if not versions:
        return ()
    before = sorted((row for row in rows if row.digest_on < digest_on), key=lambda row: row.digest_on)
    sent = {arxiv_id: row for row in before for arxiv_id in row.paper_ids if arxiv_id in versions}
    if not sent:
        return ()
    told = {key for row in rows for key in row.told_ids}
    told_on = {_id_of(key): row.digest_on for row in before for key in row.told_ids}
    changed = []
    for arxiv_id, row in sent.items():
        paper = versions[arxiv_id]
        if version_key(paper) in told:
            continue
        known_on = max(row.digest_on, told_on.get(arxiv_id, row.digest_on))
        place = SentPaper(arxiv_id, row.digest_on, row.paper_ids.index(arxiv_id) + 1)
        changed.append(ChangedPaper(paper, place, known_on))
    changed.sort(key=lambda one: one.sent.digest_on, reverse=True)
    return tuple(sorted(changed, key=lambda one: not one.paper.is_withdrawn)[:_MOST_CHANGED])


def confirm(changed: Iterable[ChangedPaper], digests: Collection[Digest]) -> tuple[PaperUpdate, ...]:
    """Gives the news among them, by what the reader's digests said of these papers; at most MOST_UPDATES. Pure.

    What no digest has is passed over: nobody can say what is new in it.
    """
    by_date = {digest.digest_on: digest for digest in digests}
    updates = []
    for one in changed:
        digest = by_date.get(one.known_on)
        known = find_known(digest, one.paper.arxiv_id) if digest else None
        if known and is_news(known, one.paper):
            updates.append(PaperUpdate(one.paper, known, one.sent))
    return tuple(updates[:MOST_UPDATES])


def find_known(digest: Digest, arxiv_id: str) -> Paper | None:
    """Finds the paper as this digest had it: among its updates, or else its entries."""
    shown = [*(update.paper for update in digest.updates), *(entry.paper for entry in digest.entries)]
    return next((paper for paper in shown if paper.arxiv_id == arxiv_id), None)


def is_news(known: Paper, paper: Paper) -> bool:
    """Tells whether this version says more than the known one; that a paper is withdrawn is told once."""
    if paper.is_withdrawn:
        return not known.is_withdrawn
    return paper.version > known.version


def version_key(paper: Paper) -> str:
    """Names a version as rows of the ledger do; that it is withdrawn may become known later than itself."""
    return f"{paper.arxiv_id}v{paper.version}{'w' if paper.is_withdrawn else ''}"


def _id_of(key: str) -> str:
    return key.rpartition("v")[0]


def _is_wanted(paper: Paper, updates: Updates) -> bool:
    return updates.has_versions or (paper.is_withdrawn and updates is not Updates.NONE)
