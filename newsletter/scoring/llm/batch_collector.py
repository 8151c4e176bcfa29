"""Follows submitted batches: collects what was answered, cancels what is late, gives up what is lost.

A batch that a crash left open is looked up in the provider's list by our own key. Every call of a batch ends once, at
what it did cost, or at its highest cost where nobody knows. HTTP is batch_api.py's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from openai import AsyncOpenAI

from newsletter.model import BatchedPaper, BatchLine, BatchState, Grading, ModelBatch, ModelCall
from newsletter.scoring.llm.answers import AnswerEntry, read_answer
from newsletter.scoring.llm.batch_api import BatchApi, RemoteBatch, RequestResult
from newsletter.scoring.llm.call_log import TokenBounds
from newsletter.scoring.llm.completion import Reply
from newsletter.scoring.llm.failures import CallFailed, CallStopped
from newsletter.scoring.llm.grader import find_known
from newsletter.scoring.llm.influence import regroup
from newsletter.scoring.llm.model_grader import FINAL, ModelGrader, build_grading
from newsletter.scoring.llm.prices import BATCH

WINDOW = timedelta(hours=24)  # OpenAI has no other
_GIVE_UP = WINDOW + timedelta(hours=2)
_LOOKED_BACK = timedelta(days=7)  # for what is still open: the newsletter itself may have stood still
_AS_FOR_ALL = {"timeout", "unreachable"}
_APPEARS_WITHIN = timedelta(minutes=10)  # a batch that was submitted in the provider's list, at the latest


class BatchCollector:
    """The batches of the last days, as the provider and our own store have them."""

    def __init__(self, grader: ModelGrader) -> None:
        self.api = BatchApi(grader.server.chat)
        self._grader = grader
        self._store = grader.store

    def get_recent(self) -> list[ModelBatch]:
        """Gets the batches of the last seven days, oldest first."""
        return self._store.get_batches(since=_utc_day(self._grader.now() - _LOOKED_BACK))

    def get_calls(self, batch: ModelBatch) -> list[ModelCall]:
        ids, day = {line.call_id for line in batch.lines}, _utc_day(batch.at)
        return [call for call in self._store.get_calls(since=day, until=day) if call.call_id in ids]

    def collect(self) -> list[str]:
        """Sees how far the open batches are, and stores what was answered. Sentences the operator must know."""
        still_open = [batch for batch in self.get_recent() if batch.is_open]
        return asyncio.run(self._collect(still_open)) if still_open else []

    def cancel(self, batches: Sequence[ModelBatch]) -> None:
        """Has the provider stop working on these; what it has answered until then is paid, and stored."""
        if batches:
            asyncio.run(self._cancel(batches))

    def end_unsent(self, batch: ModelBatch, why: str) -> str:
        """Ends a batch that is surely not at the provider: nothing is paid."""
        self._settle(batch, (), is_missing_unpaid=True)
        self._store.move_batch(replace(batch, state=BatchState.ENDED, detail=f"never submitted: {why}"))
        return ""

    async def _collect(self, batches: Sequence[ModelBatch]) -> list[str]:
        problems = []
        async with self.api.chat.connect() as connection:
            for batch in batches:
                try:
                    problems.append(await self._check(connection, batch))
                except CallFailed as error:
                    problems.append(self._postpone(batch, error))
                    if isinstance(error, CallStopped) or error.outcome in _AS_FOR_ALL:
                        break  # the next would fare no better, and mails wait
        return list(filter(None, problems))

    async def _cancel(self, batches: Sequence[ModelBatch]) -> None:
        async with self.api.chat.connect() as connection:
            for batch in batches:
                await self._cancel_one(connection, batch)

    async def _cancel_one(self, connection: AsyncOpenAI, batch: ModelBatch) -> None:
        """Tells the operator nothing: the morning goes on without this batch, and the next run checks it."""
        late = replace(batch, state=BatchState.CANCELLING, detail="late: its morning came first")
        try:
            remote = await self.api.cancel(connection, batch.provider_id)
            if remote.is_over:
                await self._take_results(connection, batch if remote.status == "completed" else late, remote)
            else:
                self._store.move_batch(late)
        except CallFailed as error:
            self._postpone(batch, error)

    async def _check(self, connection: AsyncOpenAI, batch: ModelBatch) -> str:
        age = self._grader.now() - batch.at
        if batch.state is BatchState.SUBMITTING:
            if self._store.is_running(batch.run_id):
                return ""  # it is just being submitted
            remote = await self.api.find(connection, batch.batch_id)
            if remote is None:
                return self.end_unsent(batch, batch.detail or "its run was killed") if age > _APPEARS_WITHIN else ""
            batch = replace(batch, state=BatchState.SUBMITTED, provider_id=remote.provider_id, detail="")
            self._store.move_batch(batch)
        else:
            remote = await self.api.retrieve(connection, batch.provider_id)
        if remote.is_over:
            return await self._take_results(connection, batch, remote)
        return self._give_up(batch, f"it is still {remote.status}") if age > _GIVE_UP else ""

    async def _take_results(self, connection: AsyncOpenAI, batch: ModelBatch, remote: RemoteBatch) -> str:
        results, unreadable = await self.api.fetch(connection, remote)
        failed = self._settle(batch, results, is_missing_unpaid=remote.is_cut_short and not unreadable)
        detail = self.api.chat.detail(remote.problem) or batch.detail
        if remote.is_cut_short:
            detail = f"{remote.status}: {detail}" if detail else remote.status
        if failed:
            detail = "; ".join(filter(None, (detail, f"{len(failed)} of {len(batch.lines)} requests failed")))
        self._store.move_batch(replace(batch, state=BatchState.ENDED, detail=detail))
        await self.api.delete(connection, (remote.input_file, *remote.answer_files))
        if remote.status == "failed" or (failed and len(failed) == len(batch.lines) and not remote.is_cut_short):
            why = self.api.chat.detail(remote.problem) or (failed[0] if failed else "it does not say why")
            return f"{self.api.chat.host} answered no request of a batch ({why}); see `newsletter calls --failed`."
        return ""

    def _settle(self, batch: ModelBatch, results: Sequence[RequestResult], *, is_missing_unpaid: bool) -> list[str]:
        """Ends the calls of a batch and stores its gradings; why requests failed. May be repeated."""
        call_log, seconds = self._grader.open_log(), (self._grader.now() - batch.at).total_seconds()
        pending = {call.call_id: call for call in self.get_calls(batch) if call.is_pending}
        graded, failed = self._find_graded(batch), list[str]()
        for line in batch.lines:
            if (call := pending.get(line.call_id)) is None:
                continue  # another process was faster
            result = _find_result(line.call_id, results, is_missing_unpaid=is_missing_unpaid)
            if isinstance(result, CallFailed):
                failed.append(str(result))
                call_log.record_failure(call, result, seconds)
                continue
            reply = replace(self.api.chat.read_body(result.body, BATCH), tier=BATCH)
            if gradings := self._read(batch, line, reply, graded):
                self._store.put_gradings(gradings)
            call_log.record_answer(call, reply, seconds, bounds=TokenBounds(line.prompt_tokens, line.completion_tokens))
        return failed

    def _find_graded(self, batch: ModelBatch) -> Set[str]:
        """Finds the papers that were asked about at once meanwhile: a mail may have shown those gradings."""
        remembered = self._store.get_gradings(batch.profile_key, since=_utc_day(batch.at))
        papers = [paper for line in batch.lines for paper in line.papers]
        return find_known(remembered, papers, model=batch.model, prompt_key=batch.prompt_key).keys()

    def _read(self, batch: ModelBatch, line: BatchLine, reply: Reply, graded: Set[str]) -> list[Grading]:
        papers = {paper.label: paper for paper in line.papers}
        text = "" if reply.outcome in FINAL else reply.text
        answer = read_answer(text, list(papers), batch.floor, is_cut=reply.is_cut)
        return [
            build_grading(batch, paper, entry, was_random=paper.was_random, at=self._grader.now())
            for entry in _uninfluenced(papers, answer.entries())
            if (paper := papers[entry.id]) and paper.arxiv_id not in graded
        ]

    def _give_up(self, batch: ModelBatch, why: str) -> str:
        """Ends a batch that is lost; its calls keep their highest cost, as nobody knows what they did cost."""
        self._settle(batch, (), is_missing_unpaid=False)
        self._store.move_batch(replace(batch, state=BatchState.ENDED, detail=f"given up: {why}"))
        return f"A batch of {batch.at:%Y-%m-%d %H:%M} UTC was given up ({why}); its calls count at their highest cost."

    def _postpone(self, batch: ModelBatch, error: CallFailed) -> str:
        """Leaves it to the next run; a sentence if that will not help."""
        if self._grader.now() - batch.at > _GIVE_UP:
            return self._give_up(batch, str(error))
        self._store.move_batch(replace(batch, detail=f"could not be collected: {error}"))
        return str(error) if isinstance(error, CallStopped) else ""


def _find_result(
    call_id: str, results: Sequence[RequestResult], *, is_missing_unpaid: bool
) -> RequestResult | CallFailed:
    """Finds the one result of this request, with an answer in it; else why there is none."""
    own = [each for each in results if each.custom_id == call_id]
    if not own:
        return CallFailed("no answer", "the batch has no answer to this request", is_billed=not is_missing_unpaid)
    if any(each != own[0] for each in own[1:]):
        return CallFailed("answered twice", "the batch has two answers to this request", is_billed=True)
    if own[0].status != 200:
        return CallFailed(own[0].error, own[0].detail or own[0].error)
    return own[0]


def _uninfluenced(asked: Mapping[str, BatchedPaper], entries: Sequence[AnswerEntry]) -> Sequence[AnswerEntry]:
    """These entries; none where one paper seems to have swayed the others: then the morning asks, and compares."""
    grades = {entry.id: entry.relevance for entry in entries}
    in_order = [grades[label] for label in asked if label in grades]
    return [] if regroup(in_order, is_ranked=False) else entries


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()
