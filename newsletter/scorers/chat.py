"""One request to an OpenAI-compatible server, and what became of it: a `Reply`, or a `CallFailed` that says what to do.

Sends each request once, within a time limit; repeating, splitting and accounting are judge.py's business. A parameter
the server refuses is left out from then on. From GPT-5.6 on the request says what the provider's cache shall keep,
since writing to it is charged there and it would otherwise keep the papers; other models take no such word. Facts:
OpenAI's API reference (chat completions, error codes, flex processing) and its prompt caching guide, read November
2026; the openai package does the HTTP.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from newsletter.answers import ANSWER_SCHEMA, plain_line
from newsletter.errors import ConfigError
from newsletter.prices import writes_cost_extra

DEFAULT_URL = "https://api.openai.com/v1"
MAX_WAIT_S = 120.0  # who is asked to wait longer gives up for now
STANDARD, FLEX, BATCH = "standard", "flex", "batch"
_CONNECT_S = 15.0
_DETAIL_CHARS = 200
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)
_NO_CREDIT = {"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"}
_FILTERED = {"content_filter", "content_policy_violation", "invalid_prompt"}
_KEY_LIKE = re.compile(r"\bsk-[\w*-]{6,}")  # OpenAI repeats a wrong key in part
_KEY_CHARS = 8  # what is shorter is no secret, and may be a word

# What a server may not take, and the words by which its 400 shows that it means this.
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "response_format": ("response_format", "json_schema", "structured output"),
    "reasoning_effort": ("reasoning_effort", "reasoning.effort"),
    "max_completion_tokens": ("max_completion_tokens",),
    "service_tier": ("service_tier",),
    "prompt_cache_key": ("prompt_cache_key",),
    # With it goes the breakpoint, and the text in parts that carries it
    "prompt_cache_options": ("prompt_cache_options", "prompt_cache_breakpoint", "content must be a string"),
}


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
    tokens: Tokens | None  # None: the server does not tell
    tier: str  # as it was really served

    @property
    def is_cut(self) -> bool:
        """It ended at its length limit."""
        return self.outcome == "cut off"


class CallFailed(Exception):
    """A request without an answer. `outcome` is a word or two for the log, the text a plain reason without secrets.

    `is_billed`: the server may have worked for it. `is_worth_another_try`: for the same papers, later on.
    """

    def __init__(
        self, outcome: str, reason: str, *, is_billed: bool = False, is_worth_another_try: bool = False
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.is_billed = is_billed
        self.is_worth_another_try = is_worth_another_try


class CallStopped(CallFailed):
    """No other request will fare better; the text ends with the remedy."""


class CallChanged(CallFailed):
    """Send it again at once: the next request leaves out what the server refused."""


class NoCapacity(CallFailed):
    """The flex tier has no room now; the standard tier has."""


class CallInterrupted(CallFailed):
    """Send it again after a while: `after_s`, or whatever is usual. `is_unreachable`: nothing was ever sent."""

    def __init__(
        self,
        outcome: str,
        reason: str,
        *,
        is_billed: bool = False,
        after_s: float | None = None,
        is_unreachable: bool = False,
    ) -> None:
        super().__init__(outcome, reason, is_billed=is_billed)
        self.after_s = after_s
        self.is_unreachable = is_unreachable


class Chat:
    """The server, as far as it is known: remembers which parameters it refused. Knows no paper."""

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self._left_out: set[str] = set()

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
        content = _in_two(head, user) if marks and head else user
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": content}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "scores", "strict": True, "schema": ANSWER_SCHEMA},
            },
            "max_completion_tokens": max_tokens,
            "reasoning_effort": self.settings.reasoning_effort,
            # "default" by name: without it, a project can be set to the dearer priority tier. A batch has no tier.
            "service_tier": {FLEX: FLEX, BATCH: ""}.get(tier, "default"),
            "prompt_cache_key": cache_key,
            # Nothing is written but what ends at a breakpoint: by itself the provider would write the papers, too,
            # at 1.25 times the price of reading them, and nobody asks about the same papers again
            "prompt_cache_options": {"mode": "explicit"} if marks else "",
        }
        if "max_completion_tokens" in self._left_out:
            body["max_tokens"] = max_tokens  # its older name: a request without a limit could cost anything
        return {name: value for name, value in body.items() if name not in self._left_out and value != ""}

    async def send(self, client: openai.AsyncOpenAI, body: Mapping[str, Any]) -> Reply:
        """Ask once. Raises CallFailed, or the one of its kinds that says what to do next."""
        create: Any = client.chat.completions.with_raw_response.create
        try:
            # The client's own timeout bounds the silence between two packets, not the whole
            async with asyncio.timeout(self.settings.timeout_s):
                response = await create(**body)
        except (TimeoutError, openai.OpenAIError) as error:
            raise self.explain(error, body) from error
        return self.read_body(self.read_json(response.text), str(body.get("service_tier", "")))

    # -- reading an answer

    def read_json(self, text: str) -> object:
        """What the server sent, parsed. Raises CallStopped for a web page, CallInterrupted for what is no JSON."""
        if text.lstrip().startswith("<"):
            raise CallStopped(
                "web page", f"{self.host} answered with a web page; correct OPENAI_BASE_URL (most end with /v1)"
            )
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CallInterrupted("no JSON", "the server's answer is no JSON", is_billed=True) from error

    def read_body(self, body: object, asked_tier: str) -> Reply:
        """The answer in a chat completion, whatever shape it has."""
        choice = _first(body.get("choices")) if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(choice, dict):
            return Reply("", "empty", _tokens(body), _tier(body, asked_tier))
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        content, refusal = message.get("content"), message.get("refusal")
        answer = content if isinstance(content, str) else ""
        outcome = _outcome(choice.get("finish_reason"), answer, refusal)
        shown = answer or (refusal if isinstance(refusal, str) else "")
        return Reply(self._without_key(shown), outcome, _tokens(body), _tier(body, asked_tier))

    # -- reading a failure

    def explain(self, error: TimeoutError | openai.OpenAIError, body: Mapping[str, Any]) -> CallFailed:
        """What the library raised for this request, as what to do next."""
        if isinstance(error, TimeoutError | openai.APIConnectionError):
            return self._connection_failure(error)
        if isinstance(error, openai.APIStatusError):
            return self._status_failure(error, body)
        return CallFailed("client error", f"the request could not be made ({self.detail(str(error))})")

    def _connection_failure(self, error: TimeoutError | openai.APIConnectionError) -> CallFailed:
        if isinstance(error.__cause__, _UNSENT):
            return CallInterrupted("unreachable", f"{self.host} cannot be reached", is_unreachable=True)
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            reason = f"no answer within {self.settings.timeout_s:g} s"
            return CallFailed("timeout", reason, is_billed=True, is_worth_another_try=True)
        return CallInterrupted("connection lost", "the connection broke before the answer was whole", is_billed=True)

    def _status_failure(self, error: openai.APIStatusError, body: Mapping[str, Any]) -> CallFailed:
        status, codes = error.status_code, {str(error.code), str(error.type)}
        if stop := self._reason_to_stop(status, codes, self.detail(_said(error))):
            return CallStopped(f"HTTP {status}", stop)
        if codes & _FILTERED:
            return CallFailed("content filter", "the provider's content filter refused it")
        if status in (400, 422) and (name := self._refused_parameter(error, body)):
            self._left_out.add(name)
            return CallChanged(f"no {name}", f"the server does not take {name}")
        if status == 429 and body.get("service_tier") == FLEX and "rate_limit_exceeded" not in codes:
            return NoCapacity("no flex capacity", "the flex tier has no capacity now")
        reason = f"the server answered {status} ({self.detail(_said(error))})"
        if status not in (408, 409, 429) and status < 500:
            return CallFailed(f"HTTP {status}", reason)
        after_s = _retry_after_s(error.response)
        if after_s is not None and after_s > MAX_WAIT_S:
            return CallStopped(f"HTTP {status}", f"{self.host} asks to wait {after_s:.0f} s; run again after that")
        return CallInterrupted(f"HTTP {status}", reason, after_s=after_s)

    def _reason_to_stop(self, status: int, codes: set[str], detail: str) -> str:
        model = self.settings.model
        if codes & _NO_CREDIT or status == 402:
            return f"the credit or quota at {self.host} is used up; add credit or raise the limit there"
        if status == 401:
            return f"{self.host} refused the API key; set OPENAI_API_KEY to a valid one"
        if status == 403:
            return (
                f"{self.host} does not allow the use of {model} ({detail}); "
                "allow it in the provider's settings, or set NEWSLETTER_MODEL to another model"
            )
        if status == 404 or "model_not_found" in codes:
            return f"{self.host} knows no model {model!r}; correct NEWSLETTER_MODEL or OPENAI_BASE_URL"
        return ""

    def _refused_parameter(self, error: openai.APIStatusError, body: Mapping[str, Any]) -> str:
        """The optional parameter of this request that the server's complaint names first."""
        for text in (str(error.param or ""), error.response.text[:4_000].lower()):
            places = {
                name: min((at for word in words if (at := text.find(word)) >= 0), default=-1)
                for name, words in _OPTIONAL.items()
                if name in body
            }
            if named := {name: at for name, at in places.items() if at >= 0}:
                return min(named, key=lambda name: named[name])
        return ""

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


