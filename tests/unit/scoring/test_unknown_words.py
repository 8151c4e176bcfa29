"""Words that no paper uses are named; a word that papers use never is."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Profile, Topic
from newsletter.scoring import find_unknown_words
from newsletter.scoring.unknown_words import MOST_CHARS, MOST_WORDS, build_words
from tests import SHARED

DAYS = SHARED / "corpus" / "days"


def find_written(profile: Profile) -> tuple[str, ...]:
    return tuple(words.written for words in find_unknown_words(profile))


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Grüne Löcher", ("Grüne Löcher",)),
        ("Alles über Grüne Löcher und dark energy", ("Grüne Löcher",)),
        ("Schwarze Löcher, aprendizaje por refuerzo, mech interp", ()),
        ("Riesige schwarze Löcher", ("Riesige",)),
        ("aprendizaje sin esfuerzo", ("esfuerzo",)),
        ("tranformers and attntion", ("tranformers", "attntion")),
        ("大規模言語モデル", ("大規模言語モデル",)),
        ("Everything about language models", ()),
        ("motivic cohomology of quasi-coherent sheaves", ()),
        ("behaviour of modelled tumours, optimising catalogues", ()),
        ("Schrödinger operators", ()),
        ("new things called LoRAX, GPT9 and QZXV", ()),
        ("", ()),
    ],
)
def test_words_that_no_paper_uses_are_named_as_they_were_written(text: str, unknown: tuple[str, ...]) -> None:
    assert find_written(Profile((Topic("", text),))) == unknown
    assert find_written(Profile((), like=(text,))) == unknown


def test_each_is_named_once_in_the_order_of_the_profile() -> None:
    profile = Profile((Topic("Erstens", "Löcher"), Topic("x", "attntion")), like=("löcher", "tranformers"))
    assert find_written(profile) == ("Löcher", "attntion", "tranformers")


def test_beside_what_is_wanted_only_slips_are_named() -> None:
    topic = Topic("Zwergentheorie", "language models", "Wortklauberei")
    assert find_unknown_words(Profile((topic,), about="Ich mag Wortklauberei", avoid=("Wortklauberei",))) == ()
    topic = Topic("Langauge", "language models", "transformres")
    found = find_unknown_words(Profile((topic,), about="I like algortihms", avoid=("attntion", "ATTNTION")))
    assert [words.nearest for words in found] == ["language", "transformers", "attention"]


@given(st.lists(st.text(max_size=200), max_size=30))
def test_any_text_gives_few_short_words(texts: list[str]) -> None:
    found = find_unknown_words(Profile(tuple(Topic("", text) for text in texts)))
    assert len(found) <= MOST_WORDS
    assert all(0 < len(words.written) <= MOST_CHARS for words in found)


@pytest.mark.skipif(not DAYS.is_dir(), reason="no announcement days beside the checkout")
@pytest.mark.parametrize("day", sorted(DAYS.glob("*.jsonl.gz"))[::3], ids=lambda day: day.name[:10])
def test_no_word_of_a_title_is_named(day: Path) -> None:
    lines = gzip.decompress(day.read_bytes()).decode().splitlines()
    titles = tuple(json.loads(line)["title"] for line in lines)
    assert find_unknown_words(Profile((), like=titles)) == ()


def test_what_was_put_into_a_set_is_found() -> None:
    words = [f"word{n}" for n in range(500)]
    assert len(build_words(words, 1024)) == 1024
    assert build_words(words, 1024) == build_words(reversed(words), 1024)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("transformres", ["transformers"]),
        ("tranformers and attntion", ["transformers", "attention"]),
        ("Nueral Netwroks", ["neural networks"]),  # as a title is written
        ("multi-agnet systmes", ["agent systems"]),
        ("models after Bayseian ideas", ["Bayesian"]),
        ("lenses after Galxay", [""]),  # a name in a sentence, and papers write "galaxy"
        ("quantum wortklauberei", [""]),
        ("die tranformers der Zukunft", [""]),  # a text of another language
        ("transformres wortklauberei", [""]),  # all of the words, or none
    ],
)
def test_what_was_meant_is_given_where_every_word_is_a_slip_of_the_keys(text: str, meant: list[str]) -> None:
    found = [words.nearest for words in find_unknown_words(Profile((Topic("", text),)))]
    assert found[: len(meant)] == meant
