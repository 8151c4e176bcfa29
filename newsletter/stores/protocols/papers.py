"""Keeps papers: the announcement days, and what a sentence model made of them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from newsletter.model import AnnouncementDay, Feed, FeedReport, PaperVector


class AnnouncementStore(Protocol):
    """One AnnouncementDay for each arXiv day."""

    def remember_day(self, day: AnnouncementDay) -> None:
        """Keeps this as all that is known of that arXiv day, in place of what was kept before."""

    def add_feeds(self, announced_on: date, feeds: Sequence[Feed], reports: Sequence[FeedReport]) -> AnnouncementDay:
        """Merges these into what is kept of that arXiv day (`announcements.add_feeds`), and gives the merged day.

        Of any number of racing calls nothing that one of them read is lost.
        """

    def begin_asking(self, announced_on: date, category: str, *, run_id: str, now: datetime) -> bool:
        """Says whether this run is to ask for that category's feed, and notes that it does so until `add_feeds`.

        Not while the answer that is kept is current, nor while another run that is alive is asking
        (`papers.begin_asking`): of any number of racing calls of such runs one gets True. A repeated call of the same
        run gets what the first one got.
        """

    def get_day(self, announced_on: date) -> AnnouncementDay | None: ...

    def get_days(self, *, before: date, limit: int) -> list[AnnouncementDay]:
        """Gives the latest days before that date that brought a paper, at most `limit`, oldest first."""

    def forget_days(self, *, before: date, most_days: int | None = None) -> None:
        """Drops the announcement days before that date. What was mailed is not forgotten: see deliveries."""


class VectorStore(Protocol):
    """What a sentence model made of papers. Nothing is lost with it but the time to make it again."""

    def put_vectors(self, vectors: Sequence[PaperVector]) -> None:
        """Keeps these; one with the key and day of a kept one takes its place."""

    def get_vectors(self, model: str, papers: Collection[tuple[str, int]]) -> list[PaperVector]:
        """Gives what this model made of papers (id, version), in no order; those it has not read are left out.

        The latest days are looked through first, and no more of them than it takes.
        """

    def forget_vectors(self, *, before: date, most_days: int | None = None) -> None:
        """Drops what was made for arXiv days before that date."""
