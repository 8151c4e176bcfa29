"""Builds the running newsletter from settings: the only place that picks adapters and owns the clock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter import resources
from newsletter.config import Settings
from newsletter.errors import ConfigError
from newsletter.flow import Desk
from newsletter.model import Subscriber
from newsletter.render import Brand, Renderer
from newsletter.scorers import Scorer
from newsletter.sources import Source
from newsletter.stores import Store

LAST_GOOD = "subscribers.last-good.yaml"


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(settings: Settings, *, feed: Path | None = None) -> Desk:
    """The desk for these settings; `feed` reads recorded feeds from there instead of asking arXiv.

    Raises ConfigError for what cannot work. Opens no connection and writes nothing but the state folder.
    """
    from newsletter.senders.outbox import OutboxSender

    return Desk(
        source=build_source(settings, feed),
        scorer=build_scorer(),
        sender=OutboxSender(settings.outbox, utc_now),
        store=build_store(settings),
        renderer=build_renderer(settings),
        from_address=settings.from_address,
        reply_address=settings.reply_address,
        now=utc_now,
    )


def build_scorer() -> Scorer:
    """Raises ConfigError, naming file and placeholder, if prompts/comments.yaml is not complete."""
    # Before numpy is loaded. Its matrices are small here: a second thread saves nothing, and where another process
    # has the second core, the two wait for each other for seconds.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from newsletter.scorers.local import LocalScorer, load_comments

    return LocalScorer(comments=load_comments(resources.read_text("prompts/comments.yaml")))


def build_store(settings: Settings) -> Store:
    from newsletter.stores.tiny import TinyStore

    return TinyStore(settings.state)


def build_renderer(settings: Settings) -> Renderer:
    return Renderer(
        Brand(settings.name, settings.reply_address),
        resources.folders("templates/email"),
        resources.folders("prompts"),
    )


def build_source(settings: Settings, feed: Path | None) -> Source:
    if feed is not None:
        from newsletter.sources.recorded import RecordedSource

        return RecordedSource(feed)
    if settings.contact is None:
        raise ConfigError(
            "arXiv wants to know whom to write to about this program; "
            "set NEWSLETTER_CONTACT to your e-mail address, or read recorded feeds with --feed"
        )
    from newsletter.sources.arxiv import open_arxiv

    return open_arxiv(contact=settings.contact, base_url=settings.feed_url)


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """The subscribers that count now. `problem` is set when the file is broken and the last good one serves."""

    subscribers: Sequence[Subscriber]
    problem: str = ""


def load_subscribers(settings: Settings, store: Store) -> SubscriberList:
    """Read subscribers.yaml and remember it as the last good one.

    A broken file does not stop the mail: the last good one serves, and `problem` says loudly what to mend.
    Raises ConfigError if there never was a good one.
    """
    from newsletter.subscribers import parse_subscribers, read_subscribers

    try:
        data = read_subscribers(settings.subscribers)
        subscribers = parse_subscribers(data, source=str(settings.subscribers))
    except ConfigError as error:
        last_good = store.get_document(LAST_GOOD)
        if last_good is None:
            raise
        return SubscriberList(parse_subscribers(last_good, source=LAST_GOOD), str(error))
    if store.get_document(LAST_GOOD) != (text := data.decode("utf-8-sig")):
        store.put_document(LAST_GOOD, text)
    return SubscriberList(subscribers)
