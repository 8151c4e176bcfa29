"""subscribers.yaml: what it means, what is refused and in which words. Bad files lie in tests/bad_subscribers."""

import json
import re
from datetime import date, time
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from newsletter.addresses import base_address, subscriber_id
from newsletter.cli.schema import command as schema_command
from newsletter.errors import ConfigError
from newsletter.files import yaml_nodes
from newsletter.model import AnnounceType, Frequency, Profile, Subscriber, Topic
from newsletter.subscribers.profile_yaml import read
from newsletter.subscribers.schema import json_schema
from newsletter.subscribers.subscribers_yaml import parse_file, parse_profiles
from tests import ROOT

PREFERENCES = tuple(json_schema()["$defs"]["Preferences"]["properties"])
BAD = sorted((ROOT / "tests/bad_subscribers").glob("*.yaml"))
SMALL = "subscribers:\n  - email: ada@example.org\n    categories: [cs.LG]\n    keywords: {like: [graph]}\n"


def one(extra: str = "", *, defaults: str = "") -> Subscriber:
    """The one subscriber of a small file with these lines added."""
    lines = "".join(f"    {line}\n" for line in extra.splitlines())
    (subscriber,) = parse_file(f"{defaults}{SMALL}{lines}", source="subscribers.yaml").subscribers
    return subscriber


