"""Gets an answer to one prompt: within rate limits and the budget, patiently, in the form the server takes.

Waits and asks again after an interruption, leaves out what the server refuses, and goes from the flex to the standard
tier where flex has no room; each request is in the call log. What becomes of an answer is model_grader.py's business.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import openai
import stamina

from newsletter.model import ModelCall
from newsletter.scoring.llm.answers import ANSWER_SCHEMA
from newsletter.scoring.llm.call_log import CallLog, TokenBounds, count_at_most
from newsletter.scoring.llm.chat_api import MAX_WAIT_S, ChatApi
from newsletter.scoring.llm.completion import Reply
from newsletter.scoring.llm.failures import CallChanged, CallFailed, CallInterrupted, CallStopped, NoCapacity
from newsletter.scoring.llm.model_settings import ModelLimits
from newsletter.scoring.llm.prices import STANDARD
from newsletter.scoring.llm.prompts import Prompt
from newsletter.scoring.llm.rate_limit import Rate

UNSENT = "unsent"  # the outcome of what is known not to fit
LARGER_CONTEXT = (
    "give the model a larger context there "
    "(Ollama: OLLAMA_CONTEXT_LENGTH, vLLM: --max-model-len, llama.cpp: --ctx-size)"
)
_OVERHEAD_TOKENS = 60  # of an answer beside its entries


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A server and what is known of it: how it is asked, how fast, and how its tokens are counted.

    `sleep` waits for the rate limits; the waits before another attempt are stamina's.
    """

    chat: ChatApi
    limits: ModelLimits
    request_rate: Rate
    token_rate: Rate
    count: Callable[[str], int]
    sleep: Callable[[float], Awaitable[object]]
    monotonic: Callable[[], float]

    @property
    def reasoning_tokens(self) -> int:
        """Room for reasoning in each answer: none where the model is asked not to."""
        return self.limits.reasoning_tokens if self.chat.form.may_reason else 0

    def bound_tokens(self, prompt: Prompt) -> TokenBounds:
        """Bounds the tokens the request and its answer can have, as far as the server's context window has room."""
        texts = (prompt.system, prompt.user, json.dumps(ANSWER_SCHEMA))
        needed = self.needed_tokens(prompt)
        longest = self.chat.form.window.answer_tokens(self.count_sent(prompt))
        answer = needed + self.reasoning_tokens
        if longest is not None:
            answer = min(answer, max(longest, needed))
        return TokenBounds(count_at_most(self.chat.settings.model, texts, self.count), answer)

    def needed_tokens(self, prompt: Prompt) -> int:
        """Counts the tokens of an answer without any reasoning."""
        return _OVERHEAD_TOKENS + self.limits.answer_tokens * len(prompt.labels)

    def count_sent(self, prompt: Prompt) -> int:
        """Counts the tokens of the two messages; exact for one vocabulary, about right for others."""
        return self.count(prompt.system) + self.count(prompt.user)

    def check_length(self, prompt: Prompt) -> None:
        """Raises CallFailed for papers that are known not to fit, and CallStopped where none ever will."""
        longest = self.chat.form.window.answer_tokens(self.count_sent(prompt))
        if longest is None or longest >= self.needed_tokens(prompt):
            return
        without_papers = self.chat.form.window.answer_tokens(self.count(prompt.system) + self.count(prompt.head)) or 0
        if len(prompt.labels) > 1 and without_papers > _OVERHEAD_TOKENS + self.limits.answer_tokens:
            raise CallFailed(UNSENT, f"the papers do not fit into what {self.chat.host} takes")
        raise CallStopped(
            UNSENT,
            f"not even one paper fits into what {self.chat.host} takes; {LARGER_CONTEXT}, or shorten the profile",
        )


