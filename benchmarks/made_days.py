"""Makes what a morning works on: a day of papers, its feeds, the days before, subscribers and a year of deliveries.

The papers are made of shreds of the bundled sample in new order, with invented words between them, so that a day has
about the length, the words and the pairs of words of a real one.
"""

import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from sqlalchemy import text

from newsletter.delivery import ledger
from newsletter.model import Announcement, AnnouncementDay, AnnounceType, FeedOutcome, FeedReport, Paper
from newsletter.run import last_weekdays
from newsletter.sources import sample
from newsletter.sources.feed import parse_feed
from newsletter.stores import Store
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database
from newsletter.stores.tinydb import TinyStore

CATEGORIES = ("cs.LG", "cs.AI")
ABSTRACT_WORDS = 190
INVENTED = 0.3  # words a shred; gives 1,350 papers some 20,000 different words, as a real day has
PAPERS_IN_A_MAIL = 30
PAST_RUN = "past"
OLD_DAY_PAPERS = 60  # of the days of a year that are older than the history a morning looks at

_SYLLABLES = "ba cor den flu gra hyl ix jo kel lum mor net op pra qua ris sta tur ul vex wy zon".split()


def make_papers(count: int, on: date, seed: int) -> list[Paper]:
    """Papers of cs.LG and cs.AI, a quarter of them in both; the same ones for the same arguments."""
    rng = random.Random(seed)
    words = _sample_words()
    papers = []
    for number in range(count):
        categories = rng.sample(CATEGORIES, 2) if rng.random() < 0.25 else [rng.choice(CATEGORIES)]
        names = tuple(f"{_invent(rng).title()} {_invent(rng).title()}" for _ in range(rng.randint(1, 9)))
        papers.append(
            Paper(
                arxiv_id=f"{on:%y%m}.{seed % 10}{number:04}",
                version=1,
                title=" ".join(rng.choices(words, k=10)).title(),
                authors=names,
                abstract=f"{' '.join(_shreds(rng, words)).capitalize()}.",
                categories=(*categories, "stat.ML"),
            )
        )
    return papers


def most_common_categories(papers: Sequence[Paper], count: int) -> tuple[str, ...]:
    counts = Counter(category for paper in papers for category in paper.categories)
    return tuple(sorted(category for category, _ in counts.most_common(count)))


def write_feeds(folder: Path, papers: Sequence[Paper], on: date, categories: Sequence[str]) -> None:
    """One Atom feed for each category, as arXiv writes them."""
    folder.mkdir(parents=True)
    for category in categories:
        entries = "".join(_entry(paper, category, on) for paper in papers if category in paper.categories)
        (folder / f"{category}.atom").write_text(
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            '<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">\n'
            f"<id>http://rss.arxiv.org/atom/{category}</id><title>{category} updates on arXiv.org</title>\n"
            f"<updated>{on}T04:00:00+00:00</updated>\n"
            f'<link href="http://rss.arxiv.org/atom/{category}" rel="self" type="application/atom+xml"/>\n'
            f"{entries}</feed>\n",
            encoding="utf-8",
        )


def write_subscribers(path: Path, profiles: int, categories: Sequence[str], *, readers: int = 0) -> None:
    """Readers of these categories, each profile with three topics of 40 words of its own (JSON is YAML).

    As many readers as profiles, unless there are more `readers`, who have the same profiles in turn.
    """
    words = _sample_words()
    people = []
    for number in range(max(profiles, readers)):
        rng = random.Random(number % profiles)
        topics = [
            {"name": f"Topic {t}", "relevant": " ".join(rng.choices(words, k=40)), "irrelevant": rng.choice(words)}
            for t in range(3)
        ]
        people.append(
            {
                "email": f"reader{number}@example.org",
                "name": f"Reader {number}",
                "categories": list(categories),
                "topics": topics,
                "pinned_authors": ["Albert Gu", "Tri Dao"],
                "min_relevance": 6,
                "min_novelty": 1,
                "max_papers": PAPERS_IN_A_MAIL,
            }
        )
    path.write_text(json.dumps({"subscribers": people}), encoding="utf-8")


def remember_papers(store: Store, on: date, papers: Sequence[Paper], categories: Sequence[str]) -> None:
    """Put a day into the memory as a morning would have done."""
    shown = [
        Announcement(paper, AnnounceType.NEW, feeds)
        for paper in papers
        if (feeds := tuple(sorted(set(paper.categories) & set(categories))))
    ]
    reports = tuple(FeedReport(category, FeedOutcome.ANNOUNCED, len(shown)) for category in categories)
    store.remember_day(AnnouncementDay(on, tuple(shown), reports))


