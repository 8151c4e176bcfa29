"""Keeps what all sources of one process share of the network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.sources.fetching.kept_answers import KeptAnswers


@cache
def kept_answers() -> KeptAnswers:
    """Gives what servers need not send again: one for the process, since a source lives for one round only."""
    from newsletter.sources.fetching.kept_answers import KeptAnswers

    return KeptAnswers()
