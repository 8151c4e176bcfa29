"""Tells the topics that a profile asks for from those that only say what is unwanted. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from newsletter.model import Profile, Topic
from newsletter.scoring.ranking.phrases import read_forms

_NEGATIONS = frozenset(
    """avoid exclude excluded excluding ignore ignored no non none not nothing skip skipped unwanted uninteresting
    irrelevant without aucun aucune kein keine keinen nessun nessuna nicht nichts não nao ohne pas sans sem senza sin
    """.split()
)
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")  # "no-regret" is no "no"


def keep_wanted_topics(profile: Profile) -> Profile:
    """Gives the profile with the topics that are asked for; what the others turn down is among what is unwanted."""
    wanted = [topic for topic in profile.topics if _is_wanted(topic)]
    unwanted = [topic.irrelevant for topic in profile.topics if not _is_wanted(topic)]
    if not unwanted:
        return profile
    if not wanted:
        return replace(profile, topics=(), avoid=(*profile.avoid, *unwanted))
    first, *others = wanted
    texts = "\n".join(filter(None, (first.irrelevant, *unwanted)))
    return replace(profile, topics=(replace(first, irrelevant=texts), *others))


def _is_wanted(topic: Topic) -> bool:
    """A name asks for its subject, but for "Not video", "Things to skip", or what `irrelevant` says again."""
    if topic.relevant or not topic.irrelevant:
        return True
    words = [word.lower() for word in _WORD.findall(topic.name)]
    asked = set(read_forms(" ".join(word for word in words if word not in _NEGATIONS)))
    return bool(asked) and words[0] not in _NEGATIONS and asked != set(read_forms(topic.irrelevant))
