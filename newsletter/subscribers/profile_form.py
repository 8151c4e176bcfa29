"""A profile's YAML as the fields of a form, and changed fields written back into the same YAML. Pure.

A key whose fields did not change keeps its lines byte for byte, comments and order included; a changed key is written
anew, and of the topics only the changed ones. What a value may be
is not checked here: profile_yaml.py reads the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.files import yaml_nodes
from newsletter.formatting import cut_at_clause
from newsletter.subscribers import profile_yaml
from newsletter.subscribers.profile_repair import repair

SINGLE = (
    *("min_relevance", "min_novelty", "max_papers", "at_least", "full", "frequency", "weekday", "send_at"),
    *("time_zone", "language", "group_by_topic", "empty_mail", "weekly_best", "updates", "zotero"),
)
LISTS = ("like", "avoid", "pinned_authors", "papers", "categories", "announce_types")
MOST_TOPICS = 20
MOST_TITLE_CHARS = 60
MOST_LINES = 250  # of one list: more than any list may have
_KEYWORDS = ("like", "avoid")
_NEEDED = {"categories", "announce_types"}  # these may be left out, but not be empty
_KEY = re.compile(r"""(?:"([a-z_]+)"|'([a-z_]+)'|([a-z_]+)) *:(?:\s|$)""")


@dataclass(frozen=True, slots=True)
class TopicFields:
    """One topic as it is typed."""

    name: str = ""
    relevant: str = ""
    irrelevant: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is typed in any of the three."""
        return not (self.name or self.relevant or self.irrelevant)

    @property
    def title(self) -> str:
        """What to call it: its name, or the beginning of its words."""
        return cut_at_clause(self.name or self.relevant or self.irrelevant, MOST_TITLE_CHARS)


@dataclass(frozen=True, slots=True)
class ProfileFields:
    """All fields of the form, as text. An empty single value is a key that is left out."""

    topics: tuple[TopicFields, ...]
    about: str
    lists: Mapping[str, tuple[str, ...]]
    single: Mapping[str, str]


def fields_of(text: str) -> ProfileFields | None:
    """Gives the fields of a profile; None where its YAML cannot be read or has a shape no form can show."""
    root, problems = yaml_nodes.read(repair(text))
    if problems or (root is not None and not isinstance(root.value, dict | None)):
        return None
    if root is not None:
        profile_yaml.fill_in(root)
    found = root.value if root is not None and isinstance(root.value, dict) else {}
    try:
        return _fields(found)
    except _NoForm:
        return None


def write_fields(text: str, fields: ProfileFields) -> str:
    """Writes the fields into the text they were made from; what did not change stays as it is.

    A text that no form can show, or whose keys do not stand on lines of their own, is written anew from the fields.
    """
    fields, before = _tidy(fields), fields_of(text)
    if before is not None and _tidy(before) == fields:
        return text
    if before is not None:
        for base in (text, repair(text)):
            changed = _change(base, before, fields)
            after = fields_of(changed)
            if after is not None and _tidy(after) == fields:
                return changed
    blank = ProfileFields((), "", {}, {})
    return _change("", blank, fields)


def posted_fields(values: Mapping[str, str]) -> ProfileFields:
    """Collects the fields of a posted form, whatever is in it; topics are numbered from 0."""
    topics = tuple(
        TopicFields(*(_lines_ended(values.get(f"topic-{n}-{part}", "")) for part in TopicFields.__slots__))
        for n in range(MOST_TOPICS + 1)
        if any(f"topic-{n}-{part}" in values for part in TopicFields.__slots__)
    )
    return ProfileFields(
        topics,
        _lines_ended(values.get("about", "")),
        {key: _split(values.get(key, "")) for key in LISTS},
        {key: values.get(key, "").strip() for key in SINGLE},
    )


def field_at(text: str, line: int) -> str:
    """Names the field whose value stands in this line (from 1): `topic-0-name`, a key, or nothing."""
    lines = repair(text).split("\n")
    for name, start, end in _blocks(lines):
        if start <= line - 1 < end:
            if name == "keywords":
                return _last_key(lines[start:line], _KEYWORDS) or "like"
            return _topic_field(lines, start, line) if name == "topics" else name
    return ""


# --- text → fields ------------------------------------------------------------------------------------


class _NoForm(Exception):
    """The profile has a shape that the form has no field for. Does not leave this module."""


def _fields(found: Mapping[str, yaml_nodes.Node]) -> ProfileFields:
    keywords = found.get("keywords")
    if keywords is not None and not isinstance(keywords.value, dict):
        raise _NoForm
    words = keywords.value if keywords is not None and isinstance(keywords.value, dict) else {}
    if not words.keys() <= set(_KEYWORDS):
        raise _NoForm
    nodes = {**words, **{key: node for key, node in found.items() if key not in _KEYWORDS}}
    return ProfileFields(
        tuple(_topic(node) for node in _items(found.get("topics"))),
        _text(found.get("about")),
        {key: tuple(_text(node) for node in _items(nodes.get(key))) for key in LISTS},
        {key: _text(found.get(key) if key != "zotero" else _one_word(found.get(key))).strip() for key in SINGLE},
    )


def _one_word(node: yaml_nodes.Node | None) -> yaml_nodes.Node | None:
    """Gives a library and its collection as one word, as the field has them; a key is left to the operator's file."""
    if node is None or not isinstance(node.value, dict):
        return node
    if not node.value.keys() <= {"library", "collection"}:
        raise _NoForm
    parts = [_text(node.value.get(key)).strip() for key in ("library", "collection")]
    return yaml_nodes.Node(node.line, "/".join(filter(None, parts)))


