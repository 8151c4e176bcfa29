"""Lists of subscribers: read whole or with every problem at its line, added by one word, written and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.addresses import subscriber_id
from newsletter.cli.exits import EXIT_CONFIG
from newsletter.delivery.suppression import unsubscribe
from newsletter.errors import ConfigError
from newsletter.model import JUDGED_CUT_OFF, PromisedMail, Subscriber, ZoteroLibrary
from newsletter.services.additions import Addition, build
from newsletter.services.directory import load_listed
from newsletter.services.subscriber_import import ImportedSubscriber, add_all, read_list
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers import list_export, parse_file
from tests.command import newsletter

YAML = """defaults: {time_zone: Asia/Tokyo, max_papers: 7}
subscribers:
  - email: ada@example.org
    categories: [cs.LG]
    topics: [{name: T, relevant: all of it}]
"""
FILE = parse_file(YAML, source="subscribers.yaml")
NOW = datetime(2026, 1, 6, 8, tzinfo=UTC)
TABLE = "email,name,categories,topic\neve@example.org,Eve,cs.LG,Trees\nbob@example.org,Bob,cs.CL,Forests\n"


def read(text: str | bytes, source: str = "members.csv") -> tuple[ImportedSubscriber, ...]:
    return read_list(text.encode("utf-8") if isinstance(text, str) else text, source, FILE, NOW)


def readers(text: str | bytes, source: str = "members.csv") -> list[Subscriber]:
    return [build(one.enrolment, FILE) for one in read(text, source)]


def problems(text: str | bytes, source: str = "members.csv") -> Sequence[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, source)
    return caught.value.problems


def problems_if_any(data: bytes, source: str) -> Sequence[str]:
    try:
        read(data, source)
    except ConfigError as error:
        return error.problems
    return ()


# --- a table


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_is_read_as_spreadsheets_write_it(delimiter: str, line_end: str, mark: str) -> None:
    rows = [
        ["E-Mail", "Name", "Categories", "Topic", "Topic", "Like", "Author", "Time zone", "Send at"],
        [
            "eve@example.org",
            "Eve",
            "cs.LG cs.CL",
            '"State space models, all of them"',
            "Trees",
            "LoRA",
            "",
            "",
            "06:30",
        ],
        [""] * 9,
        ["bob@example.org", "", '"cs.AI; cs.LG"', "", "", '"LoRA; mixture of experts"', "Albert Gu", "Europe/Rome", ""],
    ]
    eve, bob = readers(mark + line_end.join(delimiter.join(row) for row in rows))
    assert (eve.email, eve.name, eve.categories, eve.zone) == (
        "eve@example.org",
        "Eve",
        ("cs.LG", "cs.CL"),
        "Asia/Tokyo",
    )
    assert [topic.relevant for topic in eve.profile.topics] == ["State space models, all of them", "Trees"]
    assert (eve.send_at.hour, eve.max_papers) == (6, 7)
    assert (bob.categories, bob.profile.like) == (("cs.AI", "cs.LG"), ("LoRA", "mixture of experts"))
    assert (bob.pinned_authors, bob.zone) == (("Albert Gu",), "Europe/Rome")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email,topci\na@example.org,x\n", 'members.csv:1: found the column "topci"; nearest: topic'),
        ("email,colour\na@example.org,x\n", 'members.csv:1: found the column "colour", expected the columns'),
        ("email,name,name\n", "members.csv:1: found the column name twice; only topic may come again"),
        ("name,topic\nAda,x\n", "members.csv:1: found no column email, expected the columns"),
        ("", "members.csv:1: found no column email"),
        (TABLE + "x@@example.org,X,cs.LG,y\n", "members.csv:4: email: found 'x@@example.org', expected"),
        (TABLE + "x@example.org,X,cs.LX,y\n", 'members.csv:4: categories: found "cs.LX", expected an arXiv category'),
        (TABLE + "x@example.org,X,cs.LG,\n", "members.csv:4: topic: missing, expected what they want to read about"),
        (TABLE + "x@example.org,X,,y\n", "members.csv:4: categories: missing"),
        (TABLE + '"x\ny@example.org",X,cs.LG,y\nz@example.org,Z,cs.LX,y\n', "members.csv:6: categories: found"),
        (TABLE + 'x@example.org,"X,cs.LG,y\n', "members.csv:4: is no CSV"),
        (TABLE + "EVE@example.org,E,cs.LG,y\n", 'members.csv:4: email: "EVE@example.org" is the mailbox of line 2'),
        (b"email,name\na@example.org,J\xf6rg\n", "members.csv:2: is not UTF-8; save the file in this encoding"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_line(text: str | bytes, expected: str) -> None:
    assert [line for line in problems(text) if line.startswith(expected)] != []


# --- YAML

LISTED = """# our lab
- email: eve@example.org
  name: Eve
  language: de
  topics:
    - name: Trees
      relevant: "Trees: all of them"
  keywords: {avoid: [survey]}
  categories: [cs.LG]
