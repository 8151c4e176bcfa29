"""Estimates what asking a model about a morning's papers will cost, before it is asked.

The prompts are the real ones and their tokens are counted exactly; what a model will answer is not known, and the
assumptions about it are values that are shown beside the result. Calls nobody; who reads what is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from newsletter.model import Paper, Profile
from newsletter.scoring.llm.prices import Price, sum_costs
from newsletter.scoring.llm.prompts import Prompts
from newsletter.scoring.llm.token_count import count, count_chat

# Reasoning tokens for each paper asked about. Medium: a published bill of gpt-5 (113,569 tokens of output for 666
# papers, 63 of them an answer line each). Low: the same work for two thirds of the bill. The others: by proportion.
_REASONING = {"none": 0, "minimal": 0, "low": 40, "medium": 107, "high": 200}
_EMPTY_ANSWER = '{"scored":[],"below":[]}'


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What an estimate cannot know. Shares are of the day's papers."""

    share: float  # the model is asked about
    effort: str
    batch_papers: int
    small_pool: int = 0  # of a day of so many papers or fewer it is asked about all
    passing_share: float = 0.15  # reach a cut-off of 5 or more; lower ones let pass all that are asked about
    answer_tokens: int = 63  # of one passing paper: id, two scores and the comment (measured)

    @property
    def reasoning_tokens(self) -> int:
        """For each paper asked about; an effort we do not know is taken for a high one."""
        return _REASONING.get(self.effort, _REASONING["high"])


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one profile and cut-off, or of several added up."""

    papers: int
    known: int  # of them, graded before by the same model in the same words: they cost nothing again
    asked: int
    calls: int
    prompt_tokens: int
    answer_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal | None  # None: the price is not known


def estimate(
    prompts: Prompts,
    profile: Profile,
    papers: Sequence[Paper],
    floor: int,
    *,
    price: Price | None,
    assumed: Assumptions,
    known: Set[str] = frozenset(),
) -> Estimate:
    """Gives what it costs to grade a day's papers.

    Those `known` (ids) are graded already: they keep their places in the shortlist, as in the funnel, and cost
    nothing. Where writing to the cache costs extra, the first call writes the beginning and the others read it;
    elsewhere nothing is taken to come from the cache, which is then the provider's own affair.
    """
    fresh = [paper for paper in papers if paper.arxiv_id not in known]
    n_known = len(papers) - len(fresh)
    share = assumed.share if len(papers) > assumed.small_pool else 1
    asked = _spread(fresh, max(0, math.ceil(len(papers) * share) - n_known))
    batches = [asked[start : start + assumed.batch_papers] for start in range(0, len(asked), assumed.batch_papers)]
    rendered = [prompts.render(profile, batch, floor) for batch in batches]
    prompt_tokens = sum(count_chat(prompt.system, prompt.user, prompt.beginning[0]) for prompt in rendered)
    passing = len(asked)
    if floor >= 5 and asked:
        of_the_day = len(papers) * assumed.passing_share
        passing = min(len(asked), round(of_the_day * len(asked) / (n_known + len(asked))))
    ids = sum(count(f'"{label}",') for prompt in rendered for label in prompt.labels)
    below = ids * (len(asked) - passing) // len(asked) if asked else 0
    answer_tokens = len(batches) * count(_EMPTY_ANSWER) + passing * assumed.answer_tokens + below
    reasoning_tokens = len(asked) * assumed.reasoning_tokens
    kept = rendered[0].kept_tokens(count) if rendered and price and price.cache_write > price.input else 0
    cost = None
    if price:
        cost = price.cost(prompt_tokens, kept * max(0, len(batches) - 1), kept, answer_tokens + reasoning_tokens)
    counts = (len(papers), n_known, len(asked), len(batches))
    return Estimate(*counts, prompt_tokens, answer_tokens, reasoning_tokens, cost)


def sum_estimates(estimates: Sequence[Estimate]) -> Estimate:
    return Estimate(
        papers=sum(each.papers for each in estimates),
        known=sum(each.known for each in estimates),
        asked=sum(each.asked for each in estimates),
        calls=sum(each.calls for each in estimates),
        prompt_tokens=sum(each.prompt_tokens for each in estimates),
        answer_tokens=sum(each.answer_tokens for each in estimates),
        reasoning_tokens=sum(each.reasoning_tokens for each in estimates),
        cost_usd=sum_costs([each.cost_usd for each in estimates]),
    )


def _spread(papers: Sequence[Paper], wanted: int) -> list[Paper]:
    """Chooses that many, evenly from first to last: as long as the others, whichever the ranker will choose."""
    return [papers[number * len(papers) // wanted] for number in range(min(wanted, len(papers)))]
