"""Words and compounds of papers, whatever a feed brings."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from newsletter.scorers.text import Encoder, term_key

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
