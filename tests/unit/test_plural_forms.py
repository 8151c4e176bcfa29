"""Each sentence with a number of things has a singular, in languages that have one, or is right for one as it stands.

The kind: "1 pertinents pour vous", "at most 1 papers", "Of the 1 papers announced".
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from newsletter.model import Counts
from newsletter.web.archive.day import day_view
from newsletter.web.archive.urls import ArchiveUrls
from tests import make
from tests.archives import RENDERER, TEXTS, digest, pages
from tests.languages import SpokenText

TEMPLATES = Path(__file__).parents[2] / "templates"
SINGULAR = ("en", "de", "fr", "es", "pt", "it")
COUNTS = {"n", "nearest", "passed", "before", "announced", "scanned", "relevant", "most", "kept", "all"}
ALIKE = {  # by the languages that say it alike of one and of many
    "en de fr es pt it": "minutes for_you subject_nearest filled of_them_below diff.value raise_most limited_on",
    "en de fr es pt": "and_more more",
    "en de es pt": "not_scored subject_more more_papers",
    "en de": "announced scanned relevant both_for_you subject_both",
    "en": "more_passed judged nearest",
}
NUMBERED = {"topic", "move_up", "move_down", "remove_topic", "moved"}  # a place, and not how many
NEVER_ONE = {
    # a limit of the program, or what is beyond one
    *("full_text", "limits", "gone", "too_long", "enough", "not_kept", "long_text", "line", "prose", "paper"),
    *("feed_long", "name_wrong", "words_wrong", "categories_many", "too_many", "lower_or_fill", "last_days"),
    "your_categories",  # more are counted than named
    "counts_cut",  # more are relevant than a mail has
    *("days_so_far", "on_all_days", "without", "only_nearest"),  # of one day another sentence is said
}


@cache
def texts(path: Path) -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return loaded


def files() -> list[Path]:
    return [path for path in sorted(TEMPLATES.rglob("*.yaml")) if path.name != "theme.yaml"]


def sentences(group: dict[str, object], prefix: str = "") -> dict[str, object]:
    found = dict[str, object]()
    for key, value in group.items():
        is_group = isinstance(value, dict) and "other" not in value
        found |= sentences(value, f"{prefix}{key}.") if is_group else {f"{prefix}{key}": value}  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("language", SINGULAR)
@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_what_counts_has_a_singular_or_is_right_for_one(path: Path, language: str) -> None:
    own = sentences(texts(path)[language])
    single = {
        key
        for key, words in own.items()
        if isinstance(words, str) and {*re.findall(r"\{(\w+)\}", words)} & COUNTS and "one" not in words
    }
    alike = {key for languages, keys in ALIKE.items() if language in languages.split() for key in keys.split()}
    assert sorted(single - alike - NUMBERED - NEVER_ONE) == []
    assert [key for key, words in own.items() if isinstance(words, dict) and "one" not in words] == []


def test_the_lists_name_nothing_that_is_gone() -> None:
    there = {key for path in files() for key in sentences(yaml.safe_load(path.read_text("utf-8"))["en"])}
    listed = {*" ".join(ALIKE.values()).split(), *NUMBERED, *NEVER_ONE}
    assert listed - there == set()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1 announced", "1 scanned", "1 relevant"]),
        ("de", ["1 angekündigt", "1 durchgesehen", "1 für Sie relevant"]),
        ("fr", ["1 annoncé", "1 examiné", "1 pertinent pour vous"]),
        ("es", ["1 anunciado", "1 revisado", "1 relevante para usted"]),
        ("pt", ["1 anunciado", "1 analisado", "1 relevante para si"]),
        ("it", ["1 annunciato", "1 esaminato", "1 rilevante per Lei"]),
    ],
)
def test_a_number_in_bold_has_its_singular_too(language: str, said: list[str]) -> None:
    one = Counts(announced=1, scanned=1, relevant=1, shown=1, not_scored=0)
    profile = replace(make.subscriber().profile, language=language)
    of_one = digest(counts=one, subscriber=make.subscriber(profile=profile))
    rendered = RENDERER.render(of_one)
    for words in (SpokenText(rendered.html).plain, rendered.text):
        plain = " ".join(words.split())
        assert [each for each in said if not re.search(rf"{each}(?!\w)", plain)] == []
    shown = day_view(of_one, "", TEXTS[language], earlier=None, later=None)
    page = pages()._render("day.html", ArchiveUrls(is_served=False), TEXTS[language], d=shown)
    assert [each for each in said[:2] if not re.search(rf"{each}(?!\w)", SpokenText(page).plain)] == []
