"""Learns from refusals which form of a request a server takes: parameters, streams, context window.

A parameter the server refuses is left out from then on. From GPT-5.6 on the request says what the provider's cache
shall keep, since writing to it is charged there and it would otherwise keep the papers; other models take no such
word. Facts: OpenAI's API reference (chat completions, flex processing) and its prompt caching guide, read November
2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from newsletter.scoring.llm import context_window
from newsletter.scoring.llm.answers import ANSWER_SCHEMA
from newsletter.scoring.llm.context_window import ContextWindow
from newsletter.scoring.llm.failures import CallChanged, ErrorReport
from newsletter.scoring.llm.model_settings import ModelSettings
from newsletter.scoring.llm.prices import BATCH, FLEX, STANDARD, writes_cost_extra

# What a server may not take, and the words by which its refusal shows that it means this. Two are no parameters: the
# numbers' list in the schema (Google's takes texts only), and the system message (some models' templates have none).
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "enum": ("enum",),
    "response_format": (
        *("response_format", "json_schema", "structured output", "response_schema", "additionalproperties"),
        *("json_validate_failed", "guided", "grammar"),
    ),
    "reasoning_effort": (
        "reasoning_effort",
        "reasoning.effort",
        "support thinking",
        "support reasoning",
        "think value",
        "thinking is not",
    ),
    "max_completion_tokens": ("max_completion_tokens",),
    "service_tier": ("service_tier",),
    "prompt_cache_key": ("prompt_cache_key",),
    # With it goes the breakpoint, and the text in parts that carries it
    "prompt_cache_options": ("prompt_cache_options", "prompt_cache_breakpoint", "content must be a string"),
    "stream_options": ("stream_options",),
    "system": (
        "system role",
        "system message",
        "role 'system'",
        'role "system"',
        "roles must alternate",
        "user and assistant",
    ),
}
_NEEDS_STREAM = re.compile(
    r"(?:only|must|require|enable|please|need).{0,60}stream|stream.{0,40}(?:must|required|true)|non.?stream.{0,50}not",
    re.DOTALL,
)
_REFUSING = {400, 404, 405, 415, 422, 500, 501}  # statuses by which servers say that they do not take something


class RequestForm:
    """Builds requests, and remembers what the server refused of them. Knows no paper."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.window = ContextWindow()
        self._left_out: set[str] = set()
        self._left_out_before: set[str] | None = None  # a plain request, while nobody knows whether it helps
        self._has_asked_plainly = False
        self._streams = False
        self._has_guessed_window = False
        self._has_answered = False

    @property
    def tier(self) -> str:
        """The tier to ask for: the standard one where the server knows no tiers."""
        return STANDARD if "service_tier" in self._left_out else self.settings.tier

    @property
    def may_reason(self) -> bool:
        """Whether an answer has to have room for reasoning: not where "none" was asked for, and taken."""
        return self.settings.reasoning_effort != "none" or "reasoning_effort" in self._left_out

    def build_body(
        self, system: str, user: str, *, max_tokens: int, cache_key: str, tier: str, head: str = ""
    ) -> dict[str, Any]:
        """Builds the request: the same arguments give the same bytes, until the server refuses a parameter.

        `head` is the beginning of `user` that later requests share, where it is long enough to be kept for them.
        """
        marks = writes_cost_extra(self.settings.model) and "prompt_cache_options" not in self._left_out
        schema = _without_enum(ANSWER_SCHEMA) if "enum" in self._left_out else ANSWER_SCHEMA
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": self._messages(system, user, head if marks else ""),
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "scores", "strict": True, "schema": schema},
            },
            "max_completion_tokens": max_tokens,
            "reasoning_effort": self.settings.reasoning_effort,
            # "default" by name: without it, a project can be set to the dearer priority tier. A batch has no tier.
            "service_tier": {FLEX: FLEX, BATCH: ""}.get(tier, "default"),
            "prompt_cache_key": cache_key,
            # Nothing is written but what ends at a breakpoint: by itself the provider would write the papers, too,
            # at 1.25 times the price of reading them, and nobody asks about the same papers again
            "prompt_cache_options": {"mode": "explicit"} if marks else "",
            "stream": True if self._streams and tier != BATCH else "",
            "stream_options": {"include_usage": True} if self._streams and tier != BATCH else "",
        }
        if "max_completion_tokens" in self._left_out:
            body["max_tokens"] = max_tokens  # its older name: a request without a limit could cost anything
        return {name: value for name, value in body.items() if name not in self._left_out and value != ""}

    def _messages(self, system: str, user: str, head: str) -> list[dict[str, Any]]:
        """Builds the messages; `head` is the beginning of `user` that the provider shall keep, if any."""
        if "system" in self._left_out:
            user, head = f"{system}\n\n{user}", f"{system}\n\n{head}" if head else ""
        asked = {"role": "user", "content": _in_two(head, user) if head else user}
        return [asked] if "system" in self._left_out else [{"role": "system", "content": system}, asked]

    def confirm(self) -> None:
        """Notes that the last request was answered: its form is one that the server takes."""
        self._has_answered, self._left_out_before = True, None

    def find_change(self, report: ErrorReport, body: Mapping[str, Any], detail: str) -> CallChanged | None:
        """What to ask for otherwise after this refusal, if anything; it is remembered. `detail`: why, in a line."""
        status = report.status
        if not body:  # it was about something else than a chat
            return None
        if status in (*_REFUSING, 413) and context_window.is_about_length(f"{report.message} {' '.join(report.codes)}"):
            return self._ask_for_less(report, body, detail)
        if status not in _REFUSING:
            return None
        if not self._streams and _NEEDS_STREAM.search(report.text):
            self._streams = True
            return CallChanged("streams only", "the server answers in streams only")
        if name := self._refused_parameter(report, body):
            self._left_out.add(name)
            # A server that looked at an answer and did not like its shape has worked for it
            is_billed = "json_validate_failed" in report.codes
            return CallChanged(f"no {name}", f"the server does not take {name}", is_billed=is_billed)
        return None if status == 500 else self._ask_plainly(body)

    def _ask_for_less(self, report: ErrorReport, body: Mapping[str, Any], detail: str) -> CallChanged | None:
        """Asks for a shorter answer, where the server names how much it takes; None: the papers have to be fewer."""
        answer_tokens = body.get("max_completion_tokens") or body.get("max_tokens") or 0
        window: ContextWindow | None = context_window.learn(self.window, report.message, answer_tokens=answer_tokens)
        if window == self.window:
            window = self._guess_window(answer_tokens)
        if window is None:
            return None
        self.window = window
        return CallChanged("too long", f"the server takes less ({detail})")

    def _guess_window(self, answer_tokens: int) -> ContextWindow | None:
        """Where no number is named: half as long an answer, once; None if that was of no use, or is not to blame."""
        if self._has_answered:
            return None
        if self._has_guessed_window:
            self.window = ContextWindow(self.window.total)
            return None
        self._has_guessed_window = True
        return ContextWindow(self.window.total, answer_tokens // 2)

    def _ask_plainly(self, body: Mapping[str, Any]) -> CallChanged | None:
        """Asks without anything optional: some servers refuse what they do not know without naming it.

        Where that does not help either, the form was not at fault, and it is as before.
        """
        if _is_plain(body):
            if self._left_out_before is not None:
                self._left_out, self._left_out_before = self._left_out_before, None
            return None
        if not self._left_out >= _OPTIONAL.keys():
            if self._has_answered or self._has_asked_plainly:
                return None
            self._has_asked_plainly = True
            self._left_out_before, self._left_out = self._left_out, {*_OPTIONAL}
        return CallChanged("asked plainly", "the server refuses the request, and does not say what of it")

    def _refused_parameter(self, report: ErrorReport, body: Mapping[str, Any]) -> str:
        """Finds the optional part of this request that the server's error names first; of the schema, the list only."""
        for text in (report.param.lower(), report.text):
            places = {
                name: min((at for word in words if (at := text.find(word)) >= 0), default=-1)
                for name, words in _OPTIONAL.items()
                if self._has(body, name)
            }
            if named := {name: at for name, at in places.items() if at >= 0}:
                return "enum" if "enum" in named else min(named, key=lambda name: named[name])
        return ""

    def _has(self, body: Mapping[str, Any], name: str) -> bool:
        if name == "enum":
            return "response_format" in body and "enum" not in self._left_out
        return len(body["messages"]) > 1 if name == "system" else name in body


def _in_two(head: str, user: str) -> list[dict[str, object]]:
    """Splits a text in two parts, the first of which the provider shall keep."""
    cached: dict[str, object] = {"type": "text", "text": head, "prompt_cache_breakpoint": {"mode": "explicit"}}
    return [cached, {"type": "text", "text": user.removeprefix(head)}]


def _without_enum(schema: Mapping[str, object]) -> dict[str, Any]:
    bare: dict[str, Any] = deepcopy(dict(schema))
    for number in ("relevance", "novelty"):
        del bare["properties"]["scored"]["items"]["properties"][number]["enum"]
    return bare


def _is_plain(body: Mapping[str, Any]) -> bool:
    return len(body["messages"]) == 1 and not _OPTIONAL.keys() & body.keys()
