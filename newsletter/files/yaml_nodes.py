"""Reads YAML as a tree of nodes that know their line, and says what is wrong with the file, line by line.

Every scalar stays the text that was written (`no`, `7:30` and `2024` mean what they say); only an empty value, `~` and
`null` are None. What a value must be is the reader's business (subscribers/subscribers_yaml.py). Anchors, aliases and
tags are refused, since one short alias can stand for gigabytes; size, depth and number of nodes are bounded likewise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from newsletter.files.yaml_hints import explain, stop_of
from newsletter.phrases import Phrase

MAX_BYTES = 1_048_576  # libyaml needs 0.1 s for it, PyYAML's own parser a few seconds
MAX_DEPTH = 16
MAX_NODES = 100_000
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

# What YAML 1.1 §5.1 calls printable, and its line ends.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # those that YAML 1.1 counts
LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend, in one line of text; `line` counts from 1."""

    line: int
    text: str


@dataclass(slots=True)
class Node:
    """A value at its line. `refused` marks one that a problem already speaks about.

    `comment` is what follows an unquoted value on its line and begins with #.
    """

    line: int
    value: str | list[Node] | dict[str, Node] | None
    refused: bool = False
    comment: str = ""

    def find(self, path: tuple[int | str, ...]) -> Node:
        """Finds the node at this path, or the last one on the way there that exists."""
        node = self
        for step in path:
            inner: Node | None = None
            if isinstance(node.value, dict):
                inner = node.value.get(str(step))
            elif isinstance(node.value, list) and isinstance(step, int):
                inner = node.value[step] if step < len(node.value) else None
            if inner is None:
                break
            node = inner
        return node


