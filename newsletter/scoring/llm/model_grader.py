"""Grades papers with a model: splits them into batches, and asks until each is graded, has failed, or all must stop.

Papers missing from an answer are asked about again, a batch without any is split. A paper that fails alone is a
ScoreFailure. Where one paper may have swayed the grades of others, each is asked about alone. What will not get better
(key, credit, budget, unknown model) stops everything, in one sentence. Getting an answer is client.py's business,
reading it answers.py's; which papers to ask about, and which were graded earlier, the funnel's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from newsletter.model import BatchedPaper, Grading, ModelBatch, Paper, Profile, ScoreFailure
from newsletter.scoring.llm.answers import AnswerEntry, ParsedAnswer, read_answer
from newsletter.scoring.llm.call_log import CallLog
from newsletter.scoring.llm.chat_api import ChatApi
from newsletter.scoring.llm.client import LARGER_CONTEXT, UNSENT, ModelClient, ModelServer
from newsletter.scoring.llm.completion import Reply
from newsletter.scoring.llm.context_window import ContextWindow, is_beginning_lost
from newsletter.scoring.llm.failures import CallFailed, CallInterrupted, CallStopped
from newsletter.scoring.llm.grader import GradingReport, GradingRequest, ProgressCallback, profile_key
from newsletter.scoring.llm.influence import MOST_ALONE, regroup, speaks_to_graders
from newsletter.scoring.llm.model_settings import ModelLimits, ModelSettings
from newsletter.scoring.llm.prices import Price
from newsletter.scoring.llm.prompts import Prompt, Prompts
from newsletter.scoring.llm.rate_limit import Rate, RateLimit
from newsletter.stores import LlmStore

_REASONS = {
    "cut off": "the answer was cut off at its length limit",
    "refused": "the model refused to answer",
    "content filter": "the provider's content filter stopped the answer",
    "empty": "the answer was empty",
    "only reasoning": "the model reasoned and gave no answer; NEWSLETTER_MODEL_EFFORT=none may keep it from that",
}
_ANSWERS_BADLY = "see what it said with `newsletter calls`, or set NEWSLETTER_MODEL to another model"
_OTHER_SCALES = 2
FINAL = {"refused", "content filter"}  # the same question gets the same answer


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
        open_rate: Callable[[str, float | None], Rate] | None = None,
    ) -> None:
        """`open_rate` opens a rate by its name and the amount in a minute, where other processes share it."""
        limits = limits or ModelLimits()
        open_rate = open_rate or (lambda name, per_minute: RateLimit(per_minute, monotonic))
        self.server = ModelServer(
            chat=ChatApi(settings),
            limits=limits,
            request_rate=open_rate("requests", limits.requests_per_minute),
            token_rate=open_rate("tokens", limits.tokens_per_minute),
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
        """Gives all that is sent but for the papers, to be shown to the reader."""
        prompt = self.prompts.render(profile, (), floor)
        return f"{prompt.system}\n\n{prompt.head}".strip()

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        """Asks about each of these papers; gradings and failures come in their order.

        Gradings are stored as they come, so that a killed run need not pay for them again. `on_progress` is called
        as papers are settled. Raises nothing for an answer or a server; StoreError.
        """
        papers = list({paper.arxiv_id: paper for paper in request.papers}.values())
        if not papers:
            return GradingReport((), (), None)
        if self._stopped:
            return GradingReport((), (), None, self._stopped)
        report = asyncio.run(self._run(request, papers, _Results(papers, on_progress)))
        self._stopped = report.stopped
        return report

    def open_log(self) -> CallLog:
        return CallLog(self.store, self.model, self.price_of, self.now, self.budget_usd)

    def split(self, papers: Sequence[Paper]) -> list[Sequence[Paper]]:
        """Makes the batches to ask about together. A paper that speaks to graders is alone, as long as they are few."""
        size = self.server.limits.batch_papers
        speaking = [paper for paper in papers if speaks_to_graders(paper)]
        silent = [paper for paper in papers if paper not in speaking]
        alone, others = speaking[:MOST_ALONE], speaking[MOST_ALONE:]
        together = [group[at : at + size] for group in (silent, others) for at in range(0, len(group), size)]
        return [*together, *([paper] for paper in alone)]

    async def _run(self, request: GradingRequest, papers: Sequence[Paper], results: _Results) -> GradingReport:
        batches, call_log = self.split(papers), self.open_log()
        async with self.server.chat.connect() as connection:
            client = ModelClient(self.server, connection, call_log, profile_key(request.profile))
            run = _GradingRun(self, request, client, results)
            # One goes ahead: the others find its beginning in the provider's cache, and need not each discover
            # that the key is wrong or a parameter unknown.
            await run.settle(batches[0])
            await asyncio.gather(*(run.settle(batch) for batch in batches[1:]))
        return GradingReport(results.gradings(), results.failures(), call_log.usage(), client.stopped, client.warning)


# --- one run ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one request brought: the papers still missing, and why."""

    missing: Sequence[Paper]
    reason: str = ""
    remedy: str = ""  # where no answer came
    is_final: bool = False  # asking the same again is of no use
    was_sent: bool = True
    has_no_answer: bool = False  # the server gave none, which has little to do with the papers
    ask_again: Sequence[Sequence[Paper]] = ()  # in these groups, as one paper may have swayed the grades of others


