"""Sentences by language: whole, filled in, escaped where they become HTML."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.errors import ConfigError
from newsletter.texts import (
    LANGUAGES,
    load_texts,
    name_weekday,
    pick,
    weekdays,
    write_colon,
    write_date,
    write_day,
    write_decimal,
    write_list,
    write_month,
    write_number,
    write_short_date,
    write_weekday,
)

FILE = """
en: {title: "Papers", found: {one: "{n} paper of {day}", other: "{n} papers of {day}"}, leave: "Leave {here} & go"}
de: {title: "Arbeiten", found: {one: "{n} Arbeit vom {day}", other: "{n} Arbeiten vom {day}"}, leave: "{here} gehen"}
"""
TEXTS = load_texts(FILE, "a.yaml")


def test_french_marks_are_bound_to_their_words() -> None:
    """A screen would break the line at their blank, and begin the next one with a question mark."""
    text = 'en: {ask: "Why? See “it”: a; b!", n: {one: "{n} one!", other: "{n} ones!"}}\n'
    text += 'fr: {ask: "Pourquoi ? Voir « ça » : a ; b !", n: {one: "{n} !", other: "{n} !"}}\n'
    fr = load_texts(text, "x.yaml")["fr"]
    assert fr["ask"] == "Pourquoi\u00a0? Voir «\u00a0ça\u00a0»\u00a0: a\u00a0; b\u00a0!"
    assert fr("n", n=2) == "2\u00a0!"
    assert load_texts(text, "x.yaml")["en"]["ask"] == "Why? See “it”: a; b!"


def test_a_sentence_is_filled_in_by_number_and_language() -> None:
    assert pick(TEXTS, "en")("found", n=1, day="today") == "1 paper of today"
    assert pick(TEXTS, "de")("found", n=1350, day="heute") == "1.350 Arbeiten vom heute"
    assert pick(TEXTS, "ja")["title"] == "Papers"


def test_a_number_under_another_name_decides_where_it_is_said_to() -> None:
    en = pick(TEXTS, "en")
    assert en("found", n=Markup("<b>1</b>"), count=1, day="today") == "<b>1</b> paper of today"
    assert en("found", n=Markup("<b>1</b>"), day="today") == "<b>1</b> papers of today"
    assert en("found", n="1,350", count=1350, day="today") == "1,350 papers of today"


@given(st.text())
def test_foreign_words_stay_words(words: str) -> None:
    text = pick(TEXTS, "en")
    assert text("found", n=2, day=words) == f"2 papers of {words}"
    link = Markup("<a>{}</a>").format(words)
    assert text("leave", here=link) == f"Leave {link} &amp; go"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('title: "Arbeiten", ', "", "de.title: is missing"),
        ('title: "Arbeiten"', 'titel: "Arbeiten"', "de.titel: is no sentence that the program knows"),
        ("vom {day}", "vom {tag}", "de.found: {tag} is no placeholder here"),
        ('"{n} Arbeiten vom {day}"', '"{n} Arbeiten"', "de.found: {day} is missing"),
        ('leave: "{here} gehen"', 'leave: "{here gehen"', "de.leave: a brace is open"),
        ('other: "{n} Arb', 'few: "{n} Arb', "de.found: expected a sentence, or plural forms with 'other'"),
        ('{one: "{n} Arbeit vom {day}"', '{few: "{n} Arbeit vom {day}"', "de.found: has no plural form 'few'"),
        ('title: "Arbeiten"', 'title: ""', "de.title: expected words"),
        ('title: "Arbeiten"', "title: [a]", "de.title: expected"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, problem: str) -> None:
    assert old in FILE
    with pytest.raises(ConfigError, match=r"correct a\.yaml") as caught:
        load_texts(FILE.replace(old, new), "a.yaml")
    assert problem in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "de: {title: x}", "en: x", "en: {}", "en: {a: 5}", "en: {a: '{'}"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.yaml"):
        load_texts(text, "a.yaml")


def test_sentences_may_stand_in_groups() -> None:
    text = pick(load_texts("en: {pause: {subject: Paused, text: 'To {name}'}}", "a.yaml"), "en")
    assert text["pause.subject"] == "Paused"
    assert text("pause.text", name="us") == "To us"


def test_what_a_copy_does_not_say_is_said_as_shipped() -> None:
    copy = load_texts("en: {title: Titles}\nde: {old: alt}\n", "a.yaml", shipped=TEXTS, former=["old"])
    assert copy["en"]["title"] == "Titles"
    assert copy["en"]("found", n=2, day="today") == "2 papers of today"
    assert copy["de"]["title"] == "Arbeiten"
    assert "fr" not in copy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("en: {titel: Papers}", "en.titel: is no sentence that the program knows"),
        ("en: {leave: Go}", "en.leave: {here} is missing"),
        ("en: {}\nfr: {title: Articles}", "fr.leave: is missing"),
        ("de: {title: Arbeiten}", "must have the language 'en'"),
    ],
)
def test_a_copy_is_held_against_what_is_shipped(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"delete your copy") as caught:
        load_texts(text, "a.yaml", shipped=TEXTS)
    assert problem in str(caught.value)


def test_dates_and_numbers_are_those_of_the_language() -> None:
    on = date(2025, 10, 7)
    assert write_date(on, "en") == "Tuesday, 7 October 2025"
    assert write_date(on, "de") == "Dienstag, 7. Oktober 2025"
    assert write_date(on, "ja") == "2025年10月7日火曜日"
    assert [write_number(1350, language) for language in ("en", "de")] == ["1,350", "1.350"]
    assert [name_weekday(0, language) for language in ("en", "fr")] == ["Monday", "lundi"]
    assert [write_list(["a", "b", "c"], language, "or") for language in ("en", "de")] == ["a, b or c", "a, b oder c"]
    assert [write_list(["a", "b"], language) for language in ("it", "zh")] == ["a e b", "a和b"]
    assert len({write_date(on, language) for language in LANGUAGES}) == len(LANGUAGES)
    months = [write_month(on, language) for language in ("en", "es", "zh")]
    assert months == ["October 2025", "octubre de 2025", "2025年10月"]
    assert [write_decimal(1350.25, language) for language in ("en", "de")] == ["1,350.2", "1.350,2"]


@pytest.mark.parametrize("write", [write_date, write_short_date, write_day, write_weekday])
@pytest.mark.parametrize(("language", "first"), [("fr", "1er "), ("it", "1º ")])
def test_the_first_of_each_month_has_a_word_of_its_own(
    write: Callable[[date, str], str], language: str, first: str
) -> None:
    for month in range(1, 13):
        written = write(date(2025, month, 1), language)
        assert re.findall(r"\b1\S* ", written) == [first]
        for day in (2, 11, 21):
            assert first.strip() not in write(date(2025, month, day), language)


@pytest.mark.parametrize("language", sorted({*LANGUAGES} - {"fr", "it"}))
def test_the_first_of_a_month_is_written_as_its_other_days(language: str) -> None:
    for month in range(1, 13):
        first, second = (write_short_date(date(2025, month, day), language) for day in (1, 2))
        assert first == re.sub(r"\b2(?!\d)", "1", second) or re.sub("2(?=日)", "1", second) == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_week_begins_on_monday_and_each_of_its_days_has_two_names(language: str) -> None:
    named = weekdays(language)
    assert [whole for whole, _ in named] == [name_weekday(number, language) for number in range(7)]
    assert len({short for _, short in named}) == 7
    assert all(len(short) <= 4 for _, short in named)


def test_a_colon_is_written_as_the_language_does() -> None:
    assert {language: write_colon(language) for language in LANGUAGES if write_colon(language) != ": "} == {
        "fr": "\u00a0: ",
        "zh": "：",
        "ja": "：",
    }
