"""The venues of OpenReview: how their ids are written, and what readers call them. Pure.

An id is a path as in the address of the venue's page, https://openreview.net/group?id=ICLR.cc/2026/Conference: capitals
count, and each part is letters, digits and a few signs. Accepted papers have the id itself as their `venueid`; those
under review, rejected or withdrawn have one that goes on behind it.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from newsletter.phrases import Phrase

MOST_VENUE_CHARS = 150
OFFERED = {"TMLR": "Transactions on Machine Learning Research"}  # to strangers, who may name no other
_VENUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_HOSTS = ("openreview.net", "www.openreview.net")
_MEETINGS = ("Conference", "Workshop", "Track", "Symposium")
# What stands behind a venue's own id in the names of its forms, and of papers that it did not accept, or not yet
_OF_PAPERS = re.compile(
    r"/-(?:/.*)?$|/(?:[A-Za-z]+_)*(?:Submissions?|Under_Review|Decision_Pending|Rejected|Withdrawn)$"
)


def read_venue(text: str) -> str:
    """Gives a venue's id, also out of its page's address. Raises ValueError if it is none."""
    venue = _within(text)
    if venue_problem(text):
        raise ValueError("no venue of OpenReview")
    return venue


def venue_problem(text: str) -> Phrase | None:
    """Says what was expected in place of what is no venue's id; None if nothing speaks against it."""
    venue = _within(text)
    alone = _OF_PAPERS.sub("", venue)
    if len(venue) > MOST_VENUE_CHARS or not _VENUE.fullmatch(alone):
        return Phrase(
            "a venue as in the address of its page at openreview.net, such as openreview:TMLR or"
            " openreview:ICLR.cc/2026/Conference"
        )
    return None if alone == venue else say_alone(alone)


def say_alone(venue: str) -> Phrase:
    """Says that this venue is to be written, and nothing before or behind it."""
    return Phrase("the venue alone, openreview:{venue}", venue=venue)


def venue_of_page(address: str) -> str:
    """Gives the venue whose page at OpenReview this address leads to; "" for any other address."""
    try:
        parts = urlsplit(address.strip())
        is_page = parts.hostname in _HOSTS and parts.path == "/group"
        venue = next(iter(parse_qs(parts.query).get("id", ())), "") if is_page else ""
    except ValueError:
        return ""
    return venue.strip("/") if _VENUE.fullmatch(venue.strip("/")) else ""


def _within(text: str) -> str:
    """Gives the id in an address of a venue's page; of any other text the text itself."""
    return venue_of_page(text) or text.strip().strip("/")


def show_venue(venue: str) -> str:
    """Names a venue as people do: "ICLR 2026", "TMLR", "ICML 2026 Workshop FM4LS"."""
    parts = venue.split("/")
    if "." in parts[0] and len(parts) > 1:  # the site of who holds it
        parts = parts if _YEAR.fullmatch(parts[1]) else parts[1:]
        parts = [parts[0].partition(".")[0], *parts[1:]]
    if len(parts) > 1 and parts[-1] == "Conference":
        parts.pop()
    return " ".join(part.replace("_", " ") for part in parts)


def is_meeting(venue: str) -> bool:
    """Tells whether papers of this venue are cited as those of a meeting, not of a journal: it has a year."""
    parts = venue.split("/")
    return any(_YEAR.fullmatch(part) for part in parts) or parts[-1] in _MEETINGS


def fold_venue(venue: str) -> str:
    """Gives the letters and digits of an id alone, as the name of a recorded file keeps them."""
    return re.sub(r"[^A-Za-z0-9]", "", venue)
