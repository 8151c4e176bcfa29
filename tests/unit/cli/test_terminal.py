"""Whatever a terminal can show, no command ends over a sign; and what goes into a file is whole."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli import group
from newsletter.cli.common import TerminalProgress, new_table, print_table
from newsletter.cli.exits import EXIT_CONFIG, EXIT_OUTPUT
from newsletter.cli.terminal import PLAIN, make_forgiving
from newsletter.model import RunOutcome, SubscriberReport
from tests import command

NAME = "Zażółć Жук 論文 é"


@pytest.mark.parametrize(
    "words",
    [
        *(("status", "--date"), ("deliveries", "--date"), ("calls", "--date"), ("costs", "--month")),
        *(("backfill", "--from"), ("backfill", "--to"), ("eval", "--from"), ("eval", "--until")),
        ("archive", "export", "--date"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("written", ["gestern", "20.11.2026", "2026-13-01"])
def test_a_day_typed_wrong_is_answered_with_how_days_are_written(words: tuple[str, ...], written: str) -> None:
    done = CliRunner().invoke(group, [*words, written])
    assert done.exit_code == 2
    assert f'found "{written}", expected YYYY-MM' in done.output
    assert "%Y" not in done.output
    assert "%Y" not in CliRunner().invoke(group, [*words[:-1], "--help"]).output


def newsletter(folder: Path, encoding: str, *args: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    wanted = {f"NEWSLETTER_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "newsletter", *args],
        cwd=folder,
        env={**clean, **wanted, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=120,
    )


def printed_by(*args: str) -> tuple[bytes, bytes]:
    """What a command that ends well prints in this process where Latin-1 is all there is: its output and its errors."""
    printed, told = io.BytesIO(), io.BytesIO()
    output, errors = (io.TextIOWrapper(raw, encoding="latin-1", write_through=True) for raw in (printed, told))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        make_forgiving()
        with pytest.raises(SystemExit) as ended:
            group(args)
    assert ended.value.code == 0, told.getvalue()
    return printed.getvalue(), told.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_reader(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a morning, in which a file stands where a folder should be."""
    folder = tmp_path_factory.mktemp("mailed")
    write_reader(folder)
    with contextlib.chdir(folder):
        assert command.newsletter("run", "--sample").exit_code == 0
    (folder / "missing").write_text("a file where a folder should be", encoding="utf-8")
    return folder


def write_reader(folder: Path) -> None:
    reader = f"{{email: a@example.org, name: '{NAME}', categories: [cs.LG], topics: [{{name: t, relevant: networks}}]}}"
    (folder / "subscribers.yaml").write_text(f"subscribers:\n  - {reader}\n", encoding="utf-8")


@pytest.mark.usefixtures("no_settings")
def test_no_command_ends_over_a_sign_that_the_terminal_lacks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_NAME", NAME)
    monkeypatch.setenv("NEWSLETTER_CONTACT", "operator@example.org")
    with contextlib.chdir(folder):
        check, errors = printed_by("check", "subscribers.yaml")
        run, _ = printed_by("run", "--sample")
    assert errors == b""
    assert b"+ subscribers.yaml" in check
    assert "Zazólc ??? ?? é".encode("latin-1") in run


def test_nor_does_one_in_a_process_of_its_own(folder: Path) -> None:
    done = newsletter(folder, "latin-1", "subscribers")
    assert done.returncode == 0, done.stderr
    assert "Zazólc ??? ?? é".encode("latin-1") in done.stdout


def test_a_saved_config_is_whole_and_reads_back(folder: Path) -> None:
    saved = newsletter(folder, "latin-1", "config", name=NAME).stdout
    (folder / ".env").write_bytes(saved)
    again = newsletter(folder, "utf-8", "config").stdout
    assert f"\nNEWSLETTER_NAME={NAME}\n" in again.decode("utf-8")
    assert saved == again


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "koi8-r", "cp437", "gb2312"])
@given(text=st.text())
def test_every_text_can_be_printed_everywhere(encoding: str, text: str) -> None:
    make_forgiving()
    assert len(text.encode(encoding, PLAIN)) >= text.isascii() * len(text)


