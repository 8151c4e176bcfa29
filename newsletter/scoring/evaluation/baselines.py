"""Ranks papers in two plain ways to compare with: by chance, and by Okapi BM25."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from newsletter.model import Paper, Profile
from newsletter.scoring.protocols import History
from newsletter.scoring.ranking.tfidf import Vector
from newsletter.scoring.ranking.tokenize import Encoder

Ranker = Callable[[Profile, Sequence[Paper], History], Vector]


def rank_by_chance(profile: Profile, papers: Sequence[Paper], history: History) -> Vector:
    """Gives an order that is random and always the same for the same papers."""
    seed = sum(map(ord, "".join(paper.arxiv_id for paper in papers)))
    return np.random.default_rng(seed).permutation(len(papers)).astype(np.float64)


def rank_by_bm25(profile: Profile, papers: Sequence[Paper], history: History) -> Vector:
    """Ranks by plain Okapi BM25 (k1 = 1.2, b = 0.75) of stemmed words on the wanted part of the profile."""
    encoder = Encoder()
    words = [encoder.words(f"{paper.title} {paper.abstract}") for paper in papers]
    counts = [Counter(word.key for word in each if word.key) for each in words]
    wanted = " ".join([f"{topic.name} {topic.relevant}" for topic in profile.topics] + list(profile.like))
    query = {word.key for word in encoder.words(wanted) if word.key}
    frequency = Counter(key for each in counts for key in each if key in query)
    lengths = np.array([sum(each.values()) for each in counts], dtype=np.float64)
    dampers = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1.0))
    idf = {key: np.log(1 + (len(papers) - n + 0.5) / (n + 0.5)) for key, n in frequency.items()}
    return np.array(
        [
            sum(idf[key] * each[key] * 2.2 / (each[key] + damper) for key in sorted(query & each.keys()))
            for each, damper in zip(counts, dampers, strict=True)
        ],
        dtype=np.float64,
    )
