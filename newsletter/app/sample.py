"""Builds the digest that strangers may look at: the bundled announcement, ranked by words for a made-up reader.

No model is asked, and nothing is read from or written to the memory. Each language is made once, when it is first
asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import cache
from threading import Lock

from newsletter.app.common import build_renderer
from newsletter.app.scorers import build_local_scorer
from newsletter.mail.message import MailLinks
from newsletter.model import AnnouncementDay, AnnounceType, Digest, Frequency, Profile, Subscriber, Topic
from newsletter.papers import add_feeds, find_announced, find_candidates
from newsletter.run.digest import build_digest
from newsletter.settings import Settings
from newsletter.sources import sample

_TOPICS = (
    Topic(
        "Smaller networks",
        "the same quality with fewer bits, weights or memory: quantization, pruning, low-rank factors, weights shared"
        " between layers of a Transformer, compressed attention",
    ),
    Topic("How models scale", "scaling laws: how loss, depth, width and compute of language models hang together"),
    Topic("Robots that see and act", "vision-language-action models for robot manipulation, and how to evaluate them"),
)


def build_sample(settings: Settings) -> Callable[[str], str]:
    """Builds what makes the sample's HTML in a language, as it would be mailed; without a link for its reader.

    Raises ConfigError, when it is called, for a template that cannot be filled.
    """
    lock = Lock()  # whoever comes second waits, instead of scoring the same again
    make = cache(lambda language: build_renderer(settings).render(_compose(language), _links(settings)).html)

    def make_sample(language: str) -> str:
        with lock:
            return make(language)

    return make_sample


def _links(settings: Settings) -> MailLinks:
    return MailLinks(settings.reply_address)


def _compose(language: str) -> Digest:
    from newsletter.sources.recorded import RecordedSource

    source, reader = RecordedSource(sample.PATH), _reader(language)
    on = source.day(datetime(2025, 10, 7, tzinfo=UTC))
    day = add_feeds(AnnouncementDay(on, (), ()), [source.fetch(category) for category in reader.categories], ())
    announced = find_announced([day], reader.categories)
    candidates = find_candidates(announced, reader.announce_types, without=frozenset())
    report = build_local_scorer().score(
        reader.profile, [candidate.paper for candidate in candidates], (), floor=reader.min_relevance, votes=()
    )
    return build_digest(
        reader,
        digest_on=on,
        announced_on=[on],
        announced=len(announced),
        candidates=candidates,
        score_report=report,
    )


def _reader(language: str) -> Subscriber:
    return Subscriber(
        subscriber_id="s_sample22",
        email="you@example.org",
        name="",
        zone="UTC",
        send_at=time(7),
        frequency=Frequency.DAILY,
        weekday=0,
        categories=("cs.AI", "cs.CL", "cs.LG", "cs.RO"),
        announce_types=(AnnounceType.NEW, AnnounceType.CROSS),
        profile=Profile(_TOPICS, language=language),
        pinned_authors=(),
        min_relevance=6,
        min_novelty=1,
        max_papers=12,
        at_least=6,
    )
