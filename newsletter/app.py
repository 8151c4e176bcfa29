"""Builds the running newsletter from settings: the only place that picks adapters and owns the clock."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Renderer
from newsletter.mail.theme import load_theme
from newsletter.mail.view import Brand
from newsletter.ops import log
from newsletter.run.context import RunContext
from newsletter.run.schedule import Timing
from newsletter.scoring import Prefetcher, Scorer
from newsletter.senders import Sender
from newsletter.settings import Settings
from newsletter.sources import Source
from newsletter.stores import Store

if TYPE_CHECKING:
    from flask import Flask

    from newsletter.mail.inbound.imap import Mailbox
    from newsletter.mail.inbound.parse import Envelope
    from newsletter.ops.notify import Notifier
    from newsletter.scoring.llm.grader import Grader
    from newsletter.scoring.local import LocalScorer
    from newsletter.senders.sendgrid import SendGridSender
    from newsletter.senders.smtp import SmtpSender
    from newsletter.services.directory import Listed, SubscriberList
    from newsletter.services.profiles import Profiles
    from newsletter.services.replies import ReplyHandler
    from newsletter.services.signup import SignupService
    from newsletter.signing import Signer
    from newsletter.web.archive.pages import Pages

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(
    settings: Settings, *, feed: Path | None = None, tell_progress: Callable[[int, int], None] | None = None
) -> RunContext:
    """The desk for these settings; `feed` reads recorded feeds from there instead of asking arXiv.

    `tell_progress` is told (done, of how many) as a model judges papers. Raises ConfigError for what cannot work.
    Opens no connection and writes nothing but the folders of memory and outbox.
    """
    store = build_store(settings)
    scorer, ahead = build_scorer(settings, store, tell_progress)
    return RunContext(
        source=build_source(settings, feed),
        scorer=scorer,
        sender=build_sender(settings),
        store=store,
        renderer=build_renderer(settings),
        identity=build_mail_identity(settings),
        now=utc_now,
        ahead=ahead,
        timing=build_timing(settings),
    )


def build_timing(settings: Settings) -> Timing:
    return Timing(settings.jitter_minutes, timedelta(hours=settings.latest_h))


def build_notifier(settings: Settings) -> Notifier:
    """Who tells the operator. It has a sender of its own: a run closes its own at its end."""
    from newsletter.ops.notify import Notifier

    def revealed(secret: SecretStr | None) -> str:
        return secret.get_secret_value() if secret else ""

    return Notifier(
        build_store(settings),
        build_sender(settings),
        settings.service_address,
        utc_now,
        alert_to=parseaddr(settings.alert_to or "")[1],
        alert_url=revealed(settings.alert_url),
        heartbeat_url=revealed(settings.heartbeat_url),
    )


def build_web(settings: Settings, asked: Callable[[], None] = lambda: None) -> Flask:
    """The web part as a WSGI application. `asked` is called after somebody asked to subscribe: a mail is to be sent."""
    from newsletter.ops.metrics import Metrics
    from newsletter.web import Archives, WebPart, create_app

    store = build_store(settings)
    joining = build_joining(settings, store, asked) if settings.open_subscription else None
    is_listening = settings.signer and (settings.inbound_secret or settings.sendgrid_webhook_key)
    return create_app(
        WebPart(
            store=store,
            signer=build_reading_signer(settings, store),
            brand_name=settings.name,
            reply_address=settings.reply_address,
            now=utc_now,
            webhook_key=settings.sendgrid_webhook_key,
            metrics=Metrics(store, utc_now),
            profiles=build_profiles(settings, store),
            archives=Archives(
                build_archive_pages(settings),
                (settings.base_url or "").rstrip("/"),
                public=lambda: public_archives(settings, store),
            ),
            listener=build_listener(settings) if is_listening else None,
            inbound_secret=settings.inbound_secret.get_secret_value() if settings.inbound_secret else None,
            gives_up=lambda mail, error: _gives_up(settings, store, mail, error),
            door=joining,
            proxies=settings.trusted_proxies,
        )
    )


def _gives_up(settings: Settings, store: Store, mail: str, error: Exception) -> bool:
    """Whether this mail by Inbound Parse failed before; the operator hears of it then."""
    from newsletter.mail.inbound.imap import CLAIMED

    if store.claim_once(CLAIMED, f"failed {mail}", on=utc_now().date()):
        return False
    build_notifier(settings).tell_of_mail("a mail by Inbound Parse was given up", error)
    return True


def build_archive_pages(settings: Settings) -> Pages:
    """What fills the archive's templates. Raises ConfigError for one that cannot be filled."""
    from newsletter.web.archive.pages import TEMPLATES, Pages

    renderer = build_renderer(settings)
    pages = Pages(
        resources.folders(TEMPLATES),
        brand_name=settings.name,
        reply_address=settings.reply_address,
        authority=settings.from_address.domain,
        profile_text=renderer.profile_text,
        markdown=renderer.markdown,
    )
    pages.check()
    return pages


