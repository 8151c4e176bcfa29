"""One request to an OpenAI-compatible server, and what became of it: a `Reply`, or a `CallFailed` that says what to do.

Sends each request once, within a time limit; repeating, splitting and accounting are grader.py's business. A parameter
the server refuses is left out from then on. From GPT-5.6 on the request says what the provider's cache shall keep,
since writing to it is charged there and it would otherwise keep the papers; other models take no such word. Facts:
OpenAI's API reference (chat completions, error codes, flex processing) and its prompt caching guide, read November
2026; the openai package does the HTTP.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from newsletter.errors import ConfigError
from newsletter.scoring.llm import context_window
from newsletter.scoring.llm.answers import ANSWER_SCHEMA, plain_line
from newsletter.scoring.llm.completion import BATCH, FLEX, STANDARD, Reply, parse, read_completion
from newsletter.scoring.llm.failures import (
    CallChanged,
    CallFailed,
    CallInterrupted,
    CallStopped,
    Complaint,
    NoCapacity,
    find_complaint,
    read_complaint,
)
from newsletter.scoring.llm.prices import writes_cost_extra

__all__ = ["DEFAULT_URL", "MAX_WAIT_S", "CallFailed", "CallInterrupted", "Chat", "ChatSettings"]

DEFAULT_URL = "https://api.openai.com/v1"
MAX_WAIT_S = 120.0  # who is asked to wait longer gives up for now
_CONNECT_S = 15.0
_DETAIL_CHARS = 200
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)
_NO_CREDIT = {"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"}
_FILTERED = {"content_filter", "content_policy_violation", "invalid_prompt"}
_KEY_LIKE = re.compile(r"\bsk-[\w*-]{6,}")  # OpenAI repeats a wrong key in part
_KEY_CHARS = 8  # what is shorter is no secret, and may be a word

_IS_FILTER = re.compile(r"content.?filter|content management policy|content policy|responsibleai|flagged|moderation")
_BAD_KEY = re.compile(r"api.?key.{0,20}(?:not valid|invalid|expired)|(?:invalid|incorrect|wrong) api.?key")

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


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Which model, where, and how it is asked. `reasoning_effort` empty: the server's own.

    Raises ConfigError for a key that no header can hold.
    """

    model: str
    api_key: str = field(default="", repr=False)  # local servers need none
    base_url: str = DEFAULT_URL
    tier: str = STANDARD  # or "flex": half the price, slower, sometimes without capacity
    reasoning_effort: str = "low"
    timeout_s: float = 120.0  # for one whole answer

    def __post_init__(self) -> None:
        if re.search(r"[^!-~]", self.api_key):
            raise ConfigError("OPENAI_API_KEY has a blank or a character that no key has; set it again, without quotes")


