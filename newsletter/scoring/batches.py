"""Asks a model hours ahead, at half the price: hands requests in as a batch, and collects the answers later.

Whom to ask about is the funnel's choice, made as it will be made in the morning. Everything is written down before it
is sent, and what a crash left open is settled by the provider's list of batches. A batch that is late is called off,
and the morning asks at once. When to ask ahead is run/prefetch.py's business, HTTP is llm/batch_api.py's.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from openai import AsyncOpenAI

from newsletter.model import (
    BatchedPaper,
    BatchLine,
    BatchState,
    Grading,
    ModelBatch,
    ModelCall,
    Paper,
    Profile,
    Usage,
)
from newsletter.scoring import Scorer, ScoringRequest
from newsletter.scoring.llm.answers import Scored, read_answer
from newsletter.scoring.llm.batch_api import BatchServer, MayBeThere, NoBatches, Outcome, Remote
from newsletter.scoring.llm.call_log import add_up
from newsletter.scoring.llm.completion import BATCH, Reply
from newsletter.scoring.llm.failures import CallFailed, CallInterrupted, CallStopped
from newsletter.scoring.llm.grader import FINAL, ModelGrader, find_settled
from newsletter.scoring.llm.gradings import GradingReport, profile_key
from newsletter.scoring.llm.influence import regroup
from newsletter.stores import LlmStore

_WINDOW = timedelta(hours=24)  # OpenAI has no other
_GIVE_UP = _WINDOW + timedelta(hours=2)
_LOOKED_BACK = timedelta(days=7)  # for what is still open: the newsletter itself may have stood still
_AS_FOR_ALL = {"timeout", "unreachable"}
_APPEARS_WITHIN = timedelta(minutes=10)  # a batch that was submitted in the provider's list, at the latest


class BatchPrefetcher:
    """A `Prefetcher` (see scoring/__init__.py) for the model of `grader`.

    `build_funnel` makes the scorer of the morning with another grader in it. With `lead_time` None nothing is asked
    ahead, and what was is still collected.
    """

    def __init__(
        self,
        grader: ModelGrader,
        build_funnel: Callable[[RecordingGrader], Scorer],
        store: LlmStore,
        *,
        lead_time: timedelta | None,
    ) -> None:
        self.lead_time = lead_time
        self._grader = grader
        self._build_funnel = build_funnel
        self._store = store
        self._server = BatchServer(grader.server.chat)

    # -- asking

    def is_asked(self, profile: Profile, floor: int, announced_on: date) -> bool:
        """Whether there was a batch for this already, or the server said that it takes none."""
        question = (profile_key(profile), self._grader.model, self._grader.prompt_key(floor), announced_on)
        lately = self._grader.now() - _WINDOW
        return any(batch.question == question or (batch.is_refused and batch.at > lately) for batch in self._recent())

    def ask(
        self, profile: Profile, floor: int, questions: Sequence[ScoringRequest], *, announced_on: date, run_id: str
    ) -> str:
        """Submit one batch for all of these questions, or write down why not; a sentence if the operator must know.

        A batch may use up half of the day's budget, so that a late one leaves the morning the other half.
        """
        recorder = RecordingGrader(self._grader)
        for question in questions:
            self._build_funnel(recorder).score(profile, question.papers, question.history, floor=floor)
        batch = ModelBatch(
            batch_id=secrets.token_hex(8),
            at=self._grader.now(),
            run_id=run_id,
            announced_on=announced_on,
            profile_key=profile_key(profile),
            model=self._grader.model,
            prompt_key=self._grader.prompt_key(floor),
            floor=floor,
        )
        requests = self._requests(profile, floor, recorder, batch.at)
        full = replace(batch, lines=tuple(each.line for each in requests))
        budget, calls = self._grader.budget_usd, [each.call for each in requests]
        if not requests:
            return self._write_off(batch, "nothing to ask")
        if not self._store.begin_batch(full, calls, budget_usd=None if budget is None else budget / 2):
            return self._write_off(batch, "half of the day's budget has no room for it")
        return asyncio.run(self._submit(full, requests))

    def _write_off(self, batch: ModelBatch, why: str) -> str:
        """Remember that there is no batch for this. Where another process was faster, its batch stands."""
        self._store.begin_batch(replace(batch, state=BatchState.ENDED, detail=why), (), budget_usd=None)
        return ""

    def _requests(self, profile: Profile, floor: int, recorder: RecordingGrader, at: datetime) -> list[_Request]:
        chunks = self._grader.split(list(recorder.papers.values()))
        return [self._request(profile, floor, chunk, recorder.random_ids, at) for chunk in chunks]

    def _request(
        self, profile: Profile, floor: int, papers: Sequence[Paper], random_ids: Set[str], at: datetime
    ) -> _Request:
        server, subject = self._grader.server, profile_key(profile)
        prompt = self._grader.prompts.render(profile, papers, floor)
        most = server.most_tokens(prompt)
        # No beginning to keep: nobody knows when the lines of a batch are worked on, so each might pay for writing it
        body = server.chat.build_body(prompt.system, prompt.user, max_tokens=most[1], cache_key=subject, tier=BATCH)
        ids = [paper.arxiv_id for paper in papers]
        call = self._grader.open_log().draft(body, tier=BATCH, subject=subject, paper_ids=ids, most=most, at=at)
        labelled = tuple(
            BatchedPaper(label, paper.arxiv_id, paper.version, paper.arxiv_id in random_ids)
            for label, paper in zip(prompt.labels, papers, strict=True)
        )
        return _Request(BatchLine(call.call_id, labelled, *most), call, body)

    async def _submit(self, batch: ModelBatch, requests: Sequence[_Request]) -> str:
        try:
            async with self._grader.server.chat.connect() as client:
                bodies = [(each.call.call_id, each.body) for each in requests]
                provider_id = await self._server.submit(client, batch.batch_id, bodies)
        except MayBeThere as error:
            self._store.move_batch(replace(batch, detail=str(error)))
            return ""
        except CallFailed as error:
            self._end_unsent(replace(batch, is_refused=isinstance(error, NoBatches)), str(error))
            return "" if isinstance(error, CallInterrupted) else f"No batch was submitted: {error}"
        self._store.move_batch(replace(batch, state=BatchState.SUBMITTED, provider_id=provider_id))
        return ""

    # -- collecting

    def collect(self) -> list[str]:
        """See how far the open batches are, and take in what was answered. Sentences the operator must know."""
        still_open = [batch for batch in self._recent() if batch.is_open]
        return asyncio.run(self._collect(still_open)) if still_open else []

    def cancel(self, profile: Profile, floor: int) -> Usage | None:
        """Its morning has come: cancel what is still open, and tell what batches used that no mail has shown yet."""
        wanted = (profile_key(profile), self._grader.model, self._grader.prompt_key(floor))
        if any(batch.state is BatchState.SUBMITTED and batch.question[:3] == wanted for batch in self._recent()):
            asyncio.run(self._cancel(wanted))
        ended = [
            batch
            for batch in self._recent()
            if batch.question[:3] == wanted and not (batch.is_open or batch.is_in_mail) and batch.lines
        ]
        used = [call for batch in ended for call in self._calls(batch) if call.prompt_tokens]
        for batch in ended:
            self._store.move_batch(replace(batch, is_in_mail=True))
        return add_up(used, self._grader.price_of)

    async def _collect(self, batches: Sequence[ModelBatch]) -> list[str]:
        problems = []
        async with self._grader.server.chat.connect() as client:
            for batch in batches:
                try:
                    problems.append(await self._look_after(client, batch))
                except CallFailed as error:
                    problems.append(self._try_later(batch, error))
                    if isinstance(error, CallStopped) or error.outcome in _AS_FOR_ALL:
                        break  # the next would fare no better, and mails wait
        return list(filter(None, problems))

    async def _cancel(self, wanted: tuple[str, str, str]) -> None:
        async with self._grader.server.chat.connect() as client:
            for batch in self._recent():
                if batch.state is BatchState.SUBMITTED and batch.question[:3] == wanted:
                    await self._cancel_one(client, batch)

    async def _cancel_one(self, client: AsyncOpenAI, batch: ModelBatch) -> None:
        """No word for the operator: its morning goes on without it, and the next run looks after it."""
        late = replace(batch, state=BatchState.CANCELLING, detail="late: its morning came first")
        try:
            remote = await self._server.cancel(client, batch.provider_id)
            if remote.is_over:
                await self._take_in(client, batch if remote.status == "completed" else late, remote)
            else:
                self._store.move_batch(late)
        except CallFailed as error:
            self._try_later(batch, error)

    async def _look_after(self, client: AsyncOpenAI, batch: ModelBatch) -> str:
        age = self._grader.now() - batch.at
        if batch.state is BatchState.SUBMITTING:
            if self._store.is_running(batch.run_id):
                return ""  # it is just being submitted
            remote = await self._server.find(client, batch.batch_id)
            if remote is None:
                return self._end_unsent(batch, batch.detail or "its run was killed") if age > _APPEARS_WITHIN else ""
            batch = replace(batch, state=BatchState.SUBMITTED, provider_id=remote.provider_id, detail="")
            self._store.move_batch(batch)
        else:
            remote = await self._server.look(client, batch.provider_id)
        if remote.is_over:
            return await self._take_in(client, batch, remote)
        return self._give_up(batch, f"it is still {remote.status}") if age > _GIVE_UP else ""

    async def _take_in(self, client: AsyncOpenAI, batch: ModelBatch, remote: Remote) -> str:
        outcomes, unreadable = await self._server.fetch(client, remote)
        failed = self._settle(batch, outcomes, is_missing_unpaid=remote.is_cut_short and not unreadable)
        detail = self._server.chat.detail(remote.problem) or batch.detail
        if remote.is_cut_short:
            detail = f"{remote.status}: {detail}" if detail else remote.status
        if failed:
            detail = "; ".join(filter(None, (detail, f"{len(failed)} of {len(batch.lines)} requests failed")))
        self._store.move_batch(replace(batch, state=BatchState.ENDED, detail=detail))
        await self._server.delete(client, (remote.input_file, *remote.answer_files))
        if remote.status == "failed" or (failed and len(failed) == len(batch.lines) and not remote.is_cut_short):
            why = self._server.chat.detail(remote.problem) or (failed[0] if failed else "it does not say why")
            return f"{self._server.chat.host} answered no request of a batch ({why}); see `newsletter calls --failed`."
        return ""

    # -- what becomes of a batch

    def _settle(self, batch: ModelBatch, outcomes: Sequence[Outcome], *, is_missing_unpaid: bool) -> list[str]:
        """End the calls of a batch and keep its judgements; why requests failed. May be repeated."""
        call_log, seconds = self._grader.open_log(), (self._grader.now() - batch.at).total_seconds()
        pending = {call.call_id: call for call in self._calls(batch) if call.is_pending}
        graded, failed = self._find_graded(batch), list[str]()
        for line in batch.lines:
            if (call := pending.get(line.call_id)) is None:
                continue  # another process was faster
            found = _find(line.call_id, outcomes, is_missing_unpaid=is_missing_unpaid)
            if isinstance(found, CallFailed):
                failed.append(str(found))
                call_log.failed(call, found, seconds)
                continue
            reply = replace(self._server.chat.read_body(found.body, BATCH), tier=BATCH)
            if gradings := self._read(batch, line, reply, graded):
                self._store.put_gradings(gradings)
            call_log.answered(call, reply, seconds, most=(line.prompt_tokens, line.completion_tokens))
        return failed

    def _find_graded(self, batch: ModelBatch) -> set[tuple[str, int]]:
        """Papers that were asked about at once meanwhile: a mail may have shown what the model said then."""
        remembered = self._store.get_gradings(batch.profile_key, since=_utc_day(batch.at))
        asked_the_same = [one for one in remembered if (one.model, one.prompt_key) == (batch.model, batch.prompt_key)]
        return {(one.arxiv_id, one.version) for one in asked_the_same}

    def _read(self, batch: ModelBatch, line: BatchLine, reply: Reply, graded: Set[tuple[str, int]]) -> list[Grading]:
        papers = {paper.label: paper for paper in line.papers}
        text = "" if reply.outcome in FINAL else reply.text
        answer = read_answer(text, list(papers), batch.floor, is_cut=reply.is_cut)
        return [
            Grading(
                arxiv_id=paper.arxiv_id,
                version=paper.version,
                profile_key=batch.profile_key,
                model=batch.model,
                prompt_key=batch.prompt_key,
                relevance=scored.relevance,
                novelty=scored.novelty,
                comment=scored.comment,
                was_random=paper.was_random,
                at=self._grader.now(),
            )
            for scored in _unswayed(papers, find_settled(answer))
            if (paper := papers[scored.id]) and (paper.arxiv_id, paper.version) not in graded
        ]

    def _end_unsent(self, batch: ModelBatch, why: str) -> str:
        """Surely not there: nothing is paid."""
        self._settle(batch, (), is_missing_unpaid=True)
        self._store.move_batch(replace(batch, state=BatchState.ENDED, detail=f"never submitted: {why}"))
        return ""

    def _give_up(self, batch: ModelBatch, why: str) -> str:
        """Nobody knows what it cost: its calls keep the most."""
        self._settle(batch, (), is_missing_unpaid=False)
        self._store.move_batch(replace(batch, state=BatchState.ENDED, detail=f"given up: {why}"))
        return f"A batch of {batch.at:%Y-%m-%d %H:%M} UTC was given up ({why}); its calls count at their highest cost."

    def _try_later(self, batch: ModelBatch, error: CallFailed) -> str:
        """The next run looks again; a sentence if that will not help."""
        if self._grader.now() - batch.at > _GIVE_UP:
            return self._give_up(batch, str(error))
        self._store.move_batch(replace(batch, detail=f"could not be collected: {error}"))
        return str(error) if isinstance(error, CallStopped) else ""

    def _calls(self, batch: ModelBatch) -> list[ModelCall]:
        ids, day = {line.call_id for line in batch.lines}, _utc_day(batch.at)
        return [call for call in self._store.get_calls(since=day, until=day) if call.call_id in ids]

    def _recent(self) -> list[ModelBatch]:
        return self._store.get_batches(since=_utc_day(self._grader.now() - _LOOKED_BACK))


class RecordingGrader:
    """Sits in the funnel where the judge will: writes down whom it is asked about, and says nothing of them."""

    def __init__(self, grader: ModelGrader) -> None:
        self._grader = grader
        self.papers: dict[str, Paper] = {}
        self.random_ids: set[str] = set()

    @property
    def model(self) -> str:
        return self._grader.model

    def prompt_key(self, floor: int) -> str:
        return self._grader.prompt_key(floor)

    def prompt_text(self, profile: Profile, floor: int) -> str:
        return self._grader.prompt_text(profile, floor)

    def grade(
        self,
        profile: Profile,
        papers: Sequence[Paper],
        *,
        floor: int = 1,
        random_ids: Set[str] = frozenset(),
        is_ranked: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> GradingReport:
        self.papers |= {paper.arxiv_id: paper for paper in papers}
        self.random_ids |= random_ids
        return GradingReport((), (), None, "the papers are only written down")


@dataclass(frozen=True, slots=True)
class _Request:
    """One line of a batch before it is sent."""

    line: BatchLine
    call: ModelCall
    body: Mapping[str, object]


def _find(call_id: str, outcomes: Sequence[Outcome], *, is_missing_unpaid: bool) -> Outcome | CallFailed:
    """The one outcome of this request, with an answer in it; else why there is none."""
    own = [each for each in outcomes if each.custom_id == call_id]
    if not own:
        return CallFailed("no answer", "the batch has no answer to this request", is_billed=not is_missing_unpaid)
    if any(each != own[0] for each in own[1:]):
        return CallFailed("answered twice", "the batch has two answers to this request", is_billed=True)
    if own[0].status != 200:
        return CallFailed(own[0].error, own[0].detail or own[0].error)
    return own[0]


def _unswayed(asked: Mapping[str, BatchedPaper], settled: Sequence[Scored]) -> Sequence[Scored]:
    """What was said, unless one paper seems to have swayed it: then the morning asks, and compares."""
    grades = {scored.id: scored.relevance for scored in settled}
    in_order = [grades[label] for label in asked if label in grades]
    return [] if regroup(in_order, is_ranked=False) else settled


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()
