"""Holds papers as sparse features beside dense ones, and solves for the weights of a linear model of them.

Knows neither votes nor gradings: feedback.py and learned.py say what is fitted to what. Plain numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.scoring.ranking.tfidf import CellIndexes, Vector

SOLVER_STEPS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Entries of a sparse matrix, in any order."""

    rows: CellIndexes
    columns: CellIndexes
    values: Vector
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A sparse block beside a dense one, whose first column is 1 everywhere; a vector of weights has both parts."""

    sparse: Block
    dense: Vector

    def dot(self, vector: Vector) -> Vector:
        """Gives one number for each paper."""
        block = self.sparse
        sums = np.bincount(block.rows, block.values * vector[block.columns], minlength=len(self.dense))
        return np.asarray(sums + self.dense @ vector[block.width :], dtype=np.float64)

    def mix(self, weights: Vector) -> Vector:
        """Gives the sum of the rows with these weights."""
        block = self.sparse
        sums = np.bincount(block.columns, block.values * weights[block.rows], minlength=block.width)
        return np.concatenate([sums, self.dense.T @ weights])

    def head(self, count: int) -> Features:
        """Gives the first papers alone."""
        block = self.sparse
        is_in_head = block.rows < count
        return Features(
            Block(block.rows[is_in_head], block.columns[is_in_head], block.values[is_in_head], block.width),
            self.dense[:count],
        )


def widen(features: Features, columns: Vector) -> Features:
    """Adds dense columns behind the others, one row for each paper."""
    return Features(features.sparse, np.hstack([features.dense, columns]))


def keep_shared(rows: CellIndexes, columns: CellIndexes, values: Vector, width: int) -> Block:
    """Leaves out the columns that one paper alone has: nothing learned from it can help another."""
    shared = np.bincount(columns, minlength=width) > 1
    place = np.cumsum(shared) - 1
    is_shared = shared[columns]
    return Block(rows[is_shared], place[columns[is_shared]], values[is_shared], int(shared.sum()))


def join(blocks: Sequence[Block], dense: Vector) -> Features:
    """Puts the blocks, which hold the same papers, side by side, and `dense` beside them."""
    offsets = np.cumsum([0, *(block.width for block in blocks)])
    rows = np.concatenate([block.rows for block in blocks])
    columns = np.concatenate([block.columns + offset for block, offset in zip(blocks, offsets[:-1], strict=True)])
    values = np.concatenate([block.values for block in blocks])
    return Features(Block(rows, columns, values, int(offsets[-1])), dense)


def solve(features: Features, curvature: Vector, penalty: Vector, target: Vector) -> Vector:
    """Finds the x with (Fᵀ·curvature·F + penalty)·x ≈ target, by preconditioned conjugate gradients."""
    scale = 1 / (penalty + 0.02)
    x = np.zeros_like(target)
    rest = target.copy()
    scaled = scale * rest
    direction, size = scaled, float(rest @ scaled)
    first = size
    for _ in range(SOLVER_STEPS):
        if size <= 1e-6 * first or size == 0.0:
            break
        image = features.mix(curvature * features.dot(direction)) + penalty * direction
        length = size / float(direction @ image)
        x += length * direction
        rest -= length * image
        scaled = scale * rest
        size, before = float(rest @ scaled), size
        direction = scaled + size / before * direction
    return x
