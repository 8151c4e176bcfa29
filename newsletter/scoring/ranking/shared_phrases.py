"""Finds the phrases that a text and a profile share, whole and as the text writes them.

A "ray" of "X-ray" and a "dark" of "dark energy" are no words met. How a text is read is in text_phrases.py. Picks no
topic and writes no sentence; see explain.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from newsletter.model import Profile, Topic
from newsletter.papers import readable
from newsletter.scoring.ranking.background import Background
from newsletter.scoring.ranking.phrases import Forms, Phrase, Table, read_phrases
from newsletter.scoring.ranking.plain_text import plain_but_greek
from newsletter.scoring.ranking.text_phrases import (
    Keys,
    Stretch,
    Text,
    Token,
    count_words,
    find_written,
    forms_of,
    join_compounds,
    read_text,
    show_phrase,
)
from newsletter.scoring.ranking.title_shares import load_title_shares
from newsletter.scoring.ranking.tokenize import Encoder, pair_keys

MAX_TEXTS = 256  # of papers that are kept as read, some 80 kB each
MAX_SHARES = 50_000  # of words and phrases that are kept, some 10 MB
MOST_TOKENS = 6  # of what is compared: an abstract may consist of one phrase, said again and again
# Shares of arXiv's papers from which on a word or phrase says nothing: "layer" has .06, "neural network" .065.
COMMON_WORD = 0.03
COMMON_PHRASE = 0.05
LESS_USUAL_WORD = 0.005  # up to here a word alone names a part of a subject: "jailbreak" has .0048, "harmful" .015
RARE_WORD = 0.002  # up to here a word says something even in passing: "magnetar" has .0006, "people" .006
LEAST_TELLING = 0.4  # of a word not named by the reader: "popular" has .1, "compatible" .2, "frames" .8


class SharedPhrase(NamedTuple):
    """A phrase as the text writes it, and the share of arXiv's papers that have what of it was asked for."""

    text: str
    share: float


class Part(NamedTuple):
    """A part of a subject, in the forms of its words; with `keys` if only a text that is about it is worth telling."""

    forms: Forms
    keys: Keys


@dataclass(slots=True)
class Wanted:
    """What texts ask for: whole phrases, and what of two words or more is inside of them."""

    whole: set[Keys] = field(default_factory=set)
    parts: set[Keys] = field(default_factory=set)


