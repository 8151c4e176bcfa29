"""Looks up what a model's tokens cost (dollars for each million, by genai-prices), and when the model is switched off.

Offline: the price list is the one in the installed package. Knows no call and no budget; see call_log.py.
A price that is not known is None and shown as "n/a": never zero. Sources: https://github.com/pydantic/genai-prices (its
flex and batch prices are OpenAI's own), https://developers.openai.com/api/docs/deprecations (read November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError
from newsletter.formatting import NOT_KNOWN

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice, TieredPrices

STANDARD, FLEX, BATCH = "standard", "flex", "batch"
DEFAULT_MODEL = "gpt-6-luna"  # what we advise: the cheapest that OpenAI has not said to switch off

_CONTEXT = {STANDARD: {}, FLEX: {"service_tier": "flex"}, BATCH: {"processing": "batch"}}
_MILLION = Decimal(1_000_000)
_VERSION = re.compile(r"gpt-(\d+)(?:\.(\d+))?(?:-|$)")
_WRITES_COST_FROM = (5, 6)  # OpenAI's prompt caching guide: from GPT-5.6 on a cache write costs 1.25 × input
_WRITE_FACTOR = Decimal("1.25")
_WARN_AHEAD = timedelta(days=90)

# Families, each with its dated snapshots and fine-tunes.
_SWITCHED_OFF = {
    date(2026, 10, 23): ("gpt-4.1-nano", "o4-mini"),
    date(2026, 12, 11): ("gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-pro", "o3", "o3-pro"),
    date(2027, 1, 14): ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"),
}
_SNAPSHOT = re.compile(r"-\d{4}-\d\d-\d\d$")


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for each million tokens, in calls short of the length where they become dearer (OpenAI: 272,000)."""

    input: Decimal
    cached: Decimal
    cache_write: Decimal
    output: Decimal

    def prompt_cost(self, prompt_tokens: int, cached_tokens: int = 0, cache_write_tokens: int = 0) -> Decimal:
        """Gives dollars for a prompt; cached and cache-write tokens are parts of it, cut where a server says more."""
        cached = min(cached_tokens, prompt_tokens)
        written = min(cache_write_tokens, prompt_tokens - cached)
        plain = prompt_tokens - cached - written
        return (plain * self.input + cached * self.cached + written * self.cache_write) / _MILLION

    def completion_cost(self, completion_tokens: int) -> Decimal:
        """Gives dollars for an answer; reasoning tokens are completion tokens."""
        return completion_tokens * self.output / _MILLION

    def cost(self, prompt_tokens: int, cached_tokens: int, cache_write_tokens: int, completion_tokens: int) -> Decimal:
        """Gives dollars for one call."""
        prompt = self.prompt_cost(prompt_tokens, cached_tokens, cache_write_tokens)
        return prompt + self.completion_cost(completion_tokens)

    def highest_cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """Gives the most a call of at most that many tokens can cost, whatever the provider's cache does."""
        dearest = max(self.input, self.cached, self.cache_write)
        return (prompt_tokens * dearest + completion_tokens * self.output) / _MILLION

    def describe(self) -> str:
        """Gives what a million tokens cost, for the operator."""
        named = (("in", self.input), ("cached", self.cached), ("written to the cache", self.cache_write))
        return ", ".join(f"${price.normalize():f} {what}" for what, price in (*named, ("out", self.output)))


def sum_costs(costs: Sequence[Decimal | None]) -> Decimal | None:
    """Adds up dollars; None if one of them is not known."""
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))


@lru_cache(maxsize=256)
def price_of(model: str, tier: str = STANDARD, *, on: date | None = None, base_url: str | None = None) -> Price | None:
    """Finds the price on that day (default: the latest known) at OpenAI, or at the provider whose API `base_url` is.

    None if the model, or the server, is not in the list. A tier the list does not have for the model costs as
    standard: too much, if anything. Raises ConfigError for a tier that nobody has.
    """
    if tier not in _CONTEXT:
        raise ConfigError(f"there is no tier {tier!r}; set NEWSLETTER_MODEL_TIER to standard, flex or batch")
    from genai_prices import data_snapshot  # noqa: PLC0415  # a second to load, and only a model needs it

    at = datetime.combine(on or date.max, time(12), UTC)
    provider = None if base_url else "openai"
    try:
        _, found = data_snapshot.get_snapshot().find_provider_model(model, None, provider, base_url or None)
    except LookupError:
        return None
    return _price(model, found.get_prices(at, _CONTEXT[tier]))


def _price(model: str, listed: ModelPrice) -> Price | None:
    input_price, output = _base(listed.input_mtok), _base(listed.output_mtok)
    if input_price is None or output is None:
        return None
    cached, written = _base(listed.cache_read_mtok), _base(listed.cache_write_mtok)
    return Price(
        input_price,
        input_price if cached is None else cached,
        write_price(model, input_price) if written is None else written,
        output,
    )


def _base(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price if price is None or isinstance(price, Decimal) else price.base


def write_price(model: str, input_price: Decimal) -> Decimal:
    """Gives what a token written to the cache costs where the list does not say."""
    return input_price * _WRITE_FACTOR if writes_cost_extra(model) else input_price


def writes_cost_extra(model: str) -> bool:
    """Tells whether it is one of OpenAI's models whose cache is paid for, and can be told what to keep."""
    found = _VERSION.match(model)
    return found is not None and (int(found[1]), int(found[2] or 0)) >= _WRITES_COST_FROM


def retired_on(model: str) -> date | None:
    """Finds the day OpenAI switches the model off, if it has named one. A fine-tune goes with its model."""
    base = model.removeprefix("ft:").partition(":")[0]
    family = _SNAPSHOT.sub("", base)
    return next((day for day, families in _SWITCHED_OFF.items() if family in families), None)


def check_model(model: str, today: date, *, tier: str = STANDARD, base_url: str | None = None) -> list[str]:
    """Gives sentences for the operator about a model that is about to go, or whose price nobody here knows."""
    warnings = []
    if price_of(model, tier, on=today, base_url=base_url) is None:
        where, remedy = (
            (f" at {base_url}", "that is as it should be for a server of your own")
            if base_url
            else ("", f"check the name, or set NEWSLETTER_MODEL to {DEFAULT_MODEL}")
        )
        warnings.append(
            f"the price of {model}{where} is not known, so costs show as {NOT_KNOWN} and no daily budget can hold; "
            f"{remedy}"
        )
    gone = retired_on(model) if not base_url or "api.openai.com" in base_url else None
    if gone is not None and gone - today <= _WARN_AHEAD:
        verb = "was" if gone <= today else "is"
        warnings.append(f"{model} {verb} switched off by OpenAI on {gone}; set NEWSLETTER_MODEL to {DEFAULT_MODEL}")
    return warnings
