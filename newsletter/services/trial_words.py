"""Says in a reader's words what their profile would have got of the last days, and what to change if that is nothing.

Every remedy comes with the number it would give. Pure; the sentences are in templates/texts/trial.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from newsletter.formatting import cut_at_clause
from newsletter.model import HIGHEST_GRADE, Frequency, UnknownWords
from newsletter.papers import readable
from newsletter.run import TRIED_DAYS, Trial, TrialDay
from newsletter.texts import Texts, join_sentences, write_short_date, write_weekday

LOWEST_ADVISED = 4  # as a cut-off: below it a paper has hardly a word of the profile
NEAR_FROM = 3  # a paper below it is not shown as the nearest: it would look like a mistake
USUAL_NEAREST = 3  # papers
MOST_ADVISED = 60  # papers in a mail: nobody reads more
MOST_TITLE_CHARS = 160
MOST_WORDS, MOST_WORD_CHARS = 5, 60  # that are named as unknown


def name_days(trial: Trial, t: Texts) -> str:
    """Names the days that were tried; says how many where fewer are kept than are tried."""
    count = len(trial.days)
    if count == TRIED_DAYS:
        return t("last_days", n=count)
    return t["one_day"] if count == 1 else t("days_so_far", n=count)


def summarize(trial: Trial, t: Texts) -> str:
    """Says how many papers a mail would have had; a sentence."""
    subscriber = trial.subscriber
    counts = trial.per_mail(subscriber.min_relevance)
    if not any(counts):
        return t("got_nearest" if subscriber.at_least else "got_nothing", days=_on_all_days(trial, t))
    most, mails = subscriber.max_papers, len(counts)
    limit = "" if max(counts) <= most else "limited" if sum(counts) > most * mails else "limited_on"
    empty = sum(not trial.relevant(day) for day in trial.days)
    what = "only_nearest" if subscriber.at_least else "without"
    return t(
        "got",
        count=_count(trial, counts, t),
        limited=t(limit, n=most) if limit else "",
        without=t(what, n=empty, all=len(trial.days)) if empty else "",
    )


def advise(trial: Trial, t: Texts) -> str:
    """Says what to change if a mail would never come, or always be cut; nothing otherwise."""
    counts = trial.per_mail(trial.subscriber.min_relevance)
    if not any(counts):
        return join_sentences(_advise_on_nothing(trial, t), t.language)
    if min(counts) > trial.subscriber.max_papers:
        return join_sentences(_advise_on_too_much(trial, counts, t), t.language)
    return ""


def tell(trial: Trial, t: Texts, *, is_judged: bool) -> Iterable[str]:
    """Says all of it as the lines of a mail; `is_judged` says that a model judges the mails themselves."""
    if trial.days:
        dates = write_days([day.announced_on for day in trial.days], t)
        yield capitalized(t("heading", days=name_days(trial, t), dates=dates))
        yield from list_days(trial, t)
        yield join_sentences([summarize(trial, t), advise(trial, t)], t.language)
    if missing := name_uncollected(trial, t):
        yield missing
    if is_judged and trial.days:
        yield t["by_words"]


def name_uncollected(trial: Trial, t: Texts) -> str:
    """Says which categories' papers are missing; nothing if none are."""
    return t("uncollected", names=t["comma"].join(trial.uncollected)) if trial.uncollected else ""


def explain_unknown(words: Sequence[UnknownWords], t: Texts, *, is_judged: bool) -> str:
    """Says which words of a profile no paper uses, what mistyped ones are read as, and what to do about them.

    Nothing if all are known. Where `is_judged`, a model reads the profile as well, in any language: then it is a matter
    of what it gets to see.
    """
    mistyped, others = [one for one in words if one.nearest], [one.written for one in words if not one.nearest]
    sentences = []
    if mistyped:
        names, meant = _quote([one.written for one in mistyped], t), [one.nearest for one in mistyped[:MOST_WORDS]]
        sentences.append(t("mistyped", names=names, meant=_quote(meant, t), n=len(mistyped)))
    if others:
        sentences.append(t("unknown_judged" if is_judged else "unknown", names=_quote(others, t), n=len(others)))
    return join_sentences(sentences, t.language)


def _quote(words: Sequence[str], t: Texts) -> str:
    """Lists words in quotes, and says how many more there are."""
    quoted = [t("quoted", word=cut_at_clause(word, MOST_WORD_CHARS)) for word in words[:MOST_WORDS]]
    names, rest = t["comma"].join(quoted), len(words) - MOST_WORDS
    return t("and_more", names=names, n=rest) if rest > 0 else names


def describe_day(trial: Trial, day: TrialDay, t: Texts) -> str:
    """Says how many papers a day would have brought."""
    count = trial.relevant(day)
    return t("papers", n=count) if count else t["no_paper"]


