"""Loads templates and sentences, of which the operator's copy wins, and names the place of a mistake in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import CodeType

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket, BytecodeCache

from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.texts import TextsByLanguage


def loader_of(folders: Sequence[Path]) -> BaseLoader:
    """Takes each template from the first of these folders that has it. Raises ConfigError for one that is no text."""
    return ChoiceLoader([_FolderLoader(folder) for folder in folders])


class _FolderLoader(FileSystemLoader):
    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        path = Path(self.searchpath[0], template)
        if not path.is_file():
            raise TemplateNotFound(template)  # an OSError, too
        with resources.reading(path):
            return super().get_source(environment, template)


class CompiledTemplates(BytecodeCache):
    """Keeps what templates were compiled to, for all environments of one kind in this process; threads may share it.

    Compiling takes ten times the time of filling. A file that has changed is compiled anew.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}  # by the template's name and file: its source's checksum

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key] = bucket.checksum, bucket.code


@cache
def load_notices() -> TextsByLanguage:
    """Reads the sentences of notices, once. Raises ConfigError with everything that is wrong in the file."""
    return resources.load_texts("templates/texts/notices.yaml")


@cache
def load_update_texts() -> TextsByLanguage:
    """Reads the sentences about papers that were sent before, once. Raises ConfigError as above."""
    return resources.load_texts("templates/texts/updates.yaml")


def problem_of(name: str, error: TemplateError | TypeError) -> ConfigError:
    """What is wrong with the template of this name ("templates/web/page.html"), or with one that it includes."""
    if isinstance(error, TemplateNotFound):
        return ConfigError(f"{name} is missing; put it back, or install the package again")
    place = name
    if isinstance(error, TemplateSyntaxError):
        place = f"{name.rpartition('/')[0]}/{error.name.rpartition('/')[2] if error.name else name}:{error.lineno}"
    return ConfigError(
        f"{place}: {getattr(error, 'message', error)}; mend it, or remove your copy to use the shipped one"
    )
