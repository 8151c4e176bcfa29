"""A profile as YAML and back: laws, what mail programs do to it, and mistakes. Bad ones lie in tests/bad_profiles."""

import unicodedata
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.files import resources, yaml_nodes
from newsletter.line_breaks import columns
from newsletter.model import AnnounceType, Frequency, Profile, Subscriber, Topic
from newsletter.papers.pinned_authors import author_problem
from newsletter.papers.taxonomy import CATEGORIES
from newsletter.subscribers.profile_repair import repair
from newsletter.subscribers.profile_yaml import MAIL_WIDTH, MAX_CHARS, is_blank, read, read_with_keys, write, write_keys
from newsletter.subscribers.subscribers_yaml import parse_file
from tests import ROOT, make

COMMENTS = resources.load_texts("templates/texts/profile_comments.yaml")
BAD = sorted((ROOT / "tests/bad_profiles").glob("*.yaml"))
RITA = make.subscriber()
WHOLE = Profile(RITA.profile.topics, "me", ("graph",), ("survey",))


def is_line(text: str) -> bool:
    breaks = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text)
    return bool(text) and text == text.strip() and not breaks


_ODD = " \u00a0:#-“”'\"[]>|&*!%@`\\,"
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.sampled_from(_ODD)
LINES = st.text(CHARACTERS, min_size=1, max_size=100).map(str.strip).filter(is_line)
AUTHORS = LINES.map(lambda line: f"Bo {line}"[:100].strip()).filter(lambda name: not author_problem(name))
PROSE = st.lists(st.text(CHARACTERS, max_size=90), max_size=4).map("\n".join).map(str.strip)


@st.composite
def subscribers(draw: st.DrawFn) -> Subscriber:
    names = draw(st.lists(LINES, max_size=4, unique=True))
    topics = tuple(Topic(name, draw(PROSE.filter(bool)), draw(PROSE)) for name in names)
    like = tuple(draw(st.lists(LINES, min_size=0 if topics else 1, max_size=5, unique=True)))
    kinds = draw(st.lists(st.sampled_from(list(AnnounceType)), min_size=1, unique=True))
    return make.subscriber(
        profile=Profile(
            topics,
            draw(PROSE),
            like,
            tuple(draw(st.lists(LINES, max_size=5, unique=True))),
            draw(st.sampled_from(["en", "de", "fr", "es", "pt", "it", "zh", "ja"])),
        ),
        zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"])),
        send_at=draw(st.times().map(lambda at: at.replace(second=0, microsecond=0))),
        frequency=draw(st.sampled_from(Frequency)),
        weekday=draw(st.integers(0, 6)),
        categories=tuple(draw(st.lists(st.sampled_from(sorted(CATEGORIES)), min_size=1, max_size=9, unique=True))),
        announce_types=tuple(kinds),
        pinned_authors=tuple(draw(st.lists(AUTHORS, max_size=3, unique=True))),
        min_relevance=draw(st.integers(1, 10)),
        min_novelty=draw(st.integers(1, 10)),
        max_papers=draw(st.integers(1, 500)),
        full=draw(st.none() | st.integers(0, 20)),
    )


@settings(max_examples=120)
@given(subscribers())
def test_what_is_written_is_read_as_it_was(one: Subscriber) -> None:
    assert read(write(one, COMMENTS[one.profile.language]), RITA) == one
    assert read(write(one), RITA) == one


@given(subscribers())
def test_what_is_written_survives_being_quoted_and_windows_line_ends(one: Subscriber) -> None:
    text = write(one, COMMENTS[one.profile.language])
    assert repair(text) == text
    for mark in ("> ", ">", "> > ", ">> "):
        quoted = "".join(f"{mark}{line}".rstrip() + "\r\n" for line in text.splitlines())
        assert read(quoted, RITA) == one


ODD_SIGNS = [*"“«»„’：:–•‣>|-[]{},#\"'\\\n\u00a0\u3000 a0", "like：", "name: "]
ODD_WORDS = st.lists(st.sampled_from(ODD_SIGNS), min_size=1).map("".join)


@given(st.lists(ODD_WORDS.filter(str.strip).map(str.strip), min_size=1, max_size=4))
@example(["«»"])
@example(["“a”, b", "like：x"])
def test_what_the_operator_says_is_read_word_by_word_whatever_signs_it_has(words: list[str]) -> None:
    said = {"topics": [{"name": "a", "relevant": words[0]}], "keywords": {"like": words}, "about": "\n".join(words)}
    root, problems = yaml_nodes.read(repair(write_keys(said)))
    assert root is not None
    assert not problems
    assert yaml_nodes.plain(root) == said


