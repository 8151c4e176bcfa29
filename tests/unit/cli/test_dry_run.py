"""What `newsletter run --dry-run` prints for whom a run would not mail."""

import shutil
from pathlib import Path

import pytest

from newsletter.addresses import subscriber_id
from newsletter.cli.exits import EXIT_FEED
from newsletter.sources import sample
from tests.command import newsletter

LIKE = "categories: [cs.LG, cs.AI], keywords: {like: [attention]}"
YAML = f"""subscribers:
  - {{email: ada@example.org, {LIKE}, paused_until: 2999-01-01}}
  - {{email: emmy@example.org, {LIKE}}}
  - {{email: mary@example.org, {LIKE}, frequency: weekly, weekday: sunday}}
  - {{email: joan@example.org, {LIKE}}}
"""
ADA, EMMY, MARY, JOAN = (subscriber_id(f"{name}@example.org") for name in ("ada", "emmy", "mary", "joan"))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def test_it_promises_no_mail_to_who_gets_none() -> None:
    assert newsletter("suppressions", "add", EMMY).exit_code == 0
    assert newsletter("run", "--sample", "--only", JOAN).exit_code == 0
    done = newsletter("run", "--sample", "--dry-run", "--quiet")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == sorted(
        [f"{ADA} paused", f"{EMMY} suppressed: operator", f"{MARY} not due", f"{JOAN} already sent"]
    )


def test_a_feed_that_fails_is_told_and_makes_the_exit_code(place: Path) -> None:
    (place / "feeds").mkdir()
    shutil.copy(sample.PATH, place / "feeds" / "cs.LG.atom")
    (place / "feeds" / "cs.AI.atom").write_text("<html>Sign in</html>", encoding="utf-8")
    done = newsletter("run", "--feed", "feeds", "--only", JOAN, "--dry-run", "--quiet")
    assert done.exit_code == EXIT_FEED
    assert "cs.AI failed" in done.stderr
