"""Finds the lines of a YAML text in which a profile asks for phrases. Pure; reads subscribers.yaml and profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from newsletter.files import yaml_nodes

_WANTED = {"about", "like", "relevant"}  # keys whose texts say what is wanted
_MOST_LINES = 200  # of one text


def find_phrase_lines(text: str | bytes, phrases: Sequence[str]) -> list[tuple[int, str]]:
    """Gives each line in which a text that says what is wanted has one of these phrases, with the phrase, by line.

    A phrase that goes over the end of a line has the line that it begins in; case and the width of gaps mean nothing.
    A text that is no YAML has none.
    """
    root, _ = yaml_nodes.read(text)
    if root is None:
        return []
    lines = yaml_nodes.split_lines(yaml_nodes.decode(text))
    found = {
        (_begins(lines, node.line, phrase), phrase)
        for node in _wanted(root, is_wanted=False)
        for phrase in phrases
        if _plain(phrase) in _plain(str(node.value))
    }
    return sorted(found)


def _wanted(node: yaml_nodes.Node, *, is_wanted: bool) -> Iterator[yaml_nodes.Node]:
    """Walks to the texts that say what is wanted."""
    if isinstance(node.value, str):
        if is_wanted:
            yield node
    elif node.value is not None:
        inner: Iterable[tuple[str, yaml_nodes.Node]] = (
            node.value.items() if isinstance(node.value, dict) else (("", each) for each in node.value)
        )
        for key, each in inner:
            yield from _wanted(each, is_wanted=is_wanted or key in _WANTED)


def _begins(lines: Sequence[str], first: int, phrase: str) -> int:
    """Finds the line, from the text's first one on, in which the phrase begins; else the first."""
    nearby = lines[first - 1 : first - 1 + _MOST_LINES]
    whole = [number for number, line in enumerate(nearby) if _plain(phrase) in _plain(line)]
    words = _plain(phrase).split(" ")
    beginnings = tuple(" ".join(words[:count]) for count in range(1, len(words)))
    part = [number for number, line in enumerate(nearby) if _plain(line).endswith(beginnings)]
    return first + next(iter(whole or part), 0)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