- {email: bob@example.org, categories: [cs.CL], keywords: {like: ["no"]}, send_at: 7:30}
"""


@pytest.mark.parametrize("head", ["", "subscribers:\n"])
@pytest.mark.parametrize("source", ["lab.yaml", "LAB.YML"])
def test_yaml_is_read_with_all_that_is_a_reader_s_to_set(head: str, source: str) -> None:
    eve, bob = readers(head + LISTED, source)
    assert (eve.name, eve.profile.language, eve.profile.avoid) == ("Eve", "de", ("survey",))
    assert eve.profile.topics[0].relevant == "Trees: all of them"
    assert (bob.profile.like, bob.send_at.minute, bob.zone) == (("no",), 30, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("defaults: {language: de}\nsubscribers: []\n", "lab.yaml:1: defaults: a list to import has none; write"),
        ("people: []\n", "lab.yaml:1: people: a list to import has none; remove it"),
        ("just words\n", "lab.yaml:1: expected subscribers: and a list of them"),
        (LISTED + "- just words\n", "lab.yaml:11: expected an entry with email:"),
        (LISTED + "- categories: [cs.LG]\n  keywords: {like: [x]}\n", "lab.yaml:11: email: found '', expected"),
        ("- {email: a@example.org, categories: [cs.LG], keywords: {like: [x]}}\n" * 2, "lab.yaml:2: email: "),
        (LISTED + "- email: [x]\n  keywords: {like: [x]}\n", "lab.yaml:11: email: found '', expected"),
        (LISTED + "- email: x@example.org\n  public_archive: x\n", "lab.yaml:12: public_archive: who may read"),
        (LISTED + "- email: x@example.org\n  max_paper: 4\n", "lab.yaml:12: max_paper: unknown key"),
        (LISTED + "- name: X\n  email: Eve@example.org\n  categories: [cs.LG]\n  keywords: {like: [x]}\n",
         'lab.yaml:12: email: "Eve@example.org" is the mailbox of line 2'),
        ("- email: x@example.org\n   name: odd\n", "lab.yaml:2: "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_yaml_is_told_with_its_line(text: str, expected: str) -> None:
    assert [line for line in problems(text, "lab.yaml") if line.startswith(expected)] != []


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
@settings(max_examples=200)
def test_any_bytes_are_a_list_or_an_error_with_lines(data: bytes) -> None:
    for source in ("x.csv", "x.yaml"):
        found = problems_if_any(data, source)
        assert [line for line in found if not line.startswith(f"{source}:")] == []


# --- adding


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return TinyStore(tmp_path / "state")


def became(store: TinyStore, text: str, *, is_trial: bool = False) -> list[Addition]:
    listed = load_listed(Path("subscribers.yaml"), store, 6)
    return [done.addition for _, done in add_all(store, listed, read(text), is_trial=is_trial)]


def test_a_list_adds_who_is_new_and_says_what_holds_up_the_others(store: TinyStore) -> None:
    more = TABLE + "ada@example.org,Ada,cs.LG,Trees\nleft@example.org,L,cs.LG,Trees\n"
    store.change_address_status(subscriber_id("left@example.org"), lambda status: unsubscribe(status, NOW))
    new, listed, left = Addition.ADDED, Addition.LISTED, Addition.SUPPRESSED
    assert became(store, more, is_trial=True) == [new, new, listed, left]
    assert store.get_enrolled_ids() == []
    assert became(store, more) == [new, new, listed, left]
    assert len(store.get_enrolled_ids()) == 2
    assert became(store, more) == [Addition.SAME, Addition.SAME, listed, left]
    assert became(store, TABLE.replace("Trees", "Woods")) == [Addition.DIFFERENT, Addition.SAME]


def test_adding_that_was_ended_half_way_goes_on_where_it_was(store: TinyStore) -> None:
    listed = load_listed(Path("subscribers.yaml"), store, 6)
    assert next(add_all(store, listed, read(TABLE)))[1].addition is Addition.ADDED
    assert became(store, TABLE) == [Addition.SAME, Addition.ADDED]


def test_the_command_adds_all_or_nobody(store: TinyStore) -> None:
    Path("members.csv").write_text(TABLE + "x@example.org,X,cs.LX,y\n", encoding="utf-8")
    done = newsletter("subscribers", "import", "members.csv")
    assert isinstance(done.exception, ConfigError)
    assert store.get_enrolled_ids() == []
    Path("members.csv").write_text(TABLE, encoding="utf-8")
    assert "2 added" in newsletter("subscribers", "import", "members.csv", "--dry-run").output
    assert store.get_enrolled_ids() == []
    done = newsletter("subscribers", "import", "members.csv", "--no-welcome")
    assert (done.exit_code, "2 added" in done.output) == (0, True)
    assert [one.mail for one in store.get_welcomes() or ()] == [PromisedMail.NONE] * 2
    assert "2 there already" in newsletter("subscribers", "import", "members.csv").output
    Path("members.csv").write_text(TABLE.replace("Trees", "Woods"), encoding="utf-8")
    done = newsletter("subscribers", "import", "members.csv")
    assert done.exit_code == EXIT_CONFIG
    assert "members.csv:2: eve@example.org is there already with something else" in done.output


# --- written and read back

WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and "\ufeff" not in text
)


LIBRARIES = (None, ZoteroLibrary("users/1"), ZoteroLibrary("groups/7", "ABCD2345", "ZOTERO_KEY_ADA"))


@given(st.data())
@settings(max_examples=60)
def test_what_is_written_as_yaml_makes_the_same_subscribers(data: st.DataObject) -> None:
    one = FILE.subscribers[0]
    profile = replace(one.profile, about=data.draw(WORDS), like=tuple(data.draw(st.sets(WORDS, max_size=3))))
    one = replace(
        *(one,),
        profile=profile,
        name=data.draw(WORDS),
        weekday=data.draw(st.integers(0, 6)),
        weekly_best=data.draw(st.booleans()),
        max_papers=data.draw(st.integers(1, 100)),
        welcome=data.draw(st.booleans()),
        public_archive=data.draw(st.sampled_from(["", "spirals"])),
        zotero=data.draw(st.sampled_from(LIBRARIES)),
    )
    chosen = data.draw(st.none() | st.integers(1, 10))
    one = replace(one, min_relevance=chosen or JUDGED_CUT_OFF, has_chosen_relevance=chosen is not None)
    text = list_export.write_yaml([one])
    assert ("min_relevance" in text) == (chosen is not None)
    assert parse_file(text, source="written.yaml").subscribers == (one,)
    (again,) = readers(list_export.write_yaml([replace(one, public_archive="", welcome=True)]), "written.yaml")
    assert again == replace(one, public_archive="", welcome=True)


def test_a_table_is_written_and_read_back_and_nothing_in_it_is_computed() -> None:
    (one,) = readers(
        "email,name,categories,topic,topic,like,author\nx@example.org,=1+1,cs.LG,- a dash,b,LoRA;@x,Ada Lovelace\n"
    )
    text = list_export.write_csv([one])
    assert ",'=1+1," in text
    (again,) = readers(text)
    assert (again.name, again.profile.like, again.pinned_authors) == ("=1+1", ("LoRA", "@x"), ("Ada Lovelace",))
    assert [topic.relevant for topic in again.profile.topics] == ["- a dash", "b"]


def test_the_command_exports_whom_it_serves(store: TinyStore) -> None:
    became(store, TABLE)
    assert "3 subscribers" in newsletter("subscribers", "export", "--output", "all.yaml").output
    assert len(parse_file(Path("all.yaml").read_text("utf-8"), source="all.yaml").subscribers) == 3
    assert newsletter("subscribers", "export", "--format", "csv").output.count("\n") == 4


def test_a_cut_off_that_nobody_chose_is_not_written_and_one_that_was_is(store: TinyStore) -> None:
    """Whoever chose it: the list that was imported, or the operator under `defaults`."""
    Path("more.yaml").write_text(
        "- {email: chose@example.org, categories: [cs.LG], keywords: {like: [trees]}, min_relevance: 4}\n", "utf-8"
    )
    newsletter("subscribers", "import", "more.yaml", "--no-welcome")
    newsletter("subscribers", "add", "plain@example.org", "--categories", "cs.LG", "--like", "trees", "--no-welcome")

    def exported() -> dict[str, int | None]:
        written = yaml.safe_load(newsletter("subscribers", "export").output)["subscribers"]
        return {one["email"].partition("@")[0]: one.get("min_relevance") for one in written}

    assert exported() == {"ada": None, "chose": 4, "plain": None}
    Path("subscribers.yaml").write_text(YAML.replace("max_papers", "min_relevance: 6, max_papers"), "utf-8")
    assert exported() == {"ada": 6, "chose": 4, "plain": 6}
