"""`newsletter init` in an empty folder, in one that has files, and where it may not write."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from dotenv import dotenv_values

from newsletter.cli.env_file import write_env_file
from newsletter.cli.init import command, command_in
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.settings import Settings, load_settings, variable
from newsletter.subscribers import json_schema

FILES = {".env", "subscribers.schema.json", "subscribers.yaml"}


def init(folder: Path) -> str:
    result = CliRunner().invoke(command, [str(folder)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def next_steps(said: str) -> list[str]:
    """The commands of the program that it tells to type."""
    lines = [line.strip().partition("  ")[0] for line in said.partition("Next:")[2].splitlines()]
    return [line for line in lines if "newsletter " in line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "papers of mine"


def test_an_empty_folder_gets_all_that_a_morning_needs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = init(folder)
    assert {path.name for path in folder.iterdir()} == FILES
    assert f"cd '{folder}'" in said
    assert len(yaml.safe_load((folder / "subscribers.yaml").read_text("utf-8"))["subscribers"]) == 3
    assert json.loads((folder / "subscribers.schema.json").read_text("utf-8")) == json_schema()
    monkeypatch.chdir(folder)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    settings = load_settings()
    assert settings.model_fields_set <= {"secret_keys", "name", "footer"}  # the last two are of templates/theme.yaml
    assert len(settings.secret_keys[0].get_secret_value()) >= 32
    assert "cd " not in init(Path())


def test_every_line_of_the_env_file_may_be_uncommented(folder: Path) -> None:
    init(folder)
    lines = (folder / ".env").read_text("utf-8").splitlines()
    named = [variable(name) for name in Settings.model_fields]
    assert [name for name in named if not any(line.startswith((f"# {name}=", f"{name}=")) for line in lines)] == []
    (folder / "all.env").write_text(write_env_file(Settings.model_construct(), active=Settings.model_fields), "utf-8")
    values = dotenv_values(folder / "all.env")
    assert values["NEWSLETTER_SENDER"] == Settings.model_construct().sender
    assert len(values) == len(named)


def test_the_key_is_another_each_time_and_for_its_owner_alone(folder: Path, tmp_path: Path) -> None:
    init(folder)
    init(tmp_path / "second")
    keys = {dotenv_values(each / ".env")["NEWSLETTER_SECRET_KEYS"] for each in (folder, tmp_path / "second")}
    assert len(keys) == 2
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_what_to_type_next_is_what_works_in_that_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = tmp_path / "bin" / "newsletter"
    on_path.parent.mkdir()
    on_path.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert next_steps(init(folder)) == ["newsletter run --sample", "newsletter check", "newsletter run"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert next_steps(init(folder))[1] == f"{sys.executable} -m newsletter check"
    assert command_in(resources.SHIPPED) == "./run newsletter"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_there_is_kept(folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"mine\n")
    said = init(folder)
    assert (folder / name).read_bytes() == b"mine\n"
    assert said.count("kept: it was there") == 1
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_second_time_changes_nothing(folder: Path) -> None:
    init(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert init(folder).count("kept: it was there") == len(FILES)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(ConfigError, match=r"cannot be written \(.+\); choose another folder"):
        CliRunner().invoke(command, [str(tmp_path / "file" / "below")], catch_exceptions=False)
