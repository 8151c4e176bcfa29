"""The web part: what a link in a mail leads to, and what providers and monitoring call.

`create_app` puts it together, one blueprint for each concern; `check_app` fills its pages for a try. Headers, sizes and
errors, which all share, are in `app.py`. Keeps no session, sets no cookie, needs no JavaScript. Opens no port:
`newsletter serve` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from secrets import token_hex

import flask
from werkzeug.middleware.proxy_fix import ProxyFix

from newsletter.services import amounts, signup
from newsletter.services import profiles as profile_service
from newsletter.signing import Signer
from newsletter.stores import Store
from newsletter.web import (
    amount,
    archive_routes,
    health,
    home,
    inbound,
    pause,
    profile,
    saved,
    sendgrid_events,
    subscribe,
    unsubscribe,
    votes,
)
from newsletter.web.app import check_samples, new_app
from newsletter.web.archive_routes import Archives
from newsletter.web.languages import LanguageOf
from newsletter.web.request_limits import SHARED, TakeShared
from newsletter.web.sizes import Sizes

__all__ = [
    "SIZES",
    "Archives",
    "WebPart",
    "check_app",
    "check_templates",
    "create_app",
    "server",
]

SIZES = "newsletter-sizes"  # of an application's extensions: its Sizes, for the server in front of it
SAMPLES = (*unsubscribe.SAMPLES, *pause.SAMPLES, *votes.SAMPLES, *saved.SAMPLES, *subscribe.SAMPLES)


@dataclass(frozen=True, slots=True)
class WebPart:
    """Everything the web part needs, handed over by app/."""

    store: Store
    signer: Signer | None  # None: there is no key yet, and no link was ever made
    brand_name: str
    reply_address: str  # where a page sends readers whom it cannot help
    now: Callable[[], datetime]
    webhook_key: str | None  # SendGrid's public key; None: its events are refused
    metrics: Callable[[], bytes]  # in Prometheus' text format
    require_ready: Callable[[], object] | None = None  # raises StoreError; None: the memory is ready if it can be read
    profiles: profile_service.ProfileService | None = None  # None: there is no page to change a profile
    archives: Archives | None = None  # None: no digest has a page
    handle_mail: inbound.MailHandler | None = None  # that came by Inbound Parse; None: nobody does
    inbound_secret: str | None = None  # the end of the address it is posted to
    gives_up: inbound.GivesUp = lambda mail, error: True  # on a mail that could not be dealt with
    signups: signup.SignupService | None = None  # None: nobody can subscribe here
    make_sample: home.MakeSample | None = None  # a digest's HTML in a language; None: no sample is shown
    language_of: LanguageOf = lambda who: ""  # by a subscriber's id; empty: not known, and the browser's holds
    proxies: int = 0  # of the operator's own, that add to X-Forwarded-For
    take_shared: TakeShared | None = None  # counts requests of all processes; None: each counts by itself


def create_app(part: WebPart) -> flask.Flask:
    """Builds the WSGI application; `extensions[SIZES]` says how large a request may be. `check_app` tries its pages.

    Raises ConfigError for a file of sentences that is not usable.
    """
    sizes = _sizes(part)
    app = new_app(
        brand_name=part.brand_name, reply_address=part.reply_address, sizes=sizes, language_of=part.language_of
    )
    app.extensions[SIZES] = sizes
    app.extensions[SHARED] = part.take_shared
    if part.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=part.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    signer = part.signer or Signer([token_hex()])  # reads no link, since it made none
    app.register_blueprint(health.blueprint(part.require_ready or partial(part.store.get_runs, limit=1), part.metrics))
    app.register_blueprint(_home(part))
    app.jinja_env.globals.update(has_sample=part.make_sample is not None)
    app.register_blueprint(unsubscribe.blueprint(part.store, signer, part.now))
    app.register_blueprint(pause.blueprint(part.store, signer, part.now))
    app.register_blueprint(votes.blueprint(part.store, signer, part.now))
    app.register_blueprint(saved.blueprint(part.store, signer, part.now, has_archive=part.archives is not None))
    if part.profiles is not None:
        app.register_blueprint(profile.blueprint(part.store, signer, part.profiles, part.now))
        amount_service = amounts.AmountService(part.profiles, part.store)
        app.register_blueprint(amount.blueprint(amount_service, signer, part.now))
    if part.archives is not None:
        has_amounts = part.profiles is not None
        app.register_blueprint(
            archive_routes.blueprint(part.store, signer, part.archives, part.now, has_amounts=has_amounts)
        )
    if part.signups is not None and part.signer is not None:
        app.register_blueprint(subscribe.blueprint(part.signups, signer, part.now))
        app.jinja_env.globals.update(subscribe_url="/subscribe")
    app.register_blueprint(sendgrid_events.blueprint(part.store, part.webhook_key, part.now))
    app.register_blueprint(
        inbound.blueprint(part.handle_mail, part.inbound_secret, part.webhook_key, part.now, part.gives_up)
    )
    return app


def _home(part: WebPart) -> flask.Blueprint:
    archives = part.archives
    return home.blueprint(
        part.now,
        base_url=archives.base_url if archives else "",
        public=archives.public if archives else dict,
        make_sample=part.make_sample,
    )


def _sizes(part: WebPart) -> Sizes:
    """Gives each page its limit; SendGrid's paths take more only where something is set by which it can be believed."""
    below = {"/profile": profile.MAX_BODY_BYTES, "/subscribe": subscribe.MAX_BODY_BYTES}
    if part.webhook_key:
        below |= {sendgrid_events.PATH: sendgrid_events.MOST_BYTES, inbound.PATH: inbound.MOST_BYTES}
    secret = part.inbound_secret
    return Sizes(below, {f"{inbound.PATH}/{secret}": inbound.MOST_BYTES} if secret else {})


def check_app(app: flask.Flask) -> None:
    """Fills every page in every language. Raises ConfigError, naming template and line, for one that cannot be."""
    check_samples(app, (*SAMPLES, *home.samples(), *amount.samples(), *profile.samples()))


def check_templates(brand_name: str, reply_address: str) -> None:
    """Raises ConfigError, as `check_app` does, with no more known than these two."""
    check_app(new_app(brand_name=brand_name, reply_address=reply_address))
