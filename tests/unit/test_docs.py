"""The documentation names everything an operator can use, and its links lead somewhere."""

import io
import re
import tokenize
from pathlib import Path

import click
import pytest
from pydantic import TypeAdapter

from newsletter import cli
from newsletter.cli import COMMANDS
from newsletter.cli.exits import EXIT_CODES
from newsletter.model import AnnouncementDay, Delivery, DeliveryState, FeedOutcome, RunOutcome, RunReport
from newsletter.ops import alerts
from newsletter.settings import Settings, variable
from tests import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
STATE = (ROOT / "docs/state.md").read_text(encoding="utf-8")
ALL_DOCS = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def command_of(name: str) -> click.Command:
    command = cli.group.get_command(click.Context(cli.group), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_and_option_is_documented(name: str) -> None:
    assert f"`newsletter {name}`" in OPERATING
    command = command_of(name)
    parts = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    for option in (parameter for part in parts for parameter in part.params if isinstance(parameter, click.Option)):
        if option.name != "help":
            longest = max(option.opts, key=len)
            assert longest in ALL_DOCS, f"{name} {longest}"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_teaches(name: str) -> None:
    command = command_of(name)
    assert command.help
    assert EXIT_CODES in (command.epilog or "")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_is_documented(name: str) -> None:
    assert f"`{variable(name)}`" in OPERATING
    assert Settings.model_fields[name].description


def test_each_trouble_is_documented() -> None:
    section = OPERATING.partition("\n## When something goes wrong\n")[2].partition("\n### Logs\n")[0]
    assert [kind for kind in alerts.Kind if f"`{kind}`" not in section] == []


def test_each_outcome_is_documented() -> None:
    for outcome in RunOutcome:
        assert f"| `{outcome}` |" in OPERATING
    feeds = (ROOT / "docs/feeds.md").read_text(encoding="utf-8")
    for kind in FeedOutcome:
        assert f"`{kind}`" in feeds


def test_each_state_and_stored_field_is_documented() -> None:
    for state in DeliveryState:
        assert f"`{state}`" in STATE
    for stored in (AnnouncementDay, Delivery, RunReport):
        for name in TypeAdapter(stored).json_schema()["properties"]:
            assert f"`{name}`" in STATE, f"{stored.__name__}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_commands_of_the_readme_are_commands_of_the_script() -> None:
    script = (ROOT / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"\./run ([a-z]+)", readme))
    assert {"demo", "test", "newsletter"} <= used
    for name in used:
        assert re.search(rf"^    {name}\)", script, re.MULTILINE), name


NAMED_FILE = re.compile(r"(?<![\w./-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.py)\b")
SOURCES = sorted(path for top in ("newsletter", "tests", "benchmarks") for path in (ROOT / top).rglob("*.py"))


def remarks_of(path: Path) -> str:
    """Its docstrings and comments, or all of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py" or not NAMED_FILE.search(text):
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(
        token.string
        for token in tokens
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""'))
    )


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=lambda path: str(path.relative_to(ROOT)))
def test_each_file_that_is_named_is_there(path: Path) -> None:
    """By its path from the checkout, newsletter/ or tests/, or from a folder around the one who names it."""
    around = [ROOT / "newsletter", ROOT / "tests", *(folder for folder in path.parents if folder.is_relative_to(ROOT))]
    if path.suffix == ".md":
        around += {source.parent for source in SOURCES}
    named = set(NAMED_FILE.findall(remarks_of(path)))
    assert not {name for name in named if not any((folder / name).exists() for folder in around)}
