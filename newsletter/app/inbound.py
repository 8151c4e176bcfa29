"""Builds what reads the mailbox, and what acts on a mail that came in. Opens no connection."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from newsletter.app.common import build_store, forbid_readable_password, load_listed, require_signer, reveal, utc_now
from newsletter.app.services import build_reply_handler
from newsletter.errors import ConfigError
from newsletter.settings import Settings
from newsletter.stores import Store

if TYPE_CHECKING:
    from newsletter.mail.inbound.imap import Mailbox
    from newsletter.mail.inbound.writer import Envelope


def build_mailbox(settings: Settings) -> Mailbox:
    """Builds the mailbox of replies. Raises ConfigError for settings with which it cannot be opened."""
    from newsletter.mail.inbound.imap import CLAIMED, ImapServer, Mailbox

    host, user, password = settings.imap_host, settings.imap_user, settings.imap_password
    if not host or not user or not password:
        raise ConfigError(
            "no mailbox can be read; set NEWSLETTER_IMAP_HOST, NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD"
        )
    require_signer(settings)
    forbid_readable_password(host, settings.imap_tls, "set NEWSLETTER_IMAP_TLS to tls or starttls")
    folders = (settings.imap_folder, settings.imap_done, settings.imap_failed)
    if len(set(folders)) < len(folders):
        raise ConfigError(
            "mail cannot be moved out of a folder into the same; "
            "set NEWSLETTER_IMAP_FOLDER, NEWSLETTER_IMAP_DONE and NEWSLETTER_IMAP_FAILED to three folders"
        )
    store = build_store(settings)
    return Mailbox(
        ImapServer(host, settings.imap_port, settings.imap_tls, user, reveal(password), *folders),
        lambda mail: store.claim_once(CLAIMED, mail, on=utc_now().date()),
    )


def build_mail_handler(settings: Settings, store: Store | None = None) -> Callable[[bytes, Envelope], str]:
    """Builds what acts on a mail and says what became of it, without addresses. Threads may share it.

    Reads the subscribers once for each mail. Raises ConfigError at once for what cannot work.
    """
    from newsletter.services.replies import handle

    store = store or build_store(settings)
    build_reply_handler(settings, store, subscribers=()).sender.close()

    def handle_mail(raw: bytes, envelope: Envelope) -> str:
        handler = build_reply_handler(settings, store, load_listed(settings, store).subscribers)
        with closing(handler.sender):
            outcome = handle(handler, raw, envelope)
        return f"{outcome.subscriber_id or 'nobody'}: {outcome.what}{', answered' if outcome.is_answered else ''}"

    return handle_mail
