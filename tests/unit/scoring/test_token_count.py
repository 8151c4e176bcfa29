"""Tokens counted offline, against counts that OpenAI's own tokenizer gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.scoring.llm.token_count import count, count_chat

# By the o200k_base vocabulary (tiktoken's own documentation and cookbook use most of these sentences).
KNOWN = {
    "": 0,
    "hello world": 2,
    "tiktoken is great!": 6,
    "antidisestablishmentarianism": 6,
    "2 + 2 = 4": 7,
    "お誕生日おめでとう": 8,
    "The quick brown fox jumps over the lazy dog.": 10,
    "a" * 200_000: 25_000,  # an endless word takes no endless time: merging pairs naively needs an hour for it
}


@pytest.mark.parametrize(("text", "tokens"), KNOWN.items(), ids=lambda value: str(value)[:30])
def test_the_count_is_the_providers(text: str, tokens: int) -> None:
    assert count(text) == tokens


@given(st.text())
def test_any_text_can_be_counted_and_no_token_is_less_than_a_byte(text: str) -> None:
    assert 0 <= count(text) <= len(text.encode("utf-8", "replace"))


def test_a_lone_surrogate_counts_as_what_stands_in_its_place() -> None:
    assert count("a \ud800 b") == count("a ? b")


def test_a_special_token_in_a_text_is_ordinary_text() -> None:
    assert count("<|endoftext|>") > 1


def test_a_chat_counts_its_messages_and_what_is_around_them() -> None:
    assert count_chat() == 3
    assert count_chat("hello world", "") == 2 + 4 + 4 + 3
