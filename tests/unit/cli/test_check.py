"""`newsletter check`: what one check found, and the exit code for it."""

import sys
from pathlib import Path

import pytest

from newsletter.cli.check import run_check
from newsletter.cli.exits import EXIT_CONFIG, EXIT_FEED, EXIT_STORE
from newsletter.errors import ConfigError, ReaderUnreadable, SendRejected, SourceBusy, SourceError, StoreError
from tests.command import newsletter


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("it is wrong"), EXIT_CONFIG),
        (SendRejected("s_ada/2026-01-06", "it is wrong"), EXIT_CONFIG),
        (SourceError("cs.LG", "it is wrong"), EXIT_FEED),
        (SourceBusy("cs.LG", "it is wrong"), EXIT_FEED),
        (StoreError("it is wrong"), EXIT_STORE),
        (ReaderUnreadable("s_ada", "it is wrong"), EXIT_STORE),
    ],
)
def test_what_is_wrong_is_told_and_ends_with_its_exit_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> str:
        raise error

    assert run_check("something", check) == code
    assert capsys.readouterr().out == "✗ something\nit is wrong\n"


def test_what_is_right_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_check("something", lambda: "complete") == 0
    assert capsys.readouterr().out == "✓ something: complete\n"


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("NEWSLETTER_STATE", "/proc/papers"),
        ("NEWSLETTER_OUTBOX", "/proc/self/papers/below"),
        ("NEWSLETTER_STATE", "/sys/papers"),
        ("NEWSLETTER_STATE", "a file/papers"),
        ("NEWSLETTER_OUTBOX", "a file"),
    ],
)
def test_a_folder_that_takes_no_file_is_refused_whoever_asks(
    setting: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also root, who has the right to write to places that take nothing."""
    if place.startswith("/") and sys.platform != "linux":
        pytest.skip("/proc and /sys are Linux's")
    monkeypatch.chdir(tmp_path)
    Path("a file").touch()
    monkeypatch.setenv(setting, place)
    said = newsletter("check").output
    assert f"✗ folders\n{place} cannot be written (" in said
    assert f"or set {setting} to a folder that can" in said


def test_a_folder_that_is_tried_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_STATE", "new/state")
    monkeypatch.setenv("NEWSLETTER_OUTBOX", "there")
    Path("there").mkdir()
    assert "✓ folders: state in new/state, mails in there" in newsletter("check").output
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
