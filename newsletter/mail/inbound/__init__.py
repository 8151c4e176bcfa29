"""Mail that comes in: fetched by IMAP or handed over by SendGrid, and read as a reply, a bounce or a complaint.

Decides and answers nothing: services/replies.py does what a reader asks for.
"""

from newsletter.mail.inbound.bounces import NoEvent, read_bounce
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.inbound.parse import Ignored, Request, read_reply
from newsletter.mail.inbound.parts import MOST_BYTES, decoded
from newsletter.mail.inbound.writer import Envelope, ReplyPolicy

__all__ = [
    "MOST_BYTES",
    "Command",
    "Envelope",
    "Ignored",
    "NoEvent",
    "ReplyPolicy",
    "Request",
    "decoded",
    "imap",
    "read_bounce",
    "read_reply",
    "sendgrid_events",
]
