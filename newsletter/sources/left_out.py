"""Names the parts of an answer that could not be read and were left out, be they entries, records or notes.

An answer of which no part could be read is an error and no quiet day.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from newsletter.errors import SourceError

MOST_NAMED = 3


def name_left_out(problems: Sequence[str], what: str, *, most: int = MOST_NAMED) -> tuple[str, ...]:
    """Gives the first of these sentences, one for each part, and one that counts the others as so many more `what`."""
    more = len(problems) - most
    return (*problems[:most], *([f"{more} more {what} were left out."] if more > 0 else ()))


def require_some(read: Collection[object], problems: Sequence[str], what: str, category: str, *, server: str) -> None:
    """Raises SourceError if nothing was read though there was something."""
    if problems and not read:
        raise SourceError(
            category,
            f"None of the {len(problems)} {what} could be read. {problems[0]} {server} may have changed its format:"
            " update this program.",
        )
