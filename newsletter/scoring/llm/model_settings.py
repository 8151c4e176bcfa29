"""Says which model is asked, where and how, and how much of it at once. Read from the environment in settings.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.errors import ConfigError
from newsletter.scoring.llm.prices import STANDARD

DEFAULT_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, where, and how it is asked. `reasoning_effort` empty: the server's own.

    Raises ConfigError for a key that no header can hold.
    """

    model: str
    api_key: str = field(default="", repr=False)  # local servers need none
    base_url: str = DEFAULT_URL
    tier: str = STANDARD  # or "flex": half the price, slower, sometimes without capacity
    reasoning_effort: str = "low"
    timeout_s: float = 120.0  # for one whole answer

    def __post_init__(self) -> None:
        if re.search(r"[^!-~]", self.api_key):
            raise ConfigError("OPENAI_API_KEY has a blank or a character that no key has; set it again, without quotes")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """How much at once, how often, and when to give up."""

    batch_papers: int = 20
    concurrency: int = 8
    requests_per_minute: float | None = 500
    tokens_per_minute: float | None = 500_000
    attempts: int = 4  # of one request that was interrupted
    failures_in_a_row: int = 12  # requests without one usable answer, after which the rest is not asked
    answer_tokens: int = 110  # for each paper; an entry in a wordy language takes about 90
    reasoning_tokens: int = 4_000  # for each request, unless the model is asked not to reason
