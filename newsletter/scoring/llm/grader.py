"""Grades papers with a model: splits them into batches, and asks until each is graded, has failed, or all must stop.

What becomes of an answer is decided in grading_run.py. Which papers to ask about, and which were graded earlier, is
the funnel's business.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal

from newsletter.model import Paper, Profile
from newsletter.scoring.llm.call_log import CallLog
from newsletter.scoring.llm.chat_api import ChatApi
from newsletter.scoring.llm.client import ModelClient, ModelServer
from newsletter.scoring.llm.grading_run import GradingRun, GradingTask, Results
from newsletter.scoring.llm.gradings import GradingReport, GradingRequest, ProgressCallback, profile_key
from newsletter.scoring.llm.influence import MOST_ALONE, speaks_to_graders
from newsletter.scoring.llm.model_settings import ModelLimits, ModelSettings
from newsletter.scoring.llm.prices import Price
from newsletter.scoring.llm.prompts import Prompts
from newsletter.scoring.llm.rate_limit import RateLimit
from newsletter.stores import LlmStore


class ModelGrader:
    """The `Grader` that asks a model. Remembers between calls what the server does not take, and how fast it may ask.

    What stopped one call stops all later ones: a wrong key is not tried again for the next reader.
    """

    def __init__(
        self,
        settings: ModelSettings,
        prompts: Prompts,
        store: LlmStore,
        *,
        price_of: Callable[[str, str], Price | None],
        count: Callable[[str], int],
        now: Callable[[], datetime],
        budget_usd: Decimal | None = None,
        limits: ModelLimits | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = limits or ModelLimits()
        self.server = ModelServer(
            chat=ChatApi(settings),
            limits=limits,
            request_rate=RateLimit(limits.requests_per_minute, monotonic),
            token_rate=RateLimit(limits.tokens_per_minute, monotonic),
            count=count,
            sleep=sleep,
            monotonic=monotonic,
        )
        self.prompts = prompts
        self.store = store
        self.price_of = price_of
        self.now = now
        self.budget_usd = budget_usd
        self._stopped = ""

    @property
    def model(self) -> str:
        return self.server.chat.settings.model

    def prompt_key(self, floor: int) -> str:
        return self.prompts.key(floor)

    def prompt_text(self, profile: Profile, floor: int) -> str:
        """All that is sent but for the papers, to be shown to the reader."""
        prompt = self.prompts.render(profile, (), floor)
        return f"{prompt.system}\n\n{prompt.head}".strip()

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        """Ask about each of these papers; gradings and failures come in their order.

        Gradings are stored as they come, so that a killed run need not pay for them again. `on_progress` is called
        as papers are settled. Raises nothing for an answer or a server; StoreError.
        """
        papers = list({paper.arxiv_id: paper for paper in request.papers}.values())
        if not papers:
            return GradingReport((), (), None)
        if self._stopped:
            return GradingReport((), (), None, self._stopped)
        call_log = self.open_log()
        results = Results(papers, on_progress)
        task = GradingTask(request, profile_key(request.profile), self.model, self.prompt_key(request.floor))
        client = asyncio.run(self._run(task, papers, call_log, results))
        self._stopped = client.stopped
        return GradingReport(results.gradings(), results.failures(), call_log.usage(), client.stopped, client.warning)

    def open_log(self) -> CallLog:
        return CallLog(self.store, self.model, self.price_of, self.now, self.budget_usd)

    def split(self, papers: Sequence[Paper]) -> list[Sequence[Paper]]:
        """The batches to ask about together. A paper that speaks to graders is alone, as long as they are few."""
        size = self.server.limits.batch_papers
        speaking = [paper for paper in papers if speaks_to_graders(paper)]
        silent = [paper for paper in papers if paper not in speaking]
        alone, others = speaking[:MOST_ALONE], speaking[MOST_ALONE:]
        together = [group[at : at + size] for group in (silent, others) for at in range(0, len(group), size)]
        return [*together, *([paper] for paper in alone)]

    async def _run(
        self, task: GradingTask, papers: Sequence[Paper], call_log: CallLog, results: Results
    ) -> ModelClient:
        batches = self.split(papers)
        async with self.server.chat.connect() as connection:
            client = ModelClient(self.server, connection, call_log, task.profile_key)
            run = GradingRun(task, client, self.prompts, self.store, self.now, results)
            # One goes ahead: the others find its beginning in the provider's cache, and need not each discover
            # that the key is wrong or a parameter unknown.
            await run.settle(batches[0])
            await asyncio.gather(*(run.settle(batch) for batch in batches[1:]))
        return client