def remember_year(state: Path, on: date, days: int, subscriber_ids: Sequence[str]) -> None:
    """A digest of 30 papers to each subscriber on each of the last `days` working days, and a small day for each.

    One subscriber's rows go through the store; the others' files are copies under their ids.
    """
    store = TinyStore(state)
    store.start_run(PAST_RUN)
    first, *others = subscriber_ids
    rng = random.Random(days)
    for past in last_weekdays(on, days):
        if store.get_day(past) is None:
            remember_papers(store, past, make_papers(OLD_DAY_PAPERS, past, seed=past.day), CATEGORIES)
        _deliver(store, first, past, [f"{past:%y%m}.{rng.randrange(100_000):05}" for _ in range(PAPERS_IN_A_MAIL)])
    store.end_run(PAST_RUN)
    copy_files(state, first, others)


def remember_mails(store: Store, on: date, days: int, subscriber_id: str) -> None:
    """A digest of 30 papers to this subscriber on each of the last `days` working days, through the store."""
    store.start_run(PAST_RUN)
    rng = random.Random(days)
    for past in last_weekdays(on, days):
        papers = [f"{past:%y%m}.{rng.randrange(100_000):05}" for _ in range(PAPERS_IN_A_MAIL)]
        _deliver(store, subscriber_id, past, papers)
    store.end_run(PAST_RUN)


def copy_files(state: Path, first: str, others: Sequence[str]) -> None:
    """Gives these subscribers the deliveries of the first one, in a folder."""
    deliveries = state / "deliveries"
    for other in others:
        (deliveries / other).mkdir()
        for file in (deliveries / first).iterdir():
            (deliveries / other / file.name).write_text(file.read_text().replace(first, other))


def leave_as_yesterday(store: TinyStore, state: Path) -> None:
    """Has the folder looked through up to yesterday's mails, as each morning does, and these written after that."""
    store.get_open_deliveries()
    for folder in (state / "deliveries").iterdir():
        latest = max(folder.iterdir())
        shutil.copy(latest, new := folder / "new")
        new.replace(latest)


def copy_rows(database: Database, first: str, others: Sequence[str]) -> None:
    """Does the same in a database, which copies them by itself: a million in a minute or so."""
    names = ", ".join(column.name for column in tables.deliveries.c if column.name not in ("subscriber_id", "value"))
    copied = text(
        f"INSERT INTO deliveries (subscriber_id, {names}, value) "
        f"SELECT CAST(:other AS text), {names}, replace(value, CAST(:first AS text), CAST(:other AS text)) "
        "FROM deliveries WHERE subscriber_id = CAST(:first AS text)"
    )
    with database.change() as connection:
        for other in others:
            connection.execute(copied, {"first": first, "other": other})
    with database.statement() as connection:
        connection.execute(text("ANALYZE"))  # as the database does by itself some minutes later


def _deliver(store: Store, subscriber_id: str, on: date, paper_ids: Sequence[str]) -> None:
    at = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    claim = store.claim(subscriber_id, on, run_id=PAST_RUN, now=at)
    if claim is None:
        raise RuntimeError(f"{subscriber_id} already has a mail on {on}")
    row = ledger.hand_over(
        claim, paper_ids=tuple(paper_ids), announced_on=(on,), message_id=f"<{on}.{subscriber_id}@example.org>", now=at
    )
    store.move(row)
    store.move(ledger.accept(row, f"{on}_{subscriber_id}.eml", at))


def _entry(paper: Paper, category: str, on: date) -> str:
    kind = "new" if paper.primary == category else "cross"
    terms = "".join(f'<category term="{escape(term)}"/>' for term in paper.categories)
    return (
        f"<entry><id>oai:arXiv.org:{paper.arxiv_id}v{paper.version}</id><title>{escape(paper.title)}</title>"
        f"<updated>{on}T04:00:00+00:00</updated>"
        f'<link href="{paper.abs_url}" rel="alternate" type="text/html"/>'
        f"<summary>arXiv:{paper.arxiv_id}v{paper.version} Announce Type: {kind} \n"
        f"Abstract: {escape(paper.abstract)}</summary>{terms}<published>{on}T00:00:00-04:00</published>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type>"
        "<dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights>"
        f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></entry>\n"
    )


def _shreds(rng: random.Random, words: Sequence[str]) -> list[str]:
    text: list[str] = []
    while len(text) < ABSTRACT_WORDS:
        start = rng.randrange(len(words))
        text += [*words[start : start + rng.randint(1, 5)], *([_invent(rng)] if rng.random() < INVENTED else [])]
    return text


def _invent(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 5)))


def _sample_words() -> list[str]:
    """Every word of the sample's abstracts, in their order."""
    body = sample.PATH.read_bytes()
    papers = {a.paper.arxiv_id: a.paper for c in CATEGORIES for a in parse_feed(body, c).announcements}
    return [word for paper in papers.values() for word in paper.abstract.lower().split()]
