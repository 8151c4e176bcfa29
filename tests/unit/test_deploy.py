"""What an operator deploys by: the files name what is there, and start commands as the program takes them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from newsletter.cli import group
from newsletter.settings import Settings, variable

TOP = Path(__file__).parents[2]
DOCKERFILE = (TOP / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((TOP / "compose.yaml").read_text("utf-8"))
UNIT = TOP / "deploy" / "newsletter.service"
DATABASE = "db"


def procfile() -> dict[str, list[str]]:
    lines = (TOP / "Procfile").read_text("utf-8").splitlines()
    processes = (line.split(": ", 1) for line in lines if line and not line.startswith("#"))
    return {name: shlex.split(command.removeprefix("exec ")) for name, command in processes}


def composed() -> dict[str, list[str]]:
    return {name: ["newsletter", *each["command"]] for name, each in COMPOSE["services"].items() if name != DATABASE}


def started() -> list[tuple[str, list[str]]]:
    unit = re.search(r"^ExecStart=(.+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    image = re.search(r"^CMD \[(.+)\]$", DOCKERFILE, re.MULTILINE)
    assert unit
    assert image
    single = [("unit", unit[1].split()), ("image", ["newsletter", *shlex.split(image[1].replace(",", " "))])]
    return [*procfile().items(), *composed().items(), *single]


@pytest.mark.parametrize("command", [command for _, command in started()], ids=" ".join)
def test_each_command_is_one_that_the_program_takes(command: list[str]) -> None:
    program, name, *args = command
    assert Path(program).name == "newsletter"
    found = group.commands.get(name) or group.get_command(
        group.make_context("newsletter", [name, "--help"], resilient_parsing=True), name
    )
    assert found is not None
    found.make_context(name, list(args))  # raises UsageError for an option that there is not


def test_compose_starts_the_processes_of_the_procfile() -> None:
    assert {name: command[1] for name, command in composed().items()} == {
        name: command[1] for name, command in procfile().items()
    }


def test_only_one_process_may_change_the_tables_and_all_others_wait_for_it() -> None:
    services = COMPOSE["services"]
    assert services["release"]["depends_on"] == {DATABASE: {"condition": "service_healthy"}}
    waiting = {name for name, each in services.items() if "release" in each.get("depends_on", {})}
    assert waiting == services.keys() - {DATABASE, "release"}


def test_every_variable_that_is_set_for_a_process_is_a_setting() -> None:
    known = {variable(name) for name in Settings.model_fields}
    named = {key for name in composed() for key in COMPOSE["services"][name].get("environment", {})}
    assert named
    assert named <= known


def test_the_image_is_built_from_files_that_are_there_and_reach_the_builder() -> None:
    let_in = [line[1:] for line in (TOP / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    assert copied
    assert [name for name in copied if not (TOP / name).exists()] == []
    assert [name for name in copied if not any(fnmatch(name, each) for each in let_in)] == []
    assert [name for name in let_in if name not in copied] == []


def test_the_image_s_processes_are_not_root_s() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", last, re.MULTILINE)
    assert last.index("USER") < last.index("ENTRYPOINT")


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze looks at the unit; there is none here"
)
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text("utf-8").replace("/opt/newsletter/bin/newsletter", sys.executable)
    copy = tmp_path / "newsletter.service"
    copy.write_text(text, "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.replace(str(copy), "")) == (0, "")
