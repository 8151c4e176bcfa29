"""Measures how a paper is written rather than what it is about: proofs, benchmarks, surveys, its authors, its length.

A model of gradings can tell by it what words of a subject cannot; whether that helps is a question of the profile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from newsletter.model import Paper

_SIGNS = re.compile(
    r"\b(?:"
    + "|".join(
        (
            r"(?P<proposal>we (?:propose|introduce|present|develop))",
            r"(?P<proof>theorem|theoretical\w*|bounds?|prove|proofs?|convergence|asymptotic\w*|convex)",
            r"(?P<benchmark>benchmarks?|benchmarking|leaderboard)",
            r"(?P<survey>survey|review|overview|taxonomy|perspective|position)",
            r"(?P<medicine>clinical\w*|patients?|medical|diseases?|health\w*|diagnos\w+)",
            r"(?P<data>datasets?|corpus|corpora|annotat\w+)",
            r"(?P<record>outperform\w*|state-of-the-art|sota)",
            r"(?P<code>code|github|open-source\w*|open-sourced)",
            r"(?P<study>analy[sz]e|analysis|study|investigate|examine|understand\w*|empirical\w*)",
            r"(?P<system>framework|systems?|pipeline|platform|architecture)",
            r"(?P<speed>efficien\w+|speedup|faster|memory|latency|throughput)",
            r"(?P<observation>observations?|observed|telescope|spectroscop\w+|photometr\w+)",
            r"(?P<simulation>simulat\w+|numerical\w*)",
        )
    )
    + r")\b",
    re.IGNORECASE,
)
_KINDS = tuple(_SIGNS.groupindex)
_MOST = 3  # of a kind that count
_MAX_CHARS = 4000  # of a text


def describe_style(papers: Sequence[Paper]) -> npt.NDArray[np.float64]:
    """Gives one row of 16 numbers for each paper; each column is 0 on average, with deviation 1 or 0."""
    columns = np.array([_measure(paper) for paper in papers], dtype=np.float64).reshape(len(papers), -1)
    spread = columns.std(axis=0)
    return np.asarray((columns - columns.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0), dtype=np.float64)


def _measure(paper: Paper) -> list[float]:
    counts = dict.fromkeys(_KINDS, 0)
    for match in _SIGNS.finditer(f"{paper.title} {paper.abstract}"[:_MAX_CHARS]):
        counts[str(match.lastgroup)] += 1
    sizes = (len(paper.authors), len(paper.categories), len(paper.abstract))
    return [*(float(min(_MOST, n)) for n in counts.values()), *(float(np.log1p(size)) for size in sizes)]
