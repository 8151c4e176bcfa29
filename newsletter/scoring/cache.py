"""Scores equal requests once: readers with the same profile, cut-off, papers and votes share a report.

Stands around the scorer of a run, the one that tries out profiles, and that of a replay.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from newsletter.model import Paper, Profile, ScoreReport, Votes
from newsletter.scoring.protocols import History, Scorer

MAX_REPORTS = 64  # about 150 kB each


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
        self._max_reports = max_reports
        self._reports = OrderedDict[object, ScoreReport]()  # which threads may share

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        floor = floor if self._by_floor else 1
        key = (profile, tuple(papers), tuple(tuple(day) for day in history), floor, frozenset(votes))
        if known := self._reports.get(key):
            return replace(known, usage=None)
        report = self._scorer.score(profile, papers, history, floor=floor, votes=votes)
        if not (report.failures or report.problem or report.notices):
            self._reports[key] = report
            if len(self._reports) > self._max_reports:
                self._reports.popitem(last=False)
        return report
