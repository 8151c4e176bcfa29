"""Shows a reader's profile, changes it, brings an old one back, and tries one on the last announcements.

Every change is a new revision in the store, answered in words; the operator's file is never written. What a text means
is subscribers/profile_yaml.py's business, what holds subscribers/overrides.py's, what a trial gives run/trial.py's.
Who may change a profile is for the caller to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

from newsletter.errors import ConfigError, StoreConflict, StoreLimit
from newsletter.model import (
    MOST_PROFILE_CHARS,
    Digest,
    Profile,
    ProfileRevision,
    RevisionOrigin,
    Subscriber,
    UnknownWords,
)
from newsletter.run import TRIED_DAYS, Trial, count_days, try_days
from newsletter.scoring import ScoreCache, Scorer
from newsletter.services import directory, library, profile_answers, trial_words
from newsletter.services.reader_texts import answer_texts, comment_texts, trial_texts
from newsletter.stores import Store
from newsletter.subscribers import (
    MAX_REVISIONS,
    MAX_REVISIONS_A_DAY,
    profile_form,
    profile_repair,
    profile_yaml,
    was_dropped,
)
from newsletter.texts import FALLBACK_LANGUAGE, Texts

RECENT = timedelta(days=7)
TRIALS = 8 * TRIED_DAYS  # whose scores are remembered: a reader who tries out cut-offs asks the same again


class ProfileService:
    """The profiles of those whom `listed` gives, as subscribers.yaml has them.

    `scorer` makes the one that tries profiles out, when it is first needed: the embedded one, since a trial must cost
    nothing. `find_unknown_words` gives those words of a profile that no paper uses. `is_judged` says that a model
    judges the mails themselves, so that readers are told of the difference.
    """

    def __init__(
        self,
        listed: Callable[[], Sequence[Subscriber]],
        store: Store,
        scorer: Callable[[], Scorer],
        *,
        find_unknown_words: Callable[[Profile], Sequence[UnknownWords]] = lambda _: (),
        is_judged: bool = False,
    ) -> None:
        self._listed = listed
        self._store = store
        self._find_unknown_words = find_unknown_words
        self.is_judged = is_judged
        self._scorer = cache(lambda: ScoreCache(scorer(), by_floor=False, max_reports=TRIALS))

    def current(self, subscriber_id: str) -> str:
        """The profile that counts now, as YAML that explains itself."""
        listed = self.find_listed(subscriber_id)
        return self._written(listed, profile_yaml.MAIL_WIDTH) if listed else self._unknown_text()

    def editable(self, subscriber_id: str) -> str:
        """The profile that counts now, in the reader's own lines where they wrote it; its lines may be long."""
        listed = self.find_listed(subscriber_id)
        if listed is None:
            return self._unknown_text()
        served = directory.resolve(listed, self._store)
        text = profile_repair.repair(served.revision.text) if served.revision else ""
        fields = profile_form.fields_of(text) if text else None
        if fields is None:
            return self._written(listed, 0)
        if not served.has_frequency:
            return text
        word = {**fields.single, "frequency": str(served.subscriber.frequency)}
        return profile_form.write_fields(text, replace(fields, single=word))

    def _unknown_text(self) -> str:
        return f"# {self._texts_for(None)['unknown_reader']}\n"

    def _written(self, listed: Subscriber, width: int) -> str:
        served = directory.resolve(listed, self._store)
        return profile_yaml.write(served.subscriber, comment_texts(served.subscriber.profile.language), width=width)

    def find_listed(self, subscriber_id: str) -> Subscriber | None:
        """The subscriber before their own wishes; None if nobody on the list is called so."""
        return next((one for one in self._listed() if one.subscriber_id == subscriber_id), None)

    def find_current(self, subscriber_id: str) -> Subscriber | None:
        """The subscriber as they are served now, with the profile that counts."""
        listed = self.find_listed(subscriber_id)
        return directory.resolve(listed, self._store).subscriber if listed else None

    def change(
        self, subscriber_id: str, text: str, *, origin: RevisionOrigin, now: datetime, after: int | None = None
    ) -> str:
        """Stores the text as the reader's profile and says what is different, or stores nothing and says what is wrong.

        Both are in the reader's language, what is different in that of the profile that then holds.
        A blank text hands the profile back to subscribers.yaml, but not by a reply: a mail program may have lost it.
        `after` is the revision the change was made from (0: none), if that is known. A reader may do so
        MAX_REVISIONS_A_DAY times a UTC day. May be repeated.
        """
        listed = self.find_listed(subscriber_id)
        t = self._texts_for(listed)
        if listed is None:
            return t["unknown_reader"]
        if len(text) > MOST_PROFILE_CHARS:
            return t("too_long", n=MOST_PROFILE_CHARS)
        if origin is RevisionOrigin.REPLY and profile_yaml.is_blank(text):
            return t["nothing_sent"]
        if origin is RevisionOrigin.REPLY:
            text = profile_repair.without_letter(text)
        try:
            return self._change(listed, text, origin, now, after)
        except ConfigError as error:
            return profile_answers.refuse(error, t)
        except StoreConflict:
            return t["meanwhile"]
        except StoreLimit:
            return t("enough", n=MAX_REVISIONS_A_DAY)

    def revert(self, subscriber_id: str, number: int, *, now: datetime) -> str:
        """Brings a revision back, as a new one; 0 hands the profile back to subscribers.yaml.

        Raises ConfigError if there is no such subscriber or revision, or if it cannot be read any more.
        """
        listed = self.find_listed(subscriber_id)
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

    def preview(self, subscriber_id: str, text: str, *, now: datetime) -> Trial | None:
        """Tries this text on the last announcements, by the embedded scorer. Records only which papers its ids are.

        None if no announcement is kept, or nobody is called so. Raises ConfigError as `profile_yaml.read`.
        """
        listed = self.find_listed(subscriber_id)
        return self.try_out(self._read(text, listed), now=now) if listed else None

    def try_out(self, subscriber: Subscriber, *, now: datetime, most_days: int = TRIED_DAYS) -> Trial | None:
        """Tries a profile as `preview` does, on so many days; None if no announcement is kept."""
        before, scorer = now.date() + timedelta(days=2), self._scorer  # it is loaded only where there is what to try
        if not self._store.get_days(before=before, limit=1):
            return None
        days = self._store.get_days(before=before, limit=count_days(scorer(), most_days))
        return try_days(scorer(), self._store, subscriber, days, most_days=most_days)

    def explain_unknown(self, profile: Profile, language: str = FALLBACK_LANGUAGE) -> str:
        """Says which words of a profile no paper uses, and what to do; nothing if there are none."""
        words, texts = self._find_unknown_words(profile), trial_texts(language)
        return trial_words.explain_unknown(words, texts, is_judged=self.is_judged)

    def preview_before(self, subscriber: Subscriber, before: date) -> Digest | None:
        """Composes the latest announcement before that arXiv day for somebody as they are served. Records nothing.

        By the embedded scorer. None if no announcement is kept of the week before.
        """
        latest = self._store.get_days(before=before, limit=1)
        if not latest or before - latest[0].announced_on > RECENT:
            return None
        scorer = self._scorer()  # it is loaded only where there is what to try
        days = self._store.get_days(before=before, limit=count_days(scorer, 1))
        return try_days(scorer, self._store, subscriber, days, most_days=1).latest

    def _change(self, listed: Subscriber, text: str, origin: RevisionOrigin, now: datetime, after: int | None) -> str:
        who = listed.subscriber_id
        before = directory.resolve(listed, self._store).subscriber
        changed = replace(self._read(text, listed), paused_until=before.paused_until)
        if changed == before and not (profile_yaml.is_blank(text) and self._has_revision(who)):
            return answer_texts(before.profile.language)["same"]
        most = None if origin is RevisionOrigin.OPERATOR else MAX_REVISIONS_A_DAY
        revision = self._store.add_revision(who, text, origin=origin, now=now, after=after, most_a_day=most)
        if self._store.get_address_status(who).frequency is not None:  # an earlier word; this one is later
            self._store.change_address_status(who, lambda status: replace(status, frequency=None))
        return "\n".join(self._describe(before, changed, revision, now))

    def _read(self, text: str, listed: Subscriber) -> Subscriber:
        """Reads the text as this reader's profile, with what is known of the papers in it; blank is as listed."""
        read = listed if profile_yaml.is_blank(text) else profile_yaml.read(text, listed)
        library.remember_ids([read], self._store)
        return library.fill(read, self._store)

    def _has_revision(self, who: str) -> bool:
        revisions = self._store.get_revisions(who)
        return bool(revisions) and not profile_yaml.is_blank(revisions[-1].text)

    # --- the answer

    def _texts_for(self, listed: Subscriber | None) -> Texts:
        """Gives the sentences in the language of somebody as they are served."""
        reader = directory.resolve(listed, self._store).subscriber if listed else None
        return answer_texts(reader.profile.language if reader else FALLBACK_LANGUAGE)

    def _describe(
        self, before: Subscriber, after: Subscriber, revision: ProfileRevision, now: datetime
    ) -> Iterable[str]:
        t = answer_texts(after.profile.language)
        is_page = revision.origin is RevisionOrigin.WEB  # which says beside the answer why no mail comes
        status = self._store.get_address_status(after.subscriber_id)
        silence = "" if is_page else profile_answers.explain_silence(after, status, now.date(), t)
        yield from profile_answers.describe(before, after, revision, t, silence=silence)
        if _selection_settings(before) != _selection_settings(after):
            yield ""
            yield from self._compare(before, after, now, t, is_page=is_page)

    def _compare(
        self, before: Subscriber, after: Subscriber, now: datetime, t: Texts, *, is_page: bool
    ) -> Iterable[str]:
        """Says what a change would have brought. On the page the preview stands beside it, with the numbers."""
        new = self.try_out(after, now=now)
        if new is None:
            yield t["no_announcement"]
        else:
            old = self.try_out(before, now=now, most_days=1)
            yield from profile_answers.compare(old.latest if old else None, new.latest, t)
        if not is_page:
            language = after.profile.language
            yield from ("", *trial_words.tell(new, trial_texts(language), is_judged=self.is_judged)) if new else ()
            if before.profile != after.profile and (unknown := self.explain_unknown(after.profile, language)):
                yield from ("", unknown)


def _selection_settings(subscriber: Subscriber) -> tuple[object, ...]:
    """All settings that decide which papers are in a mail."""
    return (
        replace(subscriber.profile, language=""),
        *(subscriber.categories, subscriber.candidate_types, subscriber.pinned_authors),
        *(subscriber.min_relevance, subscriber.min_novelty, subscriber.max_papers, subscriber.at_least),
    )
