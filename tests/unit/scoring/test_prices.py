"""Dollars for tokens: the price list, the parts of a bill, models that are about to go."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.formatting import dollars
from newsletter.scoring.llm.prices import DEFAULT_MODEL, Price, check_model, price_of, retired_on, write_price

TODAY = date(2026, 11, 22)
MODELS = ("gpt-5", "gpt-5.6-luna", "gpt-6-luna", "gpt-6-sol", "gpt-6.1-terra", "gpt-6.1-sol", "gpt-4o")
TIERS = ("standard", "flex", "batch")


def known(model: str, tier: str = "standard", on: date | None = TODAY) -> Price:
    price = price_of(model, tier, on=on)
    assert price is not None
    return price


counts = st.integers(0, 2_000_000)
prices = st.builds(known, st.sampled_from(MODELS), st.sampled_from(TIERS))


def test_the_published_bill_of_the_reference_comes_out_to_the_cent() -> None:
    price = known("gpt-5")
    assert dollars(price.prompt_cost(140_584)) == "$0.17573"
    assert dollars(price.completion_cost(113_569)) == "$1.13569"
    assert dollars(price.cost(140_584, 0, 0, 113_569)) == "$1.31142"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-6-luna", (".10", ".01", ".125", ".50")),
        ("gpt-6-luna-2026-10-01", (".10", ".01", ".125", ".50")),
        ("gpt-6.1-terra", ("1", ".05", "1.25", "5")),
        ("gpt-6.1-sol", ("2", ".10", "2.5", "10")),
    ],
)
def test_the_list_has_the_models_we_advise(model: str, expected: tuple[str, ...]) -> None:
    assert known(model) == Price(*map(Decimal, expected))


@pytest.mark.parametrize("model", ["gpt-5", "gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol"])
@pytest.mark.parametrize("tier", ["flex", "batch"])
def test_flex_and_batch_cost_half(model: str, tier: str) -> None:
    whole, half = known(model), known(model, tier)
    assert (half.input * 2, half.cached * 2, half.output * 2) == (whole.input, whole.cached, whole.output)


def test_a_tier_the_model_does_not_have_is_priced_as_standard() -> None:
    assert known("gpt-4o", "flex") == known("gpt-4o")


def test_a_tier_that_nobody_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="standard, flex or batch"):
        price_of("gpt-6-luna", "express")


def test_writing_to_the_cache_costs_more_from_gpt_5_6_on_and_nothing_extra_before() -> None:
    assert known("gpt-5").cache_write == known("gpt-5").input
    for model in ("gpt-5.6-luna", "gpt-6-luna", "gpt-6.1-terra"):
        assert known(model).cache_write == known(model).input * Decimal("1.25")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-5.5", "2"),
        ("gpt-5.6-luna", "2.5"),
        ("gpt-5.10", "2.5"),
        ("gpt-6", "2.5"),
        ("gpt-7.1-terra", "2.5"),
        ("o3", "2"),
    ],
)
def test_a_write_price_that_is_not_listed_follows_openais_rule(model: str, expected: str) -> None:
    assert write_price(model, Decimal(2)) == Decimal(expected)


@pytest.mark.parametrize("model", ["gpt-7", "my-gpt-5", "gpt-5-foo", "smollm2", "", "gpt-6.2-terra"])
def test_a_model_that_is_not_listed_has_no_price_rather_than_none_to_pay(model: str) -> None:
    assert price_of(model) is None
    assert dollars(None) == "n/a"


def test_another_server_is_priced_by_its_own_list_or_not_at_all() -> None:
    assert price_of("gpt-6-luna", base_url="http://127.0.0.1:8080/v1") is None
    assert price_of("gpt-6-luna", base_url="https://api.openai.com/v1") == price_of("gpt-6-luna")
    assert price_of("deepseek-chat") is None
    assert price_of("deepseek-chat", base_url="https://api.deepseek.com") is not None


def test_a_price_that_changed_is_that_of_its_day() -> None:
    assert known("gpt-5.6-luna", on=date(2026, 7, 29)).input == 1
    assert known("gpt-5.6-luna", on=date(2026, 7, 30)).input == Decimal("0.2")
    assert known("gpt-5.6-luna", on=None) == known("gpt-5.6-luna")


@given(prices, counts, counts, counts, counts, st.integers(1, 100_000))
def test_one_more_token_of_any_kind_never_makes_a_call_cheaper(
    price: Price, plain: int, cached: int, written: int, completion: int, more: int
) -> None:
    def cost(plain: int, cached: int, written: int, completion: int) -> Decimal:
        return price.cost(plain + cached + written, cached, written, completion)

    base = cost(plain, cached, written, completion)
    assert cost(plain + more, cached, written, completion) >= base
    assert cost(plain, cached + more, written, completion) >= base
    assert cost(plain, cached, written + more, completion) >= base
    assert cost(plain, cached, written, completion + more) >= base


@given(prices, counts, counts, counts)
def test_a_cached_prompt_is_never_dearer_and_the_highest_cost_is_the_highest(
    price: Price, prompt: int, cached: int, written: int
) -> None:
    assert price.prompt_cost(prompt, cached) <= price.prompt_cost(prompt)
    assert price.cost(prompt, cached, written, 7) <= price.highest_cost(prompt, 7)


@given(prices, counts, counts, counts, counts)
def test_the_parts_of_a_bill_are_the_bill(
    price: Price, prompt: int, cached: int, written: int, completion: int
) -> None:
    parts = price.prompt_cost(prompt, cached, written) + price.completion_cost(completion)
    assert price.cost(prompt, cached, written, completion) == parts


@given(prices, st.lists(st.tuples(counts, counts), max_size=5))
def test_many_calls_cost_what_their_tokens_cost_together(price: Price, calls: list[tuple[int, int]]) -> None:
    alone = sum((price.cost(prompt, 0, 0, completion) for prompt, completion in calls), Decimal())
    together = price.cost(sum(prompt for prompt, _ in calls), 0, 0, sum(completion for _, completion in calls))
    assert alone == together


def test_more_cached_than_sent_is_a_servers_mistake_and_not_a_refund() -> None:
    price = known("gpt-6-luna")
    assert price.prompt_cost(1_000, 5_000, 5_000) == price.prompt_cost(1_000, 1_000)


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("gpt-5", date(2026, 12, 11)),
        ("gpt-5-mini-2025-08-07", date(2026, 12, 11)),
        ("gpt-5-nano", date(2026, 12, 11)),
        ("gpt-4o-2024-11-20", date(2027, 1, 14)),
        ("gpt-4.1", date(2027, 1, 14)),
        ("ft:gpt-4.1-mini-2025-04-14:acme::x", date(2027, 1, 14)),
        ("gpt-5.1", None),
        ("gpt-6-luna", None),
        ("gpt-4o-transcribe", None),
        ("llama-3", None),
    ],
)
def test_the_day_a_model_is_switched_off(model: str, day: date | None) -> None:
    assert retired_on(model) == day


def test_a_model_about_to_go_is_a_warning_with_the_date_and_what_to_set() -> None:
    (warning,) = check_model("gpt-5", TODAY)
    assert warning == "gpt-5 is switched off by OpenAI on 2026-12-11; set NEWSLETTER_MODEL to gpt-6-luna"
    (warning,) = check_model("gpt-5", date(2026, 12, 11))
    assert "was switched off" in warning
    assert check_model("gpt-5", TODAY, base_url="https://example.openai.azure.com/openai/v1/") == []


def test_a_model_without_a_price_is_a_warning_that_speaks_of_the_budget() -> None:
    (warning,) = check_model("gtp-6-luna", TODAY)
    assert "gtp-6-luna" in warning
    assert "budget" in warning
    assert DEFAULT_MODEL in warning


def test_the_model_we_advise_has_a_price_and_is_here_to_stay() -> None:
    assert check_model(DEFAULT_MODEL, TODAY) == []
    assert retired_on(DEFAULT_MODEL) is None


def test_a_price_in_words_is_what_the_list_says() -> None:
    assert known("gpt-6-luna").describe() == "$0.1 in, $0.01 cached, $0.125 written to the cache, $0.5 out"
    assert known("gpt-6.1-sol").describe().endswith("$10 out")
