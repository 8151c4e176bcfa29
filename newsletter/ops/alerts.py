"""What the operator has to hear of after a run, in words: what happened, to whom by id, and what to do. Pure.

Each trouble has a key for its day, so that a clock that ticks all day tells it once. Delivery is notify.py's business.
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
from newsletter.model import AddressStatus, FeedOutcome, RunOutcome, RunReport, tally
from newsletter.ops.redaction import redact

MOST_IDS = 20  # named in one line
MOST_DETAIL_CHARS = 500
KEEP_DAYS = timedelta(days=8)  # of what was told


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
    PROFILE = "profile ignored"
    MAIL = "mail set aside"
    ONE_ID = "two addresses with one id"
    MOVED = "new address?"


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
    Kind.MODEL: "Mails went out ranked by their words. Look at the key, the bill and the budget; "
    "'newsletter calls --failed' shows the model's answers.",
    Kind.FEED: "It is asked again by itself. If it lasts, see whether arXiv answers and knows the category.",
    Kind.PROFILE: "Their mail goes on by what held before. 'newsletter subscribers revisions' shows the texts; "
    "'newsletter subscribers revert' brings one back.",
    Kind.ONE_ID: "Somebody asked to subscribe an address that has the id of a subscriber's, or of another that was "
    "asked for; nothing was changed. That does not happen by chance: look who fills in the form.",
    Kind.MAIL: "What its reader wished was not done. Read it there, do it for them, and please report the bug; the log "
    "has its traceback.",
    Kind.MOVED: "If they are two people, do nothing: it is asked for two weeks.",
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
        *(Kind.ONE_ID, Kind.MOVED),
    }
)  # for these each id is news of its own
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
    is_new: bool = True  # False: this run is not worse for it; an earlier one was, say, and the ledger still says so

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
    """What one message tells: all troubles that were not told yet."""

    on: date
    troubles: tuple[Trouble, ...]
    run_id: str = ""
    tally: str = ""

    @property
    def subject(self) -> str:
        counts = [(kind, sum(each.kind is kind for each in self.troubles)) for kind in Kind]
        said = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in counts if count)
        return f"Newsletter {self.on.isoformat()}: {said}"

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each kind of trouble and cause."""
        return tuple(_line(same) for same in _grouped(self.troubles))

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
                    for same in _grouped(self.troubles)
                ],
            }
        )


def troubles_of(
    report: RunReport, problem: str = "", ignored: Iterable[tuple[str, str]] = (), moved: Iterable[tuple[str, str]] = ()
) -> tuple[Trouble, ...]:
    """Everything in the report that the operator has to hear of, and the `problem` of subscribers.yaml.

    A subscriber without mail because a feed failed is told with the feed. `ignored` are subscribers whose latest
    profile cannot be read any more, and why, `moved` those who may have got another address: no run is worse for
    either.
    """
    on = report.digest_on
    found = [Trouble(Kind.SUBSCRIBERS, on, detail=_said(problem))] if problem else []
    found += [
        Trouble(Kind.FEED, on, feed.category, _said(feed.detail))
        for feed in report.feeds
        if feed.outcome is FeedOutcome.FAILED
    ]
    for entry in report.subscribers:
        kind = _OUTCOMES.get(entry.outcome)
        if kind:
            is_new = bool(entry.delivery_id) or kind not in _LASTING
            found.append(Trouble(kind, on, entry.subscriber_id, _said(entry.detail), is_new))
        if entry.problem and kind is not Kind.SCORING:
            found.append(Trouble(Kind.MODEL, on, entry.subscriber_id, _said(entry.problem)))
    found += [Trouble(Kind.MODEL, on, detail=_said(said)) for said in report.problems]
    found += [Trouble(Kind.PROFILE, on, who, _said(why), is_new=False) for who, why in ignored]
    found += [Trouble(Kind.MOVED, on, who, said, is_new=False) for who, said in moved]
    return tuple(found)


