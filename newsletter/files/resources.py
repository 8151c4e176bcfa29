"""Finds prompts and templates: a local file wins, file by file, over the one that ships with the package.

In a checkout both are the same folders; in an installed wheel the shipped ones lie in `newsletter/shipped/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.texts import TextsByLanguage
from newsletter.texts import load_texts as load_sentences

_PACKAGE = Path(__file__).parents[1]
_WHEEL = _PACKAGE / "shipped"
SHIPPED = _WHEEL if _WHEEL.is_dir() else _PACKAGE.parent


def folders(name: str, local: Path = Path()) -> list[Path]:
    """Lists the folders that may hold files of `name` ("prompts", "templates/email"), the one that wins first."""
    return [local / name, SHIPPED / name]


def read_shipped(name: str) -> str:
    """Reads the text of a file as it ships, whatever lies in the operator's folder."""
    return (SHIPPED / name).read_text(encoding="utf-8")


def find(name: str, local: Path = Path()) -> Path:
    """Finds the file that counts for `name` ("prompts/profile.md"). Raises ConfigError if neither place has it."""
    for path in folders(name, local):
        if path.is_file():
            return path
    raise ConfigError(f"{name} is missing; put it back into {local.resolve()}, or install the package again")


def read_text(name: str, local: Path = Path()) -> str:
    """Reads the text of `find(name)`. Raises ConfigError for one that cannot be read or is not UTF-8."""
    path = find(name, local)
    with reading(path):
        return path.read_text(encoding="utf-8")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raises ConfigError with this path for what goes wrong as its text is read in here."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); let this user read it, or remove it") from error


def load_texts(name: str, local: Path = Path(), *, former: Collection[str] = ()) -> TextsByLanguage:
    """Reads a file of sentences ("templates/texts/home.yaml"). Raises ConfigError with everything that is wrong in it.

    A local file may leave out sentences, which are then the shipped ones; `former` are keys that it may still have.
    """
    shipped = SHIPPED / name
    own = read_text(name, local)
    known = shipped.read_text(encoding="utf-8") if shipped.is_file() else own
    return parse_texts(own, known, name, tuple(former))


@lru_cache(maxsize=64)  # by what is in the files: YAML is slow to read, and an application is built for each check
def parse_texts(own: str, known: str, name: str, former: tuple[str, ...] = ()) -> TextsByLanguage:
    """Does as `load_texts` with the text of such a file and that of the shipped one."""
    if own == known:
        return load_sentences(own, name)
    return load_sentences(own, name, shipped=parse_texts(known, known, name), former=former)
