"""`newsletter suppressions`, and what `newsletter subscribers` says of it: the commands on a real folder."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.addresses import subscriber_id
from newsletter.delivery import suppression
from newsletter.model import Suppression, SuppressionReason
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter

ADA, ADA_ID = "ada@example.org", subscriber_id("ada@example.org")
YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG], topics: [{name: T, relevant: all of it}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def given(folder: Path, reason: SuppressionReason) -> None:
    why = Suppression(reason, datetime(2026, 1, 6, tzinfo=UTC), "in their words")
    TinyStore(folder / "state").change_address_status(ADA_ID, lambda known: suppression.suppress(known, why))


def is_suppressed(folder: Path) -> bool:
    return TinyStore(folder / "state").get_address_status(ADA_ID).suppression is not None


@pytest.mark.parametrize("who", [ADA, "Ada+tag@Example.org", ADA_ID])
def test_an_address_is_added_and_lifted_under_any_of_its_names(folder: Path, who: str) -> None:
    added = newsletter("suppressions", "add", who, "--detail", "asked by telephone")
    assert added.exit_code == 0
    assert f"{ADA_ID} is suppressed since" in added.output
    listed = newsletter("suppressions").output
    assert ADA_ID in listed
    assert "operator" in listed
    assert "asked by telephone" in listed
    lifted = newsletter("suppressions", "lift", who)
    assert (lifted.exit_code, is_suppressed(folder)) == (0, False)
    assert ADA_ID not in newsletter("suppressions").output


def test_the_reason_can_be_named_and_a_weightier_one_stays(folder: Path) -> None:
    assert "complaint" in newsletter("suppressions", "add", ADA, "--why", "complaint").output
    assert "complaint" in newsletter("suppressions", "add", ADA, "--why", "soft bounces").output


def test_who_is_suppressed_shows_among_the_subscribers(folder: Path) -> None:
    assert "none:" not in newsletter("subscribers").output
    given(folder, SuppressionReason.HARD_BOUNCE)
    assert "none: hard bounce" in newsletter("subscribers").output
    assert "is suppressed since 2026-01-06: hard bounce (in their words)" in newsletter("subscribers", ADA).output


def test_a_complaint_is_lifted_only_on_purpose(folder: Path) -> None:
    given(folder, SuppressionReason.COMPLAINT)
    refused = newsletter("suppressions", "lift", ADA)
    assert (refused.exit_code, is_suppressed(folder)) == (2, True)
    assert "--despite-complaint" in refused.output
    assert newsletter("suppressions", "lift", ADA, "--despite-complaint").exit_code == 0
    assert not is_suppressed(folder)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [(SuppressionReason.UNSUBSCRIBED, "asked to come back"), (SuppressionReason.DROPPED, "provider's own list")],
)
def test_lifting_says_what_else_to_think_of(folder: Path, reason: SuppressionReason, hint: str) -> None:
    given(folder, reason)
    assert hint in newsletter("suppressions", "lift", ADA).output
    assert not is_suppressed(folder)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("add", "ada"), "neither an address nor an id"),
        (("lift", "s_TOOLONG"), "neither an address nor an id"),
        (("lift", ADA), "is not suppressed"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, args: tuple[str, ...], said: str) -> None:
    done = newsletter("suppressions", *args)
    assert done.exit_code == 2
    assert said in done.output


IDS = [subscriber_id(f"r{number}@example.org") for number in range(3)]


def given_held(folder: Path) -> TinyStore:
    store = TinyStore(folder / "state")
    morning = date(2026, 1, 6)
    why = Suppression(SuppressionReason.HARD_BOUNCE, datetime(2026, 1, 6, tzinfo=UTC), "550 [/5.1.1] gone", morning)
    for who in IDS:
        store.change_address_status(
            who, lambda known: suppression.apply_brake(suppression.suppress(known, why), morning, too_many=True)
        )
    return store


def test_what_is_held_is_listed_with_its_words_and_changes_nothing(folder: Path) -> None:
    store = given_held(folder)
    listed = newsletter("suppressions", "held")
    assert listed.exit_code == 0
    assert all(f"{who}  hard bounce" in listed.output for who in IDS)
    assert "550 [/5.1.1] gone" in listed.output
    assert all(each.is_held for each in store.get_address_statuses())
    plain = newsletter("suppressions").output
    assert "3 more held" in plain
    assert not any(who in plain for who in IDS)


def test_the_operator_confirms_or_releases_one_or_all(folder: Path) -> None:
    store = given_held(folder)
    assert "is suppressed since 2026-01-06" in newsletter("suppressions", "held", "--confirm", "r0@example.org").output
    assert [bool(each.suppression) for each in map(store.get_address_status, IDS)] == [True, False, False]
    released = newsletter("suppressions", "held", "--release")
    assert released.exit_code == 0
    assert released.output.count("is mailed") == 2
    assert [bool(each.suppression) for each in map(store.get_address_status, IDS)] == [True, False, False]
    assert not any(each.is_held for each in store.get_address_statuses())
    assert "more held" not in newsletter("suppressions").output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--confirm", "--release"), "give one of them"),
        (("nobody@example.org", "--release"), "is not held"),
        (("ada",), "neither an address nor an id"),
    ],
)
def test_what_cannot_be_decided_is_said(folder: Path, args: tuple[str, ...], said: str) -> None:
    store = given_held(folder)
    done = newsletter("suppressions", "held", *args)
    assert done.exit_code == 2
    assert said in done.output
    assert all(each.is_held for each in store.get_address_statuses())


def test_status_names_what_is_held(folder: Path) -> None:
    given_held(folder)
    said = newsletter("status").output
    assert f"Bounces held: {', '.join(sorted(IDS))}" in said
    assert "newsletter suppressions held" in said


def test_a_run_says_whose_bounce_came_since_yesterday_and_fails_while_some_are_held(folder: Path) -> None:
    """The sample's day is 7 October 2025."""
    bounced = Suppression(SuppressionReason.HARD_BOUNCE, datetime(2025, 10, 7, 6, tzinfo=UTC), "550 5.1.1 no such user")
    TinyStore(folder / "state").change_address_status(ADA_ID, lambda known: suppression.suppress(known, bounced))
    assert "bounced" not in newsletter("run", "--sample", "--quiet").output
    done = newsletter("run", "--sample")
    assert (done.exit_code, f"{ADA_ID} bounced: hard bounce: 550 5.1.1 no such user" in done.output) == (0, True)
    given_held(folder)
    done = newsletter("run", "--sample", "--quiet")
    assert done.exit_code == 6
    assert f"{IDS[0]} bounces held" in done.output
