"""Builds the harvester of arXiv's records, and the look back that fills missed days from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from newsletter.app.common import utc_now
from newsletter.app.database import build_paces
from newsletter.errors import ConfigError
from newsletter.model import Subscriber
from newsletter.settings import Settings
from newsletter.sources import Harvester

if TYPE_CHECKING:
    from newsletter.run import LookBack, ProgressListener, RunContext
    from newsletter.sources.turns import Turns

BACKFILL_S = 1_200.0
LOOK_BACK_S = 300.0  # readers may wait for their mails meanwhile
NO_CONTACT = "arXiv wants to know whom to write to about this program; set NEWSLETTER_CONTACT to your e-mail address"


def build_turns(settings: Settings, whose: str = "") -> Turns:
    """Builds the turns at a server that all processes of the same memory take.

    They are arXiv's, for feeds and records alike, unless another name is given.
    """
    from newsletter.sources.turns import Turns
    from newsletter.stores.tinydb.paces import FolderPaces

    paces = build_paces(settings) or FolderPaces(settings.state, utc_now)
    name = whose or f"feeds of {settings.feed_url}"
    return Turns(reserve=partial(paces.reserve, name), hold=partial(paces.hold, name))


def build_harvester(settings: Settings, *, patience_s: float = BACKFILL_S) -> Harvester:
    """Builds what asks arXiv for its records, by OAI-PMH or else by the API, for `patience_s` seconds in all by each.

    The API is left out where the records are elsewhere than at arXiv, and no address of an API is set. Raises
    ConfigError without a contact.
    """
    if settings.contact is None:
        raise ConfigError(NO_CONTACT)
    from newsletter.sources.api import open_api
    from newsletter.sources.oai import open_oai
    from newsletter.sources.second_way import FirstThatAnswers

    contact, turns = settings.contact, build_turns(settings)
    ways: list[Callable[[], Harvester]] = [
        lambda: open_oai(contact=contact, base_url=settings.oai_url, patience_s=patience_s, turns=turns)
    ]
    if "oai_url" not in settings.model_fields_set or "api_url" in settings.model_fields_set:
        ways.append(lambda: open_api(contact=contact, base_url=settings.api_url, patience_s=patience_s, turns=turns))
    return FirstThatAnswers(ways)


def build_look_back(
    settings: Settings,
    context: RunContext,
    subscribers: Sequence[Subscriber],
    progress: ProgressListener,
    should_stop: Callable[[], bool],
) -> LookBack:
    """Builds what looks back at the last days of these subscribers' categories.

    Of none where feeds come from elsewhere than arXiv and no address of records is set. Each time that it asks takes
    LOOK_BACK_S seconds at most by each way to the records.
    """
    from newsletter.papers import is_arxiv
    from newsletter.run import LookBack

    wanted = {category for subscriber in subscribers for category in subscriber.categories}
    return LookBack(
        context.store,
        partial(build_harvester, settings, patience_s=LOOK_BACK_S),
        set(filter(is_arxiv, wanted)) if _has_records(settings) else set(),
        progress,
        context.now,
        should_stop,
    )


def _has_records(settings: Settings) -> bool:
    is_elsewhere = "feed_url" in settings.model_fields_set and "oai_url" not in settings.model_fields_set
    return not is_elsewhere and settings.contact is not None
