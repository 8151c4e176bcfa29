"""Tries Zotero for `newsletter check`: reads each library that subscribers.yaml names, and says what it found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newsletter import app
from newsletter.errors import ConfigError, FetchError
from newsletter.formatting import cut_at_clause
from newsletter.model import ZoteroLibrary
from newsletter.services import subscribers_file
from newsletter.settings import Settings
from newsletter.sources import LibraryReader
from newsletter.subscribers import parse_file


def find_libraries(path: Path) -> Sequence[ZoteroLibrary]:
    """Lists the libraries that the file names, each once; none of a file that cannot be read, which others say."""
    try:
        file = parse_file(subscribers_file.read_subscribers(path), source=str(path))
    except ConfigError:
        return ()
    return tuple(dict.fromkeys(one.zotero for one in file.subscribers if one.zotero))


def try_libraries(settings: Settings, libraries: Sequence[ZoteroLibrary]) -> str:
    """Reads each of them, and counts. Keeps nothing. Raises ConfigError that names each that cannot be read."""
    reader, lines, problems = app.build_library_reader(settings), list[str](), list[str]()
    for library in libraries:
        try:
            lines.append(_try(library, reader, settings))
        except FetchError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("subscribers.yaml names libraries that cannot be read:", (*problems, *lines))
    return "\n  ".join(lines)


def _try(library: ZoteroLibrary, reader: LibraryReader, settings: Settings) -> str:
    key = app.find_library_key(library, settings)
    found = reader.read(library, key=key)
    if found is None or not found.items:
        return f"{library.place} is empty; papers that are added to it count from the next day on"
    latest, entries = found.items[-1], "1 entry" if found.total == 1 else f"{found.total:,} entries"
    count = f"{len(found.items)} paper{'' if len(found.items) == 1 else 's'}"
    last = f"the last one, added on {latest.added_at:%Y-%m-%d}, is “{cut_at_clause(latest.title, 80)}”"
    return f"{library.place} has {entries}, {count} of it counted; {last}"
