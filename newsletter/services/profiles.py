"""Shows a reader's profile, changes it, brings an old one back, and tries one on the latest announcement.

Every change is a new revision in the store, answered in words; the operator's file is never written. What a text means
is subscribers/profile_yaml.py's business, what holds subscribers/overrides.py's. Who may change a profile is for the
caller to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from newsletter.errors import ConfigError, StoreConflict, StoreLimit
from newsletter.model import MOST_PROFILE_CHARS, AnnouncementDay, Digest, ProfileRevision, RevisionOrigin, Subscriber
from newsletter.papers import readable
from newsletter.run import Morning, compose, select_from
from newsletter.scoring import ScoreCache, Scorer
from newsletter.services import directory, library
from newsletter.stores import Store
from newsletter.subscribers import MAX_REVISIONS, MAX_REVISIONS_A_DAY, differences, profile_yaml, was_dropped, zone_note

MAX_TITLES = 5
TRIALS = 8  # whose scores are remembered: a reader who tries out cut-offs asks the same again

_UNKNOWN = "Nothing was changed: this address is no longer on the list of this newsletter."
_NOTHING_SENT = "Nothing was changed: there was no profile in what you sent."
_TOO_LONG = (
    f"Nothing was changed: a profile has at most {MOST_PROFILE_CHARS:,} characters, and what you sent has more."
    " Shorten it, and try again."
)
_MEANWHILE = (
    "Nothing was changed: the profile has been changed elsewhere in the meantime."
    " Ask for the present one, and make your change there."
)
_ENOUGH = (
    f"Nothing was changed: a profile can be changed {MAX_REVISIONS_A_DAY} times a day, and it was today."
    " The next change can be made after midnight UTC; please send it again then."
)
_NOT_KEPT = f"Of your profile the last {MAX_REVISIONS} revisions are kept; the ones before them are not."
_SAME = "Nothing is different: your profile says this already."


class ProfileService:
    """The profiles of those whom `listed` gives, as subscribers.yaml has them.

    `scorer` makes the one that tries profiles out, when it is first needed: the embedded one, since a trial must cost
    nothing.
    """

    def __init__(self, listed: Callable[[], Sequence[Subscriber]], store: Store, scorer: Callable[[], Scorer]) -> None:
        self._listed = listed
        self._store = store
        self._scorer = cache(lambda: ScoreCache(scorer(), by_floor=False, max_reports=TRIALS))

    def current(self, subscriber_id: str) -> str:
        """The profile that counts now, as YAML that explains itself."""
        listed = self._find(subscriber_id)
        return profile_yaml.write(directory.resolve(listed, self._store).subscriber) if listed else f"# {_UNKNOWN}\n"

    def change(
        self, subscriber_id: str, text: str, *, origin: RevisionOrigin, now: datetime, after: int | None = None
    ) -> str:
        """Stores the text as the reader's profile and says what is different, or stores nothing and says what is wrong.

        A blank text hands the profile back to subscribers.yaml, but not by a reply: a mail program may have lost it.
        `after` is the revision the change was made from (0: none), if that is known. A reader may do so
        MAX_REVISIONS_A_DAY times a UTC day. May be repeated.
        """
        listed = self._find(subscriber_id)
        if listed is None:
            return _UNKNOWN
        if len(text) > MOST_PROFILE_CHARS:
            return _TOO_LONG
        if origin is RevisionOrigin.REPLY and profile_yaml.is_blank(text):
            return _NOTHING_SENT
        try:
            return self._change(listed, text, origin, now, after)
        except ConfigError as error:
            return f"Nothing was changed. {error}\n\nMend these, and try again."
        except StoreConflict:
            return _MEANWHILE
        except StoreLimit:
            return _ENOUGH

    def revert(self, subscriber_id: str, number: int, *, now: datetime) -> str:
        """Brings a revision back, as a new one; 0 hands the profile back to subscribers.yaml.

        Raises ConfigError if there is no such subscriber or revision, or if it cannot be read any more.
        """
        listed = self._find(subscriber_id)
        if listed is None:
            raise ConfigError(f"{subscriber_id} is no subscriber; 'newsletter subscribers' lists who is")
        known = self._store.get_revisions(subscriber_id)
        texts = {revision.number: revision.text for revision in known} | {0: ""}
        if number not in texts:
            why = f" any more: the last {MAX_REVISIONS} are kept" if was_dropped(known, number) else ""
            raise ConfigError(
                f"{subscriber_id} has no revision {number}{why};"
                f" 'newsletter subscribers revisions {subscriber_id}' lists them"
            )
        return self._change(listed, texts[number], RevisionOrigin.OPERATOR, now, max(texts))

    def preview(self, subscriber_id: str, text: str, *, now: datetime) -> Digest | None:
        """Composes the latest announcement under this text, by the embedded scorer. Records nothing.

        None if no announcement is kept, or nobody is called so. Raises ConfigError as `profile_yaml.read`.
        """
        listed = self._find(subscriber_id)
        days = self._latest_days(now)
        return self._compose(self._read(text, listed), days) if listed and days else None

    def _find(self, subscriber_id: str) -> Subscriber | None:
        return next((one for one in self._listed() if one.subscriber_id == subscriber_id), None)

    def _change(self, listed: Subscriber, text: str, origin: RevisionOrigin, now: datetime, after: int | None) -> str:
        who = listed.subscriber_id
        before = directory.resolve(listed, self._store).subscriber
        changed = replace(self._read(text, listed), paused_until=before.paused_until)
        if changed == before and not (profile_yaml.is_blank(text) and self._has_revision(who)):
            return _SAME
        most = None if origin is RevisionOrigin.OPERATOR else MAX_REVISIONS_A_DAY
        revision = self._store.add_revision(who, text, origin=origin, now=now, after=after, most_a_day=most)
        if self._store.get_address_status(who).frequency is not None:  # an earlier word; this one is later
            self._store.change_address_status(who, lambda status: replace(status, frequency=None))
        return "\n".join(self._describe(before, changed, revision, now))

    def _read(self, text: str, listed: Subscriber) -> Subscriber:
        """Reads the text as this reader's profile, with what is known of the papers in it; blank is as listed."""
        read = listed if profile_yaml.is_blank(text) else profile_yaml.read(text, listed)
        return library.fill(read, self._store)

    def _has_revision(self, who: str) -> bool:
        revisions = self._store.get_revisions(who)
        return bool(revisions) and not profile_yaml.is_blank(revisions[-1].text)

    # --- the answer

    def _describe(
        self, before: Subscriber, after: Subscriber, revision: ProfileRevision, now: datetime
    ) -> Iterable[str]:
        is_back = profile_yaml.is_blank(revision.text)
        yield (
            f"Your profile is again as it was set up for you (revision {revision.number})."
            if is_back
            else f"Your profile is changed (revision {revision.number}); the next mail follows it."
        )
        lines = differences(before, after)
        yield ""
        yield "What is different now:" if lines else "Nothing that it says is different now."
        yield from (f"- {line}" for line in lines)
        yield from (f"- {line}" for line in library.explain_missing(after))
        if after.zone != before.zone and (note := zone_note(after.zone)):
            yield f"- time_zone: {after.zone} {note}"
        if revision.number > MAX_REVISIONS:
            yield ""
            yield _NOT_KEPT
        if _selection_settings(before) != _selection_settings(after):
            yield ""
            yield from self._compare(before, after, now)

    def _compare(self, before: Subscriber, after: Subscriber, now: datetime) -> Iterable[str]:
        days = self._latest_days(now)
        if not days:
            yield "No announcement is kept yet that it could be tried on."
            return
        old_digest, new_digest = (self._compose(each, days) for each in (before, after))
        old, new = _titles(old_digest), _titles(new_digest)
        yield (
            f"What the announcement of {days[-1].announced_on} would have given, ranked by words alone (no model was"
            " asked, so nothing was paid; where a model judges, the mail may choose differently):"
        )
        nearest = new_digest.counts.nearest
        yield "".join(
            (
                _count_text(len(old), len(new)),
                "" if old.keys() != new.keys() else ", the same as before",
                f" ({nearest} of them below the cut-offs, as the nearest)" if nearest else "",
                ".",
            )
        )
        yield from _list_titles("New", [title for arxiv_id, title in new.items() if arxiv_id not in old])
        yield from _list_titles("Gone", [title for arxiv_id, title in old.items() if arxiv_id not in new])
        unread = [each for each in after.categories if each not in {feed.category for feed in days[-1].feeds}]
        if unread:
            yield f"Papers of {', '.join(unread)} were not collected that day; they come with the next announcement."

    def _latest_days(self, now: datetime) -> list[AnnouncementDay]:
        """The latest day that brought papers, and before it the days that the scorer looks at."""
        return self._store.get_days(before=now.date() + timedelta(days=2), limit=1 + self._scorer().history_days)

    def _compose(self, subscriber: Subscriber, days: Sequence[AnnouncementDay]) -> Digest:
        today = days[-1]
        scorer = self._scorer()
        selection = select_from(
            (), Morning("", today, days[:-1]), subscriber, today.announced_on, history_days=scorer.history_days
        )
        return compose(scorer, self._store, replace(selection, is_first=False))[0]  # what any day would bring


def _selection_settings(subscriber: Subscriber) -> tuple[object, ...]:
    """All settings that decide which papers are in a mail."""
    return (
        replace(subscriber.profile, language=""),
        *(subscriber.categories, subscriber.announce_types, subscriber.pinned_authors),
        *(subscriber.min_relevance, subscriber.min_novelty, subscriber.max_papers, subscriber.at_least),
    )


def _titles(digest: Digest) -> dict[str, str]:
    """Titles by id, in reading order."""
    return {entry.paper.arxiv_id: readable(entry.paper.title) for entry in digest.entries}


def _count_text(old: int, new: int) -> str:
    papers = f"{new} paper{'' if new == 1 else 's'}"
    return papers if old == new else f"{papers} instead of {old}"


def _list_titles(heading: str, titles: Sequence[str]) -> Iterable[str]:
    if titles:
        yield f"{heading}:"
        yield from (f"- {title}" for title in titles[:MAX_TITLES])
    if len(titles) > MAX_TITLES:
        yield f"- and {len(titles) - MAX_TITLES} more"
