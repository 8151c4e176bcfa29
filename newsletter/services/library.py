"""Finds the papers that readers keep: those of the operator's files, of titles, and of ids that were once announced.

An id that was found is remembered with its paper, so that it goes on counting when its announcement is forgotten. A
file is read where the operator names it, in subscribers.yaml or in adding somebody; a reader's own profile can name
none. What a file may hold is papers/library.py's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.model import AnnouncementDay, LibraryPaper, Profile, Subscriber, ZoteroLibrary
from newsletter.papers import LibraryFile, arxiv_id, is_library_file, library, read_library
from newsletter.run import ANNOUNCEMENT_DAYS
from newsletter.services import live_libraries
from newsletter.stores import Store

KEPT_PAPERS = "library-papers.json"
MOST_PAPERS = library.MAX_PAPERS  # of one file that count
MOST_UNREAD = library.MOST_UNREAD  # parts of one file that cannot be read, and are told
_FILES_IN_MEMORY = 16


class Adding:
    """Adds papers to profiles: of equal ones once, so that the profile of a group is one object for all its readers.

    What it found first holds as long as it lives: one for each look at the list.
    """

    def __init__(self, find: Callable[[Subscriber], Iterable[LibraryPaper]]) -> None:
        self._find = find
        self._whole: dict[tuple[Profile, tuple[str, ...], ZoteroLibrary | None], Profile] = {}

    def __call__(self, subscriber: Subscriber) -> Subscriber:
        """Gives the subscriber with the papers that are found for them; the same object where that changes nothing."""
        if not (subscriber.papers or subscriber.zotero or subscriber.profile.papers):
            return subscriber
        key = (subscriber.profile, subscriber.papers, subscriber.zotero)
        if key not in self._whole:
            papers = tuple(self._find(subscriber))
            is_whole = papers == subscriber.profile.papers
            self._whole[key] = subscriber.profile if is_whole else replace(subscriber.profile, papers=papers)
        profile = self._whole[key]
        return subscriber if profile is subscriber.profile else replace(subscriber, profile=profile)


def reading_files(folder: Path) -> Adding:
    """Gives what adds the papers of the files that subscribers' lists name, beside subscribers.yaml in `folder`.

    It raises ConfigError for a file that cannot be read.
    """

    def find(subscriber: Subscriber) -> Iterable[LibraryPaper]:
        files = [entry for entry in subscriber.papers if is_library_file(entry)]
        if not files:
            return subscriber.profile.papers
        return (paper for entry in files for paper in read_file(folder / entry, entry).papers)

    return Adding(find)


def read_file(path: Path, entry: str) -> LibraryFile:
    """Reads one file, which the list calls `entry`. Raises ConfigError if nothing of it can be read."""
    try:
        with path.open("rb") as file:
            data = file.read(library.MAX_BYTES + 1)  # one more than is taken, so that it is refused
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); write its name as it is, relative to subscribers.yaml"
        ) from error
    return _parse(data, entry)


@lru_cache(maxsize=_FILES_IN_MEMORY)
def _parse(data: bytes, entry: str) -> LibraryFile:
    return read_library(data, entry)


def filling(store: Store) -> Adding:
    """Gives what puts the papers of subscribers' lists into their profiles, as far as they are known.

    In the order of the list, and then those of a live library. May be repeated.
    """
    by_id = cache(lambda: _read_document(store)[0])

    def find(subscriber: Subscriber) -> Iterable[LibraryPaper]:
        for entry in subscriber.papers:
            if is_library_file(entry):
                yield from (paper for paper in subscriber.profile.papers if paper.entry == entry)
            elif not (key := arxiv_id(entry)):
                yield LibraryPaper(entry, entry)
            elif key in by_id():
                yield LibraryPaper(entry, *by_id()[key])
        yield from live_libraries.kept_papers(subscriber.zotero, store)

    return Adding(find)


def fill(subscriber: Subscriber, store: Store) -> Subscriber:
    """Fills one profile, as `filling` does."""
    return filling(store)(subscriber)


def find_missing(filled: Subscriber) -> list[tuple[str, bool]]:
    """Lists each entry of whose papers nothing is known, and whether it names a file, as the operator alone can do."""
    known = {paper.entry for paper in filled.profile.papers}
    return [(entry, is_library_file(entry)) for entry in filled.papers if entry not in known]


def find_unknown_ids(entries: Iterable[str], store: Store) -> set[str]:
    """Finds the entries with an id of which nothing is kept, and which no announcement that is kept has."""
    ids = {entry: key for entry in entries if (key := arxiv_id(entry))}
    wanted = {*ids.values()} - _read_document(store)[0].keys()
    latest = store.get_days(before=date.max, limit=1)
    if latest and wanted:
        wanted -= _find_announced(store, wanted, latest[-1]).keys()
    return {entry for entry, key in ids.items() if key in wanted}


def remember_ids(subscribers: Iterable[Subscriber], store: Store) -> bool:
    """Remembers the papers of the ids that these subscribers list, as far as their announcements are still kept.

    Tells whether some were found that were not known. An id that was sought in vain is sought again when another day
    has been announced.
    """
    ids = {key for one in subscribers for entry in one.papers if (key := arxiv_id(entry))}
    if not ids:
        return False
    latest = store.get_days(before=date.max, limit=1)
    kept, sought = _read_document(store)
    on = latest[-1].announced_on.isoformat() if latest else ""
    wanted = {key for key in ids - kept.keys() if sought.get(key) != on}
    if not latest or not wanted:
        return False
    found = _find_announced(store, wanted, latest[-1])
    vain = {key for key in sought if sought[key] == on} | (wanted - found.keys())
    document = {"papers": {**kept, **found}, "sought": dict.fromkeys(sorted(vain - found.keys()), on)}
    store.put_document(KEPT_PAPERS, json.dumps(document, indent=0))
    return bool(found)


def _find_announced(store: Store, wanted: set[str], latest: AnnouncementDay) -> dict[str, tuple[str, str]]:
    found = dict[str, tuple[str, str]]()
    for back in range(ANNOUNCEMENT_DAYS + 1):
        day = store.get_day(latest.announced_on - timedelta(days=back))
        for shown in day.announcements if day else ():
            if shown.paper.arxiv_id in wanted:
                found.setdefault(shown.paper.arxiv_id, (shown.paper.title, shown.paper.abstract))
        if found.keys() == wanted:
            break
    return found


def _read_document(store: Store) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Reads the papers kept by id, and on which latest day each other id was sought in vain.

    Nothing, if the text cannot be understood: what is still announced is found again.
    """
    try:
        document = json.loads(store.get_document(KEPT_PAPERS) or "{}")
        papers = {str(key): (str(title), str(abstract)) for key, (title, abstract) in document["papers"].items()}
        return papers, {str(key): str(on) for key, on in document["sought"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}, {}
