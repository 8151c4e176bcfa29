"""Laws of the shortlist: how much is sent, that it stays the same, and what the random sample may change."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.scoring.ranking.shortlist import (
    Candidate,
    PassCounts,
    Policy,
    Shortlist,
    build_shortlist,
    correction,
    count_above_cut,
)

CHANCES = st.lists(st.floats(0, 1), max_size=120)
SHARES = st.floats(0, 1)
SEEN = st.builds(PassCounts, st.integers(0, 5000), st.integers(0, 50))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    low, high = sorted((draw(SHARES), draw(SHARES)))
    return Policy(
        target_recall=draw(st.floats(0.5, 0.999)),
        min_share=low,
        max_share=high,
        random_share=draw(SHARES),
        share=draw(SHARES),
        cold_share=draw(SHARES),
        cold_days=draw(st.integers(0, 5)),
        small_pool=draw(st.integers(0, 60)),
    )


def rank(chances: list[float]) -> list[Candidate]:
    return [Candidate(f"2601.{n:05d}", chance) for n, chance in enumerate(sorted(chances, reverse=True))]


def sent(shortlist: Shortlist) -> set[str]:
    return set(shortlist.ids)


@given(CHANCES, policies(), SEEN, st.integers(3, 30))
def test_the_cut_stays_within_the_operators_bounds(
    chances: list[float], policy: Policy, pass_counts: PassCounts, days: int
) -> None:
    policy = replace(policy, cold_days=3)
    count = count_above_cut(rank(chances), policy, days=days, pass_counts=pass_counts)
    if len(chances) <= policy.small_pool:
        assert count == len(chances)
    else:
        assert math.ceil(policy.min_share * len(chances)) <= count <= math.ceil(policy.max_share * len(chances))


@given(CHANCES, policies(), st.integers(0, 10))
def test_what_is_sent_is_the_top_and_a_sample_from_below_it(chances: list[float], policy: Policy, days: int) -> None:
    ranked = rank(chances)
    shortlist = build_shortlist(ranked, policy, profile_key="p", days=days)
    count = count_above_cut(ranked, policy, days=days)
    assert sent(shortlist) - shortlist.random_ids == {paper.arxiv_id for paper in ranked[:count]}
    assert shortlist.random_ids <= {paper.arxiv_id for paper in ranked[count:]}
    order = [paper.arxiv_id for paper in ranked]
    assert list(shortlist.ids) == sorted(shortlist.ids, key=order.index)


@given(CHANCES, policies(), st.integers(0, 10), st.data())
def test_a_second_look_chooses_the_same_papers(
    chances: list[float], policy: Policy, days: int, data: st.DataObject
) -> None:
    """Also when only some of them could be graded the first time."""
    ranked = rank(chances)
    first = build_shortlist(ranked, policy, profile_key="p", days=days)
    graded = data.draw(st.sets(st.sampled_from(first.ids))) if first.ids else set()
    again = build_shortlist(ranked, policy, profile_key="p", days=days, graded=graded)
    assert sent(again) == sent(first)


@given(st.lists(st.floats(0, 1), min_size=50, max_size=120), st.randoms(use_true_random=False))
def test_another_order_the_same_day_asks_for_no_more_papers(chances: list[float], random: object) -> None:
    """An answer to somebody else's paper may have taught the ranking something meanwhile."""
    policy = Policy(random_share=0.0)
    ranked = rank(chances)
    first = build_shortlist(ranked, policy, profile_key="p", days=9)
    shuffled = [Candidate(paper.arxiv_id, chance.chance) for paper, chance in zip(ranked[::-1], ranked, strict=True)]
    assert sent(build_shortlist(shuffled, policy, profile_key="p", days=9, graded=sent(first))) == sent(first)


@given(CHANCES, policies(), st.integers(0, 5000), st.integers(0, 40), st.integers(0, 9))
def test_the_more_the_random_sample_finds_the_more_is_sent(
    chances: list[float], policy: Policy, above: int, below: int, more: int
) -> None:
    before, after = PassCounts(above, below), PassCounts(above, below + more)
    assert correction(policy, before) <= correction(policy, after)
    days = policy.cold_days
    assert count_above_cut(rank(chances), policy, days=days, pass_counts=before) <= count_above_cut(
        rank(chances), policy, days=days, pass_counts=after
    )


