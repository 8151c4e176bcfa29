"""The morning as a whole, on edges without disk or network: what is sent, what is remembered, what is told."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.headerregistry import Address

import pytest

from newsletter.delivery import ledger, suppression
from newsletter.errors import SourceError
from newsletter.files import resources
from newsletter.flow import run_morning, serve
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.model.deliveries import (
    Accepted,
    DeliveryState,
    EventKind,
    MailEvent,
    Message,
    Suppression,
    SuppressionReason,
)
from newsletter.model.llm_calls import ModelCall
from newsletter.model.papers import Announcement, Feed, FeedOutcome, Paper
from newsletter.model.runs import RunOutcome, RunReport
from newsletter.model.scores import ScoreFailure, ScoreReport, Usage
from newsletter.model.subscribers import Frequency, Profile, SignUp, Subscriber, Votes
from newsletter.ops import alerts
from newsletter.papers import arxiv_day
from newsletter.run import collect_morning
from newsletter.run.collect import collect
from newsletter.run.context import Morning as KnownDays
from newsletter.run.context import RunContext
from newsletter.run.preview import preview
from newsletter.run.schedule import ON_THE_MINUTE, Timing
from newsletter.run.select import select
from newsletter.scoring import PredecessorFinder, ScoringRequest
from newsletter.scoring.protocols import History
from newsletter.senders import do_nothing
from newsletter.services.votes import cast, cast_numbered
from newsletter.subscribers.signup_rules import asked_on
from tests import make
from tests.fakes import Act, FlakySender, MemoryStore, Silent

RENDERER = Renderer(
    Brand("Morning Papers", "back@example.org"),
    resources.folders("templates/email"),
)


@dataclass
class ScriptedSource:
    """Serves `days[day][category]`: announcements, or the error to raise. Counts what was asked."""

    days: dict[date, dict[str, list[Announcement] | str]]
    on: date = make.TUESDAY
    asked: list[str] = field(default_factory=list)

    def day(self, now: datetime) -> date:
        return self.on

    def fetch(self, category: str) -> Feed:
        self.asked.append(category)
        shown = self.days[self.on].get(category, [])
        if isinstance(shown, str):
            raise SourceError(category, shown)
        return Feed(category, self.on, tuple(shown))


class TurningSource(ScriptedSource):
    """Its day turns at arXiv's midnight; what it answers is that of `on`."""

    def day(self, now: datetime) -> date:
        return arxiv_day(now)


@dataclass
class ScriptedScorer:
    """Everything is relevant but the papers named `dull`; those named `broken` fail."""

    dull: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    histories: list[int] = field(default_factory=list)
    scored: list[list[str]] = field(default_factory=list)
    earlier: list[list[list[str]]] = field(default_factory=list)
    votes: list[Votes] = field(default_factory=list)
    problem: str = ""
    history_days: int = 7

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        self.histories.append(len(history))
        self.scored.append([paper.arxiv_id for paper in papers])
        self.votes.append(votes)
        self.earlier.append([[paper.arxiv_id for paper in day] for day in history])
        scores = [
            make.score(p.arxiv_id, 2 if p.arxiv_id in self.dull else 9) for p in papers if p.arxiv_id not in self.broken
        ]
        failures = [ScoreFailure(p.arxiv_id, "no answer") for p in papers if p.arxiv_id in self.broken]
        return ScoreReport(tuple(scores), tuple(failures), "local ranker", problem=self.problem)


@dataclass
class FakePrefetcher:
    """Remembers for which papers a model was asked hours before the mail."""

    papers: list[str] = field(default_factory=list)
    lead_time: timedelta | None = timedelta(hours=2)

    def collect(self) -> list[str]:
        return []

    def was_tried(self, profile: Profile, floor: int, announced_on: date) -> bool:
        return bool(self.papers)

    def prefetch(
        self, profile: Profile, floor: int, questions: Sequence[ScoringRequest], *, announced_on: date, run_id: str
    ) -> str:
        self.papers += [paper.arxiv_id for question in questions for paper in question.papers]
        return ""

    def cancel(self, profile: Profile, floor: int) -> Usage | None:
        return None


@dataclass
class Morning:
    """A context of fakes and the subscribers; `run` is one `newsletter run`."""

    source: ScriptedSource
    scorer: ScriptedScorer = field(default_factory=ScriptedScorer)
    store: MemoryStore = field(default_factory=MemoryStore)
    sender: FlakySender = field(default_factory=lambda: FlakySender(lambda: make.NOW))
    subscribers: list[Subscriber] = field(default_factory=lambda: [make.subscriber()])
    now: datetime = make.NOW
    timing: Timing = ON_THE_MINUTE
    prefetcher: FakePrefetcher | None = None
    predecessors: PredecessorFinder | None = None

    @property
    def context(self) -> RunContext:
        return RunContext(
            source=self.source,
            scorer=self.scorer,
            sender=self.sender,
            store=self.store,
            renderer=RENDERER,
            identity=MailIdentity(Address("Morning Papers", addr_spec="digest@example.org"), "back@example.org"),
            now=lambda: self.now,
            timing=self.timing,
            prefetcher=self.prefetcher,
            predecessors=self.predecessors,
        )

    def tick(self) -> list[RunOutcome]:
        """One `newsletter run --due`, each subscriber on their own date."""
        return [
            entry.outcome for entry in run_morning(self.context, self.subscribers, Silent(), due_only=True).subscribers
        ]

    def run(self, *, due_only: bool = False) -> RunReport:
        return run_morning(self.context, self.subscribers, Silent(), digest_on=self.source.on, due_only=due_only)

    def outcomes(self) -> list[RunOutcome]:
        return [entry.outcome for entry in self.run().subscribers]

    def mailed(self) -> list[str]:
        """The Message-ID of every mail that went out."""
        return [mail.mime["Message-ID"] for mail in self.sender.mails]

    def sent(self) -> frozenset[str]:
        return self.store.get_sent("s_abcd2345")


def two_papers() -> list[Announcement]:
    return [make.announcement("2601.00001"), make.announcement("2601.00002")]


def morning(*announcements: Announcement, **changes: object) -> Morning:
    source = ScriptedSource({make.TUESDAY: {"cs.LG": list(announcements)}})
    return Morning(source, **changes)


BROKEN = frozenset({"2601.00002"})


def mailed_before(given: Morning) -> None:
    """Everybody had a digest the week before: what comes now is not their first."""
    given.store.start_run("r0")
    for subscriber in given.subscribers:
        on = make.TUESDAY - timedelta(days=7)
        row = make.handed_over(given.store, subscriber.subscriber_id, on, run_id="r0", paper_ids=("2512.00001",))
        given.store.move(ledger.accept(row, "receipt", make.NOW))
    given.store.end_run("r0")