def problems(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse_file(text, source="subscribers.yaml")
    return caught.value.problems


# --- what a file means


def test_what_is_not_written_has_the_documented_default() -> None:
    assert one() == Subscriber(
        subscriber_id="s_z7qa3xsg",
        email="ada@example.org",
        name="",
        zone="UTC",
        send_at=time(7, 10),
        frequency=Frequency.WEEKDAYS,
        weekday=0,
        categories=("cs.LG",),
        announce_types=(AnnounceType.NEW, AnnounceType.CROSS),
        profile=Profile(topics=(), like=("graph",)),
        pinned_authors=(),
        min_relevance=7,
        min_novelty=4,
        max_papers=30,
        paused_until=None,
        has_chosen_relevance=False,
    )


def test_every_key_reaches_the_subscriber() -> None:
    text = """
subscribers:
  - email: ada+papers@Example.org
    name: Ada Nováková
    time_zone: Asia/Kathmandu
    send_at: "23:59"
    frequency: weekly
    weekday: Friday
    categories: [hep-th, cond-mat.str-el]
    announce_types: [replace-cross, new]
    about: Who I am.
    topics:
      - {name: Strings, relevant: yes please, irrelevant: none of that}
    keywords: {like: [brane], avoid: [survey]}
    pinned_authors: [Bo Berg]
    min_relevance: 1
    min_novelty: 10
    max_papers: 500
    language: zh
    paused_until: 2027-01-31
"""
    (subscriber,) = parse_file(text, source="subscribers.yaml").subscribers
    assert subscriber == Subscriber(
        subscriber_id=subscriber_id("ada@example.org"),
        email="ada+papers@example.org",
        name="Ada Nováková",
        zone="Asia/Kathmandu",
        send_at=time(23, 59),
        frequency=Frequency.WEEKLY,
        weekday=4,
        categories=("hep-th", "cond-mat.str-el"),
        announce_types=(AnnounceType.REPLACE_CROSS, AnnounceType.NEW),
        profile=Profile(
            topics=(Topic("Strings", "yes please", "none of that"),),
            about="Who I am.",
            like=("brane",),
            avoid=("survey",),
            language="zh",
        ),
        pinned_authors=("Bo Berg",),
        min_relevance=1,
        min_novelty=10,
        max_papers=500,
        paused_until=date(2027, 1, 31),
    )


def test_a_subscriber_overrides_defaults_key_by_key() -> None:
    defaults = "defaults: {language: de, min_relevance: 9, categories: [math.PR], max_papers: 3}\n"
    subscriber = one("min_relevance: 5", defaults=defaults)
    assert (subscriber.profile.language, subscriber.max_papers) == ("de", 3)
    assert (subscriber.min_relevance, subscriber.categories) == (5, ("cs.LG",))


@pytest.mark.parametrize(
    ("defaults", "lines", "expected"),
    [("", "", 6), ("", "min_relevance: 7", 7), ("defaults: {min_relevance: 8}\n", "", 8), ("defaults: {}\n", "", 6)],
    ids=["nothing is set", "the subscriber sets one", "the defaults set one", "the defaults set none"],
)
def test_the_scorers_own_cut_off_holds_for_whom_the_file_sets_none(defaults: str, lines: str, expected: int) -> None:
    body = f"{defaults}{SMALL}    {lines}\n"
    file = parse_file(body, source="s", min_relevance=6)
    assert file.subscribers[0].min_relevance == expected
    assert file.defaults.min_relevance == (8 if "8" in defaults else 6)


def test_topics_of_the_defaults_hold_for_who_has_none() -> None:
    defaults = "defaults: {topics: [{name: Graphs, relevant: All of them}]}\n"
    assert one(defaults=defaults).profile.topics == (Topic("Graphs", "All of them"),)
    own = one("topics: [{name: Trees, relevant: Some}]", defaults=defaults)
    assert own.profile.topics == (Topic("Trees", "Some"),)
    assert one("topics: []", defaults=defaults).profile.topics == ()


LONG = "papers on how models of language come to know what they were never told, and how one could see that"


@pytest.mark.parametrize(
    ("written", "topics"),
    [
        ("topics: [AI safety, ' RAG. ']", [Topic("AI safety", "AI safety"), Topic("RAG", "RAG.")]),
        (
            "topics:\n  - AI safety\n  - name: Graphs\n    relevant: All",
            [Topic("AI safety", "AI safety"), Topic("Graphs", "All")],
        ),
        ("topics: [{relevant: AI safety}]", [Topic("AI safety", "AI safety")]),
        ("topics: [{relevant: AI safety, irrelevant: Cars}]", [Topic("AI safety", "AI safety", "Cars")]),
        (f"topics:\n  - >\n    {LONG}", [Topic("papers on how models of language come to know what they…", LONG)]),
    ],
    ids=["lines of words", "beside a whole one", "no name", "no name and something irrelevant", "many words"],
)
def test_a_topic_may_be_words_alone_or_have_no_name(written: str, topics: list[Topic]) -> None:
    assert list(one(written).profile.topics) == topics
    indented = "".join(f"  {line}\n" for line in written.splitlines())
    assert list(one(defaults=f"defaults:\n{indented}").profile.topics) == topics
    assert list(read(written, one()).profile.topics) == topics  # as readers write it
    (profile,) = parse_profiles(f"- name: p\n  categories: [cs.LG]\n{indented}", source="profiles.yaml")
    assert list(profile.profile.topics) == topics


def test_topics_that_begin_alike_have_names_of_their_own_wherever_they_are_written() -> None:
    ending = "code generation, repair and testing of programs in industry, with formal methods"
    alike = [f"Large language models for {ending} {which}" for which in ("one", "two")]
    lines = "".join(f"  - {words}\n" for words in alike)
    written = f"topics:\n{lines}  - {{name: Code, relevant: Programs}}\n  - Code\n"
    indented = "".join(f"  {line}\n" for line in written.splitlines())
    (profile,) = parse_profiles(f"- name: p\n  categories: [cs.LG]\n{indented}", source="profiles.yaml")
    for topics in (
        one(defaults=f"defaults:\n{indented}").profile.topics,
        read(written, one()).profile.topics,
        profile.profile.topics,
    ):
        assert [topic.relevant for topic in topics] == [*alike, "Programs", "Code"]
        assert len({topic.name for topic in topics}) == 4


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "topics: [AI safety, AI safety]",
            'topics: found "AI safety" again, expected each topic once; remove one',
        ),
        (
            "topics: [{name: AI safety, relevant: Alignment}, {name: AI safety, relevant: Evaluation}]",
            'topics.name: found "AI safety" again, expected a name of its own for each topic',
        ),
        ("topics: ['name:AI safety']", 'a blank is missing after "name:"'),
        ("topics: ['–AI safety']", "the dash is"),
        ("topics: ['  ']", 'topics: found "  ", expected keys and values (name, relevant, irrelevant)'),
        ("topics: [{irrelevant: Cars}]", "topics.name: missing, expected a short name for the topic"),
        ("topics: [{relevant: ' ', irrelevant: Cars}]", "topics.name: missing, expected a short name for the topic"),
        ("topics: [[AI safety]]", "topics: found a list, expected keys and values (name, relevant, irrelevant)"),
        (f"topics: ['{'x' * 4001}']", "topics.relevant: "),
    ],
)
def test_what_seems_to_be_no_words_is_no_topic(written: str, problem: str) -> None:
    (found,) = problems(f"{SMALL}    {written}\n")
    assert found.startswith("subscribers.yaml:5: ")
    assert problem in found


