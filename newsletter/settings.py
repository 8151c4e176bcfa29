"""Reads the settings from the environment (`NEWSLETTER_*`, or a `.env` file) into one frozen object.

The only module that reads the environment. What each setting means stands in its description, which
`newsletter config` prints. Picks no adapters; see app/
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from email.headerregistry import Address
from email.utils import parseaddr
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote

from dotenv.parser import parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from newsletter.errors import ConfigError
from newsletter.signing import Signer
from newsletter.theme import load_theme

ENV_FILE = ".env"
_PREFIX = "NEWSLETTER_"
_ZOTERO_KEY = re.compile(r"ZOTERO_KEY(_[A-Z0-9_]{1,40})?")
_LIKE_OURS = re.compile(r"NEWS?LETT?ERS?[_-]", re.IGNORECASE)
MIN_KEY_CHARS = 32
_EFFORT = "NEWSLETTER_MODEL_EFFORT"
MIN_PATH_CHARS = 16  # of a URL, to be a secret by itself: not "alert"
_MAY_BE_SECRET = (
    "OPENAI_",
    "SENDGRID_",
    "SECRET_KEYS",
    "ZOTERO_KEY",
    "OPENREVIEW_",
    "SMTP_PASSWORD",
    "IMAP_PASSWORD",
    "INBOUND_SECRET",
    "ALERT_URL",
    "DATABASE_URL",
    "HEARTBEAT_URL",
)


def _mailbox(value: str) -> str:
    """Accepts `ada@example.org` and `Ada <ada@example.org>`; raises ValueError for anything else."""
    _, address = parseaddr(value)
    if any(c in value for c in "\r\n\0") or address.count("@") != 1 or address.startswith("@") or address[-1] == "@":
        raise ValueError("expected an address such as news@example.org or Morning Papers <news@example.org>")
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("https://", "http://")):
        raise ValueError("expected an address that begins with https://")
    return value


Mailbox = Annotated[str, AfterValidator(_mailbox)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]  # whoever knows it may use it


class Settings(BaseSettings):
    """Everything an operator can set, with a default that needs no account, key or server."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    subscribers: Path = Field(Path("subscribers.yaml"), description="The subscribers file. It is read, never written.")
    state: Path = Field(
        Path("state"), description="Folder of the memory: announcements, the delivery ledger, runs. Back it up."
    )
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="A database for the memory, in place of that folder: postgresql://user:password@host/name, or "
        "sqlite:////var/lib/newsletter/state.db. 'newsletter release' makes its tables. It is never printed, logged or "
        "stored.",
    )
    outbox: Path = Field(Path("outbox"), description="Folder that receives each mail as .eml and .html.")
    name: str = Field(
        "Morning Papers",
        min_length=1,
        max_length=60,
        description="What the newsletter calls itself. Default: the name in templates/theme.yaml.",
    )
    footer: str = Field(
        "",
        max_length=1_000,
        description="Lines at the end of each mail, such as your postal address. Default: the footer in "
        "templates/theme.yaml.",
    )
    sender: Mailbox = Field(
        "digest@newsletter.invalid", description="The From address of the digest; its domain also names the list."
    )
    reply_to: Mailbox | None = Field(
        None, description='Where replies go, "unsubscribe" among them. Default: the From address.'
    )
    reply_tags: bool = Field(
        True,
        description="Whether replies go to news+TAG@… (plus-addressing), which tells who replies. Set it to false if "
        "the mailbox of NEWSLETTER_REPLY_TO does not get such mail.",
    )
    service_sender: Mailbox | None = Field(
        None,
        description="The From address of alerts and confirmations. Default: service@ the sender's domain.",
    )
    base_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#]+(/[^?#]*)?$",
        description="Where readers reach the web part ('newsletter serve'), such as https://papers.example.org. With "
        "https, mails have the one-click Unsubscribe button that Gmail and Yahoo ask for.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=9,
        description="How many proxies of yours stand in front of the web part, one behind another, each of which adds "
        "whom it saw to X-Forwarded-For. Default: none, and that header means nothing.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="What links and address tags in mails are signed with: one random text of 32 characters or more, "
        "or several with commas between them, oldest first; the last one signs, all are read. "
        "'newsletter config --new-secret' makes one.",
    )
    send_by: Literal["outbox", "smtp", "sendgrid"] = Field(
        "outbox", description="Who takes the mails: a folder on this machine, a mail server, or SendGrid."
    )
    mails_per_minute: int | None = Field(
        None,
        ge=1,
        description="How many mails your mail server or SendGrid takes in a minute, from all processes with the same "
        "memory together. Default: no limit.",
    )
    mailing_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="How many processes share the mails of a morning on this machine, where each of them has a hundred "
        "readers or more. One for each core is the most that helps, and each takes up to 500 MB. Where a model is set "
        "there is one.",
    )
    bounce_to: Mailbox | None = Field(
        None,
        description="The mailbox that gets bounces of mail sent by SMTP; each mail names it with a tag of its own "
        "(bounces+TAG@…). Feed what arrives there to 'newsletter bounce'. Default: the mailbox of replies, if this "
        "program reads it and it takes tags; else the From address, without a tag.",
    )
    smtp_host: str = Field("localhost", min_length=1, description="The mail server, for NEWSLETTER_SEND_BY=smtp.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port: 587 with starttls, 465 with tls, 25 with none.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is secured; none only for a server on this machine."
    )
    smtp_user: str | None = Field(None, description="The name to log in with. Default: no login.")
    smtp_password: SecretStr | None = Field(None, description="Its password. It is never printed, logged or stored.")
    smtp_timeout_s: float = Field(30, ge=1, le=600, description="How many seconds the mail server may take to answer.")
    dkim_key: Path | None = Field(
        None,
        description="A file with the private key (PEM) that signs mails sent by SMTP, where the mail server does not.",
    )
    dkim_selector: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.-]{1,63}$",
        description="The selector of that key: its public half is at SELECTOR._domainkey.DOMAIN. "
        "'newsletter check --dns' looks there.",
    )
    sendgrid_api_key: SecretStr | None = Field(
        None,
        validation_alias="SENDGRID_API_KEY",
        description="SendGrid's key, with the permission Mail Send. It is never printed, logged or stored.",
    )
    sendgrid_url: str = Field(
        "https://api.sendgrid.com",
        pattern=r"^https?://",
        description="Where SendGrid's API is; https://api.eu.sendgrid.com for accounts in the EU.",
    )
    sendgrid_timeout_s: float = Field(30, ge=1, le=600, description="How many seconds SendGrid may take to answer.")
    sendgrid_webhook_key: str | None = Field(
        None,
        description="The public key of SendGrid's Event Webhook (Settings, Mail Settings, Signed Event Webhook). "
        "Without it, its events are refused.",
    )
    inbound_secret: SecretStr | None = Field(
        None,
        min_length=MIN_PATH_CHARS,
        description="The end of the address to which SendGrid's Inbound Parse posts replies: "
        "https://papers.example.org/hooks/sendgrid/inbound/SECRET, 16 characters or more. Without it only signed posts "
        "are taken. It is never printed, logged or stored.",
    )
    imap_host: str | None = Field(
        None,
        min_length=1,
        description="The mail server of the mailbox that gets replies and bounces, for 'newsletter serve' and 'inbox'.",
    )
    imap_port: int = Field(993, ge=1, le=65_535, description="Its port: 993 with tls, 143 with starttls or none.")
    imap_tls: Literal["tls", "starttls", "none"] = Field(
        "tls", description="How that connection is secured; none only for a server on this machine."
    )
    imap_user: str | None = Field(None, description="The name to log in with there.")
    imap_password: SecretStr | None = Field(None, description="Its password. It is never printed, logged or stored.")
    imap_folder: str = Field("INBOX", min_length=1, description="The folder that new mail comes to.")
    imap_done: str = Field(
        "Done", min_length=1, description="The folder that mail is moved to as it is read; made if it is not there."
    )
    imap_failed: str = Field(
        "Failed",
        min_length=1,
        description="The folder for mail that could not be dealt with, twice; made if it is not there.",
    )
    authserv_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="The name by which your own mail server signs its Authentication-Results headers. With it, mail "
        "without a tag counts if DKIM proves its From. Default: only the tag says who writes.",
    )
    open_subscription: bool = Field(
        False,
        description="Whether strangers may subscribe on the web, at /subscribe, with a confirmation by mail. It needs "
        "NEWSLETTER_BASE_URL, keys, and a mail server or SendGrid.",
    )
    open_subscription_most: int = Field(
        100, ge=1, le=1000, description="How many may be subscribed on the web at a time; who left does not count."
    )
    jitter_minutes: int = Field(
        9,
        ge=0,
        le=60,
        description="Each mail leaves up to so many minutes after its send time, so that not all come at once on the "
        "hour, which providers dislike. The same for a subscriber on a day.",
    )
    latest_h: float = Field(
        12,
        gt=0,
        le=24,
        description="So many hours after its send time a digest is no news any more: the clock leaves its papers to "
        "the next one.",
    )
    alert_to: Mailbox | None = Field(
        None, description="The operator's mailbox: after a run with failures it gets one mail. Default: nobody."
    )
    alert_url: SecretUrl | None = Field(
        None,
        description="A webhook that is told of failures, too: a POST with JSON. It is never printed or logged.",
    )
    heartbeat_url: SecretUrl | None = Field(
        None,
        description="Called after each run that went well: a dead man's switch elsewhere then notices when none does.",
    )
    log: Literal["text", "json"] = Field(
        "text", description="The form of log lines: text to read, or one JSON object for each line."
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
    oai_url: str = Field(
        "https://oaipmh.arxiv.org/oai",
        pattern=r"^https?://",
        description="Where missed days are back-filled from: arXiv's records, by OAI-PMH.",
    )
    api_url: str = Field(
        "https://export.arxiv.org/api/query",
        pattern=r"^https?://",
        description="Where the same records are asked for when OAI-PMH does not answer: arXiv's API.",
    )
    openreview_url: str = Field(
        "https://api2.openreview.net",
        pattern=r"^https?://",
        description="Where the papers of openreview: categories are asked for.",
    )
    openreview_username: str | None = Field(
        None,
        validation_alias="OPENREVIEW_USERNAME",
        description="The address of an account at OpenReview, without a second factor: it lists the papers of a venue "
        "only for who is logged in. Needed for openreview: categories.",
    )
    openreview_password: SecretStr | None = Field(
        None,
        validation_alias="OPENREVIEW_PASSWORD",
        description="Its password. It is never printed, logged or stored.",
    )
    zotero_url: str = Field(
        "https://api.zotero.org",
        pattern=r"^https?://",
        description="Where the libraries are read that subscribers name as zotero.",
    )
    zotero_keys: Annotated[Mapping[str, SecretStr], NoDecode] = Field(
        {},
        validation_alias="ZOTERO_KEY",
        description="The key of a private library, which names this variable in subscribers.yaml; ZOTERO_KEY_ and a "
        "word, such as ZOTERO_KEY_ADA, for further ones. Keys are never printed, logged or stored.",
    )

    model: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="The language model that scores, such as gpt-6-luna. Default: none, the embedded scorer alone.",
    )
    model_tier: Literal["standard", "flex", "batch"] = Field(
        "standard",
        description="How the model is asked. flex costs half at OpenAI, and answers slower; batch costs half, too, and "
        "asks hours ahead where a mail is far enough away, as flex where it is not.",
    )
    model_batch_ahead_h: float = Field(
        3, ge=0.5, le=24, description="How many hours before a mail is due the batch tier still asks ahead."
    )
    model_effort: str = Field(
        "low",
        pattern=r"^[a-z]{0,20}$",
        description="How much the model thinks before it answers (reasoning_effort): most of the bill hangs on this. "
        "Set to nothing, it is the server's own affair.",
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
    semantic: bool = Field(
        True,
        description="Whether a sentence model takes part in ranking where one is installed; "
        "pip install paper-newsletter[semantic] brings it.",
    )
    model_min_share: float = Field(
        0.15,
        ge=0,
        le=1,
        description="The least share of a day's papers that the model is asked about; with 1 it is asked about all.",
    )
    model_max_share: float = Field(
        0.9,
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Takes from the theme what the environment does not set. Raises ConfigError for an unreadable theme."""
        theme = load_theme()
        from_theme = InitSettingsSource(settings_cls, {"name": theme.name, "footer": theme.footer})
        emptied, keys = _emptied(settings_cls), _zotero_keys(settings_cls)
        return (init_settings, emptied, keys, env_settings, dotenv_settings, from_theme)

    @model_validator(mode="after")
    def _shares_are_in_order(self) -> Self:
        if self.model_min_share > self.model_max_share and "model_max_share" in self.model_fields_set:
            raise ValueError("NEWSLETTER_MODEL_MIN_SHARE is above NEWSLETTER_MODEL_MAX_SHARE")
        return self

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part for part in re.split(r"[,\s]+", value) if part) if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _keys_are_long(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < MIN_KEY_CHARS for key in keys):
            raise ValueError(f"each key needs {MIN_KEY_CHARS} characters; 'newsletter config --new-secret' makes one")
        return keys

    @property
    def from_address(self) -> Address:
        display, address = parseaddr(self.sender)
        return Address(display_name=display or self.name, addr_spec=address)

    @property
    def service_address(self) -> Address:
        """The From of mails other than digests: a filter for the one does not catch the other."""
        display, address = parseaddr(self.service_sender or f"service@{self.from_address.domain}")
        return Address(display_name=display or f"{self.name} (service)", addr_spec=address)

    @property
    def bounce_address(self) -> str:
        """The mailbox that gets bounces, to be tagged; empty if there is none that could be read."""
        if self.bounce_to:
            return parseaddr(self.bounce_to)[1]
        return self.reply_address if self.is_inbox_read and self.reply_tags and self.secret_keys else ""

    @property
    def is_inbox_read(self) -> bool:
        """Says whether this program reads the mailbox of replies."""
        return bool(self.imap_host or self.inbound_secret)

    @property
    def has_openreview_account(self) -> bool:
        """Says whether OpenReview can be asked as somebody whom it knows."""
        return bool(self.openreview_username and self.openreview_password)

    @property
    def signer(self) -> Signer | None:
        keys = [key.get_secret_value() for key in self.secret_keys]
        return Signer(keys) if keys else None

    @property
    def secret_texts(self) -> tuple[str, ...]:
        """Every secret, for whoever keeps them out of a log; of a secret URL also what is behind its host."""
        values = [getattr(self, name) for name in type(self).model_fields]
        found = [value for value in values if isinstance(value, SecretStr)]
        texts = [secret.get_secret_value() for secret in (*found, *self.secret_keys, *self.zotero_keys.values())]
        texts.append(self._database_password)
        paths = [re.sub(r"^https?://[^/?#]*[/?#]?", "", text) for text in texts if text.startswith(("http:", "https:"))]
        return tuple(filter(None, texts)) + tuple(path for path in paths if len(path) >= MIN_PATH_CHARS)

    @property
    def _database_password(self) -> str:
        url = self.database_url.get_secret_value() if self.database_url else ""
        return unquote(url.partition("://")[2].rpartition("@")[0].partition(":")[2])

    @property
    def reply_address(self) -> str:
        return parseaddr(self.reply_to or self.sender)[1]


def _emptied(settings_cls: type[BaseSettings]) -> InitSettingsSource:
    """Reads the settings that mean something when they are empty; others count as not set then."""
    sources = (kind(settings_cls, env_ignore_empty=False) for kind in (EnvSettingsSource, DotEnvSettingsSource))
    effort = next((value for each in sources if (value := each.env_vars.get(_EFFORT.lower())) is not None), None)
    return InitSettingsSource(settings_cls, {"model_effort": ""} if effort == "" else {})


def _zotero_keys(settings_cls: type[BaseSettings]) -> InitSettingsSource:
    """Reads the keys of private libraries, however many there are; the environment counts before .env."""
    sources = (kind(settings_cls) for kind in (DotEnvSettingsSource, EnvSettingsSource))
    found = {name.upper(): value for each in sources for name, value in each.env_vars.items() if value}
    keys = {name: SecretStr(value) for name, value in found.items() if _ZOTERO_KEY.fullmatch(name)}
    return InitSettingsSource(settings_cls, {"ZOTERO_KEY": keys} if keys else {})


def variable(name: str) -> str:
    """The environment variable of a setting: `NEWSLETTER_STATE` for `state`."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"NEWSLETTER_{name.upper()}"


def load_settings() -> Settings:
    """Reads the environment and `.env`. Raises ConfigError with one line for each setting that is wrong or unknown.

    Without its cause, which holds every value.
    """
    names, problems = _read_env_file(Path(ENV_FILE))
    problems += unknown_settings([*os.environ, *names])
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [_problem(each["loc"], each["input"], _expected(each)) for each in error.errors(include_url=False)]
    if settings is None or problems:
        raise ConfigError("settings are not usable; mend them in the environment or in .env:", tuple(problems))
    return settings


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Lists the variables that look like a setting of ours and are none: a typo would else do nothing, silently.

    Ours begin with NEWSLETTER_, or nearly so; what other programs read is theirs.
    """
    known = {variable(name).removeprefix(_PREFIX): variable(name) for name in Settings.model_fields}
    problems = []
    for name in dict.fromkeys(names):
        ours = _LIKE_OURS.match(name)
        if ours and name.upper() not in known.values():
            near = difflib.get_close_matches(name[ours.end() :].upper(), known, n=1)
            nearest = f"nearest: {known[near[0]]}" if near else "'newsletter config' lists them all"
            problems.append(f"{name[:100]}: no setting has this name; {nearest}")
    return problems


def _read_env_file(file: Path) -> tuple[list[str], list[str]]:
    """Reads the names that a .env file sets, and what is wrong with its lines. Raises ConfigError if it is no UTF-8."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return [], []
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 (byte {error.start}); save it in this encoding") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}); let this user read it, or remove it") from error
    lines = list(parse_stream(StringIO(text)))
    wrong = [f"{file}, line {line.original.line}: expected NAME=value" for line in lines if line.error]
    return [line.key for line in lines if line.key], wrong


def _expected(error: Mapping[str, Any]) -> str:
    """Gives pydantic's words; of an address ours, since a regular expression tells nobody what to type."""
    pattern = error.get("ctx", {}).get("pattern", "")
    return "expected an address such as https://www.example.org" if pattern.startswith("^https?") else error["msg"]


def _problem(place: tuple[int | str, ...], found: Any, expected: str) -> str:
    name = "_".join(map(str, place))
    is_foreign = name.startswith(
        ("OPENAI_", "OPENREVIEW_", "SENDGRID_API", "DATABASE_", "ZOTERO_KEY")
    )  # not our prefix
    shown = name if is_foreign else f"NEWSLETTER_{name.upper()}"
    if shown.removeprefix("NEWSLETTER_").startswith(_MAY_BE_SECRET):  # somebody else must not read it
        return f"{shown}: {expected}"
    return f"{shown}: found {found!r}: {expected}"
