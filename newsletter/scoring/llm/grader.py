"""Describes what a grader of papers is given and gives back, and finds earlier gradings. See model_grader.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Protocol

from newsletter.model import BatchedPaper, Grading, Paper, Profile, ScoreFailure, Usage

ProgressCallback = Callable[[int, int], None]  # papers settled, papers asked about


@dataclass(frozen=True, slots=True)
class GradingRequest:
    """Papers to grade under one profile; the same paper twice counts once.

    `floor`: the relevance from which a paper passes. `random_ids`: the random sample among them. `is_ranked`: they come
    as the words ranked them, best first; an answer that turns this upside down is looked at.
    """

    profile: Profile
    papers: Sequence[Paper]
    floor: int = 1
    random_ids: Set[str] = frozenset()
    is_ranked: bool = False


@dataclass(frozen=True, slots=True)
class GradingReport:
    """The gradings of one run. Papers neither graded nor failed were not asked about: `stopped` says why.

    `warning`: what the operator must know though it went on.
    """

    gradings: tuple[Grading, ...]
    failures: tuple[ScoreFailure, ...]
    usage: Usage | None
    stopped: str = ""
    warning: str = ""


class Grader(Protocol):
    """Grades papers under a profile, and stores its gradings as they come. Raises nothing for an answer; StoreError."""

    @property
    def model(self) -> str: ...

    def prompt_key(self, floor: int) -> str:
        """Builds a hash of all that shapes an answer beside profile, papers and model."""

    def prompt_text(self, profile: Profile, floor: int) -> str:
        """Gives all that the model gets to read but for the papers."""

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        """Grades each paper once. A repeated call asks, and costs, again."""


def profile_key(profile: Profile) -> str:
    """Builds a hash of everything in the profile: equal profiles share their gradings, whoever reads.

    Papers that the reader keeps count where there are some, so that the others keep the gradings they have.
    """
    parts = {key: value for key, value in asdict(profile).items() if key != "papers" or value}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()[:32]


def find_known(
    gradings: Iterable[Grading], papers: Iterable[Paper | BatchedPaper], *, model: str, prompt_key: str
) -> dict[str, Grading]:
    """Finds, by arXiv id, this model's gradings of these versions of these papers, by the prompt of this key."""
    versions = {paper.arxiv_id: paper.version for paper in papers}
    return {
        one.arxiv_id: one
        for one in gradings
        if (one.model, one.prompt_key, one.version) == (model, prompt_key, versions.get(one.arxiv_id))
    }