@pytest.mark.parametrize(("text", "plain"), [("✓ naïve", "+ naive"), ("O(√N) ≤ “1”", 'O(sqrtN) <= "1"'), ("论", "?")])
def test_signs_that_are_lacking_become_plain_letters(text: str, plain: str) -> None:
    make_forgiving()
    assert text.encode("ascii", PLAIN) == plain.encode()


@pytest.mark.parametrize("words", ["[/x] of [bold]N[/bold]", "550 [/red] :cat: \\[b]", "[link=https://example.org]x"])
def test_foreign_words_in_a_table_are_no_marks_of_it(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = new_table("who", "detail")
    table.add_row("s_abcd2345", words)
    print_table(table)
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("detail", ["550 [/x] nobody of that name", "[bold] :cat:"])
def test_foreign_words_beside_a_progress_bar_are_no_marks_of_it(detail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes standard error for a terminal then
    with TerminalProgress() as progress:
        progress.begin("Digests", 1)
        progress.step(SubscriberReport("s_abcd2345", RunOutcome.REJECTED, detail=detail))


@pytest.mark.parametrize(("typed", "meant"), [("chek", "check"), ("Run", "run"), ("subscriber", "subscribers")])
def test_a_mistyped_command_is_told_the_nearest_one(typed: str, meant: str) -> None:
    done = CliRunner().invoke(group, [typed])
    assert done.exit_code == 2
    assert f"Did you mean '{meant}'?" in done.output


def test_a_mistyped_command_of_subscribers_is_no_reader() -> None:
    done = CliRunner().invoke(group, ["subscribers", "revsions", "ada@example.org"])
    assert done.exit_code == 2
    assert "No such command 'revsions'" in done.output


def test_a_command_that_looks_like_none_gets_the_list() -> None:
    assert "'newsletter help' lists them all" in CliRunner().invoke(group, ["frobnicate"]).output


@pytest.mark.parametrize("words", [[], ["run"], ["deliveries", "resolve"]])
def test_help_says_what_the_option_says(words: list[str]) -> None:
    asked = CliRunner().invoke(group, ["help", *words], prog_name="newsletter")
    assert asked.exit_code == 0
    assert asked.output == CliRunner().invoke(group, [*words, "--help"], prog_name="newsletter").output


@pytest.mark.parametrize("words", [["rnu"], ["run", "fast"], ["deliveries", "resovle"]])
def test_help_of_what_is_no_command_says_so(words: list[str]) -> None:
    assert CliRunner().invoke(group, ["help", *words]).exit_code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here; Linux has one")
@pytest.mark.parametrize("words", ["config", "subscribers", "run --sample", "status --help"])
def test_a_standard_output_that_takes_nothing_is_no_bug(mailed: Path, words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = printing_to(full.fileno(), mailed, words)
    assert done.returncode == EXIT_OUTPUT
    assert "error: nothing can be printed (No space left on device); free the disk" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("words", ["config", "subscribers", "status"])
def test_a_standard_output_that_was_closed_is_no_trouble(folder: Path, words: str) -> None:
    done = printing_to(None, folder, words)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "preview --sample --output missing/text/a.html",
        "schema --output missing/schema.json",
        "subscribers export --output missing/all.yaml",
        "archive build a@example.org --output missing/text",
        "archive export a@example.org --output missing/papers.bib",
    ],
)
def test_an_output_that_cannot_be_written_is_named(mailed: Path, words: str) -> None:
    with contextlib.chdir(mailed):
        said = str(command.newsletter(*words.split()).exception)
    assert said.startswith(f"{words.rsplit(maxsplit=1)[-1]} cannot be written (")
    assert said.endswith("choose another --output")


def test_what_the_operator_can_mend_ends_with_its_code(mailed: Path) -> None:
    done = newsletter(mailed, "utf-8", "schema", "--output", "missing/schema.json")
    assert done.returncode == EXIT_CONFIG, done.stderr
    assert done.stderr.startswith(b"error: missing/schema.json cannot be written (")


def printing_to(output: int | None, folder: Path, words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command whose standard output is that file, or closed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    order = [sys.executable, "-m", "newsletter", *words.split()]
    return subprocess.run(
        order if output else ["sh", "-c", '"$@" >&-', "sh", *order],
        cwd=folder,
        env=clean,
        stdout=output,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
