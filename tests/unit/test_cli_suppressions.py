"""`newsletter suppressions`, and what `newsletter subscribers` says of it: the commands on a real folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter import suppress
from newsletter.addresses import subscriber_id
from newsletter.cli import group
from newsletter.model import Suppression, SuppressionReason
from newsletter.stores.tiny import TinyStore

ADA, ADA_ID = "ada@example.org", subscriber_id("ada@example.org")
YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG], topics: [{name: T, relevant: all of it}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def newsletter(*args: str) -> Result:
    return CliRunner().invoke(group, args)


def given(folder: Path, reason: SuppressionReason) -> None:
    why = Suppression(reason, datetime(2026, 1, 6, tzinfo=UTC), "in their words")
    TinyStore(folder / "state").change_standing(ADA_ID, lambda known: suppress.suppress(known, why))


def is_suppressed(folder: Path) -> bool:
    return TinyStore(folder / "state").get_standing(ADA_ID).suppression is not None


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
