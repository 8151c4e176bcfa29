"""Reads the outer form of an API's answer in JSON: it is whole, of bounded size, and says nothing twice.

What stands in it is the business of `preprint_records.py` and `openreview_notes.py`. Fetches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from newsletter.errors import SourceError
from newsletter.sources.markup import shown

MAX_BYTES = 20_000_000


def read_object(body: bytes, category: str, server: str) -> Mapping[str, Any]:
    """Reads an object. Raises SourceError if it is damaged or none. `server` is the name that messages have."""
    if len(body) > MAX_BYTES:
        raise SourceError(category, f"{server} sent more than {MAX_BYTES // 1_000_000} MB for {category}.")
    try:
        document = json.loads(body, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            category, f"What {server} sent for {category} is damaged ({shown(str(error))}); run again later."
        ) from error
    if not isinstance(document, dict):
        raise of_another_form(category, server)
    return document


def of_another_form(category: str, server: str) -> SourceError:
    """Makes the error for an answer that is whole, and in which other things stand than are known here."""
    return SourceError(
        category, f"What {server} sent for {category} has another form than its API has; update this program."
    )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Makes an object. Raises ValueError for one that has a key twice: damage has made one of two."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object says something twice")
    return made
