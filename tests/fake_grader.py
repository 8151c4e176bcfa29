"""A grader that needs no model, and a ranker that needs no words.

The grader answers from a list, fails where it should, and writes down what it was asked.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from newsletter.model import WORD_RANKER, Grading, Paper, Profile, ScoreFailure, ScoreReport, Usage, Votes
from newsletter.scoring.llm.grader import GradingReport, GradingRequest, ProgressCallback, profile_key
from newsletter.scoring.protocols import History
from newsletter.stores import Store
from tests import make


class FakeGrader:
    """`relevance` by arXiv id (0, or not named: turned down); `broken` ids fail; it stops after `stop_after` papers."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        relevance: Mapping[str, int],
        *,
        broken: Set[str] = frozenset(),
        stop_after: int | None = None,
        model: str = "wise-1",
        comment: str = "It meets the first criterion.",
    ) -> None:
        self.model = model
        self.asked: list[list[str]] = []
        self.random_ids: list[frozenset[str]] = []
        self._store, self._now, self._relevance = store, now, relevance
        self._broken, self._stop_after, self._comment = broken, stop_after, comment

    def prompt_key(self, floor: int) -> str:
        return f"prompt-{floor}"

    def prompt_text(self, profile: Profile, floor: int) -> str:
        return f"Judge from {floor} on."

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        papers = request.papers
        self.asked.append([paper.arxiv_id for paper in papers])
        self.random_ids.append(frozenset(request.random_ids))
        reached = papers if self._stop_after is None else papers[: self._stop_after]
        gradings = tuple(self._answer(request, paper) for paper in reached if paper.arxiv_id not in self._broken)
        self._store.put_gradings(gradings)
        return GradingReport(
            gradings,
            tuple(ScoreFailure(p.arxiv_id, "no answer") for p in reached if p.arxiv_id in self._broken),
            Usage(100 * len(gradings), 10 * len(gradings)),
            "" if len(reached) == len(papers) else "The daily budget is spent; raise it to score more.",
        )

    def _answer(self, request: GradingRequest, paper: Paper) -> Grading:
        relevance = self._relevance.get(paper.arxiv_id, 0)
        passed = relevance >= request.floor
        return Grading(
            arxiv_id=paper.arxiv_id,
            version=paper.version,
            profile_key=profile_key(request.profile),
            model=self.model,
            prompt_key=self.prompt_key(request.floor),
            relevance=relevance if passed else 0,
            novelty=5 if passed else 0,
            comment=self._comment if passed else "",
            was_random=paper.arxiv_id in request.random_ids,
            at=self._now(),
        )


class ByNumber:
    """A local ranker that likes low arXiv numbers, and finds one topic in everything."""

    history_days = 14

    def __init__(self, topic: str = "") -> None:
        self._topic = topic

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        unique = {paper.arxiv_id: paper for paper in papers}
        return make.score_report(
            *(replace(make.score(i, 9, None, rank=-float(i.partition(".")[2])), topic=self._topic) for i in unique),
            scorer=WORD_RANKER,
        )