class ModelClient:
    """Asks one server on behalf of one subject, in one event loop, until it is stopped."""

    def __init__(self, server: ModelServer, connection: openai.AsyncOpenAI, call_log: CallLog, subject: str) -> None:
        self.server = server
        self._connection = connection
        self._call_log = call_log
        self._subject = subject
        self._slots = asyncio.Semaphore(server.limits.concurrency)
        self._open_calls = 0
        self._call_ended = asyncio.Event()
        self._has_answered = False
        self.stopped = ""  # once this says why, nothing more is sent
        self.warning = ""  # what the operator must know though it goes on

    async def ask(self, prompt: Prompt, paper_ids: Sequence[str]) -> Reply:
        """Gets one answer. Raises CallFailed after all else, and CallStopped, which stops this client."""
        try:
            return await self._ask_patiently(prompt, paper_ids)
        except CallInterrupted as error:
            if error.is_unreachable:
                self.stop(f"{error}; check OPENAI_BASE_URL and the network")
            if not self.stopped:
                raise
            raise CallStopped(error.outcome, self.stopped) from error
        except CallStopped as error:
            self.stop(str(error))
            raise

    def stop(self, why: str) -> None:
        """Sends nothing more; the first reason stays."""
        self.stopped = self.stopped or why

    def warn(self, what: str) -> None:
        self.warning = self.warning or what

    async def _ask_patiently(self, prompt: Prompt, paper_ids: Sequence[str]) -> Reply:
        asking = stamina.AsyncRetryingCaller(
            attempts=self.server.limits.attempts, timeout=None, wait_initial=1.0, wait_max=60.0, wait_jitter=1.0
        )
        asked_to_wait_s = 0.0

        def ask_again(error: Exception) -> bool | float:
            nonlocal asked_to_wait_s
            if isinstance(error, CallInterrupted) and error.after_s is not None:
                asked_to_wait_s += error.after_s
                if asked_to_wait_s > MAX_WAIT_S and not self._has_answered:
                    # Else each half of the batch would wait as long, one after another, and all mails with it
                    self.stop(f"{error}, and asks to wait again and again; {error.remedy or 'run again later'}")
                    return False
            return wait_before_retry(error)

        return await asking(ask_again, self._ask_in_some_form, prompt, paper_ids)

    async def _ask_in_some_form(self, prompt: Prompt, paper_ids: Sequence[str]) -> Reply:
        """Asks in the form the server takes. Ends: each change leaves out one more parameter, or the tier."""
        chat = self.server.chat
        tier = chat.form.tier
        while True:
            try:
                async with self._slots:
                    return await self._ask_once(prompt, paper_ids, tier)
            except CallChanged:
                tier = STANDARD if chat.form.tier == STANDARD else tier
            except NoCapacity:
                tier = STANDARD

    async def _ask_once(self, prompt: Prompt, paper_ids: Sequence[str], tier: str) -> Reply:
        server = self.server
        server.check_length(prompt)
        bounds = server.bound_tokens(prompt)
        body = server.chat.form.build_body(
            prompt.system,
            prompt.user,
            max_tokens=bounds.completion,
            cache_key=self._subject,
            tier=tier,
            head=prompt.head if prompt.kept_tokens(server.count) else "",
        )
        # Few answers use what is set aside for reasoning; a provider that counts it says so with a 429
        tokens = sum(bounds) - server.reasoning_tokens
        if wait_s := max(server.request_rate.reserve(1), server.token_rate.reserve(tokens)):
            await server.sleep(wait_s)
        call = await self._begin(
            self._call_log.draft(body, tier=tier, subject=self._subject, paper_ids=paper_ids, bounds=bounds)
        )
        started = server.monotonic()
        try:
            reply = await server.chat.send(self._connection, body)
        except CallFailed as error:
            self._call_log.record_failure(call, error, server.monotonic() - started)
            raise
        else:
            self._has_answered = True
            self._call_log.record_answer(call, reply, server.monotonic() - started, bounds=bounds)
            return reply
        finally:
            self._open_calls -= 1
            self._call_ended.set()

    async def _begin(self, draft: ModelCall) -> ModelCall:
        """Begins a call. Where the budget has no room for it, open calls may still end below their highest cost."""
        while not self.stopped:
            if call := self._call_log.begin(draft):
                self._open_calls += 1
                return call
            if not self._open_calls:
                raise CallStopped(
                    "budget spent",
                    "today's budget for the model is spent; "
                    "raise NEWSLETTER_DAILY_BUDGET_USD or wait until midnight UTC",
                )
            self._call_ended.clear()
            await self._call_ended.wait()
        raise CallStopped("stopped", self.stopped)


def wait_before_retry(error: Exception) -> bool | float:
    """Tells stamina after a failure whether to ask again: no, yes, or yes after this many seconds."""
    if not isinstance(error, CallInterrupted):
        return False
    return True if error.after_s is None else error.after_s
