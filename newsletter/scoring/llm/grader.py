"""Asks a model about papers, batch by batch, until each is judged, has failed, or everything had to stop.

Decides what to do with an answer: papers missing from it are asked about again, a batch without any is split, a paper
that fails alone is a ScoreFailure. Where one paper may have swayed what was said of others, each is asked about alone.
What will not get better (key, credit, budget, unknown model) stops everything, in one sentence. Whom to ask about, and
what was judged earlier, is funnel.py's business; getting an answer, client.py's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from newsletter.model import Grading, Paper, Profile, ScoreFailure
from newsletter.scoring.llm.answers import Answer, Scored, read_answer
from newsletter.scoring.llm.call_log import CallLog
from newsletter.scoring.llm.chat import Chat, ChatSettings
from newsletter.scoring.llm.client import LARGER_CONTEXT, UNSENT, Caller, Limits, Server
from newsletter.scoring.llm.completion import Reply
from newsletter.scoring.llm.context_window import Room, is_beginning_lost
from newsletter.scoring.llm.failures import CallFailed, CallStopped
from newsletter.scoring.llm.gradings import GradingReport, profile_key
from newsletter.scoring.llm.influence import MOST_ALONE, regroup, speaks_to_graders
from newsletter.scoring.llm.prices import Price
from newsletter.scoring.llm.prompts import Prompt, Prompts
from newsletter.scoring.llm.rate_limit import RateLimit
from newsletter.stores import LlmStore

__all__ = ["ChatSettings", "Limits", "ModelGrader"]

_REASONS = {
    "cut off": "the answer was cut off at its length limit",
    "refused": "the model refused to answer",
    "content filter": "the provider's content filter stopped the answer",
    "empty": "the answer was empty",
    "only reasoning": "the model reasoned and gave no answer; NEWSLETTER_MODEL_EFFORT=none may keep it from that",
}
_OTHER_SCALES = 2
FINAL = {"refused", "content filter"}  # the same question gets the same answer


def find_settled(answer: Answer) -> list[Scored]:
    """What the answer says of each paper, those that are only named as below with zeros."""
    return [*answer.scored, *(Scored(each, relevance=0, novelty=0, comment="") for each in answer.below)]


class ModelGrader:
    """Judges papers with a model. Remembers between calls what the server does not take, and how fast it may ask.

    What stopped one call stops all later ones: a wrong key is not tried again for the next reader.
    """

    def __init__(
        self,
        settings: ChatSettings,
        prompts: Prompts,
        store: LlmStore,
        *,
        price_of: Callable[[str, str], Price | None],
        count: Callable[[str], int],
        now: Callable[[], datetime],
        budget_usd: Decimal | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = limits or Limits()
        self.server = Server(
            chat=Chat(settings),
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
        """Ask about each of these papers; judgements and failures come in their order.

        `is_ranked`: they come as the words ranked them, best first; an answer that turns this upside down is looked at.
        Judgements are written to the memory as they come, so that a killed run need not pay for them again.
        `on_progress` is told (done, total) as papers are settled. Raises nothing for an answer or a server; StoreError.
        """
        unique = list({paper.arxiv_id: paper for paper in papers}.values())
        if not unique:
            return GradingReport((), (), None)
        if self._stopped:
            return GradingReport((), (), None, self._stopped)
        call_log = self.open_log()
        tally = _Tally(unique, on_progress)
        caller = asyncio.run(self._run(_Question(profile, floor, random_ids, is_ranked), unique, call_log, tally))
        self._stopped = caller.stopped
        return GradingReport(tally.gradings(), tally.failures(), call_log.usage(), caller.stopped, caller.warning)

    def open_log(self) -> CallLog:
        return CallLog(self.store, self.model, self.price_of, self.now, self.budget_usd)

    def split(self, papers: Sequence[Paper]) -> list[Sequence[Paper]]:
        """What is asked about together. A paper that speaks to graders is alone, as long as they are few."""
        size = self.server.limits.batch_papers
        speaking = [paper for paper in papers if speaks_to_graders(paper)]
        silent = [paper for paper in papers if paper not in speaking]
        alone, others = speaking[:MOST_ALONE], speaking[MOST_ALONE:]
        together = [group[at : at + size] for group in (silent, others) for at in range(0, len(group), size)]
        return [*together, *([paper] for paper in alone)]

    async def _run(self, question: _Question, papers: Sequence[Paper], call_log: CallLog, tally: _Tally) -> Caller:
        batches = self.split(papers)
        subject = profile_key(question.profile)
        async with self.server.chat.connect() as client:
            caller = Caller(self.server, client, call_log, subject)
            asking = _Asking(self, question, subject, caller, tally)
            # One goes ahead: the others find its beginning in the provider's cache, and need not each discover
            # that the key is wrong or a parameter unknown.
            await asking.settle(batches[0])
            await asyncio.gather(*(asking.settle(batch) for batch in batches[1:]))
        return caller


@dataclass(frozen=True, slots=True)
class _Question:
    """What is the same for all papers of one call."""

    profile: Profile
    floor: int
    random_ids: Set[str]
    is_ranked: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one request brought: the papers still missing, and why."""

    missing: Sequence[Paper]
    reason: str = ""
    is_final: bool = False  # asking the same again is of no use
    was_sent: bool = True
    ask_again: Sequence[Sequence[Paper]] = ()  # in these groups, as one paper may have swayed what was said of others


