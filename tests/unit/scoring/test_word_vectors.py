"""The shipped table of word vectors: whole, and close where meanings are."""

import numpy as np
import pytest

from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.pool import weigh
from newsletter.scoring.ranking.tfidf import count_terms
from newsletter.scoring.ranking.tokenize import Encoder
from newsletter.scoring.ranking.word_vectors import load_word_vectors


def place(*texts: str) -> np.ndarray:
    encoder = Encoder()
    return load_word_vectors().place_texts([encoder.query([text]) for text in texts], load_background())


def test_the_table_is_sorted_and_every_word_has_a_finite_vector() -> None:
    table = load_word_vectors()
    assert table.terms.tolist() == sorted(set(table.terms.tolist()))
    assert len(table.terms) == len(table.vectors) > 10_000
    assert np.isfinite(table.vectors).all()
    assert (np.linalg.norm(table.vectors, axis=1) > 0).all()


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("jailbreak attacks on chatbots", "safety and alignment", "sparse attention kernels"),
        ("dwarf satellites of the Milky Way", "stellar halo", "protein folding"),
        ("robot manipulation", "embodied agents", "black hole accretion"),
        ("translation between languages", "multilingual corpora", "graph neural networks"),
    ],
)
def test_words_that_differ_meet_in_their_meaning(text: str, near: str, far: str) -> None:
    own, close, away = place(text, near, far)
    assert own @ close > own @ away + 0.1


def test_a_paper_lies_where_its_words_lie_as_a_text_and_one_without_known_words_nowhere() -> None:
    encoder, background = Encoder(), load_background()
    words = "galaxies quenching dwarf"
    counts = count_terms([encoder.encode("", words), encoder.encode("", "qqqxx zzzyy"), encoder.encode("", "")])
    _, at_large = weigh(counts, background)
    papers = load_word_vectors().place_papers(at_large)
    np.testing.assert_allclose(papers[0], place(words)[0], atol=1e-5)
    assert not papers[1:].any()
