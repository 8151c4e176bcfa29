"""Says which model a digest asked, how many tokens that took and what it cost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from newsletter.model import Digest, Usage
from newsletter.texts import write_number


@dataclass(frozen=True, slots=True)
class CostView:
    """The table of tokens and dollars; a price that is not known reads so, never "$0.00"."""

    prompt: str
    cached: str
    completion: str
    total: str
    prompt_cost: str
    completion_cost: str
    total_cost: str
    budget: str  # for all calls of a day; empty where there is no limit


def _dollars(cost: Decimal | None, not_known: str) -> str:
    if cost is None:
        return not_known
    return f"${cost:.2f}" if cost >= Decimal("0.01") or cost == 0 else f"${cost:.4f}"


def cost_view(digest: Digest, language: str, not_known: str) -> CostView | None:
    """Gives what a model used; None where none judged and nothing was used. Without calls there is nothing to pay.

    Numbers of tokens are written as `language` does, prices alike in all; `not_known` stands for one that is not known.
    """
    used = digest.usage or Usage(0, 0, 0, Decimal(0), Decimal(0))
    if digest.is_by_words and not used.prompt_tokens + used.completion_tokens:
        return None
    costs = (used.prompt_cost_usd, used.completion_cost_usd)
    total = None if None in costs else sum((c for c in costs if c is not None), Decimal(0))
    return CostView(
        prompt=write_number(used.prompt_tokens, language),
        cached=write_number(used.cached_tokens, language),
        completion=write_number(used.completion_tokens, language),
        total=write_number(used.prompt_tokens + used.completion_tokens, language),
        prompt_cost=_dollars(costs[0], not_known),
        completion_cost=_dollars(costs[1], not_known),
        total_cost=_dollars(total, not_known),
        budget="" if used.daily_budget_usd is None else _dollars(used.daily_budget_usd, not_known),
    )
