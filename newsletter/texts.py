"""The sentences of mails and pages, in the languages that readers choose from. Pure.

A file of `templates/texts/` has them by language and key: a sentence with {placeholders}, or, where a number decides
about the words, one for each plural form of the language (https://cldr.unicode.org/index/cldr-spec/plural-rules).
Sentences may stand in groups: `text` below `pause` has the key `pause.text`. files/resources.py finds the files. How a
language writes dates, numbers and lists is Babel's business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Literal

import yaml
from markupsafe import Markup, escape

from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from babel import Locale

FALLBACK_LANGUAGE = "en"
LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "zh", "ja")
_COLONS = {"fr": "\u00a0: ", "zh": "：", "ja": "："}
NUMBER = "n"  # the placeholder that decides about a plural form
COUNT = "count"  # decides in its place where a number is there in writing, in bold say, or under another name
_PLURAL_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
_LOCALES = {"en": "en_GB", "pt": "pt_PT", "zh": "zh_Hans"}
_LOOSE_BLANK = re.compile("(?<=«) | (?=[»:;?!])")
_WITHOUT_BLANKS = {"zh", "ja"}  # between sentences
_SHORT_DATES = {"en": "EEE, d MMM"}
_LONG_DATES = {"en": "EEEE, d MMMM y"}  # where the language's own form is another than ours has always been

# libyaml, of which PyYAML has a copy for most machines, reads all files in 0.07 s, PyYAML's own parser in 0.6 s.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

# Babel's data has no word for the first of a month, which these languages do not write as they do its other days.
_FIRST = {"fr": "1er", "it": "1º"}
_FIRST_DAY = re.compile(r"\b1(?= [^\W\d])")  # before the name of a month

Sentence = str | Mapping[str, str]


@lru_cache(maxsize=len(LANGUAGES))
def _locale(language: str) -> Locale:
    from babel import Locale  # noqa: PLC0415  only who writes in a language should wait for it

    return Locale.parse(_LOCALES.get(language, language))


def write_date(on: date, language: str) -> str:
    """Writes a date with its weekday: "Dienstag, 7. Oktober 2025"."""
    from babel.dates import format_date  # noqa: PLC0415  as above

    return _with_first(format_date(on, _LONG_DATES.get(language, "full"), _locale(language)), language)


def write_short_date(on: date, language: str) -> str:
    """Writes a date: "7. Oktober 2025"."""
    from babel.dates import format_date  # noqa: PLC0415  as above

    return _with_first(format_date(on, "long", _locale(language)), language)


def write_day(on: date, language: str) -> str:
    """Writes a date of these months, without its year: "7. Oktober"."""
    from babel.dates import format_skeleton  # noqa: PLC0415  as above

    return _with_first(format_skeleton("MMMMd", on, locale=_locale(language)), language)


def write_month(month: date, language: str) -> str:
    """Writes the month of a date, with its year: "Oktober 2025"."""
    from babel.dates import format_skeleton  # noqa: PLC0415  as above

    return format_skeleton("yMMMM", month, locale=_locale(language))


def weekdays(language: str) -> list[tuple[str, str]]:
    """Names the days of a week from Monday on, whole and short: ("Montag", "Mo.")."""
    from babel.dates import get_day_names  # noqa: PLC0415  as above

    short = get_day_names("short", "stand-alone", _locale(language))
    return [(name_weekday(day, language), short[day]) for day in range(7)]


def write_colon(language: str) -> str:
    """Gives a colon between two words: with a space on both sides in French, wide in Chinese and Japanese."""
    return _COLONS.get(language, ": ")


def write_decimal(number: float, language: str) -> str:
    """Writes a number with one digit behind the point: "7,5"."""
    from babel.numbers import format_decimal  # noqa: PLC0415  as above

    return format_decimal(number, "#,##0.0", _locale(language))


def write_weekday(on: date, language: str) -> str:
    """Writes one of a few days: "Di., 7. Okt."."""
    from babel.dates import format_date, format_skeleton  # noqa: PLC0415  as above

    if pattern := _SHORT_DATES.get(language):
        return format_date(on, pattern, _locale(language))
    return _with_first(format_skeleton("MMMEd", on, locale=_locale(language)), language)


def _with_first(written: str, language: str) -> str:
    """Writes the first of a month as the language does: "1er octobre 2025"."""
    return _FIRST_DAY.sub(_FIRST[language], written) if language in _FIRST else written


def name_weekday(number: int, language: str) -> str:
    """Names a day of the week, Monday being 0: "Montag"."""
    from babel.dates import get_day_names  # noqa: PLC0415  as above

    return str(get_day_names("wide", "stand-alone", _locale(language))[number])


def join_sentences(sentences: Iterable[str], language: str) -> str:
    """Puts sentences one behind the other, with the blank that the language has between them; leaves out empty ones."""
    return ("" if language in _WITHOUT_BLANKS else " ").join(filter(None, sentences))


def write_list(items: Sequence[str], language: str, style: Literal["standard", "or"] = "standard") -> str:
    """Joins what is not empty as the language does: "cs.AI, cs.CL und cs.LG"."""
    from babel.lists import format_list  # noqa: PLC0415  as above

    return format_list(items, style, _locale(language))


@lru_cache(maxsize=1024)
def write_number(number: int, language: str) -> str:
    """Writes a number with its thousands parted: "1.350". Mostly a small one, again and again."""
    from babel.numbers import format_decimal  # noqa: PLC0415  as above

    return format_decimal(number, locale=_locale(language))


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one file in one language. In a template: `{{ t.title }}`, or `{{ t("papers", n=3) }}`."""

    language: str
    sentences: Mapping[str, Sentence]

    def __getitem__(self, key: str) -> str:
        return self(key)

    def __call__(self, key: str, /, **values: str | int) -> str:
        """Fills in a sentence; what looks like a placeholder in a value stays as it is.

        With a `Markup` among the values it is one itself, and everything else is escaped. Raises KeyError for a
        sentence or a value that is not there.
        """
        sentence, number = self.sentences[key], values.get(COUNT, values.get(NUMBER))
        if not isinstance(sentence, str):
            forms = sentence
            form = _locale(self.language).plural_form(number) if isinstance(number, int) else "other"
            sentence = forms.get(form) or forms["other"]
        written = {name: self._write(value) for name, value in values.items()}
        if any(isinstance(value, Markup) for value in written.values()):
            return escape(sentence).format_map(written)
        return sentence.format_map(written)

    def _write(self, value: str | int) -> str:
        return write_number(value, self.language) if isinstance(value, int) else value


