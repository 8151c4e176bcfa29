"""What the commands say of a reader for whom nothing passes: dry run, run, status, preview."""

from pathlib import Path

import pytest

from tests.command import newsletter

YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG, cs.AI], keywords: {like: [Schwarze Löcher]}}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def test_a_dry_run_and_a_preview_foretell_the_nearest(place: Path) -> None:
    assert "would get 0 of 0 relevant papers, and the nearest 3" in newsletter("run", "--sample", "--dry-run").stdout
    shown = newsletter("preview", "--sample", "--format", "text", "--output", "-")
    assert "this mail has the nearest" in shown.stderr
    assert "No paper shares a word with your profile today." in shown.stdout
    assert not list((place / "outbox").rglob("*.eml"))


def test_a_run_and_its_status_say_that_nothing_passed() -> None:
    done = newsletter("run", "--sample")
    assert done.exit_code == 0
    assert "1 subscribers = 1 sent" in done.stdout
    for told in (done.stdout, newsletter("status").stdout):
        assert "nothing passed; with the nearest 3" in told