def _said(error: openai.APIStatusError) -> str:
    """The server's own message, without what the library writes around it."""
    message = error.body.get("message") if isinstance(error.body, dict) else None
    return message if isinstance(message, str) else error.response.text


def _outcome(finish: object, answer: str, refusal: object) -> str:
    if finish == "content_filter":
        return "content filter"
    if refusal:
        return "refused"
    if finish == "length":
        return "cut off"
    return "ok" if answer.strip() else "empty"


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def _tier(body: object, asked_tier: str) -> str:
    served = body.get("service_tier") if isinstance(body, dict) else None
    return FLEX if (served or asked_tier) == FLEX else STANDARD


def _tokens(body: object) -> Tokens | None:
    usage = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(usage, dict) or not (prompt := _whole(usage, "prompt_tokens")):
        return None
    details = usage.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    return Tokens(
        prompt=prompt,
        cached=_whole(details, "cached_tokens"),
        cache_write=_whole(details, "cache_write_tokens"),
        completion=_whole(usage, "completion_tokens"),
    )


def _whole(values: Mapping[str, object], name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _retry_after_s(response: httpx2.Response) -> float | None:
    """Seconds the server asks for. The date form of Retry-After counts as none: model servers do not use it."""
    for header, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait_s = float(response.headers.get(header, "")) / unit
        except ValueError:
            continue
        if math.isfinite(wait_s) and wait_s >= 0:
            return wait_s
    return None
