"""Speaks the Batch API of an OpenAI-compatible server: submits requests, asks how far they are, fetches the answers.

Repeats nothing, and trusts no field to be there. What to submit is batch_prefetcher.py's business, what an
answer is worth batch_collector.py's. Facts: OpenAI's API reference (files, batches) and its guide to the Batch API,
read November 2026.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import openai

from newsletter.scoring.llm.chat_api import ChatApi
from newsletter.scoring.llm.failures import CallFailed, CallStopped

_ENDPOINT: Final = "/v1/chat/completions"
_KEY = "newsletter_batch"  # in the batch's metadata: our own id
_OVER = {"completed", "expired", "cancelled", "failed"}
_NO_SUCH_ENDPOINT = {400, 404, 405, 415, 422, 501}
_PAGE = 100
_MOST_PAGES = 20


class BatchesUnsupported(CallFailed):
    """The server has no Batch API, or none that takes these requests."""


class SubmissionInDoubt(CallFailed):
    """The answer to the submission got lost: look for the batch by its key before anything else."""


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the server describes it. `files`: its input, its answers and its errors, as far as they are there."""

    provider_id: str
    key: str
    status: str
    input_file: str
    answer_files: tuple[str, ...]
    problem: str  # why it failed, in the server's words

    @property
    def is_over(self) -> bool:
        return self.status in _OVER

    @property
    def is_cut_short(self) -> bool:
        """Requests without an answer were not worked on."""
        return self.is_over and self.status != "completed"


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What became of one request: `body` is its answer if `status` is 200, else `error` and `detail` say why not."""

    custom_id: str
    status: int
    body: object = None
    error: str = ""
    detail: str = ""


class BatchApi:
    """Each method raises CallFailed, or the kind of it that says what to do; all but `submit` may be repeated."""

    def __init__(self, chat: ChatApi) -> None:
        self.chat = chat

    async def submit(
        self, connection: openai.AsyncOpenAI, key: str, requests: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> str:
        """Gives the server's id of the new batch. Raises BatchesUnsupported, and SubmissionInDoubt."""
        file_id = await self._upload(connection, key, requests)
        try:
            return (await self._create(connection, key, file_id)).provider_id
        except SubmissionInDoubt:
            raise
        except CallFailed:
            await self.delete(connection, (file_id,))
            raise

    async def find(self, connection: openai.AsyncOpenAI, key: str) -> RemoteBatch | None:
        """Finds the batch with our key in its metadata; None if there surely is none."""
        after: str | openai.Omit = openai.omit
        for _ in range(_MOST_PAGES):
            page = await self._ask(connection.batches.with_raw_response.list(limit=_PAGE, after=after))
            entries = page.get("data")
            entries = entries if isinstance(entries, list) else []
            listed = [_parse_batch(entry) for entry in entries if isinstance(entry, dict)]
            if found := next((batch for batch in listed if batch.key == key and batch.provider_id), None):
                return found
            if not page.get("has_more") or not listed or not listed[-1].provider_id:
                return None
            after = listed[-1].provider_id
        raise CallFailed("too many batches", f"{self.chat.host} lists more than {_PAGE * _MOST_PAGES} batches")

    async def retrieve(self, connection: openai.AsyncOpenAI, provider_id: str) -> RemoteBatch:
        """Gives how far the batch is now."""
        return _parse_batch(await self._ask(connection.batches.with_raw_response.retrieve(provider_id)))

    async def cancel(self, connection: openai.AsyncOpenAI, provider_id: str) -> RemoteBatch:
        """Has the server stop, which takes up to ten minutes; what it has answered until then is paid.

        One that is over already is refused: then as `retrieve`.
        """
        try:
            return _parse_batch(await self._ask(connection.batches.with_raw_response.cancel(provider_id)))
        except CallFailed as error:
            if error.outcome not in ("HTTP 400", "HTTP 409"):
                raise
            return await self.retrieve(connection, provider_id)

    async def fetch(self, connection: openai.AsyncOpenAI, remote: RemoteBatch) -> tuple[list[RequestResult], int]:
        """Fetches what became of the requests, and the number of lines that could not be read."""
        texts = [await self._send(connection.files.with_raw_response.content(each)) for each in remote.answer_files]
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        results = [self._read_line(line) for line in lines]
        return [each for each in results if each], results.count(None)

    async def delete(self, connection: openai.AsyncOpenAI, file_ids: Sequence[str]) -> None:
        """Deletes files, as far as it goes; what stays is dropped by the provider, after 30 days at OpenAI."""
        for file_id in filter(None, file_ids):
            with suppress(CallFailed):
                await self._send(connection.files.with_raw_response.delete(file_id))

    # -- requests

    async def _upload(
        self, connection: openai.AsyncOpenAI, key: str, requests: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> str:
        lines = [{"custom_id": name, "method": "POST", "url": _ENDPOINT, "body": body} for name, body in requests]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        file = (f"{key}.jsonl", text.encode("ascii"), "application/jsonl")
        try:
            answer = await self._ask(connection.files.with_raw_response.create(file=file, purpose="batch"))
        except CallFailed as error:
            raise self._refusal(error) from error
        if not (file_id := _text(answer, "id")):
            raise self._unsupported("its answer to an uploaded file has no id")
        return file_id

    async def _create(self, connection: openai.AsyncOpenAI, key: str, file_id: str) -> RemoteBatch:
        create = connection.batches.with_raw_response.create
        try:
            answer = await self._ask(
                create(input_file_id=file_id, endpoint=_ENDPOINT, completion_window="24h", metadata={_KEY: key})
            )
        except CallFailed as error:
            refusal = self._refusal(error)
            if error.is_billed or (refusal is error and error.outcome.startswith("HTTP 5")):
                raise SubmissionInDoubt(error.outcome, str(error)) from error
            raise refusal from error
        remote = _parse_batch(answer)
        if not remote.provider_id:
            raise SubmissionInDoubt("no id", "the server's answer to a new batch has no id")
        return remote

    async def _ask(self, request: Awaitable[Any]) -> dict[str, Any]:
        answer = self.chat.read_json(await self._send(request))
        return answer if isinstance(answer, dict) else {}

    async def _send(self, request: Awaitable[Any]) -> str:
        try:
            async with asyncio.timeout(self.chat.settings.timeout_s):
                response = await request
        except (TimeoutError, openai.OpenAIError) as error:
            raise self._explain(error) from error
        text: str = response.content.decode("utf-8", "replace")
        return text

    def _explain(self, error: TimeoutError | openai.OpenAIError) -> CallFailed:
        failure = self.chat.explain(error, {})
        if isinstance(error, openai.NotFoundError) and isinstance(failure, CallStopped):
            # To a chat it would mean that the model is unknown
            return CallFailed("HTTP 404", "the server answered 404")
        return failure

    def _refusal(self, error: CallFailed) -> CallFailed:
        """Gives what the server's no to a submission means: most compatible servers have no Batch API."""
        is_about_batches = error.outcome in {f"HTTP {status}" for status in _NO_SUCH_ENDPOINT}
        return self._unsupported(str(error)) if is_about_batches and not isinstance(error, CallStopped) else error

    def _unsupported(self, why: str) -> BatchesUnsupported:
        return BatchesUnsupported(
            "no batches", f"{self.chat.host} takes no batches ({why}); set NEWSLETTER_MODEL_TIER to flex or standard"
        )

    # -- reading a line

    def _read_line(self, line: str) -> RequestResult | None:
        """Gives None for a line that is none of the format."""
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(entry, dict) or not (custom_id := _text(entry, "custom_id")):
            return None
        response, error, status = entry.get("response"), entry.get("error"), 0
        if isinstance(response, dict):
            code, body = response.get("status_code"), response.get("body")
            status = code if isinstance(code, int) else 0
            if status == 200:
                return RequestResult(custom_id, status, body)
            error = body.get("error") if isinstance(body, dict) else None
        error = error if isinstance(error, dict) else {}
        word = f"HTTP {status}" if status else self.chat.detail(_text(error, "code"))[:40] or "no answer"
        return RequestResult(custom_id, status, error=word, detail=self.chat.detail(_text(error, "message")))


def _parse_batch(answer: Mapping[str, Any]) -> RemoteBatch:
    metadata, errors = answer.get("metadata"), answer.get("errors")
    return RemoteBatch(
        provider_id=_text(answer, "id"),
        key=_text(metadata, _KEY) if isinstance(metadata, dict) else "",
        status=_text(answer, "status"),
        input_file=_text(answer, "input_file_id"),
        answer_files=tuple(filter(None, (_text(answer, "output_file_id"), _text(answer, "error_file_id")))),
        problem=_first_message(errors.get("data")) if isinstance(errors, dict) else "",
    )


def _first_message(errors: object) -> str:
    first = errors[0] if isinstance(errors, list) and errors else None
    return _text(first, "message") if isinstance(first, dict) else ""


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
