"""`newsletter subscribers` and its parts on a real folder: who said what, and old revisions brought back."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
import yaml
from structlog.testing import capture_logs

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.delivery.suppression import unsubscribe
from newsletter.model import Frequency, RevisionOrigin, SignUp, Vote
from newsletter.settings import load_settings
from newsletter.signing import tag_of
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter

ADA, ADA_ID = "ada@example.org", subscriber_id("ada@example.org")
YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG], topics: [{name: T, relevant: all of it}]}
  - {email: emmy@example.org, categories: [math.RA], topics: [{name: Rings, relevant: all}]}
"""
AT = datetime(2026, 1, 6, 8, tzinfo=UTC)
EVE = SignUp(subscriber_id("eve@example.org"), AT, "Eve@example.org", "Eve", ("hep-th",), "Black holes.", language="de")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return TinyStore(tmp_path / "state")


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
    store.change_address_status(
        ADA_ID, lambda s: replace(s, frequency=Frequency.WEEKLY, paused_until=date(2027, 1, 31))
    )
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
        "categories, announce_types, updates, about, topics, keywords, pinned_authors, papers, zotero, min_relevance, "
        "min_novelty, max_papers, at_least, full, language, group_by_topic, empty_mail, weekly_best",
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


def mails(folder: Path) -> list[EmailMessage]:
    paths = sorted((folder / "outbox").glob("service_*.eml"))
    return [message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP) for path in paths]


