"""Reads an answer to a chat request, in the shapes that compatible servers give it.

The content may be a text, a list of parts or an object; some servers put the whole answer where its reasoning
belongs, or stream it though it was not asked for. What the text says is answers.py's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.scoring.llm.answers import is_whole_answer
from newsletter.scoring.llm.prices import FLEX, STANDARD

_REASONING = ("reasoning_content", "reasoning", "thinking")
_TEXT_PARTS = {"text", "output_text", "None"}
_FILTERED = {"content_filter", "safety", "prohibited_content", "blocklist", "recitation"}
_CUT = {"length", "max_tokens", "model_length", "max_output_tokens"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the server says it used. `cached` and `cache_write` are parts of `prompt`."""

    prompt: int
    cached: int
    cache_write: int
    completion: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came. `outcome` is "ok", or why it cannot be whole: cut off, refused, content filter, empty."""

    text: str
    outcome: str
    tokens: Tokens | None  # None: the server does not say
    tier: str  # as it was really served

    @property
    def is_cut(self) -> bool:
        """It ended at its length limit."""
        return self.outcome == "cut off"


def parse(text: str) -> object:
    """Gives what the server sent: JSON, or a stream of it put together. Raises ValueError, RecursionError."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [line.strip() for line in text.splitlines()]
        if not any(line.startswith("data:") for line in lines):
            # Some keep a connection awake with the comments of a stream before they answer
            return json.loads("\n".join(line for line in lines if not line.startswith(":")))
        return _join_stream([line.removeprefix("data:").strip() for line in lines if line.startswith("data:")])


def read_completion(body: object, asked_tier: str) -> Reply:
    """Reads the answer in a chat completion, whatever shape it has."""
    whole: dict[str, Any] = body if isinstance(body, dict) else {}
    tokens = _tokens(whole.get("usage"))
    tier = FLEX if (whole.get("service_tier") or asked_tier) == FLEX else STANDARD
    choice = _first(whole.get("choices"))
    if not isinstance(choice, dict):
        return Reply("", "empty", tokens, tier)
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    answer, refusal = _text(message.get("content")), _refusal(message)
    outcome = _outcome(choice.get("finish_reason"), answer, refusal)
    reasoning = next((text for name in _REASONING if (text := _text(message.get(name))).strip()), "")
    if outcome == "empty" and reasoning:
        answer, outcome = (reasoning, "ok") if is_whole_answer(reasoning) else ("", "only reasoning")
    return Reply(answer or refusal, outcome, tokens, tier)


def _text(content: object) -> str:
    """Reads a text, or the parts of one that are not reasoning; an object that is neither is the answer itself."""
    if isinstance(content, str):
        return _unquoted(content)
    if isinstance(content, list):
        return "".join(map(_text, content))
    if not isinstance(content, dict):
        return ""
    if "type" not in content and "text" not in content:
        return json.dumps(content)
    text = content.get("text")
    return text if str(content.get("type")) in _TEXT_PARTS and isinstance(text, str) else ""


def _unquoted(text: str) -> str:
    """Reads a text that a gateway wrote as a JSON text once more."""
    if not text.lstrip().startswith('"'):
        return text
    try:
        inner = json.loads(text)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text


def _refusal(message: Mapping[str, Any]) -> str:
    content, refusal = message.get("content"), message.get("refusal")
    parts = content if isinstance(content, list) else []
    found = [refusal, *(part.get("refusal") for part in parts if isinstance(part, dict))]
    return next((text for text in found if isinstance(text, str) and text), "")


def _outcome(finish: object, answer: str, refusal: str) -> str:
    word = finish.lower() if isinstance(finish, str) else ""
    if any(name in word for name in _FILTERED):
        return "content filter"
    if refusal:
        return "refused"
    if word in _CUT:
        return "cut off"
    return "ok" if answer.strip() else "empty"


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


# --- tokens -------------------------------------------------------------------------------------------


def _tokens(usage: object) -> Tokens | None:
    if not isinstance(usage, dict) or not (prompt := _whole(usage, "prompt_tokens")):
        return None
    details = usage.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    return Tokens(
        prompt=prompt,
        # OpenAI's place; then DeepSeek's, Moonshot's and that of gateways to Anthropic
        cached=_whole(details, "cached_tokens")
        or _whole(usage, "prompt_cache_hit_tokens")
        or _whole(usage, "cached_tokens")
        or _whole(usage, "cache_read_input_tokens"),
        cache_write=_whole(details, "cache_write_tokens"),
        completion=_whole(usage, "completion_tokens"),
    )


def _whole(values: Mapping[str, object], name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


# --- streams ------------------------------------------------------------------------------------------


def _join_stream(lines: list[str]) -> dict[str, Any]:
    """Builds one completion from the events of a stream. An error among them is its error. Raises ValueError."""
    whole: dict[str, Any] = {}
    texts: dict[str, str] = {}
    finish: object = None
    for event in _events(lines):
        whole |= {name: value for name, value in event.items() if name != "choices" and value is not None}
        choice = _first(event.get("choices"))
        if not isinstance(choice, dict):
            continue
        finish = choice.get("finish_reason") or finish
        delta = choice.get("delta") or choice.get("message")
        for name in ("content", "refusal", *_REASONING):
            if isinstance(delta, dict) and (text := _text(delta.get(name))):
                texts[name] = texts.get(name, "") + text
    if finish is None and "error" not in whole:
        raise ValueError("the stream has no end")
    return whole | {"choices": [{"message": texts, "finish_reason": finish}]}


def _events(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line and line != "[DONE]":
            event = json.loads(line)
            if isinstance(event, dict):
                yield event
