"""Settings from the environment (`NEWSLETTER_*`, or a `.env` file): one frozen object, validated at start.

The only module that reads the environment. What each setting means stands in its description, which
`newsletter config` prints. Picks no adapters; see app.py.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
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

    @property
    def from_address(self) -> Address:
        display, address = parseaddr(self.sender)
        return Address(display_name=display or self.name, addr_spec=address)

    @property
    def reply_address(self) -> str:
        return parseaddr(self.reply_to or self.sender)[1]


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises ConfigError with one line for each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = tuple(
            f"NEWSLETTER_{'_'.join(map(str, e['loc'])).upper()}: found {e['input']!r}: {e['msg']}"
            for e in error.errors(include_url=False)
        )
        raise ConfigError("settings are not usable; mend them in the environment or in .env:", problems) from error
