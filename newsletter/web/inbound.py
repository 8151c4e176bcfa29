"""Takes the mail that readers write, as SendGrid's Inbound Parse posts it: `/hooks/sendgrid/inbound/SECRET`.

Takes a form to pieces as bytes, since each field has a charset of its own, and hands the mail on as bytes. What it
means is mail/inbound/parse.py's business, what follows services/replies.py's. SendGrid repeats for three days what is
answered with 5xx, and nothing else: 2xx also for what is not ours, 503 when the memory failed and a repeat helps. A
mail that raises anything else is taken twice, then given up.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

import flask
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from newsletter.errors import ConfigError, StoreError
from newsletter.mail.inbound import MOST_BYTES as MOST_BYTES_READ
from newsletter.mail.inbound import Envelope, decoded, sendgrid_events
from newsletter.web.request_limits import ConcurrencyLimit, sparing_warner

PATH = "/hooks/sendgrid/inbound"
MOST_BYTES = 30 * 1024 * 1024  # SendGrid takes mails of up to 30 MB
MOST_PARTS = 200
SLOTS, WAITING, WAIT_S = 3, 2, 10.0  # mails that are acted on at once: one may wait for a mail server that hangs

_log = logging.getLogger(__name__)


MailHandler = Callable[[bytes, Envelope], str]  # acts on a mail; what became of it, without addresses
#: Whether a mail, named by a few letters, is to be given up after this error; else SendGrid shall repeat it.
GivesUp = Callable[[str, Exception], bool]


def blueprint(
    handle: MailHandler | None,
    secret: str | None,
    public_key: str | None,
    now: Callable[[], datetime],
    gives_up: GivesUp = lambda mail, error: True,
) -> flask.Blueprint:
    """Takes a post for the secret in its path, or for a signature by `public_key`.

    Without a handler, or without either, every post is refused. Raises ConfigError for a key that is none.
    """
    key = sendgrid_events.load_key(public_key) if public_key else None
    hook = flask.Blueprint("inbound", __name__)
    at_once, warn = ConcurrencyLimit(SLOTS, WAITING, WAIT_S), sparing_warner(_log, now)

    def is_believed(path: str, body: bytes) -> bool:
        if secret and hmac.compare_digest(path.encode(), secret.encode()):
            return True
        return key is not None and sendgrid_events.verify(body, dict(flask.request.headers), key, now())

    @hook.post(PATH)
    @hook.post(f"{PATH}/<rest:path>")
    def take(path: str = "") -> tuple[str, int]:
        body = flask.request.get_data(cache=False)
        if handle is None or not is_believed(path, body):
            warn("a post to %s has neither the secret nor a good signature", PATH)
            return "neither the secret of this address nor a good signature\n", 403
        with at_once.slot():
            return _take(body, handle, gives_up)

    return hook


def _take(body: bytes, handle: MailHandler, gives_up: GivesUp) -> tuple[str, int]:
    fields = _fields(flask.request.mimetype_params.get("boundary", ""), body)
    if fields is None:
        _log.warning("a post to %s is no form that could be read", PATH)
        return "no form that could be read; nothing done\n", 200
    raw, envelope = mail_of(fields)
    try:
        done = handle(raw, envelope)
    except (StoreError, ConfigError):
        _log.exception("a mail by Inbound Parse could not be taken; SendGrid will repeat it")
        return "the memory failed; please repeat\n", 503
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this mail's; it is logged and told
        # thousands of lines of a recursion tell nothing
        _log.error("a mail by Inbound Parse failed", exc_info=not isinstance(error, RecursionError))
        if not gives_up(_name_of(fields), error):
            return "it could not be dealt with; please repeat\n", 503
        return "it can never be dealt with; given up\n", 200
    _log.info("a mail by Inbound Parse: %s", done)
    return "taken\n", 200


def _name_of(fields: Mapping[str, bytes]) -> str:
    """Names a mail so that its repetition, in another form around it, has the same name."""
    parts = [fields.get(name, b"") for name in ("email", "headers", "text", "html")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def _fields(boundary: str, body: bytes) -> Mapping[str, bytes] | None:
    """Reads the fields of a multipart form as bytes, without its files. None if it is no such form."""
    fields: dict[str, bytes] = {}
    name = ""
    try:
        decoder = MultipartDecoder(boundary.encode("ascii"), max_parts=MOST_PARTS)
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                name = event.name if isinstance(event, Field) else ""
            elif isinstance(event, Data) and name:
                fields[name] = fields.get(name, b"") + event.data
    except (ValueError, RequestEntityTooLarge):
        return None
    return fields or None


# --- a form → a mail ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Form:
    fields: Mapping[str, bytes]
    charsets: Mapping[str, object]

    def text(self, name: str) -> str:
        """Decodes a field by the charset that SendGrid names for it, or by UTF-8 or windows-1252 if that is wrong."""
        return decoded(self.fields.get(name, b"")[:MOST_BYTES_READ], str(self.charsets.get(name, "utf-8")))


def mail_of(fields: Mapping[str, bytes]) -> tuple[bytes, Envelope]:
    """Gives the mail and its envelope: `email` holds the raw mail, or else its pieces are put together again."""
    form = _Form(fields, _object(fields.get("charsets", b"")))
    envelope = _object(fields.get("envelope", b""))
    to = envelope.get("to")
    sender = envelope.get("from")
    found = Envelope(
        to=tuple(str(address) for address in to) if isinstance(to, list) else (),
        sender=sender if isinstance(sender, str) else None,
        dkim_domains=tuple(re.findall(r"@([a-z0-9.-]+)\s*:\s*pass\b", form.text("dkim").lower())),
    )
    return fields.get("email") or _rebuilt(form), found


_OF_THE_BODY = re.compile(r"(?im)^(content-(type|transfer-encoding|disposition)|mime-version):.*\n(?:[ \t].*\n)*")


def _rebuilt(form: _Form) -> bytes:
    """Puts the headers over the text that SendGrid took out of the mail."""
    headers = form.text("headers").replace("\r\n", "\n").strip("\n") + "\n"
    # a calendar's answer or a report is known by its Content-Type, which has to go: the parts are not there any more
    is_machine = re.search(r"(?im)^content-type:\s*(multipart/report|text/calendar)", headers)
    body = EmailMessage(policy=SMTP)
    body.set_content(_clean(form.text("text")), cte="base64")
    if html := form.text("html"):
        body.add_alternative(_clean(html), subtype="html", cte="base64")
    head = _OF_THE_BODY.sub("", headers) + ("Auto-Submitted: auto-replied\n" if is_machine else "")
    return head.encode("utf-8", "replace").replace(b"\n", b"\r\n") + body.as_bytes()


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _object(raw: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
