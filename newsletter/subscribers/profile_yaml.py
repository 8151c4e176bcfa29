"""A reader's profile as YAML that explains itself, and such a text, changed by the reader, back to a profile. Pure.

What may stand there and how mistakes are worded is what subscribers.yaml has, too (schema.py). What mail programs break
is put right before (profile_repair.py). Whose a profile is, and whether it counts, is for others (overrides.py,
services/profiles.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import yaml

from newsletter.errors import ConfigError
from newsletter.files import yaml_checks, yaml_nodes
from newsletter.formatting import true_false
from newsletter.line_breaks import wrap
from newsletter.model import Subscriber, Topic
from newsletter.phrases import Phrase, join
from newsletter.subscribers.preferences import apply
from newsletter.subscribers.profile_repair import repair
from newsletter.subscribers.schema import REQUIRED, Keywords, OperatorPreferences, ReaderPreferences
from newsletter.subscribers.subscribers_yaml import duplicate_topics, name_topics
from newsletter.subscribers.values import WEEKDAYS
from newsletter.texts import Texts

MAX_CHARS = 250_000  # that are read at all: every list and text at its longest has less; see MOST_PROFILE_CHARS
MAX_PROBLEMS = 50
_ONE_LINE = 10_000  # characters, which no text has
MAIL_WIDTH = 68  # mail programs break longer lines, and the rest of a line would begin where YAML sees something else

_NOT_HERE = {
    "email": Phrase("your address is the operator's to change; remove the line"),
    "name": Phrase("your name is the operator's to change; remove the line"),
    "public_archive": Phrase("who may read your digests is the operator's to change; remove the line"),
    "paused_until": Phrase('a pause is no part of the profile: reply "pause" to a mail; remove the line'),
    "welcome": Phrase("a welcome is the operator's to send; remove the line"),
    "subscribers": Phrase("a profile begins with topics, and is about you alone; remove the line"),
    "defaults": Phrase("a profile begins with topics, and is about you alone; remove the line"),
    "relevant": Phrase("belongs to a topic; put as many spaces before it as before the topic's other lines"),
    "irrelevant": Phrase("belongs to a topic; put as many spaces before it as before the topic's other lines"),
    "like": Phrase("belongs below keywords; put two spaces before it"),
    "avoid": Phrase("belongs below keywords; put two spaces before it"),
}

# --- profile → text -----------------------------------------------------------------------------------


def write(subscriber: Subscriber, comments: Texts | None = None, *, width: int = MAIL_WIDTH) -> str:
    """Writes the profile, with these comments for somebody who has not seen YAML; `read` makes the same of it.

    `comments` are the sentences of `templates/texts/profile_comments.yaml`. Lines have at most `width` columns; 0: as
    many as there are, for a page that breaks them itself. A `min_relevance` that nobody chose is left out, and goes on
    being the scorer's.
    """
    parts = _parts(subscriber, width)
    if comments is not None:
        parts = {"profile": [], **parts}
        parts = {name: [*_comment(width, comments[name]), *lines] for name, lines in parts.items()}
    return "\n\n".join("\n".join(lines) for lines in parts.values()) + "\n"


def _parts(subscriber: Subscriber, width: int) -> dict[str, list[str]]:
    """Gives the lines of each part, by the key of its comment."""
    profile = subscriber.profile
    return {
        "topics": _topics(profile.topics, width),
        "about": prose_lines("about", profile.about, width=width),
        "keywords": ["keywords:", *list_lines("like", profile.like, "  "), *list_lines("avoid", profile.avoid, "  ")],
        "pinned_authors": list_lines("pinned_authors", subscriber.pinned_authors),
        "papers": list_lines("papers", subscriber.papers),
        "zotero": [f"zotero: {scalar(subscriber.zotero.place if subscriber.zotero else '')}"],
        "categories": list_lines("categories", subscriber.categories),
        "announce_types": list_lines("announce_types", subscriber.announce_types),
        "updates": [f"updates: {subscriber.updates}"],
        "numbers": [
            *([f"min_relevance: {subscriber.min_relevance}"] if subscriber.has_chosen_relevance else []),
            f"min_novelty: {subscriber.min_novelty}",
            f"max_papers: {subscriber.max_papers}",
            f"at_least: {subscriber.at_least}",
            *([] if subscriber.full is None else [f"full: {subscriber.full}"]),
        ],
        "language": [f"language: {profile.language}"],
        "choices": [
            f"group_by_topic: {true_false(subscriber.group_by_topic)}",
            f"empty_mail: {true_false(subscriber.empty_mail)}",
            f"weekly_best: {true_false(subscriber.weekly_best)}",
        ],
        "times": [
            f"frequency: {subscriber.frequency}",
            f"weekday: {WEEKDAYS[subscriber.weekday]}",
            f"send_at: {subscriber.send_at:%H:%M}",
            f"time_zone: {subscriber.zone}",
        ],
    }


def _comment(width: int, text: str) -> list[str]:
    line = " ".join(text.split())
    return [f"# {part}" for part in (wrap(line, width - 2) if width else [line])]


def _topics(topics: Iterable[Topic], width: int) -> list[str]:
    lines = [
        line for topic in topics for line in topic_lines(topic.name, topic.relevant, topic.irrelevant, width=width)
    ]
    return ["topics:", *lines] if lines else ["topics: []"]


def topic_lines(name: str, relevant: str, irrelevant: str, indent: str = "  ", *, width: int = 0) -> list[str]:
    """Writes one topic as an item of a list; a text that is empty is left out."""
    lines = [f"{indent}- name: {scalar(name)}"]
    for key, text in (("relevant", relevant), ("irrelevant", irrelevant)):
        lines += prose_lines(key, text, f"{indent}  ", width=width) if text else []
    return lines


def list_lines(key: str, items: Iterable[str], indent: str = "") -> list[str]:
    """Writes a list below its key, an item a line."""
    lines = [f"{indent}  - {scalar(item)}" for item in items]
    return [f"{indent}{key}:", *lines] if lines else [f"{indent}{key}: []"]


# Begins and goes on like words; anything that YAML or a mail program might take for something else is quoted.
_PLAIN = re.compile(r"\w(?:[\w ()/.+*&'’-]|,(?= )|:(?=\w)|#(?=\w))*")


def scalar(text: str) -> str:
    """Writes a text on one line, in quotes where YAML or a mail program might take it for something else."""
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and " #" not in text and text not in yaml_nodes.NULLS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    pattern = f"{yaml_nodes.UNPRINTABLE.pattern}|\ufeff"
    return '"' + re.sub(pattern, lambda found: f"\\U{ord(found[0]):08x}", escaped) + '"'


def prose_lines(key: str, text: str, indent: str = "", *, width: int = 0) -> list[str]:
    """Writes a text below `>-`, where colons and quotes are harmless; on one line what could not be read from there.

    Lines have at most `width` characters, if it is not 0.
    """
    if not text:
        return [f'{indent}{key}: ""']
    spaces = {c for c in text if c.isspace() or yaml_nodes.UNPRINTABLE.match(c) or c == "\ufeff"} - {" ", "\n"}
    paragraphs = text.split("\n")
    if spaces or not (paragraphs[0] and paragraphs[-1]) or any("" in p.split(" ") for p in paragraphs if p):
        return [f"{indent}{key}: {_quoted(text)}"]
    inner = f"{indent}  "
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        lines += [""] if number else []  # one line break of the text is an empty line below >
        lines += [inner + line for line in _folded(paragraph, width and width - len(inner)) if paragraph]
    return [f"{indent}{key}: >-", *lines]


def _folded(text: str, width: int) -> list[str]:
    """Breaks a text at single spaces only, so that joining the lines by a space gives the text; 0: not at all."""
    if not width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


class _QuotingDumper(yaml.SafeDumper):
    """Puts each text into quotes, where `repair` changes nothing."""


_QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def write_keys(said: Mapping[str, object]) -> str:
    """Writes keys with their values, without comments: `read` takes each text word by word.

    The same keys and values make the same text, by which it is seen whether somebody is already added with them.
    """
    text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=_ONE_LINE)
    if repair(text) == text:
        return text
    return yaml.dump(said, Dumper=_QuotingDumper, sort_keys=False, allow_unicode=True, width=_ONE_LINE)


# --- text → profile -----------------------------------------------------------------------------------


def read(text: str, subscriber: Subscriber, *, is_operators: bool = False) -> Subscriber:
    """Changes the subscriber as the text says; keys it leaves out, the address, name and pause stay.

    `is_operators`: it is the operator's word, who may name the key of a private library.
    Raises ConfigError with `line 3: …` in `.problems` for each thing to mend, and nothing else for any text.
    """
    return read_with_keys(text, subscriber, is_operators=is_operators)[0]


def read_with_keys(
    text: str, subscriber: Subscriber, *, is_operators: bool = False
) -> tuple[Subscriber, tuple[str, ...]]:
    """Reads as `read`, and lists the keys that the text sets; `keywords.like` and `keywords.avoid` are two."""
    preferences, found = _check(text, OperatorPreferences if is_operators else ReaderPreferences)
    problems = list(found)
    changed = apply(subscriber, preferences) if preferences and not problems else None
    if changed and not _has_wishes(changed):
        no_topics = Phrase(
            "found neither topics nor words below like, papers or pinned_authors, expected at least one of them"
        )
        problems.append(yaml_nodes.Problem(1, no_topics))
    if problems or preferences is None or changed is None:
        summary = f"The profile has {yaml_checks.count_problems(problems)}:"
        raise ConfigError(summary, yaml_checks.problem_lines(problems, most=MAX_PROBLEMS))
    return changed, tuple(_keys(preferences))


def _has_wishes(changed: Subscriber) -> bool:
    profile = changed.profile
    return bool(profile.topics or profile.like or changed.papers or changed.zotero or changed.pinned_authors)


def _keys(preferences: ReaderPreferences) -> Iterator[str]:
    lists = preferences.keywords.model_fields_set
    for key in ReaderPreferences.model_fields:
        if key == "keywords":
            yield from (f"keywords.{each}" for each in Keywords.model_fields if each in lists)
        elif key in preferences.model_fields_set:
            yield key


def is_blank(text: str) -> bool:
    """Whether the text says nothing at all: such a text hands the profile back to subscribers.yaml."""
    return not repair(text).strip()


@lru_cache(maxsize=128)  # of a group that is added with one profile, each reader has this text
def _check(text: str, shape: type[ReaderPreferences]) -> tuple[ReaderPreferences | None, Sequence[yaml_nodes.Problem]]:
    if len(text) > MAX_CHARS:
        too_long = Phrase(
            "found {n} characters, expected at most {most}; shorten the profile", n=len(text), most=MAX_CHARS
        )
        return None, [yaml_nodes.Problem(1, too_long)]
    root, problems = yaml_nodes.read(repair(text))
    if root is None or root.value is None:
        nothing = Phrase("found nothing, expected topics: and what you want to read about")
        return None, problems or [yaml_nodes.Problem(1, nothing)]
    problems += _take_out(root)
    fill_in(root)
    name_topics(root)
    preferences, found = yaml_checks.validate(root, shape, required=REQUIRED)
    return preferences, [*problems, *duplicate_topics(root), *found]


def _take_out(root: yaml_nodes.Node) -> Iterator[yaml_nodes.Problem]:
    """Removes keys that are not the reader's to set, or not there, with other words than those for a typo."""
    if isinstance(root.value, dict):
        for key in _NOT_HERE.keys() & root.value.keys():
            yield yaml_nodes.Problem(root.value.pop(key).line, join(f"{key}: ", _NOT_HERE[key]))


