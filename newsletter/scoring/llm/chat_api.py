"""Sends one request to an OpenAI-compatible server; gives a `Reply`, or a `CallFailed` that says what to do.

Sends each request once, within a time limit, in the form of request_form.py; repeating and accounting are client.py's
business, splitting model_grader.py's. Facts: OpenAI's API reference (chat completions, error codes, flex processing),
read November 2026; the openai package does the HTTP.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from newsletter.scoring.llm.answers import plain_line
from newsletter.scoring.llm.completion import Reply, parse, read_completion
from newsletter.scoring.llm.failures import (
    CallFailed,
    CallInterrupted,
    CallStopped,
    ErrorReport,
    NoCapacity,
    find_error_report,
    read_error_report,
)
from newsletter.scoring.llm.model_settings import ModelSettings
from newsletter.scoring.llm.prices import FLEX
from newsletter.scoring.llm.request_form import RequestForm

MAX_WAIT_S = 120.0  # who is asked to wait longer gives up for now
_CONNECT_S = 15.0
_DETAIL_CHARS = 200
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)
_NO_CREDIT = {"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"}
_FILTERED = {"content_filter", "content_policy_violation", "invalid_prompt"}
_KEY_LIKE = re.compile(r"\bsk-[\w*-]{6,}")  # OpenAI repeats a wrong key in part
_KEY_CHARS = 8  # what is shorter is no secret, and may be a word

_TOO_SLOW = (
    "set NEWSLETTER_MODEL_TIMEOUT_S higher, or NEWSLETTER_MODEL_REQUESTS_AT_ONCE or NEWSLETTER_MODEL_BATCH_PAPERS lower"
)
_TOO_FAST = (
    "set NEWSLETTER_MODEL_REQUESTS_PER_MINUTE and NEWSLETTER_MODEL_TOKENS_PER_MINUTE to what the provider allows"
)

_IS_FILTER = re.compile(r"content.?filter|content management policy|content policy|responsibleai|flagged|moderation")
_BAD_KEY = re.compile(r"api.?key.{0,20}(?:not valid|invalid|expired)|(?:invalid|incorrect|wrong) api.?key")


class ChatApi:
    """One server: sends requests, reads answers and failures, and keeps the key out of both."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.form = RequestForm(settings)

    def connect(self) -> openai.AsyncOpenAI:
        """Opens a connection for one event loop, to be closed; it repeats nothing on its own."""
        return openai.AsyncOpenAI(
            api_key=self.settings.api_key or "none",
            base_url=self.settings.base_url,
            timeout=httpx2.Timeout(self.settings.timeout_s, connect=min(_CONNECT_S, self.settings.timeout_s)),
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(verify=_tls()),
        )

    async def send(self, connection: openai.AsyncOpenAI, body: Mapping[str, Any]) -> Reply:
        """Asks once. Raises CallFailed, or the one of its kinds that says what to do next."""
        create: Any = connection.chat.completions.with_raw_response.create
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
        if report := find_error_report(answer):
            raise self._explain_report(report, body)
        self.form.confirm()
        return self.read_body(answer, str(body.get("service_tier", "")))

    # -- reading an answer

    def read_json(self, text: str) -> object:
        """Parses what the server sent. Raises CallStopped for a web page, CallInterrupted for what is no JSON."""
        if text.lstrip().startswith("<"):
            raise CallStopped(
                "web page", f"{self.host} answered with a web page; correct OPENAI_BASE_URL (most end with /v1)"
            )
        try:
            return parse(text)
        except (ValueError, RecursionError) as error:
            raise CallInterrupted("no JSON", "the server's answer is no JSON", is_billed=True) from error

    def read_body(self, body: object, asked_tier: str) -> Reply:
        """Reads the answer in a chat completion, without the key."""
        reply = read_completion(body, asked_tier)
        return replace(reply, text=self._without_key(reply.text))

    # -- reading a failure

    def explain(self, error: TimeoutError | openai.OpenAIError, body: Mapping[str, Any]) -> CallFailed:
        """Turns what the library raised for this request into what to do next."""
        if isinstance(error, TimeoutError | openai.APIConnectionError):
            return self._connection_failure(error)
        if isinstance(error, openai.APIStatusError):
            answer = error.response
            return self._explain_report(read_error_report(error.status_code, answer.text, answer.headers), body)
        return CallFailed("client error", f"the request could not be made ({self.detail(str(error))})")

    def _connection_failure(self, error: TimeoutError | openai.APIConnectionError) -> CallFailed:
        if isinstance(error.__cause__, _UNSENT):
            return CallInterrupted("unreachable", f"{self.host} cannot be reached", is_unreachable=True)
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            reason = f"no answer within {self.settings.timeout_s:g} s"
            return CallFailed("timeout", reason, remedy=_TOO_SLOW, is_billed=True, is_worth_another_try=True)
        reason = "the connection broke before the answer was whole"
        return CallInterrupted("connection lost", reason, remedy=self._if_it_lasts, is_billed=True)

    def _explain_report(self, report: ErrorReport, body: Mapping[str, Any]) -> CallFailed:
        status, codes, detail = report.status, report.codes, self.detail(report.message)
        if codes & _FILTERED or _IS_FILTER.search(report.text):
            return CallFailed("content filter", "the provider's content filter refused it")
        if stop := self._reason_to_stop(report, detail):
            return CallStopped(f"HTTP {status}", stop)
        if change := self.form.find_change(report, body, detail):
            return change
        if status == 429 and body.get("service_tier") == FLEX and "rate_limit_exceeded" not in codes:
            return NoCapacity("no flex capacity", "the flex tier has no capacity now")
        reason = f"the server answered {status} ({detail})"
        if status not in (408, 409, 429) and status < 500:
            return CallFailed(f"HTTP {status}", reason)
        if report.after_s is not None and report.after_s > MAX_WAIT_S:
            asks = f"{self.host} asks to wait {report.after_s:.0f} s"
            return CallStopped(f"HTTP {status}", f"{asks}; run again after that")
        remedy = _TOO_FAST if status == 429 else self._if_it_lasts
        return CallInterrupted(f"HTTP {status}", reason, remedy=remedy, after_s=report.after_s)

    def _reason_to_stop(self, report: ErrorReport, detail: str) -> str:
        model, status, codes = self.settings.model, report.status, report.codes
        if codes & _NO_CREDIT or status == 402:
            return f"the credit or quota at {self.host} is used up ({detail}); add credit or raise the limit there"
        if status == 401 or (status in (400, 403) and _BAD_KEY.search(report.text)):
            return f"{self.host} refused the API key; set OPENAI_API_KEY to a valid one"
        if status == 403:
            return (
                f"{self.host} does not allow the use of {model} ({detail}); "
                "allow it in the provider's settings, or set NEWSLETTER_MODEL to another model"
            )
        if "model_not_found" in codes or (status == 404 and "parameter" not in report.text):
            # A 404 about parameters is OpenRouter's: no provider takes all that the request has
            return (
                f"{self.host} does not serve {model!r} ({detail}); "
                "correct NEWSLETTER_MODEL or OPENAI_BASE_URL, or the provider's settings"
            )
        return ""

    @property
    def _if_it_lasts(self) -> str:
        return f"the next run asks again; if it lasts, look at {self.host} and at the network before it"

    @property
    def host(self) -> str:
        """The server's name, without user, password and query, which may be secret."""
        return urlsplit(self.settings.base_url).hostname or "the server"

    def detail(self, text: str) -> str:
        """Makes foreign text a short line without the key."""
        return plain_line(_KEY_LIKE.sub("…", self._without_key(text)), _DETAIL_CHARS)

    def _without_key(self, text: str) -> str:
        """Removes the key: a server may repeat what it was sent, and answers are kept."""
        key = self.settings.api_key
        return text.replace(key, "…") if len(key) >= _KEY_CHARS else text


@cache
def _tls() -> ssl.SSLContext:
    """Reads the certificates, which takes a tenth of a second, once for all readers."""
    return httpx2.create_ssl_context()
