"""What a reader is told of a change to their profile: in every language whole, and with nothing of another one."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from newsletter.errors import ConfigError
from newsletter.mail.inbound.command_words import WORDS
from newsletter.mail.sample_digest import FILLED_UP, NOTHING
from newsletter.model import Digest, Frequency, Paper, Profile, ProfileRevision, RevisionOrigin, Subscriber, Topic
from newsletter.phrases import Phrase
from newsletter.services import profile_answers, reader_texts
from newsletter.subscribers import MAX_REVISIONS, profile_diff, profile_yaml
from newsletter.texts import LANGUAGES, Texts
from tests import make
from tests.languages import OTHER_LANGUAGES, foreign_words, known_words

TEXTS = reader_texts.load("profile_answers")
BEFORE = make.subscriber(profile=Profile((Topic("Aa", "x"), Topic("Bb", "y", "z")), "me", ("p", "q")))
AFTER = replace(
    BEFORE,
    profile=Profile((Topic("Cc", "w"), Topic("Bb", "yy")), "", ("q", "p"), ("r",), language="de"),
    categories=("cs.AI",),
    papers=("own.bib", "2601.00009"),
    zone="Etc/GMT-8",
    send_at=time(9, 5),
    frequency=Frequency.WEEKLY,
)
#: What is no sentence: settings and their values, and the reader's own words.
DATA = [
    "topics about keywords like avoid papers categories relevant irrelevant language frequency daily weekly",
    "time_zone send_at Etc/GMT Europe/Berlin Asia Australia Shanghai Singapore Hong Kong Perth Manila own.bib Title",
]


def tell(t: Texts, after: Subscriber = AFTER, number: int = MAX_REVISIONS + 1, text: str = "max_papers: 3") -> str:
    revision = ProfileRevision(
        BEFORE.subscriber_id, number, datetime(2026, 1, 6, tzinfo=UTC), RevisionOrigin.REPLY, text
    )
    return "\n".join(profile_answers.describe(BEFORE, after, revision, t))


def digest_of(*ids: str, nearest: int = 0) -> Digest:
    entry = FILLED_UP.entries[0]
    entries = tuple(replace(entry, paper=Paper(each, 1, f"Title {each}", (), "", ("cs.LG",))) for each in ids)
    return replace(NOTHING, entries=entries, counts=replace(NOTHING.counts, nearest=nearest))


IDS = tuple(f"2601.0000{number}" for number in range(9))
PAIRS = [
    (None, digest_of(IDS[0])),
    (digest_of(), digest_of()),
    (digest_of(IDS[0]), digest_of(IDS[0], nearest=1)),
    (digest_of(IDS[0]), digest_of(IDS[1])),
    (digest_of(IDS[0]), digest_of(*IDS, nearest=2)),
    (digest_of(*IDS), digest_of()),
]


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_an_answer_has_no_word_of_another_language(language: str) -> None:
    t = TEXTS[language]
    said = [tell(t), tell(t, BEFORE, 1), tell(t, BEFORE, 2, ""), tell(t, replace(BEFORE, zone="EST"))]
    said += ["\n".join(profile_answers.compare(old, new, t)) for old, new in PAIRS]
    dates = [profile_answers.write_short_date(on, language) for on in NOTHING.announced_on]
    for text in said:
        assert not foreign_words(text, known_words([t], [*DATA, *dates])), text
        assert "{" not in text


def test_there_are_answers_in_every_language() -> None:
    assert set(TEXTS) == set(LANGUAGES) == set(WORDS)


def test_every_line_of_a_difference_is_an_item_of_a_list() -> None:
    lines = tell(TEXTS["en"]).splitlines()
    assert lines[:3] == [
        f"Your profile is changed (revision {MAX_REVISIONS + 1}); the next mail follows it.",
        "",
        "What is different now:",
    ]
    assert "- topics: new “Cc”" in lines
    assert any(line.startswith("- time_zone: Etc/GMT-8 is UTC+08:00, in summer, too; name a city") for line in lines)
    assert lines[-2:] == [
        "",
        f"Of your profile the last {MAX_REVISIONS} revisions are kept; the ones before them are not.",
    ]


def test_a_number_that_was_not_written_before_or_is_no_more_is_told_without_the_word_for_nothing() -> None:
    with_number = replace(BEFORE, full=5)
    before_and_after = [(BEFORE, with_number), (with_number, BEFORE), (with_number, replace(BEFORE, full=0))]
    told = [profile_diff.differences(before, after, TEXTS["en"]) for before, after in before_and_after]
    assert told == [("full: new 5",), ("full: empty now",), ("full: 0 instead of 5",)]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (1, ["0 papers, the same as before."]),
        (2, ["1 paper, the same as before (1 of them below your cut-offs, as the nearest)."]),
        (3, ["1 paper.", "New:", "- Title 2601.00001", "Gone:", "- Title 2601.00000"]),
        (5, ["0 papers instead of 9.", "Gone:", *(f"- Title {each}" for each in IDS[:5]), "- and 4 more"]),
    ],
)
def test_a_comparison_names_what_is_new_and_gone(pair: int, said: list[str]) -> None:
    old, new = PAIRS[pair]
    heading, *lines = profile_answers.compare(old, replace(new, announced_on=(date(2026, 1, 5),)), TEXTS["en"])
    assert heading == "What the announcement of 5 January 2026 would have given:"
    assert lines == said


BROKEN = "max_papers: 300\nmin_relevence: 9\nlanguage: xx\ntopics: 5\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_mistakes_are_named_in_the_readers_language_with_their_lines(language: str) -> None:
    with pytest.raises(ConfigError) as caught:
        profile_yaml.read(BROKEN, BEFORE)
    said = profile_answers.refuse(caught.value, TEXTS[language])
    assert len(said.splitlines()) == len(caught.value.problems) + 3
    assert all(f"{each.values['line']}" in said for each in caught.value.problems if isinstance(each, Phrase))
    texts = [TEXTS[language], reader_texts.load("profile_problems")[language]]
    if language != "en":
        assert not foreign_words(said, known_words(texts, ["max_papers min_relevence min_relevance language topics"]))


def test_mistakes_that_are_not_listed_are_counted() -> None:
    problems = (
        *(Phrase("line {line}: {text}", line=f"{n}", text="missing") for n in range(3)),
        Phrase("and {n} more after these", n=7),
    )
    said = profile_answers.refuse(ConfigError("x", problems), TEXTS["de"])
    assert said.startswith("Nichts wurde geändert. Im Profil sind 10 Fehler:")
