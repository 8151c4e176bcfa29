"""Sends a reader more or fewer papers: proposes the step on what one day brought, and stores it as their profile.

The rule is subscribers/amounts.py's; checks, history and limits are those of every change of a profile (profiles.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from newsletter.model import RevisionOrigin, Subscriber
from newsletter.services.profiles import ProfileService
from newsletter.services.reader_texts import answer_texts, comment_texts
from newsletter.stores import Store
from newsletter.subscribers import amounts, profile_yaml


@dataclass(frozen=True, slots=True)
class AmountService:
    """The amount of papers of those whose profiles `profiles` has."""

    profiles: ProfileService
    store: Store

    def find(self, subscriber_id: str) -> Subscriber | None:
        """The reader as they are served now; None if nobody on the list is called so."""
        return self.profiles.find_current(subscriber_id)

    def propose(self, reader: Subscriber, direction: amounts.Direction, digest_on: date) -> amounts.AmountChange | None:
        """Proposes one step from where the reader is now, on the day of that digest if it is kept."""
        digest = self.store.get_digest(reader.subscriber_id, digest_on)
        return amounts.propose(direction, reader, amounts.count_day(digest, reader) if digest else None)

    def apply(self, subscriber_id: str, change: amounts.AmountChange, now: datetime) -> str:
        """Stores the change if the setting is still what it changes from; says why not, or nothing.

        Doing it twice is doing it once. Whatever the profile's page refuses is refused here in the same words.
        """
        listed, reader = self.profiles.find_listed(subscriber_id), self.find(subscriber_id)
        if listed is None or reader is None:
            return answer_texts()["unknown_reader"]
        if amounts.value_of(reader, change.setting) != change.before:
            return ""
        revisions, comments = self.store.get_revisions(subscriber_id), comment_texts(reader.profile.language)
        text = revisions[-1].text if revisions else ""
        changed = amounts.with_value(change, "" if profile_yaml.is_blank(text) else text, listed, reader, comments)
        after = revisions[-1].number if revisions else 0
        answer = self.profiles.change(subscriber_id, changed, origin=RevisionOrigin.WEB, now=now, after=after)
        is_done = (found := self.find(subscriber_id)) and amounts.value_of(found, change.setting) == change.after
        return "" if is_done else answer
