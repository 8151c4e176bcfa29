"""Says to a reader what became of a change to their profile, in their language, a line for each thing.

The sentences are those of `templates/texts/profile_answers.yaml`: reader_texts.py has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from newsletter.errors import ConfigError
from newsletter.model import AddressStatus, Digest, ProfileRevision, Subscriber
from newsletter.papers import readable
from newsletter.phrases import Phrase
from newsletter.run import is_paused
from newsletter.services.library import find_missing
from newsletter.services.reader_texts import reword_problem
from newsletter.subscribers import MAX_REVISIONS, differences, profile_yaml, read_fixed_zone
from newsletter.texts import Texts, join_sentences, write_list, write_short_date

MAX_TITLES = 5


def describe(
    before: Subscriber, after: Subscriber, revision: ProfileRevision, t: Texts, *, silence: str = ""
) -> Iterable[str]:
    """Says what is different now, and what of it may not be meant. `silence` says why no mail comes for now."""
    said = t("back" if profile_yaml.is_blank(revision.text) else "changed", number=f"{revision.number}")
    yield join_sentences(filter(None, (said, silence)), t.language)
    lines = differences(before, after, t)
    yield ""
    yield t["different" if lines else "not_different"]
    yield from (f"- {line}" for line in lines)
    for entry, is_file in find_missing(after):
        yield f"- {t('file_of_operator' if is_file else 'not_announced', entry=entry)}"
    if after.zotero and after.zotero != before.zotero and not any(one.is_live for one in after.profile.papers):
        yield f"- {t('library_unread', place=after.zotero.place)}"
    if after.zone != before.zone and (note := _zone_note(after.zone, t)):
        yield f"- {note}"
    if revision.number > MAX_REVISIONS:
        yield ""
        yield t("not_kept", n=MAX_REVISIONS)


def explain_silence(reader: Subscriber, status: AddressStatus, today: date, t: Texts) -> str:
    """Says that no mail comes for now: the address is suppressed, or a pause lasts. Nothing where mail comes."""
    if status.suppression is not None:
        return t["no_mail_now"]
    if reader.paused_until is not None and is_paused(reader, today):
        return t("paused", day=write_short_date(reader.paused_until, t.language))
    return ""


def _zone_note(zone: str, t: Texts) -> str:
    fixed = read_fixed_zone(zone)
    if fixed is None:
        return ""
    meaning = t("zone_offset", zone=zone, offset=fixed.offset) if fixed.offset else t("zone_abbreviation", zone=zone)
    places = write_list(fixed.places, t.language, "or") if fixed.places else ""
    return meaning + (t("name_a_city", places=places) if places else "")


def refuse(error: ConfigError, t: Texts) -> str:
    """Says what is wrong in a text that could not be read as a profile, with the lines."""
    if not error.problems:
        return t("refused", problem=reword_problem(str(error), t.language))
    last = error.problems[-1]
    more = last.values.get("n", 0) if isinstance(last, Phrase) and "line" not in last.values else 0
    count = len(error.problems) - 1 + more if isinstance(more, int) and more else len(error.problems)
    return t("invalid", n=count, problems="\n".join(_problem_line(problem, t) for problem in error.problems))


def _problem_line(problem: str, t: Texts) -> str:
    if not isinstance(problem, Phrase) or "line" not in problem.values:
        return reword_problem(problem, t.language)
    line, text = problem.values["line"], problem.values["text"]
    said = reword_problem(text, t.language) if isinstance(text, str) else ""
    return t("problem", line=f"{line}", text=said)


def compare(old: Digest | None, new: Digest, t: Texts) -> Iterable[str]:
    """Says what is different in the digest of the latest announcement, which both are of."""
    titles, known = _titles(new), _titles(old) if old else {}
    yield t("compared", days=_days(new, t))
    nearest = t("nearest", n=new.counts.nearest) if new.counts.nearest else ""
    if known.keys() == titles.keys():
        yield t("as_before", n=len(titles), nearest=nearest)
    elif len(known) == len(titles):
        yield t("as_many", n=len(titles), nearest=nearest)
    else:
        yield t("instead", n=len(titles), before=len(known), nearest=nearest)
    yield from _list_titles("new_papers", [titles[arxiv_id] for arxiv_id in titles if arxiv_id not in known], t)
    yield from _list_titles("gone_papers", [known[arxiv_id] for arxiv_id in known if arxiv_id not in titles], t)


def _days(digest: Digest, t: Texts) -> str:
    days = [write_short_date(on, t.language) for on in digest.announced_on]
    return t("from_to", first=days[0], last=days[-1]) if len(days) > 1 else "".join(days)


def _titles(digest: Digest) -> dict[str, str]:
    """Titles by id, in reading order."""
    return {entry.paper.arxiv_id: readable(entry.paper.title) for entry in digest.entries}


def _list_titles(heading: str, titles: Sequence[str], t: Texts) -> Iterable[str]:
    if titles:
        yield t[heading]
        yield from (f"- {title}" for title in titles[:MAX_TITLES])
    if len(titles) > MAX_TITLES:
        yield f"- {t('more_papers', n=len(titles) - MAX_TITLES)}"
