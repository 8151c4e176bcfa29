"""Does what people ask for: reads what is stored, decides by the rules of the rooms below, writes, says what happened.

Replies, pages and commands all come here. Reading a request is for mail/inbound/, web/ and cli/.
"""

from newsletter.services.saved import MOST_SAVED, SaveState, find_mailed, find_saved, save
from newsletter.services.votes import cast, current_vote, find_paper

__all__ = [
    "MOST_SAVED",
    "SaveState",
    "additions",
    "amounts",
    "cast",
    "current_vote",
    "directory",
    "find_mailed",
    "find_paper",
    "find_saved",
    "library",
    "listing_changes",
    "live_libraries",
    "lost_memory",
    "profiles",
    "reader_texts",
    "save",
    "signup",
    "subscriber_import",
    "subscribers_file",
    "trial_words",
    "welcomes",
]