def public_archives(settings: Settings, store: Store) -> dict[str, str]:
    """Whose digests anybody may read: subscribers' ids by the names that subscribers.yaml gives them."""
    listed = load_listed(settings, store).subscribers
    return {one.public_archive: one.subscriber_id for one in listed if one.public_archive}


def build_joining(settings: Settings, store: Store, asked: Callable[[], None]) -> SignupService:
    """Who lets people subscribe on the web. Raises ConfigError for settings with which nobody could confirm."""
    from newsletter.services.directory import load_file
    from newsletter.services.signup import FILE, SignupService, load_mails
    from newsletter.subscribers.preferences import subscriber_from_signup

    check_open_subscription(settings)
    return SignupService(
        store=store,
        open_sender=lambda: build_sender(settings),
        identity=build_mail_identity(settings),
        service_sender=settings.service_address,
        brand_name=settings.name,
        answers=load_mails(resources.read_text(FILE)),
        subscribers=lambda: load_subscribers(settings, store).subscribers,
        subscriber_from_signup=lambda sign_up: subscriber_from_signup(
            sign_up, load_file(settings.subscribers, store)[0].defaults
        ),
        most=settings.open_subscription_most,
        now=utc_now,
        wake=asked,
        tell=lambda who, became: log.get_log().info("sign_up", subscriber=who, became=became),
        warn=lambda who: build_notifier(settings).tell_of_one_id(who),
    )


def check_open_subscription(settings: Settings) -> None:
    """Raises ConfigError for settings with which nobody could confirm a subscription."""
    closed = "or set NEWSLETTER_OPEN_SUBSCRIPTION to false"
    if settings.send_by == "outbox":
        raise ConfigError(
            f"who subscribes on the web gets a mail to confirm it, and none leaves this machine; "
            f"set NEWSLETTER_SEND_BY to smtp or sendgrid, {closed}"
        )
    if not settings.base_url:
        raise ConfigError(
            "the mail to who subscribes on the web has a link, which needs an address; "
            f"set NEWSLETTER_BASE_URL to where readers reach the web part, {closed}"
        )
    if settings.signer is None:
        raise ConfigError(
            "the mail to who subscribes on the web has a link, which needs a key; set NEWSLETTER_SECRET_KEYS "
            f"('newsletter config --new-secret' makes one), {closed}"
        )
    build_sender(settings).close()


def build_ear(settings: Settings, store: Store | None = None) -> ReplyHandler:
    """What acts on readers' mails. It has a sender of its own, which whoever asked for it closes."""
    from newsletter.mail.responses import FILE, load_answers
    from newsletter.services.directory import find_served
    from newsletter.services.replies import ReplyHandler
    from newsletter.services.votes import cast_numbered
    from newsletter.subscribers.votes import read_votes

    store = store or build_store(settings)
    return ReplyHandler(
        store=store,
        sender=build_sender(settings),
        identity=build_mail_identity(settings),
        service_sender=settings.service_address,
        brand_name=settings.name,
        answers=load_answers(resources.read_text(FILE)),
        profiles=build_profiles(settings, store),
        subscribers=lambda: load_listed(settings, store).subscribers,
        find=lambda who: find_served(settings.subscribers, store, who),
        read_votes=read_votes,
        cast_votes=cast_numbered,
        now=utc_now,
        authserv_id=settings.authserv_id or "",
    )


def build_listener(settings: Settings) -> Callable[[bytes, Envelope], str]:
    """Acts on one mail and says what became of it, without addresses. Threads may share it.

    Raises ConfigError at once for what cannot work.
    """
    from newsletter.services.replies import handle

    store = build_store(settings)
    build_ear(settings, store).sender.close()

    def listen(raw: bytes, envelope: Envelope) -> str:
        ear = build_ear(settings, store)
        with closing(ear.sender):
            heard = handle(ear, raw, envelope)
        return f"{heard.subscriber_id or 'nobody'}: {heard.what}{', answered' if heard.is_answered else ''}"

    return listen


