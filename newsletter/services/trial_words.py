"""Says in a reader's words what their profile would have got of the last days, and what to change if that is nothing.

Every remedy comes with the number it would give. Pure; English, as the rest of what is said of profiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from newsletter.formatting import cut_at_clause, date_range, join_names, weekday_date
from newsletter.model import Frequency
from newsletter.papers import readable
from newsletter.run import HIGHEST, TRIED_DAYS, Trial, TrialDay

LOWEST_ADVISED = 4  # as a cut-off: below it a paper has hardly a word of the profile
NEAR_FROM = 3  # a paper below it is not shown as the nearest: it would look like a mistake
USUAL_NEAREST = 3  # papers
MOST_ADVISED = 60  # papers in a mail: nobody reads more
MOST_TITLE_CHARS = 160
MOST_WORDS, MOST_WORD_CHARS = 5, 60  # that are named as unknown
BY_WORDS = "This is by words alone, no model was asked. A model judges the mail itself, and may choose differently."


def name_days(trial: Trial) -> str:
    """Names the days that were tried; says how many where fewer are kept than are tried."""
    count = len(trial.days)
    if count == TRIED_DAYS:
        return f"the last {count} announcements"
    what = "one announcement" if count == 1 else f"{count} announcements"
    return f"the {what} of your categories kept so far"


def summarize(trial: Trial) -> str:
    """Says how many papers a mail would have had; a sentence."""
    subscriber = trial.subscriber
    counts = trial.per_mail(subscriber.min_relevance)
    if not any(counts):
        if subscriber.at_least:
            return f"Nothing would have passed on {_all_days(trial)}; your mail has the nearest instead."
        return f"You would have got nothing on {_all_days(trial)}."
    text = f"You would have got {_count(trial, counts)}"
    if max(counts) > subscriber.max_papers:
        text += f", of which at most {subscriber.max_papers} are sent"
    empty = sum(not trial.relevant(day) for day in trial.days)
    what = "only the nearest" if subscriber.at_least else "nothing"
    return f"{text}{f', and {what} on {empty} of {len(trial.days)} days' if empty else ''}."


def advise(trial: Trial) -> str:
    """Says what to change if a mail would never come, or always be cut; nothing otherwise."""
    counts = trial.per_mail(trial.subscriber.min_relevance)
    if not any(counts):
        return " ".join(_advise_on_nothing(trial))
    if min(counts) > trial.subscriber.max_papers:
        return " ".join(_advise_on_too_much(trial, counts))
    return ""


def tell(trial: Trial, *, is_judged: bool) -> Iterable[str]:
    """Says all of it as the lines of a mail; `is_judged` says that a model judges the mails themselves."""
    if trial.days:
        days, dates = name_days(trial), date_range([day.announced_on for day in trial.days])
        yield f"{days[0].upper()}{days[1:]}, {dates}:"
        yield from list_days(trial)
        yield " ".join(filter(None, (summarize(trial), advise(trial))))
    if missing := name_uncollected(trial):
        yield missing
    if is_judged and trial.days:
        yield BY_WORDS


def name_uncollected(trial: Trial) -> str:
    """Says which categories' papers are missing; nothing if none are."""
    names = ", ".join(trial.uncollected)
    return f"Papers of {names} were not collected on all of these days; they come with the next one." if names else ""


def explain_unknown(words: Sequence[str], *, is_judged: bool) -> str:
    """Says which words of a profile no paper uses, and what to do; nothing if all are known.

    Where `is_judged`, a model reads the profile as well, in any language: then it is a matter of what it gets to see.
    """
    if not words:
        return ""
    names = join_names([f"“{cut_at_clause(word, MOST_WORD_CHARS)}”" for word in words], MOST_WORDS)
    them, spelling = ("it", "another spelling") if len(words) == 1 else ("them", "other spellings")
    why = "; papers are chosen by words before a model reads them" if is_judged else ""
    return f"No paper of the last years says {names}{why}. Write {them} in English, or in {spelling}."


def describe_day(trial: Trial, day: TrialDay) -> str:
    """Says how many papers a day would have brought."""
    count = trial.relevant(day)
    return f"{count} paper{'' if count == 1 else 's'}" if count else "nothing"


