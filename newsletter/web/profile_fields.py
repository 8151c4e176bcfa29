"""The form of a profile's page: topics, and folds of the settings that are rarely changed, in the reader's language.

A fold says in one line what is set in it. A field that is not set shows the value that holds. What the fields are, and
how they become YAML again, is subscribers/profile_form.py's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from newsletter.formatting import true_false
from newsletter.model import Subscriber, Updates
from newsletter.subscribers import profile_form, values
from newsletter.texts import Texts, name_weekday
from newsletter.web.languages import LANGUAGES

MOST_OPEN = 2  # topics; more than these are folded
_EXCERPT_CHARS = 120  # of a fold's line, which the screen may cut sooner
_TOPIC_ROWS = {"name": 0, "relevant": 4, "irrelevant": 2}
_FOLDS: Mapping[str, tuple[str, ...]] = {
    "about": ("about",),
    "words": ("like", "avoid", "pinned_authors", "papers", "zotero"),
    "where": ("categories", "announce_types", "updates"),
    "amount": ("min_relevance", "min_novelty", "max_papers", "at_least", "full"),
    "when": (
        *("frequency", "weekday", "send_at", "time_zone", "language"),
        *("group_by_topic", "empty_mail", "weekly_best"),
    ),
}
_NOTES = {"words": "one_a_line", "where": "one_a_line", "amount": "as_set"}
_YES_NO = ("true", "false")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "frequency": ("daily", "weekdays", "weekly"),
    "weekday": values.WEEKDAYS,
    "language": tuple(LANGUAGES),
    "updates": tuple(Updates),
    **dict.fromkeys(("group_by_topic", "empty_mail", "weekly_best"), _YES_NO),
}


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field. `kind`: "line", "number", "area" with its rows, or "choice" with (value, words)."""

    name: str
    label: str
    kind: str
    value: str
    rows: int = 0
    placeholder: str = ""  # what holds while nothing is set
    choices: tuple[tuple[str, str], ...] = ()
    mistake: str = ""


