"""Builds the running newsletter from settings: the only room that picks adapters.

One file for each part's wiring. An adapter's library is loaded when the adapter is picked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import run
from newsletter.app.beginning import ask_sent_before, require_known_beginning
from newsletter.app.common import (
    build_mail_identity,
    build_renderer,
    build_store,
    build_timing,
    default_cut_off,
    find_store,
    load_listed,
    load_subscribers,
    require_signer,
    utc_now,
)
from newsletter.app.database import build_paces, driver_url, open_database, release_database
from newsletter.app.inbound import build_mail_handler, build_mailbox
from newsletter.app.libraries import build_library_reader, find_library_key, read_libraries
from newsletter.app.network import kept_answers
from newsletter.app.notifier import build_notifier
from newsletter.app.scorers import (
    build_local_scorer,
    build_predecessors,
    build_scorer,
    build_vectors,
    has_sentence_model,
    require_model_key,
)
from newsletter.app.senders import build_sender, build_sendgrid_sender, build_smtp_sender
from newsletter.app.services import (
    build_profiles,
    build_service_mails,
    build_signup_service,
    build_welcome_service,
    check_open_subscription,
    load_welcome_texts,
)
from newsletter.app.transfer import back_up, migrate, restore
from newsletter.app.web import build_archive_pages, build_web
from newsletter.errors import ConfigError
from newsletter.model import Subscriber
from newsletter.papers.categories import SourceName
from newsletter.run import BackfillReport, ProgressListener, RunContext
from newsletter.settings import Settings
from newsletter.sources import Fetching, Harvester, Source
from newsletter.stores.tinydb.paces import FolderPaces

if TYPE_CHECKING:
    from newsletter.mail.render import Renderer
    from newsletter.scoring.local import LocalScorer

BACKFILL_S = 1_200.0
FEEDS_PAUSE_S = 1.0  # between two feeds, which may be of one server
FIRST_DAYS_S = 300.0  # readers wait for their first mail meanwhile
_NO_CONTACT = "arXiv wants to know whom to write to about this program; set NEWSLETTER_CONTACT to your e-mail address"


@dataclass(frozen=True, slots=True)
class LastingParts:
    """What one context after another may go on with: it learns nothing but the words of papers, and reads templates."""

    local_scorer: LocalScorer
    renderer: Renderer


def build_lasting_parts(settings: Settings) -> LastingParts:
    """Builds them anew. Threads may share them. Raises ConfigError and StoreError as `build` does."""
    vectors = build_vectors(settings, build_store(settings))
    return LastingParts(build_local_scorer(vectors), build_renderer(settings))


def build(
    settings: Settings,
    *,
    parts: LastingParts | None = None,
    feed: Path | None = None,
    tell_progress: Callable[[int, int], None] | None = None,
    tell_read: Callable[[int, int], None] | None = None,
) -> RunContext:
    """Builds the context of a run from these settings; `feed` reads recorded feeds from there instead of asking arXiv.

    `parts` are those of an earlier context, which know the papers of the day already; without them all is new.
    `tell_progress` is told (done, of how many) as a model judges papers, `tell_read` as the sentence model reads them.
    Raises ConfigError for what cannot work.
    Opens no connection and writes nothing but the folders of memory and outbox.
    """
    store = build_store(settings)
    parts = parts or build_lasting_parts(settings)
    scorer, prefetcher = build_scorer(settings, store, parts.local_scorer, tell_progress)
    return RunContext(
        source=build_source(settings, feed),
        scorer=scorer,
        sender=build_sender(settings),
        store=store,
        renderer=parts.renderer,
        identity=build_mail_identity(settings),
        now=utc_now,
        prefetcher=prefetcher,
        vectors=build_vectors(settings, store, tell_read),
        predecessors=build_predecessors(),
        timing=build_timing(settings),
    )


def build_source(settings: Settings, feed: Path | None) -> Source:
    if feed is not None:
        from newsletter.sources.recorded import RecordedSource

        return RecordedSource(feed)
    if settings.contact is None:
        raise ConfigError(f"{_NO_CONTACT}, or read recorded feeds with --feed")
    from newsletter.sources.arxiv import open_arxiv
    from newsletter.sources.by_prefix import SourceByPrefix

    kept, address = kept_answers(), settings.feed_url
    arxiv = open_arxiv(contact=settings.contact, base_url=address, reserve=_turns(settings), kept=kept)
    return SourceByPrefix(arxiv, build_other_sources(settings, settings.contact))


def build_other_sources(settings: Settings, contact: str) -> Mapping[SourceName, Fetching]:
    """Builds the sources of categories with a prefix. They ask public servers alone, and each at its own pace."""
    from newsletter.sources.any_feed import AnyFeedSource
    from newsletter.sources.fetching.fetcher import open_fetcher
    from newsletter.sources.polite import PoliteGetter
    from newsletter.sources.preprints import PreprintSource

    fetcher = open_fetcher(contact=contact, kept=kept_answers())
    preprints = PreprintSource(PoliteGetter(fetcher, reserve=_turns(settings, "bioRxiv and medRxiv")), utc_now)
    feeds = AnyFeedSource(PoliteGetter(fetcher, pause_s=FEEDS_PAUSE_S), utc_now)
    return {SourceName.BIORXIV: preprints, SourceName.MEDRXIV: preprints, SourceName.FEED: feeds}


def _turns(settings: Settings, whose: str = "") -> Callable[[float], float]:
    """Gives how all processes of the same memory take turns at a server: at arXiv's for feeds and records alike."""
    paces = build_paces(settings) or FolderPaces(settings.state, utc_now)
    return partial(paces.reserve, whose or f"feeds of {settings.feed_url}")