def next_day(given: Morning, *arxiv_ids: str) -> None:
    """The arXiv day after, with these papers."""
    given.source.on += timedelta(days=1)
    given.source.days[given.source.on] = {"cs.LG": [make.announcement(each) for each in arxiv_ids]}


def test_a_morning_mails_what_is_relevant_and_remembers_it() -> None:
    given = morning(*two_papers())
    report = given.run()
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.SENT]
    assert given.mailed() == ["<2026-01-06.s_abcd2345@example.org>"]
    assert given.sent() == {"2601.00001", "2601.00002"}
    row = make.present(given.store.get_delivery("s_abcd2345", make.TUESDAY))
    assert [step.state for step in row.steps] == ["claimed", "handed_over", "accepted"]
    assert row.announced_on == (make.TUESDAY,)
    assert given.store.get_runs() == [report]


def test_what_a_mail_says_is_kept_without_address_and_name_before_it_leaves() -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.DEFER]))
    assert given.outcomes() == [RunOutcome.DEFERRED]
    digest = make.present(given.store.get_digest("s_abcd2345", make.TUESDAY))
    assert [entry.paper.arxiv_id for entry in digest.entries] == ["2601.00001", "2601.00002"]
    assert digest.subscriber == make.subscriber(email="", name="")


def test_a_second_run_sends_nothing_and_fetches_nothing() -> None:
    given = morning(*two_papers())
    given.run()
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]
    assert len(given.mailed()) == 1
    assert given.source.asked == ["cs.LG"]


def test_a_paper_mailed_once_is_not_mailed_again_in_a_new_version() -> None:
    given = morning(*two_papers(), subscribers=[make.subscriber(announce_types=tuple(make.AnnounceType))])
    given.run()
    given.source.days[make.WEDNESDAY] = {
        "cs.LG": [make.announcement("2601.00001", "replace", version=2), make.announcement("2601.00003")]
    }
    given.source.on = make.WEDNESDAY
    given.run()
    assert make.present(given.store.get_delivery("s_abcd2345", make.WEDNESDAY)).paper_ids == ("2601.00003",)


def test_a_replacement_is_left_out_by_default() -> None:
    given = morning(make.announcement("2601.00001", "replace", version=2), make.announcement("2601.00002"))
    report = given.run()
    assert given.sent() == {"2601.00002"}
    counts = make.present(report.subscribers[0].counts)
    assert (counts.announced, counts.scanned) == (2, 1)


def test_no_announcement_leaves_no_row_so_that_a_later_run_may_send() -> None:
    given = morning()
    assert given.outcomes() == [RunOutcome.NO_ANNOUNCEMENT]
    assert given.store.get_deliveries() == []
    given.source.days[make.TUESDAY]["cs.LG"] = two_papers()
    assert given.outcomes() == [RunOutcome.SENT]


def test_nothing_relevant_sends_no_mail_and_may_be_looked_at_again() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(dull=frozenset({"2601.00001", "2601.00002"})))
    mailed_before(given)
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]
    assert given.mailed() == []
    given.scorer = ScriptedScorer()
    assert given.outcomes() == [RunOutcome.SENT]


def test_who_wants_it_gets_a_short_mail_when_nothing_was_relevant() -> None:
    quiet = ScriptedScorer(dull=frozenset({"2601.00001", "2601.00002"}))
    given = morning(*two_papers(), scorer=quiet)
    given.subscribers = [make.subscriber(empty_mail=True)]
    mailed_before(given)
    assert given.outcomes() == [RunOutcome.SENT]
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]
    [mail] = given.sender.mails
    assert mail.mime["Subject"] == "Nothing for you among 2 papers today"
    assert "none met your profile" in make.text_of(mail.mime)


def test_nobody_gets_a_mail_without_an_announcement_or_after_a_failed_feed() -> None:
    wanting = make.subscriber(empty_mail=True, categories=("cs.AI", "cs.LG"))
    for feeds, outcome in (
        ({"cs.LG": [], "cs.AI": []}, RunOutcome.NO_ANNOUNCEMENT),
        ({"cs.LG": two_papers(), "cs.AI": "no answer"}, RunOutcome.FEED_FAILED),
    ):
        quiet = ScriptedScorer(dull=frozenset({"2601.00001", "2601.00002"}))
        given = Morning(ScriptedSource({make.TUESDAY: feeds}), subscribers=[wanting], scorer=quiet)
        assert given.outcomes() == [outcome]
        assert given.sender.mails == []


def test_a_failed_feed_is_not_a_quiet_day() -> None:
    given = Morning(ScriptedSource({make.TUESDAY: {"cs.LG": "arXiv did not answer"}}))
    report = given.run()
    assert report.subscribers[0].outcome is RunOutcome.FEED_FAILED
    assert report.feeds[0].outcome is FeedOutcome.FAILED
    assert report.feeds[0].detail == "arXiv did not answer"


def test_with_one_feed_failed_the_mail_goes_out_and_says_so_and_the_day_comes_again() -> None:
    both = make.subscriber(categories=("cs.AI", "cs.LG"))
    source = ScriptedSource({make.TUESDAY: {"cs.LG": two_papers(), "cs.AI": "no answer"}})
    given = Morning(source, subscribers=[both])
    assert given.outcomes() == [RunOutcome.SENT]
    assert "cs.AI could not be fetched" in make.text_of(given.sender.mails[0].mime)
    source.days[make.TUESDAY]["cs.AI"] = [make.announcement("2601.00009", categories=("cs.AI",))]
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]  # which fetches cs.AI at last
    source.days[make.WEDNESDAY] = {"cs.LG": [make.announcement("2601.00011")], "cs.AI": []}
    source.on = make.WEDNESDAY
    given.run()
    assert given.sent() >= {"2601.00009", "2601.00011"}


def test_scoring_that_fails_for_all_is_told_and_tried_again() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(broken=frozenset({"2601.00001", "2601.00002"})))
    report = given.run()
    assert report.subscribers[0].outcome is RunOutcome.SCORING_FAILED
    assert given.mailed() == []
    given.scorer = ScriptedScorer()
    given.now += timedelta(hours=1)
    assert given.outcomes() == [RunOutcome.SENT]


def test_a_paper_that_could_not_be_scored_is_told_and_comes_with_the_next_mail() -> None:
    given = morning(*two_papers(), make.announcement("2601.00003", "new"), scorer=ScriptedScorer(broken=BROKEN))
    given.run()
    assert "Not scored: 1" in make.text_of(given.sender.mails[0].mime)
    assert given.sent() == {"2601.00001", "2601.00003"}
    next_day(given, "2601.00004")
    given.scorer = ScriptedScorer()
    counts = make.present(given.run().subscribers[0].counts)
    assert (counts.announced, counts.scanned, counts.not_scored) == (2, 2, 0)
    row = make.present(given.store.get_delivery("s_abcd2345", make.WEDNESDAY))
    assert set(row.paper_ids) == {"2601.00002", "2601.00004"}
    assert row.announced_on == (make.WEDNESDAY,)


