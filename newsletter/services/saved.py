"""Puts a paper on a reader's list, whole, and takes it off again.

Who may do so was settled before (signing.py); showing the list is web/archive/'s business.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from newsletter.model import Paper, SavedPaper
from newsletter.services.votes import find_paper
from newsletter.stores import Store

MOST_SAVED = 1_000


class SaveState(StrEnum):
    """How a paper stands to a reader's list."""

    SAVED = "saved"
    OFF = "off"  # it is not there
    FULL = "full"  # it is not there, and there is no room
    UNKNOWN = "unknown"  # it is not there, and nothing is known of it any more


def find_saved(store: Store, subscriber_id: str, arxiv_id: str) -> Paper | None:
    """Finds a paper on the list of this reader."""
    saved = store.get_saved(subscriber_id)
    return next((each.paper for each in saved if each.paper.arxiv_id == arxiv_id), None)


def find_mailed(store: Store, subscriber_id: str, arxiv_id: str) -> Paper | None:
    """Finds a paper on the list, or one that was mailed to this reader."""
    return find_saved(store, subscriber_id, arxiv_id) or find_paper(store, subscriber_id, arxiv_id)


def save(store: Store, subscriber_id: str, arxiv_id: str, now: datetime) -> SaveState:
    """Saves a paper that was mailed to this reader, and says how it stands. Doing it twice is doing it once."""
    paper = find_mailed(store, subscriber_id, arxiv_id)
    if paper is None:
        return SaveState.UNKNOWN
    is_saved = store.save_paper(SavedPaper(subscriber_id, now, paper), most=MOST_SAVED)
    return SaveState.SAVED if is_saved else SaveState.FULL
