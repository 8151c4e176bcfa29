"""Prepares a trial for a page: the last days under a profile, in words of services/trial_words.py."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.papers import readable
from newsletter.run import Trial, TrialDay
from newsletter.services import trial_words
from newsletter.texts import Texts, write_weekday


@dataclass(frozen=True, slots=True)
class TrialDayView:
    day: str
    papers: str  # how many, in words
    is_any: bool
    what: str  # the paper is the best, or the nearest; empty: none is shown
    title: str
    url: str
    relevance: str  # a number, or whose paper it is


@dataclass(frozen=True, slots=True)
class TrialView:
    name: str  # of the days
    summary: str
    advice: str
    notes: tuple[str, ...]
    days: tuple[TrialDayView, ...]  # latest first


_DAYS = (
    TrialDayView("Tue, 6 Jan", "2 papers", True, "best", "A title", "url", "9"),
    TrialDayView("Mon, 5 Jan", "nothing", False, "", "", "", ""),
)
SAMPLE = TrialView("The last 5 announcements", "About 2 papers a day.", "Set it to 5.", ("A note.",), _DAYS)


def trial_view(trial: Trial, t: Texts, *, is_judged: bool) -> TrialView | None:
    """Shows a trial; None if it has no day. `is_judged` says that a model will judge the mails themselves."""
    if not trial.days:
        return None
    return TrialView(
        name=trial_words.capitalized(trial_words.name_days(trial, t)),
        summary=trial_words.summarize(trial, t),
        advice=trial_words.advise(trial, t),
        notes=tuple(filter(None, (trial_words.name_uncollected(trial, t), t["by_words"] if is_judged else ""))),
        days=tuple(_day_view(trial, day, t) for day in reversed(trial.days)),
    )


def _day_view(trial: Trial, day: TrialDay, t: Texts) -> TrialDayView:
    what = trial_words.name_best(trial, day, t)
    return TrialDayView(
        day=write_weekday(day.announced_on, t.language),
        papers=trial_words.describe_day(trial, day, t),
        is_any=trial.relevant(day) > 0,
        what=what,
        title=readable(day.best.title) if what and day.best else "",
        url=day.best.abs_url if what and day.best else "",
        relevance=trial_words.grade(day),
    )