class PhraseFinder:
    """Reads texts as phrases, and finds in them what is wanted."""

    def __init__(self, encoder: Encoder, background: Background, abbreviations: Table) -> None:
        self._encoder = encoder
        self._background = background
        self._abbreviations = abbreviations
        self._share_of = lru_cache(maxsize=MAX_SHARES)(self._count_share)
        self.read_paper = lru_cache(maxsize=MAX_TEXTS)(self._read_paper)  # which readers share

    def read(self, text: str) -> Text:
        """Finds the phrases of a text; words that name no subject are in none."""
        return read_text(text, self._encoder, self._background)

    def _read_paper(self, title: str, abstract: str) -> Text:
        """Reads them as they are shown, without TeX: the title is the first line."""
        return self.read("\n".join(readable(plain_but_greek(text)) for text in (title, abstract)))

    def want(self, texts: Iterable[str]) -> Wanted:
        """Reads which phrases these texts ask for."""
        wanted = Wanted()
        for text in map(self.read, map(readable, map(plain_but_greek, texts))):
            for stretch in text.stretches:
                wanted.whole.update(_variants(stretch))
                is_common = self._share(stretch) > _limit(stretch)
                for names in () if is_common else self.other_names(text.text[stretch[0].start : stretch[-1].end]):
                    wanted.whole.update(_variants(tuple(join_compounds(" ".join(names), self._encoder))))
                for start, end in _spans(len(stretch), fewest=2):
                    wanted.parts.update(_variants(stretch[start:end]))
        return wanted

    def read_phrases(self, name: str) -> list[Phrase]:
        """Reads what the name of a topic asks for, where that is several words."""
        phrases = read_phrases(Profile((Topic(name),)), self._abbreviations)
        return [phrase for phrase in phrases if len(phrase.elements) > 1]

    def read_parts(self, names: Iterable[str]) -> list[Part]:
        """Reads what papers call parts of a subject, but for names that say little by themselves.

        Those are usual words, and "out of distribution", of which a text is asked for the one word that remains.
        """
        parts = []
        for name in names:
            forms, tokens = forms_of(name), tuple(join_compounds(name, self._encoder))
            share = self._share(tokens) if tokens else 1.0
            if len(forms) == count_words(name) and share <= (LESS_USUAL_WORD if len(tokens) == 1 else COMMON_PHRASE):
                parts.append(Part(forms, tokens[0].keys if len(tokens) == 1 and share > RARE_WORD else ()))
        return parts

    def find_parts(self, text: Text, parts: Sequence[Part]) -> list[str]:
        """Finds the parts of a subject that a text names, as it writes them, in the order given."""
        named = (find_written(text, [part.forms]) for part in parts if not part.keys or part.keys in text.subjects)
        return list(filter(None, named))

    def other_names(self, text: str) -> Sequence[Forms]:
        """Gives the long forms of an abbreviation, and the other way round."""
        return self._abbreviations.get(forms_of(text), ())

    def find(self, text: Text, wanted: Wanted) -> list[SharedPhrase]:
        """Finds what is wanted and worth naming, the rarest first and each once.

        A word that stands alone must be rare, or what the text is about: people said in passing are not its subject.
        """
        found: dict[Forms, SharedPhrase] = {}
        for stretch in text.stretches:
            is_passing = len(stretch) == 1 and not stretch[0].joined and stretch[0].keys not in text.subjects
            shares = [(self._share(span), span) for span in _met_spans(stretch, wanted)]
            worth = [(share, span) for share, span in shares if share <= (RARE_WORD if is_passing else _limit(span))]
            if worth:
                share, span = min(worth, key=lambda pair: pair[0])
                shown = show_phrase(text, stretch, span)
                found.setdefault(forms_of(shown), SharedPhrase(shown, share))
        return sorted(found.values(), key=lambda phrase: phrase.share)

    def find_words(self, text: Text, gains: Mapping[int, float]) -> list[str]:
        """Finds the phrases around words with a gain, the highest first.

        Takes what the text is about: no common words, none that is new in arXiv, such as the name that the paper gives
        to something, and of those that papers hardly have in titles only rare ones. So, too, of those that stand alone
        in the title and nowhere below: "Pushing" the limits, "Rethinking".
        """
        found: dict[Forms, tuple[float, str]] = {}
        title_ends = text.text.find("\n")
        below = {token.keys for stretch in text.stretches for token in stretch if token.start > title_ends}
        for stretch in text.stretches:
            for token in stretch:
                gain = gains.get(token.joined or token.keys[0], 0.0)
                if gain <= 0 or token.keys not in text.subjects:
                    continue
                is_turn = len(stretch) == 1 and not token.joined and token.keys not in below
                if self._names_subject(token, at_most=RARE_WORD if is_turn else COMMON_WORD):
                    shown = show_phrase(text, stretch, (token,))
                    found.setdefault(forms_of(shown), (gain, shown))
        return [shown for _, shown in sorted(found.values(), key=lambda pair: -pair[0])]

    def stems_of(self, text: str) -> frozenset[int]:
        """Gives the keys of the words of a phrase, by which "prune" and "pruned" say the same, and "GNN" and "GNNs"."""
        return frozenset(word.key for word in self._encoder.words(" ".join(forms_of(text))) if word.key)

    def _names_subject(self, token: Token, at_most: float) -> bool:
        """Tells whether a word that at most this share of the papers have names a subject."""
        share = self._share((token,))
        if not 0 < share <= at_most:
            return False
        return share <= RARE_WORD or bool(token.joined) or _measure_telling(token.keys[0]) >= LEAST_TELLING

    def _share(self, span: Stretch) -> float:
        """Gives the share of arXiv's papers that have this; of several words, their rarest pair."""
        return self._share_of(tuple(key for token in span for key in token.keys))

    def _count_share(self, keys: Keys) -> float:
        terms = np.array(keys, dtype=np.uint32)
        counts = self._background.count(pair_keys(terms) if len(terms) > 1 else terms)
        return float(counts.min()) / self._background.n_papers


def _spans(length: int, *, fewest: int = 1) -> Iterator[tuple[int, int]]:
    for start in range(length):
        for end in range(start + fewest, min(start + MOST_TOKENS, length) + 1):
            yield start, end


def _variants(span: Stretch) -> Iterator[Keys]:
    """Gives the keys, and once more with each compound as one word."""
    yield tuple(key for token in span for key in token.keys)
    if any(token.joined for token in span):
        yield tuple(key for token in span for key in ((token.joined,) if token.joined else token.keys))


def _met_spans(stretch: Stretch, wanted: Wanted) -> Iterator[Stretch]:
    """Gives what is a whole phrase of the profile, or a part of one that is all that the text says."""
    if len(stretch) == 1 and not stretch[0].joined:  # most of them
        if stretch[0].keys in wanted.whole:
            yield stretch
        return
    for start, end in _spans(len(stretch)):
        span = stretch[start:end]
        for keys in _variants(span):
            if keys in wanted.whole or (span == stretch and keys in wanted.parts):
                yield span
                break


def _limit(span: Stretch) -> float:
    return COMMON_WORD if len(span) == 1 and not span[0].joined else COMMON_PHRASE


@lru_cache(maxsize=50_000)
def _measure_telling(key: int) -> float:
    return float(load_title_shares().measure(np.array([key], dtype=np.uint32))[0])
