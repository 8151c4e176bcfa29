"""Builds the alerts for the operator: what happened in a run, to whom by id, and what to do. Pure.

Each trouble has a key for its day, so that a clock that ticks all day reports it once. notify.py sends the alerts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from newsletter.delivery import suppression
from newsletter.model import AddressStatus, FeedOutcome, FeedReport, RunOutcome, RunReport, tally
from newsletter.ops.redaction import redact

MOST_IDS = 20  # named in one line
MOST_DETAIL_CHARS = 500
KEEP_DAYS = timedelta(days=8)  # of the keys that were sent


class Kind(StrEnum):
    """One kind of trouble; a line of an alert each."""

    BROKEN = "run broke off"
    SUBSCRIBERS = "subscribers file"
    UNREADABLE = "memory damaged"
    STOPPED = "sending stopped"
    IN_DOUBT = "in doubt"
    HELD = "bounces held"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    SCORING = "scoring failed"
    MODEL = "model"
    FEED = "feed failed"
    LATE = "announcement late"
    CAME = "announcement came"
    PROFILE = "profile ignored"
    MAIL = "mail set aside"
    ID_CLASH = "two addresses with one id"
    WELCOME = "welcome"
    MOVED = "new address?"
    LIBRARY = "library not read"


REMEDIES = {
    Kind.BROKEN: "Mend what the sentence names; the clock and cron try again by themselves.",
    Kind.SUBSCRIBERS: "The last good version serves. Mend the file; 'newsletter check' shows every mistake.",
    Kind.UNREADABLE: "They get no mail until the file can be read: put it back from a backup. Without one, see "
    "docs/state.md first: a standing moved away forgets that its reader has left.",
    Kind.STOPPED: "Mend the key or the account at the provider; a quarter of an hour later it is tried again.",
    Kind.IN_DOUBT: "The mail may have left, and is not sent again. Look at the provider, then settle it with "
    "'newsletter deliveries resolve'.",
    Kind.HELD: "So many of one morning's readers bounced that it is hardly about them; nobody was suppressed for it. "
    "Look at the words and at your domain ('newsletter check --dns'), then decide: 'newsletter suppressions held'.",
    Kind.BOUNCED: "They get no more mail. 'newsletter suppressions' has the words; correct the address in "
    "subscribers.yaml, or let it in again with 'newsletter suppressions lift'.",
    Kind.REJECTED: "These mails never left or came back; their papers come with the next one. "
    "'newsletter deliveries show' tells why; correct the address.",
    Kind.DEFERRED: "They are sent by themselves when the sender takes them. If it lasts, look at the mail server.",
    Kind.SCORING: "No mail says 'nothing relevant' today; it is tried again after half an hour. "
    "'newsletter calls --failed' shows the model's answers.",
    Kind.MODEL: "Mails went out ranked by their words. Mend what the sentence names; "
    "'newsletter calls --failed' shows the model's answers.",
    Kind.FEED: "It is asked again by itself. If it lasts, see whether arXiv answers and knows the category.",
    Kind.LATE: "Mails wait for it some hours, then leave and say so; you are told when it comes.",
    Kind.CAME: "Nothing is left to do: what was missing comes with the next mails.",
    Kind.PROFILE: "Their mail goes on by what held before. 'newsletter subscribers revisions' shows the texts; "
    "'newsletter subscribers revert' brings one back.",
    Kind.ID_CLASH: "Somebody asked to subscribe an address that has the id of a subscriber's, or of another that was "
    "asked for; nothing was changed. That does not happen by chance: look who fills in the form.",
    Kind.MAIL: "What its reader wished was not done. Read it there, do it for them, and please report the bug; the log "
    "has its traceback.",
    Kind.WELCOME: "Digests are sent all the same. Correct an address that was refused; a welcome that may have left is "
    "not sent again, and one that surely has not is tried again by itself for a week.",
    Kind.MOVED: "If they are two people, do nothing: it is asked for two weeks.",
    Kind.LIBRARY: "Their mail goes on with what was read before, and it is tried again each hour. 'newsletter check' "
    "shows what Zotero says.",
}

_OUTCOMES = {
    RunOutcome.STOPPED: Kind.STOPPED,
    RunOutcome.IN_DOUBT: Kind.IN_DOUBT,
    RunOutcome.UNREADABLE: Kind.UNREADABLE,
    RunOutcome.REJECTED: Kind.REJECTED,
    RunOutcome.DEFERRED: Kind.DEFERRED,
    RunOutcome.SCORING_FAILED: Kind.SCORING,
}
_EACH = frozenset(
    {
        *(Kind.UNREADABLE, Kind.IN_DOUBT, Kind.HELD, Kind.BOUNCED, Kind.REJECTED, Kind.FEED, Kind.PROFILE),
        *(Kind.LATE, Kind.CAME, Kind.ID_CLASH, Kind.WELCOME, Kind.MOVED, Kind.LIBRARY),
    }
)  # for these each id is news of its own
_LATE = {
    FeedOutcome.STALE: "the feed repeats what was announced before",
    FeedOutcome.HALF_STALE: "the feed is an old one, or a part of it is",
    FeedOutcome.NO_ANNOUNCEMENT: "the feed is empty, where there are papers every weekday",
}
LATE_TRIES = 3  # answers without today's papers: three quarters of an hour after the first
_LASTING = frozenset({Kind.IN_DOUBT, Kind.REJECTED})  # the ledger says so until the day is over
_DELIVERY = re.compile(r"\bs_[a-z0-9]{8}(/\d{4}-\d\d-\d\d)?")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong. `about` is the id or the category it happened to; empty: to the whole run."""

    kind: Kind
    on: date
    about: str = ""
    detail: str = ""
    is_new: bool = True  # False: this run is not worse for it; an earlier one was, and the ledger still says so

    @property
    def gist(self) -> str:
        """What is the same when the same thing happens to somebody else, or a minute later."""
        return _NUMBER.sub("#", _DELIVERY.sub("#", self.detail))

    @property
    def key(self) -> str:
        what = self.about if self.kind in _EACH else self.gist
        digest = hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()[:16]
        return f"{self.on.isoformat()} {self.kind.replace(' ', '-')} {digest}"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to the operator: all troubles of a run that were not reported yet."""

    on: date
    troubles: tuple[Trouble, ...]
    run_id: str = ""
    tally: str = ""

    @property
    def subject(self) -> str:
        counts = [(kind, sum(each.kind is kind for each in self.troubles)) for kind in Kind]
        kinds = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in counts if count)
        return f"Newsletter {self.on.isoformat()}: {kinds}"

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each kind of trouble and cause."""
        return tuple(_line(same) for same in _group(self.troubles))

    @property
    def text(self) -> str:
        """The whole message: the lines, and where to look further."""
        ends = [self.tally, f"More: newsletter status --date {self.on.isoformat()}"]
        return "\n\n".join([*self.lines, *filter(None, ends)]) + "\n"

    @property
    def key(self) -> str:
        """For a Message-ID; the same troubles give the same."""
        every = "\n".join(sorted(each.key for each in self.troubles))
        return f"alert.{self.on.isoformat()}.{hashlib.sha256(every.encode()).hexdigest()[:16]}"

    def payload(self) -> str:
        """JSON for a webhook: `text` is what chat services show, the rest is for programs."""
        return json.dumps(
            {
                "text": f"{self.subject}\n{self.text}",
                "subject": self.subject,
                "date": self.on.isoformat(),
                "run": self.run_id,
                "troubles": [
                    {
                        "kind": same[0].kind,
                        "about": [each.about for each in same if each.about],
                        "detail": same[0].detail,
                        "remedy": REMEDIES[same[0].kind],
                    }
                    for same in _group(self.troubles)
                ],
            }
        )