class _Results:
    """The papers settled so far, in the order given."""

    def __init__(self, papers: Sequence[Paper], on_progress: ProgressCallback | None) -> None:
        self._order = [paper.arxiv_id for paper in papers]
        self._on_progress = on_progress
        self._gradings: dict[str, Grading] = {}
        self._failures: dict[str, ScoreFailure] = {}

    def add_gradings(self, gradings: Sequence[Grading]) -> None:
        self._gradings |= {grading.arxiv_id: grading for grading in gradings}
        self._report_progress()

    def add_failure(self, paper: Paper, reason: str) -> None:
        self._failures[paper.arxiv_id] = ScoreFailure(paper.arxiv_id, reason)
        self._report_progress()

    def gradings(self) -> tuple[Grading, ...]:
        return tuple(self._gradings[each] for each in self._order if each in self._gradings)

    def failures(self) -> tuple[ScoreFailure, ...]:
        return tuple(self._failures[each] for each in self._order if each in self._failures)

    def _report_progress(self) -> None:
        if self._on_progress:
            self._on_progress(len(self._gradings) + len(self._failures), len(self._order))


class _GradingRun:
    """Asks about batches of papers under one profile until each paper is settled, or everything stops."""

    def __init__(self, grader: ModelGrader, request: GradingRequest, client: ModelClient, results: _Results) -> None:
        self._grader = grader
        self._request = request
        self._client = client
        self._results = results
        self.profile_key = profile_key(request.profile)
        self.model = grader.model
        self.prompt_key = grader.prompt_key(request.floor)
        self._has_usable_answer = False
        self._failed_in_a_row = 0
        self._other_scales = 0  # in a row

    async def settle(self, papers: Sequence[Paper], *, is_last_try: bool = False) -> None:
        """Asks until every one of these papers is settled, or everything stops. Ends: each next batch is smaller."""
        if self._client.stopped:
            return
        try:
            attempt = await self._ask(papers)
        except CallStopped:  # the client knows why
            return
        if attempt.was_sent:
            self._count_failures(attempt, papers)
        if not attempt.missing:
            return
        if attempt.ask_again:
            named = {paper.arxiv_id for group in attempt.ask_again for paper in group}
            unnamed = [paper for paper in papers if paper.arxiv_id not in named]
            await asyncio.gather(*(self.settle(group) for group in (*attempt.ask_again, unnamed) if group))
        elif len(attempt.missing) < len(papers):
            await self.settle(attempt.missing)
        elif len(papers) > 1:
            await self._settle_halves(papers, is_one_ahead=not self._has_usable_answer and not attempt.has_no_answer)
        elif attempt.is_final or is_last_try:
            self._results.add_failure(papers[0], attempt.reason)
        else:
            await self.settle(papers, is_last_try=True)

    async def _settle_halves(self, papers: Sequence[Paper], *, is_one_ahead: bool) -> None:
        """`is_one_ahead`: the first half shows whether anything is usable before the second is paid for."""
        middle = len(papers) // 2
        halves = papers[:middle], papers[middle:]
        if is_one_ahead:
            for half in halves:
                await self.settle(half)
        else:
            await asyncio.gather(*map(self.settle, halves))

    def _count_failures(self, attempt: _Attempt, papers: Sequence[Paper]) -> None:
        """Stops when it looks as if no answer would ever be usable: each one may cost something.

        Several papers without a usable answer say nothing yet: one of them or their number may be why, and their
        halves are asked about next.
        """
        if len(attempt.missing) < len(papers):
            self._has_usable_answer = True
            self._failed_in_a_row = 0
        elif attempt.has_no_answer or len(papers) == 1:
            self._failed_in_a_row += 1
        if self._failed_in_a_row >= self._client.server.limits.failures_in_a_row:
            self._client.stop(
                f"{self.model} gave no usable answer {self._failed_in_a_row} times in a row "
                f"({attempt.reason}); {attempt.remedy or _ANSWERS_BADLY}"
            )

    async def _ask(self, papers: Sequence[Paper]) -> _Attempt:
        """Asks once, and stores the gradings of the answer. Raises CallStopped."""
        prompt = self._grader.prompts.render(self._request.profile, papers, self._request.floor)
        try:
            reply = await self._client.ask(prompt, [paper.arxiv_id for paper in papers])
        except CallStopped:
            raise
        except CallFailed as error:
            return _Attempt(
                papers,
                str(error),
                error.remedy,
                is_final=not error.is_worth_another_try,
                was_sent=error.outcome != UNSENT,
                has_no_answer=error.is_worth_another_try or isinstance(error, CallInterrupted),
            )
        if reply.outcome in FINAL:
            return _Attempt(papers, _REASONS[reply.outcome], is_final=True)
        return self._read(reply, prompt, dict(zip(prompt.labels, papers, strict=True)))

    def _read(self, reply: Reply, prompt: Prompt, papers: dict[str, Paper]) -> _Attempt:
        answer = read_answer(reply.text, list(papers), self._request.floor, is_cut=reply.is_cut)
        if lost := self._find_lost_beginning(reply, prompt, answer):
            return _Attempt(list(papers.values()), lost)
        entries = {entry.id: entry for entry in answer.entries()}
        settled = [(paper, entries[label]) for label, paper in papers.items() if label in entries]
        if groups := regroup([entry.relevance for _, entry in settled], is_ranked=self._request.is_ranked):
            again = [[settled[place][0] for place in group] for group in groups]
            return _Attempt(list(papers.values()), "one of the papers may have swayed the answer", ask_again=again)
        if settled:
            random_ids, at = self._request.random_ids, self._grader.now()
            gradings = [build_grading(self, p, e, was_random=p.arxiv_id in random_ids, at=at) for p, e in settled]
            self._grader.store.put_gradings(gradings)
            self._results.add_gradings(gradings)
        self._check_scale(answer)
        return _Attempt([papers[each] for each in answer.missing], _explain(reply, answer))

    def _find_lost_beginning(self, reply: Reply, prompt: Prompt, answer: ParsedAnswer) -> str:
        """Says why nothing of this answer counts, if the model did not see the profile; else empty."""
        server = self._client.server
        sent, counted = server.count_sent(prompt), reply.tokens.prompt if reply.tokens else 0
        if not counted or not is_beginning_lost(
            sent=sent, counted=counted, asked=prompt.labels, missing=answer.missing
        ):
            return ""
        server.chat.form.window = ContextWindow(counted, server.chat.form.window.answer)
        lost = (
            f"{server.chat.host} counted {counted:,} tokens where about {sent:,} were sent, and answered for a part: "
            "it seems to drop a prompt's beginning"
        )
        self._client.warn(
            f"{lost}; {LARGER_CONTEXT}, or set NEWSLETTER_MODEL_BATCH_PAPERS lower. "
            "Its answer was not believed, and fewer papers were asked about at once."
        )
        return lost

    def _check_scale(self, answer: ParsedAnswer) -> None:
        """Stops at the second answer on another scale: the model has understood the question otherwise."""
        self._other_scales = self._other_scales + 1 if answer.is_other_scale else 0
        if self._other_scales == _OTHER_SCALES:
            self._client.stop(
                f"{self.model} cannot be used as it answers: {answer.problem}; "
                "set NEWSLETTER_MODEL to another model, or name the scale in prompts/instructions.md"
            )


def build_grading(
    source: _GradingRun | ModelBatch, paper: Paper | BatchedPaper, entry: AnswerEntry, *, was_random: bool, at: datetime
) -> Grading:
    """Builds what is stored of an entry: under the profile, model and prompt by which was asked."""
    return Grading(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        profile_key=source.profile_key,
        model=source.model,
        prompt_key=source.prompt_key,
        relevance=entry.relevance,
        novelty=entry.novelty,
        comment=entry.comment,
        was_random=was_random,
        at=at,
    )


def _explain(reply: Reply, answer: ParsedAnswer) -> str:
    """Says why papers are missing from an answer."""
    if reply.outcome in _REASONS:
        return _REASONS[reply.outcome] + (f": {answer.problem}" if answer.problem else "")
    detail = answer.problem or "; ".join(answer.refused[:2])
    return "the answer did not judge it" + (f" ({detail})" if detail else "")
