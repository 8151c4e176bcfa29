"""Holds what a digest tells its reader beside papers: a kind and its values, no words.

mail/notices.py says it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NoticeValue = int | str | tuple[str, ...]


class NoticeKind(StrEnum):
    """Each is the key of a sentence, and its values are those the sentence has placeholders for."""

    FEEDS_FAILED = "feeds_failed"  # categories
    FEEDS_LATE = "feeds_late"  # categories
    FEEDS_INCOMPLETE = "feeds_incomplete"  # categories
    FEEDS_IN_PORTIONS = "feeds_in_portions"  # categories
    MODEL_NOT_REACHED = "model_not_reached"
    MODEL_WITHOUT_ANSWER = "model_without_answer"
    NOT_JUDGED = "not_judged"  # n: papers that the model could not be asked about
    # What would bring more, in a first digest for which nothing passed
    OTHER_WORDS = "other_words"
    WORDS_NOT_FOUND = "words_not_found"  # phrases: the reader's own
    BROADER_WORDS = "broader_words"  # phrases: one
    OWN_TOPIC = "own_topic"
    FIRST_TOPIC = "first_topic"
    PAPERS_UNKNOWN = "papers_unknown"
    LIBRARY_UNREAD = "library_unread"  # place: of the live library
    LOWER_CUT_OFF = "lower_cut_off"  # key of the profile, lower, present; n: papers
    FEW_PAPERS = "few_papers"  # categories; n: papers
    OTHER_CATEGORY = "other_category"  # categories; n: papers; category, and the shared papers that are also in it


@dataclass(frozen=True, slots=True)
class Notice:
    kind: NoticeKind
    values: Mapping[str, NoticeValue] = field(default_factory=dict)