def test_a_paper_that_fails_again_comes_again_and_one_that_was_scored_does_not() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(broken=BROKEN))
    given.run()
    next_day(given, "2601.00004")
    given.scorer = ScriptedScorer(dull=frozenset({"2601.00004"}), broken=BROKEN)
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]
    next_day(given, "2601.00005")
    given.scorer = ScriptedScorer(dull=BROKEN)
    given.run()
    assert given.scorer.scored == [["2601.00002", "2601.00005"]]
    next_day(given, "2601.00006")
    given.run()
    assert given.scorer.scored[-1] == ["2601.00006"]


def test_a_paper_is_not_compared_with_its_own_first_try() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(broken=BROKEN))
    given.run()
    next_day(given, "2601.00004")
    given.run()
    assert given.scorer.earlier[-1] == [["2601.00001"]]


def test_a_run_forgets_what_is_old_once_runs_of_three_days_say_what_day_it_is() -> None:
    given = morning(*two_papers())
    calls = [
        ModelCall(f"call{age}", make.NOW - timedelta(days=age), "wise-1", "standard", "0f", ("2601.00001",), "ab", None)
        for age in (59, 61)
    ]
    asked = [
        SignUp("s_stranger", make.NOW - timedelta(days=age), "eve@example.org", "", ("cs.LG",), "Graphs.")
        for age in (7, 8)
    ]
    for call, sign_up in zip(calls, asked, strict=True):
        given.store.begin_call(call, budget_usd=None)
        given.store.add_sign_up(sign_up)
    given.run()
    assert given.store.get_calls(since=date.min, until=date.max) == calls[::-1]
    for _ in range(2):
        next_day(given)
        given.now += timedelta(days=1)
        given.run()
    assert given.store.get_calls(since=date.min, until=date.max) == calls[:1]
    assert [given.store.get_sign_up("s_stranger", asked_on(one)) for one in asked] == [asked[0], None]


def test_one_run_in_another_year_forgets_nothing_and_mails_nobody_twice() -> None:
    given = morning(*two_papers())
    given.run()
    right, given.now, given.source.on = given.now, given.now + timedelta(days=800), date(2028, 3, 16)
    given.source.days[given.source.on] = {}
    given.run()
    given.now, given.source.on = right, make.TUESDAY
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]
    assert len(make.present(given.store.get_day(make.TUESDAY)).announcements) == 2


def test_without_an_announcement_what_could_not_be_scored_waits() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(broken=BROKEN))
    given.run()
    next_day(given)
    assert given.outcomes() == [RunOutcome.NO_ANNOUNCEMENT]
    next_day(given, "2601.00005")
    given.scorer = ScriptedScorer()
    given.run()
    assert given.scorer.scored == [["2601.00002", "2601.00005"]]


def test_a_preview_after_the_run_has_what_the_mail_before_could_not_score() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(broken=BROKEN))
    given.run()
    next_day(given, "2601.00004")
    given.scorer = ScriptedScorer()
    before = preview(given.context, given.subscribers[0], Silent(), digest_on=make.WEDNESDAY).digest
    given.run()
    assert before == preview(given.context, given.subscribers[0], Silent(), digest_on=make.WEDNESDAY).digest
    assert before is not None
    assert [entry.paper.arxiv_id for entry in before.entries] == ["2601.00002", "2601.00004"]


def test_a_model_that_failed_is_told_to_the_operator_and_the_mail_goes_out() -> None:
    given = morning(*two_papers(), scorer=ScriptedScorer(problem="the key is not valid"))
    report = given.run()
    assert report.subscribers[0].outcome is RunOutcome.SENT
    assert report.subscribers[0].problem == "the key is not valid"


def test_nothing_relevant_is_not_said_of_a_day_the_model_did_not_see() -> None:
    dull = frozenset({"2601.00001", "2601.00002"})
    given = morning(*two_papers(), scorer=ScriptedScorer(dull=dull, problem="the key is not valid"))
    mailed_before(given)
    assert given.outcomes() == [RunOutcome.SCORING_FAILED]
    given.scorer = ScriptedScorer(dull=dull)
    given.now += timedelta(hours=1)
    assert given.outcomes() == [RunOutcome.NOTHING_RELEVANT]


def test_a_missed_day_is_caught_up_in_one_mail() -> None:
    given = morning(make.announcement("2601.00001"))
    given.run()
    given.source.days[make.WEDNESDAY] = {"cs.LG": [make.announcement("2601.00002")]}
    thursday = make.WEDNESDAY + timedelta(days=1)
    given.source.days[thursday] = {"cs.LG": [make.announcement("2601.00003")]}
    given.source.on = make.WEDNESDAY
    subscribers, given.subscribers = given.subscribers, [make.subscriber(subscriber_id="s_other234")]
    given.run()  # collects Wednesday, but mails somebody else
    given.subscribers, given.source.on = subscribers, thursday
    given.run()
    row = make.present(given.store.get_delivery("s_abcd2345", thursday))
    assert set(row.paper_ids) == {"2601.00002", "2601.00003"}
    assert row.announced_on == (make.WEDNESDAY, thursday)


def test_the_scorer_is_given_the_days_before_and_not_the_one_to_be_scored() -> None:
    given = morning(make.announcement("2601.00001"))
    given.run()
    given.source.days[make.WEDNESDAY] = {"cs.LG": [make.announcement("2601.00002")]}
    given.source.on = make.WEDNESDAY
    given.run()
    assert given.scorer.histories == [0, 1]


@pytest.mark.parametrize(
    ("act", "outcome", "state"),
    [
        (Act.DEFER, RunOutcome.DEFERRED, DeliveryState.DEFERRED),
        (Act.REJECT, RunOutcome.REJECTED, DeliveryState.REJECTED),
        (Act.LOSE, RunOutcome.IN_DOUBT, DeliveryState.IN_DOUBT),
        (Act.KEEP, RunOutcome.IN_DOUBT, DeliveryState.IN_DOUBT),
    ],
)
def test_what_the_sender_says_becomes_a_state(act: Act, outcome: RunOutcome, state: DeliveryState) -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [act]))
    assert given.outcomes() == [outcome]
    assert make.present(given.store.get_delivery("s_abcd2345", make.TUESDAY)).state is state


