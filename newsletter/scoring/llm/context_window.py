"""Learns from refusals how many tokens a server takes: prompt and answer together, and the answer alone.

A server says it in its own words and numbers (vLLM, llama.cpp, LM Studio, TGI, Mistral, Anthropic, DeepSeek, Groq and
OpenAI, by public bug reports). Also notices a prompt whose beginning was dropped without a word, as Ollama does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_LEAST = 256  # a smaller number in a refusal is no limit
_IS_ABOUT_LENGTH = re.compile(
    r"context.?(?:length|window|size)|n_ctx|maximum context|exceed\w*.{0,30}context|prompt is too long|too many tokens"
    r"|tokens?\b.{0,60}(?:exceed|too long|too large|too many)|reduce the length|input is too long"
    r"|max_(?:new_|completion_|output_)?tokens\W.{0,80}?(?:large|less|at most|must be|range|greater|exceed|<=|> \d)"
    r"|(?:input|prompt) (?:tokens? count|length)|too long for",
    re.IGNORECASE | re.DOTALL,
)
_IS_ABOUT_ANSWER = re.compile(r"(?:output|completion) tokens|max_(?:new_|completion_|output_)?tokens\W", re.IGNORECASE)
_IS_ABOUT_BOTH = re.compile(r"context length|n_ctx|input|messages|prompt", re.IGNORECASE)
_LIMITS = (
    re.compile(r"n_ctx\W{0,4}(\d[\d,]*)"),
    re.compile(r"(?:context.?(?:length|size|window)|n_ctx)\"?\D{0,40}?(\d[\d,]*)", re.IGNORECASE),
    re.compile(r"(\d[\d,]*) (?:tokens? )?maximum", re.IGNORECASE),
    re.compile(r"(?:at most|up to|no more than|less than or equal to|must be <=|<=)\W{0,3}(\d[\d,]*)", re.IGNORECASE),
    re.compile(r"\[\s*\d+\s*,\s*(\d[\d,]*)\s*\]"),
    re.compile(r"> ?(\d[\d,]*)"),
    re.compile(r"maximum\D{0,60}?(\d[\d,]*)", re.IGNORECASE),
)


_MOST_PER_TOKEN = 3.0
_FAR_FEWER = 0.75


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """In tokens; None: not known to be bounded. `per_token`: how many of the server's go to one that we count."""

    total: int | None = None
    answer: int | None = None
    per_token: float = 1.1

    def answer_tokens(self, prompt_tokens: int) -> int | None:
        """Gives how long an answer to such a prompt may be; None: as long as it likes."""
        bounds = [self.answer, None if self.total is None else self.total - int(prompt_tokens * self.per_token)]
        return min((bound for bound in bounds if bound is not None), default=None)


def is_about_length(message: str) -> bool:
    """Tells whether a refusal says that prompt or answer are too long."""
    return _IS_ABOUT_LENGTH.search(message) is not None


def learn(window: ContextWindow, message: str, *, answer_tokens: int) -> ContextWindow:
    """Gives what is known after such a refusal of so many tokens; the same as before if it says nothing new."""
    limit = _find_limit(message)
    if limit is None:
        return window
    if _IS_ABOUT_ANSWER.search(message) and not _IS_ABOUT_BOTH.search(message):
        return replace(window, answer=limit) if limit < answer_tokens else window
    if window.total != limit:
        return replace(window, total=limit)
    return replace(window, per_token=window.per_token * 1.3) if window.per_token < _MOST_PER_TOKEN else window


def _find_limit(message: str) -> int | None:
    for pattern in _LIMITS:
        for found in pattern.finditer(message):
            if (number := int(found[1].replace(",", "")[:9])) >= _LEAST:
                return number
    return None


def is_beginning_lost(*, sent: int, counted: int, asked: Sequence[str], missing: Sequence[str]) -> bool:
    """Tells whether a server that counted so many of the tokens sent seems to have dropped the first ones.

    Vocabularies differ, but not by a quarter, and some servers count oddly; so one sign is not enough. The others: an
    answer about the last papers only, some papers missing, and a count as round as a context.
    """
    is_round = counted >= 1_000 and min(counted % 1_024, -counted % 1_024) <= 16
    if counted < _FAR_FEWER * sent:
        return is_round or bool(missing)
    only_last = 1 < len(missing) < len(asked) and [*missing] == [*asked[: len(missing)]]
    return only_last and (is_round or counted < sent or 2 * len(missing) >= len(asked))
