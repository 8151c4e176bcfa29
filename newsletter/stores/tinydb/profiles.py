"""What readers say of papers: revisions/s_8k2mpq4x.json and votes/s_8k2mpq4x.json each."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from newsletter.model import ProfileRevision, RevisionOrigin, Vote
from newsletter.stores.tinydb.folder import StateFolder, reader_file, reader_ids
from newsletter.stores.tinydb.readers import errors_of, require_owned
from newsletter.stores.tinydb.table import JsonTable
from newsletter.subscribers import address_change, revisions


class Profiles:
    """Keeps the latest revisions of each subscriber's profile."""

    def __init__(self, folder: StateFolder) -> None:
        self._revisions = JsonTable(folder, "revisions", ProfileRevision, lambda revision: str(revision.number))

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
        with self._revisions.change(path):
            stored = self.get_revisions(subscriber_id)
            latest = revisions.with_next(
                stored, subscriber_id, text, origin=origin, now=now, after=after, most_a_day=most_a_day
            )
            if latest is not stored:
                self._revisions.write(path, latest)
        return latest[-1]

    def get_revisions(self, subscriber_id: str) -> list[ProfileRevision]:
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            found = require_owned(subscriber_id, path, self._revisions.get_all(path))
        return sorted(found, key=lambda revision: revision.number)

    def ids(self) -> set[str]:
        return reader_ids(self._revisions.path)

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's revisions to another. Call under the folder's lock."""
        if own := self.get_revisions(old):
            self._revisions.write(self._file(to), address_change.revisions_of(own, self.get_revisions(to), to))
            self.drop_all(old)

    def drop_all(self, subscriber_id: str) -> None:
        """Call under the folder's lock."""
        self._file(subscriber_id).unlink(missing_ok=True)

    def _file(self, subscriber_id: str) -> Path:
        return reader_file(self._revisions.path, subscriber_id)


class Votes:
    """Keeps the latest vote of each subscriber on each paper."""

    def __init__(self, folder: StateFolder) -> None:
        self._votes = JsonTable(folder, "votes", Vote, lambda vote: vote.arxiv_id)

    def put_vote(self, vote: Vote) -> None:
        path = self._file(vote.subscriber_id)
        with self._votes.change(path):
            own = self._get_all(vote.subscriber_id)
            stored = next((each for each in own if each.arxiv_id == vote.arxiv_id), None)
            if stored is None or stored.at <= vote.at:
                self._votes.put(path, vote)

    def get_votes(self, subscriber_id: str) -> list[Vote]:
        votes = [vote for vote in self._get_all(subscriber_id) if vote.value]
        return sorted(votes, key=lambda vote: (vote.at, vote.arxiv_id))

    def ids(self) -> set[str]:
        return reader_ids(self._votes.path)

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's votes to another. Call under the folder's lock."""
        if own := self._get_all(old):
            self._votes.put(self._file(to), *address_change.votes_of(own, self._get_all(to), to))
            self.drop_all(old)

    def drop_all(self, subscriber_id: str) -> None:
        """Call under the folder's lock."""
        self._file(subscriber_id).unlink(missing_ok=True)

    def _get_all(self, subscriber_id: str) -> list[Vote]:
        """Also what was taken back."""
        path = self._file(subscriber_id)
        with errors_of(subscriber_id, path):
            return require_owned(subscriber_id, path, self._votes.get_all(path))

    def _file(self, subscriber_id: str) -> Path:
        return reader_file(self._votes.path, subscriber_id)