def build_mailbox(settings: Settings) -> Mailbox:
    """The mailbox of replies. Raises ConfigError for settings with which it cannot be opened. Opens no connection."""
    from newsletter.mail.inbound.imap import CLAIMED, Mailbox, MailServer

    host, user, password = settings.imap_host, settings.imap_user, settings.imap_password
    if not host or not user or not password:
        raise ConfigError(
            "no mailbox can be read; set NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD"
        )
    if settings.signer is None:
        raise ConfigError("no tag can be read without the key; set NEWSLETTER_SECRET_KEYS as it was for sending")
    if settings.imap_tls == "none" and host not in _THIS_MACHINE:
        raise ConfigError(
            f"the password for {host} would be readable on its way; set NEWSLETTER_IMAP_TLS to tls or starttls"
        )
    if len({settings.imap_folder, settings.imap_done, settings.imap_failed}) < 3:
        raise ConfigError(
            "mail cannot be moved out of a folder into the same; "
            "set NEWSLETTER_IMAP_FOLDER, NEWSLETTER_IMAP_DONE and NEWSLETTER_IMAP_FAILED to three folders"
        )
    store = build_store(settings)
    return Mailbox(
        MailServer(
            host,
            settings.imap_port,
            settings.imap_tls,
            user,
            password.get_secret_value(),
            settings.imap_folder,
            settings.imap_done,
            settings.imap_failed,
        ),
        lambda mail: store.claim_once(CLAIMED, mail, on=utc_now().date()),
    )


def build_scorer(
    settings: Settings, store: Store, tell_progress: Callable[[int, int], None] | None = None
) -> tuple[Scorer, Prefetcher | None]:
    """The embedded scorer; or with a model the funnel in front of it, and how the model is asked ahead.

    Raises ConfigError, naming file and placeholder, if a text in prompts/ is not complete, and for a model without
    a key, or with a budget that nobody can keep because its price is not known.
    """
    local = build_local_scorer()
    if settings.model is None:
        return local, None
    from newsletter.scoring.batches import Batches, RecordingGrader
    from newsletter.scoring.funnel import FunnelScorer
    from newsletter.scoring.ranking.shortlist import Policy

    policy = Policy(
        min_share=settings.model_min_share,
        max_share=max(settings.model_min_share, settings.model_max_share),
        random_share=settings.model_random_share,
    )
    judge = build_grader(settings, store)
    lead = timedelta(hours=settings.model_batch_ahead_h) if settings.model_tier == "batch" else None

    def build_funnel(notebook: RecordingGrader) -> Scorer:
        return FunnelScorer(local, notebook, store, policy, utc_now)

    ahead = Batches(judge, build_funnel, store, lead=lead)  # without a lead it still collects what was asked before
    return FunnelScorer(local, judge, store, policy, utc_now, tell_progress), ahead


def build_local_scorer() -> LocalScorer:
    # Before numpy is loaded. Its matrices are small here: a second thread saves nothing, and where another process
    # has the second core, the two wait for each other for seconds.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from newsletter.scoring.local import LocalScorer, load_comments

    return LocalScorer(comments=load_comments(resources.read_text("prompts/comments.yaml")))


def build_grader(settings: Settings, store: Store) -> Grader:
    """Who asks the model of the settings. Raises ConfigError as `build_scorer` does."""
    from newsletter.scoring.llm.chat import DEFAULT_URL
    from newsletter.scoring.llm.grader import ChatSettings, Grader, Limits
    from newsletter.scoring.llm.prices import BATCH, FLEX, price_of
    from newsletter.scoring.llm.prompts import load_prompts
    from newsletter.scoring.llm.token_count import count

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
    return Grader(
        ChatSettings(
            model,
            settings.openai_api_key.get_secret_value() if settings.openai_api_key else "",
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
        limits=Limits(
            batch_papers=settings.model_batch_papers,
            concurrency=settings.model_requests_at_once,
            requests_per_minute=settings.model_requests_per_minute,
            tokens_per_minute=settings.model_tokens_per_minute,
        ),
    )


def build_sender(settings: Settings) -> Sender:
    """Raises ConfigError for settings with which no mail could leave. Opens no connection."""
    if settings.send_by == "sendgrid":
        return build_sendgrid_sender(settings)
    if settings.send_by == "smtp":
        return build_smtp_sender(settings)
    from newsletter.senders.outbox import OutboxSender

    return OutboxSender(settings.outbox, utc_now)


def _require_a_sender(settings: Settings) -> None:
    """What every mail that leaves this machine needs. Raises ConfigError."""
    if settings.from_address.domain.lower().endswith(".invalid"):
        raise ConfigError(
            f"no mail can come from {settings.from_address.addr_spec}; "
            "set NEWSLETTER_SENDER to an address of your own domain"
        )
    if settings.signer is None:
        raise ConfigError(
            "links and addresses in mails need a key to sign them; set NEWSLETTER_SECRET_KEYS "
            "('newsletter config --new-secret' makes one)"
        )


def build_smtp_sender(settings: Settings) -> SmtpSender:
    """Raises ConfigError for settings that cannot work together, and for a DKIM key that cannot sign."""
    from newsletter.senders.smtp import MailServer, SmtpSender

    _require_a_sender(settings)
    if not (settings.from_address.addr_spec + settings.bounce_address).isascii():
        raise ConfigError(
            "not every mail server takes an address beyond ASCII; set NEWSLETTER_SENDER and NEWSLETTER_BOUNCE_TO "
            "to plain ones, with the xn-- form of the domain"
        )
    user, password = settings.smtp_user or "", settings.smtp_password
    if bool(user) != bool(password):
        raise ConfigError(
            "a login is a name and a password; set both NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD, or neither"
        )
    secret = password.get_secret_value() if password else ""
    if not (user + secret).isascii():
        raise ConfigError("a mail server's login is ASCII; set NEWSLETTER_SMTP_USER and NEWSLETTER_SMTP_PASSWORD so")
    if user and settings.smtp_tls == "none" and settings.smtp_host not in _THIS_MACHINE:
        raise ConfigError(
            f"the password for {settings.smtp_host} would be readable on its way; "
            "set NEWSLETTER_SMTP_TLS to starttls or tls"
        )
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        hello=settings.from_address.domain,
        user=user,
        password=secret,
        timeout_s=settings.smtp_timeout_s,
    )
    return SmtpSender(server, utc_now, signed=build_signature(settings, settings.from_address.domain))


