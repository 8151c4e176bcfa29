"""Decides which one setting of a reader's to move for more or fewer papers a day, and how far. Pure.

One step at a time, so that a reader sees what it brings before the next. Storing it is services/amounts.py's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.errors import ConfigError
from newsletter.model import HIGHEST_GRADE, Digest, Subscriber
from newsletter.subscribers import profile_yaml
from newsletter.subscribers.values import MOST_PAPERS
from newsletter.texts import Texts

_ROUND_FROM, _ROUND_TO = 10, 5  # numbers that people choose


class Direction(StrEnum):
    MORE = "more"
    FEWER = "fewer"


class Setting(StrEnum):
    """What can be moved; the values are the keys of a profile."""

    MAX_PAPERS = "max_papers"
    MIN_RELEVANCE = "min_relevance"
    MIN_NOVELTY = "min_novelty"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class AmountChange:
    """One setting from one number to another, and what a known day brought and would have brought; None: not known."""

    setting: Setting
    before: int
    after: int
    papers_before: int | None = None
    papers_after: int | None = None

    @property
    def undone(self) -> AmountChange:
        """The way back."""
        return AmountChange(self.setting, self.after, self.before)


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What a day had for a reader as they are served now: papers that pass, and the nearest that fill up."""

    passed: int  # also those that `max_papers` cuts
    higher: int  # of these: would pass with `min_relevance` one higher
    nearest: int = 0


def count_day(digest: Digest, subscriber: Subscriber) -> DayCounts | None:
    """Counts a kept digest by the cut-offs of now; None where it cannot tell, since they were higher then."""
    then = digest.subscriber
    if subscriber.min_relevance < then.min_relevance or subscriber.min_novelty < then.min_novelty:
        return None
    entries = [entry for entry in digest.entries if not entry.is_nearest]
    graded = [
        *((HIGHEST_GRADE + 1 if e.pinned_author else e.score.relevance, e.score.novelty) for e in entries),
        *((paper.relevance, paper.novelty) for paper in digest.unsent),
    ]
    reached = [relevance for relevance, novelty in graded if novelty is None or novelty >= subscriber.min_novelty]
    not_kept = digest.counts.relevant - len(graded)  # of an earlier version, or beyond what a digest remembers
    same = (subscriber.min_relevance, subscriber.min_novelty) == (then.min_relevance, then.min_novelty)
    if not_kept and not same:
        return None
    higher = sum(relevance > subscriber.min_relevance for relevance in reached)
    passed = sum(relevance >= subscriber.min_relevance for relevance in reached) + not_kept
    return DayCounts(passed, higher, digest.counts.nearest)


def propose(direction: Direction, subscriber: Subscriber, day: DayCounts | None) -> AmountChange | None:
    """Gives the one step that sends more or fewer papers; None where the reader is at the end of the range already.

    More: `max_papers` half as high again where it cut that day, or else `min_relevance` one lower, or where that is 1
    `min_novelty`. Fewer: `min_relevance` one higher where that leaves some and less than now; `at_least` a third below
    what came where the nearest filled up; else `max_papers`. Without a known day a cut-off moves.
    """
    return _more(subscriber, day) if direction is Direction.MORE else _fewer(subscriber, day)


def _more(reader: Subscriber, day: DayCounts | None) -> AmountChange | None:
    if day and day.passed > reader.max_papers:
        most = min(_rounded(reader.max_papers + max(1, reader.max_papers // 2)), MOST_PAPERS)
        if most <= reader.max_papers:
            return None
        shown = min(day.passed, reader.max_papers), min(day.passed, most)
        return AmountChange(Setting.MAX_PAPERS, reader.max_papers, most, *shown)
    for setting, value in ((Setting.MIN_RELEVANCE, reader.min_relevance), (Setting.MIN_NOVELTY, reader.min_novelty)):
        if value > 1:
            return AmountChange(setting, value, value - 1)
    return None


def _fewer(reader: Subscriber, day: DayCounts | None) -> AmountChange | None:
    filled = min(reader.at_least, day.passed + day.nearest) if day else 0
    if day and filled > day.passed:
        least = filled - max(1, filled // 3)
        return AmountChange(Setting.AT_LEAST, reader.at_least, least, filled, max(day.passed, least))
    shown = min(day.passed, reader.max_papers) if day else 0
    fewer = min(day.higher, reader.max_papers) if day else 0
    if reader.min_relevance < HIGHEST_GRADE and (shown < 2 or 0 < fewer < shown):
        counts = (shown, fewer) if day and shown else (None, None)
        return AmountChange(Setting.MIN_RELEVANCE, reader.min_relevance, reader.min_relevance + 1, *counts)
    if shown < 2:
        return None if reader.max_papers < 2 else _smaller(reader, reader.max_papers, None)
    return _smaller(reader, shown, shown)


def _smaller(reader: Subscriber, shown: int, known: int | None) -> AmountChange:
    most = _rounded(max(1, shown - max(1, shown // 3)))
    return AmountChange(Setting.MAX_PAPERS, reader.max_papers, most, known, None if known is None else most)


def _rounded(papers: int) -> int:
    return papers // _ROUND_TO * _ROUND_TO if papers >= _ROUND_FROM else papers


# --- in the reader's own text -------------------------------------------------------------------------


def with_value(change: AmountChange, text: str, listed: Subscriber, current: Subscriber, comments: Texts) -> str:
    """Writes the changed setting into the reader's own text, and leaves everything else there as they wrote it.

    `text` is the profile that they wrote last, or blank; `listed` is what it is laid over, `current` what came of the
    two. A text that cannot be changed so (flow style, a mail program's damage, a word by mail that counts beside it)
    gives way to the whole profile, written anew with these comments.
    """
    line = f"{change.setting}: {change.after}"
    changed, found = re.subn(rf"(?m)^{change.setting}:[ \t]*\d+", line, text)
    if not found:
        changed = f"{text.rstrip()}\n{line}\n" if text.strip() else f"{line}\n"
    wanted = with_setting(current, change.setting, change.after)
    try:
        if _comparable(profile_yaml.read(changed, listed)) == _comparable(wanted):
            return changed
    except ConfigError:
        pass
    return profile_yaml.write(wanted, comments)


def with_setting(subscriber: Subscriber, setting: Setting, value: int) -> Subscriber:
    """Gives the subscriber with this number."""
    has_chosen = subscriber.has_chosen_relevance or setting is Setting.MIN_RELEVANCE
    values = {str(setting): value, "has_chosen_relevance": has_chosen}
    return replace(subscriber, **values)  # type: ignore[arg-type]  # they are whole numbers


def value_of(subscriber: Subscriber, setting: Setting) -> int:
    """Reads the number that the setting has."""
    return int(getattr(subscriber, setting))


def _comparable(subscriber: Subscriber) -> Subscriber:
    """Leaves out what no profile's text holds."""
    return replace(subscriber, paused_until=None, profile=replace(subscriber.profile, papers=()))
