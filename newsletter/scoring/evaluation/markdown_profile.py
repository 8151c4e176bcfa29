"""Reads a topic profile written as plain Markdown into a `Profile`.

Two forms occur in the wild: numbered topics with "Relevant:" and "Irrelevant:" bullets and a block of keywords,
and a bare numbered list of wishes with some sentences around it. Nothing is required; a text without any list
becomes one topic. Validates nothing and reads no file: the caller brings the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.model import Profile, Topic

_NUMBERED = re.compile(r"^ {0,3}\d{1,3}[.)]\s+(?P<text>\S.*)$")
_BULLET = re.compile(r"^\s*[-*+•]\s*(?P<text>[^-*+•\s].*)$")
_LABEL = re.compile(r"^(?P<label>[^:.]{1,60}?):(?:\s+|$)(?P<text>.*)$")
_KEYWORDS = re.compile(r"^\W*key\s?words?\W*(?P<rest>.*)$", re.IGNORECASE)
_UNWANTED = re.compile(r"irrelevant|not relevant|avoid|exclude|unwanted|dislike|application", re.IGNORECASE)
_WANTED = re.compile(r"relevant|like|include|wanted|goal|focus", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")
_BRACKETED = re.compile(r"^(?P<long>[^()]+?)\s*\((?P<short>[^()]+)\)$")
_NAME_CHARS = 70


@dataclass
class _TopicDraft:
    name: str
    relevant: list[str] = field(default_factory=list)
    irrelevant: list[str] = field(default_factory=list)
    unwanted: bool = False  # which list the lines that follow belong to

    def add(self, text: str) -> None:
        (self.irrelevant if self.unwanted else self.relevant).append(text)

    def build(self) -> Topic:
        relevant, irrelevant = " ".join(self.relevant), " ".join(self.irrelevant)
        # A numbered line with nothing under it is the wish itself; its beginning serves as the name.
        return Topic(_short_name(self.name), relevant or ("" if irrelevant else self.name), irrelevant)


@dataclass
class _Draft:
    about: list[str] = field(default_factory=list)
    topics: list[_TopicDraft] = field(default_factory=list)
    like: list[str] = field(default_factory=list)
    avoid: list[str] = field(default_factory=list)


def parse_profile(text: str, language: str = "en") -> Profile:
    """Builds the profile this text describes; comments about it will be in `language`. Never fails on a text."""
    draft = _Draft()
    place = "about"  # or "topic", or "keywords"
    for line in text.splitlines():
        place = _read_line(draft, place, line)
    topics = tuple(topic.build() for topic in draft.topics)
    about = " ".join(draft.about)
    if not topics and not draft.like and about:
        topics, about = (Topic(_short_name(about), about),), ""
    return Profile(topics, about, tuple(draft.like), tuple(draft.avoid), language)


def _read_line(draft: _Draft, place: str, line: str) -> str:
    """Puts one line where it belongs and says where the next one will."""
    words = _EMPHASIS.sub("", line).strip().lstrip("#").strip()
    if not words:
        return place
    keywords = _KEYWORDS.match(words)
    if keywords:
        _add_keywords(draft, keywords["rest"])
        return "keywords"
    numbered, bullet = _NUMBERED.match(line), _BULLET.match(_EMPHASIS.sub("", line))
    if numbered:
        draft.topics.append(_TopicDraft(_EMPHASIS.sub("", numbered["text"]).strip()))
        return "topic"
    if bullet and place == "keywords":
        _add_keywords(draft, bullet["text"])
    elif bullet and draft.topics:
        _add_bullet(draft.topics[-1], bullet["text"])
    elif place == "topic" and draft.topics[-1].relevant and line.startswith("    "):
        draft.topics[-1].add(words)
    else:
        draft.about.append(words)
    return place


def _add_bullet(topic: _TopicDraft, text: str) -> None:
    labelled = _LABEL.match(text)
    if labelled and _UNWANTED.search(labelled["label"]):
        topic.unwanted = True
    elif labelled and _WANTED.search(labelled["label"]):
        topic.unwanted = False
    elif labelled:
        topic.unwanted = False
        topic.add(labelled["label"] + ":")
    rest = labelled["text"] if labelled else text
    if rest.strip():
        topic.add(rest.strip())


def _add_keywords(draft: _Draft, text: str) -> None:
    labelled = _LABEL.match(text)
    unwanted = bool(labelled and _UNWANTED.search(labelled["label"]))
    target = draft.avoid if unwanted else draft.like
    listed = labelled["text"] if labelled else text
    for word in re.split(r"[,;]\s*", listed.strip().rstrip(".")):
        target.extend(each for each in _spellings(word.strip()) if each not in target)


def _spellings(keyword: str) -> list[str]:
    """Splits a keyword: `Mixture of Experts (MoE)` is two, `etc` is none."""
    if not keyword or keyword.lower() in {"etc", "and so on", "…"}:
        return []
    bracketed = _BRACKETED.match(keyword)
    return [bracketed["long"], bracketed["short"]] if bracketed else [keyword]


def _short_name(text: str) -> str:
    """Gives the first clause, cut at a word so that it fits into a comment."""
    clause = re.split(r"[;.,(:]\s|[;.,(:]$", text, maxsplit=1)[0].strip() or text.strip()
    if len(clause) <= _NAME_CHARS:
        return clause
    return clause[: _NAME_CHARS - 1].rsplit(" ", 1)[0] + "…"
