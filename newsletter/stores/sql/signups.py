"""Keeps who subscribes on the web: the table `sign_ups` until it is confirmed, then `enrolled`.

Whom the operator adds by the command is enrolled at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import ColumnElement, func, not_, select

from newsletter.addresses import is_same_mailbox
from newsletter.model import Move, SignUp, SignUpOrigin
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.sql.digests import Digests
from newsletter.stores.sql.documents import Documents
from newsletter.stores.sql.profiles import Profiles, Votes
from newsletter.stores.sql.saved import SavedPapers
from newsletter.stores.sql.table import SqlTable, batched
from newsletter.subscribers import address_change

_MARK = "mark of enrolled"  # a document


class SignUps:
    """Keeps what people ask for on the page to subscribe, and who of them is a subscriber by it."""

    def __init__(self, database: Database, digests: Digests, words: tuple[Profiles, Votes, SavedPapers]) -> None:
        self._database = database
        self._digests = digests
        self._documents = Documents(database)
        self._words = words  # what a subscriber said of papers
        self.asked = SqlTable(database, tables.sign_ups, SignUp, asked_columns_of)
        self.enrolled = SqlTable(database, tables.enrolled, SignUp, enrolled_columns_of, is_of_reader=True)

    # -- until it is confirmed

    def add_sign_up(self, sign_up: SignUp) -> bool:
        """Deletes and writes a row either way, so that its time says nothing about the address."""
        with self._database.locked("sign-up", sign_up.subscriber_id):
            stored = self.get_sign_up(sign_up.subscriber_id, _day_of(sign_up))
            self.asked.put(stored or sign_up)
        return stored is None

    def get_sign_up(self, subscriber_id: str, on: date) -> SignUp | None:
        return self.asked.get(on, subscriber_id)

    def get_sign_ups(self) -> list[SignUp]:
        return self.asked.find(order=(self.asked.columns.at, self.asked.columns.subscriber_id))

    def change_sign_up(self, subscriber_id: str, on: date, change: Callable[[SignUp], SignUp | None]) -> SignUp | None:
        with self._database.locked("sign-up", subscriber_id):
            stored = self.get_sign_up(subscriber_id, on)
            changed = change(stored) if stored is not None else None
            if changed is None:
                columns = self.asked.columns
                self.asked.drop(columns.subscriber_id == subscriber_id, columns.asked_on == on)
            elif changed != stored:
                self.asked.put(changed)
        return changed

    def forget_sign_ups(self, *, before: date, most_days: int | None = None) -> None:
        self.asked.drop_days(self.asked.columns.asked_on, before, most_days)

    # -- enrolled

    def enrol(self, sign_up: SignUp, *, most: int | None = None) -> bool:
        with self._database.locked("enrolment"):
            if most is not None and self.count_places_taken(by_others_than=sign_up.subscriber_id) >= most:
                return False
            stored = self.get_enrolment(sign_up.subscriber_id)  # what cannot be read is not written over
            if stored is not None and not is_same_mailbox(stored.email, sign_up.email):
                return False
            self.enrolled.put(sign_up)
            self._note_change()
        return True

    def get_enrolled(self, *, only: Collection[str] | None = None) -> list[SignUp]:
        found = [one for conditions in self._are_among(only) for one in self.enrolled.find_readable(*conditions)]
        return sorted(found, key=lambda one: (one.at, one.subscriber_id))

    def get_enrolled_ids(self, *, only: Collection[str] | None = None) -> list[str]:
        wanted = select(self.enrolled.columns.subscriber_id)
        with self._database.statement() as connection:
            return sorted(
                who
                for condition in self._are_among(only)
                for who in connection.execute(wanted.where(*condition)).scalars()
            )

    def _are_among(self, only: Collection[str] | None) -> Iterator[Sequence[ColumnElement[bool]]]:
        """Gives the condition of each statement that is needed to ask for these: none where all are meant."""
        if only is None:
            yield ()
        else:
            for some in batched(sorted(only)):
                yield (self.enrolled.columns.subscriber_id.in_(some),)

    def mark_of_enrolled(self) -> str:
        return self._documents.get_document(_MARK) or ""

    def _note_change(self) -> None:
        """Changes the mark. Call within the change, as the last of it: others that change it wait for its end."""
        self._documents.put_document(_MARK, secrets.token_hex(8))

    def get_enrolment(self, subscriber_id: str) -> SignUp | None:
        return self.enrolled.get(subscriber_id)

    def forget_enrolled(self, subscriber_id: str) -> bool:
        with self._database.change():
            self.asked.drop(self.asked.columns.subscriber_id == subscriber_id)
            for part in (self._digests, *self._words):
                part.drop(subscriber_id)
            is_known = self.enrolled.drop(self.enrolled.columns.subscriber_id == subscriber_id) == 1
            self._note_change()
            return is_known

    def reassign(self, move: Move) -> None:
        """Gives what one subscriber asked for to another. Call within a change."""
        old, to = move.subscriber_id, move.to
        for sign_up in self.asked.find(self.asked.columns.subscriber_id == old):
            self.asked.add(address_change.reassign_sign_up(sign_up, move))
        self.asked.drop(self.asked.columns.subscriber_id == old)
        if (enrolment := self.get_enrolment(old)) is not None:
            if self.get_enrolment(to) is None:
                self.enrolled.put(address_change.reassign_sign_up(enrolment, move))
            self.enrolled.drop(self.enrolled.columns.subscriber_id == old)
            self._note_change()

    def count_places_taken(self, *, by_others_than: str = "") -> int:
        enrolled, statuses, waiting = tables.enrolled.c, tables.address_statuses.c, tables.waiting_suppressions.c
        gone = select(statuses.subscriber_id).where(statuses.is_suppressed).union(select(waiting.subscriber_id))
        wanted = select(func.count()).where(
            enrolled.origin == SignUpOrigin.WEB.value,
            enrolled.subscriber_id != by_others_than,
            not_(enrolled.subscriber_id.in_(gone)),
        )
        with self._database.statement() as connection:
            return int(connection.execute(wanted).scalar_one())


def asked_columns_of(sign_up: SignUp) -> dict[str, Any]:
    return {"asked_on": _day_of(sign_up), "subscriber_id": sign_up.subscriber_id, "at": sign_up.at}


def enrolled_columns_of(sign_up: SignUp) -> dict[str, Any]:
    return {"subscriber_id": sign_up.subscriber_id, "at": sign_up.at, "origin": sign_up.origin.value}


def _day_of(sign_up: SignUp) -> date:
    return sign_up.at.astimezone(UTC).date()
