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


@pytest.mark.parametrize(
    ("lesser", "better"),
    [
        (  # "we study" says less than what came out
            "We study whether sparse attention holds for long documents.",
            "We find that sparse attention loses 2% of accuracy while it reads documents ten times as fast.",
        ),
        (  # one part of several
            "To train the selector, we propose an auxiliary loss that keeps its blocks apart.",
            "We propose sparse attention that reads only those blocks of a document which matter.",
        ),
        (  # an aim in the place of the content
            "This work aims to establish sparse attention for long documents.",
            "We derive how many blocks of keys attention has to read, and prove that fewer lose accuracy.",
        ),
        (  # a finding without content
            "The findings provide valuable guidance for those who read long documents.",
            "It is shown that attention to a tenth of the keys suffices for documents of a million words.",
        ),
        (  # of two findings the first
            "We also show that sparse attention can be trained on smaller machines.",
            "We show that sparse attention keeps what a long document says in a tenth of the memory.",
        ),
        (  # an analysis that is only presented
            "We present a systematic analysis of sparse attention for long documents.",
            "We find that sparse attention loses 2% of accuracy while it reads documents ten times as fast.",
        ),
        (  # what was known, and what was lacking
            "Sparse attention for long documents has not been shown to keep what a document says.",
            "It is shown that attention to a tenth of the keys suffices for documents of a million words.",
        ),
        (  # what another group did
            "In a seminal paper Doe derived sparse attention for documents.",
            "We give a proof that is shorter and holds for all documents of any length.",
        ),
    ],
)
@pytest.mark.parametrize("comes_first", [True, False])
def test_of_two_sentences_the_more_telling_is_chosen(lesser: str, better: str, comes_first: bool) -> None:
    pair = (better, lesser) if comes_first else (lesser, better)
    assert key_sentence(TITLE, " ".join((GAP, *pair, "It ends."))) == better


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


@pytest.mark.parametrize("joint", [" and", ", and then", " and/or", "; or"])
def test_a_cut_leaves_no_word_behind_that_joins_what_was_cut_off(joint: str) -> None:
    beginning = f"We propose {'very ' * 45}sparse attention"
    chosen = key_sentence(TITLE, f"{GAP} {beginning}{joint}, {'extremely ' * 20}large. {GAP}")
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
