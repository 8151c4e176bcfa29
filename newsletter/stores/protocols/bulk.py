"""Reads for many readers at once, so that a morning asks a database a few times for some hundred of them."""

from collections.abc import Collection, Mapping, Set
from datetime import date
from typing import Protocol

from newsletter.errors import ReaderUnreadable
from newsletter.model import ReaderHistory, ReaderWishes


class BulkStore(Protocol):
    """The same as the methods for one reader give, for any number of them.

    Each answer has every reader who was asked for; where something of one cannot be read, the error stands in place
    of the value. What is read here may have changed a moment later: `claim` and `hand_over` decide.
    """

    def get_wishes(self, subscriber_ids: Collection[str]) -> Mapping[str, ReaderWishes | ReaderUnreadable]:
        """Gives the status of each address and the revisions of each profile."""

    def get_histories(
        self, subscriber_ids: Collection[str], *, digest_on: date, since: date, mailed_since: date
    ) -> Mapping[str, ReaderHistory | ReaderUnreadable]:
        """Gives deliveries and votes, once everything that `require_readable` with that date looks at could be read.

        The deliveries are those of `since` and later and one before; `mailed` those that `ledger.counts_as_sent` of
        `mailed_since` and later, before `since`. `sent_before` is empty: that is asked of few.
        """

    def find_sent(
        self, subscriber_ids: Collection[str], paper_ids: Set[str], *, before: date
    ) -> Mapping[str, frozenset[str]]:
        """Finds which of these papers were, or may have been, in mails of dates before that one."""