def find_troubles(
    report: RunReport,
    problem: str = "",
    ignored: Iterable[tuple[str, str]] = (),
    moved: Iterable[tuple[str, str]] = (),
    libraries: Iterable[tuple[str, str]] = (),
) -> tuple[Trouble, ...]:
    """Finds everything in the report that the operator has to know, and the `problem` of subscribers.yaml.

    A subscriber without mail because a feed failed is reported with the feed. `ignored` are subscribers whose latest
    profile cannot be read any more, and why, `moved` those who may have got another address, `libraries` those whose
    live library could not be read: no run is worse for any of them.
    """
    on = report.digest_on
    found = [Trouble(Kind.SUBSCRIBERS, on, detail=_clean(problem))] if problem else []
    found += [
        Trouble(Kind.FEED, on, feed.category, _clean(feed.detail))
        for feed in report.feeds
        if feed.outcome is FeedOutcome.FAILED
    ]
    found += [
        Trouble(Kind.LATE, on, feed.category, _LATE[feed.outcome], is_new=False)
        for feed in report.feeds
        if feed.is_awaited and feed.tries >= LATE_TRIES and feed.outcome is not FeedOutcome.FAILED
    ]
    for entry in report.subscribers:
        kind = _OUTCOMES.get(entry.outcome)
        if kind:
            is_new = bool(entry.delivery_id) or kind not in _LASTING
            found.append(Trouble(kind, on, entry.subscriber_id, _clean(entry.detail), is_new))
        if entry.problem and kind is not Kind.SCORING:
            found.append(Trouble(Kind.MODEL, on, entry.subscriber_id, _clean(entry.problem)))
    found += [Trouble(Kind.MODEL, on, detail=_clean(text)) for text in report.problems]
    found += [Trouble(Kind.PROFILE, on, who, _clean(why), is_new=False) for who, why in ignored]
    found += [Trouble(Kind.MOVED, on, who, why, is_new=False) for who, why in moved]
    found += [Trouble(Kind.LIBRARY, on, who, _clean(why), is_new=False) for who, why in libraries]
    return tuple(found)


