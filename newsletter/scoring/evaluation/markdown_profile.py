"""Reads a topic profile written as plain Markdown into a `Profile`.

Three forms occur in the wild: topics, numbered or under headings, with "Relevant:" and "Not relevant:" as bullets or
as paragraphs, and a block of keywords; and a bare numbered list of wishes with some sentences around it. Nothing is
required; a text without any list becomes one topic. Validates nothing and reads no file: the caller brings the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.model import Profile, Topic

_NUMBERED = re.compile(r"^ {0,3}(?:#+ *)?\d{1,3}[.)](?:\s+|(?=[^\W\d]))(?P<text>\S.*)$")  # "5. Title", "5.Title"
_HEADING = re.compile(r"^ {0,3}(?:#+\s*\S|\*\*[^*]+\*\*\s*$)")
_BULLET = re.compile(r"^\s*[-*+•]\s*(?P<text>[^-*+•\s].*)$")
_LABEL = re.compile(r"^(?P<label>[^:.]{1,60}?):(?:\s+|$)(?P<text>.*)$")
# The beginning of a paragraph; in a bullet more words are understood, since there a label is likelier.
_SIDE = re.compile(r"(?:not |ir)?relevant|(?:un)?wanted|includ(?:e|ed|ing)|exclud(?:e|ed|ing)|avoid", re.IGNORECASE)
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
        name = self.name or relevant or irrelevant
        # A numbered line with nothing under it is the wish itself; its beginning serves as the name.
        return Topic(_short_name(name), relevant or ("" if irrelevant else self.name), irrelevant)


@dataclass
class _Draft:
    about: list[str] = field(default_factory=list)
    topics: list[_TopicDraft] = field(default_factory=list)
    like: list[str] = field(default_factory=list)
    avoid: list[str] = field(default_factory=list)
    heading: str = ""  # the latest one; what is said to be relevant below it makes a topic of it


def parse_profile(text: str, language: str = "en") -> Profile:
    """Builds the profile this text describes; comments about it will be in `language`. Never fails on a text."""
    draft = _Draft()
    place = "about"  # or "topic", or "keywords"
    for line in text.splitlines():
        place = _read_line(draft, place, line)
    topics = tuple(topic for topic in map(_TopicDraft.build, draft.topics) if topic.name)
    about = " ".join(draft.about)
    if not topics and not draft.like and about:
        topics, about = (Topic(_short_name(about), about),), ""
    return Profile(topics, about, tuple(draft.like), tuple(draft.avoid), language)


def _read_line(draft: _Draft, place: str, line: str) -> str:
    """Puts one line where it belongs and says where the next one will."""
    plain = _EMPHASIS.sub("", line)
    words = plain.strip().lstrip("#").strip()
    if not words:
        return "topic" if place == "paragraph" else place
    keywords = _KEYWORDS.match(words)
    if keywords:
        _add_keywords(draft, keywords["rest"])
        return "keywords"
    numbered, bullet = _NUMBERED.match(plain), _BULLET.match(plain)
    if numbered:
        draft.topics.append(_TopicDraft(numbered["text"].strip()))
        draft.heading = ""
        return "topic"
    if bullet and place == "keywords":
        _add_keywords(draft, bullet["text"])
    elif _begins_a_side(bullet["text"] if bullet else words) and (draft.topics or draft.heading or not bullet):
        _add_bullet(_topic_at_hand(draft), bullet["text"] if bullet else words)
        return "topic" if bullet else "paragraph"
    elif bullet and draft.topics:
        _add_bullet(draft.topics[-1], bullet["text"])
    elif _HEADING.match(line):
        draft.heading = words
        draft.about.append(words)
        return "about"
    elif place == "paragraph" or (place == "topic" and draft.topics[-1].relevant and line.startswith("    ")):
        draft.topics[-1].add(words)
    else:
        draft.about.append(words)
    return place


def _begins_a_side(words: str) -> bool:
    labelled = _LABEL.match(words)
    return bool(labelled and _SIDE.match(labelled["label"]))


def _topic_at_hand(draft: _Draft) -> _TopicDraft:
    """Gives the topic that a "Relevant:" belongs to: that of the heading above it, if there is one."""
    if draft.heading:
        draft.about.remove(draft.heading)
    if draft.heading or not draft.topics:
        draft.topics.append(_TopicDraft(draft.heading))
        draft.heading = ""
    return draft.topics[-1]


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
