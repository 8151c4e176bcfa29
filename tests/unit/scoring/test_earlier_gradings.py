"""Which readers share what a model said, and what is found of it after a profile or the program has changed."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date

import pytest

from newsletter.model import Grading, LibraryPaper, Profile, Topic
from newsletter.scoring.llm.grader import find_earlier, profile_key, profile_keys
from tests import make
from tests.fakes import MemoryStore

PROFILE = Profile(
    (Topic("Sparse models", "Pruning", "Images"), Topic("Galaxies", "Satellites")),
    about="Reads over coffee",
    like=("moss", "LoRA"),
    avoid=("wind", "rain"),
    papers=(LibraryPaper("1", "On moss", "Long."), LibraryPaper("2", "On rain", "Longer.")),
)
WITHOUT_PAPERS = replace(PROFILE, papers=())


@pytest.mark.parametrize(
    "other",
    [
        replace(PROFILE, topics=PROFILE.topics[::-1]),
        replace(PROFILE, like=PROFILE.like[::-1], avoid=PROFILE.avoid[::-1], papers=PROFILE.papers[::-1]),
        replace(PROFILE, like=(*PROFILE.like, "moss")),
        replace(PROFILE, about=" Reads  over\ncoffee "),
        replace(PROFILE, papers=tuple(replace(paper, abstract="Short.") for paper in PROFILE.papers)),
    ],
    ids=["topics", "keywords", "twice", "blanks", "abstracts"],
)
def test_what_a_model_is_not_told_or_does_not_heed_makes_no_other_key(other: Profile) -> None:
    assert profile_key(other) == profile_key(PROFILE)


CHANGES: dict[str, Callable[[Profile], Profile]] = {
    "topic": lambda p: replace(p, topics=(*p.topics, Topic("Moss"))),
    "irrelevant": lambda p: replace(p, topics=(*p.topics[:-1], Topic("Galaxies", "Satellites", "Plants"))),
    "like": lambda p: replace(p, like=(*p.like, "ferns")),
    "avoid": lambda p: replace(p, avoid=()),
    "moved": lambda p: replace(p, like=p.avoid, avoid=p.like),
    "about": lambda p: replace(p, about=""),
    "papers": lambda p: replace(p, papers=(LibraryPaper("1", "On ferns"),)),
    "language": lambda p: replace(p, language="de"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_criterion_and_the_language_make_another_key(change: str) -> None:
    assert profile_key(CHANGES[change](PROFILE)) != profile_key(PROFILE)


def grading(profile: Profile | str, number: int = 1, relevance: int = 8) -> Grading:
    key = profile if isinstance(profile, str) else profile_key(profile)
    return Grading(f"2601.{number:05d}", 1, key, "m", "k", relevance, 5, "", False, make.NOW)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("relevance", [0, 8])
def test_a_changed_profile_finds_what_was_graded_under_the_same_topics(change: str, relevance: int) -> None:
    store = MemoryStore()
    store.put_gradings([before := grading(PROFILE, relevance=relevance)])
    earlier = find_earlier(store, CHANGES[change](PROFILE), since=date.min)
    has_same_criteria, has_same_topics = change == "language", change not in {"topic", "irrelevant"}
    is_own = has_same_criteria and not relevance  # a comment has a language
    assert earlier.own == ((before,) if is_own else ())
    assert earlier.related == ((before,) if has_same_topics and not is_own else ())


@pytest.mark.parametrize("change", ["topic", "like", "avoid", "about", "papers"])
def test_profiles_without_topics_share_nothing_but_equal_wishes(change: str) -> None:
    bare = replace(PROFILE, topics=())
    store = MemoryStore()
    store.put_gradings([grading(bare)])
    earlier = find_earlier(store, CHANGES[change](bare), since=date.min)
    assert (earlier.own, earlier.related) == ((), ())
    assert find_earlier(store, bare, since=date.min).own == (grading(bare),)


def test_gradings_of_version_0_1_0_are_this_profiles_own() -> None:
    fields = asdict(WITHOUT_PAPERS)
    del fields["papers"]  # which 0.1.0 did not know
    old = hashlib.sha256(json.dumps(fields, sort_keys=True).encode("ascii")).hexdigest()[:32]
    store = MemoryStore()
    store.put_gradings([grading(old, 1), grading(WITHOUT_PAPERS, 2)])
    found = find_earlier(store, WITHOUT_PAPERS, since=date.min).own
    assert {one.arxiv_id for one in found} == {"2601.00001", "2601.00002"}
    assert profile_keys(WITHOUT_PAPERS) == (profile_key(WITHOUT_PAPERS), old)
    assert profile_keys(PROFILE) == (profile_key(PROFILE),)
