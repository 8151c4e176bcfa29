"""`newsletter check --feeds`: what is at the feeds that readers named, read as a morning would. Records nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from newsletter import app
from newsletter.cli.mail_trial import Trial
from newsletter.errors import ConfigError
from newsletter.model import Feed
from newsletter.papers import is_arxiv
from newsletter.services import subscribers_file
from newsletter.settings import Settings
from newsletter.subscribers import parse_file


def feed_trials(settings: Settings, path: Path) -> Iterator[Trial]:
    """Yields what to try, by name: each says what it found; its SourceError ends with the remedy.

    Nothing while the file is broken, which is told by its own check.
    """
    try:
        file = parse_file(subscribers_file.read_subscribers(path), source=str(path))
    except ConfigError:
        return
    named = sorted({each for reader in file.subscribers for each in reader.categories if not is_arxiv(each)})
    if not named:
        yield "feeds", lambda: "none but arXiv's are among the categories"
        return
    try:
        source = app.build_source(settings, None)
    except ConfigError as error:
        refused = error
        yield "feeds", lambda: _refuse(refused)
        return
    for category in named:
        yield category, lambda category=category: describe(source.fetch(category))  # type: ignore[misc]


def _refuse(error: ConfigError) -> str:
    raise error


def describe(feed: Feed) -> str:
    """Says what was found in a feed: whose it is, how many papers, the newest, whether they have abstracts."""
    papers = [shown.paper for shown in feed.announcements]
    if not papers:
        return "\n  ".join(("it can be read, and has no papers now", *feed.warnings))
    names = Counter(paper.origin.name for paper in papers if paper.origin)
    title = f"“{names.most_common(1)[0][0]}”, " if names else ""
    newest = max((paper.published_on for paper in papers if paper.published_on), default=None)
    with_abstracts = sum(bool(paper.abstract) for paper in papers)
    found = ", ".join(
        (
            f"{title}{len(papers)} paper{'' if len(papers) == 1 else 's'}",
            f"the newest of {newest}" if newest else "none with a date",
            _abstracts(with_abstracts, len(papers)),
        )
    )
    return "\n  ".join((found, *feed.warnings))


def _abstracts(some: int, every: int) -> str:
    if some == every:
        return "all with abstracts"
    return f"{some} with abstracts; the others are ranked by their titles" if some else "none with an abstract"