def name_best(trial: Trial, day: TrialDay, t: Texts) -> str:
    """Says what the best paper of a day is to the reader; nothing if it is too far off to be shown."""
    if trial.relevant(day):
        return t["best"]
    return t["nearest"] if day.best_relevance >= NEAR_FROM else ""


def grade(day: TrialDay) -> str:
    """Gives the relevance of the best paper of a day, or the author who let it in."""
    return f"★ {day.best_author}" if day.best_author else f"{day.best_relevance}"


def list_days(trial: Trial, t: Texts) -> Iterable[str]:
    """Lists the days, latest first: how many papers, and the best or the nearest with its relevance."""
    for day in reversed(trial.days):
        on, papers = write_weekday(day.announced_on, t.language), describe_day(trial, day, t)
        if what := name_best(trial, day, t):
            yield t("day_with", day=on, papers=papers, what=what, paper=_title(day, t))
        else:
            yield t("day", day=on, papers=papers)


def write_days(days: Sequence[date], t: Texts) -> str:
    """Writes a day, or the first and the last of several."""
    first, last = (write_short_date(day, t.language) for day in (days[0], days[-1]))
    return first if len(days) == 1 else t("from_to", first=first, last=last)


def capitalized(text: str) -> str:
    """Makes the beginning of a sentence of it."""
    return f"{text[0].upper()}{text[1:]}"


def _advise_on_nothing(trial: Trial, t: Texts) -> Iterable[str]:
    if not any(day.best for day in trial.days):
        yield t["nothing_announced"]
        return
    if not trial.subscriber.profile.has_wishes:
        yield t["papers_unknown" if trial.subscriber.papers or trial.subscriber.zotero else "only_authors"]
        return
    nearest = max(reversed(trial.days), key=lambda day: day.best_relevance)
    cut_off = trial.subscriber.min_relevance
    if nearest.best_relevance >= NEAR_FROM:
        yield t("none_reached", cut=cut_off, paper=_title(nearest, t))
    else:
        yield t("none_near", cut=cut_off)
    cuts = range(cut_off - 1, LOWEST_ADVISED - 1, -1)
    often = [cut for cut in cuts if sum(map(bool, trial.per_mail(cut))) * 2 >= len(trial.per_mail(cut))]
    ever = [cut for cut in cuts if any(trial.per_mail(cut))]
    cut = next(iter(often or ever), None)
    if cut is None:
        yield t["other_words"]
    elif trial.subscriber.at_least:
        yield t("lower", cut=cut, count=_count(trial, trial.per_mail(cut), t))
    else:
        yield t("lower_or_fill", cut=cut, count=_count(trial, trial.per_mail(cut), t), n=USUAL_NEAREST)


def _advise_on_too_much(trial: Trial, counts: Sequence[int], t: Texts) -> Iterable[str]:
    subscriber = trial.subscriber
    is_weekly = subscriber.frequency is Frequency.WEEKLY
    yield t["too_much"] if is_weekly else t("too_much_on", days=_on_all_days(trial, t))
    higher = range(subscriber.min_relevance + 1, HIGHEST_GRADE + 1)
    fewer = [cut for cut in higher if 0 < sum(trial.per_mail(cut)) < sum(counts)]
    fitting = [cut for cut in fewer if sum(trial.per_mail(cut)) <= subscriber.max_papers * len(counts)]  # on average
    remedies = []
    if cut := next(iter(fitting or fewer[-1:]), None):
        remedies.append(
            t("higher" if fitting else "higher_still", cut=cut, count=_count(trial, trial.per_mail(cut), t))
        )
    remedies.append(t["name_unwanted"])
    if max(counts) <= MOST_ADVISED:
        remedies.append(t("raise_most", n=max(counts)))
    first, last = t["comma"].join(remedies[:-1]), remedies[-1]
    yield t("remedies", remedies=capitalized(t("or", first=first, last=last) if first else last))


def _count(trial: Trial, counts: Sequence[int], t: Texts) -> str:
    """Says how many papers a mail has; of fewer than one a day, how many in all."""
    total, mails = sum(counts), len(counts)
    if trial.subscriber.frequency is Frequency.WEEKLY or total < mails:
        return t("in_days", papers=t("papers", n=total), days=t("days", n=len(trial.days)))
    mean = round(total / mails)
    is_exact = mean * mails == total and len(set(counts)) == 1
    return t("a_day" if is_exact else "about_a_day", n=mean)


def _on_all_days(trial: Trial, t: Texts) -> str:
    return t["on_that_day"] if len(trial.days) == 1 else t("on_all_days", n=len(trial.days))


def _title(day: TrialDay, t: Texts) -> str:
    title = cut_at_clause(readable(day.best.title), MOST_TITLE_CHARS) if day.best else ""
    return t("paper", title=title, relevance=grade(day))
