"""Replays labelled days as a closed loop: a grader that knows the labels grades what the funnel sends, and no more.

Runs the funnel as a morning does, day by day, each with the earlier days as history and only the answers it paid for.
A paper of the pool without a label counts as turned down. Reading days and labels is corpus.py's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np

from newsletter.errors import ConfigError
from newsletter.model import Grading, Profile
from newsletter.scoring.cache import ScoreCache
from newsletter.scoring.evaluation.corpus import RELEVANT_FROM, LabelledDay
from newsletter.scoring.evaluation.ranking import average_precision, recall_at
from newsletter.scoring.funnel import FunnelScorer
from newsletter.scoring.llm.grader import GradingReport, GradingRequest, ProgressCallback, profile_key
from newsletter.scoring.protocols import Scorer
from newsletter.scoring.ranking.learned import FindVectors
from newsletter.scoring.ranking.shortlist import Policy

STRONG_FROM = 9
SETTLED_AFTER = 7  # days: from then on the beginning is over


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class DayResult:
    """Counts of papers. `relevant` and `strong` are what a scan of everything selects; `found…` what was sent.

    `average_precision` and `recall_at_30` are of the learned order of the whole pool, sent or not.
    """

    announced_on: date
    pool: int
    sent: int
    relevant: int
    found: int
    strong: int
    found_strong: int
    average_precision: float
    recall_at_30: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Over some days together: the share sent, and the recall of all relevant papers and of the strong ones.

    Average precision of the learned order, and its recall in the best 30 %, are means over days.
    """

    n_days: int
    share: float
    recall: float
    recall_strong: float
    average_precision: float
    recall_at_30: float


@dataclass(frozen=True, slots=True)
class FunnelReport:
    """One policy on one profile."""

    profile: str
    policy: str
    all_days: Summary
    settled: Summary | None  # without the first days
    days: tuple[DayResult, ...]


def replay(
    name: str,
    profile: Profile,
    days: Sequence[LabelledDay],
    local: Scorer,
    policies: Sequence[NamedPolicy],
    on_progress: Callable[[], None] = lambda: None,
    find_vectors: FindVectors | None = None,
) -> list[FunnelReport]:
    """One report for each policy; `on_progress` is called after each day. Raises ConfigError if there are no days.

    `find_vectors` gives what a sentence model made of papers, as `FunnelScorer` takes it.
    """
    if not days:
        raise ConfigError(f"{name}: no labelled day has a relevant paper; check --labels, --from and --until")
    local = ScoreCache(local, by_floor=False, max_reports=len(days))  # its reports are the same under every policy
    reports = []
    for named in policies:
        results = []
        loop = _Loop(profile, days, local, named.policy, find_vectors)
        for place in range(len(days)):
            results.append(loop.run(place))
            on_progress()
        settled = results[SETTLED_AFTER:]
        reports.append(
            FunnelReport(name, named.name, summarise(results), summarise(settled) if settled else None, tuple(results))
        )
    return reports


def summarise(days: Sequence[DayResult]) -> Summary:
    """Adds up shares of all papers of these days together, not means over days."""
    return Summary(
        len(days),
        sum(day.sent for day in days) / max(1, sum(day.pool for day in days)),
        sum(day.found for day in days) / max(1, sum(day.relevant for day in days)),
        sum(day.found_strong for day in days) / max(1, sum(day.strong for day in days)),
        sum(day.average_precision for day in days) / max(1, len(days)),
        sum(day.recall_at_30 for day in days) / max(1, len(days)),
    )


class _Loop:
    """One profile under one policy, from the first day on."""

    def __init__(
        self,
        profile: Profile,
        days: Sequence[LabelledDay],
        local: Scorer,
        policy: Policy,
        find_vectors: FindVectors | None,
    ) -> None:
        self._profile = profile
        self._days = days
        self._grader = LabelGrader()
        self._scorer = FunnelScorer(
            local, self._grader, self._grader, policy, lambda: self._grader.now, find_vectors=find_vectors
        )

    def run(self, place: int) -> DayResult:
        day = self._days[place]
        self._grader.open(day)
        history = day.history[max(0, len(day.history) - self._scorer.history_days) :]
        report = self._scorer.score(self._profile, day.pool, history, floor=RELEVANT_FROM)
        sent = {score.arxiv_id for score in report.scores} - set(report.passed_over)
        relevance = self._grader.relevance
        relevant = {arxiv_id for arxiv_id, value in relevance.items() if value >= RELEVANT_FROM}
        strong = {arxiv_id for arxiv_id, value in relevance.items() if value >= STRONG_FROM}
        rank_of = {score.arxiv_id: score.rank for score in report.scores}
        gains, ranks = np.array(day.gains), np.array([rank_of[paper.arxiv_id] for paper in day.pool])
        return DayResult(
            day.announced_on,
            len(day.pool),
            len(sent),
            len(relevant),
            len(relevant & sent),
            len(strong),
            len(strong & sent),
            average_precision(gains, ranks),
            recall_at(gains, ranks, 0.3),
        )


class LabelGrader:
    """A `Grader` that answers with the labels of the open day, and the store of its gradings."""

    model = "labels"

    def __init__(self) -> None:
        self.now = datetime.min.replace(tzinfo=UTC)
        self.relevance: Mapping[str, int] = {}
        self._gradings: dict[str, Grading] = {}

    def open(self, day: LabelledDay) -> None:
        self.now = datetime.combine(day.announced_on, time(6), UTC)
        pairs = zip(day.pool, day.gains, strict=True)
        self.relevance = {paper.arxiv_id: round(gain) + RELEVANT_FROM - 1 if gain else 0 for paper, gain in pairs}

    def prompt_key(self, floor: int) -> str:
        return str(floor)

    def prompt_text(self, profile: Profile, floor: int) -> str:
        return ""

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        gradings = tuple(
            Grading(
                arxiv_id=paper.arxiv_id,
                version=paper.version,
                profile_key=profile_key(request.profile),
                model=self.model,
                prompt_key=self.prompt_key(request.floor),
                relevance=self.relevance[paper.arxiv_id],
                novelty=1,
                comment="",
                was_random=paper.arxiv_id in request.random_ids,
                at=self.now,
            )
            for paper in request.papers
        )
        self._gradings |= {one.arxiv_id: one for one in gradings}
        return GradingReport(gradings, (), None)

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]:
        """Gives none: `get_related_gradings` has them all."""
        return []

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]:
        return [one for one in self._gradings.values() if one.at.date() >= since]