def test_a_mailbox_that_the_mail_server_says_is_gone_is_tried_once() -> None:
    """550 5.1.1 to RCPT does what the same words in a bounce do."""
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.GONE]))
    assert given.outcomes() == [RunOutcome.REJECTED]
    why = make.present(given.store.get_address_status("s_abcd2345").suppression)
    assert (why.why, why.detail) == (SuppressionReason.HARD_BOUNCE, "550 5.1.1 no such user")
    assert make.present(given.store.get_delivery("s_abcd2345", make.TUESDAY)).state is DeliveryState.REJECTED
    assert [event.kind for event in given.store.get_events("s_abcd2345", make.TUESDAY)] == [EventKind.BOUNCED_HARD]
    next_day(given, "2601.00009")
    assert given.outcomes() == [RunOutcome.SUPPRESSED]
    assert not given.sent()


def test_a_morning_on_which_too_many_are_refused_loses_nobody_and_one_bad_address_among_many_is_no_such_morning() -> (
    None
):
    def readers(count: int) -> list[Subscriber]:
        ids = [f"s_{a}{b}aaaaaa" for a in "abcdefgh" for b in "abcdefgh"]
        return [make.subscriber(subscriber_id=who, email=f"{who}@example.org") for who in ids[:count]]

    def gone(given: Morning, *, held: bool) -> int:
        return sum(
            each.is_held if held else each.suppression is not None for each in given.store.get_address_statuses()
        )

    sender = FlakySender(lambda: make.NOW, [Act.GONE] * 9)
    given = morning(*two_papers(), sender=sender, subscribers=readers(12))
    assert given.outcomes() == [RunOutcome.REJECTED] * 9 + [RunOutcome.SENT] * 3
    assert (gone(given, held=False), gone(given, held=True)) == (0, 9)
    next_day(given, "2601.00009")
    assert given.outcomes() == [RunOutcome.SENT] * 12
    few = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.GONE] * 3), subscribers=readers(30))
    few.run()
    assert (gone(few, held=False), gone(few, held=True)) == (3, 0)


def test_another_refusal_of_the_mail_server_suppresses_nobody() -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.REJECT]))
    assert given.outcomes() == [RunOutcome.REJECTED]
    next_day(given, "2601.00009")
    assert given.outcomes() == [RunOutcome.SENT]


@pytest.mark.parametrize(("act", "mails"), [(Act.KEEP, 1), (Act.LOSE, 1)])
def test_a_doubt_is_settled_by_evidence_in_the_next_run(act: Act, mails: int) -> None:
    """Kept mails are found and not sent again; lost ones are sent once more. Either way there is one mail."""
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [act]))
    given.run()
    given.run()
    assert len(given.mailed()) == mails
    assert make.present(given.store.get_delivery("s_abcd2345", make.TUESDAY)).state is DeliveryState.ACCEPTED


def test_without_evidence_a_doubt_is_held_and_its_papers_do_not_come_again() -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.LOSE], blind=True))
    given.run()
    assert given.outcomes() == [RunOutcome.IN_DOUBT]
    assert given.mailed() == []
    assert given.sent() == {"2601.00001", "2601.00002"}


def test_a_later_run_says_again_why_a_mail_is_refused_or_in_doubt() -> None:
    refused = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.REJECT]))
    doubtful = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.KEEP], blind=True))
    for given in (refused, doubtful):
        [first], [again] = given.run().subscribers, given.run().subscribers
        assert first.detail
        assert (again.outcome, again.detail) == (first.outcome, first.detail)


def test_a_deferred_mail_waits_for_its_time() -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.DEFER]))
    given.run()
    assert given.outcomes() == [RunOutcome.DEFERRED]
    given.now += timedelta(minutes=5)
    assert given.outcomes() == [RunOutcome.SENT]


def test_one_subscriber_in_trouble_does_not_stop_the_others() -> None:
    others = [make.subscriber(subscriber_id=f"s_{i:08}", email=f"r{i}@example.org") for i in range(3)]
    given = morning(
        *two_papers(), sender=FlakySender(lambda: make.NOW, [Act.REJECT, Act.LOSE, Act.ACCEPT]), subscribers=others
    )
    report = given.run()
    assert [e.outcome for e in report.subscribers] == [RunOutcome.REJECTED, RunOutcome.IN_DOUBT, RunOutcome.SENT]
    assert len(report.subscribers) == len(others)


def test_whoever_is_paused_or_not_due_gets_nothing() -> None:
    given = morning(*two_papers())
    given.subscribers = [
        make.subscriber(subscriber_id="s_paused22", paused_until=make.WEDNESDAY),
        make.subscriber(subscriber_id="s_weekly22", frequency=Frequency.WEEKLY, weekday=4),
        make.subscriber(subscriber_id="s_back2222", paused_until=make.TUESDAY),
    ]
    assert given.outcomes() == [RunOutcome.PAUSED, RunOutcome.NOT_DUE, RunOutcome.SENT]


def test_due_passes_over_those_whose_time_has_not_come() -> None:
    given = morning(*two_papers())  # 06:00 UTC is 07:00 in Berlin; the send time is 07:10
    assert [e.outcome for e in given.run(due_only=True).subscribers] == [RunOutcome.NOT_DUE]
    given.now += timedelta(minutes=11)
    assert [e.outcome for e in given.run(due_only=True).subscribers] == [RunOutcome.SENT]


EVENING = make.NOW.replace(hour=22, minute=40)  # Tuesday, 23:40 in Berlin


def at_night(hours: float, act: Act = Act.ACCEPT) -> Morning:
    """A reader whose mail is due shortly before midnight, tried then by a sender that does this, and hours later."""
    given = morning(*two_papers(), now=EVENING, subscribers=[make.subscriber(send_at=time(23, 40))])
    given.sender = FlakySender(lambda: given.now, [act])
    if act is not Act.ACCEPT:
        given.tick()
    given.now += timedelta(hours=hours)
    return given


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.DEFER])
def test_a_mail_that_is_due_in_the_evening_leaves_after_midnight_where_nothing_looked_or_it_was_deferred(
    act: Act,
) -> None:
    given = at_night(1, act)
    assert given.tick() == [RunOutcome.SENT]
    assert [row.digest_on for row in given.store.get_deliveries()] == [make.TUESDAY]
    assert given.tick() == [RunOutcome.NOT_DUE], "yesterday's is settled, and today's is to come"
    next_day(given, "2601.00003")
    given.now = EVENING + timedelta(days=1)
    assert given.tick() == [RunOutcome.SENT]


