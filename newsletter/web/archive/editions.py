"""The editions of one reader's archive: which digests it shows, what of them, and where its pages lie.

Reads the store and writes nothing. A digest is shown if its mail left or may have left: the ledger says so. A public
archive shows no word of the profile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from newsletter.delivery import ledger
from newsletter.errors import ReaderUnreadable
from newsletter.model import Delivery, DeliveryState, Digest, DigestEntry, FoundPaper, Profile, SavedPaper
from newsletter.stores import Store
from newsletter.texts import FALLBACK_LANGUAGE
from newsletter.web.archive.urls import ArchiveUrls

_log = logging.getLogger(__name__)
_NOT_PUBLIC = "The words by which papers are chosen are not public."


@dataclass(frozen=True, slots=True)
class ArchivedDigests:
    """The digests of one subscriber; with a `slug` as strangers may see them."""

    store: Store
    subscriber_id: str
    slug: str = ""

    @property
    def name(self) -> str:
        """The reader's name in ids and folders. A subscriber's id is made of an address, so no stranger gets it."""
        return self.slug or self.subscriber_id

    def deliveries(self) -> list[Delivery]:
        """Gives the deliveries of all digests that are shown, oldest first."""
        stored = set(self.store.get_digest_days(self.subscriber_id))
        rows = self.store.get_deliveries(subscriber_id=self.subscriber_id) if stored else []
        return [row for row in rows if row.digest_on in stored and ledger.counts_as_sent(row.state)]

    def days(self) -> list[date]:
        return [row.digest_on for row in self.deliveries()]

    def get(self, digest_on: date) -> Digest | None:
        """Gives one digest, if it is shown. Raises ReaderUnreadable."""
        row = self.store.get_delivery(self.subscriber_id, digest_on)
        if row is None or not ledger.counts_as_sent(row.state):
            return None
        return self._read(digest_on)

    def digest_of(self, row: Delivery) -> Digest | None:
        """Gives the digest of a row that is shown; None for one that cannot be read, so that the others are shown."""
        return self._readable(row.digest_on)

    def find(self, query: str) -> list[FoundPaper]:
        """Finds the papers of all digests that are shown which have every word of the query, best first."""
        return self.store.find_papers(self.subscriber_id, query)

    def entries_at(self, places: Iterable[FoundPaper]) -> list[tuple[Digest, DigestEntry]]:
        """Gives the papers that stand there, in that order; those of a digest that cannot be read are left out."""
        found, digests = [], dict[date, Digest | None]()
        for place in places:
            if place.digest_on not in digests:
                digests[place.digest_on] = self._readable(place.digest_on)
            digest = digests[place.digest_on]
            found += [(digest, each) for each in digest.entries if each.number == place.number] if digest else []
        return found

    def saved(self) -> list[SavedPaper]:
        """Gives the papers that the reader saved, in that order; none to strangers. Raises ReaderUnreadable."""
        return [] if self.slug else self.store.get_saved(self.subscriber_id)

    def _readable(self, digest_on: date) -> Digest | None:
        try:
            return self._read(digest_on)
        except ReaderUnreadable as error:
            _log.error("a digest is left out: %s", error)
            return None

    def _read(self, digest_on: date) -> Digest | None:
        digest = self.store.get_digest(self.subscriber_id, digest_on)
        return for_strangers(digest) if digest and self.slug else digest


@dataclass(frozen=True)
class ArchiveSnapshot(ArchivedDigests):
    """The digests as they are when all pages are made: listed once, and each read once for the pages of its day."""

    def deliveries(self) -> list[Delivery]:
        return list(self._rows.values())

    def get(self, digest_on: date) -> Digest | None:
        """Gives one digest, if it was shown when the work began. Raises ReaderUnreadable."""
        if digest_on not in self._rows:
            return None
        if digest_on not in self._latest:
            digest = self._read(digest_on)
            self._latest.clear()
            self._latest[digest_on] = digest
        return self._latest[digest_on]

    @cached_property
    def _rows(self) -> dict[date, Delivery]:
        return {row.digest_on: row for row in super().deliveries()}

    @cached_property
    def _latest(self) -> dict[date, Digest | None]:
        return {}


@dataclass(frozen=True, slots=True)
class Edition:
    """One archive as one kind of reader sees it: its own reader, strangers, or whoever opens a folder of files."""

    digests: ArchivedDigests
    urls: ArchiveUrls
    language: str = FALLBACK_LANGUAGE  # of the pages; papers and comments have their own


def sent_at(row: Delivery) -> datetime:
    """Tells when the mail left, whatever its mailbox did later."""
    return next((step.at for step in reversed(row.steps) if step.state is DeliveryState.HANDED_OVER), row.at)


def for_strangers(digest: Digest) -> Digest:
    """Takes out the reader's own words, the names of their topics and the authors they follow."""
    profile = Profile((), about=_NOT_PUBLIC, language=digest.subscriber.profile.language)  # in which comments are
    subscriber = replace(digest.subscriber, profile=profile, pinned_authors=())
    entries = tuple(replace(entry, pinned_author="", topic="") for entry in digest.entries)
    return replace(digest, subscriber=subscriber, entries=entries, prompt="", widening="", weekly_best=(), updates=())
