"""The Protocols of scoring, in the words of who uses them: Scorer, and Prefetcher that has papers graded ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from newsletter.model import Paper, Profile, ScoreReport, Usage, Votes

History = Sequence[Sequence[Paper]]  # the papers of recent announcement days, oldest day first


class Scorer(Protocol):
    """Scores papers under one profile.

    Every paper given comes back exactly once, as a score or as a failure; relevance and novelty are whole numbers
    1–10, the latter None where no model judged it. `history` holds the papers of recent announcement days, oldest day
    first, without `papers`; it may be empty, and more than `history_days` of them are of no use. `floor` is the
    reader's cut-off for relevance: a score below it will not be shown. `votes` move papers like these up or down:
    their rank, and by one at most a relevance that words gave; never a relevance that a model gave. Their order means
    nothing. Repeating a call with the same arguments gives the same report (a model's gradings are stored for that).
    Raises nothing for a bad paper.
    """

    history_days: int

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport: ...


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