def test_a_mail_of_yesterday_leaves_what_arxiv_announced_since_to_the_mail_of_today() -> None:
    given = at_night(0)
    given.source = TurningSource(given.source.days)
    collect_morning(given.context, given.subscribers, Silent())
    next_day(given, "2601.00003")
    given.now += timedelta(hours=8)
    collect_morning(given.context, given.subscribers, Silent())
    assert given.tick() == [RunOutcome.SENT]
    assert given.sent() == {"2601.00001", "2601.00002"}
    given.now = EVENING + timedelta(days=1)
    assert given.tick() == [RunOutcome.SENT]
    assert given.sent() == {"2601.00001", "2601.00002", "2601.00003"}


def test_nobody_has_yesterdays_mail_who_has_its_papers_or_is_hours_behind() -> None:
    assert at_night(12.1).tick() == [RunOutcome.NOT_DUE]
    given = at_night(1)
    given.source.on = make.TUESDAY
    run_morning(given.context, given.subscribers, Silent())  # by hand: today's, before its time
    assert given.tick() == [RunOutcome.NO_ANNOUNCEMENT]
    assert len(given.sender.mails) == 1


def test_a_preview_records_nothing_and_shows_a_sent_digest_again() -> None:
    given = morning(*two_papers())
    digest = make.present(preview(given.context, given.subscribers[0], Silent(), digest_on=make.TUESDAY).digest)
    assert given.store.get_days(before=make.WEDNESDAY, limit=9) == []
    assert given.store.get_deliveries() == []
    given.run()
    assert preview(given.context, given.subscribers[0], Silent(), digest_on=make.TUESDAY).digest == digest


def test_a_run_that_breaks_leaves_its_claim_free() -> None:
    given = morning(*two_papers())

    class Broken(ScriptedScorer):
        def score(self, *_: object, floor: int = 1, votes: Votes = ()) -> ScoreReport:
            raise ZeroDivisionError

    given.scorer = Broken()
    with pytest.raises(ZeroDivisionError):
        given.run()
    given.scorer = ScriptedScorer()
    assert given.outcomes() == [RunOutcome.SENT]


def test_a_hand_over_of_a_run_that_was_killed_is_looked_up_and_sent_once() -> None:
    class Killed(BaseException):
        """As good as SIGKILL: nothing after it runs, but the claim of the dead process stays."""

    class Dying(FlakySender):
        def send(self, message: object, **_: object) -> object:
            given.store.crash()
            raise Killed

    given = morning(*two_papers())
    given.sender = Dying(lambda: make.NOW)
    with pytest.raises(Killed):
        given.run()
    row = make.present(given.store.get_delivery("s_abcd2345", make.TUESDAY))
    assert row.state is DeliveryState.HANDED_OVER
    given.sender = FlakySender(lambda: make.NOW)
    assert given.outcomes() == [RunOutcome.SENT]
    assert len(given.mailed()) == 1


def test_each_subscriber_has_cut_offs_of_their_own() -> None:
    others = [make.subscriber(), make.subscriber(subscriber_id="s_other234", min_relevance=10)]
    given = morning(*two_papers(), subscribers=others)
    mailed_before(given)
    assert given.outcomes() == [RunOutcome.SENT, RunOutcome.NOTHING_RELEVANT]


# --- who is not mailed, and when a run stops early


def suppressed(given: Morning, why: SuppressionReason = SuppressionReason.UNSUBSCRIBED) -> None:
    [who] = [subscriber.subscriber_id for subscriber in given.subscribers[:1]]
    given.store.change_address_status(who, lambda standing: suppression.suppress(standing, Suppression(why, make.NOW)))


def several(count: int) -> list[Subscriber]:
    return [
        make.subscriber(subscriber_id=f"s_abcd234{letter}", email=f"{letter}@example.org") for letter in "abcde"[:count]
    ]


def test_a_suppression_beats_the_subscribers_file() -> None:
    given = morning(*two_papers())
    suppressed(given)
    assert given.outcomes() == [RunOutcome.SUPPRESSED]
    assert given.mailed() == []
    assert given.store.get_deliveries() == []
    given.store.change_address_status(
        given.subscribers[0].subscriber_id, lambda standing: suppression.lift(standing, make.NOW)
    )
    assert given.outcomes() == [RunOutcome.SENT]


def test_who_leaves_while_their_mail_is_made_does_not_get_it() -> None:
    given = morning(*two_papers())

    class Slow(ScriptedScorer):
        def score(self, *args: object, **options: object) -> ScoreReport:
            suppressed(given)
            return super().score(*args, **options)  # type: ignore[arg-type]

    given.scorer = Slow()
    assert given.outcomes() == [RunOutcome.SUPPRESSED]
    assert given.mailed() == []
    [row] = given.store.get_deliveries()
    assert (row.state, row.detail) == (DeliveryState.SKIPPED, "suppressed: unsubscribed")


def test_when_the_provider_refuses_us_nothing_more_is_tried() -> None:
    given = morning(*two_papers(), subscribers=several(3))
    given.sender = FlakySender(lambda: make.NOW, [Act.ACCEPT, Act.STOP])
    assert given.outcomes() == [RunOutcome.SENT, RunOutcome.STOPPED, RunOutcome.STOPPED]
    rows = {row.subscriber_id: row.state for row in given.store.get_deliveries()}
    assert rows == {"s_abcd234a": DeliveryState.ACCEPTED, "s_abcd234b": DeliveryState.DEFERRED}
    given.now += timedelta(hours=1)
    assert given.outcomes() == [RunOutcome.ALREADY_SENT, RunOutcome.SENT, RunOutcome.SENT]


@pytest.mark.parametrize("acts", [[Act.LOSE, Act.LOSE], [Act.KEEP, Act.LOSE], [Act.AWAY]])
def test_a_sender_that_fails_for_all_is_not_asked_for_each_and_nothing_is_lost(acts: list[Act]) -> None:
    given = morning(*two_papers(), subscribers=several(5))
    given.sender = FlakySender(lambda: make.NOW, [Act.ACCEPT, *acts], blind=True)
    report = given.run()
    tried = {Act.AWAY: RunOutcome.DEFERRED}.get(acts[0], RunOutcome.IN_DOUBT)
    outcomes = [RunOutcome.SENT, *[tried] * len(acts), *[RunOutcome.DEFERRED] * (4 - len(acts))]
    assert [entry.outcome for entry in report.subscribers] == outcomes
    assert len(given.store.get_deliveries()) == 1 + len(acts), "the others were not claimed"
    alert = make.present(alerts.build_alert(report, alerts.find_troubles(report)))
    assert len(alert.lines) == 2, "what happened, and who was not offered a mail"
    given.now += timedelta(hours=1)
    again = given.outcomes()
    assert again[1 + len(acts) :] == [RunOutcome.SENT] * (4 - len(acts))


def one_tick_each(given: Morning, minutes: int) -> list[list[RunOutcome]]:
    """What becomes of everybody at a tick of the clock for each reader in turn."""
    found, everybody = [], given.subscribers
    for number in range(len(everybody)):
        given.subscribers = everybody[: number + 1]
        found.append(given.tick())
        given.now += timedelta(minutes=minutes)
    given.subscribers = everybody
    return found


