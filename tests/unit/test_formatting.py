"""Long texts end where a sentence or a clause does; what is written from right to left is marked off."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.formatting import cut_at_clause, isolate


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It is short.", "It is short."),
        ("Graphs of sums are here. They are also there.", "Graphs of sums are here."),
        ("Are graphs of sums here? They are also there.", "Are graphs of sums here?"),
        ("Sums as in e.g. Mamba are faster, and slower elsewhere.", "Sums as in e.g. Mamba are faster…"),
        ("Sums by J. Muster et al. Grow faster; others do not.", "Sums by J. Muster et al. Grow faster…"),
        ("A sum of 3.5 GB of keys — cached and then forgotten.", "A sum of 3.5 GB of keys…"),
        ("Sparse sums (in blocks, in rows) and more of all that", "Sparse sums (in blocks, in rows) and…"),
        ("模型架构的新注意力方法。" * 5, "模型架构的新注意力方法。" * 3),
        ("Word after word after word after word after word", "Word after word after word after word…"),
        ("x" * 60, "x" * 39 + "…"),
    ],
)
def test_a_text_is_cut_where_something_ends(text: str, kept: str) -> None:
    assert cut_at_clause(text, 40) == kept


@pytest.mark.parametrize("name", ["רחל כהן", "محمد علي", "Ali علي", "(ש. לוי)"])
def test_what_is_written_from_right_to_left_is_marked_off(name: str) -> None:
    assert isolate(name) == f"\u2068{name}\u2069"


@pytest.mark.parametrize("name", ["", "Ada Lovelace", "Zoë Müller", "渡辺", "Иван", "Νίκος", "1:2", "नाम"])
def test_any_other_text_stays_as_it_is(name: str) -> None:
    assert isolate(name) == name


@example(" 1111111111", 10)
@example("            1", 10)
@given(st.text("ab .,;:()—。!?1A", max_size=200), st.integers(10, 120))
def test_what_is_kept_is_the_beginning_and_fits(text: str, most: int) -> None:
    kept = cut_at_clause(text, most)
    assert len(kept) <= most
    assert text.startswith(kept.removesuffix("…") if kept != text else text)
