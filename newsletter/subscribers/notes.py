"""Notes what is valid in subscribers.yaml, and yet may not say what was meant: `newsletter check` tells it.

Reads the tree of files/yaml_nodes.py, since the values themselves no longer show it.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.files import yaml_nodes
from newsletter.subscribers.local_time import zone_note, zones

_PROSE = {"about", "relevant", "irrelevant"}
_WORDS = {"name", "like", "avoid", "pinned_authors"}
_QUOTES = {"“": "”“", "„": "“”", "«": "»", "»": "«", "‘": "’", "‚": "‘’", "「": "」"}  # the first, and what ends it


def notes(root: yaml_nodes.Node, key: str = "") -> Iterator[yaml_nodes.Problem]:
    """Lists the notes about this value and all within it, in the file's order."""
    if isinstance(root.value, dict):
        for name, inner in root.value.items():
            yield from notes(inner, name)
    elif isinstance(root.value, list):
        for item in root.value:
            yield from notes(item, key)
    elif root.value is not None:
        for note in (_cut(root, key), _zone(root.value, key), _curly(root.value, key)):
            if note:
                yield yaml_nodes.Problem(root.line, f"{key}: {note}")


def _cut(node: yaml_nodes.Node, key: str) -> str:
    """Finds a text that a comment cuts off: any comment behind prose; behind a name or a word one such as #1."""
    is_strange = key in _PROSE or (key in _WORDS and not node.comment[1:2].isspace())
    if not node.comment or not is_strange:
        return ""
    return (
        f"the text ends before {yaml_nodes.show(node.comment)}, since # after a blank begins a comment; "
        "put the whole text into quotes if that belongs to it"
    )


def _zone(text: str, key: str) -> str:
    note = zone_note(text) if key == "time_zone" and text in zones() else ""
    return f"{text} {note}" if note else ""


def _curly(text: str, key: str) -> str:
    if key in _PROSE | _WORDS and len(text) > 1 and text[-1] in _QUOTES.get(text[0], ""):
        return (
            f"the quotes {text[0]} {text[-1]} are part of the text, as only plain ones are YAML's; write those, or none"
        )
    return ""
