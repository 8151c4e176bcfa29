"""Scores equal requests once: readers with the same profile, cut-off, papers and votes share a report.

Stands around the scorer of a run, the one that tries out profiles, and that of a replay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.model import Paper, Profile, ScoreReport, Votes
from newsletter.scoring.protocols import History, Scorer

# Readers of one profile are served one after another, so that the latest few do. A report of 1,350 papers has 150 kB,
# and what is needed to comment on them up to 6 MB.
MAX_REPORTS = 4


@dataclass(frozen=True, slots=True)
class _Request:
    """What a scorer was asked. Compared, and not hashed: of equal requests the papers are mostly the same objects."""

    profile: Profile
    floor: int
    votes: frozenset[tuple[Paper, float]]
    papers: tuple[Paper, ...]
    history: tuple[tuple[Paper, ...], ...]


class ScoreCache:
    """A `Scorer` that remembers the latest reports of another one, for the length of a run.

    Its tokens belong to the mail that caused them: a report that is given again has none. One in which anything went
    wrong is not remembered, so that the next reader's papers are tried again. With `by_floor` False the cut-off is not
    passed on: for a scorer to which it means nothing.
    """

    def __init__(self, scorer: Scorer, *, by_floor: bool = True, max_reports: int = MAX_REPORTS) -> None:
        self.history_days = scorer.history_days
        self._scorer = scorer
        self._by_floor = by_floor
        self._reports = deque[tuple[_Request, ScoreReport]](maxlen=max_reports)  # which threads may share

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        floor = floor if self._by_floor else 1
        request = _Request(profile, floor, frozenset(votes), tuple(papers), tuple(tuple(day) for day in history))
        known = next((report for asked, report in [*self._reports] if asked == request), None)
        if known:
            return replace(known, usage=None)
        report = self._scorer.score(profile, papers, history, floor=floor, votes=votes)
        if not (report.failures or report.problem or report.notices):
            self._reports.append((request, report))
        return report
