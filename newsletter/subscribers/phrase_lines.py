"""Finds the lines of a YAML text in which a profile names phrases. Pure; reads subscribers.yaml and profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from newsletter.files import yaml_nodes

_KEYWORDS = {"like", "avoid"}  # keys whose texts say what is wanted and unwanted
_OF_TOPICS = {"name", "relevant", "irrelevant"}  # and those of a topic
_MOST_LINES = 200  # of one text


def find_phrase_lines(text: str | bytes, phrases: Sequence[str]) -> list[tuple[int, str]]:
    """Gives each line in which a text that says what is wanted or not has one of these phrases, with it, by line.

    A phrase that goes over the end of a line has the line that it begins in; case and the width of gaps mean nothing.
    A text that is no YAML has none.
    """
    root, _ = yaml_nodes.read(text)
    if root is None:
        return []
    lines = yaml_nodes.split_lines(yaml_nodes.decode(text))
    found = {
        (_begins(lines, node.line, phrase), phrase)
        for node in _find_texts(root, _KEYWORDS)
        for phrase in phrases
        if _plain(phrase) in _plain(str(node.value))
    }
    return sorted(found)


def _find_texts(node: yaml_nodes.Node, keys: Set[str], *, is_wish: bool = False) -> Iterator[yaml_nodes.Node]:
    """Walks to the texts below these keys, and to those of topics."""
    if isinstance(node.value, str) and is_wish:
        yield node
    elif isinstance(node.value, list):
        for each in node.value:
            yield from _find_texts(each, keys, is_wish=is_wish)
    elif isinstance(node.value, dict):
        for key, each in node.value.items():
            if key == "topics":
                yield from _find_texts(each, _OF_TOPICS, is_wish=True)
            else:
                yield from _find_texts(each, keys, is_wish=key in keys)


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
