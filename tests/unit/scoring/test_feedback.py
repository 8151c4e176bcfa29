"""How votes move a ranking by words, and the spaces in which voted papers are placed."""

from collections.abc import Sequence

import numpy as np
import pytest

from newsletter.files import resources
from newsletter.model import Paper, Profile, Topic, Votes
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.feedback import clip_grades
from newsletter.scoring.ranking.lsa import find_space
from newsletter.scoring.ranking.tfidf import count_terms
from newsletter.scoring.ranking.tokenize import Encoder

SCORER = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
SUBJECTS = ("pruning of networks", "dwarf galaxies", "speech of children", "graph matching", "protein folding")
ASPECTS = ("a benchmark", "a theorem on bounds", "fast hardware", "scarce data", "a survey", "noise and outliers")
PROFILE = Profile(
    (
        Topic("Pruning", "Pruning of networks makes large models small, by removing weights that hardly matter"),
        Topic("Speech", "Speech of children, recognised at home and at school by small devices without a connection"),
    )
)


def make_paper(number: int, category: str, title: str, abstract: str) -> Paper:
    return Paper(f"2510.{number:05d}", 1, title, ("Ada Example",), abstract, (category,))


def make_pool(first: int = 0) -> list[Paper]:
    """One paper for each subject and aspect."""
    return [
        make_paper(
            first + n,
            "cs.LG",
            f"On {subject}, number {n}",
            f"We look at {subject} with {aspect}. Words of {aspect} help.",
        )
        for n, (subject, aspect) in enumerate((subject, aspect) for subject in SUBJECTS for aspect in ASPECTS)
    ]


def rank(votes: Votes) -> dict[str, float]:
    report = SCORER.score(PROFILE, make_pool(), [make_pool(100)], votes=votes)
    return {score.arxiv_id: score.rank for score in report.scores}


def grade(votes: Votes) -> list[int]:
    report = SCORER.score(PROFILE, make_pool(), [make_pool(100)], votes=votes)
    return [score.relevance for score in report.scores]


@pytest.mark.parametrize(("n_votes", "steps"), [(1, 1), (4, 1), (5, 2), (19, 2), (20, 3), (200, 3)])
def test_more_votes_may_move_a_grade_further(n_votes: int, steps: int) -> None:
    voted, before = np.array([10, 1]), np.array([4, 6])
    assert clip_grades(voted, before, n_votes).tolist() == [4 + steps, 6 - steps]


FOREIGN = make_paper(900, "math.AG", "Moduli of stable sheaves", "Coherent sheaves on a surface have moduli.")
EMPTY = make_paper(901, "", "", "")


@pytest.mark.parametrize("paper", [FOREIGN, EMPTY], ids=["foreign", "empty"])
@pytest.mark.parametrize("value", [1, -1])
def test_a_vote_on_another_field_empties_no_mail(paper: Paper, value: int) -> None:
    best = max(grade(()))
    assert best >= 5, "the profile finds its papers"
    assert max(grade([(paper, value)])) >= best - 1
    kept = sorted(rank(()), key=rank(()).__getitem__)[-3:]
    assert set(kept) <= set(sorted(rank([(paper, value)]), key=rank([(paper, value)]).__getitem__)[-6:])


@pytest.mark.parametrize("aspect", range(len(ASPECTS)))
def test_likes_of_one_aspect_bring_it_up_in_every_subject(aspect: int) -> None:
    """The words that all liked papers share are what is learned, not the subjects they happen to have."""
    liked = [(paper, 1) for paper in make_pool(200)[aspect :: len(ASPECTS)]]
    votes: Sequence[tuple[Paper, int]] = liked
    before, after = rank(()), rank(votes)
    ids = [paper.arxiv_id for paper in make_pool()]
    chosen = set(ids[aspect :: len(ASPECTS)])

    def lead(ranks: dict[str, float]) -> float:
        return float(np.mean([r for i, r in ranks.items() if i in chosen]) - np.mean(list(ranks.values())))

    assert lead(after) > lead(before)


def test_papers_folded_in_lie_where_they_lay() -> None:
    """A voted paper is weighed and placed as if it had been among the ranked ones."""
    encoder = Encoder()
    papers = [encoder.encode_paper(paper) for paper in make_pool()]
    counts = count_terms(papers)
    matrix = counts.weigh(counts.idf())
    again = matrix.fold_in(count_terms(papers[3:9]))
    vector = np.random.default_rng(0).standard_normal(len(matrix.terms))
    assert np.allclose(again.dot(vector), matrix.dot(vector)[3:9])
    space, _ = find_space(matrix)
    assert np.allclose(space.place(again), space.place(matrix)[3:9], atol=1e-5)
