"""Builds what reads the live libraries of subscribers, and has them read before a morning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from newsletter.app.common import reveal, utc_now
from newsletter.errors import ConfigError
from newsletter.model import ZoteroLibrary
from newsletter.settings import Settings
from newsletter.sources import LibraryReader
from newsletter.stores import Store

if TYPE_CHECKING:
    from newsletter.services.directory import SubscriberList


def build_library_reader(settings: Settings) -> LibraryReader:
    """Builds what asks Zotero. Raises ConfigError without a contact."""
    if settings.contact is None:
        raise ConfigError("Zotero wants to know who asks; set NEWSLETTER_CONTACT to your e-mail address")
    from newsletter.sources.zotero import open_zotero

    return open_zotero(contact=settings.contact, base_url=settings.zotero_url)


def find_library_key(library: ZoteroLibrary, settings: Settings) -> str:
    """Gives the key of a private library, "" of another. Raises FetchError if the variable it names is not set."""
    from newsletter.services import live_libraries

    return live_libraries.find_key(library, _keys(settings))


def _keys(settings: Settings) -> Mapping[str, str]:
    return {name: reveal(key) for name, key in settings.zotero_keys.items()}


def read_libraries(
    settings: Settings, store: Store, listed: SubscriberList, should_stop: Callable[[], bool]
) -> SubscriberList:
    """Reads the live libraries that are due; gives the subscribers with what is in them now.

    Takes some minutes at most; without a contact nothing is asked. Raises StoreError if the memory fails.
    """
    from newsletter.services import directory, live_libraries

    if settings.contact is None:
        return listed
    subscribers = listed.subscribers
    if any(one.zotero for one in subscribers) or live_libraries.read_index(store):
        reader, keys = build_library_reader(settings), _keys(settings)
        live_libraries.refresh(subscribers, store, reader, keys, utc_now, should_stop=should_stop)
    return directory.refill(listed, store)
