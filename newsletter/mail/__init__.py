"""Makes mails: a digest as HTML and text within a mail program's limits, answers to readers, the MIME message.

Sends nothing (senders/) and chooses no papers (run/). Mail that comes in is read in inbound/.
"""

from newsletter.mail.cost import CostView, cost_view
from newsletter.mail.message import MailIdentity, VoteLinks, build_message, build_service_message
from newsletter.mail.notices import write_notices
from newsletter.mail.paper_view import PAPER_AUTHORS
from newsletter.mail.sample_digest import (
    BY_TOPIC,
    BY_WORDS,
    EVERYTHING,
    FILLED_UP,
    NEAREST_ONLY,
    NOTHING,
    PARTLY_JUDGED,
)
from newsletter.mail.updates import UpdateView, update_views

__all__ = [
    "BY_TOPIC",
    "BY_WORDS",
    "EVERYTHING",
    "FILLED_UP",
    "NEAREST_ONLY",
    "NOTHING",
    "PAPER_AUTHORS",
    "PARTLY_JUDGED",
    "CostView",
    "MailIdentity",
    "UpdateView",
    "VoteLinks",
    "build_message",
    "build_service_message",
    "cost_view",
    "render",
    "responses",
    "templates",
    "update_views",
    "welcome",
    "wording",
    "write_notices",
]
