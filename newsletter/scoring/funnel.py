"""Scores in two steps: words rank the papers, a model grades those that rank high, and its gradings teach the ranking.

What the model has graded is not asked about again, whoever reads; what it could not be asked about is ranked by words,
and the reader is told. Which papers are asked about is decided in ranking/shortlist.py, how the ranking learns in
ranking/learned.py; llm/model_grader.py does the asking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter.formatting import cut_at_clause
from newsletter.model import Grading, Notice, NoticeKind, Paper, Profile, Score, ScoreFailure, ScoreReport, Votes
from newsletter.scoring.library import kept_papers
from newsletter.scoring.llm.answers import COMMENT_CHARS
from newsletter.scoring.llm.grader import (
    EarlierGradings,
    Grader,
    GradingReader,
    GradingReport,
    GradingRequest,
    ProgressCallback,
    find_earlier,
    find_known,
    profile_key,
    sort_topics,
)
from newsletter.scoring.protocols import History, Scorer
from newsletter.scoring.ranking.feedback import sort_votes
from newsletter.scoring.ranking.learned import Example, FindVectors, Learner
from newsletter.scoring.ranking.shortlist import Candidate, PassCounts, Policy, Shortlist, build_shortlist
from newsletter.scoring.unknown_words import read_as_meant
from newsletter.subscribers import name_numbers, named_topic

TOLERATED_FAILURES = 0.1  # share of the papers asked about
LIKED = 10  # the relevance that "more like this" stands for; "less" stands for a paper that does not pass
LEARN_FROM = timedelta(days=60)  # as long as announcements are kept; the papers must still be known


class FunnelScorer:
    """A `Scorer` that asks a model about a shortlist and passes over the rest.

    `on_progress` gets (papers graded, papers asked about) as answers come. `find_vectors` gives what a sentence
    model made of papers, from which the ranking learns, too.
    """

    history_days = 14  # more graded days teach the ranking hardly more (docs/funnel.md)

    def __init__(
        self,
        local: Scorer,
        grader: Grader,
        store: GradingReader,
        policy: Policy,
        now: Callable[[], datetime],
        on_progress: ProgressCallback | None = None,
        find_vectors: FindVectors | None = None,
    ) -> None:
        self._local = local
        self._grader = grader
        self._store = store
        self._policy = policy
        self._now = now
        self._learner = Learner(find_vectors)
        self._on_progress = on_progress

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        """Gives the model's scores of the shortlist; `passed_over` are the others.

        A paper the model turned down has a relevance below `floor`. Where the model could not be asked, the local
        ranker's scores stand in, `notices` tell the reader and `problem` the operator. Raises StoreError.
        """
        local = self._local.score(profile, papers, history, votes=votes)
        given = {paper.arxiv_id: paper for paper in papers}
        if not profile.has_wishes:  # a model has nothing to judge by
            return local
        if not local.scores:
            return replace(local, scorer=self._grader.model)
        key = profile_key(profile)
        remembered = find_earlier(self._store, profile, since=(self._now() - LEARN_FROM).date())
        known = find_known(remembered.own, papers, model=self._grader.model, prompt_key=self._grader.prompt_key(floor))
        training = _TrainingData.build(remembered, history, floor, votes, kept_papers(profile))
        ranked, chances = self._rank(profile, given, local, training, floor)
        shortlist = _choose(ranked, chances, self._policy, key, training, known.keys())
        asked = [given[arxiv_id] for arxiv_id in shortlist.ids if arxiv_id not in known]
        ranks = {score.arxiv_id: score.rank for score in ranked.scores}
        is_ranked = 2 * len({ranks[paper.arxiv_id] for paper in asked}) > len(asked)  # ties are in no order
        request = GradingRequest(profile, asked, floor, shortlist.random_ids, is_ranked)
        answered = self._grader.grade(request, self._on_progress) if asked else GradingReport((), (), None)
        graded = {**known, **{one.arxiv_id: one for one in answered.gradings}}
        if asked and not graded:
            return _fall_back(local, asked, answered)
        report = _fill_in(ranked, shortlist, graded, answered, request)
        return replace(report, scorer=self._grader.model, prompt=self._grader.prompt_text(profile, floor))

    def _rank(
        self, profile: Profile, given: Mapping[str, Paper], local: ScoreReport, training: _TrainingData, floor: int
    ) -> tuple[ScoreReport, tuple[float, ...]]:
        """Gives the local report with the learned ranks in it, and the chance of each paper if enough was learned."""
        papers = [given[score.arxiv_id] for score in local.scores]
        read = read_as_meant(profile, papers)  # a model understands what is mistyped, the ranking in front of it not
        learned = self._learner.rank(read, papers, training.examples, [score.rank for score in local.scores], floor)
        scores = [replace(score, rank=rank) for score, rank in zip(local.scores, learned.scores, strict=True)]
        return replace(local, scores=tuple(scores)), learned.chances


# --- earlier gradings ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _TrainingData:
    """Earlier gradings, by any model: examples, of how many days, and how the cut did under this very profile.

    Where this profile has no grading of a paper, one under a profile of the same topics is an example as good: who
    changes a keyword has not changed what they read. What the cut missed before says nothing of the present one.
    """

    examples: tuple[Example, ...]
    days: int
    pass_counts: PassCounts

    @classmethod
    def build(
        cls, remembered: EarlierGradings, history: History, floor: int, votes: Votes = (), kept: Votes = ()
    ) -> _TrainingData:
        """Takes only papers of the history: today's gradings must not change the ranking of a second run.

        A reader's vote on a paper is an example too, in place of the model's grading; but votes alone teach nothing
        here: they are on papers that ranked high, and say too little of all the others. `kept` are the papers of a
        library: older than any grading, and each an example of its weight.
        """
        own = {one.arxiv_id for one in remembered.own}
        latest = {one.arxiv_id: one for one in (*remembered.related, *remembered.own)}
        examples, days, above, below = list[Example](), 0, 0, 0
        seen = set[str]()
        for day in history:
            graded = [paper for paper in day if paper.arxiv_id in latest and paper.arxiv_id not in seen]
            seen.update(paper.arxiv_id for paper in graded)
            days += bool(graded)
            for paper in graded:
                one = latest[paper.arxiv_id]
                examples.append(Example(paper, one.relevance))
                passed = paper.arxiv_id in own and one.relevance >= floor
                above += passed and not one.was_random
                below += passed and one.was_random
        if examples:
            voted = {paper.arxiv_id for paper, _ in votes}
            examples = [example for example in examples if example.paper.arxiv_id not in voted]
            examples = [*_read_votes(kept), *examples, *_read_votes(votes)]
        return cls(tuple(examples), days, PassCounts(above, below))


def _read_votes(votes: Votes) -> list[Example]:
    return [
        Example(paper, LIKED if value > 0 else 0, abs(value), is_graded=False) for paper, value in sort_votes(votes)
    ]


def _choose(
    ranked: ScoreReport,
    chances: Sequence[float],
    policy: Policy,
    key: str,
    training: _TrainingData,
    known: Set[str],
) -> Shortlist:
    rows = zip(ranked.scores, chances or (None,) * len(ranked.scores), strict=True)
    in_order = sorted(rows, key=lambda row: (-row[0].rank, row[0].arxiv_id))
    best_first = [Candidate(score.arxiv_id, chance) for score, chance in in_order]
    return build_shortlist(
        best_first, policy, profile_key=key, days=training.days, pass_counts=training.pass_counts, graded=known
    )


# --- the report ---------------------------------------------------------------------------------------


def _fill_in(
    ranked: ScoreReport,
    shortlist: Shortlist,
    graded: Mapping[str, Grading],
    answered: GradingReport,
    request: GradingRequest,
) -> ScoreReport:
    """Gives the ranker's report with the gradings in it; what was not asked about stays below the cut-off."""
    failed = {failure.arxiv_id for failure in answered.failures}
    chosen = set(shortlist.ids)
    scores, passed_over, unasked = list[Score](), list[str](), 0
    for score in ranked.scores:
        if score.arxiv_id in graded:
            scores.append(_merge(score, graded[score.arxiv_id], request))
        elif score.arxiv_id in failed:
            continue
        elif score.arxiv_id in chosen:
            unasked += 1
            scores.append(score)
        else:
            scores.append(replace(score, relevance=min(score.relevance, max(1, request.floor - 1))))
            passed_over.append(score.arxiv_id)
    return replace(
        ranked,
        scores=tuple(scores),
        failures=(*ranked.failures, *answered.failures),
        usage=answered.usage,
        notices=(*((Notice(NoticeKind.NOT_JUDGED, {"n": unasked}),) if unasked else ()), *ranked.notices),
        passed_over=tuple(passed_over),
        problem=answered.stopped or answered.warning or _find_trouble(shortlist, answered.failures),
    )


