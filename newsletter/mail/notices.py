"""Says in its reader's language what a digest tells beside papers: what failed, and what would bring more. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.model import Notice
from newsletter.papers import show_category
from newsletter.texts import Texts, write_list

MOST_CATEGORIES = 2  # that are named; more are counted
PHRASE_CHARS = 50


def write_notices(notices: Sequence[Notice | str], t: Texts) -> tuple[str, ...]:
    """Writes each notice, as `write_notice` does."""
    return tuple(write_notice(notice, t) for notice in notices)


def write_notice(notice: Notice | str, t: Texts) -> str:
    """Writes a notice as one or two sentences, by the sentences of `templates/texts/notices.yaml` in one language.

    What an earlier version has stored is a sentence already.
    """
    if isinstance(notice, str):
        return notice
    values = dict[str, str | int]()
    for name, value in notice.values.items():
        if name == "phrases" and isinstance(value, tuple):
            quoted = [t("quoted", phrase=_shortened(phrase)) for phrase in value]
            values[name] = write_list(quoted, t.language, "or")
        elif isinstance(value, tuple):
            is_counted = name == "categories" and len(value) > MOST_CATEGORIES
            named = [show_category(each) for each in value]
            values[name] = t("your_categories", n=len(value)) if is_counted else write_list(named, t.language)
        else:
            values[name] = value
    return t(notice.kind, **values)


def _shortened(phrase: str) -> str:
    line = " ".join(phrase.split())
    return line if len(line) <= PHRASE_CHARS else line[: PHRASE_CHARS - 1].rstrip() + "…"