class Unreadable(Exception):
    """The rest of the file cannot be read. Does not leave this module."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(line, text)


def read(source: str | bytes, loader: Any = LOADER) -> tuple[Node | None, list[Problem]]:
    """Reads a document: its root and its problems. No root: it is empty or cannot be read. Raises nothing."""
    builder = _Builder()
    try:
        text = decode(source)
        builder.lines = split_lines(text)
        for event in _events(text, loader):
            builder.take(event)
    except Unreadable as stop:
        return None, [*builder.problems, stop.problem]
    return builder.root, builder.problems


def split_lines(text: str) -> list[str]:
    """Splits where YAML counts lines."""
    return _LINE_ENDS.split(text)


def show(value: object, limit: int = 60) -> str:
    """Quotes a value for a message: on one line, in double quotes, cut, with nothing unprintable in it."""
    if value is None:
        return Phrase("nothing")
    if isinstance(value, list):
        return Phrase("a list")
    if isinstance(value, dict):
        return Phrase("keys and values")
    text = str(value)
    quoted = f'"{bare(text, limit)}"'
    return Phrase("{text} ({n} characters)", text=quoted, n=len(text)) if len(text) > limit else quoted


def bare(text: str, limit: int = 60) -> str:
    """Cuts and escapes a text as `show` does, without the quotes and the length."""
    cut = text if len(text) <= limit else text[: limit - 20] + "…"
    return "".join(c if c.isprintable() and c != '"' else _escape(c) for c in cut)


def plain(node: Node) -> object:
    """Turns the tree into texts, None, lists and dicts, without lines."""
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return node.value


def _escape(character: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"'}
    return named.get(character) or f"\\u{ord(character):04x}"


# --- bytes → text -------------------------------------------------------------------------------------


def decode(source: str | bytes) -> str:
    """Decodes UTF-8, with or without a byte order mark; refuses too much of it, and unprintable characters."""
    if len(source) > MAX_BYTES:
        raise Unreadable(1, f"found more than {MAX_BYTES:,} bytes, expected at most that many; split the file")
    if isinstance(source, bytes):
        source = _from_bytes(source)
    text = source.removeprefix("\ufeff")
    if found := UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        code = f"U+{ord(found[0]):04X}"
        raise Unreadable(line, f"found the unprintable character {code}, expected readable text; remove it")
    return text


def _from_bytes(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise Unreadable(1, "found UTF-16 or UTF-32, expected UTF-8; save the file with the encoding UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"found the byte 0x{data[error.start]:02X}, which is not UTF-8 (Latin-1 or Windows-1252?)"
        raise Unreadable(line, f"{found}, expected UTF-8; save the file with the encoding UTF-8") from None


# --- text → events ------------------------------------------------------------------------------------


def _events(text: str, loader: Any) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_problem(text, error) from None
    # PyYAML's own parser turns "\Uffffffff" into chr(0xffffffff) without looking.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise Unreadable(1, f"found something that is not YAML ({show(error)}), expected YAML") from None


def _syntax_problem(text: str, error: yaml.MarkedYAMLError) -> Unreadable:
    stop = stop_of(error)
    lines = split_lines(text)
    tabbed = next(
        (n for n in (stop.line, stop.line - 1) if 0 <= n < len(lines) and "\t" in _indentation(lines[n])), None
    )
    if tabbed is not None:
        tab = Phrase("found a tab before the text, expected spaces; YAML indents with spaces only")
        return Unreadable(tabbed + 1, tab)
    at, hint = explain(lines, stop)
    line = lines[at].strip() if at < len(lines) else ""
    return Unreadable(at + 1, Phrase("found {found}, expected YAML; {hint}", found=show(line), hint=hint))


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


# --- events → tree ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Frame:
    """A collection being read. In a mapping, `key` is the node of the key whose value comes next."""

    node: Node
    key: Node | None = None


class _Builder:
    """Takes parser events one by one and goes on after each problem it can survive."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.lines: list[str] = []
        self._stack: list[_Frame] = []
        self._nodes = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            if self.root is not None:
                raise Unreadable(line, 'found a second document, expected one; remove the line "---"')
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(
                line,
                f"the alias *{event.anchor}",
                "write the values out, or put a text that begins with * in quotes",
            )
            self._place(Node(line, None, refused=True))
        elif isinstance(event, yaml.ScalarEvent):
            if surrogate := _SURROGATE.search(event.value):  # libyaml refuses "\ud800", PyYAML's parser does not
                raise Unreadable(line, f"found {show(surrogate[0])}, expected whole characters; remove it")
            empty = event.style in (None, "") and event.value in NULLS
            value = None if empty else event.value
            self._place(Node(line, value, self._is_refused(event, line), self._comment_behind(event)))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            inner: list[Node] | dict[str, Node] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
            node = Node(line, inner, self._is_refused(event, line))
            self._place(node)
            self._open(node)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._stack.pop()

    def _is_refused(self, event: yaml.NodeEvent, line: int) -> bool:
        if event.anchor:
            self._refuse(line, f"the anchor &{event.anchor}", "remove it; text that begins with & needs quotes")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(
                line,
                f"the tag {tag.replace('tag:yaml.org,2002:', '!!')}",
                "remove it; text that begins with ! needs quotes",
            )
        return bool(event.anchor) or tag is not None

    def _comment_behind(self, event: yaml.ScalarEvent) -> str:
        if event.style not in (None, "") or event.end_mark is None or event.end_mark.line >= len(self.lines):
            return ""
        rest = self.lines[event.end_mark.line][event.end_mark.column :].strip()
        return rest if rest.startswith("#") else ""

    def _refuse(self, line: int, what: str, remedy: str) -> None:
        self.problems.append(Problem(line, f"found {bare(what)}, expected a plain value; {remedy}"))

    def _open(self, node: Node) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise Unreadable(node.line, f"found more than {MAX_DEPTH} levels, expected at most 5; check the brackets")
        self._stack.append(_Frame(node))

    def _place(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unreadable(node.line, f"found more than {MAX_NODES:,} values, expected fewer; split the file")
        if not self._stack:
            self.root = node
        elif isinstance(parent := self._stack[-1].node.value, list):
            parent.append(node)
        else:
            self._place_in_mapping(self._stack[-1], node)

    def _place_in_mapping(self, frame: _Frame, node: Node) -> None:
        if frame.key is None:
            frame.key = node
            return
        key, frame.key = frame.key, None
        if node.value is None or not isinstance(node.value, str):
            node.line = key.line  # an empty value, a list and a mapping are found by the key above them
        values = frame.node.value
        if not isinstance(values, dict) or key.refused:
            return
        if not isinstance(key.value, str):
            self.problems.append(Problem(key.line, f"found {show(key.value)} as a key, expected a word"))
        elif key.value in values:
            first = values[key.value].line
            duplicate = Phrase(
                "{key}: found a second time (first in line {first}), expected once; remove one",
                key=bare(key.value),
                first=str(first),
            )
            self.problems.append(Problem(key.line, duplicate))
        else:
            values[key.value] = node
