"""Who subscribes to what: subscribers.yaml and its schema, profiles, votes, sign-ups, and a changed address.

Reads texts and gives values. Keeping them is for stores/; what a reader's request leads to is for services/.
"""

from newsletter.subscribers.file import File, parse_file, read_subscribers, schema, subscriber_from_signup, validate
from newsletter.subscribers.listed import Roster
from newsletter.subscribers.local_time import zone_note
from newsletter.subscribers.profile_diff import differences
from newsletter.subscribers.revisions import KEPT, MOST_A_DAY, is_gone
from newsletter.subscribers.schema import SubscriberEntry, expected, to_address
from newsletter.subscribers.signup_rules import (
    OPEN_FOR,
    Confirmation,
    Form,
    FormProblem,
    LinkState,
    asked_on,
    is_due,
    may_be_mailed,
    postponed,
    reinstate,
    settled,
    state_of,
    taken,
    why_not_mailed,
)
from newsletter.subscribers.topics import begins_with, named_topic
from newsletter.subscribers.votes import LESS, MORE, NEITHER, lessons, numbered, read_vote_token, read_votes, vote_token

__all__ = [
    "KEPT",
    "LESS",
    "MORE",
    "MOST_A_DAY",
    "NEITHER",
    "OPEN_FOR",
    "Confirmation",
    "File",
    "Form",
    "FormProblem",
    "LinkState",
    "Roster",
    "SubscriberEntry",
    "address_change",
    "asked_on",
    "begins_with",
    "differences",
    "expected",
    "is_due",
    "is_gone",
    "lessons",
    "listed",
    "may_be_mailed",
    "named_topic",
    "numbered",
    "overrides",
    "parse_file",
    "postponed",
    "profile_yaml",
    "read_subscribers",
    "read_vote_token",
    "read_votes",
    "reinstate",
    "revisions",
    "schema",
    "settled",
    "state_of",
    "subscriber_from_signup",
    "taken",
    "to_address",
    "validate",
    "vote_token",
    "why_not_mailed",
    "zone_note",
]