def build_harvester(settings: Settings, *, patience_s: float = BACKFILL_S) -> Harvester:
    """Builds what asks arXiv for its records, by OAI-PMH or else by the API, for `patience_s` seconds in all by each.

    The API is left out where the records are elsewhere than at arXiv, and no address of an API is set. Raises
    ConfigError without a contact.
    """
    if settings.contact is None:
        raise ConfigError(_NO_CONTACT)
    from newsletter.sources.api import open_api
    from newsletter.sources.oai import open_oai
    from newsletter.sources.second_way import FirstThatAnswers

    turns = _turns(settings)
    ways: list[Harvester] = [
        open_oai(contact=settings.contact, base_url=settings.oai_url, patience_s=patience_s, reserve=turns)
    ]
    if "oai_url" not in settings.model_fields_set or "api_url" in settings.model_fields_set:
        ways.append(open_api(contact=settings.contact, base_url=settings.api_url, patience_s=patience_s, reserve=turns))
    return FirstThatAnswers(ways)


def fill_first_days(
    settings: Settings,
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    should_stop: Callable[[], bool],
) -> list[BackfillReport]:
    """Has an empty memory begin with the last days of the subscribers' categories, from arXiv's records.

    A report for each category, or none: of a memory with announcements, and where feeds come from elsewhere than arXiv
    and no address of records is set. Takes FIRST_DAYS_S seconds at most. Raises StoreError if the memory fails.
    """
    is_elsewhere = "feed_url" in settings.model_fields_set and "oai_url" not in settings.model_fields_set
    if is_elsewhere or settings.contact is None:
        return []
    harvester = build_harvester(settings, patience_s=FIRST_DAYS_S)
    categories = {category for subscriber in subscribers for category in subscriber.categories}
    return run.fill_first_days(context.store, harvester, categories, progress, now=context.now, should_stop=should_stop)


__all__ = [
    "LastingParts",
    "ask_sent_before",
    "back_up",
    "build",
    "build_archive_pages",
    "build_harvester",
    "build_lasting_parts",
    "build_library_reader",
    "build_local_scorer",
    "build_mail_handler",
    "build_mail_identity",
    "build_mailbox",
    "build_notifier",
    "build_profiles",
    "build_renderer",
    "build_sender",
    "build_sendgrid_sender",
    "build_service_mails",
    "build_signup_service",
    "build_smtp_sender",
    "build_store",
    "build_timing",
    "build_vectors",
    "build_web",
    "build_welcome_service",
    "check_open_subscription",
    "default_cut_off",
    "driver_url",
    "fill_first_days",
    "find_library_key",
    "find_store",
    "has_sentence_model",
    "load_listed",
    "load_subscribers",
    "load_welcome_texts",
    "migrate",
    "open_database",
    "read_libraries",
    "release_database",
    "require_known_beginning",
    "require_model_key",
    "require_signer",
    "restore",
    "utc_now",
]