def build_signature(settings: Settings, domain: str) -> Callable[[bytes], bytes]:
    """What puts a DKIM signature on a mail; without a key the mail stays as it is."""
    key, selector = settings.dkim_key, settings.dkim_selector
    if key is None and selector is None:
        return lambda mail: mail
    if key is None or selector is None:
        raise ConfigError(
            "a DKIM signature needs a key and its name in the DNS; "
            "set both NEWSLETTER_DKIM_KEY and NEWSLETTER_DKIM_SELECTOR, or neither"
        )
    from newsletter.senders.dkim_signature import DkimSignature

    return DkimSignature(key, selector, domain)


def build_mail_identity(settings: Settings) -> MailIdentity:
    return MailIdentity(
        sender=settings.from_address,
        reply_to=settings.reply_address,
        signer=settings.signer,
        base_url=(settings.base_url or "").rstrip("/"),
        bounce_to=settings.bounce_address,
        has_tags=settings.reply_tags,
        is_read=settings.is_inbox_read,
    )


def build_sendgrid_sender(settings: Settings) -> SendGridSender:
    """Raises ConfigError for what SendGrid would refuse anyway."""
    from newsletter.senders.sendgrid import SendGridSender

    _require_a_sender(settings)
    key = settings.sendgrid_api_key.get_secret_value() if settings.sendgrid_api_key else ""
    if not re.fullmatch(r"[!-~]+", key):  # anything else cannot be put into a header
        raise ConfigError(
            "SendGrid takes no mail without a key of its own form; set SENDGRID_API_KEY to one with the permission "
            "Mail Send (Settings, API Keys)"
        )
    return SendGridSender(
        key, url=settings.sendgrid_url, timeout_s=settings.sendgrid_timeout_s, clock=utc_now, sleep=time.sleep
    )


def build_reading_signer(settings: Settings, store: Store) -> Signer | None:
    """What reads links: one in an old mail is that of who its reader is now."""
    signer = settings.signer
    return replace(signer, heir=store.heir_of) if signer else None


def build_store(settings: Settings) -> Store:
    from newsletter.stores.tiny import TinyStore

    return TinyStore(settings.state)


def build_profiles(settings: Settings, store: Store) -> Profiles:
    """Readers' profiles. Nothing is loaded for trying them out before that is asked for."""
    from newsletter.services.profiles import Profiles

    return Profiles(lambda: load_listed(settings, store).subscribers, store, build_local_scorer)


def build_renderer(settings: Settings) -> Renderer:
    return Renderer(
        Brand(settings.name, settings.reply_address, settings.footer),
        resources.folders("templates/email"),
        resources.folders("prompts"),
        load_theme(),
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


def load_subscribers(settings: Settings, store: Store) -> SubscriberList:
    """Everybody as they are served now (services/directory.py). Raises ConfigError if there never was a good file."""
    from newsletter.services import directory

    return directory.load_subscribers(settings.subscribers, store, today=utc_now().date())


def load_listed(settings: Settings, store: Store) -> Listed:
    """The same before their own wishes: reads nothing of any one reader but who came by the web."""
    from newsletter.services import directory

    return directory.load_listed(settings.subscribers, store)