@pytest.mark.parametrize("number", range(3))
def test_the_sample_profiles_survive_and_no_mail_program_has_to_break_their_lines(number: int) -> None:
    one = parse_file((ROOT / "subscribers.yaml").read_bytes(), source="subscribers.yaml").subscribers[number]
    text = write(one)
    same = ("subscriber_id", "email", "name", "has_chosen_relevance")
    assert read(text, replace(RITA, **{key: getattr(one, key) for key in same})) == one
    assert max(map(len, text.splitlines())) <= 70


def test_every_key_is_written_and_explained() -> None:
    text = write(replace(RITA, full=5), COMMENTS["en"])
    assert set(read_with_keys(text, RITA)[1]) == {
        *(
            "topics",
            "about",
            "keywords.like",
            "keywords.avoid",
            "pinned_authors",
            "papers",
            "categories",
            "announce_types",
            "updates",
        ),
        *("min_relevance", "min_novelty", "max_papers", "language", "frequency", "weekday", "send_at", "time_zone"),
        *("group_by_topic", "empty_mail", "weekly_best", "at_least", "full", "zotero"),
    }
    assert text.count("\n# ") >= 10


@pytest.mark.parametrize("language", COMMENTS)
def test_comments_are_in_one_language_and_fit_a_mail(language: str) -> None:
    comments = [line for line in write(RITA, COMMENTS[language]).splitlines() if line.startswith("#")]
    assert all(columns(line) <= MAIL_WIDTH for line in comments)
    if language != "en":
        own, english = COMMENTS[language].sentences, COMMENTS["en"].sentences
        assert not [key for key in own if own[key] == english[key]]


# --- what a text means


def test_what_a_text_leaves_out_stays_and_lists_are_replaced() -> None:
    rita = make.subscriber(profile=WHOLE, paused_until=date(2027, 1, 1))
    changed = read("min_relevance: 9\nkeywords:\n  like: [tree]\nsend_at: 6:50", rita)
    profile = replace(rita.profile, like=("tree",))
    assert changed == replace(rita, min_relevance=9, profile=profile, send_at=time(6, 50))
    assert read_with_keys("keywords: {like: [tree]}", rita)[1] == ("keywords.like",)


def test_yes_and_no_are_said_as_yaml_has_them() -> None:
    rita = read("group_by_topic: yes\nempty_mail: True", make.subscriber())
    assert (rita.group_by_topic, rita.empty_mail) == (True, True)
    assert read(write(rita), make.subscriber()) == rita
    with pytest.raises(ConfigError, match="group_by_topic") as refused:
        read("group_by_topic: sometimes", rita)
    assert "expected true or false" in str(refused.value)


def test_whoever_empties_a_value_means_none() -> None:
    rita = make.subscriber(profile=WHOLE, pinned_authors=("Bo",))
    text = "about:\npinned_authors:\nkeywords:\ntopics:\n  - name: T\n    relevant: R\n    irrelevant:\n  -\n"
    changed = read(text, rita)
    assert changed.profile == Profile((Topic("T", "R"),))
    assert changed.pinned_authors == ()


@pytest.mark.parametrize("text", ["", " \n\u00a0\n", ">\n> \n", "\ufeff"])
def test_a_text_without_anything_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank("# a comment")


# --- what mail programs and keyboards do to it


@pytest.mark.parametrize(
    "text",
    [
        'topics:\n  - name: "A: b"\n    relevant: "it\'s"\n',
        "topics:\n  - name: “A: b”\n    relevant: ‘it's’\n",
        "topics:\n\u00a0 - name: „A: b“\n\u00a0\u00a0\u00a0 relevant:\u00a0it's\u00a0\n",
        "topics：\n  – name： «A: b»\n    relevant： it's\n",
        "\ufefftopics:\r\n  •\u00a0name: 'A: b'\r\n    relevant: >-\r\n      it's\r\n",
        "```yaml\ntopics:\n  - name: 'A: b'\n    relevant: |\n      it's\n```\n",
        ">topics:\n>  - name: 'A: b'\n>    relevant: it's\n",
        "> topics:\n>\n>   - name: 'A: b'\n>     relevant: >-\n>       it's",
        "    topics:\n      - name: 'A: b'\n        relevant: it's\n",
    ],
)
def test_what_is_surely_meant_is_taken_as_meant(text: str) -> None:
    assert read(text, RITA).profile.topics == (Topic("A: b", "it's"),)


