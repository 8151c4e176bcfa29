"""Keeps what readers say of papers: the tables `revisions` and `votes`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from newsletter.model import ProfileRevision, RevisionOrigin, Vote
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.table import SqlTable
from newsletter.subscribers import address_change
from newsletter.subscribers import revisions as rules


class Profiles:
    """Keeps the latest revisions of each subscriber's profile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows = SqlTable(database, tables.revisions, ProfileRevision, revision_columns_of, is_of_reader=True)
        self._columns = tables.revisions.c

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
        with self._database.locked("profile", subscriber_id):
            stored = self.get_revisions(subscriber_id)
            latest = rules.add_revision(
                stored, subscriber_id, text, origin=origin, now=now, after=after, most_a_day=most_a_day
            )
            if latest is not stored:
                self.rows.put(latest[-1])
                self.rows.drop(self._columns.subscriber_id == subscriber_id, self._columns.number < latest[0].number)
        return latest[-1]

    def get_revisions(self, subscriber_id: str) -> list[ProfileRevision]:
        return self.rows.find(self._columns.subscriber_id == subscriber_id, order=(self._columns.number,))

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's revisions to another. Call within a change."""
        if own := self.get_revisions(old):
            merged = address_change.merge_revisions(own, self.get_revisions(to), to)
            self.drop(to)
            self.rows.put(*merged)
            self.drop(old)

    def drop(self, subscriber_id: str) -> None:
        self.rows.drop(self._columns.subscriber_id == subscriber_id)


class Votes:
    """Keeps the latest vote of each subscriber on each paper."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows = SqlTable(database, tables.votes, Vote, vote_columns_of, is_of_reader=True)
        self._columns = tables.votes.c

    def put_vote(self, vote: Vote) -> None:
        with self._database.locked("votes", vote.subscriber_id):
            stored = self.rows.get(vote.subscriber_id, vote.arxiv_id)
            if stored is None or stored.at <= vote.at:
                self.rows.put(vote)

    def get_votes(self, subscriber_id: str) -> list[Vote]:
        votes = [vote for vote in self._get_all(subscriber_id) if vote.value]
        return sorted(votes, key=lambda vote: (vote.at, vote.arxiv_id))

    def reassign(self, old: str, to: str) -> None:
        """Gives one subscriber's votes to another. Call within a change."""
        if own := self._get_all(old):
            self.rows.put(*address_change.merge_votes(own, self._get_all(to), to))
            self.drop(old)

    def drop(self, subscriber_id: str) -> None:
        self.rows.drop(self._columns.subscriber_id == subscriber_id)

    def _get_all(self, subscriber_id: str) -> list[Vote]:
        """Also what was taken back."""
        return self.rows.find(self._columns.subscriber_id == subscriber_id)


def revision_columns_of(revision: ProfileRevision) -> dict[str, Any]:
    return {"subscriber_id": revision.subscriber_id, "number": revision.number}


def vote_columns_of(vote: Vote) -> dict[str, Any]:
    return {"subscriber_id": vote.subscriber_id, "arxiv_id": vote.arxiv_id}