def test_liked_and_avoided_keywords_override_each_on_its_own() -> None:
    profile = one(defaults="defaults: {keywords: {like: [tree], avoid: [survey]}}\n").profile
    assert (profile.like, profile.avoid) == (("graph",), ("survey",))


def test_an_empty_pause_ends_that_of_the_defaults() -> None:
    defaults = "defaults: {paused_until: 2027-01-31}\n"
    assert one(defaults=defaults).paused_until == date(2027, 1, 31)
    assert one("paused_until:", defaults=defaults).paused_until is None


@pytest.mark.parametrize("written", ["7:30", "07:30", '"07:30"', "'7:30'"])
def test_a_time_means_what_it_says_quoted_or_not(written: str) -> None:
    """YAML 1.1 reads an unquoted 7:30 as the number 450."""
    assert one(f"send_at: {written}").send_at == time(7, 30)


def test_numbers_and_yes_and_no_are_text_where_text_is_meant() -> None:
    subscriber = one("name: 007\nabout: no\ntopics: [{name: 2024, relevant: 1.10}]\npinned_authors: [true]")
    assert (subscriber.name, subscriber.profile.about) == ("007", "no")
    assert subscriber.profile.topics == (Topic("2024", "1.10"),)
    assert subscriber.pinned_authors == ("true",)


def test_repeated_entries_of_a_list_count_once() -> None:
    subscriber = one("announce_types: [cross, new, cross]\npinned_authors: [Bo, Al, Bo]")
    assert subscriber.announce_types == (AnnounceType.CROSS, AnnounceType.NEW)
    assert subscriber.pinned_authors == ("Bo", "Al")


def test_an_international_domain_is_kept_in_its_ascii_form() -> None:
    text = SMALL.replace("ada@example.org", "ada@bücher.example")
    assert parse_file(text, source="s").subscribers[0].email == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["Jürgen Weiß", "李雷", "Ольга", "نازنین‌زهرا", "Zoë 🦉", "O'Neill, Jr."])
def test_names_of_the_whole_world_are_welcome(name: str) -> None:
    assert one(f'name: "{name}"').name == name


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    data = b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()
    assert parse_file(data, source="s").subscribers == parse_file(SMALL, source="s").subscribers


def test_subscribers_keep_the_order_of_the_file() -> None:
    text = "defaults: {categories: [cs.LG], keywords: {like: [x]}}\nsubscribers:\n" + "".join(
        f"  - email: {name}@example.org\n" for name in ("zoe", "ada", "moe")
    )
    assert [s.email[:3] for s in parse_file(text, source="s").subscribers] == ["zoe", "ada", "moe"]


# --- what is refused


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_answered_with_the_expected_lines(path: Path) -> None:
    """To add a case: a NAME.yaml, and NAME.txt with one expected line for each problem."""
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert list(problems(path.read_bytes())) == expected


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML is installed without libyaml: nothing to compare")
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_both_yaml_parsers_find_the_same_lines(path: Path) -> None:
    loaders = (yaml.CSafeLoader, yaml.SafeLoader)
    found = [[p.line for p in yaml_nodes.read(path.read_bytes(), loader)[1]] for loader in loaders]
    assert found[0] == found[1]


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML's own parser takes {like:[x]} for one text")
def test_a_blank_that_is_missing_in_braces_is_named() -> None:
    (problem,) = problems("subscribers:\n  - email: ada@example.org\n    keywords: {like:[x]}\n")
    assert problem.endswith('in line 3 a blank is missing after "like:"')


def test_the_error_counts_its_problems_and_says_what_to_do() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_file("subscribers: []", source="subscribers.yaml")
    assert str(caught.value).startswith("subscribers.yaml has 1 problem; mend the file and run newsletter check:\n")


