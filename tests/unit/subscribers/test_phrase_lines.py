"""In which line of a file a phrase stands, however the text around it is written."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers import find_phrase_lines

WORDS = st.lists(st.text("abcdefgh", min_size=2, max_size=7), min_size=1, max_size=30)


@given(WORDS, WORDS, st.integers(12, 60), st.sampled_from([">", "|", ">-"]))
def test_a_phrase_in_a_block_of_text_has_the_line_it_begins_in(
    before: list[str], after: list[str], width: int, style: str
) -> None:
    phrase = "Zoe Yam Xis"
    block = textwrap.fill(" ".join([*before, *phrase.split(), *after]), width)
    text = f"topics:\n  - name: T\n    relevant: {style}\n{textwrap.indent(block, '      ')}\n"
    (place,) = find_phrase_lines(text, [phrase, "Not There"])
    assert place[1] == phrase
    assert "Zoe" in text.splitlines()[place[0] - 1]


CASES = {
    "a plain value": ("topics:\n  - name: T\n    relevant: Schwarze Löcher\n", [3]),
    "a quoted value": ("topics:\n  - relevant: 'schwarze  löcher und mehr'\n", [2]),
    "a list": ("keywords:\n  like:\n    - LoRA\n    - Schwarze Löcher\n", [4]),
    "a list on one line": ("keywords:\n  like: [LoRA, Schwarze Löcher]\n", [2]),
    "the name of a topic that says no more": ("topics:\n  - name: Schwarze Löcher\n", [2]),
    "a topic of words alone": ("topics:\n  - Black holes\n  - Alle Schwarze Löcher\n", [3]),
    "the name of one that does": ("topics:\n  - name: Schwarze Löcher\n    relevant: Black holes\n", [2]),
    "two readers": (
        "subscribers:\n  - topics: [{name: Schwarze Löcher}]\n  - keywords: {like: [Schwarze Löcher]}\n",
        [2, 3],
    ),
    "what is not wanted": ("topics:\n  - irrelevant: Schwarze Löcher\nkeywords:\n  avoid: [Schwarze Löcher]\n", [2, 4]),
    "who reads": ("name: Schwarze Löcher\nabout: Schwarze Löcher\n", []),
    "a comment": ("keywords:\n  like: [mine] # Schwarze Löcher\n", []),
    "no YAML": ("keywords: [Schwarze Löcher\n", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "lines"), CASES.values(), ids=CASES)
def test_only_what_is_wanted_or_unwanted_is_looked_at(text: str, lines: list[int]) -> None:
    assert find_phrase_lines(text, ["Schwarze Löcher"]) == [(line, "Schwarze Löcher") for line in lines]
    assert find_phrase_lines(text.encode(), ["Schwarze Löcher"]) == find_phrase_lines(text, ["Schwarze Löcher"])
