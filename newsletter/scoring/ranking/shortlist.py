"""Chooses the papers a model is asked about: the best of the ranking down to a cut, and a random sample from below.

The cut lies where the chances below it are worth no more than may be missed, so that rich days send more and poor days
less; what the random sample finds moves it, within the operator's bounds. Pure: no clock, no random numbers but a hash
of profile and paper, so that a second look the same day chooses the same papers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence, Set
from dataclasses import dataclass

# Learned chances are too high below the cut, the more the lower it lies: where they promise to miss 5 % (10, 17), about
# 2 (5, 10) are missed. This power makes one of the other; from the corpus, see docs/funnel.md.
_PROMISE_POWER = 0.766
_CORRECTION = (0.5, 4.0)  # how far the random sample may move what is believed to be missed


@dataclass(frozen=True, slots=True)
class Policy:
    """How much is sent. Shares are of the day's papers; `random_share` is of those below the cut.

    `min_share` and `max_share` bound the cut once there is something to go by; before, `cold_share` (or `min_share`
    if that is more) holds for `cold_days` days of answers, and `share` for as long as too few papers passed to learn
    from.
    """

    target_recall: float = 0.98
    min_share: float = 0.15
    max_share: float = 0.9
    random_share: float = 0.03
    share: float = 0.45
    cold_share: float = 0.8
    cold_days: int = 3
    small_pool: int = 40  # so many papers are always sent whole

    def __post_init__(self) -> None:
        shares = (self.min_share, self.max_share, self.random_share, self.share, self.cold_share)
        if not all(0 <= share <= 1 for share in shares) or self.min_share > self.max_share:
            raise ValueError("shares lie between 0 and 1, and min_share is not above max_share")
        if not 0 < self.target_recall < 1:
            raise ValueError("target_recall lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class PassCounts:
    """How many papers of earlier days passed above the cut, and in the random sample below it."""

    passed_above: int = 0
    passed_random: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One paper of the day. `chance`: that the model would pass it; None where nothing is learned yet."""

    arxiv_id: str
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Ids best first; `random_ids` are the part of them that lies below the cut."""

    ids: tuple[str, ...]
    random_ids: frozenset[str]


def build_shortlist(
    ranked: Sequence[Candidate],
    policy: Policy,
    *,
    profile_key: str,
    days: int,
    pass_counts: PassCounts | None = None,
    graded: Set[str] = frozenset(),
) -> Shortlist:
    """Chooses from `ranked` (best first), knowing `days` days of answers.

    Papers already `graded` stay chosen and take their place in the count, so that a second look asks for nothing new.
    """
    wanted = count_above_cut(ranked, policy, days=days, pass_counts=pass_counts)
    above = {paper.arxiv_id for paper in ranked[:wanted]}
    drawn = {paper.arxiv_id for paper in ranked[wanted:] if _is_drawn(profile_key, paper.arxiv_id, policy)}
    room = wanted - sum(paper.arxiv_id in graded and paper.arxiv_id not in drawn for paper in ranked)
    fresh = [paper.arxiv_id for paper in ranked if paper.arxiv_id in above - graded][: max(0, room)]
    chosen = {*fresh, *drawn, *graded}
    return Shortlist(tuple(p.arxiv_id for p in ranked if p.arxiv_id in chosen), frozenset(drawn))


def count_above_cut(
    ranked: Sequence[Candidate], policy: Policy, *, days: int, pass_counts: PassCounts | None = None
) -> int:
    """Gives how many of the best are asked about."""
    n = len(ranked)
    if n <= policy.small_pool:
        return n
    if days < policy.cold_days:
        return math.ceil(max(policy.cold_share, policy.min_share) * n)
    chances = [paper.chance for paper in ranked if paper.chance is not None]
    low, high = math.ceil(policy.min_share * n), math.ceil(policy.max_share * n)
    if len(chances) < n:
        return min(max(math.ceil(policy.share * n), low), high)
    may_miss = (
        (1 - policy.target_recall) ** _PROMISE_POWER * sum(chances) / correction(policy, pass_counts or PassCounts())
    )
    missed, count = 0.0, n
    while count > low and missed + chances[count - 1] <= may_miss:
        count -= 1
        missed += chances[count]
    return min(max(count, low), high)


def correction(policy: Policy, pass_counts: PassCounts) -> float:
    """Gives how many times more the funnel misses than it should, as far as the random sample shows.

    Each paper below the cut is drawn with the same known chance, so `passed_random / random_share` papers were missed
    on average. That sample is small: one passed paper stands for dozens. So this is the mean of a Gamma distribution
    that starts at "as it should", with the weight of one such paper, and moves with what was seen.
    """
    expected = pass_counts.passed_above * (1 - policy.target_recall) / policy.target_recall
    factor = (1 + pass_counts.passed_random) / (1 + policy.random_share * expected)
    return min(max(factor, _CORRECTION[0]), _CORRECTION[1])


def _is_drawn(profile_key: str, arxiv_id: str, policy: Policy) -> bool:
    digest = hashlib.blake2b(f"{profile_key} {arxiv_id}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < policy.random_share * 2.0**64
