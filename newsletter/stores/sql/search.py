"""Finds papers in what one reader was mailed by an index of their words: `tsvector` in PostgreSQL, FTS5 in SQLite.

A paper is indexed once, however many readers were mailed it; the row of a digest says which papers it has, and holds
the words of its comments, which are the reader's own. Which words a text has, and what weighs how much, is
papers/search.py's business, so that the same is found as without an index: no stemming, no list of stop words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Any

from sqlalchemy import Connection, and_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.delivery import ledger
from newsletter.model import DeliveryState, Digest, FoundPaper, Paper
from newsletter.papers import search
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database, hash_of
from newsletter.stores.sql.table import batched

# Words come folded, with blanks between. Nearly every paper has a word that begins with any one letter, such as that of
# a first name: without a list of its own for each, thousands of words would be merged
SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE searchable_words USING fts5"
    "(title, arxiv_id, authors, abstract, content='', tokenize='ascii', prefix='1')"
)
_FIELDS = ("title", "arxiv_id", "authors", "abstract")  # in the order of the weights
_LABELS = "ABCD"  # of a word's places in a `tsvector`
_MOST_KNOWN = 50_000  # keys of papers that this process has seen in the index
_SENT = [state for state in DeliveryState if ledger.counts_as_sent(state)]

_ADD_WORDS = text(
    "INSERT INTO searchable_words (rowid, title, arxiv_id, authors, abstract) "
    "VALUES (:key, :title, :arxiv_id, :authors, :abstract)"
)
_WEIGH = text(
    "SELECT paper_key, CASE WHEN words @@ CAST(:title AS tsquery) THEN 0 "
    "WHEN words @@ CAST(:arxiv_id AS tsquery) THEN 1 WHEN words @@ CAST(:authors AS tsquery) THEN 2 ELSE 3 END "
    "FROM searchable_papers WHERE words @@ CAST(:anywhere AS tsquery) AND paper_key = ANY(CAST(:keys AS bigint[]))"
)
_MATCH = text(
    "SELECT rowid FROM searchable_words "  # the plus: not a search for each rowid
    "WHERE searchable_words MATCH :query AND +rowid IN (SELECT value FROM json_each(:keys))"
)


@dataclass(slots=True)
class _Archive:
    """The papers of one reader's digests, the latest digest first: of each its place and its key, by their number."""

    places: list[tuple[date, int]] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)  # of a digest: the first number, a line for each

    def add(self, digest_on: date, searchable: str) -> None:
        numbers, keys, comments = json.loads(searchable)
        self.comments.append((len(self.keys), comments))
        self.places += [(digest_on, number) for number in numbers]
        self.keys += keys

    def find_comments(self, term: str) -> Iterator[int]:
        """Gives the numbers of those whose comment has the term."""
        for first, comments in self.comments:
            if term in comments:
                yield from (first + line for line, comment in enumerate(comments.split("\n")) if term in comment)


class Search:
    """The index of one database. May be used by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, None] = {}
        self._lock = Lock()

    def add(self, digests: Iterable[Digest]) -> None:
        """Puts the papers of these digests into the index. May be repeated."""
        papers = {_key_of(entry.paper): entry.paper for digest in digests for entry in digest.entries}
        new = [key for key in papers if key not in self._known]
        if not new:
            return
        with self._database.change() as connection:
            index(connection, [papers[key] for key in new])
        with self._lock:
            self._known |= dict.fromkeys(new)
            while len(self._known) > _MOST_KNOWN:
                del self._known[next(iter(self._known))]

    def find_papers(self, subscriber_id: str, query: str) -> list[FoundPaper]:
        wanted = search.terms(query)
        archive = self._archive(subscriber_id) if wanted else _Archive()
        hits = dict.fromkeys(range(len(archive.keys)), 0)
        for term in sorted(wanted, key=len, reverse=True):  # a long word is rarer
            commented = set(archive.find_comments(term))
            weights = self._weigh(term, {archive.keys[number] for number in hits})
            hits = {
                number: before + weight
                for number, before in hits.items()
                if (weight := _best(weights.get(archive.keys[number], 0), number in commented))
            }
        ranked = sorted(hits, key=hits.__getitem__, reverse=True)  # among equals as they were: the latest first
        return [FoundPaper(*archive.places[number]) for number in ranked]

    def _archive(self, subscriber_id: str) -> _Archive:
        digests, deliveries = tables.digests.c, tables.deliveries.c
        is_its = and_(deliveries.subscriber_id == digests.subscriber_id, deliveries.digest_on == digests.digest_on)
        wanted = (
            select(digests.digest_on, digests.searchable)
            .join_from(tables.digests, tables.deliveries, is_its)
            .where(digests.subscriber_id == subscriber_id, deliveries.state.in_(_SENT))
            .order_by(digests.digest_on.desc())
        )
        archive = _Archive()
        with self._database.statement() as connection:
            for digest_on, searchable in connection.execute(wanted):
                archive.add(digest_on, searchable)
        return archive

    def _weigh(self, term: str, keys: set[int]) -> dict[int, int]:
        """Gives the weight of the term's best place in each of these papers that has it."""
        with self._database.statement() as connection:
            if self._database.is_postgresql:
                given = {**_tsqueries(term), "keys": f"{{{_list(keys)}}}"}
                return {key: search.WEIGHTS[place] for key, place in connection.execute(_WEIGH, given).all()}
            found: dict[int, int] = {}
            for name, weight in zip(_FIELDS, search.WEIGHTS, strict=True):
                if not (left := keys - found.keys()):
                    break
                given = {"query": f'{name} : "{term.strip()}" *', "keys": f"[{_list(left)}]"}
                found |= dict.fromkeys((key for (key,) in connection.execute(_MATCH, given).all()), weight)
            return found


