"""The role of a store that counts, for whoever asks often and wants numbers alone."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

from newsletter.model import DeliveryState


class CountStore(Protocol):
    """Numbers of what the other roles keep. A database counts without reading what it counts."""

    def count_deliveries(self, *, since: date) -> Mapping[DeliveryState, int]:
        """Counts the deliveries of that date and later by their state; a state without any may be missing."""

    def sum_costs(self, *, called_on: date) -> Decimal:
        """Adds up the dollars of the model's calls of that UTC day; a call without a price counts as nothing."""
