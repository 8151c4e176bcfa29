"""Keeps what servers answered, for all sources of one process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.app.common import utc_now
from newsletter.settings import Settings

if TYPE_CHECKING:
    from newsletter.sources.fetching.kept_answers import KeptAnswers


def kept_answers(settings: Settings) -> KeptAnswers:
    """Gives what servers need not send again: one for the process, since a source lives for one round only.

    Beside a memory in a folder it outlives the process; machines that share a database keep their own.
    """
    return _kept_in(None if settings.database_url else settings.state / "answers")


@cache
def _kept_in(folder: Path | None) -> KeptAnswers:
    from newsletter.sources.fetching.answer_folder import AnswerFolder
    from newsletter.sources.fetching.kept_answers import MAX_BYTES, KeptAnswers

    return KeptAnswers(folder=AnswerFolder(folder, utc_now, max_bytes=MAX_BYTES) if folder else None)
