"""The nearest papers: which of those below the cut-offs a digest shows when too few pass, and what would bring more.

A first digest for which nothing passes has three, so that nobody's newsletter begins with silence; `at_least` asks for
some on every day. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from newsletter.model import Announcement, Counts, Profile, Score, Subscriber

FIRST_NEAREST = 3
LOWEST_ADVISED = 5  # a lower cut-off would let in more papers that miss the profile than such that meet it
HIGHEST = 10  # of all grades: what no model judged is not held against its novelty
FEW_CANDIDATES = 30  # papers: from so few another category brings more than other words do
SHOWN_PHRASES = 3
PHRASE_CHARS = 50


def count_nearest(subscriber: Subscriber, n_passing: int, *, is_first: bool) -> int:
    """Gives how many nearest papers a digest is to have besides those that pass."""
    if not subscriber.profile.has_wishes:  # to pinned authors alone no paper is near
        return 0
    fewest = max(subscriber.at_least, FIRST_NEAREST if is_first and not n_passing else 0)
    return max(0, min(fewest, subscriber.max_papers) - n_passing)


def nearest_in_words(counts: Counts) -> str:
    """Says to the operator that a digest holds nearest papers; empty if it holds none."""
    if not counts.nearest:
        return ""
    return f"{counts.passed or 'nothing'} passed; with the nearest {counts.nearest}"


# --- what would bring more ----------------------------------------------------------------------------


def suggest_widening(subscriber: Subscriber, candidates: Sequence[Announcement], scores: Sequence[Score]) -> str:
    """Says in one or two sentences what would bring this reader more: other words, a lower cut-off, a category."""
    if not any(score.is_met for score in scores):
        return _suggest_common_words(subscriber.profile, candidates)
    return (
        _suggest_cut_off(subscriber, scores)
        or _suggest_category(subscriber, candidates)
        or _suggest_broader_words(subscriber.profile)
    )


def _suggest_common_words(profile: Profile, candidates: Sequence[Announcement]) -> str:
    texts = [f"{each.paper.title} {each.paper.abstract}".casefold() for each in candidates]
    missing = [phrase for phrase in _phrases(profile) if not any(phrase.casefold() in text for text in texts)]
    said = " or ".join(_quoted(phrase) for phrase in missing[:SHOWN_PHRASES])
    none_says = f"None says {said}; words" if said else "Words"
    return f"{none_says} that more papers use find more."


def _suggest_cut_off(subscriber: Subscriber, scores: Sequence[Score]) -> str:
    """Names the highest cut-off that would have let something in, if papers that reach it are often good."""
    judged = [(score.relevance, HIGHEST if score.novelty is None else score.novelty) for score in scores]
    novel = [relevance for relevance, novelty in judged if novelty >= subscriber.min_novelty]
    best = max(novel, default=0)
    if LOWEST_ADVISED <= best < subscriber.min_relevance:
        return _would_pass("min_relevance", best, subscriber.min_relevance, novel.count(best))
    relevant = [novelty for relevance, novelty in judged if relevance >= subscriber.min_relevance]
    best = max(relevant, default=HIGHEST)
    if best < subscriber.min_novelty:
        return _would_pass("min_novelty", best, subscriber.min_novelty, relevant.count(best))
    return ""


def _would_pass(key: str, lower: int, present: int, count: int) -> str:
    return f"With {key} at {lower} in place of {present}, {_count(count)} of today would have passed."


def _suggest_category(subscriber: Subscriber, candidates: Sequence[Announcement]) -> str:
    if len(candidates) >= FEW_CANDIDATES:
        return ""
    others = Counter(
        category for each in candidates for category in each.paper.categories if category not in subscriber.categories
    )
    few = f"{_source(subscriber)} brought only {_count(len(candidates))} today"
    if not others:
        return f"{few}; another category would bring more."
    category, shared = min(others.items(), key=lambda item: (-item[1], item[0]))
    return f"{few}, and {shared} of them {'is' if shared == 1 else 'are'} also in {category}: it would bring more."


def _source(subscriber: Subscriber) -> str:
    categories = subscriber.categories
    return " and ".join(categories) if len(categories) < 3 else f"Your {len(categories)} categories"


def _count(papers: int) -> str:
    return "1 paper" if papers == 1 else f"{papers} papers"


def _suggest_broader_words(profile: Profile) -> str:
    phrases = _phrases(profile)
    if not phrases:
        return "A topic in your own words would bring more than the papers you keep."
    return f"Broader words, or fewer of them, find more than {_quoted(phrases[0])} does."


def _phrases(profile: Profile) -> list[str]:
    """Gives what the reader wants in their own words, the shortest way they say it: topics' names and keywords."""
    return list(dict.fromkeys([*(topic.name for topic in profile.topics), *profile.like]))


def _quoted(phrase: str) -> str:
    return f"“{phrase if len(phrase) <= PHRASE_CHARS else phrase[: PHRASE_CHARS - 1].rstrip() + '…'}”"
