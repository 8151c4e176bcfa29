"""Builds the web part, and what fills the archive's pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from newsletter.app.common import (
    build_reading_signer,
    build_renderer,
    build_store,
    default_cut_off,
    load_listed,
    reveal,
    utc_now,
)
from newsletter.app.database import build_request_counts, require_database
from newsletter.app.inbound import build_mail_handler
from newsletter.app.notifier import build_notifier
from newsletter.app.services import build_profiles, build_signup_service
from newsletter.files import resources
from newsletter.settings import Settings
from newsletter.stores import Store

if TYPE_CHECKING:
    from flask import Flask

    from newsletter.web.archive.pages import Pages


def build_web(settings: Settings, on_signup: Callable[[], None] = lambda: None) -> Flask:
    """Builds the web part as a WSGI application. `on_signup` is called when a mail to a new subscriber is due.

    Raises ConfigError for a page that cannot be filled.
    """
    from newsletter.app.sample import build_sample
    from newsletter.ops.metrics import Metrics
    from newsletter.web import Archives, WebPart, check_app, create_app

    store = build_store(settings)
    signup_service = build_signup_service(settings, store, on_signup) if settings.open_subscription else None
    is_listening = settings.signer and (settings.inbound_secret or settings.sendgrid_webhook_key)
    app = create_app(
        WebPart(
            store=store,
            signer=build_reading_signer(settings, store),
            brand_name=settings.name,
            reply_address=settings.reply_address,
            now=utc_now,
            webhook_key=settings.sendgrid_webhook_key,
            metrics=Metrics(store, utc_now),
            require_ready=partial(_require_ready, settings, store),
            profiles=build_profiles(settings, store),
            archives=Archives(
                build_archive_pages(settings),
                (settings.base_url or "").rstrip("/"),
                public=lambda: load_listed(settings, store).public_archives,
            ),
            handle_mail=build_mail_handler(settings) if is_listening else None,
            inbound_secret=reveal(settings.inbound_secret) or None,
            gives_up=lambda mail, error: _gives_up(settings, store, mail, error),
            signups=signup_service,
            make_sample=build_sample(settings),
            language_of=lambda who: _language_of(settings, store, who),
            proxies=settings.trusted_proxies,
            take_shared=build_request_counts(settings),
        )
    )
    check_app(app)
    return app


def _require_ready(settings: Settings, store: Store) -> None:
    """Raises StoreError while the memory cannot be used, or has begun anew."""
    from newsletter.services import lost_memory

    if settings.database_url:
        require_database(settings)
    else:
        store.get_runs(limit=1)
    lost_memory.require_whole(store)


def _language_of(settings: Settings, store: Store, subscriber_id: str) -> str:
    """Says in which language somebody reads; empty if nobody on the list is called so. Raises ConfigError."""
    from newsletter.services.directory import find_served

    reader = find_served(settings.subscribers, store, subscriber_id, default_cut_off(settings))
    return reader.profile.language if reader else ""


def _gives_up(settings: Settings, store: Store, mail: str, error: Exception) -> bool:
    """Says whether this mail by Inbound Parse failed before, and alerts the operator then."""
    from newsletter.mail.inbound.imap import CLAIMED

    if store.claim_once(CLAIMED, f"failed {mail}", on=utc_now().date()):
        return False
    build_notifier(settings).notify_failed_mail("a mail by Inbound Parse was given up", error)
    return True


def build_archive_pages(settings: Settings) -> Pages:
    """Builds what fills the archive's templates. Raises ConfigError for one that cannot be filled."""
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