def test_very_many_problems_are_counted_but_not_all_printed() -> None:
    text = "subscribers:\n" + "  - {email: x, categories: [cs.LGG], keywords: {like: [x]}, time_zone: Berlim}\n" * 1_000
    found = problems(text)
    assert len(found) == 201
    assert found[-1] == "subscribers.yaml: and 2,800 more problems after these"


def test_too_many_subscribers_are_refused_before_they_are_looked_at() -> None:
    (problem,) = problems("subscribers:\n" + "  - {email: x}\n" * 1_001)
    assert problem == "subscribers.yaml:1: subscribers: found 1,001 entries, expected at most 1,000"


def test_a_value_of_a_megabyte_is_refused_without_being_printed() -> None:
    (problem,) = problems(SMALL + "    name: " + "x" * 1_000_000)
    assert "(1,000,000 characters)" in problem
    assert len(problem) < 200


def test_a_file_above_the_limit_is_refused() -> None:
    assert problems(b"#" * 1_048_577) == (
        "subscribers.yaml:1: found more than 1,048,576 bytes, expected at most that many; split the file",
    )


def test_a_file_of_very_many_values_is_refused() -> None:
    (problem,) = problems("subscribers: [" + "x," * 100_001 + "]")
    assert problem == "subscribers.yaml:1: found more than 100,000 values, expected fewer; split the file"


def test_a_lone_surrogate_is_an_error_and_not_a_traceback() -> None:
    (problem,) = problems(SMALL + "    name: \ud800")
    assert problem == "subscribers.yaml:5: found the unprintable character U+D800, expected readable text; remove it"


def test_problems_of_a_file_name_it() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_file("", source="lab.yaml")
    assert caught.value.problems == ("lab.yaml:1: found nothing, expected subscribers: and a list of them",)


# --- any input at all

_PIECES = st.sampled_from(
    [
        *SMALL.splitlines(keepends=True),
        "defaults:\n",
        "  topics: [{name: x}]\n",
        "  email: ",
        "&a ",
        "*a ",
        "!!set ",
        "? ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "\n",
        "  ",
        "\t",
        "'",
        '"',
        "|\n",
        ">-\n",
        "~",
        "\\U00ffffff",
        '"\\ud800"',
        "%",
        "---\n",
        "paused_until: ",
        "2026-02-30",
        "send_at: ",
        "categories: ",
        "keywords: ",
        "subscribers: ",
        "9" * 5_000,
        "\0",
        "\x85",
    ]
)