TextsByLanguage = Mapping[str, Texts]  # English stands for a language that is not there


def pick(texts: TextsByLanguage, language: str) -> Texts:
    """Gives the sentences in this language, or in English."""
    return texts.get(language) or texts[FALLBACK_LANGUAGE]


def load_texts(
    text: str, file: str, *, shipped: TextsByLanguage | None = None, former: Collection[str] = ()
) -> TextsByLanguage:
    """Reads such a file. Raises ConfigError with everything wrong in it: each language has what English has.

    `shipped` are the sentences that the program comes with, where `text` is somebody's own copy of their file: it has
    to have the same placeholders, and what it does not say is said as there. `former` are keys of copies made for an
    earlier version, which say nothing any more.
    """
    remedy = f"correct {file}, or delete your copy to use the shipped one"
    try:
        document = _parse(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not YAML ({str(error).splitlines()[0]}); {remedy}") from error
    if not isinstance(document, dict) or not isinstance(document.get(FALLBACK_LANGUAGE), dict):
        raise ConfigError(f"{file} must have the language {FALLBACK_LANGUAGE!r}, with its sentences; {remedy}")
    found, problems = dict[str, dict[str, Sentence]](), list[str]()
    for language, sentences in ((str(language), document[language]) for language in document):
        if not isinstance(sentences, dict):
            problems.append(f"{language}: expected sentences by their keys")
            continue
        known = shipped[language].sentences if shipped and language in shipped else {}
        unbroken = _without_loose_marks if language == "fr" else _as_it_is
        own = {key: unbroken(sentence) for key, sentence in _ungrouped(sentences).items() if key not in former}
        found[language] = {**known, **own}
    english = shipped[FALLBACK_LANGUAGE].sentences if shipped else found[FALLBACK_LANGUAGE]
    problems += [problem for language in found for problem in _problems(language, found[language], english)]
    if problems or not english:
        raise ConfigError(f"{file} is not usable; {remedy}:", tuple(problems) or ("it has no sentences",))
    return {language: Texts(language, sentences) for language, sentences in found.items()}


@lru_cache(maxsize=16)
def _parse(text: str) -> object:
    """Parses a file once a process: a clock builds its renderer at each tick. What comes back is not to be changed."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  both make nothing but plain values


def _ungrouped(sentences: Mapping[object, Sentence]) -> dict[str, Sentence]:
    """Gives what stands in groups the key of its group before its own."""
    flat = dict[str, Sentence]()
    for key, value in sentences.items():
        if isinstance(value, dict) and value and not value.keys() & _PLURAL_FORMS:
            flat |= {f"{key}.{name}": sentence for name, sentence in value.items()}
        else:
            flat[str(key)] = value
    return flat


def _as_it_is(sentence: Sentence) -> Sentence:
    return sentence


def _without_loose_marks(sentence: Sentence) -> Sentence:
    """Binds French marks to their words: a screen would break a line between them, at the blank that they have."""
    if isinstance(sentence, dict):
        return {
            form: _LOOSE_BLANK.sub("\u00a0", words) if isinstance(words, str) else words
            for form, words in sentence.items()
        }
    return _LOOSE_BLANK.sub("\u00a0", sentence) if isinstance(sentence, str) else sentence


def _problems(language: str, sentences: Mapping[str, Sentence], english: Mapping[str, Sentence]) -> list[str]:
    problems = [f"{language}.{key}: is missing" for key in english if key not in sentences]
    problems += [f"{language}.{key}: is no sentence that the program knows" for key in sentences if key not in english]
    for key in english.keys() & sentences.keys():
        problems += [f"{language}.{key}: {what}" for what in _faults(sentences[key], english[key], language)]
    return sorted(problems)


def _faults(sentence: object, english: Sentence, language: str) -> list[str]:
    forms = sentence if isinstance(sentence, dict) else {"other": sentence}
    if not isinstance(sentence, str) and "other" not in forms:
        return ["expected a sentence, or plural forms with 'other' among them"]
    try:
        known = {"other", *_locale(language).plural_form.tags}
    except ValueError:
        return ["is of a language that nobody knows"]
    faults = [f"has no plural form {form!r} in this language" for form in forms if form not in known]
    try:
        allowed = _names(english)
    except (ValueError, TypeError, AttributeError):  # what is wrong with it is said of English
        allowed = set()
    for form, words in forms.items():
        if not isinstance(words, str) or not words.strip():
            faults.append("expected words")
            continue
        try:
            names = _names(words)
        except ValueError:
            faults.append("a brace is open; write {{ for one that stands for itself")
            continue
        faults += [f"{{{name}}} is no placeholder here" for name in sorted(names - allowed)]
        if form == "other":  # that of one number may say it without
            faults += [f"{{{name}}} is missing" for name in sorted(allowed - names - {NUMBER})]
    return faults


def _names(sentence: Sentence) -> set[str]:
    forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return {name for words in forms for _, name, _, _ in Formatter().parse(words) if name is not None}
