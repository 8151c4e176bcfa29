"""Separates a model's answer from the reasoning around it, whose drafts it may have given up again. Pure.

Models and servers mark reasoning in many ways, and some leave the marks in the answer's text: tags (DeepSeek, Qwen,
Magistral, Kimi, Cohere, Gemma, Granite), and the channels of OpenAI's harmony format. A mark within a text of the
JSON is none: a comment may speak of one.
"""

from __future__ import annotations

import re

from newsletter.scoring.llm.loose_json import find_values

MAX_CHARS = 500_000  # of a text; what is longer is read from its end
_NAMES = (
    "think|thinking|thinks|thought|thoughts|thought[ _-]process|reason|reasoning|rationale|reflection|analysis|"
    "scratchpad|deliberation|cot|chain[ _-]of[ _-]thought|(?:inner|internal)[ _-](?:monologue|thoughts?)"
)
_PREFIX = r"(?:\w{1,12}[:_])?"  # <seed:think>, <ant_thinking>
# The first of each pair opens reasoning, the second closes it.
_MARKS = (
    (
        rf"(?:<|&lt;)\|?{_PREFIX}(?:{_NAMES})\|?(?:\s[^<>]{{0,80}})?(?:>|&gt;)",
        rf"(?:<|&lt;)\s?\|?/{_PREFIX}(?:{_NAMES})\|?\s?(?:>|&gt;)",
    ),
    (rf"\[(?:{_NAMES})\]", rf"\[/(?:{_NAMES})\]"),
    (rf"◁(?:{_NAMES})▷", rf"◁/(?:{_NAMES})▷"),
    (rf"<\|(?:begin|start)_?(?:of_)?(?:{_NAMES})\|>", rf"<\|end_?(?:of_)?(?:{_NAMES})\|>"),
    (r"<unused94>", r"<unused95>"),
    (r"<\|channel>\s*(?:thought|analysis)", r"<channel\|>"),
    (r"<\|channel\|>\s*(?:analysis|commentary)", r"<\|channel\|>\s*final\s*(?:<\|constrain\|>\w*)?\s*<\|message\|>"),
    (r"(?:\A\s*|assistant)analysis(?-i:(?=[A-Z]))", r"assistantfinal"),
    (r"(?:\A\s*|assistant)thinking\.\.\.", r"\.\.\.\s*done thinking\."),
    (r"\bhere(?:'s| is) my (?:thought process|reasoning)\s*:", r"\bhere(?:'s| is) my (?:response|answer)\s*:"),
)
_OPENING = "|".join(opening for opening, _ in _MARKS)
_CLOSING = "|".join(closing for _, closing in _MARKS)
_MARK = re.compile(f"(?P<closing>{_CLOSING})|(?P<opening>{_OPENING})", re.IGNORECASE)
_TEXT_WITHOUT_END = re.compile(r':\s*"(?:[^"\\]|\\.)*+\Z', re.DOTALL)


def find_answer(text: str) -> str | None:
    """What follows the reasoning; all of it where nothing is marked as such. None: it ends while still reasoning."""
    text = text[-MAX_CHARS:]
    marks = list(_MARK.finditer(_without_json(text)))
    closing = [mark.end() for mark in marks if mark["closing"]]
    start = closing[-1] if closing else 0
    if any(mark["opening"] and mark.start() >= start for mark in marks):
        return None
    return text[start:]


def _without_json(text: str) -> str:
    """Gives the same with blanks in place of every JSON value, and of a text at the end that was cut off."""
    pieces, at = list[str](), 0
    for found in find_values(text, is_loose=True):
        pieces += [text[at : found.start], " " * (found.end - found.start)]
        at = found.end
    rest = "".join([*pieces, text[at:]])
    return _TEXT_WITHOUT_END.sub(lambda match: " " * len(match[0]), rest)
