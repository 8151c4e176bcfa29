"""Who judges papers: `local.py` ranks by words, offline; `funnel.py` lets a model judge what ranks high.

A scorer sees papers and one profile, never a subscriber. Cut-offs and order are `digest.py`'s business.
"""

from collections.abc import Sequence
from typing import Protocol

from newsletter.model import Paper, Profile, ScoreSheet


class Scorer(Protocol):
    """Scores papers under one profile.

    Every paper given comes back exactly once, as a score or as a failure; relevance and novelty are whole numbers
    1–10. `history` holds the papers of recent announcement days, oldest day first, without `papers`; it may be
    empty, and more than `history_days` of them are of no use. `floor` is the reader's cut-off for relevance: a score
    below it will not be shown. Repeating a call with the same arguments gives the same sheet (a model's answers
    are remembered for that). Raises nothing for a bad paper.
    """

    history_days: int

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: Sequence[Sequence[Paper]], *, floor: int = 1
    ) -> ScoreSheet: ...
