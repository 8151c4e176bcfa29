"""Builds the running newsletter from settings: the only place that picks adapters and owns the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from newsletter import resources
from newsletter.config import Settings
from newsletter.errors import ConfigError
from newsletter.flow import Desk
from newsletter.message import Letterhead
from newsletter.model import Subscriber
from newsletter.render import Brand, Renderer
from newsletter.schedule import Timing
from newsletter.scorers import Scorer
from newsletter.senders import Sender
from newsletter.sources import Source
from newsletter.stores import Store

if TYPE_CHECKING:
    from flask import Flask

    from newsletter.scorers.judge import Judge
    from newsletter.scorers.local import LocalScorer
    from newsletter.telling import Teller

LAST_GOOD = "subscribers.last-good.yaml"


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(
    settings: Settings, *, feed: Path | None = None, tell_progress: Callable[[int, int], None] | None = None
) -> Desk:
    """The desk for these settings; `feed` reads recorded feeds from there instead of asking arXiv.

    `tell_progress` is told (done, of how many) as a model judges papers. Raises ConfigError for what cannot work.
    Opens no connection and writes nothing but the folders of memory and outbox.
    """
    store = build_store(settings)
    return Desk(
        source=build_source(settings, feed),
        scorer=build_scorer(settings, store, tell_progress),
        sender=build_sender(settings),
        store=store,
        renderer=build_renderer(settings),
        letterhead=build_letterhead(settings),
        now=utc_now,
        timing=build_timing(settings),
    )


def build_timing(settings: Settings) -> Timing:
    return Timing(settings.jitter_minutes, timedelta(hours=settings.latest_h))


def build_teller(settings: Settings) -> Teller:
    """Who tells the operator. It has a sender of its own: a run closes its own at its end."""
    from newsletter.telling import Teller

    def revealed(secret: SecretStr | None) -> str:
        return secret.get_secret_value() if secret else ""

    return Teller(
        build_store(settings),
        build_sender(settings),
        settings.service_address,
        utc_now,
        alert_to=parseaddr(settings.alert_to or "")[1],
        alert_url=revealed(settings.alert_url),
        heartbeat_url=revealed(settings.heartbeat_url),
    )


def build_web(settings: Settings) -> Flask:
    """The web part as a WSGI application."""
    from newsletter.metrics import Metrics
    from newsletter.web import WebPart, create_app

    store = build_store(settings)
    return create_app(
        WebPart(
            store=store,
            signer=settings.signer,
            brand_name=settings.name,
            reply_address=settings.reply_address,
            now=utc_now,
            webhook_key=settings.sendgrid_webhook_key,
            metrics=Metrics(store, utc_now),
        )
    )


def build_scorer(settings: Settings, store: Store, tell_progress: Callable[[int, int], None] | None = None) -> Scorer:
    """The embedded scorer, or with a model the funnel in front of it.

    Raises ConfigError, naming file and placeholder, if a text in prompts/ is not complete, and for a model without
    a key, or with a budget that nobody can keep because its price is not known.
    """
    local = build_local_scorer()
    if settings.model is None:
        return local
    from newsletter.scorers.funnel import FunnelScorer
    from newsletter.scorers.shortlist import Policy

    policy = Policy(
        min_share=settings.model_min_share,
        max_share=settings.model_max_share,
        random_share=settings.model_random_share,
    )
    return FunnelScorer(local, build_judge(settings, store), store, policy, utc_now, tell_progress)


def build_local_scorer() -> LocalScorer:
    # Before numpy is loaded. Its matrices are small here: a second thread saves nothing, and where another process
    # has the second core, the two wait for each other for seconds.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from newsletter.scorers.local import LocalScorer, load_comments

    return LocalScorer(comments=load_comments(resources.read_text("prompts/comments.yaml")))


def build_judge(settings: Settings, store: Store) -> Judge:
    """Who asks the model of the settings. Raises ConfigError as `build_scorer` does."""
    from newsletter.prices import price_of
    from newsletter.prompts import load_prompts
    from newsletter.scorers.chat import DEFAULT_URL
    from newsletter.scorers.judge import ChatSettings, Judge, Limits
    from newsletter.token_count import count

    model, base_url, tier = settings.model, settings.openai_base_url, settings.model_tier
    if model is None:
        raise ConfigError("no model is set; set NEWSLETTER_MODEL")
    if settings.openai_api_key is None and base_url is None:
        raise ConfigError(
            f"{model} cannot be asked without a key; set OPENAI_API_KEY, or OPENAI_BASE_URL to a server that needs none"
        )
    today = utc_now().date()
    if settings.daily_budget_usd is not None and price_of(model, tier, on=today, base_url=base_url) is None:
        raise ConfigError(
            f"no budget can be kept because the price of {model} is not known; "
            "remove NEWSLETTER_DAILY_BUDGET_USD, or set NEWSLETTER_MODEL to a model whose price is"
        )
    return Judge(
        ChatSettings(
            model,
            settings.openai_api_key.get_secret_value() if settings.openai_api_key else "",
            tier=tier,
            reasoning_effort=settings.model_effort,
            timeout_s=settings.model_timeout_s,
            base_url=base_url or DEFAULT_URL,
        ),
        load_prompts(resources.read_text),
        store,
        price_of=lambda name, at_tier: price_of(name, at_tier, on=today, base_url=base_url),
        count=count,
        now=utc_now,
        budget_usd=settings.daily_budget_usd,
        limits=Limits(
            batch_papers=settings.model_batch_papers,
            requests_per_minute=settings.model_requests_per_minute,
            tokens_per_minute=settings.model_tokens_per_minute,
        ),
    )


def build_sender(settings: Settings) -> Sender:
    from newsletter.senders.outbox import OutboxSender

    return OutboxSender(settings.outbox, utc_now)


def build_letterhead(settings: Settings) -> Letterhead:
    return Letterhead(
        sender=settings.from_address,
        reply_to=settings.reply_address,
        signer=settings.signer,
        base_url=(settings.base_url or "").rstrip("/"),
        bounce_to=settings.bounce_address,
        has_tags=settings.reply_tags,
    )


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
