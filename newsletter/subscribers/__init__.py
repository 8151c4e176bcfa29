"""Reads who subscribes to what: subscribers.yaml and its schema, profiles, votes, sign-ups, and a changed address.

Reads texts and gives values. Keeping them is for stores/; what a reader's request leads to is for services/.
"""

from newsletter.subscribers.enrolment import subscriber_from_signup
from newsletter.subscribers.local_time import nearest_zones, read_fixed_zone
from newsletter.subscribers.phrase_lines import find_phrase_lines
from newsletter.subscribers.profile_diff import differences
from newsletter.subscribers.revisions import MAX_REVISIONS, MAX_REVISIONS_A_DAY, was_dropped
from newsletter.subscribers.schema import SubscriberEntry, json_schema
from newsletter.subscribers.signup_rules import Confirmation, Form, FormProblem, LinkState
from newsletter.subscribers.subscribers_yaml import SubscribersFile, parse_file, parse_profiles
from newsletter.subscribers.topics import leading_topic, name_numbers, named_topic, names_topic
from newsletter.subscribers.values import to_address
from newsletter.subscribers.votes import LESS, MORE, NEITHER, labelled_papers, papers_by_number, read_votes

__all__ = [
    "LESS",
    "MAX_REVISIONS",
    "MAX_REVISIONS_A_DAY",
    "MORE",
    "NEITHER",
    "Confirmation",
    "Form",
    "FormProblem",
    "LinkState",
    "SubscriberEntry",
    "SubscribersFile",
    "address_change",
    "amounts",
    "differences",
    "find_phrase_lines",
    "json_schema",
    "labelled_papers",
    "leading_topic",
    "list_export",
    "listing_history",
    "name_numbers",
    "named_topic",
    "names_topic",
    "nearest_zones",
    "overrides",
    "papers_by_number",
    "parse_file",
    "parse_profiles",
    "profile_form",
    "profile_repair",
    "profile_yaml",
    "promised_mail",
    "read_fixed_zone",
    "read_votes",
    "revisions",
    "schema",
    "signup_rules",
    "subscriber_from_signup",
    "to_address",
    "values",
    "was_dropped",
    "welcome_rules",
]
