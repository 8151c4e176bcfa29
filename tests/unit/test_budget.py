"""A digest stays under the size at which it would be cut, at the price of the last papers' abstracts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.budget import SHORT_CHARS, fit, html_bytes, shorten

SENTENCE = "A network stops when it knows enough, and the accuracy stays where it was. "
ABSTRACTS = st.lists(st.text(max_size=3000) | st.integers(1, 40).map(lambda n: SENTENCE * n), max_size=20)


def test_a_short_abstract_stays_as_it_is() -> None:
    assert shorten(SENTENCE) == SENTENCE


def test_an_abstract_is_cut_at_the_end_of_a_sentence() -> None:
    assert shorten(SENTENCE * 20) == f"{(SENTENCE * 4).rstrip()} …"


def test_without_a_sentence_end_it_is_cut_at_a_word() -> None:
    cut = shorten("word " * 200)
    assert cut.endswith("word …")
    assert len(cut) <= SHORT_CHARS + 2


@given(ABSTRACTS, st.integers(0, 60_000))
def test_enough_is_saved_or_nothing_is_left(abstracts: list[str], excess: int) -> None:
    fitted = fit(abstracts, excess)
    saved = sum(map(html_bytes, abstracts)) - sum(map(html_bytes, fitted))
    assert saved >= excess or not any(fitted)


@given(ABSTRACTS, st.integers(0, 60_000))
def test_the_first_papers_are_shortened_last(abstracts: list[str], excess: int) -> None:
    fitted = fit(abstracts, excess)
    changed = [i for i, (old, new) in enumerate(zip(abstracts, fitted, strict=True)) if old != new]
    shortable = [i for i, a in enumerate(abstracts) if html_bytes(a) > html_bytes(shorten(a))]
    if changed and any(fitted[i] for i in changed):
        assert [i for i in shortable if i >= changed[0]] == [i for i in changed if i in shortable]
    assert len(fitted) == len(abstracts)


@given(ABSTRACTS)
def test_nothing_is_touched_without_need(abstracts: list[str]) -> None:
    assert fit(abstracts, 0) == abstracts
