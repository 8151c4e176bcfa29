"""Holds what a scorer gives for papers: relevance and novelty, failures, tokens and cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from newsletter.model.notices import Notice

WORD_RANKER = "local ranker"  # the scorer that compares words and reads nothing; stored digests name it so

# The relevance from which papers are mailed to who has set none: 7 where a model judges. By words, a digest is best for
# precision and recall together from 6 on (docs/scoring.md).
JUDGED_CUT_OFF = 7
WORDS_CUT_OFF = 6
WORDS_FROM = 4  # relevance by words below which what is shared is chance
HIGHEST_GRADE = 10  # of relevance and novelty, from 1


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of one paper under one profile. `rank` breaks ties within the report, higher first.

    `novelty` is a model's judgement. It is None where no model judged the paper: words cannot tell what is new.
    """

    arxiv_id: str
    relevance: int  # 1–10
    novelty: int | None  # 1–10
    # Names the criterion the paper meets; empty where `ScoreReport.with_comment` has still to write it, and in a digest
    # where a paper is there for its author alone
    comment: str
    rank: float
    topic: str = ""  # name of the topic it meets best, if any
    is_met: bool = True  # something that the profile wants was found in it, be it one word


@dataclass(frozen=True, slots=True)
class ScoreFailure:
    """A paper that could not be scored: a value, not an exception; the next mail tries it again."""

    arxiv_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and price of the calls behind a report; `None` costs mean the price is not known."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0  # part of prompt_tokens
    prompt_cost_usd: Decimal | None = None
    completion_cost_usd: Decimal | None = None
    daily_budget_usd: Decimal | None = (
        None  # for all calls of a day, whoever they are made for; None: there is no limit
    )


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """Scores of some papers under one profile: every paper is in `scores` or in `failures`, exactly once.

    `passed_over` names those of `scores` that a model was not asked about, because the local ranker put them too
    low: their scores are the ranker's, below the reader's cut-off. `explain` gives, by id, the topic and the comment of
    scores without a comment: few of a day's papers are mailed, and reading them takes longer than ranking.
    """

    scores: tuple[Score, ...]
    failures: tuple[ScoreFailure, ...]
    scorer: str  # WORD_RANKER, or the model's name
    usage: Usage | None = None  # None: no model was called
    notices: tuple[Notice, ...] = ()  # for the top of the mail
    passed_over: tuple[str, ...] = ()  # ids
    problem: str = ""  # a sentence for the operator, when a model that should have scored did not
    prompt: str = ""  # what the model was told before the papers, as it was sent
    explain: Callable[[str], tuple[str, str]] | None = field(default=None, compare=False, repr=False)

    def with_comment(self, score: Score) -> Score:
        """Gives one of `scores` as a reader is to see it. May be repeated; the comment is always the same."""
        if score.comment or self.explain is None:
            return score
        topic, comment = self.explain(score.arxiv_id)
        return replace(score, topic=topic, comment=comment)