@pytest.mark.parametrize(
    "text",
    [
        "about: Somebody who reads about graphs\nand trees, too\nlanguage: de",
        "about: >-\n  Somebody who reads\n  about graphs\nand trees, too\nlanguage: de",
        "about: >-\nSomebody who reads about graphs and\ntrees, too\nlanguage: de",
        'about: "Somebody who reads about graphs\nand trees, too"\nlanguage: de',
    ],
)
def test_a_line_that_a_mail_program_has_broken_is_one_again(text: str) -> None:
    profile = read(text, RITA).profile
    assert (profile.about, profile.language) == ("Somebody who reads about graphs and trees, too", "de")


@pytest.mark.parametrize("colon", [":\u00a0", "：", "： ", ":\u3000"])
@pytest.mark.parametrize("key", ["min_novelty", "max_papers", "language", "frequency", "time_zone"])
def test_an_odd_space_or_colon_after_a_key_makes_it_no_rest_of_the_line_before(key: str, colon: str) -> None:
    one = make.subscriber(profile=WHOLE)
    assert read(write(one).replace(f"{key}: ", f"{key}{colon}"), RITA) == one


def test_curly_quotes_in_a_list_on_one_line_are_quotes() -> None:
    assert read("keywords: {like: [x]}\npinned_authors: [“Berg, Bo”, „Ada’s“, Eve]", RITA).pinned_authors == (
        "Berg, Bo",
        "Ada’s",
        "Eve",
    )


def test_curly_quotes_and_dashes_inside_a_text_stay() -> None:
    text = "about: >-\n  “So-called” agents\n  – not the others –\n  name： x\n"
    text += "topics: [{name: T, relevant: “a” or “b”}]"
    profile = read(text, RITA).profile
    assert profile.about == "“So-called” agents – not the others – name： x"
    assert profile.topics == (Topic("T", "“a” or “b”"),)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("our #1 topic", "our #1 topic"),
        ("#1 is sparse attention", "#1 is sparse attention"),
        ("sparse attention # I think", "sparse attention"),  # a comment like those of the profile itself
        ("'sparse' # or dense", "sparse"),
    ],
)
def test_a_text_is_not_cut_at_a_number_sign_that_belongs_to_it(written: str, meant: str) -> None:
    assert read(f"about: {written}", make.subscriber()).profile.about == meant
    for topic in (written, f"relevant: {written}"):
        assert read(f"topics:\n  - {topic}", make.subscriber()).profile.topics == (Topic(meant, meant),)


# --- mistakes


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(text, RITA)
    return caught.value.problems


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_profile_is_answered_with_the_expected_lines(path: Path) -> None:
    """To add a case: a NAME.yaml, and NAME.txt with one expected line for each problem."""
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert list(problems(path.read_bytes().decode("utf-8"))) == expected


def test_a_profile_above_the_limit_is_refused_and_very_many_problems_are_counted() -> None:
    assert problems("#" * (MAX_CHARS + 1)) == (
        "line 1: found 250,001 characters, expected at most 250,000; shorten the profile",
    )
    found = problems("topics:\n" + "  - {name: T}\n" * 60)
    assert (len(found), found[-1]) == (51, "and 10 more after these")


_PIECES = st.sampled_from(
    [
        *("topics: ", "topics:\n", "- ", "  ", "\n", "name: x", "relevant: ", "keywords: ", "like: ", "[", "]"),
        *("about: >-\n", "  text\n", "“", "”", "> ", "\u00a0", "：", "*a", "&a ", "!!int ", "---\n", "'"),
        *("email: x\n", "paused_until: 2027-01-01\n", "send_at: ", "7:30", "max_papers: 0\n", "~", "\0"),
        *("# c\n", "? ", "- - ", "– ", "\t", "9" * 500, "\ufeff", "\x85", "\u2028", "{", "}", '"', "\\"),
        *("```\n", "%", "\ud800", "word\n"),
    ]
)


@settings(max_examples=100)
@given(st.text() | st.lists(_PIECES, max_size=25).map("".join))
@example("[" * 5_000)
@example("- " * 100_000)
@example("> " * 100_000)
@example(">" * 200_000)
@example("a: " * 80_000)
@example("about: >" + " " * 200_000 + "x")
@example("“" * 200_000)
def test_any_text_gives_a_subscriber_or_lines_of_problems(text: str) -> None:
    lines: tuple[str, ...] = ()
    try:
        changed = read(text, RITA)
    except ConfigError as error:
        lines = error.problems
    else:
        assert (changed.subscriber_id, changed.email, changed.name) == (RITA.subscriber_id, RITA.email, RITA.name)
        assert read(write(changed), RITA) == changed
        return
    assert lines
    assert all(line.isprintable() for line in lines)