def _merge(score: Score, grading: Grading, request: GradingRequest) -> Score:
    """Gives the model's answer, with the topic that its comment speaks of; the ranker's where it speaks of none.

    A paper that did not pass has no grade of the model: it keeps what the words say of it, below the floor.
    """
    if not grading.relevance:
        return replace(score, relevance=min(score.relevance, max(1, request.floor - 1)))
    names = [topic.name for topic in sort_topics(request.profile)]  # the reader's own order means nothing to the model
    comment = cut_at_clause(name_numbers(grading.comment, names), COMMENT_CHARS)
    return replace(
        score,
        relevance=grading.relevance,
        novelty=grading.novelty or None,
        comment=comment or score.comment,
        topic=named_topic(comment, names) or score.topic,
        is_met=True,
    )


def _fall_back(local: ScoreReport, asked: Sequence[Paper], answered: GradingReport) -> ScoreReport:
    """The local ranker's whole report: a model that graded nothing must not look like a day without good papers."""
    if answered.stopped:
        kind, problem = NoticeKind.MODEL_NOT_REACHED, answered.stopped
    else:
        problem = answered.warning or _explain(asked, answered.failures)
        kind = NoticeKind.MODEL_WITHOUT_ANSWER
    return replace(local, usage=answered.usage, notices=(Notice(kind), *local.notices), problem=problem)


def _find_trouble(shortlist: Shortlist, failures: Sequence[ScoreFailure]) -> str:
    """Finds what the operator must hear of before readers do: many papers that failed. A few are no news."""
    if len(failures) <= TOLERATED_FAILURES * len(shortlist.ids):
        return ""
    return (
        f"The model gave no usable answer about {len(failures)} of {len(shortlist.ids)} papers "
        f"({failures[0].reason}); see `newsletter calls` for what it answered."
    )


def _explain(asked: Sequence[Paper], failures: Sequence[ScoreFailure]) -> str:
    reason = failures[0].reason if failures else "it said nothing of any of them"
    return f"The model judged none of {len(asked)} papers ({reason}); see `newsletter calls` for what it answered."
