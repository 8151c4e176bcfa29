"""Of an abstract the sentence is chosen that says what the paper does or finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers import key_sentence
from newsletter.papers.key_sentences import MAX_CHARS

TITLE = "Sparse Attention for Long Documents"
GAP = "Attention over long documents is slow."
OTHERS = "However, earlier methods lose accuracy."


@pytest.mark.parametrize(
    "key",
    [
        "We propose a sparse attention that reads blocks of keys.",
        "To close this gap, we introduce block-sparse attention for documents.",
        "In this paper, a sparse attention for long documents is developed.",
        "This paper studies how sparse attention behaves in long documents.",
        "Our results show that sparse attention loses nothing up to a million words.",
        "I prove that sparse attention over documents takes linear time.",
    ],
)
@pytest.mark.parametrize(
    "rest",
    [
        "It also needs no training.",
        "Recent studies show that sparse attention for long documents is hard.",
        "We call it sparse attention.",
        "This is done in two steps.",
        "Specifically, it keeps the largest keys.",
        "Our code is available at https://github.com/ada/engine.",
        "These insights could pave the way to better models.",
    ],
)
def test_what_is_done_or_found_comes_before_all_else(key: str, rest: str) -> None:
    assert key_sentence(TITLE, f"{GAP} {OTHERS} {key} {rest} Attention is used widely.") == key


def test_of_equal_sentences_the_one_about_the_title_is_chosen() -> None:
    near, far = "We propose sparse attention for documents.", "We propose another loss for training."
    assert key_sentence(TITLE, f"{GAP} {far} {near} {GAP}") == near


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    clause = "We propose sparse attention that reads blocks of keys"
    chosen = key_sentence(TITLE, f"{GAP} {', '.join([clause] * 9)}. {GAP}")
    assert chosen == ", ".join([clause] * 5) + "…"


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        ("reading blocks", "and keeping the largest ones of them"),
        ("reading blocks", "that (in some measure of size) are the largest ones"),
        ("reading the largest blocks", "of several hundred keys"),
    ],
)
def test_without_a_sign_it_is_cut_before_a_clause_or_a_phrase(head: str, rest: str) -> None:
    beginning = f"We propose {'very ' * 45}sparse attention {head}"
    chosen = key_sentence(TITLE, f"{GAP} {beginning} {rest} {'extremely ' * 20}large. {GAP}")
    assert chosen == f"{beginning}…"


def test_of_a_text_without_end_only_the_beginning_is_read() -> None:
    assert key_sentence("( " * 1_000_000, "We propose it. " + "(. " * 1_000_000) == "We propose it."


def test_without_an_abstract_there_is_none() -> None:
    assert key_sentence(TITLE, " ") == ""


@given(st.text(max_size=60), st.lists(st.sampled_from([GAP, OTHERS, "word " * 70]) | st.text(max_size=50), max_size=9))
def test_the_sentence_stands_in_the_abstract_and_fits(title: str, pieces: list[str]) -> None:
    abstract = " ".join(pieces)
    chosen = key_sentence(title, abstract)
    assert len(chosen) <= MAX_CHARS
    assert chosen in abstract or chosen.removesuffix("…") in abstract
    assert bool(chosen) == bool(abstract.strip())
