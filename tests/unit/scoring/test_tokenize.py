"""Words and compounds of papers, whatever a feed brings, and how they are counted."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.make_accented_words import find_accented
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.tfidf import TermCounts, count_terms, join
from newsletter.scoring.ranking.tokenize import Encoder, term_key
from newsletter.scoring.ranking.wordings import load_wordings

PLAIN = re.compile(r"[^\W_]+(?:[-\u2010\u2011][^\W_]+)+")  # what a compound is, written without regard to time


def test_a_word_without_end_is_read_like_any_other() -> None:
    """Work that grows with the square of a word's length would keep this test busy for an hour."""
    assert len(Encoder().encode("x" * 200_000, "An abstract.").keys) == 4


@given(st.text(st.sampled_from("ab1_ .-\u2010\u2011éß漢"), max_size=20))
def test_each_compound_is_also_one_word(text: str) -> None:
    keys = Encoder().encode("", text).keys.tolist()[1:]
    n_words = len(re.findall(r"[^\W_]+", text.lower()))
    assert len(keys[n_words:]) == 3 * len(PLAIN.findall(text.lower()))  # each stands between two zeros


def test_a_hyphenated_word_meets_the_word_written_in_one() -> None:
    assert term_key("multimod") in Encoder().encode("", "A multi-modal model").keys.tolist()


TEXTS = st.lists(st.text(st.sampled_from("abcd "), max_size=12), max_size=4)


def as_tuples(counts: TermCounts) -> set[tuple[int, int, float, bool]]:
    terms, is_pair = counts.terms[counts.columns], counts.is_pair[counts.columns]
    return set(zip(counts.rows.tolist(), terms.tolist(), counts.tf.tolist(), is_pair.tolist(), strict=True))


@given(TEXTS, TEXTS)
def test_papers_counted_apart_and_joined_are_counted_together(first: list[str], second: list[str]) -> None:
    encoder = Encoder()
    one, two = ([encoder.encode(text, text[::-1]) for text in texts] for texts in (first, second))
    joined, together = join(count_terms(one), count_terms(two)), count_terms(one + two)
    assert joined.n_rows == together.n_rows
    assert joined.terms.tolist() == together.terms.tolist()
    assert as_tuples(joined) == as_tuples(together)


def test_the_shipped_papers_are_whole_and_of_the_field_asked_for() -> None:
    background = load_background()
    few, more = (background.count_sample({"astro-ph.GA"}, most) for most in (20, 60))
    assert (few.n_rows, more.n_rows) == (20, 60)
    assert np.bincount(few.rows, minlength=20).min() > 40
    assert sorted(set(few.terms.tolist())) == few.terms.tolist()
    galaxies = term_key("galaxi")
    assert (few.terms[few.columns] == galaxies).sum() > 5
    assert background.count_sample({"no.SUCH"}, 60).n_rows == 0


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        *(("Schroedinger", r"Schr\"odinger"), ("Schrödinger", "Schroedinger"), ("Schrödinger", "Schrodinger")),
        *(("Moessbauer", "Mössbauer"), ("Mössbauer", "Mossbauer"), ("Poincaré", "Poincare")),
        *(("Poincare", "Poincaré"), ("Mossbauer", "Mössbauer"), ("Poincaré", "Poincaré")),
        *(("Halpha", "Hα"), ("Halpha", r"H$\alpha$"), ("Halpha", r"$\mathrm{H}\alpha$"), ("Hα", "Halpha")),
        *(("Ly-alpha", "Lyα"), ("LambdaCDM", "ΛCDM"), ("LambdaCDM", "Lambda CDM"), ("LambdaCDM", r"$\Lambda$CDM")),
        *(("MoS2", r"$\mathrm{MoS}_2$"), ("MoS$_2$", r"$\mathrm{MoS}_2$")),
    ],
)
def test_what_is_asked_for_is_met_in_its_other_spellings(asked: str, written: str) -> None:
    encoder = Encoder()
    read = {*encoder.encode(written, "").keys.tolist()} - {0}
    assert encoder.query([load_wordings().reword(asked)]).keys() & read


@pytest.mark.parametrize("asked", ["Poincare", "Zyrich", "Schroedinger"])
def test_what_is_asked_for_hangs_on_no_paper_that_was_read_before(asked: str) -> None:
    fresh, used = Encoder(), Encoder()
    used.encode("Poincaré, Zýrich and Schrödinger", "")
    assert used.query([asked]) == fresh.query([asked])


def test_the_accented_words_of_papers_are_found_once() -> None:
    assert find_accented("Poincaré, poincaré's and Poincar\\'e; naïve, été, plain, Λ-model") == {"poincaré", "naïve"}


@pytest.mark.parametrize("word", ["Bayes", "bauer", "queue", "Maes", "token"])
def test_no_plain_word_is_met_as_another(word: str) -> None:
    encoder = Encoder()
    asked = encoder.query([word]).keys()
    assert not asked & {encoder.key(each) for each in ("base", "bar", "que", "mas", "baker", "taken")}
