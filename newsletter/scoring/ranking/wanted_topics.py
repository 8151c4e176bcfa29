"""Tells what a profile asks for from what it only says to turn it down: whole topics, and "but not X" in one. Pure."""

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

# "graphs, but not molecules": where such words begin a part of a wish, the part says what is not wished for. What says
# how something is done ("without labels", "non linear") is part of it.
_LINKS = "but|and|aber|und|doch|sondern|mais|et|pero|mas|ma"
_TURNS_DOWN = """not|no|nothing|excluding|exclude|except|nicht|kein|keine|keinen|keinerlei|außer|ausgenommen
    |pas|aucun|aucune|sauf|excepté|excepto|salvo|não|exceto|tranne|eccetto"""
_SAYS_SO = r"""(?:i(?:\ am|['’]m)\ )?not\ (?:really\ |at\ all\ )?interested\ in
    |(?:i\ )?(?:do\ not|don['’]?t)\ (?:want|need|care\ about)(?:\ to\ (?:see|read\ about|read))?"""
# "not only", "no more than", and the subjects that begin with "no": "no cloning theorem", "no core shell model"
_TURNS_NOTHING_DOWN = """all|always|even|every|just|least|less|limited|longer|matter|merely|more|necessarily|one|only
    |restricted|so|sure|to|yet|nur|alle|immer|zuletzt|seulement|uniquement|que|sólo|solo|só|apenas|soltanto
    |arbitrage|boundary|broadcasting|cloning|code|communication|core|deleting|flux|fly|free|ghost|go|hair|knowledge
    |pressure|reference|regret|response|scale|show|signaling|signalling|slip|three|till|tillage|wait"""
_PART = re.compile(
    rf"""(?P<before>^|[,;.:!?()\[\]–—\n]|\s-\s|\b(?:{_LINKS})\b)\s{{0,9}}(?:\b(?:{_LINKS})\s{{1,9}})?
    (?:{_SAYS_SO}|(?:{_TURNS_DOWN})(?!['’-])\b(?!\s{{1,9}}(?:{_TURNS_NOTHING_DOWN})\b))
    (?:\s{{1,9}}(?:about|for|on))?:?\s{{1,9}}(?P<what>[^,;.:!?()\[\]\n]*?)
    (?:\s{{1,9}}(?:please|bitte|svp|por\ favor|per\ favore))?
    (?=\s{{1,9}}(?:but|aber|mais|pero|mas)\b|\s{{0,9}}[,;.:!?()\[\]\n]|\s{{0,9}}$)""",
    re.IGNORECASE | re.VERBOSE,
)
_MOST_WORDS = 8  # of such a part: a longer one is a sentence that says more
_SEPARATORS = " ,;:–—-\n"
_LEFT_OVER = re.compile(rf"[(\[]\W*[)\]]|^(?:{_LINKS})\s", re.IGNORECASE)  # of "X (not Y!)" and "not Y, but X"
_IS_ABOUT_NOTHING = re.compile(r"\btheorems?\b", re.IGNORECASE)


def keep_wanted_topics(profile: Profile) -> Profile:
    """Gives the profile with the topics that are asked for; what is turned down is among what is unwanted.

    Names stay as they are, since readers know their topics by them; `read_wishes` is for counting words.
    """
    topics = tuple(map(_split_topic, profile.topics))
    if any(topic.relevant or topic.name for topic in topics) or profile.like or profile.papers:
        profile = replace(profile, topics=topics)
    wanted = [topic for topic in profile.topics if _is_wanted(topic)]
    unwanted = [topic.irrelevant for topic in profile.topics if not _is_wanted(topic)]
    if not unwanted:
        return profile
    if not wanted:
        return replace(profile, topics=(), avoid=(*profile.avoid, *unwanted))
    first, *others = wanted
    texts = "\n".join(filter(None, (first.irrelevant, *unwanted)))
    return replace(profile, topics=(replace(first, irrelevant=texts), *others))


def read_wishes(profile: Profile) -> Profile:
    """Does as `keep_wanted_topics`, and takes what is turned down out of the names, too."""
    kept = keep_wanted_topics(profile)
    return replace(kept, topics=tuple(replace(topic, name=_keep_wanted_words(topic.name)) for topic in kept.topics))


def _keep_wanted_words(name: str) -> str:
    """Gives a name without the parts that say what is unwanted; one that does nothing else stays as it is."""
    wanted, unwanted = _split(name)
    rest = _LEFT_OVER.sub("", wanted.strip(_SEPARATORS)).strip(_SEPARATORS)
    return rest if unwanted and _WORD.search(rest) else name


def _split(text: str) -> tuple[str, list[str]]:
    """Gives what a wish asks for, and what it turns down."""
    unwanted = list[str]()

    def take_out(part: re.Match[str]) -> str:
        what = part["what"].strip()
        words = _WORD.findall(what)
        if not words or len(words) > _MOST_WORDS or _IS_ABOUT_NOTHING.search(what):
            return part[0]
        unwanted.append(what)
        return part["before"] if not part["before"].isalpha() else ""

    wanted = _PART.sub(take_out, text)
    return (wanted, unwanted) if unwanted else (text, [])


def _split_topic(topic: Topic) -> Topic:
    """Moves what the wish turns down to what is irrelevant; a wish that does nothing else has no `relevant` left."""
    wanted, unwanted = _split(topic.relevant)
    if not unwanted:
        return topic
    irrelevant = "\n".join(filter(None, (topic.irrelevant, *unwanted)))
    return replace(topic, relevant=wanted if _WORD.search(wanted) else "", irrelevant=irrelevant)


def _is_wanted(topic: Topic) -> bool:
    """A name asks for its subject, but for "Not video", "Things to skip", or what `irrelevant` says again."""
    if topic.relevant or not topic.irrelevant:
        return True
    words = [word.lower() for word in _WORD.findall(topic.name)]
    asked = set(read_forms(" ".join(word for word in words if word not in _NEGATIONS)))
    return bool(asked) and words[0] not in _NEGATIONS and asked != set(read_forms(topic.irrelevant))