def test_a_small_sample_moves_little_and_a_large_one_much() -> None:
    policy = Policy(target_recall=0.98, random_share=0.05)
    assert correction(policy, PassCounts()) == 1.0
    assert 0.9 < correction(policy, PassCounts(100, 0)) < 1.0
    assert correction(policy, PassCounts(3000, 0)) == 0.5
    as_meant = PassCounts(4900, 5)  # 100 missed of 5,000, of which the sample saw a twentieth
    assert correction(policy, as_meant) == pytest.approx(1.0)
    assert correction(policy, PassCounts(4900, 20)) > 3


def test_the_random_sample_is_as_large_as_announced_and_another_for_each_profile() -> None:
    ranked = [Candidate(f"2601.{n:05d}", 0.0) for n in range(6_000)]
    policy = Policy(min_share=0.5, max_share=0.5, random_share=0.05)
    one, other = (build_shortlist(ranked, policy, profile_key=key, days=9).random_ids for key in ("one", "other"))
    below = 3_000
    deviation = math.sqrt(below * 0.05 * 0.95)
    for drawn in (one, other):
        assert abs(len(drawn) - 0.05 * below) < 4 * deviation
    assert len(one & other) < 0.1 * len(one)


def test_a_good_paper_below_the_cut_is_drawn_as_often_as_a_bad_one() -> None:
    """So that 1 / random_share times the passed ones drawn is, on average, how many were missed."""
    policy = Policy(min_share=0.2, max_share=0.2, random_share=0.1)
    ranked = [Candidate(f"2601.{n:05d}", 0.5) for n in range(200)]
    missed_good = {paper.arxiv_id for paper in ranked[40::8]}
    drawn = [
        len(build_shortlist(ranked, policy, profile_key=str(key), days=9).random_ids & missed_good)
        for key in range(1000)
    ]
    mean = sum(drawn) / len(drawn) / policy.random_share
    deviation = math.sqrt(len(missed_good) * 0.9 / 0.1 / len(drawn))
    assert abs(mean - len(missed_good)) < 4 * deviation


def test_a_cold_start_keeps_more_and_a_small_pool_is_sent_whole() -> None:
    hopeless = rank([0.001] * 100)
    policy = Policy(cold_share=0.8, cold_days=3, random_share=0.0)
    counts = [len(build_shortlist(hopeless, policy, profile_key="p", days=days).ids) for days in range(5)]
    assert counts[:3] == [80, 80, 80]
    assert counts[3] == counts[4] < 100
    assert len(build_shortlist(rank([0.0] * 40), policy, profile_key="p", days=9).ids) == 40


@pytest.mark.parametrize("days", range(6))
@pytest.mark.parametrize("chances", [[0.001] * 100, [None] * 100, [0.9] * 3 + [0.0] * 60])
def test_a_least_share_of_one_sends_everything_on_every_day(days: int, chances: list[float | None]) -> None:
    ranked = [Candidate(f"2601.{n:05d}", chance) for n, chance in enumerate(chances)]
    chosen = build_shortlist(
        ranked, Policy(min_share=1, max_share=1), profile_key="p", days=days, pass_counts=PassCounts(900, 0)
    )
    assert len(chosen.ids) == len(ranked)
    assert not chosen.random_ids
    more = build_shortlist(ranked, Policy(min_share=0.9, max_share=1, random_share=0.0), profile_key="p", days=days)
    assert len(more.ids) >= 0.9 * len(ranked)


def test_a_rich_day_sends_more_than_a_poor_one() -> None:
    policy = Policy(min_share=0.05, max_share=0.9)
    assert count_above_cut(rank([0.9] * 40 + [0.001] * 60), policy, days=9) == 39  # one of 40 may be missed
    assert count_above_cut(rank([0.9] * 10 + [0.001] * 90), policy, days=9) == 10


def test_without_anything_learned_the_plain_share_is_sent() -> None:
    ranked = [Candidate(f"2601.{n:05d}") for n in range(100)]
    assert count_above_cut(ranked, Policy(share=0.45), days=9) == 45


@pytest.mark.parametrize(
    "wrong", [{"min_share": 0.7, "max_share": 0.6}, {"random_share": 1.5}, {"share": -0.1}, {"target_recall": 1.0}]
)
def test_impossible_shares_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between"):
        Policy(**wrong)  # type: ignore[arg-type]
