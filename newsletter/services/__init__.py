"""Does what people ask for: reads what is stored, decides by the rules of the rooms below, writes, says what happened.

Replies, pages and commands all come here. Reading a request is for mail/inbound/, web/ and cli/.
"""

from newsletter.services.votes import cast, current_vote, find_paper

__all__ = [
    "additions",
    "amounts",
    "cast",
    "current_vote",
    "directory",
    "find_paper",
    "library",
    "profiles",
    "signup",
    "trial_words",
    "welcomes",
]