def troubles_of_bounces(statuses: Iterable[AddressStatus], on: date) -> tuple[Trouble, ...]:
    """Who was suppressed by a bounce within the last week, and whose suppression waits for the operator.

    A bounce comes when it likes, mostly after its run. What is held is told each day until it is decided.
    """
    found = []
    for each in statuses:
        why = each.suppression
        if each.is_held:
            found.append(Trouble(Kind.HELD, on, each.subscriber_id, _said(each.held[0].detail)))
        elif why and why.why in suppression.BY_BOUNCES and why.since.date() > on - KEEP_DAYS:
            detail = _said(f"{why.why}: {why.detail}" if why.detail else why.why)
            found.append(Trouble(Kind.BOUNCED, why.since.date(), each.subscriber_id, detail, is_new=False))
    return tuple(found)


def went_well(troubles: Iterable[Trouble]) -> bool:
    """Whether a run was as it should be: what an earlier run did to a single mail does not count against it."""
    return not any(each.is_new for each in troubles)


def alert_of(report: RunReport, troubles: Sequence[Trouble], told: Set[str] = frozenset()) -> Alert | None:
    """The alert of a run: those of its troubles whose keys are not told yet; None if there is none."""
    untold = tuple(each for each in troubles if each.key not in told)
    if not untold:
        return None
    sums = " + ".join(f"{count} {group}" for group, count in tally(report).items())
    return Alert(report.digest_on, untold, report.run_id, f"{len(report.subscribers)} subscribers = {sums}")


def alert_of_break(error: Exception, on: date, told: Set[str] = frozenset()) -> Alert | None:
    """The alert of a run that ended with an exception; None if it was told on this date."""
    trouble = Trouble(Kind.BROKEN, on, detail=_said(f"{type(error).__name__}: {error}"))
    return None if trouble.key in told else Alert(on, (trouble,))


def alert_of_mail(where: str, error: Exception, on: date, told: Set[str] = frozenset()) -> Alert | None:
    """The alert of a mail that could not be dealt with; None if one for the same cause was told on this date."""
    return _alert_of_one(Trouble(Kind.MAIL, on, detail=_said(f"{where} ({type(error).__name__})")), told)


def alert_of_one_id(who: str, on: date, told: Set[str] = frozenset()) -> Alert | None:
    """The alert of an address with the id of another; None if it was told of that id on this date."""
    return _alert_of_one(Trouble(Kind.ONE_ID, on, who), told)


def _alert_of_one(trouble: Trouble, told: Set[str]) -> Alert | None:
    return None if trouble.key in told else Alert(trouble.on, (trouble,))


# --- what was told: a text of keys, one a line, which begin with their date


def known(text: str) -> frozenset[str]:
    """The keys in the text."""
    return frozenset(text.splitlines())


def remember(text: str, alert: Alert) -> str:
    """The text with the alert's troubles, and without those of long ago."""
    oldest = (alert.on - KEEP_DAYS).isoformat()
    keys = known(text) | {each.key for each in alert.troubles}
    return "".join(f"{key}\n" for key in sorted(keys) if key >= oldest)


def _said(text: str) -> str:
    """Other people's words, without addresses, on one line, bounded."""
    return redact(" ".join(text.split()))[:MOST_DETAIL_CHARS]


def _grouped(troubles: Iterable[Trouble]) -> list[list[Trouble]]:
    """By kind, the gravest first, then by what is the same."""
    groups: dict[tuple[Kind, str], list[Trouble]] = {}
    for each in troubles:
        groups.setdefault((each.kind, each.gist), []).append(each)
    return sorted(groups.values(), key=lambda same: list(Kind).index(same[0].kind))


def _line(same: Sequence[Trouble]) -> str:
    ids = [each.about for each in same if each.about]
    more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
    who = f" ({', '.join(ids[:MOST_IDS])}{more})" if ids else ""
    first = same[0]
    said = f": {first.detail}" if first.detail else ""
    return f"{first.kind.capitalize()}{who}{said}\n  {REMEDIES[first.kind]}"
