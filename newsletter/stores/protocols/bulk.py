"""What is asked for many readers at once, so that a morning asks a database a few times for some hundred of them."""

from collections.abc import Collection, Mapping
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
        self, subscriber_ids: Collection[str], *, digest_on: date
    ) -> Mapping[str, ReaderHistory | ReaderUnreadable]:
        """Gives all deliveries and the votes, once everything has been found readable.

        That is what `require_readable` with that date looks at.
        """
