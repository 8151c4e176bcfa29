"""Templates are compiled once in a process, however many environments there are, and anew when their file changes."""

from pathlib import Path
from types import CodeType

import pytest
from jinja2 import Environment, TemplateSyntaxError

from newsletter.errors import ConfigError
from newsletter.mail.templates import CompiledTemplates, loader_of


class Counting(Environment):
    """Remembers what it has compiled."""

    compiled: list[str | None]

    def compile(self, source, name=None, filename=None, raw=False, defer_init=False) -> CodeType:  # type: ignore
        self.compiled.append(name)
        return super().compile(source, name, filename, raw, defer_init)


class Environments:
    def __init__(self) -> None:
        self.kept = CompiledTemplates()
        self.compiled: list[str | None] = []

    def fill(self, *folders: Path) -> str:
        """The template `page.html` as a new environment fills it."""
        environment = Counting(loader=loader_of(folders), bytecode_cache=self.kept)
        environment.compiled = self.compiled
        return environment.get_template("page.html").render(name="Ada")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("Hello {{ name }}", encoding="utf-8")
    return path


def test_a_second_environment_compiles_nothing(page: Path) -> None:
    environments = Environments()
    assert [environments.fill(page.parent) for _ in range(3)] == ["Hello Ada"] * 3
    assert environments.compiled == ["page.html"]


def test_a_changed_file_counts_at_once(page: Path) -> None:
    environments = Environments()
    environments.fill(page.parent)
    page.write_text("Goodbye {{ name }}", encoding="utf-8")
    assert [environments.fill(page.parent) for _ in range(2)] == ["Goodbye Ada"] * 2
    page.write_text("{% if %}", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(TemplateSyntaxError):
            environments.fill(page.parent)


def test_files_of_one_name_in_two_folders_are_two(page: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    environments = Environments()
    for _ in range(2):
        assert environments.fill(own, page.parent) == "Hello Ada"
    (own / "page.html").write_text("Our own {{ name }}", encoding="utf-8")
    for _ in range(2):
        assert environments.fill(own, page.parent) == "Our own Ada"
        assert environments.fill(page.parent) == "Hello Ada"
    assert environments.compiled == ["page.html"] * 2


def test_a_template_that_is_no_text_is_named(page: Path) -> None:
    page.write_bytes("Schöne Grüße".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"page\.html is not UTF-8 at byte 3; save it as UTF-8"):
        Environments().fill(page.parent)


def test_a_folder_without_the_template_leaves_it_to_the_next_one(page: Path, tmp_path: Path) -> None:
    (tmp_path / "other/page.html").mkdir(parents=True)
    assert Environments().fill(tmp_path / "other", tmp_path / "none", page.parent) == "Hello Ada"
