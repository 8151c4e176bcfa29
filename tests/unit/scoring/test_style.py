"""How a paper is written, and that the learned ranking uses it only where it foretells gradings."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Paper, Profile, Topic
from newsletter.scoring.ranking.learned import Example, Learner
from newsletter.scoring.ranking.style import describe_style

PROFILE = Profile((Topic("Networks", "Neural networks and how to train them"),))
PAPERS = st.builds(
    Paper,
    st.just("2601.00001"),
    st.just(1),
    st.text(max_size=60),
    st.lists(st.just("Ada Example"), max_size=5).map(tuple),
    st.text(max_size=60),
    st.lists(st.just("cs.LG"), max_size=3).map(tuple),
)


@given(st.lists(PAPERS, min_size=1, max_size=6))
def test_every_column_is_centred_and_none_depends_on_the_unit(papers: list[Paper]) -> None:
    columns = describe_style(papers)
    assert np.isfinite(columns).all()
    assert np.allclose(columns.mean(axis=0), 0, atol=1e-9)
    assert all(np.isclose(spread, 1) or np.isclose(spread, 0) for spread in columns.std(axis=0))


@pytest.mark.parametrize(
    ("styled", "plain"),
    [
        ("We propose a way.", "There is a way."),
        ("We prove a bound.", "We find a rule."),
        ("A benchmark of roots.", "A heap of roots."),
        ("A survey of moss.", "A patch of moss."),
        ("Clinical roots.", "Garden roots."),
        ("A telescope saw it.", "A gardener saw it."),
    ],
)
def test_a_sign_of_style_is_seen_in_title_and_abstract(styled: str, plain: str) -> None:
    for title, abstract, other in ((styled, "", (plain, "")), ("", styled, ("", plain))):
        papers = [Paper("1", 1, *text[:1], ("A",), *text[1:], ("cs.LG",)) for text in ((title, abstract), other)]
        assert np.abs(describe_style(papers)[:, :13]).sum() > 0


def make_papers(seed: int, count: int) -> list[Paper]:
    """Papers whose words say nothing of what is chosen; every other has many authors."""
    random = Random(seed)
    words = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("ako", "umi", "ero", "oli", "isa", "anu")]
    texts = (" ".join(random.choices(words, k=20)) for _ in range(count))
    return [
        Paper(f"26{seed:02d}.{n:05d}", 1, text, tuple(f"A{n}-{k}" for k in range(1 + 11 * (n % 2))), text, ("cs.LG",))
        for n, text in enumerate(texts)
    ]


def advantage(examples: Sequence[Example], papers: Sequence[Paper]) -> float:
    """How far papers of many authors are ahead."""
    learned = Learner().rank(PROFILE, papers, examples, [0.0] * len(papers), 7)
    scores = np.array(learned.scores)
    return float(scores[1::2].mean() - scores[::2].mean())


def test_style_decides_where_it_foretold_the_gradings_and_not_where_it_did_not() -> None:
    earlier, today = make_papers(1, 120), make_papers(2, 40)
    random = Random(7)
    by_style = [Example(paper, 9 if len(paper.authors) > 1 else 0) for paper in earlier]
    by_chance = [Example(paper, random.choice((0, 9))) for paper in earlier]
    assert advantage(by_style, today) > 1
    assert abs(advantage(by_chance, today)) < 0.6
