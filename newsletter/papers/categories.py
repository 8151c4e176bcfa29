"""Checks the categories that a reader may name: arXiv's, and those of other sources behind their prefix. Pure.

    cs.LG    biorxiv:neuroscience    medrxiv:epidemiology    openreview:TMLR    feed:https://journal.example.org/rss.xml

Which categories arXiv has is taxonomy.py's business, which subjects bioRxiv and medRxiv have subjects.py's, and what a
venue of OpenReview is called venues.py's.
"""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from urllib.parse import urlsplit

from newsletter.papers import subjects, taxonomy, venues
from newsletter.phrases import Phrase

MOST_FEED_CHARS = 300  # of an address; it stands in mails and in the names of problems
_SHOWN_FEED_CHARS = 60
# What the program's texts put between categories, and what no address needs unescaped (RFC 3986 §2)
_NO_FEED = re.compile(r"[\s,;<>\"'`{}|\\^]|[^\x21-\x7e]")


class SourceName(StrEnum):
    """Who announces the papers of a category; the word stands before it and a colon, but for arXiv's."""

    ARXIV = "arxiv"
    BIORXIV = "biorxiv"
    MEDRXIV = "medrxiv"
    OPENREVIEW = "openreview"
    FEED = "feed"


SUBJECTS = {SourceName.BIORXIV: subjects.BIORXIV, SourceName.MEDRXIV: subjects.MEDRXIV}
TITLES = {SourceName.ARXIV: "arXiv", SourceName.BIORXIV: "bioRxiv", SourceName.MEDRXIV: "medRxiv"}  # preprint servers


def source_of(category: str) -> SourceName:
    """Says who announces the papers of this category; without a prefix that is known it is arXiv."""
    word = category.partition(":")[0].strip().lower()
    return SourceName(word) if ":" in category and word in set(SourceName) else SourceName.ARXIV


def is_arxiv(category: str) -> bool:
    """Tells whether arXiv announces this category's papers."""
    return source_of(category) is SourceName.ARXIV


def is_feed(category: str) -> bool:
    """Tells whether this is the address of a feed that somebody named."""
    return source_of(category) is SourceName.FEED


def is_openreview(category: str) -> bool:
    """Tells whether this is a venue whose papers are at OpenReview."""
    return source_of(category) is SourceName.OPENREVIEW


def within_source(category: str) -> str:
    """Gives what stands behind the prefix: a subject, a venue, an address; of arXiv's the category itself."""
    return category if is_arxiv(category) else category.partition(":")[2]


def read_category(text: str) -> str:
    """Gives a category in its one form, however prefix and subject were written. Raises ValueError if it is none."""
    source, rest = source_of(text), text.partition(":")[2].strip()
    if source is SourceName.FEED:
        if feed_problem(rest):
            raise ValueError("no address of a feed")
        return f"{source}:{_plain_address(rest)}"
    if source is SourceName.OPENREVIEW:
        return f"{source}:{venues.read_venue(rest)}"
    if source in SUBJECTS:
        if subject := _find_subject(rest, SUBJECTS[source]):
            return f"{source}:{subject}"
        raise ValueError("unknown subject")
    if text not in taxonomy.CATEGORIES:
        raise ValueError("unknown category")
    return text


def show_category(category: str, *, feed_title: str = "") -> str:
    """Names a category as readers know it: "cs.LG", "bioRxiv Neuroscience", "ICLR 2026", the title of a feed."""
    source, rest = source_of(category), within_source(category)
    if source is SourceName.ARXIV:
        return category
    if source is SourceName.FEED:
        return feed_title or _short_address(rest)
    if source is SourceName.OPENREVIEW:
        return venues.show_venue(rest)
    return f"{TITLES[source]} {SUBJECTS[source].get(rest, rest)}"


def hint(found: str) -> str:
    """Says what to write in place of what is no category: the end of a sentence, with the nearest ones."""
    word, colon, rest = found.partition(":")
    if not colon and word.strip().lower() in set(SourceName) - {SourceName.ARXIV}:
        return hint(f"{word}:")
    source = source_of(found)
    if source is SourceName.FEED:
        return feed_problem(rest.strip()) or Phrase("the address of a feed")
    if source is SourceName.OPENREVIEW:
        return venues.venue_problem(rest) or rest
    if source in SUBJECTS:
        return _subject_hint(source, rest)
    if colon and word.strip().lower() in ("http", "https"):
        if venue := venues.venue_of_page(found):
            return venues.say_alone(venue)
        return Phrase("an address behind its prefix: feed:{address}", address=found)
    if colon:
        prefixes = ", ".join(f"{name}:" for name in SourceName if name is not SourceName.ARXIV)
        return Phrase("an arXiv category such as cs.LG, or one of these prefixes: {prefixes}", prefixes=prefixes)
    return taxonomy.hint(found)


def _subject_hint(source: SourceName, found: str) -> str:
    if nearest := _nearest_subjects(found, SUBJECTS[source]):
        codes = ", ".join(f"{source}:{subject}" for subject in nearest)
        return Phrase("a subject of {title}; nearest: {codes}", title=TITLES[source], codes=codes)
    return Phrase("a subject of {title}: {codes}", title=TITLES[source], codes=", ".join(SUBJECTS[source]))


def feed_problem(address: str) -> Phrase | None:
    """Says what was expected of a feed's address instead; None if nothing speaks against it."""
    if len(address) > MOST_FEED_CHARS:
        return Phrase("an address of at most {n} characters", n=MOST_FEED_CHARS)
    if _NO_FEED.search(address):
        return Phrase("an address without blanks, commas and quotes; write a comma in it as %2C")
    try:
        parts = urlsplit(address)
        is_whole = parts.scheme.lower() == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or "." not in (parts.hostname or ""):
        return Phrase("the address of an Atom or RSS feed, such as feed:https://journal.example.org/rss.xml")
    if parts.username is not None or parts.password is not None:
        return Phrase("an address without a name and a password: readers see it")
    return None


def _plain_address(address: str) -> str:
    """Writes scheme and host in small letters and leaves off what servers never see, so that one feed has one name."""
    parts = urlsplit(address)
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), fragment="").geturl()


def _short_address(address: str) -> str:
    short = address.partition("://")[2].removeprefix("www.").rstrip("/")
    return short if len(short) <= _SHOWN_FEED_CHARS else f"{short[: _SHOWN_FEED_CHARS - 1]}…"


def fold_subject(text: str) -> str:
    """Gives the letters of a subject alone: "Cell Biology" and "cell_biology" are one."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _find_subject(text: str, names: dict[str, str]) -> str:
    return next((subject for subject in names if fold_subject(subject) == fold_subject(text)), "")


def _nearest_subjects(text: str, names: dict[str, str]) -> list[str]:
    word = fold_subject(text)
    folded = {fold_subject(subject): subject for subject in names}
    begun = [subject for other, subject in folded.items() if len(word) > 2 and word in other]
    close = difflib.get_close_matches(word, folded, n=2, cutoff=0.7)
    return begun[:3] or [folded[each] for each in close]
