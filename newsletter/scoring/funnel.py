"""A scorer in two steps: words rank the papers, a model judges those that rank high, and its answers teach the ranking.

What the model said before is not asked again, whoever reads; what it could not be asked about is ranked by words, and
the reader is told. Who is asked is ranking/shortlist.py's business, how the ranking learns ranking/learned.py's, the
asking llm/grader.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from newsletter.model import Grading, Paper, Profile, Score, ScoreFailure, ScoreReport, Votes
from newsletter.scoring import Scorer
from newsletter.scoring.llm.grader import Gradings, profile_key
from newsletter.scoring.ranking.feedback import in_order
from newsletter.scoring.ranking.learned import Example, Learner, Ranked
from newsletter.scoring.ranking.shortlist import Candidate, Policy, Seen, Shortlist, choose
from newsletter.subscribers import named_topic

TOLERATED_FAILURES = 0.1  # share of the papers asked about
LIKED = 10  # the relevance that "more like this" stands for; "less" stands for a paper that does not pass
LEARN_FROM = timedelta(days=60)  # as long as announcements are kept; the papers must still be known


class Grader(Protocol):
    """What the funnel needs of judge.Judge, which remembers its judgements itself, as they come."""

    @property
    def model(self) -> str: ...

    def prompt_key(self, floor: int) -> str: ...

    def prompt_text(self, profile: Profile, floor: int) -> str: ...

    def judge(
        self,
        profile: Profile,
        papers: Sequence[Paper],
        *,
        floor: int = 1,
        random_ids: Set[str] = frozenset(),
        is_ranked: bool = False,
        step: Callable[[int, int], None] | None = None,
    ) -> Gradings: ...


class Answers(Protocol):
    """What the funnel needs of an AnswerStore: it reads alone."""

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]: ...


class FunnelScorer:
    """A `Scorer` that asks a model about a shortlist and passes over the rest.

    `tell_progress` is told (papers judged, papers asked about) as answers come.
    """

    history_days = 14  # more judged days teach the ranking hardly more (docs/funnel.md)

    def __init__(
        self,
        local: Scorer,
        judge: Grader,
        memory: Answers,
        policy: Policy,
        now: Callable[[], datetime],
        tell_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._local = local
        self._judge = judge
        self._memory = memory
        self._policy = policy
        self._now = now
        self._learner = Learner()
        self._tell_progress = tell_progress

    def score(
        self,
        profile: Profile,
        papers: Sequence[Paper],
        history: Sequence[Sequence[Paper]],
        *,
        floor: int = 1,
        votes: Votes = (),
    ) -> ScoreReport:
        """The model's scores of the shortlist; `passed_over` are the others.

        A paper the model turned down has a relevance below `floor`. Where the model could not be asked, the local
        ranker's scores stand in, `notices` tell the reader and `problem` the operator. Raises StoreError.
        """
        local = self._local.score(profile, papers, history, votes=votes)
        given = {paper.arxiv_id: paper for paper in papers}
        if not local.scores:
            return replace(local, scorer=self._judge.model)
        key = profile_key(profile)
        since = (self._now() - LEARN_FROM).date()
        remembered = self._memory.get_gradings(key, since=since)
        known = self._find_known(remembered, given, floor)
        past = _Past.build(remembered, history, floor, votes)
        ranked = self._rank(profile, given, local, past, floor)
        shortlist = _choose(local, ranked, self._policy, key, past, known.keys())
        asked = [given[arxiv_id] for arxiv_id in shortlist.ids if arxiv_id not in known]
        ranks = {score.arxiv_id: rank for score, rank in zip(local.scores, ranked.scores, strict=True)}
        verdicts = self._ask(profile, asked, floor, shortlist.random_ids, ranks)
        judged = {**known, **{one.arxiv_id: one for one in verdicts.judgements}}
        if asked and not judged:
            return _fall_back(local, asked, verdicts)
        names = tuple(topic.name for topic in profile.topics)
        sheet = _fill_in(local, ranks, shortlist, judged, verdicts, self._judge.model, floor, names)
        return replace(sheet, prompt=self._judge.prompt_text(profile, floor))

    def _ask(
        self,
        profile: Profile,
        papers: Sequence[Paper],
        floor: int,
        random_ids: Set[str],
        ranks: Mapping[str, float],
    ) -> Gradings:
        if not papers:
            return _NONE
        is_ranked = 2 * len({ranks[paper.arxiv_id] for paper in papers}) > len(papers)  # ties are in no order
        return self._judge.judge(
            profile, papers, floor=floor, random_ids=random_ids, is_ranked=is_ranked, step=self._tell_progress
        )

    def _find_known(self, remembered: Sequence[Grading], given: Mapping[str, Paper], floor: int) -> dict[str, Grading]:
        """What the same model already said of the same versions, asked in the same words."""
        model, prompt_key = self._judge.model, self._judge.prompt_key(floor)
        return {
            one.arxiv_id: one
            for one in remembered
            if (one.model, one.prompt_key) == (model, prompt_key)
            and one.arxiv_id in given
            and given[one.arxiv_id].version == one.version
        }

    def _rank(
        self, profile: Profile, given: Mapping[str, Paper], local: ScoreReport, past: _Past, floor: int
    ) -> Ranked:
        papers = [given[score.arxiv_id] for score in local.scores]
        return self._learner.rank(profile, papers, past.examples, [score.rank for score in local.scores], floor)


# --- what was said before -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Past:
    """Earlier answers under this profile, by any model: what to learn from, of how many days, and how the cut did."""

    examples: tuple[Example, ...]
    days: int
    seen: Seen

    @classmethod
    def build(
        cls, remembered: Sequence[Grading], history: Sequence[Sequence[Paper]], floor: int, votes: Votes = ()
    ) -> _Past:
        """Only of papers in the history: what was said of today's must not change the ranking of a second run.

        A reader's vote on a paper is an example too, in place of the model's word on it; but votes alone teach nothing
        here: they are on papers that ranked high, and tell too little of all the others.
        """
        latest = {one.arxiv_id: one for one in remembered}
        examples, days, above, below = list[Example](), 0, 0, 0
        told = set[str]()
        for day in history:
            judged = [paper for paper in day if paper.arxiv_id in latest and paper.arxiv_id not in told]
            told.update(paper.arxiv_id for paper in judged)
            days += bool(judged)
            for paper in judged:
                one = latest[paper.arxiv_id]
                examples.append(Example(paper, one.relevance))
                above += one.relevance >= floor and not one.was_random
                below += one.relevance >= floor and one.was_random
        if examples:
            voted = {paper.arxiv_id for paper, _ in votes}
            examples = [example for example in examples if example.paper.arxiv_id not in voted]
            examples += [Example(paper, LIKED if value > 0 else 0) for paper, value in in_order(votes)]
        return cls(tuple(examples), days, Seen(above, below))


def _choose(local: ScoreReport, ranked: Ranked, policy: Policy, key: str, past: _Past, known: Set[str]) -> Shortlist:
    chances = ranked.chances or (None,) * len(ranked.scores)
    rows = zip(ranked.scores, (score.arxiv_id for score in local.scores), chances, strict=True)
    best_first = [
        Candidate(arxiv_id, chance) for _, arxiv_id, chance in sorted(rows, key=lambda row: (-row[0], row[1]))
    ]
    return choose(best_first, policy, profile_key=key, days=past.days, seen=past.seen, judged=known)


# --- the sheet ----------------------------------------------------------------------------------------

_NONE = Gradings((), (), None)


def _fill_in(
    local: ScoreReport,
    ranks: Mapping[str, float],
    shortlist: Shortlist,
    judged: Mapping[str, Grading],
    verdicts: Gradings,
    model: str,
    floor: int,
    names: Sequence[str],
) -> ScoreReport:
    failed = {failure.arxiv_id for failure in verdicts.failures}
    scores, passed_over, unasked = list[Score](), list[str](), 0
    chosen = set(shortlist.ids)
    for score in local.scores:
        ranked = replace(score, rank=ranks[score.arxiv_id])
        if score.arxiv_id in judged:
            scores.append(_merge(ranked, judged[score.arxiv_id], floor, names))
        elif score.arxiv_id in failed:
            continue
        elif score.arxiv_id in chosen:
            unasked += 1
            scores.append(ranked)
        else:
            scores.append(replace(ranked, relevance=min(score.relevance, max(1, floor - 1))))
            passed_over.append(score.arxiv_id)
    return ScoreReport(
        tuple(scores),
        (*local.failures, *verdicts.failures),
        model,
        verdicts.usage,
        (*((_say(unasked),) if unasked else ()), *local.notices),
        tuple(passed_over),
        verdicts.stopped or verdicts.warning or _find_trouble(shortlist, verdicts.failures),
    )


def _merge(score: Score, judgement: Grading, floor: int, names: Sequence[str]) -> Score:
    """The model's answer, with the topic that its comment speaks of; the ranker's where it speaks of none.

    For a paper that did not pass, the words' own comment at a relevance below the floor.
    """
    if not judgement.relevance:
        return replace(score, relevance=max(1, floor - 1), novelty=1)
    return replace(
        score,
        relevance=judgement.relevance,
        novelty=max(1, judgement.novelty),
        comment=judgement.comment or score.comment,
        topic=named_topic(judgement.comment, names) or score.topic,
    )


def _fall_back(local: ScoreReport, asked: Sequence[Paper], verdicts: Gradings) -> ScoreReport:
    """The local ranker's whole sheet: a model that judged nothing must not look like a day without good papers."""
    if verdicts.stopped:
        notice, problem = "The model could not be asked today; ", verdicts.stopped
    else:
        problem = verdicts.warning or _explain(asked, verdicts.failures)
        notice = "The model gave no usable answer today; "
    notice += "all papers were ranked by their words."
    return replace(local, usage=verdicts.usage, notices=(notice, *local.notices), problem=problem)


def _find_trouble(shortlist: Shortlist, failures: Sequence[ScoreFailure]) -> str:
    """A few papers that fail are no news; many are what an operator must hear of before readers do."""
    if len(failures) <= TOLERATED_FAILURES * len(shortlist.ids):
        return ""
    return (
        f"The model gave no usable answer about {len(failures)} of {len(shortlist.ids)} papers "
        f"({failures[0].reason}); see `newsletter calls` for what it answered."
    )


def _explain(asked: Sequence[Paper], failures: Sequence[ScoreFailure]) -> str:
    reason = failures[0].reason if failures else "it said nothing of any of them"
    return f"The model judged none of {len(asked)} papers ({reason}); see `newsletter calls` for what it answered."


def _say(count: int) -> str:
    papers, were, their = ("1 paper", "it was", "its") if count == 1 else (f"{count} papers", "they were", "their")
    return f"The model could not be asked about {papers} today; {were} ranked by {their} words."
