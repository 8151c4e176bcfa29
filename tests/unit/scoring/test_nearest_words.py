"""What a mistyped word was meant to be: one slip of the keys away from a usual word, and never a word of elsewhere."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.scoring.nearest_words import (
    FEWEST_LETTERS,
    SHORT,
    find_nearest,
    load_foreign_words,
    load_usual_words,
)
from newsletter.scoring.unknown_words import is_known

USUAL = load_usual_words()
LONG_WORDS = sorted(word for word in USUAL.ranks if len(word) > SHORT)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def slip(word: str, at: int, letter: str, kind: str) -> str:
    at %= len(word) - 4  # the end is left alone: there words of other languages differ
    changed = {
        "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        "missing": word[: at + 1] + word[at + 2 :],
        "more": word[: at + 1] + letter + word[at + 1 :],
        "other": word[: at + 1] + letter + word[at + 2 :],
    }
    return changed[kind]


KINDS = st.sampled_from(["swapped", "missing", "more", "other"])


@given(st.sampled_from(LONG_WORDS), st.integers(0, 30), st.sampled_from(LETTERS), KINDS)
def test_one_slip_in_a_usual_word_gives_a_usual_word(word: str, at: int, letter: str, kind: str) -> None:
    typed = slip(word, at, letter, kind)
    found = find_nearest(typed)
    assert not found or found.lower() in USUAL.ranks
    if found:
        assert USUAL.ranks[found.lower()] <= USUAL.ranks[word]


def test_nearly_all_slips_give_what_was_meant() -> None:
    typed = {word: slip(word, place, LETTERS[place % 26], "swapped") for place, word in enumerate(LONG_WORDS[::7])}
    unknown = {word: one for word, one in typed.items() if not is_known(one)}
    right = sum(find_nearest(one).lower() == word for word, one in unknown.items())
    assert len(unknown) > 500
    assert right > 0.93 * len(unknown)


@given(st.text(max_size=40))
def test_any_text_gives_a_usual_word_or_nothing(text: str) -> None:
    found = find_nearest(text)
    assert not found or found in USUAL.spellings.values()


@pytest.mark.parametrize("word", ["Sterne", "modelos", "simulacion", "Netze", "energie", "neuronale", "galassie"])
def test_a_word_of_another_language_is_left_alone(word: str) -> None:
    assert find_nearest(word) == ""


def test_of_the_words_of_our_own_texts_in_other_languages_hardly_one_is_taken_for_a_slip() -> None:
    texts = [resources.load_texts(f"templates/texts/{name}.yaml") for name in ("trial", "subscribe", "profile")]
    words = {
        word
        for file in texts
        for language in ("de", "fr", "es", "pt", "it")
        for word in re.findall(r"[^\W\d_]+", str(file[language].sentences))
        if len(word) >= FEWEST_LETTERS and not is_known(word)
    }
    taken = [word for word in words if find_nearest(word)]
    assert len(words) > 500
    assert len(taken) < 0.025 * len(words), taken


def test_no_word_that_the_list_of_wordings_knows_in_another_language_is_taken_for_a_slip() -> None:
    assert len(load_foreign_words()) > 1000
    assert not [word for word in load_foreign_words() if find_nearest(word)]


def test_a_name_is_only_taken_for_a_name() -> None:
    assert find_nearest("Bayseian", is_name=True) == "Bayesian"
    assert find_nearest("galxay") == "galaxy"
    assert find_nearest("Galxay", is_name=True) == ""


@pytest.mark.parametrize("word", ["", "a", "grph", "wortklauberei", "x" * 200, "trans4mers", "Löcher", "大規模"])
def test_what_is_far_from_everything_gets_no_answer(word: str) -> None:
    assert find_nearest(word) == ""
