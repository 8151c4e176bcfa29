"""The web part as tests of its pages use it: a reader, the key of their links, and everything it needs."""

from datetime import UTC, datetime, timedelta

from newsletter.delivery import suppression
from newsletter.model import Suppression, SuppressionReason
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.web import WebPart

WHO = "s_abcd2345"
NOW = datetime(2026, 1, 6, 6, 0, tzinfo=UTC)
SIGNER = Signer(["an older key", "a key"])
LINK = f"/u/{SIGNER.link(Purpose.UNSUBSCRIBE, WHO)}"
FORM = "application/x-www-form-urlencoded"


class Clock:
    """The time that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def part_of(store: Store) -> WebPart:
    return WebPart(
        store=store,
        signer=SIGNER,
        brand_name="Tea & Papers",
        reply_address="back@example.org",
        now=lambda: NOW,
        webhook_key=None,
        metrics=lambda: b"newsletter_runs 1\n",
    )


def suppress_for(store: Store, reason: SuppressionReason) -> None:
    """Suppresses the reader's address since yesterday."""
    since = Suppression(reason, NOW - timedelta(days=1))
    store.change_address_status(WHO, lambda before: suppression.suppress(before, since))