def test_the_reader_is_told_by_mail_what_is_different(
    store: TinyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SENDER", "news@example.org")
    monkeypatch.setenv("NEWSLETTER_BASE_URL", "https://papers.example.org")
    monkeypatch.setenv("NEWSLETTER_SECRET_KEYS", "k" * 40)
    given(store, "max_papers: 3", "max_papers: 4")
    done = newsletter("subscribers", "revert", ADA, "1")
    assert "A mail tells the reader so." in done.output
    (mail,) = mails(tmp_path)
    assert (mail["To"], mail["Subject"]) == (ADA, "Profile")
    assert mail["From"].addresses[0].addr_spec == "service@example.org"
    assert tag_of(mail["Reply-To"].addresses[0].addr_spec)
    text = mail.get_content()
    assert "The people who run Morning Papers have changed your profile" in text
    assert "- max_papers: 3 instead of 4" in text
    assert "https://papers.example.org/profile/" in text


def test_who_wants_or_gets_no_mail_is_not_told(store: TinyStore, tmp_path: Path) -> None:
    given(store, "max_papers: 3", "max_papers: 4")
    assert newsletter("subscribers", "revert", "--no-mail", ADA, "1").exit_code == 0
    assert newsletter("subscribers", "revert", ADA, "1").exit_code == 0  # nothing is different
    store.change_address_status(ADA_ID, lambda known: unsubscribe(known, AT))
    assert "No mail tells the reader: s_" in newsletter("subscribers", "revert", ADA, "2").output
    assert shown(ADA)["max_papers"] == 4
    assert mails(tmp_path) == []


def test_a_reader_who_could_not_be_told_is_named(store: TinyStore, tmp_path: Path) -> None:
    given(store, "max_papers: 3", "max_papers: 4")
    (tmp_path / "outbox").write_text("in the way")
    done = newsletter("subscribers", "revert", ADA, "1")
    assert (done.exit_code, shown(ADA)["max_papers"]) == (6, 3)
    assert "its reader could not be told" in done.stderr


@pytest.mark.parametrize(("args", "said"), [(("nobody@x.org", "1"), "nobody is called"), ((ADA, "-1"), "x>=0")])
def test_a_revert_that_makes_no_sense_is_a_usage_error(store: TinyStore, args: tuple[str, ...], said: str) -> None:
    done = newsletter("subscribers", "revert", "--", *args)
    assert done.exit_code == 2
    assert said in done.output


def test_a_revision_that_is_not_there_is_named(store: TinyStore) -> None:
    assert "has no revision 7" in str(newsletter("subscribers", "revert", ADA, "7").exception)


def test_a_revision_that_is_not_kept_any_more_is_named(store: TinyStore) -> None:
    given(store, *(f"max_papers: {number}" for number in range(1, 53)))
    for command in ("revert", "revisions"):
        done = newsletter("subscribers", command, ADA, "2")
        assert "no revision 2 any more: the last 50 are kept" in f"{done.exception} {done.output}", command
    assert newsletter("subscribers", "revisions", ADA, "3").stdout == "max_papers: 3\n"
    lines = newsletter("subscribers", "revisions", ADA).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [str(number) for number in range(3, 53)]


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


def test_who_came_by_the_web_stands_behind_the_file_with_its_defaults(store: TinyStore, tmp_path: Path) -> None:
    defaults = "defaults: {time_zone: Asia/Tokyo, max_papers: 7, topics: [{name: Ours, relevant: all}]}\n"
    (tmp_path / "subscribers.yaml").write_text(defaults + YAML, encoding="utf-8")
    store.enrol(EVE, most=1)
    listed = app.load_subscribers(load_settings(), store)
    assert [one.email for one in listed.subscribers] == [ADA, "emmy@example.org", "Eve@example.org"]
    eve = listed.subscribers[2]
    assert (eve.zone, eve.max_papers, eve.categories, eve.profile.language) == ("Asia/Tokyo", 7, ("hep-th",), "de")
    assert [(topic.name, topic.relevant) for topic in eve.profile.topics] == [("Black holes", "Black holes.")]
    table = newsletter("subscribers").stdout.splitlines()
    assert [line.split()[-1] for line in table[1:]] == ["file", "file", "web"]
    assert newsletter("subscribers", "show", "eve@example.org").output.splitlines()[-1] == (
        "# subscribed on the web on 2026-01-06: what they asked for then, and the defaults of subscribers.yaml"
    )
    assert "what they asked for on the web holds" in newsletter("subscribers", "revisions", EVE.subscriber_id).output


def test_the_file_holds_for_who_is_in_both(store: TinyStore) -> None:
    store.enrol(replace(EVE, subscriber_id=ADA_ID, email="ada+web@example.org"), most=1)
    listed = app.load_subscribers(load_settings(), store)
    assert [one.email for one in listed.subscribers] == [ADA, "emmy@example.org"]
    assert newsletter("subscribers", ADA).output.endswith("# all from subscribers.yaml\n")
    done = newsletter("subscribers", "remove", ADA_ID)
    assert "still subscribed by that" in done.stderr
    assert store.get_enrolled() == []


def test_a_profile_of_the_web_is_changed_and_goes_back_to_what_was_asked_for(store: TinyStore) -> None:
    store.enrol(EVE, most=1)
    profiles = app.build_profiles(load_settings(), store)
    said = profiles.change(EVE.subscriber_id, "max_papers: 3", origin=RevisionOrigin.WEB, now=AT)
    assert "max_papers: 3 statt 30" in said
    assert shown("eve@example.org")["max_papers"] == 3
    assert newsletter("subscribers", "revert", "eve@example.org", "0").exit_code == 0
    assert (shown("eve@example.org")["max_papers"], shown("eve@example.org")["categories"]) == (30, ["hep-th"])
    assert "back to what they asked for on the web" in newsletter("subscribers", "revisions", EVE.subscriber_id).output


@pytest.mark.parametrize("who", ["EVE@example.org", EVE.subscriber_id])
def test_who_came_by_the_web_is_removed_with_all_they_said_but_not_what_keeps_mail_away(
    store: TinyStore, tmp_path: Path, who: str
) -> None:
    store.add_sign_up(EVE)
    store.enrol(EVE, most=1)
    store.put_vote(Vote(EVE.subscriber_id, "2601.00001", 1, AT))
    store.add_revision(EVE.subscriber_id, "max_papers: 3", origin=RevisionOrigin.WEB, now=AT)
    store.change_address_status(EVE.subscriber_id, lambda known: unsubscribe(known, AT))
    done = newsletter("subscribers", "remove", who)
    assert done.exit_code == 0
    assert f"{EVE.subscriber_id} is suppressed since 2026-01-06: unsubscribed" in done.stdout
    assert "nobody is called" in newsletter("subscribers", "show", who).stderr
    kept = [path for path in (tmp_path / "state").rglob("*.json") if "ve@example" in path.read_text(encoding="utf-8")]
    assert kept == []
    assert store.get_votes(EVE.subscriber_id) == []
    assert "nobody is called" in newsletter("subscribers", "remove", who).stderr


def test_who_is_in_the_file_is_taken_out_there(store: TinyStore) -> None:
    done = newsletter("subscribers", "remove", ADA)
    assert done.exit_code == 2
    assert "take the entry out there" in done.stderr
