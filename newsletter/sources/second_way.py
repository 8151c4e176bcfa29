"""Several ways to arXiv's records, of which the first that answers is taken. Knows no protocol of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from newsletter.errors import SourceError
from newsletter.model import PaperRecord
from newsletter.sources import Harvester


class FirstThatAnswers:
    """A Harvester that asks these in turn until one has all records of a category.

    Raises the SourceError of all of them in one sentence, or at once that of a category that arXiv does not know. A
    warning says when it was not the first that answered.
    """

    def __init__(self, harvesters: Sequence[Harvester]) -> None:
        self._harvesters = harvesters

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        failures: list[SourceError] = []
        for harvester in self._harvesters:
            try:
                records, warnings = harvester.harvest(category, since=since)
            except SourceError as error:
                if error.is_config:
                    raise
                failures.append(error)
            else:
                asked_before = tuple(f"Another way was taken for {category}: {failure}" for failure in failures)
                return records, (*asked_before, *warnings)
        raise SourceError(category, " ".join(str(failure) for failure in failures)) from failures[-1]
