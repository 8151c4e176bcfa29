"""Builds the MIME mail of a digest: two parts and the headers of a list mail. Pure; sends nothing.

Everything is a function of (subscriber, digest date, content, now): the same delivery built twice has the same
Message-ID, so that copies collapse in the mailbox.
"""

from __future__ import annotations

import email.policy
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from newsletter.model import Digest, Message, RenderedDigest

# RFC 5322 §2.1.1: no line over 998 characters. Quoted-printable keeps lines at 76 whatever the HTML looks like.
_ENCODING = "quoted-printable"


def message_id(digest: Digest, domain: str) -> str:
    """RFC 5322 §3.6.4, deterministic: one for each (subscriber, digest date)."""
    return f"<{digest.digest_on.isoformat()}.{digest.subscriber.subscriber_id}@{domain}>"


def build_message(
    digest: Digest, rendered: RenderedDigest, *, sender: Address, reply_to: str, now: datetime
) -> Message:
    """The mail of this digest, from `sender`; replies go to `reply_to`, "unsubscribe" among them.

    `now` is aware. Raises ValueError if an address or a name contains CR or LF.
    """
    subscriber = digest.subscriber
    mime = EmailMessage(policy=email.policy.SMTP)
    mime["From"] = sender
    mime["To"] = Address(display_name=subscriber.name, addr_spec=subscriber.email)
    mime["Reply-To"] = Address(addr_spec=reply_to)
    mime["Subject"] = rendered.subject
    mime["Date"] = format_datetime(now)
    mime["Message-ID"] = message_id(digest, sender.domain)
    mime["List-Id"] = f"<digest.{sender.domain}>"  # RFC 2919
    mime["List-Unsubscribe"] = f"<mailto:{reply_to}?subject=unsubscribe>"  # RFC 2369 §3.2
    mime["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no out-of-office answers, please
    mime["Precedence"] = "bulk"
    mime["X-Auto-Response-Suppress"] = "All"  # [MS-OXCMAIL]: the same for Exchange
    mime.set_content(rendered.text, charset="utf-8", cte=_ENCODING)
    mime.add_alternative(rendered.html, subtype="html", charset="us-ascii", cte=_ENCODING)
    # The same delivery gives the same bytes. "=_" cannot occur in quoted-printable text (RFC 2045 §6.7).
    mime.set_boundary(f"=_{digest.digest_on.isoformat()}.{subscriber.subscriber_id}")
    return Message(delivery_id=f"{subscriber.subscriber_id}/{digest.digest_on}", to=subscriber.email, mime=mime)