def find_arrivals(report: RunReport, sent_keys: Set[str]) -> tuple[Trouble, ...]:
    """Finds what came of the feeds whose failure or lateness was told on that day: that takes the alert back."""
    on = report.digest_on
    return tuple(
        Trouble(Kind.CAME, on, feed.category, _arrival(feed), is_new=False)
        for feed in report.feeds
        if feed.outcome is FeedOutcome.ANNOUNCED
        and any(Trouble(kind, on, feed.category).key in sent_keys for kind in (Kind.FEED, Kind.LATE))
    )


def find_bounce_troubles(statuses: Iterable[AddressStatus], on: date) -> tuple[Trouble, ...]:
    """Finds who was suppressed by a bounce within the last week, and whose suppression waits for the operator.

    A bounce may come long after its run. What is held is reported each day until it is decided.
    """
    found = []
    for each in statuses:
        why = each.suppression
        if each.is_held:
            found.append(Trouble(Kind.HELD, on, each.subscriber_id, _clean(each.held[0].detail)))
        elif why and why.why in suppression.BY_BOUNCES and why.since.date() > on - KEEP_DAYS:
            detail = _clean(f"{why.why}: {why.detail}" if why.detail else why.why)
            found.append(Trouble(Kind.BOUNCED, why.since.date(), each.subscriber_id, detail, is_new=False))
    return tuple(found)


def went_well(troubles: Iterable[Trouble]) -> bool:
    """Whether the run itself had no trouble; what an earlier run did to a single mail does not count."""
    return not any(each.is_new for each in troubles)


def build_alert(report: RunReport, troubles: Sequence[Trouble], sent_keys: Set[str] = frozenset()) -> Alert | None:
    """Builds the alert of a run from the troubles whose keys were not sent yet; None if there is none."""
    new = tuple(each for each in troubles if each.key not in sent_keys)
    if not new:
        return None
    sums = " + ".join(f"{count} {group}" for group, count in tally(report).items())
    return Alert(report.digest_on, new, report.run_id, f"{len(report.subscribers)} subscribers = {sums}")


def broken_run(error: Exception, on: date) -> Trouble:
    """Describes a run that ended with an exception."""
    return Trouble(Kind.BROKEN, on, detail=_clean(f"{type(error).__name__}: {error}"))


def failed_welcome(who: str, detail: str, on: date) -> Trouble:
    """Describes a welcome that did not leave, or may not have; of all of them without an id."""
    return Trouble(Kind.WELCOME, on, who, _clean(detail))


def failed_mail(where: str, error: Exception, on: date) -> Trouble:
    """Describes a mail that could not be handled."""
    return Trouble(Kind.MAIL, on, detail=_clean(f"{where} ({type(error).__name__})"))


# --- the document of sent alerts: keys that begin with their date, one a line


def parse_keys(text: str) -> frozenset[str]:
    """Reads the keys in the document."""
    return frozenset(text.splitlines())


def add_keys(text: str, alert: Alert) -> str:
    """Adds the alert's troubles to the document, and drops those of long ago."""
    oldest = (alert.on - KEEP_DAYS).isoformat()
    keys = parse_keys(text) | {each.key for each in alert.troubles}
    return "".join(f"{key}\n" for key in sorted(keys) if key >= oldest)


def _clean(text: str) -> str:
    """Puts foreign text on one line, without addresses, and bounds it."""
    return redact(" ".join(text.split()))[:MOST_DETAIL_CHARS]


def _group(troubles: Iterable[Trouble]) -> list[list[Trouble]]:
    """Groups them by kind, the gravest first, and within it by their gist."""
    groups: dict[tuple[Kind, str], list[Trouble]] = {}
    for each in troubles:
        groups.setdefault((each.kind, each.gist), []).append(each)
    return sorted(groups.values(), key=lambda same: list(Kind).index(same[0].kind))


def _arrival(feed: FeedReport) -> str:
    return f"today's papers came at {feed.fetched_at:%H:%M} UTC" if feed.fetched_at else "today's papers came"


def _line(same: Sequence[Trouble]) -> str:
    ids = [each.about for each in same if each.about]
    more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
    who = f" ({', '.join(ids[:MOST_IDS])}{more})" if ids else ""
    first = same[0]
    detail = f": {first.detail}" if first.detail else ""
    return f"{first.kind.capitalize()}{who}{detail}\n  {REMEDIES[first.kind]}"
