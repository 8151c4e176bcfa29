"""Builds the services behind what readers ask for: profiles, replies, sign-ups on the web."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from newsletter.app.common import (
    build_mail_identity,
    build_renderer,
    build_timing,
    default_cut_off,
    load_listed,
    utc_now,
)
from newsletter.app.notifier import build_notifier
from newsletter.app.scorers import build_local_scorer, build_vectors
from newsletter.app.senders import build_sender
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.model import Message, Subscriber
from newsletter.settings import Settings
from newsletter.stores import Store
from newsletter.texts import TextsByLanguage

if TYPE_CHECKING:
    from newsletter.mail.welcome import WelcomeContent
    from newsletter.scoring.local import LocalScorer
    from newsletter.services.profiles import ProfileService
    from newsletter.services.replies import ReplyHandler
    from newsletter.services.service_mail import ServiceMails
    from newsletter.services.signup import SignupService
    from newsletter.services.welcomes import WelcomeService


def build_profiles(settings: Settings, store: Store, subscribers: Sequence[Subscriber] | None = None) -> ProfileService:
    """Builds the service of profiles, for these subscribers or for those listed at each question.

    Nothing is loaded for trying them out before that is asked for.
    """
    from newsletter.scoring import find_unknown_words
    from newsletter.services.profiles import ProfileService

    load = (lambda: load_listed(settings, store).subscribers) if subscribers is None else lambda: subscribers

    def build_scorer() -> LocalScorer:
        return build_local_scorer(build_vectors(settings, store))

    return ProfileService(
        load,
        store,
        build_scorer,
        find_unknown_words=find_unknown_words,
        is_judged=settings.model is not None,
    )


def build_service_mails(settings: Settings) -> ServiceMails:
    """Builds what writes answers and notices to readers."""
    from newsletter.mail import responses

    return _build_mails(settings, resources.load_texts(responses.FILE))


def _build_mails(settings: Settings, texts: TextsByLanguage) -> ServiceMails:
    from newsletter.services.service_mail import ServiceMails

    return ServiceMails(build_mail_identity(settings), settings.service_address, settings.name, texts)


def build_reply_handler(settings: Settings, store: Store, subscribers: Sequence[Subscriber]) -> ReplyHandler:
    """Builds what acts on one mail of one of these subscribers. It has a sender of its own, which the caller closes."""
    from newsletter.services.replies import ReplyHandler

    return ReplyHandler(
        store=store,
        sender=build_sender(settings),
        mails=build_service_mails(settings),
        profiles=build_profiles(settings, store, subscribers),
        subscribers=subscribers,
        now=utc_now,
        authserv_id=settings.authserv_id or "",
    )


def build_signup_service(settings: Settings, store: Store, on_signup: Callable[[], None]) -> SignupService:
    """Builds what lets people subscribe on the web. Raises ConfigError as `check_open_subscription` does."""
    from newsletter.ops import log
    from newsletter.run import Timing
    from newsletter.scoring import find_unknown_words
    from newsletter.services.directory import find_served
    from newsletter.services.signup import FILE, SignupService
    from newsletter.services.subscribers_file import load_file
    from newsletter.subscribers.enrolment import subscriber_from_signup

    check_open_subscription(settings)

    def is_in_file(who: str) -> bool:
        file, _ = load_file(settings.subscribers, store, default_cut_off(settings))
        return any(one.subscriber_id == who for one in file.subscribers)

    return SignupService(
        store=store,
        is_in_file=is_in_file,
        open_sender=lambda: build_sender(settings),
        mails=_build_mails(settings, resources.load_texts(FILE)),
        find=lambda who: find_served(settings.subscribers, store, who, default_cut_off(settings)),
        subscriber_from_signup=lambda sign_up: subscriber_from_signup(
            sign_up, load_file(settings.subscribers, store, default_cut_off(settings))[0].defaults
        ),
        max_subscribers=settings.open_subscription_most,
        now=utc_now,
        wake=on_signup,
        log_outcome=lambda who, outcome: log.get_log().info("sign_up", subscriber=who, became=outcome),
        find_unknown_words=find_unknown_words,
        offers_venues=settings.has_openreview_account,
        timing=Timing(latest=build_timing(settings).latest),  # without minutes that are drawn by lot
        alert=lambda who: build_notifier(settings).notify_id_clash(who),
    )


def load_welcome_texts() -> TextsByLanguage:
    """Reads the sentences of the welcome. Raises ConfigError with everything that is wrong in the file."""
    from newsletter.mail import welcome

    return resources.load_texts(welcome.FILE, former=welcome.FORMER_KEYS)


def build_welcome_service(settings: Settings, store: Store) -> WelcomeService:
    """Builds what welcomes whom the operator adds. Templates and the scorer are loaded when there is a newcomer."""
    from newsletter.mail.message import build_welcome
    from newsletter.ops import log
    from newsletter.papers import arxiv_day
    from newsletter.services.listing_changes import find_possible_heirs
    from newsletter.services.welcomes import WelcomeService

    identity = build_mail_identity(settings)
    load_texts = cache(lambda: (build_renderer(settings), load_welcome_texts()))
    load_profiles = cache(lambda: build_profiles(settings, store))

    def build_mail(content: WelcomeContent) -> Message:
        renderer, texts = load_texts()
        now = utc_now()
        links = identity.links_for(content.reader.subscriber_id, now.date())
        return build_welcome(content.reader, renderer.render_welcome(content, texts, links), identity, now=now)

    return WelcomeService(
        store=store,
        load_listed=lambda: load_listed(settings, store),
        find_heirs=lambda listed: find_possible_heirs(listed.subscribers, store, utc_now().date()),
        open_sender=lambda: build_sender(settings),
        build_mail=build_mail,
        preview_before=lambda reader, before: load_profiles().preview_before(reader, before),
        arxiv_day=arxiv_day,
        now=utc_now,
        log_outcome=lambda who, outcome: log.get_log().info("welcome", subscriber=who, became=outcome),
        alert=lambda who, detail: build_notifier(settings).notify_failed_welcome(who, detail),
        timing=build_timing(settings),
    )


def check_open_subscription(settings: Settings) -> None:
    """Checks that a subscription on the web could be confirmed with these settings. Raises ConfigError."""
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