def _answers(source: str | bytes) -> None:
    """Subscribers or a ConfigError whose problems are printable lines; pytest fails on anything else."""
    lines: tuple[str, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    try:
        subscribers = parse_file(source, source="s").subscribers
    except ConfigError as error:
        lines = error.problems
    assert bool(lines) != bool(subscribers)
    assert all(line.isprintable() for line in lines)


@given(st.text() | st.binary() | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Nd"])))
@example("\ud800")
@example(b"\xfe\xff\x00a")
def test_any_text_or_bytes_give_subscribers_or_a_config_error(source: str | bytes) -> None:
    _answers(source)


@settings(max_examples=150)
@given(st.lists(_PIECES, max_size=25).map("".join))
@example("subscribers: [" * 5_000)
@example("{" * 100_000)
@example("- " * 100_000)
@example("? " * 100_000)
@example("a: " * 100_000)
@example("'" + "x" * 1_000_000)
def test_any_mixture_of_yaml_gives_subscribers_or_a_config_error(source: str) -> None:
    _answers(source)


KEYS = sorted(json_schema()["$defs"]["SubscriberEntry"]["properties"])


@given(st.data())
def test_any_value_under_any_key_gives_subscribers_or_a_config_error(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(KEYS))
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates()
    value = data.draw(st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
    entry = {"email": "ada@example.org", "categories": ["cs.LG"], "keywords": {"like": ["x"]}, key: value}
    _answers(yaml.safe_dump({"subscribers": [entry]}))


# --- addresses


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada+x+y@Example.ORG ", "ada@example.org"),
        ("+ada@example.org", "+ada@example.org"),
        ("ada", "ada"),
    ],
)
def test_the_base_address_is_lower_case_and_has_no_tag(address: str, base: str) -> None:
    assert base_address(address) == base


@given(st.text())
def test_the_base_address_of_a_base_address_is_itself(text: str) -> None:
    base = base_address(text)
    assert base_address(base) == base


@given(st.emails())
def test_an_id_is_short_safe_and_the_same_for_every_tag(email: str) -> None:
    local, _, domain = email.rpartition("@")
    assume(not local.startswith("+"))  # kept whole: there is nothing before the tag
    assert subscriber_id(email) == subscriber_id(f"{local}+tag@{domain.upper()}")
    assert len(subscriber_id(email)) == 10
    assert set(subscriber_id(email)[2:]) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_an_id_never_changes() -> None:
    assert subscriber_id("ada@example.org") == "s_z7qa3xsg"


# --- the sample, the schema and the documentation


def test_the_sample_has_three_subscribers_with_different_zones_and_fields() -> None:
    sample = parse_file((ROOT / "subscribers.yaml").read_bytes(), source="subscribers.yaml").subscribers
    assert [s.categories[0] for s in sample] == ["cs.LG", "astro-ph.GA", "cs.CV"]
    assert [s.profile.language for s in sample] == ["en", "en", "de"]
    assert len({s.zone for s in sample}) == 3
    assert all(s.profile.topics and s.profile.like for s in sample)


def test_the_sample_points_editors_to_the_schema() -> None:
    first = (ROOT / "subscribers.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./subscribers.schema.json"


def test_the_schema_file_is_what_the_command_prints() -> None:
    """If this fails: newsletter schema --output subscribers.schema.json"""
    printed = CliRunner().invoke(schema_command).output
    assert (ROOT / "subscribers.schema.json").read_text(encoding="utf-8") == printed
    assert json.loads(printed) == json_schema()


def test_the_schema_can_be_written_to_a_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(schema_command, ["--output", str(tmp_path / "schema.json")])
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8")) == json_schema()


def _objects() -> dict[str, dict[str, dict[str, object]]]:
    found = {"the file": json_schema(), **json_schema()["$defs"]}
    return {name: body["properties"] for name, body in found.items() if "properties" in body}


def test_the_schema_explains_every_key() -> None:
    silent = [
        f"{name}.{key}" for name, keys in _objects().items() for key, k in keys.items() if not k.get("description")
    ]
    assert silent == []


def test_the_examples_of_the_schema_are_valid() -> None:
    properties = json_schema()["$defs"]["SubscriberEntry"]["properties"]
    for key, described in properties.items():
        for example_ in described.get("examples", ()):
            entry = {"email": "bo@example.org", "categories": ["cs.LG"], "keywords": {"like": ["x"]}, key: example_}
            assert len(parse_file(yaml.safe_dump({"subscribers": [entry]}), source=key).subscribers) == 1


def test_the_examples_of_the_documentation_are_valid() -> None:
    text = (ROOT / "docs/subscribers.md").read_text(encoding="utf-8")
    smallest, topics, _ = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(parse_file(smallest, source="docs").subscribers) == 1
    assert one(topics).profile.topics[0].name == "Stellar streams"
    cells = [[cell.strip().strip("`") for cell in line.split("|")] for line in text.splitlines() if "|" in line]
    rows = {row[1]: row[4] for row in cells if len(row) == 7 and row[1] in PREFERENCES and row[4] != "see below"}
    assert set(rows) == set(PREFERENCES) - {"topics"}
    for key, shown in rows.items():
        defaults = f"defaults:\n  {key}: {shown}\n"
        assert one(defaults=defaults).email == "ada@example.org"


def test_the_documentation_names_every_key() -> None:
    text = (ROOT / "docs/subscribers.md").read_text(encoding="utf-8")
    assert [key for keys in _objects().values() for key in keys if f"`{key}`" not in text] == []


def test_the_documentation_gives_the_defaults_of_the_schema() -> None:
    rows = [line.split("|") for line in (ROOT / "docs/subscribers.md").read_text(encoding="utf-8").splitlines()]
    written = {row[1].strip().strip("`"): row[3].strip().strip("`") for row in rows if len(row) == 7}
    for key, described in _objects()["Preferences"].items():
        default = described.get("default")
        shown = {"[]": "none", '""': "none", "null": "none"}.get(json.dumps(default), json.dumps(default))
        assert written[key] == shown.replace('"', ""), key
