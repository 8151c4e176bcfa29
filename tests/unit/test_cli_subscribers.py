"""`newsletter subscribers` and its parts on a real folder: who said what, and old revisions brought back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.cli import group
from newsletter.config import load_settings
from newsletter.model import Frequency, RevisionOrigin
from newsletter.stores.tiny import TinyStore

ADA, ADA_ID = "ada@example.org", subscriber_id("ada@example.org")
YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG], topics: [{name: T, relevant: all of it}]}
  - {email: emmy@example.org, categories: [math.RA], topics: [{name: Rings, relevant: all}]}
"""
AT = datetime(2026, 1, 6, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return TinyStore(tmp_path / "state")


def newsletter(*args: str) -> Result:
    return CliRunner().invoke(group, args)


def given(store: TinyStore, *texts: str) -> None:
    for text in texts:
        store.add_revision(ADA_ID, text, origin=RevisionOrigin.REPLY, now=AT)


def shown(*args: str) -> dict[str, object]:
    loaded = yaml.safe_load(newsletter("subscribers", *args).stdout)
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("args", [(ADA,), ("show", ADA), ("show", ADA_ID)])
def test_what_nobody_has_changed_is_from_the_file(store: TinyStore, args: tuple[str, ...]) -> None:
    assert newsletter("subscribers", *args).output.endswith("# all from subscribers.yaml\n")


def test_a_reader_is_shown_as_served_with_the_origin_of_each_part(store: TinyStore) -> None:
    given(store, "max_papers: 3", "max_papers: 4\nfrequency: daily\nkeywords: {like: [graph]}")
    store.change_standing(ADA_ID, lambda s: replace(s, frequency=Frequency.WEEKLY, paused_until=date(2027, 1, 31)))
    output = newsletter("subscribers", "show", ADA).output
    assert output.splitlines()[-4:] == [
        "# from revision 2 of 2026-01-06 (the reader, by reply): keywords.like, max_papers",
        "# the reader's own word: frequency",
        "# the reader's own word: paused_until",
        "# from subscribers.yaml: all else",
    ]
    assert (shown(ADA)["max_papers"], shown(ADA)["frequency"]) == (4, "weekly")
    listed = newsletter("subscribers").output
    assert "paused until 2027-01-31" in listed
    assert "revision 2" in listed
    assert "file" in listed


def test_revisions_are_listed_and_shown(store: TinyStore) -> None:
    assert "has changed nothing" in newsletter("subscribers", "revisions", ADA).output
    given(store, "max_papers: 3", "", "max_papers: 4", "colour: blue")
    lines = newsletter("subscribers", "revisions", ADA).stdout.splitlines()
    assert [line.split("reply")[1].strip() for line in lines[1:]] == [
        "",
        "back to subscribers.yaml",
        "holds",
        "cannot be read any more: line 1: colour: unknown key, expected one of time_zone, send_at, frequency, weekday, "
        "categories, announce_types, about, topics, keywords, pinned_authors, min_relevance, min_novelty, max_papers, "
        "language, group_by_topic, empty_mail",
    ]
    assert newsletter("subscribers", "revisions", ADA, "3").stdout == "max_papers: 4\n"
    assert newsletter("subscribers", "revisions", ADA, "2").stdout.startswith("# empty")
    assert newsletter("subscribers", "revisions", ADA, "5").exit_code == 2


def test_a_revision_is_brought_back_and_the_file_never_written(store: TinyStore, tmp_path: Path) -> None:
    given(store, "max_papers: 3", "max_papers: 4")
    done = newsletter("subscribers", "revert", ADA, "1")
    assert (done.exit_code, shown(ADA)["max_papers"]) == (0, 3)
    assert "- max_papers: 3 instead of 4" in done.output
    assert newsletter("subscribers", "revert", ADA_ID, "0").exit_code == 0
    assert shown(ADA)["max_papers"] == 30
    assert [r.origin for r in store.get_revisions(ADA_ID)][2:] == [RevisionOrigin.OPERATOR] * 2
    assert (tmp_path / "subscribers.yaml").read_text(encoding="utf-8") == YAML


@pytest.mark.parametrize(("args", "said"), [(("nobody@x.org", "1"), "nobody is called"), ((ADA, "-1"), "x>=0")])
def test_a_revert_that_makes_no_sense_is_a_usage_error(store: TinyStore, args: tuple[str, ...], said: str) -> None:
    done = newsletter("subscribers", "revert", "--", *args)
    assert done.exit_code == 2
    assert said in done.output


def test_a_revision_that_is_not_there_is_named(store: TinyStore) -> None:
    assert "has no revision 7" in str(newsletter("subscribers", "revert", ADA, "7").exception)


def test_a_profile_that_cannot_be_read_any_more_stops_nobody_and_is_told_loudly(store: TinyStore) -> None:
    given(store, "colour: blue")
    with capture_logs() as logs:
        listed = app.load_subscribers(load_settings(), store)
    assert [one.max_papers for one in listed.subscribers] == [30, 30]
    (line,) = logs
    assert (line["event"], line["log_level"], line["subscriber"]) == ("profile_ignored", "error", ADA_ID)
    assert "newsletter subscribers revert" in line["problem"]
    assert "cannot be read any more" in newsletter("subscribers", "show", ADA).stderr
    assert shown(ADA)["max_papers"] == 30


def test_a_broken_file_and_a_changed_profile_go_together(store: TinyStore, tmp_path: Path) -> None:
    given(store, "max_papers: 3")
    app.load_subscribers(load_settings(), store)
    (tmp_path / "subscribers.yaml").write_text("subscribers: [", encoding="utf-8")
    listed = app.load_subscribers(load_settings(), store)
    assert listed.problem
    assert listed.subscribers[0].max_papers == 3
    assert listed.as_listed[0].max_papers == 30
