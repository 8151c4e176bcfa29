"""Puts the sample's digest for a made-up reader before SendGrid in its sandbox mode, which mails nobody."""

from __future__ import annotations

from datetime import time
from email.utils import parseaddr
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter import addresses, app
from newsletter.cli.common import TerminalProgress
from newsletter.errors import ConfigError
from newsletter.mail import build_message
from newsletter.model import AnnounceType, Digest, Frequency, Message, Profile, Subscriber, Topic
from newsletter.run import RunContext, preview
from newsletter.settings import Settings
from newsletter.sources import sample


def try_sandbox(settings: Settings) -> str:
    """Asks SendGrid, and says what it found. Raises SendError with its objection, and what to do about it."""
    if settings.send_by != "sendgrid":
        raise ConfigError("--sandbox asks SendGrid, which sends nothing here; set NEWSLETTER_SEND_BY to sendgrid")
    app.build_sendgrid_sender(settings).validate(_sample_mail(settings))
    return "took the sample digest in sandbox mode and mailed nothing"


def _sample_mail(settings: Settings) -> Message:
    """Builds the sample's digest as a morning would, with a store of its own that is thrown away."""
    with TemporaryDirectory(prefix="newsletter-") as folder:
        mine = {"state": Path(folder, "state"), "outbox": Path(folder, "outbox"), "model": None, "send_by": "outbox"}
        trial = settings.model_copy(update={**mine, "database_url": None})
        context = app.build(trial, feed=sample.PATH)
        on = context.source.day(context.now())
        digest = preview(context, _reader(settings), TerminalProgress(quiet=True), digest_on=on).digest
    return _mail(context, digest)


def _mail(context: RunContext, digest: Digest | None) -> Message:
    if digest is None or digest.is_empty:
        raise AssertionError("the bundled sample announces nothing")
    links = context.identity.links_for(digest.subscriber.subscriber_id, digest.digest_on)
    return build_message(digest, context.renderer.render(digest, links), context.identity, now=context.now())


def _reader(settings: Settings) -> Subscriber:
    """Makes a reader of the operator, who would like to see everything."""
    who = parseaddr(settings.alert_to or settings.contact or settings.sender)[1]
    return Subscriber(
        subscriber_id=addresses.subscriber_id(who),
        email=who,
        name="Sample Reader",
        zone="UTC",
        send_at=time(7),
        frequency=Frequency.DAILY,
        weekday=0,
        categories=("cs.AI", "cs.LG"),
        announce_types=tuple(AnnounceType),
        profile=Profile((Topic("Learning", "how machines learn, and what they learn from"),)),
        pinned_authors=(),
        min_relevance=1,
        min_novelty=1,
        max_papers=30,
    )
