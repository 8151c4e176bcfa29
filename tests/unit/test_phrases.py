"""A text that remembers how it was made, and what is wrong in a profile said in each language."""

import ast
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.phrases import Phrase, join, reword
from newsletter.services.reader_texts import load, reword_problem
from newsletter.subscribers import profile_yaml
from newsletter.texts import LANGUAGES
from tests import ROOT, make
from tests.languages import OTHER_LANGUAGES

BAD_PROFILES = sorted((ROOT / "tests/bad_profiles").glob("*.yaml"))
SOURCES = [
    path for room in ("files", "papers", "subscribers") for path in sorted((ROOT / "newsletter" / room).rglob("*.py"))
]


def templates(path: Path) -> set[str]:
    """Every sentence with words that this source says as a phrase."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    literals = [
        argument.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Phrase"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    return {text for text in literals if any(part.strip(" :;") for part, *_ in Formatter().parse(text))}


def test_every_sentence_of_the_checks_has_its_translation_and_no_other_does() -> None:
    said = set().union(*map(templates, SOURCES))
    known = set(load("profile_problems")["en"].sentences.values())
    lines = {"line {line}: {text}", "{source}:{line}: {text}"}  # the place, which each reader of a problem words
    for_operators = {"{source}: and {n} more problems after these"}
    assert said - lines - for_operators == known - {"and {n} more after these"}


def test_every_language_is_there() -> None:
    assert set(load("profile_problems")) == set(LANGUAGES)


@pytest.mark.parametrize("path", BAD_PROFILES, ids=lambda path: path.stem)
def test_a_problem_is_said_in_each_language_and_keeps_what_was_found(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        profile_yaml.read(path.read_text(encoding="utf-8"), make.subscriber())
    for problem in caught.value.problems:
        assert isinstance(problem, Phrase)
        text = problem.values.get("text")
        assert reword_problem(problem, "en") == problem
        if not isinstance(text, Phrase):
            continue
        for language in OTHER_LANGUAGES:
            said = reword_problem(text, language)
            assert said != text, language
            assert ", expected " not in said
            assert "found " not in said


TEXT = st.text(st.characters(exclude_characters="{}"), max_size=9)


@given(st.lists(TEXT, max_size=4), TEXT, st.integers(0, 9_999))
def test_a_phrase_is_its_english_text_and_can_be_said_anew(parts: list[str], value: str, number: int) -> None:
    inner = Phrase("a {value} of {n}", value=value, n=number)
    whole = join(*parts, inner)
    assert whole == "".join(parts) + f"a {value} of {number:,}"
    assert reword(whole, lambda template, values: None) == whole
    turned = reword(whole, lambda template, values: f"<{values['value']}>" if template.startswith("a ") else None)
    assert turned == "".join(parts) + f"<{value}>"


@given(st.text(max_size=20))
def test_what_was_filled_in_is_never_read_as_a_sentence(value: str) -> None:
    assert Phrase("found {found}", found=value) == f"found {value}"
    assert reword_problem(Phrase("; nearest: {word}", word=value), "de") == f"; am nächsten: {value}"
