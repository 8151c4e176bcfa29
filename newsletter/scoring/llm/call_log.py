"""Writes down each call of a model before it is made, at the most it can cost, and afterwards what it did cost.

A call that may have been billed without an answer (timeout, lost connection) keeps its highest cost. Where the price
is not known, so is the cost. Who repeats is client.py's business.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from newsletter.model import ModelCall, Usage
from newsletter.scoring.llm.completion import Reply, Tokens
from newsletter.scoring.llm.failures import CallFailed
from newsletter.scoring.llm.prices import Price, sum_costs
from newsletter.stores import LlmStore

ANSWER_CHARS = 20_000  # of an answer kept for the audit
FRAME_TOKENS = 64  # what a chat format adds around two messages and a schema, generously
_OWN_TOKENIZER = 1.5  # our count is exact for OpenAI's models; others may need more tokens for the same text
_COUNTED_EXACTLY = ("gpt-", "ft:gpt-", "chatgpt-", "o1", "o3", "o4")


class TokenBounds(NamedTuple):
    """The most tokens that a request and its answer can have."""

    prompt: int
    completion: int


class CallLog:
    """The calls for one reader: begun, ended, and what they used altogether."""

    def __init__(
        self,
        store: LlmStore,
        model: str,
        price_of: Callable[[str, str], Price | None],
        now: Callable[[], datetime],
        budget_usd: Decimal | None,
    ) -> None:
        self._store = store
        self._model = model
        self._price_of = price_of
        self._now = now
        self._budget_usd = budget_usd
        self._ended: list[ModelCall] = []

    def begin(self, draft: ModelCall) -> ModelCall | None:
        """Writes the call down as of now; None if the budget has no room for it."""
        call = replace(draft, at=self._now())
        budget_usd = self._budget_usd if call.cost_usd is not None else None
        return call if self._store.begin_call(call, budget_usd=budget_usd) else None

    def draft(
        self, body: Mapping[str, Any], *, tier: str, subject: str, paper_ids: Sequence[str], bounds: TokenBounds
    ) -> ModelCall:
        """Builds the pending call, not yet written."""
        price = self._price_of(self._model, tier)
        return ModelCall(
            call_id=secrets.token_hex(8),
            at=self._now(),
            model=self._model,
            tier=tier,
            subject=subject,
            paper_ids=tuple(paper_ids),
            request_hash=hash_request(body),
            cost_usd=price.highest_cost(*bounds) if price else None,
            run_id=self._store.current_run(),
        )

    def record_answer(self, call: ModelCall, reply: Reply, seconds: float, *, bounds: TokenBounds) -> None:
        """Ends a call that was answered. A server that does not say what it used counts as having used `bounds`."""
        tokens = reply.tokens or Tokens(prompt=bounds.prompt, cached=0, cache_write=0, completion=bounds.completion)
        price = self._price_of(call.model, reply.tier)
        self._end(
            replace(
                call,
                tier=reply.tier,
                outcome=reply.outcome,
                prompt_tokens=tokens.prompt,
                cached_tokens=tokens.cached,
                cache_write_tokens=tokens.cache_write,
                completion_tokens=tokens.completion,
                cost_usd=price.cost(tokens.prompt, tokens.cached, tokens.cache_write, tokens.completion)
                if price
                else None,
                seconds=seconds,
                answer=reply.text[:ANSWER_CHARS],
            )
        )

    def record_failure(self, call: ModelCall, error: CallFailed, seconds: float) -> None:
        """Ends a call without an answer: at its highest cost if the server may have worked for it, else at none."""
        unpaid = None if call.cost_usd is None else Decimal(0)
        cost = call.cost_usd if error.is_billed else unpaid
        self._end(replace(call, outcome=error.outcome, cost_usd=cost, seconds=seconds, answer=str(error)))

    def usage(self) -> Usage | None:
        """Gives what the answers used; None before the first call."""
        used = sum_calls(self._ended, self._price_of)
        return used and replace(used, daily_budget_usd=self._budget_usd)

    def _end(self, call: ModelCall) -> None:
        self._store.end_call(call)
        self._ended.append(call)


def sum_calls(calls: Sequence[ModelCall], price_of: Callable[[str, str], Price | None]) -> Usage | None:
    """Adds up tokens and cost of these calls, with a price only where that of every one is known; None for no calls."""
    if not calls:
        return None
    prices = [(call, price_of(call.model, call.tier)) for call in calls if call.prompt_tokens]
    prompt = [p.prompt_cost(c.prompt_tokens, c.cached_tokens, c.cache_write_tokens) if p else None for c, p in prices]
    completion = [p.completion_cost(c.completion_tokens) if p else None for c, p in prices]
    return Usage(
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        cached_tokens=sum(call.cached_tokens for call in calls),
        prompt_cost_usd=sum_costs(prompt),
        completion_cost_usd=sum_costs(completion),
    )


def count_at_most(model: str, texts: Sequence[str], count: Callable[[str], int]) -> int:
    """Counts the most prompt tokens a request with these texts can have, by the count of OpenAI's tokenizer."""
    exact = sum(map(count, texts)) + FRAME_TOKENS
    return exact if model.startswith(_COUNTED_EXACTLY) else int(exact * _OWN_TOKENIZER)


def hash_request(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode("utf-8")).hexdigest()
