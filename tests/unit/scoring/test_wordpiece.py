"""The pieces of texts: those of the reference implementation, and pieces of any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.scoring.semantic.wordpiece import MAX_PIECES, load_pieces

START, END, UNKNOWN = 101, 102, 100


# What `tokenizers` 0.22 gives with the tokenizer.json of all-MiniLM-L6-v2
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Attention is all you need.", [3086, 2003, 2035, 2017, 2342, 1012]),
        ("Embeddings of $x^2$", [7861, 8270, 4667, 2015, 1997, 1002, 1060, 1034, 1016, 1002]),
        ("Mixture-of-Experts (MoE)", [8150, 1011, 1997, 1011, 8519, 1006, 22078, 1007]),
        ("São Paulo ﬁne naïve", [7509, 9094, 1984, 2638, 15743]),
        (
            "日本語 and 한국어",
            [1864, 1876, 1950, 1998, 1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008],
        ),
        ("zero\u200bwidth\x00null", [5717, 9148, 11927, 7295, 18083]),
        ("\U0001d49c\U0001d4b7 𝟙 🧬", [UNKNOWN, UNKNOWN, UNKNOWN]),
        ("x" * 101, [UNKNOWN]),
    ],
)
def test_the_pieces_are_those_of_the_reference_implementation(text: str, pieces: list[int]) -> None:
    assert load_pieces().encode(text) == [START, *pieces, END]


@given(st.text(max_size=40), st.integers(1, 60))
def test_any_text_has_pieces_and_never_too_many(text: str, times: int) -> None:
    numbers = load_pieces().encode(text * times)
    assert (numbers[0], numbers[-1]) == (START, END)
    assert len(numbers) <= MAX_PIECES
    assert {START, END}.isdisjoint(numbers[1:-1])


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_the_short_way_for_plain_texts_finds_the_same_pieces(text: str) -> None:
    assert load_pieces().encode(text) == load_pieces().encode(text + " \u200b")
