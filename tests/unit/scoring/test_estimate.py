"""An estimate counts the prompts that would be sent, and adds up."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from newsletter.files.resources import read_text
from newsletter.model import Grading, Paper, Profile, Topic
from newsletter.scoring.llm.estimate import Assumptions, Estimate, estimate, sum_estimates
from newsletter.scoring.llm.grader import find_known
from newsletter.scoring.llm.prices import price_of
from newsletter.scoring.llm.prompts import load_prompts
from newsletter.scoring.llm.token_count import count
from tests import make

PROMPTS = load_prompts(read_text)
PROFILE = Profile((Topic("Attention", "how attention scales", "vision"),), about="A group that trains models.")
ASSUMED = Assumptions(share=0.45, effort="low", batch_papers=20)
LUNA = price_of("gpt-6-luna")


def papers(number: int) -> list[Paper]:
    abstract = "We measure how a thing depends on another thing, and find that it does."
    return [Paper(f"2511.{n:05d}", 1, f"Paper {n}", ("A. Author",), abstract, ("cs.LG",)) for n in range(number)]


def of(number: int, assumed: Assumptions = ASSUMED, floor: int = 7) -> Estimate:
    return estimate(PROMPTS, PROFILE, papers(number), floor, price=LUNA, assumed=assumed)


def test_a_morning_of_a_hundred_papers() -> None:
    found = of(100)
    assert (found.papers, found.asked, found.calls) == (100, 45, 3)
    assert found.reasoning_tokens == 45 * 40
    assert 15 * 63 < found.answer_tokens < 15 * 63 + 45 * 15


def test_the_prompts_are_counted_as_they_are_sent() -> None:
    """One paper more in the same batch costs its own text, to the token."""
    everything = replace(ASSUMED, share=1.0)
    one, two = of(1, everything), of(2, everything)
    first, second = (PROMPTS.render(PROFILE, papers(number), 7).user for number in (1, 2))
    assert two.prompt_tokens - one.prompt_tokens == count(second) - count(first)


def cost_of(found: Estimate, *, cached: int, written: int) -> Decimal:
    assert LUNA is not None
    return LUNA.cost(found.prompt_tokens, cached, written, found.answer_tokens + found.reasoning_tokens)


def test_where_writing_to_the_cache_costs_extra_the_beginning_is_paid_once_and_then_read() -> None:
    long = replace(PROFILE, about="A group that trains models of many kinds. " * 60)
    found = estimate(PROMPTS, long, papers(100), 7, price=LUNA, assumed=ASSUMED)
    cached = sum(map(count, PROMPTS.render(long, (), 7).beginning))
    assert cached > 1_024
    assert found.calls == 3
    assert found.cost_usd == cost_of(found, cached=2 * cached, written=cached)


def test_a_beginning_too_short_for_the_cache_is_neither_written_nor_read() -> None:
    assert sum(map(count, PROMPTS.render(PROFILE, (), 7).beginning)) < 1_024
    found = of(100)
    assert found.cost_usd == cost_of(found, cached=0, written=0)


def test_before_writing_was_charged_nothing_is_taken_to_come_from_the_cache() -> None:
    assert LUNA is not None
    older = replace(LUNA, cache_write=LUNA.input)
    long = replace(PROFILE, about="A group that trains models of many kinds. " * 60)
    found = estimate(PROMPTS, long, papers(100), 7, price=older, assumed=ASSUMED)
    assert found.cost_usd == cost_of(found, cached=0, written=0)


def test_nobody_to_ask_about_costs_nothing() -> None:
    assert of(0) == Estimate(0, 0, 0, 0, 0, 0, 0, Decimal(0))


def test_a_small_day_is_asked_about_whole_as_the_funnel_does() -> None:
    small = replace(ASSUMED, small_pool=40)
    assert [of(number, small).asked for number in (40, 41)] == [40, 19]


def known_of(number: int, n_known: int) -> Estimate:
    known = {paper.arxiv_id for paper in papers(number)[:n_known]}
    return estimate(PROMPTS, PROFILE, papers(number), 7, price=LUNA, assumed=ASSUMED, known=known)


def test_papers_graded_already_cost_nothing_and_keep_their_places_in_the_shortlist() -> None:
    found = known_of(100, 30)
    assert (found.papers, found.known, found.asked, found.calls) == (100, 30, 15, 1)
    assert found.answer_tokens < of(100).answer_tokens / 2
    assert known_of(100, 45).cost_usd == known_of(100, 100).cost_usd == Decimal(0)


def test_known_is_what_the_same_model_graded_of_the_same_version_in_the_same_words() -> None:
    grading = Grading("2511.00000", 1, "p", "gpt-6-luna", "words", 8, 6, "", was_random=False, at=make.NOW)
    others = [
        replace(grading, arxiv_id="2511.00001", version=2),
        replace(grading, arxiv_id="2511.00002", model="gpt-6.1-terra"),
        replace(grading, arxiv_id="2511.00003", prompt_key="other words"),
    ]
    assert find_known([grading, *others], papers(5), model="gpt-6-luna", prompt_key="words") == {"2511.00000": grading}


def test_without_a_price_the_tokens_are_still_counted() -> None:
    found = estimate(PROMPTS, PROFILE, papers(10), 7, price=None, assumed=ASSUMED)
    assert found.prompt_tokens > 0
    assert found.cost_usd is None
    assert sum_estimates([found, of(10)]).cost_usd is None


def test_a_low_cut_off_makes_longer_answers() -> None:
    assert of(100, floor=1).answer_tokens > of(100, floor=7).answer_tokens


@pytest.mark.parametrize(("less", "more"), [("none", "low"), ("low", "medium"), ("medium", "high")])
def test_more_effort_costs_more(less: str, more: str) -> None:
    cheap, dear = of(20, replace(ASSUMED, effort=less)).cost_usd, of(20, replace(ASSUMED, effort=more)).cost_usd
    assert cheap is not None
    assert dear is not None
    assert cheap < dear


def test_an_effort_we_do_not_know_is_taken_for_a_high_one() -> None:
    assert of(20, replace(ASSUMED, effort="extreme")) == of(20, replace(ASSUMED, effort="high"))


@given(st.integers(0, 70), st.floats(0.01, 1), st.integers(1, 30))
@hypothesis_settings(max_examples=25, deadline=None)
def test_the_numbers_of_an_estimate_fit_together(number: int, share: float, batch: int) -> None:
    found = of(number, Assumptions(share=share, effort="low", batch_papers=batch))
    assert found.asked <= found.papers == number
    assert found.asked >= number * share or found.asked == number
    assert found.calls == -(-found.asked // batch)
    total = sum_estimates([found, of(3)])
    assert total.prompt_tokens == found.prompt_tokens + of(3).prompt_tokens
    assert total.cost_usd == (found.cost_usd or 0) + (of(3).cost_usd or 0)
