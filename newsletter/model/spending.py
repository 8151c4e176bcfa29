"""The daily budget's rule, and calls added up to bills: by day, month, run, model or profile, and shared among readers.

Pure: calls go in, sums come out. Prices are scoring/llm/prices.py's business; that racing calls keep the rule is the
store's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

from newsletter.model import ModelCall, Usage

PENDING, OK = "pending", "ok"


@dataclass(frozen=True, slots=True)
class Bill:
    """Some calls added up; `cost_usd` is of those whose price is known, a pending one at the most it can cost."""

    name: str
    calls: int = 0
    failed: int = 0
    pending: int = 0
    without_price: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """A subscriber's part of what was paid for a profile that `readers` subscribers have; nobody's: no subscriber."""

    subscriber_id: str
    profile: str
    readers: int
    calls: int  # of the profile, whoever shares them
    without_price: int
    cost_usd: Decimal


def is_within_budget(call: ModelCall, begun: Iterable[ModelCall], budget_usd: Decimal | None) -> bool:
    """Whether the day's calls and this one, each at the most it can cost, stay within the budget.

    A call whose price is not known could cost anything: under a budget it never fits. One that was begun without
    a budget has no number to count.
    """
    if budget_usd is None:
        return True
    return call.cost_usd is not None and spent(begun) + call.cost_usd <= budget_usd


def are_within_budget(calls: Sequence[ModelCall], begun: Iterable[ModelCall], budget_usd: Decimal | None) -> bool:
    """The same of several calls that are begun together or not at all."""
    before = list(begun)
    return all(is_within_budget(call, [*before, *calls[:at]], budget_usd) for at, call in enumerate(calls))


def spent(calls: Iterable[ModelCall]) -> Decimal:
    return sum((call.cost_usd for call in calls if call.cost_usd is not None), Decimal(0))


def sum_usage(first: Usage | None, second: Usage | None) -> Usage | None:
    """Both together; a cost that is not known in one is not known of both."""
    if first is None or second is None:
        return first or second
    return Usage(
        prompt_tokens=first.prompt_tokens + second.prompt_tokens,
        completion_tokens=first.completion_tokens + second.completion_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        prompt_cost_usd=_sum_known(first.prompt_cost_usd, second.prompt_cost_usd),
        completion_cost_usd=_sum_known(first.completion_cost_usd, second.completion_cost_usd),
        daily_budget_usd=second.daily_budget_usd if first.daily_budget_usd is None else first.daily_budget_usd,
    )


def _sum_known(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return None if first is None or second is None else first + second


def utc_day(call: ModelCall) -> date:
    return call.at.astimezone(UTC).date()


def add_up(calls: Iterable[ModelCall], name_of: Callable[[ModelCall], str]) -> list[Bill]:
    """One bill for each name, by name."""
    groups: dict[str, list[ModelCall]] = {}
    for call in calls:
        groups.setdefault(name_of(call), []).append(call)
    return [total(group, name) for name, group in sorted(groups.items())]


def share_out(profiles: Iterable[Bill], readers: dict[str, list[str]]) -> list[Share]:
    """Each profile's bill in equal parts among those who have the profile, by subscriber; nobody's last.

    Equal, because a paper is asked about once for all of them: no call is more one reader's than another's.
    """
    shares = [
        Share(who, bill.name, len(having), bill.calls, bill.without_price, bill.cost_usd / max(1, len(having)))
        for bill in profiles
        for having in [readers.get(bill.name, [])]
        for who in having or [""]
    ]
    return sorted(shares, key=lambda share: (not share.subscriber_id, share.subscriber_id, share.profile))


def total(calls: Iterable[ModelCall], name: str = "total") -> Bill:
    calls = list(calls)
    return Bill(
        name,
        calls=len(calls),
        failed=sum(call.outcome not in (OK, PENDING) for call in calls),
        pending=sum(call.outcome == PENDING for call in calls),
        without_price=sum(call.cost_usd is None for call in calls),
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        cached_tokens=sum(call.cached_tokens for call in calls),
        cache_write_tokens=sum(call.cache_write_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        cost_usd=spent(calls),
    )