_EMPTY_TEXTS = {"about", "relevant", "irrelevant", "zotero"}
_EMPTY_LISTS = {"topics", "pinned_authors", "papers", "like", "avoid", "categories", "announce_types"}


def fill_in(node: yaml_nodes.Node) -> None:
    """Fills in "none" for a value that somebody emptied, where there can be none; drops empty dashes.

    "our #1 topic" is all text: YAML takes the rest of the line for a comment, a reader does not.
    """
    if isinstance(node.value, list):
        node.value[:] = [item for item in node.value if item.value is not None or item.refused]
        for item in node.value:
            fill_in(item)
    elif isinstance(node.value, dict):
        for key, inner in node.value.items():
            topics = inner.value if key == "topics" and isinstance(inner.value, list) else []
            for text in [inner] if key in _EMPTY_TEXTS else topics:
                if text.comment[1:2].strip() and not text.refused:
                    text.value = f"{text.value or ''} {text.comment}".strip()
            if inner.value is None and not inner.refused:
                inner.value = _none_of(key, inner.line)
            fill_in(inner)


def _none_of(key: str, line: int) -> str | list[yaml_nodes.Node] | dict[str, yaml_nodes.Node] | None:
    if key == "keywords":
        return {"like": yaml_nodes.Node(line, []), "avoid": yaml_nodes.Node(line, [])}
    return "" if key in _EMPTY_TEXTS else [] if key in _EMPTY_LISTS else None
