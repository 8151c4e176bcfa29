"""Tells which of a reader's topics a comment speaks of. Pure.

A model begins with the topic that a paper meets, and writes it in its own way: whole ("ML Systems: …"), by a part
("Compression/Efficiency — …" for "Model Compression and Efficiency") or by initials. Some write its number: that
means something beside the prompt alone, so `name_numbers` puts the name in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

_HEAD_ENDS = re.compile(r"[:;.(—–](?:\s|$)|\s[—–-]\s|—")
_BETWEEN = re.compile(r"[/+,&()|]|\b(?:and|und|et|y|e)\b", re.I)
_WORD = re.compile(r"\w+")
_LEADS_IN = frozenset(
    "matches match meets matching strong strongly direct directly fits touches relevant relevance to for the topic "
    "topics criterion criteria in on with also partially mainly".split()
)
_SMALL = frozenset("and und et y e of the for in on to a an or with".split())
# "topic 2", "criteria 1, 3 and 4", "Thema Nr. 2", "主题2", "2番目のトピック"; a range ("topics 1-3") is left as it is.
_ONE = "criterion|topic|thema|kriterium|sujet|thème|critère|tema|tópico|criterio|critério|argomento"
_MANY = "criteria|topics|themen|kriterien|sujets|thèmes|critères|temas|tópicos|criterios|critérios|argomenti|criteri"
_CJK = "主题|话题|课题|标准|主題|話題|課題|基準|トピック|テーマ"
_WHOSE = r"(?:\b(?:the\s+reader['’]s|reader['’]s|the|your)\s+)?"
_SIGN = r"\s*(?:[#№]|n[°º]|n[ro]\.)?\s*"
_ORDINAL = r"\d{1,2}(?![A-Z\d_%]|\.\d|\s?[-–]\s?\d)"
_JOINED = r"(?:\s*[/&+、和と]\s*|\s+(?:and|or|und|oder|et|ou|y|o|e)\s+)#?"
_LISTED = rf"(?:\s*,\s*(?:(?:and|or|und|oder)\s+)?#?|{_JOINED})"
_BY_NUMBER = re.compile(
    rf"{_WHOSE}\b(?:{_MANY}){_SIGN}(?P<many>{_ORDINAL}(?:{_LISTED}{_ORDINAL})*)"
    rf"|{_WHOSE}\b(?:{_ONE}){_SIGN}(?P<one>{_ORDINAL}(?:{_JOINED}{_ORDINAL})*)"
    rf"|(?:{_CJK}){_SIGN}(?P<behind>{_ORDINAL}(?:{_LISTED}{_ORDINAL})*)"
    rf"|第\s*(?P<before>\d{{1,2}})\s*[个個项項]?の?(?:{_CJK})|(?P<nth>\d{{1,2}})\s*番目?の(?:{_CJK})",
    re.I,
)
_DIGITS = re.compile(r"#?(\d+)")
_QUOTE = "[\"'“”„«»‘’「」]?"
_HEAD_CHARS = 160


def named_topic(comment: str, names: Sequence[str]) -> str:
    """Finds the topic that a comment names first; of two at the same place the longer one; "" if there is none."""
    found = sorted(_found(comment, tuple(names)), key=lambda place: (place[0], -len(place[1])))
    return found[0][1] if found else ""


def name_numbers(comment: str, names: Sequence[str]) -> str:
    """Puts names in place of the numbers by which a comment speaks of topics: 1 is the first of these names.

    A number that no topic has stays, and so does one that is part of a topic's name.
    """
    within = [found.span() for name in names if name for found in re.finditer(re.escape(name), comment, re.I)]
    used = dict[str, None]()

    def put_names(match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        at, end = match.span(kind)
        if any(start <= at < stop for start, stop in within):
            return match[0]
        pieces, done = list[str](), at
        for digits in _DIGITS.finditer(comment, at, end):
            number = int(digits[1])
            if not 0 < number <= len(names):
                break
            pieces += [comment[done : digits.start()], names[number - 1]]
            used[names[number - 1]] = None
            done = digits.end()
        return "".join(pieces) + comment[done:end] if pieces else match[0]

    named = _BY_NUMBER.sub(put_names, comment)
    for name in used:
        named = _say_once(named, name)
    return named


def _say_once(comment: str, name: str) -> str:
    """Makes one of a name and the same again behind it, as what was "Topic 2 (Graphs): …" or "Graphs (topic 2)"."""
    again = rf"{_QUOTE}{re.escape(name)}{_QUOTE}"
    return re.sub(
        rf"({re.escape(name)})(?:\s*[(（]\s*{again}\s*[)）]|\s*[:：,–—-]\s*{again}(?=\s*(?:[:：;.,(–—-]|$)))",
        lambda match: match[1],
        comment,
        flags=re.I,
    )


def leading_topic(comment: str, names: Sequence[str]) -> str:
    """Finds the topic with which the comment begins; "" if there is none."""
    text = comment.lstrip(" \u00a0\"'“„«").casefold()
    return max((name for name in names if _is_at(name.casefold(), text, 0)), key=len, default="")


def names_topic(comment: str, topic: str) -> bool:
    """Tells whether the comment's head names this topic, whole or by most of its words, so that a reader knows it."""
    if leading_topic(comment, [topic]):
        return True
    end = _HEAD_ENDS.search(comment, 0, _HEAD_CHARS)
    own = _words(topic)
    return end is not None and 2 * len(own & _words(comment[: end.start()])) > len(own)


@lru_cache(maxsize=4_096)
def _found(comment: str, names: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    return (*_whole(comment, names), *_by_part(comment, names))


def _whole(comment: str, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    text = comment.casefold()
    for name in names:
        at = text.find(name.casefold())
        while at >= 0 and not _is_at(name.casefold(), text, at):
            at = text.find(name.casefold(), at + 1)
        if at >= 0 and name:
            yield at, name


def _is_at(name: str, text: str, at: int) -> bool:
    """Whether the name stands here as words of its own: "Art" is not in "smart", "Graph" is in "graphs"."""
    if not text.startswith(name, at):
        return False
    rest = text[at + len(name) :]
    rest = rest[1:] if rest[:1] == "s" else rest
    return not _are_one_word(text[at - 1 : at], name[:1]) and not _are_one_word(name[-1:], rest[:1])


def _are_one_word(left: str, right: str) -> bool:
    return f"{left}{right}".isascii() and left.isalnum() and right.isalnum()


def _by_part(comment: str, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Finds parts of the head of which all words are of one topic, and one of them of no other."""
    end = _HEAD_ENDS.search(comment, 0, _HEAD_CHARS)
    if not end:
        return
    words = {name: _words(name) for name in names}
    start = 0
    for match in [*_BETWEEN.finditer(comment, 0, end.start()), end]:
        part = {word for word in _words(comment[start : match.start()]) if word not in _LEADS_IN}
        whose = [name for name in names if part & words[name] and part <= words[name]]
        only = [name for name in whose if part - set().union(*(words[other] for other in names if other != name))]
        initials = [name for name in names if part == {_initials(name)}]
        if len(only or initials) == 1:
            yield start, (only or initials)[0]
        start = match.end()


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in _SMALL}


def _initials(name: str) -> str:
    letters = "".join(word[0] for word in _WORD.findall(name.casefold()) if word not in _SMALL)
    return letters if len(letters) > 2 else name.casefold()
