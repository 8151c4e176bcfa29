"""Settings from the environment (`NEWSLETTER_*`, or a `.env` file): one frozen object, validated at start.

The only module that reads the environment. What each setting means stands in its description, which
`newsletter config` prints. Picks no adapters; see app.py.
"""

from __future__ import annotations

from decimal import Decimal
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from newsletter.errors import ConfigError


def _mailbox(value: str) -> str:
    """`ada@example.org` or `Ada <ada@example.org>`; raises ValueError for anything else."""
    _, address = parseaddr(value)
    if any(c in value for c in "\r\n\0") or address.count("@") != 1 or address.startswith("@") or address[-1] == "@":
        raise ValueError("expected an address such as news@example.org or Morning Papers <news@example.org>")
    return value


Mailbox = Annotated[str, AfterValidator(_mailbox)]


class Settings(BaseSettings):
    """Everything an operator can set, with a default that needs no account, key or server."""

    model_config = SettingsConfigDict(
        env_prefix="NEWSLETTER_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    subscribers: Path = Field(Path("subscribers.yaml"), description="The subscribers file. It is read, never written.")
    state: Path = Field(
        Path("state"), description="Folder of the memory: announcements, the delivery ledger, runs. Back it up."
    )
    outbox: Path = Field(Path("outbox"), description="Folder that receives each mail as .eml and .html.")
    name: str = Field(
        "Morning Papers", min_length=1, max_length=60, description="What the newsletter calls itself in its mails."
    )
    sender: Mailbox = Field(
        "digest@newsletter.invalid", description="The From address of the digest; its domain also names the list."
    )
    reply_to: Mailbox | None = Field(
        None, description='Where replies go, "unsubscribe" among them. Default: the From address.'
    )
    contact: Mailbox | None = Field(
        None,
        description="Your e-mail address, sent to arXiv in the User-Agent so that they can reach you. "
        "Needed to fetch live.",
    )
    feed_url: str = Field(
        "https://rss.arxiv.org/atom",
        pattern=r"^https?://",
        description="Where feeds are fetched; the category is appended.",
    )

    model: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="The language model that scores, such as gpt-6-luna. Default: none, the embedded scorer alone.",
    )
    model_tier: Literal["standard", "flex"] = Field(
        "standard",
        description="What the model's provider calls service tier: flex costs half at OpenAI, and answers slower.",
    )
    model_effort: str = Field(
        "low",
        pattern=r"^[a-z]{1,20}$",
        description="How much the model thinks before it answers (reasoning_effort): most of the bill hangs on this.",
    )
    daily_budget_usd: Decimal | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Dollars that the calls of one UTC day may cost, never more. What is left over is ranked without "
        "the model, and the mail says so. Default: no limit.",
    )
    model_requests_per_minute: int = Field(60, ge=1, description="How many calls your provider allows in a minute.")
    model_requests_at_once: int = Field(
        8, ge=1, le=64, description="How many calls may be under way together; a server of your own may do best with 1."
    )
    model_tokens_per_minute: int = Field(
        500_000, ge=1_000, description="How many tokens your provider allows in a minute."
    )
    model_timeout_s: float = Field(
        120, ge=1, le=3600, description="How many seconds one answer may take; a server of your own may need more."
    )
    model_batch_papers: int = Field(
        20, ge=1, le=100, description="How many papers are asked about at once; small models do better with fewer."
    )
    model_min_share: float = Field(
        0.15, ge=0, le=1, description="The least share of a day's papers that the model is asked about."
    )
    model_max_share: float = Field(
        0.6,
        gt=0,
        le=1,
        description="The most. Between the two, the funnel asks about as many as it takes to miss few; on a profile's "
        "first days it may ask about more.",
    )
    model_random_share: float = Field(
        0.03,
        ge=0,
        le=1,
        description="Share of the papers ranked too low that the model is asked about by chance, to notice misses.",
    )
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias="OPENAI_API_KEY",
        description="The key of the model's provider. It is never printed, logged or stored.",
    )
    openai_base_url: str | None = Field(
        None,
        validation_alias="OPENAI_BASE_URL",
        pattern=r"^https?://",
        description="Where the model is served, if not by OpenAI: the address of a compatible server, with its /v1.",
    )

    @model_validator(mode="after")
    def _shares_are_in_order(self) -> Self:
        if self.model_min_share > self.model_max_share:
            raise ValueError("NEWSLETTER_MODEL_MIN_SHARE is above NEWSLETTER_MODEL_MAX_SHARE")
        return self

    @property
    def from_address(self) -> Address:
        display, address = parseaddr(self.sender)
        return Address(display_name=display or self.name, addr_spec=address)

    @property
    def reply_address(self) -> str:
        return parseaddr(self.reply_to or self.sender)[1]


def variable(name: str) -> str:
    """The environment variable of a setting: `NEWSLETTER_STATE` for `state`."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"NEWSLETTER_{name.upper()}"


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises ConfigError with one line for each setting that is wrong.

    Without its cause, which holds every value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = tuple(_problem(each["loc"], each["input"], each["msg"]) for each in error.errors(include_url=False))
        raise ConfigError("settings are not usable; mend them in the environment or in .env:", problems) from None


def _problem(place: tuple[int | str, ...], found: Any, expected: str) -> str:
    name = "_".join(map(str, place))
    if name.startswith("OPENAI_"):  # may be, or contain, what somebody else must not read
        return f"{name}: {expected}"
    return f"NEWSLETTER_{name.upper()}: found {found!r}: {expected}"
