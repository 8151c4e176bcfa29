"""Finds the lines of a YAML text in which a profile asks for phrases. Pure; reads subscribers.yaml and profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newsletter.files import yaml_nodes

_WANTED = {"like", "relevant"}  # keys whose texts say what is wanted; a topic without `relevant` is its name
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
    if isinstance(node.value, str) and is_wanted:
        yield node
    elif isinstance(node.value, list):
        for each in node.value:
            yield from _wanted(each, is_wanted=is_wanted)
    elif isinstance(node.value, dict):
        for key, each in node.value.items():
            yield from _topics(each) if key == "topics" else _wanted(each, is_wanted=key in _WANTED)


def _topics(node: yaml_nodes.Node) -> Iterator[yaml_nodes.Node]:
    for topic in node.value if isinstance(node.value, list) else ():
        if isinstance(topic.value, str):
            yield topic
        elif isinstance(topic.value, dict) and (words := topic.value.get("relevant") or topic.value.get("name")):
            yield from _wanted(words, is_wanted=True)


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
