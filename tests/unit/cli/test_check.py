"""`newsletter check`: what one check found, and the exit code for it."""

import pytest

from newsletter.cli.check import run_check
from newsletter.cli.exits import EXIT_CONFIG, EXIT_FEED, EXIT_STORE
from newsletter.errors import ConfigError, ReaderUnreadable, SendRejected, SourceBusy, SourceError, StoreError


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
