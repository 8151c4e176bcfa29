"""Asks a model hours ahead, at half the price: submits requests as a batch, whose answers are collected later.

The funnel chooses which papers to ask about, as it will in the morning. Everything is written down before it is sent.
A batch that is late is cancelled, and the morning asks at once. When to ask ahead is run/prefetch.py's business, what
becomes of a batch llm/batch_collector.py's.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from newsletter.model import BatchedPaper, BatchLine, BatchState, ModelBatch, ModelCall, Paper, Profile, Usage
from newsletter.scoring.llm.batch_api import BatchesUnsupported, SubmissionInDoubt
from newsletter.scoring.llm.batch_collector import WINDOW, BatchCollector
from newsletter.scoring.llm.call_log import sum_calls
from newsletter.scoring.llm.failures import CallFailed, CallInterrupted
from newsletter.scoring.llm.grader import (
    Grader,
    GradingReport,
    GradingRequest,
    ProgressCallback,
    profile_key,
    profile_keys,
)
from newsletter.scoring.llm.model_grader import ModelGrader
from newsletter.scoring.llm.prices import BATCH
from newsletter.scoring.protocols import Scorer, ScoringRequest


class BatchPrefetcher:
    """A `Prefetcher` (see protocols.py) for the model of `grader`.

    `build_funnel` makes the scorer of the morning with another grader in it. With `lead_time` None nothing is asked
    ahead, and what was is still collected.
    """

    def __init__(
        self,
        grader: ModelGrader,
        build_funnel: Callable[[RecordingGrader], Scorer],
        *,
        lead_time: timedelta | None,
    ) -> None:
        self.lead_time = lead_time
        self._grader = grader
        self._build_funnel = build_funnel
        self._store = grader.store
        self._collector = BatchCollector(grader)

    def was_tried(self, profile: Profile, floor: int, announced_on: date) -> bool:
        """Tells whether there was a batch for this already, or the server said that it takes none."""
        asked = (self._grader.model, self._grader.prompt_key(floor), announced_on)
        request_keys = {(key, *asked) for key in profile_keys(profile)}
        lately = self._grader.now() - WINDOW
        return any(
            batch.request_key in request_keys or (batch.is_refused and batch.at > lately)
            for batch in self._collector.get_recent()
        )

    def prefetch(
        self, profile: Profile, floor: int, requests: Sequence[ScoringRequest], *, announced_on: date, run_id: str
    ) -> str:
        """Submits one batch for all of these requests, or writes down why not; a sentence if the operator must know.

        A batch may use up half of the day's budget, so that a late one leaves the morning the other half.
        """
        recorder = RecordingGrader(self._grader)
        for request in requests:
            self._build_funnel(recorder).score(profile, request.papers, request.history, floor=floor)
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
        chunks = self._grader.split(list(recorder.papers.values()))
        drafts = [self._draft_line(profile, floor, chunk, recorder.random_ids, batch.at) for chunk in chunks]
        full = replace(batch, lines=tuple(each.line for each in drafts))
        budget, calls = self._grader.budget_usd, [each.call for each in drafts]
        if not drafts:
            return self._write_off(batch, "nothing to ask")
        if not self._store.begin_batch(full, calls, budget_usd=None if budget is None else budget / 2):
            return self._write_off(batch, "half of the day's budget has no room for it")
        return asyncio.run(self._submit(full, drafts))

    def _write_off(self, batch: ModelBatch, why: str) -> str:
        """Remembers that there is no batch for this. Where another process was faster, its batch stands."""
        self._store.begin_batch(replace(batch, state=BatchState.ENDED, detail=why), (), budget_usd=None)
        return ""

    def _draft_line(
        self, profile: Profile, floor: int, papers: Sequence[Paper], random_ids: Set[str], at: datetime
    ) -> _DraftLine:
        server, subject = self._grader.server, profile_key(profile)
        prompt = self._grader.prompts.render(profile, papers, floor)
        bounds = server.bound_tokens(prompt)
        # No beginning to keep: nobody knows when the lines of a batch are worked on, so each might pay for writing it
        body = server.chat.form.build_body(
            prompt.system, prompt.user, max_tokens=bounds.completion, cache_key=subject, tier=BATCH
        )
        ids = [paper.arxiv_id for paper in papers]
        draft = self._grader.open_log().draft(body, tier=BATCH, subject=subject, paper_ids=ids, bounds=bounds)
        call = replace(draft, at=at)  # its batch's: they are stored under one day
        labelled = tuple(
            BatchedPaper(label, paper.arxiv_id, paper.version, paper.arxiv_id in random_ids)
            for label, paper in zip(prompt.labels, papers, strict=True)
        )
        return _DraftLine(BatchLine(call.call_id, labelled, *bounds), call, body)

    async def _submit(self, batch: ModelBatch, drafts: Sequence[_DraftLine]) -> str:
        try:
            async with self._grader.server.chat.connect() as connection:
                bodies = [(each.call.call_id, each.body) for each in drafts]
                provider_id = await self._collector.api.submit(connection, batch.batch_id, bodies)
        except SubmissionInDoubt as error:
            self._store.move_batch(replace(batch, detail=str(error)))
            return ""
        except CallFailed as error:
            self._collector.end_unsent(replace(batch, is_refused=isinstance(error, BatchesUnsupported)), str(error))
            return "" if isinstance(error, CallInterrupted) else f"No batch was submitted: {error}"
        self._store.move_batch(replace(batch, state=BatchState.SUBMITTED, provider_id=provider_id))
        return ""

    def collect(self) -> list[str]:
        """Sees how far the open batches are, and stores what was answered. Sentences the operator must know."""
        return self._collector.collect()

    def cancel(self, profile: Profile, floor: int) -> Usage | None:
        """Cancels what is still open for readers like this one; what batches used that no mail has shown yet."""
        wanted = {(key, self._grader.model, self._grader.prompt_key(floor)) for key in profile_keys(profile)}
        submitted = [batch for batch in self._get_batches(wanted) if batch.state is BatchState.SUBMITTED]
        self._collector.cancel(submitted)
        ended = [b for b in self._get_batches(wanted) if not (b.is_open or b.is_in_mail) and b.lines]
        calls = [call for batch in ended for call in self._collector.get_calls(batch) if call.prompt_tokens]
        for batch in ended:
            self._store.move_batch(replace(batch, is_in_mail=True))
        return sum_calls(calls, self._grader.price_of)

    def _get_batches(self, wanted: Set[tuple[str, str, str]]) -> list[ModelBatch]:
        return [batch for batch in self._collector.get_recent() if batch.request_key[:3] in wanted]


class RecordingGrader:
    """A `Grader` that writes down which papers the funnel asks about, and grades none of them."""

    def __init__(self, grader: Grader) -> None:
        self.model = grader.model
        self.prompt_key = grader.prompt_key
        self.prompt_text = grader.prompt_text
        self.papers: dict[str, Paper] = {}
        self.random_ids: set[str] = set()

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        self.papers |= {paper.arxiv_id: paper for paper in request.papers}
        self.random_ids |= request.random_ids
        return GradingReport((), (), None, "the papers are only written down")


@dataclass(frozen=True, slots=True)
class _DraftLine:
    """One line of a batch before it is sent."""

    line: BatchLine
    call: ModelCall
    body: Mapping[str, object]
