"""Checks answers of a server of records: a page is whole, of its kind and no larger than it can be.

A single record that cannot be read is left out and named. Fetches nothing. `setting` is the setting of the server's
address, which messages name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.model import PaperRecord
from newsletter.sources.left_out import require_some
from newsletter.sources.markup import MAX_BODY_BYTES, MAX_ENTRIES, MAX_TAGS, refuse_busy, shown

_HTML = re.compile(r"^\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)


def read_root(body: bytes, category: str, tag: str, *, protocol: str, setting: str) -> ET.Element:
    """Parses an answer of this protocol, whose root is `tag`. `category` is what messages call it.

    Raises SourceBusy for a sentence that says the server is busy, and SourceError for all else that is not a whole
    answer.
    """
    if len(body) > MAX_BODY_BYTES:
        raise _too_large(category, setting)
    try:
        text = body.decode("utf-8-sig").lstrip()
    except UnicodeError as error:
        raise _damaged(category, "it is not UTF-8") from error
    if not text:
        raise SourceError(category, f"The records of {category} have no content at all; run again later.")
    if _HTML.search(text):
        _refuse_html(body, category, setting)
    if "<!DOCTYPE" in text:  # entities defined there can blow up a small file
        raise SourceError(
            category,
            f"The records of {category} have a document type declaration, which arXiv's never have, and were not read;"
            f" check {setting}.",
        )
    if text.count("<") > MAX_TAGS:
        raise _too_large(category, setting)
    try:
        root = ET.fromstring(text)  # noqa: S314  # no document type, so no entities to multiply
    except (ET.ParseError, ValueError) as error:
        refuse_busy(body, category)
        raise _damaged(category, str(error)) from error
    if root.tag != tag:
        raise SourceError(
            category, f"What came for the records of {category} is no answer of {protocol}; check {setting}."
        )
    return root


def read_records(
    found: Sequence[ET.Element],
    read: Callable[[ET.Element], PaperRecord | None],
    id_path: str,
    category: str,
    *,
    setting: str,
) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
    """Reads each of these elements; gives the records, and a sentence for each that `read` refused with ValueError.

    `id_path` leads to what names an element. Raises SourceError if they are too many, or none can be read.
    """
    if len(found) > MAX_ENTRIES:
        raise _too_large(category, setting)
    records, problems = [], []
    for each in found:
        try:
            if record := read(each):
                records.append(record)
        except (ValueError, OverflowError) as error:
            name = shown(each.findtext(id_path, "")) or "without an id"
            problems.append(f"A record of {category} was left out ({name}): {error}.")
    require_some(records, problems, f"records of {category}", category, server="arXiv")
    return tuple(records), tuple(problems)


def _refuse_html(body: bytes, category: str, setting: str) -> None:
    refuse_busy(body, category)
    raise SourceError(
        category,
        f"An HTML page came in place of the records of {category}; run again later, and check {setting} if it stays"
        " so.",
    )


def _damaged(category: str, why: str) -> SourceError:
    return SourceError(
        category,
        f"The records of {category} are damaged or cut off ({shown(why)}) and were not used, because papers may be"
        " missing from them; run again later.",
    )


def _too_large(category: str, setting: str) -> SourceError:
    return SourceError(
        category,
        f"A page of the records of {category} has more than {MAX_BODY_BYTES // 1_000_000} MB, {MAX_TAGS:,} tags or"
        f" {MAX_ENTRIES:,} records and was not read; check {setting}.",
    )