def name_best(trial: Trial, day: TrialDay) -> str:
    """Says what the best paper of a day is to the reader; nothing if it is too far off to be shown."""
    if trial.relevant(day):
        return "best"
    return "nearest" if day.best_relevance >= NEAR_FROM else ""


def list_days(trial: Trial) -> Iterable[str]:
    """Lists the days, latest first: how many papers, and the best or the nearest with its relevance."""
    for day in reversed(trial.days):
        what = name_best(trial, day)
        paper = f"; {what}: {_title(day)}" if what else ""
        yield f"- {weekday_date(day.announced_on)}: {describe_day(trial, day)}{paper}"


def _advise_on_nothing(trial: Trial) -> Iterable[str]:
    if not any(day.best for day in trial.days):
        yield "Nothing was announced in your categories; add one that has more papers."
        return
    nearest = max(reversed(trial.days), key=lambda day: day.best_relevance)
    is_near = nearest.best_relevance >= NEAR_FROM
    what = f"; the nearest was {_title(nearest)}" if is_near else ", and none came near"
    yield f"No paper reached relevance {trial.subscriber.min_relevance}{what}."
    cuts = range(trial.subscriber.min_relevance - 1, LOWEST_ADVISED - 1, -1)
    often = [cut for cut in cuts if sum(map(bool, trial.per_mail(cut))) * 2 >= len(trial.per_mail(cut))]
    ever = [cut for cut in cuts if any(trial.per_mail(cut))]
    if cut := next(iter(often or ever), None):
        anyway = "" if trial.subscriber.at_least else f", set at_least to {USUAL_NEAREST} to get the nearest anyway"
        count = _count(trial, trial.per_mail(cut))
        yield f"Set min_relevance to {cut} ({count}){anyway}, or say what you want in other words."
    else:
        yield "Say what you want in other words, or add a category."


def _advise_on_too_much(trial: Trial, counts: Sequence[int]) -> Iterable[str]:
    subscriber = trial.subscriber
    each = "" if subscriber.frequency is Frequency.WEEKLY else f" on {_all_days(trial)}"
    yield f"That is more than your mail takes{each}."
    fewer = [
        cut for cut in range(subscriber.min_relevance + 1, HIGHEST + 1) if 0 < sum(trial.per_mail(cut)) < sum(counts)
    ]
    fitting = [cut for cut in fewer if sum(trial.per_mail(cut)) <= subscriber.max_papers * len(counts)]  # on average
    remedies = []
    if cut := next(iter(fitting or fewer[-1:]), None):
        still = "" if fitting else "still "
        remedies.append(f"set min_relevance to {cut} ({still}{_count(trial, trial.per_mail(cut))})")
    remedies.append("name what you do not want under irrelevant")
    if max(counts) <= MOST_ADVISED:
        remedies.append(f"set max_papers to {max(counts)} to get all")
    text = ", or ".join([", ".join(remedies[:-1]), remedies[-1]] if len(remedies) > 1 else remedies)
    yield f"{text[0].upper()}{text[1:]}."


def _count(trial: Trial, counts: Sequence[int]) -> str:
    """Says how many papers a mail has; of fewer than one a day, how many in all."""
    total, mails = sum(counts), len(counts)
    if trial.subscriber.frequency is Frequency.WEEKLY or total < mails:
        return f"{total} paper{'' if total == 1 else 's'} in {_days(trial)}"
    mean = round(total / mails)
    about = "" if mean * mails == total and len(set(counts)) == 1 else "about "
    return f"{about}{mean} paper{'' if mean == 1 else 's'} a day"


def _days(trial: Trial) -> str:
    return "1 day" if len(trial.days) == 1 else f"{len(trial.days)} days"


def _all_days(trial: Trial) -> str:
    return "that day" if len(trial.days) == 1 else f"{len(trial.days)} of {_days(trial)}"


def _title(day: TrialDay) -> str:
    title = cut_at_clause(readable(day.best.title), MOST_TITLE_CHARS) if day.best else ""
    return f"“{title}” ({day.best_relevance})"
