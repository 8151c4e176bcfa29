"""Says how many papers below the cut-offs a digest shows when too few pass, and what would bring more.

A first digest for which nothing passes has three, so that nobody's newsletter begins with silence; `at_least` asks for
some on every day. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from newsletter.model import (
    HIGHEST_GRADE,
    Announcement,
    Counts,
    Notice,
    NoticeKind,
    NoticeValue,
    Profile,
    Score,
    Subscriber,
)

FIRST_NEAREST = 3
LOWEST_ADVISED = 5  # a lower cut-off would let in more papers that miss the profile than such that meet it
FEW_CANDIDATES = 30  # papers: from so few another category brings more than other words do
SHOWN_PHRASES = 3


def count_nearest(subscriber: Subscriber, n_passing: int, *, is_first: bool) -> int:
    """Gives how many nearest papers a digest is to have besides those that pass."""
    fewest = max(subscriber.at_least, FIRST_NEAREST if is_first and not n_passing else 0)
    return max(0, min(fewest, subscriber.max_papers) - n_passing)


def nearest_in_words(counts: Counts) -> str:
    """Says to the operator that a digest holds nearest papers; empty if it holds none."""
    if not counts.nearest:
        return ""
    return f"{counts.passed or 'nothing'} passed; with the nearest {counts.nearest}"


# --- what would bring more ----------------------------------------------------------------------------


def suggest_widening(subscriber: Subscriber, candidates: Sequence[Announcement], scores: Sequence[Score]) -> Notice:
    """Gives what would bring this reader more: a topic, titles, other words, a lower cut-off, a category."""
    if not subscriber.profile.has_wishes:
        return _suggest_first_wish(subscriber)
    if not any(score.is_met for score in scores):
        return _suggest_common_words(subscriber.profile, candidates)
    return (
        _suggest_cut_off(subscriber, scores)
        or _suggest_category(subscriber, candidates)
        or _suggest_broader_words(subscriber.profile)
    )


def _suggest_first_wish(subscriber: Subscriber) -> Notice:
    # The profile has the papers that are known, the list the entries as the reader wrote them
    if subscriber.zotero:
        return Notice(NoticeKind.LIBRARY_UNREAD, {"place": subscriber.zotero.place})
    return Notice(NoticeKind.PAPERS_UNKNOWN if subscriber.papers else NoticeKind.FIRST_TOPIC)


def _suggest_common_words(profile: Profile, candidates: Sequence[Announcement]) -> Notice:
    texts = [f"{each.paper.title} {each.paper.abstract}".casefold() for each in candidates]
    missing = [phrase for phrase in _phrases(profile) if not any(phrase.casefold() in text for text in texts)]
    if not missing:
        return Notice(NoticeKind.OTHER_WORDS)
    return Notice(NoticeKind.WORDS_NOT_FOUND, {"phrases": tuple(missing[:SHOWN_PHRASES])})


def _suggest_cut_off(subscriber: Subscriber, scores: Sequence[Score]) -> Notice | None:
    """Names the highest cut-off that would have let something in, if papers that reach it are often good."""
    # What no model judged is not held against its novelty
    judged = [(score.relevance, HIGHEST_GRADE if score.novelty is None else score.novelty) for score in scores]
    novel = [relevance for relevance, novelty in judged if novelty >= subscriber.min_novelty]
    best = max(novel, default=0)
    if LOWEST_ADVISED <= best < subscriber.min_relevance:
        return _would_pass("min_relevance", best, subscriber.min_relevance, novel.count(best))
    relevant = [novelty for relevance, novelty in judged if relevance >= subscriber.min_relevance]
    best = max(relevant, default=HIGHEST_GRADE)
    if best < subscriber.min_novelty:
        return _would_pass("min_novelty", best, subscriber.min_novelty, relevant.count(best))
    return None


def _would_pass(key: str, lower: int, present: int, count: int) -> Notice:
    return Notice(NoticeKind.LOWER_CUT_OFF, {"key": key, "lower": lower, "present": present, "n": count})


def _suggest_category(subscriber: Subscriber, candidates: Sequence[Announcement]) -> Notice | None:
    if len(candidates) >= FEW_CANDIDATES:
        return None
    others = Counter(
        category for each in candidates for category in each.paper.categories if category not in subscriber.categories
    )
    few: dict[str, NoticeValue] = {"categories": subscriber.categories, "n": len(candidates)}
    if not others:
        return Notice(NoticeKind.FEW_PAPERS, few)
    category, shared = min(others.items(), key=lambda item: (-item[1], item[0]))
    return Notice(NoticeKind.OTHER_CATEGORY, {**few, "category": category, "shared": shared})


def _suggest_broader_words(profile: Profile) -> Notice:
    phrases = _phrases(profile)
    if not phrases:
        return Notice(NoticeKind.OWN_TOPIC)
    return Notice(NoticeKind.BROADER_WORDS, {"phrases": (phrases[0],)})


def _phrases(profile: Profile) -> list[str]:
    """Gives what the reader wants in their own words, the shortest way they say it: topics' names and keywords.

    The name of a topic that says only what is irrelevant may be no wish ("Not video"): it is given where nothing else
    is.
    """
    wanted = [topic.name for topic in profile.topics if topic.relevant or not topic.irrelevant]
    return list(dict.fromkeys([*wanted, *profile.like])) or [topic.name for topic in profile.topics]
