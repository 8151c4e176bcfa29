"""What is new in a later version: nothing is lost or made up, numbers come first, and it stays short."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.model import Paper
from newsletter.papers.differences import Mark, compare_words, find_difference, shorten, words_of
from tests import make
from tests.bounded_time import assert_takes_at_most

WORDS = st.text("abcde 0123.,!<–é", max_size=60)
SENTENCES = st.lists(
    st.sampled_from(["We do it.", "It is fast.", "It has 3 parts.", "It has 5 parts!", "Nobody knows."])
)


def versions(before: str, after: str, **changes: object) -> tuple[Paper, Paper]:
    return make.paper(abstract=before), replace(make.paper(abstract=after), version=2, **changes)  # type: ignore[arg-type]


def said(before: str, after: str) -> list[tuple[str, str]]:
    """Each change as (old words, new words)."""
    changes = find_difference(*versions(before, after)).changes
    return [(words_of(each, without=Mark.ADDED), words_of(each, without=Mark.REMOVED)) for each in changes]


@given(WORDS, WORDS)
def test_the_pieces_of_a_change_are_the_two_texts(before: str, after: str) -> None:
    change = compare_words(before, after)
    assert words_of(change, without=Mark.ADDED).split() == before.split()
    assert words_of(change, without=Mark.REMOVED).split() == after.split()


@given(WORDS, WORDS, st.integers(1, 80))
@example("0000", "0", 4)  # the first piece fills it to the last character
def test_what_is_shown_is_never_longer_than_asked(before: str, after: str, most: int) -> None:
    shown = shorten(compare_words(before, after), most)
    assert sum(len(piece.text) for piece in shown) <= most


@given(SENTENCES)
def test_the_same_sentences_in_another_order_are_no_difference(sentences: list[str]) -> None:
    assert find_difference(*versions(" ".join(sentences), " ".join(reversed(sentences)))).is_empty


@given(SENTENCES, SENTENCES)
def test_every_sentence_that_came_or_went_is_said_once(before: list[str], after: list[str]) -> None:
    changes = said(" ".join(before), " ".join(after))
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    assert Counter(old for old, _ in changes if old) == gone
    assert Counter(now for _, now in changes if now) == new


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It is fast.", "It  is\nfast."),
        ("It is fast.", "It is fast!"),
        ("A so-called “bound”.", "A so-called bound."),
        (r"It takes $\mathcal{O}(n)$ steps.", "It takes O(n) steps."),
    ],
)
def test_spacing_points_and_tex_are_no_difference(before: str, after: str) -> None:
    assert said(before, after) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It is 3 times faster.", "It is 5 times faster."),
        ("We show x < y.", "We show x > y."),
        ("It is -3.", "It is 3."),
    ],
)
def test_one_sign_is_a_difference(before: str, after: str) -> None:
    assert len(said(before, after)) == 1


def test_other_numbers_come_first() -> None:
    before = "A method is given for all depths. It has 71.2% accuracy on the test."
    after = "A new method is given for all depths. It has 73.4% accuracy on the test."
    assert next(old for old, _ in said(before, after)).startswith("It has 71.2%")


def test_a_new_title_is_told_and_one_that_is_only_spelled_otherwise_is_not() -> None:
    assert find_difference(*versions("A.", "A.", title="Another title")).title
    assert not find_difference(*versions("A.", "A.", title="On the Paper 2601.00001.")).title


PIECES = [
    "a ",
    "A. ",
    "ab. ba ",
    *"?.,…“”\"'()[]-–+%$^_{}\\&~<>/1é",
    ". ",
    ".1",
    "a1 ",
    "1,",
    "(a",
    "a)",
    "$a",
    "\\a",
    " ",
    "\n",
]


@pytest.mark.parametrize("text", [piece * (9_000 // len(piece)) for piece in PIECES], ids=map(ascii, PIECES))
def test_no_text_takes_long(text: str) -> None:
    """A feed's abstract may have 20,000 characters, and whoever wrote it may mean harm."""
    both = versions(text, f"b {text[::-1]} c. {text[7:]}"[:20_000])
    assert_takes_at_most(0.5, lambda: find_difference.__wrapped__(*both))
