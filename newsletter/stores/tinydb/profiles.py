"""Keeps what readers say of papers: revisions/s_8k2mpq4x.json and votes/s_8k2mpq4x.json each."""

from __future__ import annotations

from datetime import datetime

from newsletter.model import ProfileRevision, RevisionOrigin, Vote
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.subscriber_files import SubscriberFiles, errors_of, require_owned
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change, revisions


class Profiles(SubscriberFiles[ProfileRevision]):
    """Keeps the latest revisions of each subscriber's profile."""

    def __init__(self, folder: StateFolder) -> None:
        super().__init__(JsonTable(folder, "revisions", ProfileRevision, lambda revision: str(revision.number)))

    def add_revision(
        self,
        subscriber_id: str,
        text: str,
        *,
        origin: RevisionOrigin,
        now: datetime,
        after: int | None = None,
        most_a_day: int | None = None,
    ) -> ProfileRevision:
        path = self._file(subscriber_id)
        with self._table.change(path):
            stored = self.get_revisions(subscriber_id)
            latest = revisions.add_revision(
                stored, subscriber_id, text, origin=origin, now=now, after=after, most_a_day=most_a_day
            )
            if latest is not stored:
                self._table.write(path, latest)
        return latest[-1]

    def get_revisions(self, subscriber_id: str) -> list[ProfileRevision]:
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            found = require_owned(subscriber_id, path, self._table.get_all(path))
        return sorted(found, key=lambda revision: revision.number)

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's revisions to another. Call under the folder's lock."""
        if own := self.get_revisions(old):
            self._table.write(self._file(to), address_change.merge_revisions(own, self.get_revisions(to), to))
            self.drop(old)


class Votes(SubscriberFiles[Vote]):
    """Keeps the latest vote of each subscriber on each paper."""

    def __init__(self, folder: StateFolder) -> None:
        super().__init__(JsonTable(folder, "votes", Vote, lambda vote: vote.arxiv_id))

    def put_vote(self, vote: Vote) -> None:
        path = self._file(vote.subscriber_id)
        with self._table.change(path):
            own = self._get_all(vote.subscriber_id)
            stored = next((each for each in own if each.arxiv_id == vote.arxiv_id), None)
            if stored is None or stored.at <= vote.at:
                self._table.put(path, vote)

    def get_votes(self, subscriber_id: str) -> list[Vote]:
        votes = [vote for vote in self._get_all(subscriber_id) if vote.value]
        return sorted(votes, key=lambda vote: (vote.at, vote.arxiv_id))

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's votes to another. Call under the folder's lock."""
        if own := self._get_all(old):
            self._table.put(self._file(to), *address_change.merge_votes(own, self._get_all(to), to))
            self.drop(old)

    def _get_all(self, subscriber_id: str) -> list[Vote]:
        """Also what was taken back."""
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            return require_owned(subscriber_id, path, self._table.get_all(path))
