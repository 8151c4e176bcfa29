"""Describes what a grader of papers is given and gives back, and finds earlier gradings. See model_grader.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import date
from typing import Protocol

from newsletter.model import BatchedPaper, Grading, Paper, Profile, ScoreFailure, Topic, Usage

_TOPIC_CHARS, _CRITERIA_CHARS = 12, 24  # of a profile's key: what is the same for the same topics, and criteria

ProgressCallback = Callable[[int, int], None]  # papers settled, papers asked about


@dataclass(frozen=True, slots=True)
class GradingRequest:
    """Papers to grade under one profile; the same paper twice counts once.

    `floor`: the relevance from which a paper passes. `random_ids`: the random sample among them. `is_ranked`: they come
    as the words ranked them, best first; an answer that turns this upside down is looked at.
    """

    profile: Profile
    papers: Sequence[Paper]
    floor: int = 1
    random_ids: Set[str] = frozenset()
    is_ranked: bool = False


@dataclass(frozen=True, slots=True)
class GradingReport:
    """The gradings of one run. Papers neither graded nor failed were not asked about: `stopped` says why.

    `warning`: what the operator must know though it went on.
    """

    gradings: tuple[Grading, ...]
    failures: tuple[ScoreFailure, ...]
    usage: Usage | None
    stopped: str = ""
    warning: str = ""


class Grader(Protocol):
    """Grades papers under a profile, and stores its gradings as they come. Raises nothing for an answer; StoreError."""

    @property
    def model(self) -> str: ...

    def prompt_key(self, floor: int) -> str:
        """Builds a hash of all that shapes an answer beside profile, papers and model."""

    def prompt_text(self, profile: Profile, floor: int) -> str:
        """Gives all that the model gets to read but for the papers."""

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        """Grades each paper once. A repeated call asks, and costs, again."""


class GradingReader(Protocol):
    """What is needed of an `AnswerStore` to find earlier gradings: it only reads."""

    def get_gradings(self, profile_key: str, *, since: date) -> list[Grading]: ...

    def get_related_gradings(self, beginning: str, *, since: date) -> list[Grading]: ...


def profile_key(profile: Profile) -> str:
    """Builds a hash of what a model is told of the profile: 12 signs of topics, 12 of all criteria, 8 of language.

    The order of topics, keywords and papers, blanks, and the abstracts of kept papers, of which the model sees the
    titles, make no difference. A library that is read anew each day stands by its name: one more paper in it would
    else make strangers of all gradings before. Readers with equal keys share their gradings. A profile without topics
    has those of its other criteria in their place.
    """
    topics = [_key_of(one) for one in sort_topics(profile)]
    papers = [paper.entry if paper.is_live else paper.title for paper in profile.papers]
    others = [
        _plain(profile.about),
        *(sorted(set(map(_plain, each))) for each in (profile.like, profile.avoid, papers)),
    ]
    return (
        _hash(topics or others)[:_TOPIC_CHARS]
        + _hash([topics, others])[: _CRITERIA_CHARS - _TOPIC_CHARS]
        + _hash(profile.language)[:8]
    )


def sort_topics(profile: Profile) -> tuple[Topic, ...]:
    """Gives the topics in the order in which every profile of the same key has them, each once.

    A model is told them in this order: where it speaks of topic 2, that is the second of these for all who share it.
    """
    unique = {_key_of(one): one for one in profile.topics}
    return tuple(unique[key] for key in sorted(unique))


def _key_of(topic: Topic) -> tuple[str, str, str]:
    return _plain(topic.name), _plain(topic.relevant), _plain(topic.irrelevant)


def profile_keys(profile: Profile) -> tuple[str, ...]:
    """Builds the key of the profile and the one that it had up to version 0.1.0, if it can have had one."""
    fields = asdict(profile)
    if fields.pop("papers"):
        return (profile_key(profile),)
    return profile_key(profile), _hash(fields)[:32]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class EarlierGradings:
    """`own`: what stands for this profile's gradings. `related`: those under other profiles with the same topics."""

    own: tuple[Grading, ...]
    related: tuple[Grading, ...] = ()


def find_earlier(store: GradingReader, profile: Profile, *, since: date) -> EarlierGradings:
    """Finds all gradings, of any model, that say something of this profile, each list oldest first. Raises StoreError.

    A paper that was turned down for a reader of the same criteria in another language is turned down for this one too:
    only comments have a language, and it has none.
    """
    key, *former = profile_keys(profile)
    related = store.get_related_gradings(key[:_TOPIC_CHARS], since=since)
    own = [one for each in former for one in store.get_gradings(each, since=since)]
    own += [
        one
        for one in related
        if one.profile_key == key or (one.profile_key.startswith(key[:_CRITERIA_CHARS]) and not one.relevance)
    ]
    chosen = set(map(id, own))
    others = (one for one in related if id(one) not in chosen)
    return EarlierGradings(tuple(sorted(own, key=lambda one: one.at)), tuple(others))


def find_known(
    gradings: Iterable[Grading], papers: Iterable[Paper | BatchedPaper], *, model: str, prompt_key: str
) -> dict[str, Grading]:
    """Finds, by arXiv id, this model's gradings of these versions of these papers, by the prompt of this key."""
    versions = {paper.arxiv_id: paper.version for paper in papers}
    return {
        one.arxiv_id: one
        for one in gradings
        if (one.model, one.prompt_key, one.version) == (model, prompt_key, versions.get(one.arxiv_id))
    }