def columns_of(digest: Digest) -> dict[str, Any]:
    """Gives what the row of a digest has for being searched."""
    return {"searchable": searchable((each.number, each.paper, each.score.comment) for each in digest.entries)}


def searchable(entries: Iterable[tuple[int, Paper, str]]) -> str:
    """Writes that for the number, the paper and the comment of each entry."""
    shown = list(entries)
    numbers, keys = [number for number, _, _ in shown], [_key_of(paper) for _, paper, _ in shown]
    comments = "\n".join(_fold(comment) for _, _, comment in shown)
    return json.dumps((numbers, keys, comments), separators=(",", ":"))


def _list(keys: Iterable[int]) -> str:
    return ",".join(map(str, keys))


def _best(weight: int, is_commented: bool) -> int:
    return max(weight, search.COMMENT_WEIGHT) if is_commented else weight


def index(connection: Connection, papers: Iterable[Paper]) -> None:
    """Puts these papers into the index, within the caller's change; those that are there already stay as they are."""
    by_key = {_key_of(paper): paper for paper in papers}
    for some in batched(sorted(by_key)):  # two that add the same wait in one order
        if connection.dialect.name == "postgresql":
            rows = [{"paper_key": key, "words": _tsvector(by_key[key])} for key in some]
            connection.execute(postgresql.insert(tables.searchable_papers).on_conflict_do_nothing(), rows)
        else:
            new = sqlite.insert(tables.searchable_papers).values([{"paper_key": key} for key in some])
            added = connection.execute(new.on_conflict_do_nothing().returning(tables.searchable_papers.c.paper_key))
            rows = [{"key": key, **_texts(by_key[key])} for key in added.scalars()]
            if rows:
                connection.execute(_ADD_WORDS, rows)


@lru_cache(maxsize=5_000)
def _key_of(paper: Paper) -> int:
    """Names a paper by all that is searched of it: a title that arXiv corrects is another one here."""
    texts = (paper.title, paper.arxiv_id, paper.abstract, *paper.authors)
    return int.from_bytes(bytes.fromhex(hash_of(*texts)[:16]), "big", signed=True)


_fold = lru_cache(maxsize=5_000)(search.fold)  # equal readers are mailed equal comments


def _texts(paper: Paper) -> dict[str, str]:
    return dict(zip(_FIELDS, search.fold_paper(paper), strict=True))


def _tsvector(paper: Paper) -> str:
    """Writes the words of a paper with their places; between two fields is a gap, which no phrase bridges."""
    places: dict[str, list[str]] = {}
    place = 1
    for label, words in zip(_LABELS, search.fold_paper(paper), strict=True):
        for word in words.split():
            places.setdefault(word, []).append(f"{place}{label}")
            place += 1
        place += 1
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


def _tsqueries(term: str) -> dict[str, str]:
    """The term in each field, and in any: its words one behind another, of which the last may go on."""
    words = [f"'{word}':" for word in term.split()]
    words[-1] += "*"
    labels = {"anywhere": "", **dict(zip(_FIELDS, _LABELS, strict=True))}
    return {name: " <-> ".join(word + label for word in words) for name, label in labels.items()}
