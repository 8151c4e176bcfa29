"""Scores papers offline by comparing words; needs no key and no network, and never claims to have read a paper.

Relevance is a fixed function of how far a paper stands out from the papers of recent days, so that it means the same
every day. Novelty is left to models. The comparing itself is in ranking/rank.py, the grades in ranking/calibrate.py,
ranking/short_profiles.py and ranking/library_profiles.py, the comments in ranking/explain.py; how well it works is
measured in docs/scoring.md.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from newsletter.model import WORD_RANKER, WORDS_FROM, Paper, Profile, Score, ScoreReport, Votes
from newsletter.scoring.library import kept_papers
from newsletter.scoring.protocols import History
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.background import load_background, weigh_sample
from newsletter.scoring.ranking.calibrate import LOWEST, Grades, Yardstick, grade_relevance
from newsletter.scoring.ranking.explain import Explainer
from newsletter.scoring.ranking.feedback import VotedPaper, apply_votes, clip_grades, sort_votes
from newsletter.scoring.ranking.library_profiles import LibraryFit, LibraryGrader, fit_library, is_library_alone
from newsletter.scoring.ranking.phrases import drop_filler, find_spared
from newsletter.scoring.ranking.pool import Pool, make_pool
from newsletter.scoring.ranking.rank import ProfileTerms, Ranking, find_met, measure_evidence, rank, read_terms
from newsletter.scoring.ranking.shared_phrases import PhraseFinder
from newsletter.scoring.ranking.short_profiles import (
    Fit,
    PhraseReader,
    grade_chances,
    measure_shortness,
    order_papers,
    weigh_chances,
)
from newsletter.scoring.ranking.tfidf import Vector, count_terms, join
from newsletter.scoring.ranking.tokenize import Encoder
from newsletter.scoring.ranking.wanted_topics import keep_wanted_topics, read_wishes
from newsletter.scoring.ranking.wordings import reword_profile
from newsletter.scoring.sentence_vectors import SentenceVectors
from newsletter.scoring.unknown_words import read_as_meant
from newsletter.texts import TextsByLanguage, pick

__all__ = ["LocalScorer"]

HISTORY_DAYS = 3  # two or six rank as well (docs/scoring.md)
SAMPLE_PAPERS = 500  # shipped ones of the field, ranked with today's: what does not change from day to day
ENOUGH_PAPERS = 400  # to see what stands out under a short profile, which needs shipped ones only where others lack
FEW_PAPERS = 80  # show nothing by themselves: what stands out of them may be all of them
NEAREST = 20  # papers, as many as `at_least` may ask for, of which words are named whatever their grade is
MAX_POOLS = 2  # of papers that are kept, the latest; of 1,350 papers with 3,000 before them each takes 40 MB
COMMON_CATEGORY = 0.1  # a category that this share of the papers has shows the field they belong to


@dataclass(frozen=True, slots=True, eq=False)
class KnownPapers:
    """Papers ranked together: those asked about, those of the days before, and shipped ones that have no `papers`.

    `fields` are the categories that they share.
    """

    papers: Sequence[Paper]
    fields: set[str]
    pool: Pool


@dataclass(frozen=True, slots=True, eq=False)
class RankedPapers:
    """Papers ranked under one profile; `shortness` says how far the profile is short (0 to 1).

    `meant` is what is wanted, without slips of the keys, and `profile` that in the papers' wording, as it was read.
    """

    meant: Profile
    profile: Profile
    known: KnownPapers
    terms: ProfileTerms
    shortness: float
    ranking: Ranking
    yardstick: Yardstick


class LocalScorer:
    """The embedded `Scorer`; subscribers share the words of papers it has seen."""

    history_days = HISTORY_DAYS

    def __init__(self, *, comments: TextsByLanguage, vectors: SentenceVectors | None = None) -> None:
        """Takes the sentences of `prompts/comments.yaml`, and what a sentence model made of the papers, if any."""
        self._vectors = vectors
        self._comments = comments
        self._encoder = Encoder()
        self._known = deque[tuple[object, KnownPapers]](maxlen=MAX_POOLS)  # which threads may share
        self._phrases = PhraseReader()

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        """Gives the relevance of each different paper, in the order given; none ever fails.

        The report's `with_comment` writes the comments.
        """
        wanted = _unique(papers)
        if not wanted:
            return ScoreReport((), (), WORD_RANKER)
        ranked = self.rank(profile, wanted, history)
        ranking, relevance, order = self._grade(wanted, ranked, votes)
        pool, sentences = ranked.known.pool, pick(self._comments, profile.language)
        near = set(np.lexsort((order[: len(wanted)], relevance[: len(wanted)]))[-NEAREST:].tolist())
        rows = {paper.arxiv_id: row for row, paper in enumerate(wanted)}
        worded = [row for row in rows.values() if relevance[row] >= WORDS_FROM or row in near]
        headings = [topic.name for topic in keep_wanted_topics(profile).topics]
        explainer = Explainer(ranked.meant, headings, self._finder, pool, ranking, sentences, worded)
        met = relevance > LOWEST
        if ranked.terms.wanted or profile.papers:
            met |= find_met(pool.matrix, ranked.terms)[: len(relevance)]

        @cache
        def explain(arxiv_id: str) -> tuple[str, str]:
            row = rows[arxiv_id]
            return explainer.explain(row, wanted[row], int(relevance[row]), is_near=row in near)

        scores = tuple(
            Score(
                arxiv_id=paper.arxiv_id,
                relevance=int(relevance[row]),
                novelty=None,
                comment="",
                rank=float(order[row]),
                topic=explainer.topic(row, int(relevance[row])),
                is_met=bool(met[row]),
            )
            for row, paper in enumerate(wanted)
        )
        return ScoreReport(scores, (), WORD_RANKER, explain=explain)

    def _grade(self, wanted: Sequence[Paper], ranked: RankedPapers, votes: Votes) -> tuple[Ranking, Grades, Vector]:
        """Gives the ranking as votes and kept papers change it, and the relevance (1 to 10) and order, higher first."""
        kept, ranking = kept_papers(ranked.profile), ranked.ranking
        grader: LibraryGrader | _Grader
        if is_library_alone(ranked.profile):  # kept papers are the wish; votes alone move its grades
            fit, ranking = self.fit_kept_papers(ranked)
            grader, movers = LibraryGrader(fit), votes
        else:
            grader = _Grader(ranked.shortness, self._fit(wanted, ranked), ranked.yardstick)
            movers = (*votes, *kept)
        relevance = grader.grade(ranking)
        if not movers:
            return ranking, relevance, grader.order(ranking)
        voted = self._learn(ranked, (*votes, *kept))
        return voted, clip_grades(grader.grade(voted), relevance, len(movers)), grader.order(voted)

    def fit_kept_papers(self, ranked: RankedPapers) -> tuple[LibraryFit, Ranking]:
        """Measures how papers fit those that the profile keeps, at least one, and ranks them with these as likes."""
        kept = kept_papers(ranked.profile)
        return fit_library(self._read_votes(kept), ranked.known.pool), self._learn(ranked, kept)

    def _fit(self, wanted: Sequence[Paper], ranked: RankedPapers) -> Fit | None:
        """Measures how the papers fit a profile that is short; None if it is not."""
        if not ranked.shortness:
            return None
        return self._phrases.fit(ranked.profile, wanted, ranked.known.pool, self._encoder, ranked.known.fields)

    def _learn(self, ranked: RankedPapers, votes: Votes) -> Ranking:
        primaries = [_primary(paper) for paper in ranked.known.papers]
        return apply_votes(ranked.ranking, ranked.known.pool, primaries, self._read_votes(votes))

    def rank(self, profile: Profile, papers: Sequence[Paper], history: History) -> RankedPapers:
        """Ranks these papers, then those of the days before, then shipped ones of the field, and says how to grade.

        The papers are at least one, and all different.
        """
        meant = read_as_meant(read_wishes(profile), papers)
        profile = reword_profile(meant)
        shortness = measure_shortness(profile)
        known = self._know(tuple(papers), tuple(map(tuple, history)), round((1 - shortness) * SAMPLE_PAPERS))
        likeness = self._vectors.compare(profile, known.papers, len(papers)) if self._vectors else None
        spared = find_spared(profile, load_abbreviations())
        terms = read_terms(drop_filler(profile) if shortness else profile, self._encoder, spared)
        typical = measure_evidence(weigh_sample(), terms)
        yardstick = Yardstick(len(known.papers), float(typical.mean()), float(typical.std()))
        return RankedPapers(meant, profile, known, terms, shortness, rank(known.pool, terms, likeness), yardstick)

    def _know(self, papers: tuple[Paper, ...], history: tuple[tuple[Paper, ...], ...], n_shipped: int) -> KnownPapers:
        """Reads, weighs and places papers with at least so many shipped ones, once for all profiles.

        Of equal requests the papers are mostly the same objects, so comparing them is quick, and hashing would not be.
        """
        request = (n_shipped, papers, history)
        if found := next((known for asked, known in [*self._known] if asked == request), None):
            return found
        background, fields = load_background(), _common_categories(papers)
        every = [*papers, *_choose_history(papers, fields, history)]
        counts = count_terms([self._encoder.encode_paper(paper) for paper in every])
        n_shipped = max(ENOUGH_PAPERS - len(every), n_shipped)
        shipped = background.count_sample(fields, n_shipped)
        if len(every) + shipped.n_rows < FEW_PAPERS:  # of bioRxiv or a journal
            shipped = background.count_sample(background.categories, n_shipped)
        known = KnownPapers(every, fields, make_pool(join(counts, shipped), background))
        self._known.append((request, known))
        return known

    @cached_property
    def _finder(self) -> PhraseFinder:
        return PhraseFinder(self._encoder, load_background(), load_abbreviations())

    def _read_votes(self, votes: Votes) -> list[VotedPaper]:
        return [
            VotedPaper(self._encoder.encode_paper(paper), _primary(paper), value) for paper, value in sort_votes(votes)
        ]


class _Grader:
    """Grades and orders the papers of one profile: by its phrases as far as it is short, as any other as far as not."""

    def __init__(self, shortness: float, fit: Fit | None, yardstick: Yardstick) -> None:
        self._yardstick = yardstick
        self._shortness = shortness
        self._fit = fit

    def grade(self, ranking: Ranking) -> Grades:
        """Gives the relevance of each paper, from 1 to 10."""
        long = grade_relevance(ranking, self._yardstick)
        if self._fit is None:
            return long
        short = grade_chances(weigh_chances(self._fit, ranking.score))
        mixed = self._shortness * short + (1 - self._shortness) * long[: len(short)]
        return np.round(mixed).astype(np.intp)

    def order(self, ranking: Ranking) -> Vector:
        """Gives numbers that order the papers, higher first."""
        if self._fit is None:
            return ranking.score
        odds = order_papers(self._fit, ranking.score)
        return self._shortness * odds + (1 - self._shortness) * ranking.score[: len(odds)]


def _unique(papers: Sequence[Paper]) -> list[Paper]:
    """Gives the first of each id, in the order given."""
    first: dict[str, Paper] = {}
    for paper in papers:
        first.setdefault(paper.arxiv_id, paper)
    return list(first.values())


def _primary(paper: Paper) -> str:
    return next(iter(paper.categories), "")


def _common_categories(papers: Sequence[Paper]) -> set[str]:
    """Finds the field these papers belong to."""
    counts = Counter(category for paper in papers for category in paper.categories)
    return {category for category, count in counts.items() if count >= COMMON_CATEGORY * len(papers)}


def _choose_history(papers: Sequence[Paper], fields: Collection[str], history: History) -> list[Paper]:
    """Chooses the recent papers of these fields: others would teach what a field is, not a topic."""
    seen = {paper.arxiv_id for paper in papers}
    chosen = []
    for day in history[-HISTORY_DAYS:]:
        for paper in day:
            if paper.arxiv_id not in seen and not set(paper.categories).isdisjoint(fields):
                seen.add(paper.arxiv_id)
                chosen.append(paper)
    return chosen