def _topic(node: yaml_nodes.Node) -> TopicFields:
    if not isinstance(node.value, dict) or not node.value.keys() <= set(TopicFields.__slots__):
        raise _NoForm
    return TopicFields(*(_text(node.value.get(part)) for part in TopicFields.__slots__))


def _items(node: yaml_nodes.Node | None) -> Sequence[yaml_nodes.Node]:
    if node is None or node.value is None:
        return ()
    if isinstance(node.value, str):
        return (node,)  # `papers: library.bib`
    if isinstance(node.value, list):
        return node.value
    raise _NoForm


def _text(node: yaml_nodes.Node | None) -> str:
    if node is None or node.value is None:
        return ""
    if isinstance(node.value, str):
        return node.value
    raise _NoForm


def _tidy(fields: ProfileFields) -> ProfileFields:
    """Drops what no reader means: blanks around a value, blank lines of a list, and topics without a word."""
    topics = (TopicFields(t.name.strip(), t.relevant.strip(), t.irrelevant.strip()) for t in fields.topics)
    lists = {key: _split("\n".join(fields.lists.get(key, ()))) for key in LISTS}
    single = {key: fields.single.get(key, "").strip() for key in SINGLE}
    return replace(
        fields,
        topics=tuple(t for t in topics if not t.is_blank),
        about=fields.about.strip(),
        lists=lists,
        single=single,
    )


def _split(text: str) -> tuple[str, ...]:
    lines = (line.strip() for line in _lines_ended(text).split("\n"))
    return tuple(line for line in lines if line)[:MOST_LINES]


def _lines_ended(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- fields → text ------------------------------------------------------------------------------------


def _change(text: str, before: ProfileFields, after: ProfileFields) -> str:
    """Replaces the lines of each key that is different, in its place; a new key comes at the end."""
    was, lines = _tidy(before), text.split("\n")
    spans = {name: (start, end) for name, start, end in _blocks(lines)}
    made: dict[str, list[str]] = {}
    if was.topics != after.topics:
        made["topics"] = _topic_lines(lines, spans.get("topics"), before.topics, after.topics)
    if was.about != after.about:
        made["about"] = profile_yaml.prose_lines("about", after.about)
    if any(was.lists[key] != after.lists[key] for key in _KEYWORDS):
        made["keywords"] = ["keywords:"]
        made["keywords"] += [line for k in _KEYWORDS for line in profile_yaml.list_lines(k, after.lists[k], "  ")]
    for key in LISTS:
        if key not in _KEYWORDS and was.lists[key] != after.lists[key]:
            is_out = key in _NEEDED and not after.lists[key]
            made[key] = [] if is_out else profile_yaml.list_lines(key, after.lists[key])
    for key in SINGLE:
        if was.single[key] != after.single[key]:
            value = after.single[key]
            made[key] = [f"{key}: {profile_yaml.scalar(value)}"] if value else []
    for name in sorted(made.keys() & spans.keys(), key=lambda name: -spans[name][0]):
        start, end = spans[name]
        lines[start:end] = made[name]
    new = [line for name, block in made.items() if name not in spans for line in block]
    return "\n".join(lines).rstrip("\n") + "\n" + "".join(f"{line}\n" for line in new) if new else "\n".join(lines)


def _topic_lines(
    lines: Sequence[str],
    span: tuple[int, int] | None,
    before: Sequence[TopicFields],
    after: Iterable[TopicFields],
) -> list[str]:
    """Writes the topics; one that is as before keeps its lines."""
    starts = _item_starts(lines, *span) if span else []
    kept: dict[TopicFields, list[str]] = {}
    if span and starts and len(starts) == len(before):
        for topic, start, end in zip(before, starts, [*starts[1:], span[1]], strict=True):
            kept.setdefault(topic, list(lines[start:end]))
    indent = " " * (len(lines[starts[0]]) - len(lines[starts[0]].lstrip(" "))) if starts else "  "
    written = [line for topic in after for line in kept.get(topic) or _written(topic, indent)]
    head = lines[span[0] : starts[0]] if kept and span else ["topics:"]
    return [*head, *written] if written else ["topics: []"]


def _written(topic: TopicFields, indent: str) -> list[str]:
    return profile_yaml.topic_lines(topic.name, topic.relevant, topic.irrelevant, indent)


def _blocks(lines: Sequence[str]) -> list[tuple[str, int, int]]:
    """Finds each key at the margin: its name, its first line from 0, and the line behind its last one."""
    starts = [(n, found) for n, line in enumerate(lines) if (found := _KEY.match(line))]
    blocks = []
    afters = [n for n, _ in starts[1:]] + [len(lines)]
    for (start, found), after in zip(starts, afters, strict=False):
        end = after
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1  # a comment stands above what it explains
        blocks.append((found[1] or found[2] or found[3], start, end))
    return blocks


def _item_starts(lines: Sequence[str], start: int, end: int) -> list[int]:
    dashed = [n for n in range(start + 1, end) if re.match(r" *- ", lines[n])]
    if not dashed:
        return []
    margin = len(lines[dashed[0]]) - len(lines[dashed[0]].lstrip(" "))
    return [n for n in dashed if len(lines[n]) - len(lines[n].lstrip(" ")) == margin]


def _topic_field(lines: Sequence[str], start: int, line: int) -> str:
    starts = _item_starts(lines, start, line)
    if not starts:
        return "topics"
    part = _last_key(lines[starts[-1] : line], TopicFields.__slots__)
    return f"topic-{len(starts) - 1}-{part or 'name'}"


def _last_key(lines: Iterable[str], keys: Iterable[str]) -> str:
    found = [m[1] for line in lines if (m := re.match(rf"[ -]*({'|'.join(keys)}) *:", line))]
    return found[-1] if found else ""
