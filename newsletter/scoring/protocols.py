"""The Protocols of scoring, in the words of who uses them.

Scorer, Prefetcher that has papers graded ahead, and PredecessorFinder that knows which paper follows which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from newsletter.model import Paper, Profile, ScoreReport, Usage, Votes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

History = Sequence[Sequence[Paper]]  # the papers of recent announcement days, oldest day first


class Scorer(Protocol):
    """Scores papers under one profile.

    Every paper given comes back exactly once, as a score or as a failure; relevance and novelty are whole numbers
    1–10, the latter None where no model judged it. `history` holds the papers of recent announcement days, oldest day
    first, without `papers`; it may be empty, and more than `history_days` of them are of no use. `floor` is the
    reader's cut-off for relevance: a score below it will not be shown. `votes` move papers like these up or down:
    their rank, and a relevance that words gave, by 1 at most with fewer than 5 votes (the profile's kept papers
    count too), by 2 with fewer than 20, else by 3; never a relevance that a model gave. Their order means nothing.
    Repeating a call with the same arguments gives the same report (a model's gradings are stored for that).
    Raises nothing for a bad paper.
    """

    history_days: int

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport: ...


class Embedder(Protocol):
    """Makes a vector of a text, close to those of texts with a like meaning. The same text always has the same one."""

    name: str  # of the model; vectors of different models do not compare

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Gives a row of length 1 for each text, as long for one text as for all others.

        Raises nothing for a text; EmbedderError if the model does not work here.
        """


class VectorKeeper(Protocol):
    """Reads papers for a scorer once they are announced, so that nobody waits for it later."""

    def prepare(
        self,
        papers: Sequence[Paper],
        *,
        announced_on: date,
        should_stop: Callable[[], bool] = ...,
    ) -> None:
        """Reads what was not read before; what was cut off goes on where it was. Raises EmbedderError, StoreError."""


class PredecessorFinder(Protocol):
    """Knows of a paper which earlier one it follows: that it goes on with the same line of work."""

    def find_predecessors(self, papers: Sequence[Paper], earlier: Sequence[Paper]) -> list[int | None]:
        """Gives for each paper the place of the first of `earlier` that it follows; None if it follows none of them.

        Another version of a paper follows nothing. What is common among `earlier` counts for little. Repeating a call
        gives the same. Raises nothing for a paper.
        """


@dataclass(frozen=True, slots=True)
class ScoringRequest:
    """What a scorer is going to be given for one reader."""

    papers: Sequence[Paper]
    history: History


class Prefetcher(Protocol):
    """Has papers graded hours before their mail is due, so that the scorer finds the gradings in the store.

    Each call may be repeated. Raises nothing for a server or an answer; StoreError.
    """

    lead_time: timedelta | None  # a mail that is due sooner is not asked ahead for; None: nothing is

    def collect(self) -> list[str]:
        """Stores what was answered meanwhile; sentences for the operator, if something needs mending."""

    def was_tried(self, profile: Profile, floor: int, announced_on: date) -> bool:
        """Tells whether it was tried already, with or without success."""

    def prefetch(
        self, profile: Profile, floor: int, requests: Sequence[ScoringRequest], *, announced_on: date, run_id: str
    ) -> str:
        """Asks about all of these papers once, for readers with this profile; a sentence for the operator, or none."""

    def cancel(self, profile: Profile, floor: int) -> Usage | None:
        """Stops waiting, as the mail is due now; what was used ahead and no mail has shown yet (None: nothing)."""
