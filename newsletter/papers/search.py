r"""Searches papers for words: all of them, each at the beginning of a word, phrases in quotation marks. Pure.

Case, accents and punctuation do not matter, nor whether a letter is written in TeX: `\alpha`, α and "alpha" are one
word. Where a script has no spaces between words (Chinese, Japanese) each character is a word. `find` looks through
digests one by one; a database has an index of its own, with the same words and weights (stores/sql/search.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsletter.model import Digest, FoundPaper, Paper

MOST_CHARS = 200
MOST_TERMS = 12
_PHRASE = re.compile(r'"([^"]*)"?|(\S+)')
_NO_WORD = re.compile(r"[\W_]+")
_ASCII_SIGNS = {code: " " for code in range(128) if not chr(code).isalnum()}
_TEX_ACCENT = re.compile(r"\\(?:[\"'`^~=.]|[uvHckr](?![A-Za-z]))\s*\{?\\?([A-Za-z])\}?")
_TEX_GROUP = re.compile(r"[{}]")
_GREEK = {
    code: f" {name.rpartition(' ')[2].lower()} "
    for code in range(0x391, 0x3CA)
    if re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER [A-Z]+", name := unicodedata.name(chr(code), ""))
}
_WITHOUT_SPACES = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_QUOTES = str.maketrans("“”„«»", '"""""')
_MOST_WORD_CHARS = 200  # as many as a query has
_MOST_WORDS = (500, 10, 10_000, 4_000)  # of title, id, authors and abstract: 3,000 authors, and no book

WEIGHTS = (8, 6, 5, 1)  # of a word in the title, the id, the authors, the abstract
COMMENT_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class SearchablePaper:
    """A paper of a digest, ready to be searched: its fields are folded, in the order of WEIGHTS."""

    place: FoundPaper
    fields: tuple[str, ...]
    comment: str


def prepare(digest: Digest) -> tuple[SearchablePaper, ...]:
    """Prepares a digest's papers, best first. Takes a tenth of a millisecond for each: keep the result."""
    return tuple(
        SearchablePaper(FoundPaper(digest.digest_on, entry.number), fold_paper(entry.paper), fold(entry.score.comment))
        for entry in digest.entries
    )


def fold_paper(paper: Paper) -> tuple[str, ...]:
    """Folds what is searched of a paper, in the order of WEIGHTS; of a field with very many words the first."""
    fields = (paper.title, paper.arxiv_id, " ".join(paper.authors), paper.abstract)
    return tuple(_cut(fold(text), most) for text, most in zip(fields, _MOST_WORDS, strict=True))


def terms(query: str) -> tuple[str, ...]:
    """Splits a query into words and phrases, folded; no more than a few, and none twice."""
    parts = (phrase or word for phrase, word in _PHRASE.findall(query[:MOST_CHARS].translate(_QUOTES)))
    return tuple(dict.fromkeys(filter(str.strip, map(fold, parts))))[:MOST_TERMS]


def find(prepared: Iterable[SearchablePaper], query: str) -> list[FoundPaper]:
    """Gives the papers that have every term, by the sum of the terms' weights, each that of its best place.

    Among equals the newest come first. Of a paper that was in several digests each is found. Nothing for a query
    without a letter or a digit.
    """
    wanted = terms(query)
    hits = [(weight, paper.place) for paper in prepared if (weight := _weight(paper, wanted))]
    hits.sort(key=lambda hit: (hit[0], hit[1].digest_on, -hit[1].number), reverse=True)
    return [place for _, place in hits]


def fold(text: str) -> str:
    """Reduces a text to lower-case words without accents, each after a space: " schrodinger 2".

    No word has anything but letters and digits.
    """
    if "\\" in text or "{" in text:
        text = _TEX_GROUP.sub("", _TEX_ACCENT.sub(r"\1", text))
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in apart if not unicodedata.combining(char)).translate(_GREEK)
        text = _WITHOUT_SPACES.sub(r" \1 ", _NO_WORD.sub(" ", text))
    words = " ".join(text.casefold().translate(_ASCII_SIGNS).split())
    return f" {words}" if words else ""


def _weight(paper: SearchablePaper, wanted: Sequence[str]) -> int:
    """Sums the weight of each term's best place; 0 if a term is nowhere."""
    total = 0
    for term in wanted:
        best = next((weight for weight, field in zip(WEIGHTS, paper.fields, strict=True) if term in field), 0)
        if best < COMMENT_WEIGHT and term in paper.comment:
            best = COMMENT_WEIGHT
        if not best:
            return 0
        total += best
    return total


def _cut(folded: str, most_words: int) -> str:
    if len(folded) <= min(2 * most_words, _MOST_WORD_CHARS):
        return folded
    return "".join(f" {word[:_MOST_WORD_CHARS]}" for word in folded.split()[:most_words])