def slow_after_the_dot(*acts: Act) -> Morning:
    sender = FlakySender(lambda: make.NOW, acts, blind=True)
    days = {make.TUESDAY: {"cs.LG": two_papers()}}
    return ticking(days, subscribers=several(5), sender=sender, now=make.NOW + timedelta(minutes=20))


def test_a_clock_that_ticks_for_each_reader_does_not_put_everybody_in_doubt() -> None:
    given = slow_after_the_dot(*[Act.KEEP] * 5)
    *_, last = one_tick_each(given, minutes=2)
    assert last == [RunOutcome.IN_DOUBT] * 2 + [RunOutcome.DEFERRED] * 3
    given.now += timedelta(minutes=15)
    assert given.tick() == [RunOutcome.IN_DOUBT] * 3 + [RunOutcome.DEFERRED] * 2, "one more is tried now and then"
    given.now += timedelta(minutes=15)
    given.sender = FlakySender(lambda: make.NOW, blind=True)
    assert given.tick() == [RunOutcome.IN_DOUBT] * 3 + [RunOutcome.SENT] * 2


def test_doubts_that_were_settled_or_are_another_senders_or_are_not_in_a_row_do_not_count() -> None:
    settled = slow_after_the_dot(Act.KEEP, Act.KEEP)
    one_tick_each(settled, minutes=0)
    for row in settled.store.get_open_deliveries():
        settled.store.take_event(
            MailEvent(EventKind.PROCESSED, row.subscriber_id, row.digest_on, make.NOW), now=make.NOW
        )
    assert settled.tick()[2:] == [RunOutcome.SENT] * 3

    other = slow_after_the_dot(Act.KEEP, Act.KEEP)
    one_tick_each(other, minutes=0)
    other.sender = FlakySender(lambda: make.NOW, name="another:place", blind=True)
    assert other.tick()[2:] == [RunOutcome.SENT] * 3

    between = slow_after_the_dot(Act.KEEP, Act.ACCEPT, Act.KEEP)
    *_, last = one_tick_each(between, minutes=1)
    assert last.count(RunOutcome.IN_DOUBT) == 2
    assert last[3:] == [RunOutcome.ALREADY_SENT, RunOutcome.SENT]


def test_an_operator_who_runs_by_hand_tries_at_once_what_a_clock_would_leave_for_now() -> None:
    given = slow_after_the_dot(Act.KEEP, Act.KEEP)
    one_tick_each(given, minutes=0)
    assert given.outcomes()[2:] == [RunOutcome.SENT] * 3


def test_a_run_that_is_asked_to_end_finishes_the_mail_in_hand_and_begins_no_other() -> None:
    given = morning(*two_papers(), subscribers=several(3))
    report = run_morning(
        given.context,
        given.subscribers,
        Silent(),
        digest_on=given.source.on,
        should_stop=lambda: len(given.sender.mails) == 1,
    )
    outcomes = [entry.outcome for entry in report.subscribers]
    assert outcomes == [RunOutcome.SENT, RunOutcome.INTERRUPTED, RunOutcome.INTERRUPTED]
    assert given.outcomes() == [RunOutcome.ALREADY_SENT, RunOutcome.SENT, RunOutcome.SENT]


def test_an_event_settles_a_doubt_that_the_sender_cannot() -> None:
    given = morning(*two_papers())
    given.sender = FlakySender(lambda: make.NOW, [Act.KEEP], blind=True)
    assert given.outcomes() == [RunOutcome.IN_DOUBT]
    who = given.subscribers[0].subscriber_id
    assert given.store.take_event(MailEvent(EventKind.DELIVERED, who, make.TUESDAY, make.NOW), now=make.NOW)
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]
    assert len(given.mailed()) == 1


def test_the_papers_of_a_mail_that_bounced_come_with_the_next_one() -> None:
    given = morning(*two_papers())
    assert given.outcomes() == [RunOutcome.SENT]
    who = given.subscribers[0].subscriber_id
    first = given.sent()
    given.store.take_event(MailEvent(EventKind.BOUNCED_SOFT, who, make.TUESDAY, make.NOW), now=make.NOW)
    assert given.outcomes() == [RunOutcome.REJECTED]
    assert given.sent() == frozenset()
    given.source.on = make.WEDNESDAY
    given.source.days[make.WEDNESDAY] = {"cs.LG": [make.announcement("2601.00099")]}
    given.now += timedelta(days=1)
    assert given.outcomes() == [RunOutcome.SENT]
    assert given.sent() >= first


# --- a mail that had left after all, and a sender that breaks


def told(given: Morning, kind: EventKind) -> None:
    event = MailEvent(kind, given.subscribers[0].subscriber_id, make.TUESDAY, given.now)
    assert given.store.take_event(event, now=given.now)


@pytest.mark.parametrize("kind", list(EventKind))
def test_what_an_event_proves_is_not_sent_again_and_its_papers_count(kind: EventKind) -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.DEFER]))
    assert given.outcomes() == [RunOutcome.DEFERRED]
    told(given, kind)
    given.now += timedelta(hours=1)
    given.run()
    assert given.mailed() == []
    bounced = kind in (EventKind.BOUNCED_HARD, EventKind.BOUNCED_SOFT, EventKind.DROPPED, EventKind.REFUSED)
    assert given.sent() == (frozenset() if bounced else {"2601.00001", "2601.00002"})


def test_an_event_that_comes_while_the_next_mail_is_made_keeps_it_back() -> None:
    given = morning(*two_papers(), sender=FlakySender(lambda: make.NOW, [Act.DEFER]))
    given.run()

    class Slow(ScriptedScorer):
        def score(self, *args: object, **options: object) -> ScoreReport:
            told(given, EventKind.DELIVERED)
            return super().score(*args, **options)  # type: ignore[arg-type]

    given.scorer = Slow()
    given.now += timedelta(hours=1)
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]
    assert given.mailed() == []
    assert given.sent() == {"2601.00001", "2601.00002"}


@pytest.mark.parametrize("act", [Act.DEFER, Act.LOSE])
def test_an_event_that_overtakes_a_bad_answer_holds_and_the_books_balance(act: Act) -> None:
    given = morning(*two_papers())

    class Told(FlakySender):
        def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
            told(given, EventKind.PROCESSED)
            return super().send(message, on_hand_over=on_hand_over)

    given.sender = Told(lambda: make.NOW, [act])
    given.run()
    given.now += timedelta(hours=1)
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]
    assert given.mailed() == []


