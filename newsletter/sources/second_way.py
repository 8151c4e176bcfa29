"""Several ways to arXiv's records, of which the first that answers is taken. Knows no protocol of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache

from newsletter.errors import SourceError
from newsletter.model import PaperRecord
from newsletter.sources import Harvester


class FirstThatAnswers:
    """A Harvester that asks these in turn until one has all records of a category; each is opened when it is asked.

    Raises the SourceError of all of them in one sentence, or at once that of a category that arXiv does not know. A
    warning says when it was not the first that answered.
    """

    def __init__(self, openings: Sequence[Callable[[], Harvester]]) -> None:
        self._harvesters = [cache(opening) for opening in openings]

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        failures: list[SourceError] = []
        for open_harvester in self._harvesters:
            try:
                records, warnings = open_harvester().harvest(category, since=since)
            except SourceError as error:
                if error.is_config:
                    raise
                failures.append(error)
            else:
                asked_before = tuple(f"Another way was taken for {category}: {failure}" for failure in failures)
                return records, (*asked_before, *warnings)
        raise SourceError(category, " ".join(str(failure) for failure in failures)) from failures[-1]