@dataclass(frozen=True, slots=True)
class FoldView:
    name: str
    title: str
    summary: str  # what is set in it
    is_open: bool
    fields: tuple[FieldView, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class TopicView:
    number: int  # from 1
    name: str
    summary: str
    is_open: bool
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class FormView:
    topics: tuple[TopicView, ...]
    blank: TopicView | None  # to be filled in; None: there are as many as there may be
    folds: tuple[FoldView, ...]


@dataclass(frozen=True, slots=True)
class _Maker:
    fields: profile_form.ProfileFields
    usual: Mapping[str, str]
    mistakes: Mapping[str, str]
    t: Texts
    opened: frozenset[str] = field(default_factory=frozenset)

    def topic(self, index: int, topic: profile_form.TopicFields) -> TopicView:
        parts = tuple(
            FieldView(
                name=f"topic-{index}-{part}",
                label=self.t[part],
                kind="area" if rows else "line",
                value=getattr(topic, part),
                rows=rows,
                mistake=self.mistakes.get(f"topic-{index}-{part}", ""),
            )
            for part, rows in _TOPIC_ROWS.items()
        )
        name = f"topic-{index}"
        is_open = len(self.fields.topics) <= MOST_OPEN or name in self.opened or any(part.mistake for part in parts)
        return TopicView(index + 1, topic.name, _excerpt([topic.relevant or topic.irrelevant]), is_open, parts)

    def fold(self, name: str) -> FoldView:
        fields = tuple(self.field(each) for each in _FOLDS[name])
        title, note = self.t[name], self.t[_NOTES[name]] if name in _NOTES else ""
        is_open = name in self.opened or any(each.mistake for each in fields)
        return FoldView(name, title, self._summary(name) or self.t["nothing_set"], is_open, fields, note)

    def field(self, name: str) -> FieldView:
        label, mistake = self.t[name], self.mistakes.get(name, "")
        usual = self.t("usual", value=self._word(name, self.usual[name])) if self.usual.get(name) else ""
        if name in _CHOICES:
            now = self.fields.single.get(name, "")
            found = next((value for value in _CHOICES[name] if value == now.lower()), now)
            values = [*_CHOICES[name], *([] if found in (*_CHOICES[name], "") else [found])]
            choices = (("", usual or "–"), *((value, self._word(name, value)) for value in values))
            return FieldView(name, label, "choice", found, choices=choices, mistake=mistake)
        if name in self.fields.single or name in _FOLDS["amount"] or name in _FOLDS["when"]:
            kind = "number" if name in _FOLDS["amount"] else "line"
            return FieldView(name, label, kind, self.fields.single.get(name, ""), placeholder=usual, mistake=mistake)
        if name == "about":
            return FieldView(name, label, "area", self.fields.about, rows=4, mistake=mistake)
        value = "\n".join(self.fields.lists.get(name, ()))
        return FieldView(name, label, "area", value, rows=3, placeholder=usual, mistake=mistake)

    def _summary(self, name: str) -> str:
        lists, t = self.fields.lists, self.t
        match name:
            case "about":
                return _excerpt([self.fields.about])
            case "words":
                avoided = [f"−{word}" for word in lists.get("avoid", ())]
                listed = (lists.get(key, ()) for key in ("like", "pinned_authors", "papers"))
                library = self.fields.single.get("zotero", "")
                return _excerpt([*(word for words in listed for word in words), library, *avoided])
            case "where":
                kinds = self.fields.lists.get("announce_types") or (self._now("announce_types"),)
                return _excerpt([*(lists.get("categories") or (self._now("categories"),)), *kinds])
            case "amount":
                keys = {"short_relevance": "min_relevance", "short_most": "max_papers", "short_least": "at_least"}
                found = {key: self._now(name) for key, name in keys.items()}
                return _excerpt(t(key, value=value) for key, value in found.items() if value not in ("", "0"))
            case _:
                when = ("frequency", *(["weekday"] if self._now("frequency") == "weekly" else []))
                names = (*when, "send_at", "time_zone", "language")
                return _excerpt(self._word(each, self._now(each)) for each in names)

    def _now(self, name: str) -> str:
        return self.fields.single.get(name, "") or self.usual.get(name, "")

    def _word(self, name: str, value: str) -> str:
        """Names a value in the reader's language; one that nobody knows stays as it is."""
        key = value.lower()
        if key not in _CHOICES.get(name, ()):
            return value
        if name == "weekday":
            return name_weekday(values.WEEKDAYS.index(key), self.t.language)
        if name == "language":
            return LANGUAGES[key]
        if name == "updates":
            return self.t[f"updates_{key}"]
        return self.t[{"true": "yes", "false": "no"}.get(key, key)]


def form_view(
    fields: profile_form.ProfileFields,
    usual: Subscriber | None,
    mistakes: Mapping[str, str],
    t: Texts,
    opened: Iterable[str] = (),
) -> FormView:
    """Makes the form. `usual` is what holds where the profile says nothing; `mistakes` are words by field.

    Open are the folds and topics (`topic-0`) that `opened` names, those with mistakes, and one or two topics.
    """
    maker = _Maker(fields, usual_values(usual) if usual else {}, mistakes, t, frozenset(opened))
    topics = tuple(maker.topic(index, topic) for index, topic in enumerate(fields.topics))
    blank = maker.topic(len(topics), profile_form.TopicFields()) if len(topics) < profile_form.MOST_TOPICS else None
    return FormView(topics, blank, tuple(maker.fold(name) for name in _FOLDS))


def usual_values(subscriber: Subscriber) -> Mapping[str, str]:
    """Gives what holds for this reader where their profile leaves a key out, as YAML would have it."""
    return {
        "categories": ", ".join(subscriber.categories),
        "announce_types": ", ".join(subscriber.announce_types),
        "updates": str(subscriber.updates),
        **{key: "" if (number := getattr(subscriber, key)) is None else str(number) for key in _FOLDS["amount"]},
        "frequency": str(subscriber.frequency),
        "weekday": values.WEEKDAYS[subscriber.weekday],
        "send_at": f"{subscriber.send_at:%H:%M}",
        "time_zone": subscriber.zone,
        "language": subscriber.profile.language,
        "zotero": subscriber.zotero.place if subscriber.zotero else "",
        **{key: true_false(getattr(subscriber, key)) for key in ("group_by_topic", "empty_mail", "weekly_best")},
    }


def _excerpt(words: Iterable[str]) -> str:
    """Writes the first of them on one line."""
    line = " · ".join(" ".join(word.split()) for word in words if word)
    return line if len(line) <= _EXCERPT_CHARS else f"{line[: _EXCERPT_CHARS - 1].rstrip()}…"
