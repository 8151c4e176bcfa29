"""Builds the running newsletter from settings: the only room that picks adapters.

One file for each part's wiring. An adapter's library is loaded when the adapter is picked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.app.common import (
    build_mail_identity,
    build_renderer,
    build_store,
    build_timing,
    default_cut_off,
    find_problem_of_list,
    find_store,
    load_listed,
    load_subscribers,
    require_signer,
    reveal,
    utc_now,
)
from newsletter.app.database import driver_url, open_database, release_database
from newsletter.app.inbound import build_mail_handler, build_mailbox
from newsletter.app.libraries import build_library_reader, find_library_key, read_libraries
from newsletter.app.lost_memory import ask_sent_before, require_known_memory
from newsletter.app.network import kept_answers
from newsletter.app.notifier import build_notifier
from newsletter.app.records import NO_CONTACT, build_harvester, build_look_back, build_turns
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
from newsletter.settings import Settings
from newsletter.sources import Fetching, Source

if TYPE_CHECKING:
    from newsletter.mail.render import Renderer
    from newsletter.papers.categories import SourceName
    from newsletter.run import RunContext
    from newsletter.scoring.local import LocalScorer

FEEDS_PAUSE_S = 1.0  # between two feeds, which may be of one server


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
    from newsletter.run import RunContext

    store = build_store(settings)
    parts = parts or build_lasting_parts(settings)
    vectors = build_vectors(settings, store, tell_read)
    scorer, prefetcher = build_scorer(settings, store, parts.local_scorer, vectors, tell_progress)
    return RunContext(
        source=build_source(settings, feed),
        scorer=scorer,
        sender=build_sender(settings),
        store=store,
        renderer=parts.renderer,
        identity=build_mail_identity(settings),
        now=utc_now,
        prefetcher=prefetcher,
        vectors=vectors,
        predecessors=build_predecessors(),
        timing=build_timing(settings),
    )


def build_source(settings: Settings, feed: Path | None) -> Source:
    if feed is not None:
        from newsletter.sources.recorded import RecordedSource

        return RecordedSource(feed)
    if settings.contact is None:
        raise ConfigError(f"{NO_CONTACT}, or read recorded feeds with --feed")
    from newsletter.sources.arxiv import open_arxiv
    from newsletter.sources.by_prefix import SourceByPrefix

    kept, address = kept_answers(settings), settings.feed_url
    arxiv = open_arxiv(contact=settings.contact, base_url=address, turns=build_turns(settings), kept=kept)
    return SourceByPrefix(arxiv, build_other_sources(settings, settings.contact))


def build_other_sources(settings: Settings, contact: str) -> Mapping[SourceName, Fetching]:
    """Builds the sources of categories with a prefix. They ask public servers alone, and each at its own pace."""
    from newsletter.papers.categories import SourceName
    from newsletter.sources.any_feed import AnyFeedSource
    from newsletter.sources.fetching.fetcher import open_fetcher
    from newsletter.sources.polite import PoliteGetter
    from newsletter.sources.preprints import PreprintSource
    from newsletter.sources.turns import Turns

    fetcher = open_fetcher(contact=contact, kept=kept_answers(settings))
    preprints = PreprintSource(PoliteGetter(fetcher, build_turns(settings, "bioRxiv and medRxiv")), utc_now)
    feeds = AnyFeedSource(PoliteGetter(fetcher, Turns(FEEDS_PAUSE_S)), utc_now)
    return {
        SourceName.BIORXIV: preprints,
        SourceName.MEDRXIV: preprints,
        SourceName.OPENREVIEW: _build_openreview(settings, contact),
        SourceName.FEED: feeds,
    }


def _build_openreview(settings: Settings, contact: str) -> Fetching:
    from newsletter.sources.fetching.fetcher import open_fetcher
    from newsletter.sources.fetching.reach import operators
    from newsletter.sources.openreview import Account, OpenReviewSource
    from newsletter.sources.openreview_notes import understand
    from newsletter.sources.polite import PoliteGetter

    url, name, password = settings.openreview_url, settings.openreview_username, reveal(settings.openreview_password)
    fetcher = open_fetcher(contact=contact, reach=operators(url), kept=kept_answers(settings))
    getter = PoliteGetter(fetcher, build_turns(settings, "OpenReview"), understand=understand, holds_others=True)
    account = Account(name, password) if name and password else None
    return OpenReviewSource(getter, utc_now, account=account, api_url=url)


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
    "build_look_back",
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
    "find_library_key",
    "find_problem_of_list",
    "find_store",
    "has_sentence_model",
    "load_listed",
    "load_subscribers",
    "load_welcome_texts",
    "migrate",
    "open_database",
    "read_libraries",
    "release_database",
    "require_known_memory",
    "require_model_key",
    "require_signer",
    "restore",
    "utc_now",
]