class _Tally:
    """The papers settled so far."""

    def __init__(self, papers: Sequence[Paper], on_progress: Callable[[int, int], None] | None) -> None:
        self._order = [paper.arxiv_id for paper in papers]
        self._on_progress = on_progress
        self._gradings: dict[str, Grading] = {}
        self._failures: dict[str, ScoreFailure] = {}

    def graded(self, gradings: Sequence[Grading]) -> None:
        self._gradings |= {grading.arxiv_id: grading for grading in gradings}
        self._tell()

    def failed(self, paper: Paper, reason: str) -> None:
        self._failures[paper.arxiv_id] = ScoreFailure(paper.arxiv_id, reason)
        self._tell()

    def gradings(self) -> tuple[Grading, ...]:
        return tuple(self._gradings[each] for each in self._order if each in self._gradings)

    def failures(self) -> tuple[ScoreFailure, ...]:
        return tuple(self._failures[each] for each in self._order if each in self._failures)

    def _tell(self) -> None:
        if self._on_progress:
            self._on_progress(len(self._gradings) + len(self._failures), len(self._order))


class _Asking:
    """Batches under one question, asked, asked again and split."""

    def __init__(self, grader: ModelGrader, question: _Question, subject: str, caller: Caller, tally: _Tally) -> None:
        self._grader = grader
        self._question = question
        self._subject = subject
        self._caller = caller
        self._tally = tally
        self._prompt_key = grader.prompt_key(question.floor)
        self._failed_in_a_row = 0
        self._other_scales = 0  # in a row

    async def settle(self, papers: Sequence[Paper], *, is_last_try: bool = False) -> None:
        """Ask until every one of these papers is settled, or everything stops. Ends: each next batch is smaller."""
        if self._caller.stopped:
            return
        try:
            outcome = await self._ask(papers)
        except CallStopped:  # the caller knows why
            return
        if outcome.was_sent:
            self._watch(outcome, answered=len(outcome.missing) < len(papers))
        if not outcome.missing:
            return
        if outcome.ask_again:
            named = {paper.arxiv_id for group in outcome.ask_again for paper in group}
            unnamed = [paper for paper in papers if paper.arxiv_id not in named]
            await asyncio.gather(*(self.settle(group) for group in (*outcome.ask_again, unnamed) if group))
        elif len(outcome.missing) < len(papers):
            await self.settle(outcome.missing)
        elif len(papers) > 1:
            middle = len(papers) // 2
            await asyncio.gather(self.settle(papers[:middle]), self.settle(papers[middle:]))
        elif outcome.is_final or is_last_try:
            self._tally.failed(papers[0], outcome.reason)
        else:
            await self.settle(papers, is_last_try=True)

    def _watch(self, outcome: _Outcome, *, answered: bool) -> None:
        """Stop when it looks as if no answer would ever be usable: each one may cost something."""
        self._failed_in_a_row = 0 if answered else self._failed_in_a_row + 1
        if self._failed_in_a_row >= self._grader.server.limits.failures_in_a_row:
            self._caller.stop(
                f"{self._grader.model} gave no usable answer {self._failed_in_a_row} times in a row "
                f"({outcome.reason}); see what it said with `newsletter calls`, "
                "or set NEWSLETTER_MODEL to another model"
            )

    async def _ask(self, papers: Sequence[Paper]) -> _Outcome:
        """Ask once, and keep what was answered. Raises CallStopped."""
        prompt = self._grader.prompts.render(self._question.profile, papers, self._question.floor)
        try:
            reply = await self._caller.ask(prompt, [paper.arxiv_id for paper in papers])
        except CallStopped:
            raise
        except CallFailed as error:
            was_sent = error.outcome != UNSENT
            return _Outcome(papers, str(error), is_final=not error.is_worth_another_try, was_sent=was_sent)
        if reply.outcome in FINAL:
            return _Outcome(papers, _REASONS[reply.outcome], is_final=True)
        return self._read(reply, prompt, dict(zip(prompt.labels, papers, strict=True)))

    def _read(self, reply: Reply, prompt: Prompt, papers: dict[str, Paper]) -> _Outcome:
        answer = read_answer(reply.text, list(papers), self._question.floor, is_cut=reply.is_cut)
        if lost := self._find_lost_beginning(reply, prompt, answer):
            return _Outcome(list(papers.values()), lost)
        said = {each.id: each for each in find_settled(answer)}
        settled = [(paper, said[label]) for label, paper in papers.items() if label in said]
        if groups := regroup([each.relevance for _, each in settled], is_ranked=self._question.is_ranked):
            again = [[settled[place][0] for place in group] for group in groups]
            return _Outcome(list(papers.values()), "one of the papers may have swayed the answer", ask_again=again)
        self._keep([self._grading(paper, each) for paper, each in settled])
        self._watch_scale(answer)
        return _Outcome([papers[each] for each in answer.missing], _explain(reply, answer))

    def _keep(self, gradings: Sequence[Grading]) -> None:
        if gradings:
            self._grader.store.put_gradings(gradings)
            self._tally.graded(gradings)

    def _find_lost_beginning(self, reply: Reply, prompt: Prompt, answer: Answer) -> str:
        """A model that did not see the profile cannot judge for it: why nothing of this answer counts, if so."""
        server = self._grader.server
        sent, counted = server.count_sent(prompt), reply.tokens.prompt if reply.tokens else 0
        if not counted or not is_beginning_lost(
            sent=sent, counted=counted, asked=prompt.labels, missing=answer.missing
        ):
            return ""
        server.chat.room = Room(counted, server.chat.room.answer)
        lost = (
            f"{server.chat.host} counted {counted:,} tokens where about {sent:,} were sent, and answered for a part: "
            "it seems to drop a prompt's beginning"
        )
        self._caller.warn(
            f"{lost}; {LARGER_CONTEXT}, or set NEWSLETTER_MODEL_BATCH_PAPERS lower. "
            "Its answer was not believed, and fewer papers were asked about at once."
        )
        return lost

    def _watch_scale(self, answer: Answer) -> None:
        """Stop at the second answer on another scale: the model has understood the question otherwise."""
        self._other_scales = self._other_scales + 1 if answer.is_other_scale else 0
        if self._other_scales == _OTHER_SCALES:
            self._caller.stop(
                f"{self._grader.model} cannot be used as it answers: {answer.problem}; "
                "set NEWSLETTER_MODEL to another model, or name the scale in prompts/instructions.md"
            )

    def _grading(self, paper: Paper, scored: Scored) -> Grading:
        return Grading(
            arxiv_id=paper.arxiv_id,
            version=paper.version,
            profile_key=self._subject,
            model=self._grader.model,
            prompt_key=self._prompt_key,
            relevance=scored.relevance,
            novelty=scored.novelty,
            comment=scored.comment,
            was_random=paper.arxiv_id in self._question.random_ids,
            at=self._grader.now(),
        )


def _explain(reply: Reply, answer: Answer) -> str:
    """Why an answer did not judge the papers that are missing from it."""
    if reply.outcome in _REASONS:
        return _REASONS[reply.outcome] + (f": {answer.problem}" if answer.problem else "")
    told = answer.problem or "; ".join(answer.refused[:2])
    return "the answer did not judge it" + (f" ({told})" if told else "")