class Chat:
    """The server, as far as it is known: remembers what it refused, and how many tokens it takes. Knows no paper."""

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self.room = context_window.Room()
        self._left_out: set[str] = set()
        self._left_out_before: set[str] | None = None  # a plain request, while nobody knows whether it helps
        self._has_asked_plainly = False
        self._streams = False
        self._has_guessed_room = False
        self._has_answered = False

    @property
    def tier(self) -> str:
        """The tier to ask for: the standard one where the server knows no tiers."""
        return STANDARD if "service_tier" in self._left_out else self.settings.tier

    @property
    def may_reason(self) -> bool:
        """Whether an answer has to have room for reasoning: not where "none" was asked for, and taken."""
        return self.settings.reasoning_effort != "none" or "reasoning_effort" in self._left_out

    def connect(self) -> openai.AsyncOpenAI:
        """A client for one event loop, to be closed; it repeats nothing on its own."""
        return openai.AsyncOpenAI(
            api_key=self.settings.api_key or "none",
            base_url=self.settings.base_url,
            timeout=httpx2.Timeout(self.settings.timeout_s, connect=min(_CONNECT_S, self.settings.timeout_s)),
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(verify=_tls()),
        )

    def build_body(
        self, system: str, user: str, *, max_tokens: int, cache_key: str, tier: str, head: str = ""
    ) -> dict[str, Any]:
        """The request: the same arguments give the same bytes, until the server refuses a parameter.

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

    def _messages(self, system: str, user: str, kept: str) -> list[dict[str, Any]]:
        """`kept` is the beginning of `user` that the provider shall keep, if any."""
        if "system" in self._left_out:
            user, kept = f"{system}\n\n{user}", f"{system}\n\n{kept}" if kept else ""
        asked = {"role": "user", "content": _in_two(kept, user) if kept else user}
        return [asked] if "system" in self._left_out else [{"role": "system", "content": system}, asked]

    async def send(self, client: openai.AsyncOpenAI, body: Mapping[str, Any]) -> Reply:
        """Ask once. Raises CallFailed, or the one of its kinds that says what to do next."""
        create: Any = client.chat.completions.with_raw_response.create
        # A stream is read as one text: there is nothing to show before all of it is there
        streaming = {name: body[name] for name in ("stream", "stream_options") if name in body}
        asked = {name: value for name, value in body.items() if name not in streaming}
        try:
            # The client's own timeout bounds the silence between two packets, not the whole
            async with asyncio.timeout(self.settings.timeout_s):
                response = await create(**asked, extra_body=streaming or None)
        except (TimeoutError, openai.OpenAIError) as error:
            raise self.explain(error, body) from error
        answer = self.read_json(response.text)
        if complaint := find_complaint(answer):
            raise self._explain_complaint(complaint, body)
        self._has_answered, self._left_out_before = True, None
        return self.read_body(answer, str(body.get("service_tier", "")))

    # -- reading an answer

    def read_json(self, text: str) -> object:
        """What the server sent, parsed. Raises CallStopped for a web page, CallInterrupted for what is no JSON."""
        if text.lstrip().startswith("<"):
            raise CallStopped(
                "web page", f"{self.host} answered with a web page; correct OPENAI_BASE_URL (most end with /v1)"
            )
        try:
            return parse(text)
        except (ValueError, RecursionError) as error:
            raise CallInterrupted("no JSON", "the server's answer is no JSON", is_billed=True) from error

    def read_body(self, body: object, asked_tier: str) -> Reply:
        """The answer in a chat completion, without the key."""
        reply = read_completion(body, asked_tier)
        return replace(reply, text=self._without_key(reply.text))

    # -- reading a failure

    def explain(self, error: TimeoutError | openai.OpenAIError, body: Mapping[str, Any]) -> CallFailed:
        """What the library raised for this request, as what to do next."""
        if isinstance(error, TimeoutError | openai.APIConnectionError):
            return self._connection_failure(error)
        if isinstance(error, openai.APIStatusError):
            answer = error.response
            return self._explain_complaint(read_complaint(error.status_code, answer.text, answer.headers), body)
        return CallFailed("client error", f"the request could not be made ({self.detail(str(error))})")

    def _connection_failure(self, error: TimeoutError | openai.APIConnectionError) -> CallFailed:
        if isinstance(error.__cause__, _UNSENT):
            return CallInterrupted("unreachable", f"{self.host} cannot be reached", is_unreachable=True)
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            reason = f"no answer within {self.settings.timeout_s:g} s"
            return CallFailed("timeout", reason, is_billed=True, is_worth_another_try=True)
        return CallInterrupted("connection lost", "the connection broke before the answer was whole", is_billed=True)

    def _explain_complaint(self, complaint: Complaint, body: Mapping[str, Any]) -> CallFailed:
        status, codes, detail = complaint.status, complaint.codes, self.detail(complaint.message)
        if codes & _FILTERED or _IS_FILTER.search(complaint.text):
            return CallFailed("content filter", "the provider's content filter refused it")
        if stop := self._reason_to_stop(complaint, detail):
            return CallStopped(f"HTTP {status}", stop)
        if change := self._find_change(complaint, body):
            return change
        if status == 429 and body.get("service_tier") == FLEX and "rate_limit_exceeded" not in codes:
            return NoCapacity("no flex capacity", "the flex tier has no capacity now")
        reason = f"the server answered {status} ({detail})"
        if status not in (408, 409, 429) and status < 500:
            return CallFailed(f"HTTP {status}", reason)
        if complaint.after_s is not None and complaint.after_s > MAX_WAIT_S:
            asks = f"{self.host} asks to wait {complaint.after_s:.0f} s"
            return CallStopped(f"HTTP {status}", f"{asks}; run again after that")
        return CallInterrupted(f"HTTP {status}", reason, after_s=complaint.after_s)

    def _reason_to_stop(self, complaint: Complaint, detail: str) -> str:
        model, status, codes = self.settings.model, complaint.status, complaint.codes
        if codes & _NO_CREDIT or status == 402:
            return f"the credit or quota at {self.host} is used up ({detail}); add credit or raise the limit there"
        if status == 401 or (status in (400, 403) and _BAD_KEY.search(complaint.text)):
            return f"{self.host} refused the API key; set OPENAI_API_KEY to a valid one"
        if status == 403:
            return (
                f"{self.host} does not allow the use of {model} ({detail}); "
                "allow it in the provider's settings, or set NEWSLETTER_MODEL to another model"
            )
        if "model_not_found" in codes or (status == 404 and not _is_about_parameters(complaint)):
            return (
                f"{self.host} does not serve {model!r} ({detail}); "
                "correct NEWSLETTER_MODEL or OPENAI_BASE_URL, or the provider's settings"
            )
        return ""

    # -- what another form of the request may mend

    def _find_change(self, complaint: Complaint, body: Mapping[str, Any]) -> CallFailed | None:
        """What to ask for otherwise, if anything; it is remembered."""
        status = complaint.status
        if not body:  # it was about something else than a chat
            return None
        if status in (*_REFUSING, 413) and context_window.is_about_room(
            f"{complaint.message} {' '.join(complaint.codes)}"
        ):
            return self._ask_for_less(complaint, body)
        if status not in _REFUSING:
            return None
        if not self._streams and _NEEDS_STREAM.search(complaint.text):
            self._streams = True
            return CallChanged("streams only", "the server answers in streams only")
        if name := self._refused_parameter(complaint, body):
            self._left_out.add(name)
            # A server that looked at an answer and did not like its shape has worked for it
            is_billed = "json_validate_failed" in complaint.codes
            return CallChanged(f"no {name}", f"the server does not take {name}", is_billed=is_billed)
        return None if status == 500 else self._ask_plainly(body)

    def _ask_for_less(self, complaint: Complaint, body: Mapping[str, Any]) -> CallFailed | None:
        """A shorter answer, where the server names how much it takes; None: the papers have to be fewer."""
        answer_tokens = body.get("max_completion_tokens") or body.get("max_tokens") or 0
        known: context_window.Room | None = context_window.learn(
            self.room, complaint.message, answer_tokens=answer_tokens
        )
        if known == self.room:
            known = self._guess_room(answer_tokens)
        if known is None:
            return None
        self.room = known
        return CallChanged("too long", f"the server takes less ({self.detail(complaint.message)})")

    def _guess_room(self, answer_tokens: int) -> context_window.Room | None:
        """Where no number is named: half as long an answer, once; None if that was of no use, or is not to blame."""
        if self._has_answered:
            return None
        if self._has_guessed_room:
            self.room = context_window.Room(self.room.whole)
            return None
        self._has_guessed_room = True
        return context_window.Room(self.room.whole, answer_tokens // 2)

    def _ask_plainly(self, body: Mapping[str, Any]) -> CallChanged | None:
        """Without anything optional: some servers refuse what they do not know without naming it.

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

    def _refused_parameter(self, complaint: Complaint, body: Mapping[str, Any]) -> str:
        """The optional part of this request that the server's complaint names first; of the schema, the list only."""
        for text in (complaint.param.lower(), complaint.text):
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

    @property
    def host(self) -> str:
        """Without user, password and query, which may be secret."""
        return urlsplit(self.settings.base_url).hostname or "the server"

    def detail(self, text: str) -> str:
        """Foreign text as a short line without the key."""
        return plain_line(_KEY_LIKE.sub("…", self._without_key(text)), _DETAIL_CHARS)

    def _without_key(self, text: str) -> str:
        """A server may repeat what it was sent, and answers are kept."""
        key = self.settings.api_key
        return text.replace(key, "…") if len(key) >= _KEY_CHARS else text


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes a tenth of a second: once for all readers."""
    return httpx2.create_ssl_context()


def _in_two(head: str, user: str) -> list[dict[str, object]]:
    """The same text in two parts, the first of which the provider shall keep."""
    kept: dict[str, object] = {"type": "text", "text": head, "prompt_cache_breakpoint": {"mode": "explicit"}}
    return [kept, {"type": "text", "text": user.removeprefix(head)}]


def _without_enum(schema: Mapping[str, object]) -> dict[str, Any]:
    bare: dict[str, Any] = deepcopy(dict(schema))
    for number in ("relevance", "novelty"):
        del bare["properties"]["scored"]["items"]["properties"][number]["enum"]
    return bare


def _is_plain(body: Mapping[str, Any]) -> bool:
    return len(body["messages"]) == 1 and not _OPTIONAL.keys() & body.keys()


def _is_about_parameters(complaint: Complaint) -> bool:
    """OpenRouter's 404 where no provider takes all that the request has."""
    return "parameter" in complaint.text
