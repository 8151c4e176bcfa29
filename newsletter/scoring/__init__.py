"""Scores papers under a profile: `local.py` by words, offline; `funnel.py` with a model for those that rank high.

`batch_prefetcher.py` has a model asked hours ahead. Below them stand two rooms that do not know each other: `ranking/`
compares words (numpy, no client), `llm/` is the client of a language model. `evaluation/` stands above and measures
them on labelled days; `semantic/` runs a sentence model where one is installed, and `sentence_vectors.py` keeps what it
reads; `predecessors.py` says which paper follows which. A scorer sees papers and one profile, never a subscriber.
Cut-offs and order: run/digest.py.
"""

from newsletter.scoring.cache import ScoreCache
from newsletter.scoring.protocols import History, PredecessorFinder, Prefetcher, Scorer, ScoringRequest, VectorKeeper
from newsletter.scoring.unknown_words import find_unknown_words

__all__ = [
    "History",
    "PredecessorFinder",
    "Prefetcher",
    "ScoreCache",
    "Scorer",
    "ScoringRequest",
    "VectorKeeper",
    "find_unknown_words",
    "local",
]
