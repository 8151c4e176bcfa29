"""Reads subscribers.yaml, and serves the last good one while it is broken.

The file is read each time and understood when it changed, so that an answer to one reader costs the same with a
thousand. What it may say is subscribers/subscribers_yaml.py's business.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from functools import lru_cache
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.files import yaml_nodes
from newsletter.model import JUDGED_CUT_OFF, Subscriber
from newsletter.stores import Store
from newsletter.subscribers import SubscribersFile, parse_file

LAST_GOOD = "subscribers.last-good.yaml"
LAST_GOOD_SERVES = "The last good version serves until this is mended."
_FILES_IN_MEMORY = 4  # understood: the present one, the last good one


def read_subscribers(path: Path) -> bytes:
    """The bytes of this file, for `parse_file`. Raises ConfigError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(yaml_nodes.MAX_BYTES + 1)  # one more than is taken, so that `parse_file` refuses it
    except OSError as error:
        is_there = not isinstance(error, FileNotFoundError)
        remedy = "make it a file that this user may read" if is_there else "'newsletter init' writes one to begin with"
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); {remedy}, or name another file with NEWSLETTER_SUBSCRIBERS"
        ) from error


def load_file(path: Path, store: Store, min_relevance: int) -> tuple[SubscribersFile, str]:
    """Reads the file; if it is broken, the last good one, and why. Raises ConfigError if there never was a good one."""
    try:
        data = read_subscribers(path)
        file = _parse(data, str(path), min_relevance)
    except ConfigError as error:
        last_good = store.get_document(LAST_GOOD)
        if last_good is None:
            raise
        return _parse(last_good, LAST_GOOD, min_relevance), str(error)
    if store.get_document(LAST_GOOD) != (text := data.decode("utf-8-sig")):
        store.put_document(LAST_GOOD, text)
    return file, ""


def find_problem(path: Path, store: Store) -> str:
    """Says what is wrong with the file, and what holds until it is mended; empty if nothing is. Writes nothing.

    Quick where the file is as it was when it was last read.
    """
    last_good = store.get_document(LAST_GOOD)
    try:
        data = read_subscribers(path)
        if last_good is None or data.removeprefix(BOM_UTF8) != last_good.encode():
            parse_file(data, source=str(path))
    except ConfigError as error:
        return f"{error}\n{LAST_GOOD_SERVES}" if last_good is not None else str(error)
    return ""


def last_good_subscribers(store: Store) -> tuple[Subscriber, ...]:
    """Gives those whom the last good file lists; none if there is none that can be understood."""
    last_good = store.get_document(LAST_GOOD)
    file = _parse_or_error(last_good, LAST_GOOD, JUDGED_CUT_OFF) if last_good else None
    return file.subscribers if isinstance(file, SubscribersFile) else ()


def _parse(text: str | bytes, source: str, min_relevance: int) -> SubscribersFile:
    result = _parse_or_error(text, source, min_relevance)
    if isinstance(result, ConfigError):
        raise result.with_traceback(None)  # one object for every time it is told
    return result


@lru_cache(maxsize=_FILES_IN_MEMORY)
def _parse_or_error(text: str | bytes, source: str, min_relevance: int) -> SubscribersFile | ConfigError:
    # By content, not by time and size: a change within the same tick of the clock, of the same length, is seen.
    try:
        return parse_file(text, source=source, min_relevance=min_relevance)
    except ConfigError as error:
        return error