def test_one_mail_needs_the_store_and_the_ids_alone() -> None:
    """As a worker would do it that was told of one subscriber and one date."""
    given = morning(*two_papers())
    collect(given.context, given.subscribers, Silent())
    given.source.days.clear()
    [today] = given.store.get_days(before=make.WEDNESDAY, limit=1)
    given.store.start_run("worker")
    days = KnownDays("worker", today, [])
    selection = select(given.context, days, given.subscribers[0], make.TUESDAY)
    assert serve(given.context, days, selection).outcome is RunOutcome.SENT
    assert serve(given.context, days, selection).outcome is RunOutcome.ALREADY_SENT
    assert given.sent() == {"2601.00001", "2601.00002"}


class Jammed(FlakySender):
    def close(self) -> None:
        raise ZeroDivisionError("the door is jammed")


def test_a_sender_that_cannot_be_closed_ends_the_run_and_is_told() -> None:
    given = morning(*two_papers(), sender=Jammed(lambda: make.NOW))
    with pytest.raises(ZeroDivisionError, match="jammed"), closing(given.sender):
        given.run()
    assert given.store.current_run() == ""
    [recorded] = given.store.get_runs()
    assert [entry.outcome for entry in recorded.subscribers] == [RunOutcome.SENT]
    given.sender = FlakySender(lambda: make.NOW)
    assert given.outcomes() == [RunOutcome.ALREADY_SENT]


def test_what_broke_the_run_is_told_beside_the_sender_that_cannot_be_closed() -> None:
    given = morning(*two_papers(), sender=Jammed(lambda: make.NOW))

    class Broken(ScriptedScorer):
        def score(self, *_: object, floor: int = 1, votes: Votes = ()) -> ScoreReport:
            raise LookupError("what broke first")

    given.scorer = Broken()
    with pytest.raises(ZeroDivisionError) as raised, closing(given.sender):
        given.run()
    assert "what broke first" in str(raised.value.__context__)
    assert given.store.current_run() == ""


# --- a clock that ticks all day


@dataclass
class DaySource(ScriptedSource):
    """Serves the arXiv day of the moment: here, the UTC date."""

    def day(self, now: datetime) -> date:
        self.on = now.date()
        return self.on

    def fetch(self, category: str) -> Feed:
        self.days.setdefault(self.on, {})
        return super().fetch(category)


def ticking(days: dict[date, dict[str, list[Announcement] | str]], **changes: object) -> Morning:
    """From 06:00 UTC on Tuesday: 07:00 in Berlin, ten minutes before the mail."""
    return Morning(DaySource(days), timing=Timing(latest=timedelta(hours=12)), **changes)


def test_a_tick_with_nobody_due_asks_arxiv_for_nothing() -> None:
    given = ticking({make.TUESDAY: {"cs.LG": two_papers()}})
    assert given.tick() == [RunOutcome.NOT_DUE]
    assert given.source.asked == []
    given.now += timedelta(minutes=10)
    assert given.tick() == [RunOutcome.SENT]
    given.now += timedelta(minutes=10)
    assert given.tick() == [RunOutcome.ALREADY_SENT]
    assert given.source.asked == ["cs.LG"]


def test_only_the_categories_of_those_who_are_due_are_fetched() -> None:
    readers = [
        make.subscriber(),
        make.subscriber(subscriber_id="s_boston22", zone="America/New_York", categories=("cs.AI",)),  # 12:10 UTC
        make.subscriber(subscriber_id="s_gone2222", categories=("cs.CV",)),
        make.subscriber(subscriber_id="s_paused22", categories=("cs.RO",), paused_until=date(2026, 3, 1)),
    ]
    given = ticking({}, subscribers=readers, now=make.NOW + timedelta(minutes=10))
    given.store.change_address_status(
        "s_gone2222",
        lambda standing: suppression.suppress(standing, Suppression(SuppressionReason.COMPLAINT, make.NOW)),
    )
    given.tick()
    assert given.source.asked == ["cs.LG"]


@pytest.mark.parametrize(("answer", "minutes"), [([], 60), ("no answer", 15)])
def test_a_feed_without_papers_is_asked_again_after_a_while(answer: list[Announcement] | str, minutes: int) -> None:
    given = ticking({make.TUESDAY: {"cs.LG": answer}}, now=make.NOW + timedelta(minutes=10))
    first = given.tick()
    given.now += timedelta(minutes=minutes - 1)
    assert given.tick() == first, "the answer still stands"
    assert given.source.asked == ["cs.LG"]
    given.now += timedelta(minutes=1)
    given.source.days[make.TUESDAY]["cs.LG"] = two_papers()
    assert given.tick() == [RunOutcome.SENT]
    assert given.source.asked == ["cs.LG", "cs.LG"]


def test_a_stale_feed_is_waited_for_and_asked_again_after_a_while() -> None:
    given = ticking({make.TUESDAY: {"cs.LG": two_papers()}}, now=make.NOW + timedelta(minutes=10))
    given.tick()
    given.source.days[make.WEDNESDAY] = {"cs.LG": two_papers()}  # yesterday's
    given.now += timedelta(days=1)
    assert given.tick() == [RunOutcome.WAITING]
    given.now += timedelta(minutes=14)
    given.tick()
    assert given.source.asked == ["cs.LG"] * 2
    given.source.days[make.WEDNESDAY] = {"cs.LG": [make.announcement("2601.00077")]}
    given.now += timedelta(minutes=1)
    assert given.tick() == [RunOutcome.SENT]


def test_an_operator_who_runs_by_hand_is_not_told_to_wait() -> None:
    given = morning()
    given.run()
    given.run()
    assert given.source.asked == ["cs.LG"] * 2


def test_a_digest_too_old_to_be_news_is_not_begun_and_its_papers_come_with_the_next_mail() -> None:
    monday = make.TUESDAY - timedelta(days=1)
    given = ticking(
        {
            monday: {"cs.LG": [make.announcement("2601.00001")]},
            make.TUESDAY: {"cs.LG": [make.announcement("2601.00002")]},
            make.WEDNESDAY: {"cs.LG": [make.announcement("2601.00003")]},
        },
        now=make.NOW - timedelta(days=1) + timedelta(minutes=10),
    )
    assert given.tick() == [RunOutcome.SENT]
    given.now = make.NOW + timedelta(hours=13)  # the machine was off until the evening
    assert given.tick() == [RunOutcome.NOT_DUE]
    assert len(given.mailed()) == 1
    assert given.source.asked == ["cs.LG"] * 2, "today's papers are had while arXiv shows them"
    given.now = make.NOW + timedelta(days=1, minutes=10)
    assert given.tick() == [RunOutcome.SENT]
    row = make.present(given.store.get_delivery("s_abcd2345", make.WEDNESDAY))
    assert set(row.paper_ids) == {"2601.00002", "2601.00003"}
    assert row.announced_on == (make.TUESDAY, make.WEDNESDAY)


