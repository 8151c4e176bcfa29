"""What a page shows of a trial: the last days under a profile, in words. The words are services/trial_words.py's."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.formatting import weekday_date
from newsletter.papers import readable
from newsletter.run import Trial, TrialDay
from newsletter.services import trial_words


@dataclass(frozen=True, slots=True)
class TrialDayView:
    day: str
    papers: str  # how many, in words
    is_any: bool
    what: str  # the paper is the best, or the nearest; empty: none is shown
    title: str
    url: str
    relevance: int


@dataclass(frozen=True, slots=True)
class TrialView:
    name: str  # of the days
    summary: str
    advice: str
    notes: tuple[str, ...]
    days: tuple[TrialDayView, ...]  # latest first


_DAYS = (
    TrialDayView("Tue, 6 Jan", "2 papers", True, "best", "A title", "url", 9),
    TrialDayView("Mon, 5 Jan", "nothing", False, "", "", "", 0),
)
SAMPLE = TrialView("The last 5 announcements", "About 2 papers a day.", "Set it to 5.", ("A note.",), _DAYS)


def trial_view(trial: Trial, *, is_judged: bool) -> TrialView | None:
    """Shows a trial; None if it has no day. `is_judged` says that a model will judge the mails themselves."""
    if not trial.days:
        return None
    name = trial_words.name_days(trial)
    return TrialView(
        name=name[0].upper() + name[1:],
        summary=trial_words.summarize(trial),
        advice=trial_words.advise(trial),
        notes=tuple(filter(None, (trial_words.name_uncollected(trial), trial_words.BY_WORDS if is_judged else ""))),
        days=tuple(_day_view(trial, day) for day in reversed(trial.days)),
    )


def _day_view(trial: Trial, day: TrialDay) -> TrialDayView:
    what = trial_words.name_best(trial, day)
    return TrialDayView(
        day=weekday_date(day.announced_on),
        papers=trial_words.describe_day(trial, day),
        is_any=trial.relevant(day) > 0,
        what=what,
        title=readable(day.best.title) if what and day.best else "",
        url=f"https://arxiv.org/abs/{day.best.arxiv_id}" if what and day.best else "",
        relevance=day.best_relevance,
    )