def test_a_deferred_digest_is_not_tried_again_when_it_is_too_old_and_nothing_of_it_is_lost() -> None:
    given = ticking({make.TUESDAY: {"cs.LG": two_papers()}}, now=make.NOW + timedelta(minutes=10))
    given.sender = FlakySender(lambda: given.now, [Act.DEFER])
    assert given.tick() == [RunOutcome.DEFERRED]
    given.now = make.NOW + timedelta(hours=13)
    assert given.tick() == [RunOutcome.NOT_DUE]
    given.now = make.NOW + timedelta(days=1, minutes=10)
    given.source.days[make.WEDNESDAY] = {"cs.LG": [make.announcement("2601.00009")]}
    assert given.tick() == [RunOutcome.SENT]
    assert given.sent() == {"2601.00001", "2601.00002", "2601.00009"}


def test_a_weekly_reader_gets_the_papers_of_the_days_between() -> None:
    weekly = make.subscriber(frequency=Frequency.WEEKLY, weekday=make.TUESDAY.weekday())
    days = [make.TUESDAY + timedelta(days=n) for n in range(8)]
    given = ticking(
        {on: {"cs.LG": [make.announcement(f"2601.{on.day:05}")]} for on in days},
        subscribers=[weekly],
        now=make.NOW + timedelta(minutes=10),
    )
    said = []
    for _ in days:
        said += given.tick()
        given.now += timedelta(days=1)
    assert said == [RunOutcome.SENT] + [RunOutcome.NOT_DUE] * 6 + [RunOutcome.SENT]
    assert given.sent() == {f"2601.{on.day:05}" for on in days}
    assert given.source.asked == ["cs.LG"] * 8


def test_ticks_that_tell_nothing_new_are_recorded_once() -> None:
    given = ticking({make.TUESDAY: {"cs.LG": two_papers()}})
    for _ in range(12):
        given.tick()
        given.now += timedelta(minutes=5)
    reports = given.store.get_runs()
    assert [report.subscribers[0].outcome for report in reports[::-1]] == [
        *(RunOutcome.NOT_DUE, RunOutcome.SENT, RunOutcome.ALREADY_SENT)
    ]


def test_a_run_that_is_asked_to_end_asks_for_no_other_feed() -> None:
    given = ticking({make.TUESDAY: {"cs.LG": two_papers(), "cs.AI": []}}, now=make.NOW + timedelta(minutes=10))
    given.subscribers = [make.subscriber(categories=("cs.AI", "cs.LG"))]
    report = run_morning(
        given.context, given.subscribers, Silent(), due_only=True, should_stop=lambda: bool(given.source.asked)
    )
    assert given.source.asked == ["cs.AI"]
    assert report.subscribers[0].outcome is RunOutcome.INTERRUPTED
    assert given.tick() == [RunOutcome.SENT]
    assert given.source.asked == ["cs.AI", "cs.LG"]


def test_where_a_model_is_asked_ahead_the_feeds_are_had_early_and_for_nobody_who_left() -> None:
    boston = make.subscriber(zone="America/New_York")  # 12:10 UTC
    gone = make.subscriber(subscriber_id="s_gone2222", categories=("cs.CV",))
    given = ticking({make.TUESDAY: {"cs.LG": two_papers()}}, subscribers=[boston, gone], prefetcher=FakePrefetcher())
    given.store.change_address_status(
        "s_gone2222",
        lambda standing: suppression.suppress(standing, Suppression(SuppressionReason.COMPLAINT, make.NOW)),
    )
    assert given.tick() == [RunOutcome.NOT_DUE, RunOutcome.SUPPRESSED]
    assert given.source.asked == ["cs.LG"]
    assert given.prefetcher is not None
    assert given.prefetcher.papers == ["2601.00001", "2601.00002"]


def test_what_the_mail_before_could_not_score_is_asked_ahead_with_the_next_papers() -> None:
    days = {make.TUESDAY: {"cs.LG": two_papers()}, make.WEDNESDAY: {"cs.LG": [make.announcement("2601.00011")]}}
    given = ticking(days, scorer=ScriptedScorer(broken=BROKEN), now=make.NOW + timedelta(minutes=10))
    assert given.tick() == [RunOutcome.SENT]
    given.now, given.prefetcher = make.NOW + timedelta(days=1, hours=-3), FakePrefetcher()
    assert given.tick() == [RunOutcome.NOT_DUE]
    assert given.prefetcher.papers == ["2601.00002", "2601.00011"]
    given.now = make.NOW + timedelta(days=1, minutes=10)
    given.tick()
    assert given.scorer.scored[-1] == given.prefetcher.papers


def test_a_number_in_a_reply_is_the_papers_number_in_that_mail_and_its_vote_teaches_the_next() -> None:
    given = morning(*two_papers(), make.announcement("2601.00003"))
    given.run()
    who, row = "s_abcd2345", given.store.get_delivery("s_abcd2345", make.TUESDAY)
    [mail] = given.sender.mails
    text = make.text_of(mail.mime)
    assert row is not None
    for number, arxiv_id in enumerate(row.paper_ids, start=1):
        assert f"{number}. On the paper {arxiv_id}" in text
    said = cast_numbered(given.store, who, make.TUESDAY, ((2, -1), (3, 1), (9, 1)), make.NOW)
    assert [(vote.number, vote.paper_id, vote.value) for vote in said] == [
        (2, row.paper_ids[1], -1),
        (3, row.paper_ids[2], 1),
    ]
    assert cast_numbered(given.store, who, make.WEDNESDAY, ((1, 1),), make.NOW) == []
    next_day(given, "2601.00011")
    given.run()
    papers = dict(given.scorer.votes[-1])
    assert (
        papers == {vote.paper: vote.value for vote in said} == {make.paper(vote.paper_id): vote.value for vote in said}
    )


def test_a_vote_taken_back_is_as_if_it_had_never_been() -> None:
    given = morning(*two_papers())
    given.run()
    cast(given.store, "s_abcd2345", "2601.00001", 1, make.NOW)
    cast(given.store, "s_abcd2345", "2601.00001", 0, make.NOW + timedelta(minutes=1))
    next_day(given, "2601.00011")
    given.run()
    assert given.scorer.votes[-1] == ()


def test_a_mail_shown_again_is_not_changed_by_what_was_said_of_it() -> None:
    given = morning(*two_papers())
    given.run()
    cast(given.store, "s_abcd2345", "2601.00001", 1, make.NOW)
    preview(given.context, given.subscribers[0], Silent(), digest_on=make.TUESDAY)
    assert given.scorer.votes[-1] == ()
