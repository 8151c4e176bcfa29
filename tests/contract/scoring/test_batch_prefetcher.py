"""Asking ahead, as a whole: mornings with a clock of their own against a server that takes batches over real HTTP."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from email.headerregistry import Address
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from newsletter.errors import SourceError
from newsletter.files import resources
from newsletter.flow import run_morning
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.model.llm_calls import BatchState, ModelBatch, ModelCall
from newsletter.model.papers import Announcement, Feed
from newsletter.model.runs import RunOutcome, RunReport
from newsletter.model.spending import spent
from newsletter.model.subscribers import Profile, Subscriber, Topic
from newsletter.run.context import RunContext
from newsletter.run.preview import preview
from newsletter.scoring.batch_prefetcher import BatchPrefetcher
from newsletter.scoring.funnel import FunnelScorer
from newsletter.scoring.llm.grader import profile_key
from newsletter.scoring.llm.model_grader import ModelGrader
from newsletter.scoring.llm.model_settings import ModelLimits, ModelSettings
from newsletter.scoring.llm.prices import Price
from newsletter.scoring.llm.prompts import load_prompts
from newsletter.scoring.ranking.shortlist import Policy
from newsletter.stores import Store
from tests import make
from tests import openai_server as fake
from tests.fake_grader import ByNumber
from tests.fakes import FlakySender, MemoryStore, Silent

PRICE = Price(input=Decimal(1), cached=Decimal("0.1"), cache_write=Decimal(1), output=Decimal(5))
HALF = Price(input=Decimal("0.5"), cached=Decimal("0.05"), cache_write=Decimal("0.5"), output=Decimal("2.5"))
PROMPTS = load_prompts(resources.read_text)
RENDERER = Renderer(Brand("Morning Papers", "back@example.org"), resources.folders("templates/email"))
QUARTER = timedelta(minutes=15)
SIX = make.NOW  # 06:00 UTC: one in the morning at arXiv, whose feeds have just turned
NOON = SIX + timedelta(hours=6)  # when the reader in New York wants the mail
READER = make.subscriber(zone="America/New_York", send_at=time(7, 0))
FLOOR = READER.min_relevance


def price_of(model: str, tier: str) -> Price:
    if model != "gpt-test":
        return Price(Decimal(100), Decimal(100), Decimal(100), Decimal(100))
    return PRICE if tier == "standard" else HALF


def papers(count: int, category: str = "cs.LG", first: int = 1) -> list[Announcement]:
    numbers = range(first, first + count)
    return [make.announcement(f"2601.{number:05d}", categories=(category,)) for number in numbers]


@dataclass
class Feeds:
    """arXiv's, with its day; asked again the next day it shows the same, as on a holiday."""

    shown: dict[str, list[Announcement] | str]
    on: date = make.TUESDAY

    def day(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo("America/New_York")).date()

    def fetch(self, category: str) -> Feed:
        shown = self.shown[category]
        if isinstance(shown, str):
            raise SourceError(category, shown)
        return Feed(category, self.on, tuple(shown))


@dataclass
class Office:
    """A newsletter with the batch tier; `tick` is one `newsletter run --due`."""

    server: fake.OpenAIServer
    feeds: Feeds
    readers: list[Subscriber] = field(default_factory=lambda: [READER])
    store: Store = field(default_factory=MemoryStore)
    budget_usd: Decimal | None = None
    lead_time: timedelta | None = timedelta(hours=3)
    batch_papers: int = 20
    model: str = "gpt-test"
    timeout_s: float = 10.0
    now: datetime = SIX
    sender: FlakySender = field(default_factory=lambda: FlakySender(lambda: SIX))

    def context(self) -> RunContext:
        """As a new process has it."""
        grader = ModelGrader(
            ModelSettings(
                self.model, "sk-test-1234567890", base_url=self.server.url, timeout_s=self.timeout_s, tier="flex"
            ),
            PROMPTS,
            self.store,
            price_of=price_of,
            count=lambda text: len(text) // 4,
            now=lambda: self.now,
            budget_usd=self.budget_usd,
            limits=ModelLimits(self.batch_papers, requests_per_minute=None, tokens_per_minute=None, attempts=1),
        )
        policy = Policy(cold_share=0.5, random_share=0.1)

        def funnel(grader: Any) -> FunnelScorer:
            return FunnelScorer(ByNumber(), grader, self.store, policy, lambda: self.now)

        return RunContext(
            source=self.feeds,
            scorer=funnel(grader),
            sender=self.sender,
            store=self.store,
            renderer=RENDERER,
            identity=MailIdentity(Address("Morning Papers", addr_spec="digest@example.org"), "back@example.org"),
            now=lambda: self.now,
            prefetcher=BatchPrefetcher(grader, funnel, lead_time=self.lead_time),
        )

    def tick(self, at: datetime | None = None, *, due_only: bool = True) -> RunReport:
        self.now = at or self.now + QUARTER
        self.feeds.on = self.feeds.day(self.now)
        return run_morning(self.context(), self.readers, Silent(), due_only=due_only)

    def answer_ahead(self) -> None:
        """At six a batch is submitted, and the provider answers all of it."""
        self.tick(SIX)
        self.api.finish()

    @property
    def api(self) -> fake.BatchApi:
        assert self.server.batches is not None
        return self.server.batches

    def batches(self) -> list[ModelBatch]:
        return self.store.get_batches(since=date.min)

    def batch(self) -> ModelBatch:
        (one,) = self.batches()
        return one

    def calls(self) -> list[ModelCall]:
        return self.store.get_calls(since=date.min, until=date.max)

    def outcomes(self) -> list[str]:
        return sorted(f"{call.tier} {call.outcome}" for call in self.calls())

    def cost(self) -> Decimal:
        return spent(self.calls())

    def graded(self, reader: Subscriber = READER) -> dict[str, int]:
        found = self.store.get_gradings(profile_key(reader.profile), since=date.min)
        return {one.arxiv_id: one.relevance for one in found}

    def mail(self) -> str:
        (mail,) = self.sender.mails
        return make.text_of(mail.mime)


@contextmanager
def office(
    shown: Sequence[Announcement] = (), *, batches: bool = True, model: fake.Model = fake.sensible_model, **changes: Any
) -> Iterator[Office]:
    with fake.openai_server(batches=batches, model=model) as server:
        yield Office(server, Feeds({"cs.LG": list(shown or papers(10))}), **changes)


def outcome(report: RunReport) -> RunOutcome:
    (entry,) = report.subscribers
    return entry.outcome


# --- when all is well ---------------------------------------------------------------------------------


def test_a_reader_whose_mail_is_hours_away_gets_answers_that_were_asked_for_ahead() -> None:
    with office(papers(30)) as o:
        assert outcome(o.tick(SIX)) is RunOutcome.NOT_DUE
        assert o.api.status() == ["validating"]
        o.tick()
        o.api.finish()
        o.tick()
        assert o.batch().state is BatchState.ENDED
        assert o.graded() == {f"2601.{n:05d}": r if (r := n % 10 or 10) >= FLOOR else 0 for n in range(1, 31)}
        report = o.tick(NOON)
        assert outcome(report) is RunOutcome.SENT
        assert report.problems == ()
    assert o.server.requests == []  # nothing was asked at once
    assert o.api.operations.count("batches.create") == 1
    assert o.outcomes() == ["batch ok", "batch ok"]


def test_the_requests_are_those_of_the_morning_without_a_tier() -> None:
    with office() as ahead:
        ahead.tick(SIX)
        (line,) = ahead.api.requests()
    with office() as at_once:
        at_once.tick(NOON)
        (body,) = at_once.server.requests
    assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
    assert line["custom_id"] == ahead.calls()[0].call_id
    assert line["body"] | {"service_tier": "flex"} == body
    assert "service_tier" not in line["body"]


def test_the_shortlist_is_the_mornings() -> None:
    with office(papers(100)) as ahead:
        ahead.tick(SIX)
        asked = sorted(each for request in ahead.api.asked() for each in request)
        random = {p.arxiv_id for line in ahead.batch().lines for p in line.papers if p.was_random}
    with office(papers(100)) as at_once:
        at_once.tick(NOON)
        assert asked == sorted(each for request in at_once.server.asked() for each in request)
        graded = at_once.store.get_gradings(profile_key(READER.profile), since=date.min)
        assert random == {one.arxiv_id for one in graded if one.was_random} != set()
    assert len(asked) < 70


def test_a_call_counts_at_its_highest_cost_until_it_ends_at_half_the_price() -> None:
    with office() as o:
        o.tick(SIX)
        (pending,) = o.calls()
        assert (pending.outcome, pending.tier, pending.subject) == ("pending", "batch", profile_key(READER.profile))
        o.api.finish()
        o.tick()
        (call,) = o.calls()
    assert call.outcome == "ok"
    assert call.prompt_tokens > 0
    assert call.cost_usd == HALF.cost(call.prompt_tokens, 0, 0, call.completion_tokens)
    assert pending.cost_usd is not None
    assert 0 < call.cost_usd < pending.cost_usd
    assert call.seconds == QUARTER.total_seconds()
    assert json.loads(call.answer)["scored"]


def test_the_mail_shows_what_was_used_ahead_once() -> None:
    twin = replace(READER, subscriber_id="s_twin2345", email="twin@example.org")
    with office(readers=[READER, twin]) as o:
        o.answer_ahead()
        o.tick(NOON)
        (call,) = o.calls()
        texts = [make.text_of(mail.mime) for mail in o.sender.mails]
    assert call.cost_usd is not None
    shown = f"{call.prompt_tokens:,}"
    assert [shown in text for text in texts] == [True, False]
    assert o.batch().is_in_mail


def test_the_files_are_removed_at_the_provider_when_they_were_read() -> None:
    with office() as o:
        o.tick(SIX)
        assert len(o.api.files) == 1
        o.api.finish()
        o.tick()
        assert o.api.files == {}
        assert o.api.operations.count("files.delete") == 2


# --- who is asked ahead -------------------------------------------------------------------------------


def test_a_mail_that_is_too_near_is_asked_for_in_the_morning_on_the_flex_tier() -> None:
    with office() as o:
        o.tick(NOON - timedelta(hours=2))
        assert o.api.operations == []
        assert outcome(o.tick(NOON)) is RunOutcome.SENT
    assert [body["service_tier"] for body in o.server.requests] == ["flex"]
    assert o.batches() == []


def test_without_due_everybody_is_asked_for_at_once() -> None:
    with office() as o:
        assert outcome(o.tick(SIX, due_only=False)) is RunOutcome.SENT
        assert o.api.operations == []


def test_without_the_batch_tier_nothing_is_asked_ahead_and_what_was_is_still_collected() -> None:
    with office() as o:
        o.answer_ahead()
        o.lead_time = None
        o.tick()
        assert o.batch().state is BatchState.ENDED
        assert len(o.graded()) == 10
    with office(lead_time=None) as o:
        o.tick(SIX)
        assert o.api.operations == []


def test_a_mail_of_tomorrow_is_asked_for_ahead_if_it_brings_todays_papers() -> None:
    """Seven in the morning in Tokyo is the evening before at arXiv, whose day began 17 hours earlier."""
    tokyo = make.subscriber(zone="Asia/Tokyo", send_at=time(7, 0))
    with office(papers(3), readers=[tokyo]) as o:
        assert outcome(o.tick(SIX - timedelta(hours=8))) is RunOutcome.SENT
        o.feeds.shown["cs.LG"] = papers(10, first=90)
        o.answer_ahead()
        assert outcome(o.tick(SIX + timedelta(hours=16))) is RunOutcome.SENT
        assert len(o.server.requests) == 1  # the first mail's
        assert len(o.graded()) == 13


def test_a_mail_of_tomorrow_that_brings_tomorrows_papers_is_not_asked_for_ahead() -> None:
    with office(readers=[make.subscriber(send_at=time(6, 0))]) as o:  # it is seven in Berlin
        assert outcome(o.tick(SIX)) is RunOutcome.SENT
        o.tick()
        assert o.batches() == []


def test_a_reader_who_wants_no_mail_before_tomorrows_papers_is_not_asked_for_ahead() -> None:
    with office(readers=[make.subscriber(send_at=time(6, 0), paused_until=make.WEDNESDAY)]) as o:
        assert outcome(o.tick(SIX)) is RunOutcome.PAUSED
        assert o.batches() == []


def test_an_announcement_that_is_not_yet_whole_is_waited_for() -> None:
    reader = replace(READER, categories=("cs.LG", "cs.AI"))
    with office(readers=[reader]) as o:
        o.feeds.shown["cs.AI"] = "no answer"
        o.tick(SIX)
        assert o.batches() == []
        o.feeds.shown["cs.AI"] = papers(5, "cs.AI", first=50)
        o.tick()
        assert len(o.batch().lines[0].papers) == 15


def test_equal_profiles_share_a_batch() -> None:
    twin = replace(READER, subscriber_id="s_twin2345", email="twin@example.org", categories=("cs.LG", "cs.AI"))
    other = replace(READER, subscriber_id="s_other234", email="other@example.org", profile=Profile((Topic("X", "y"),)))
    with office(readers=[READER, twin, other]) as o:
        o.feeds.shown["cs.AI"] = papers(5, "cs.AI", first=50)
        for _ in range(3):
            o.tick(SIX)
        assert sorted(sum(len(line.papers) for line in batch.lines) for batch in o.batches()) == [10, 15]
        o.api.finish()
        report = o.tick(NOON)
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.SENT] * 3
    assert o.server.requests == []


def test_a_reader_whose_mail_is_near_asks_for_all_who_share_the_profile() -> None:
    near = replace(READER, subscriber_id="s_near2345", email="near@example.org", send_at=time(3, 0))
    with office(readers=[READER, near]) as o:
        o.tick(SIX)
        assert o.batches() == []
        o.tick(SIX + timedelta(hours=2))
        assert len(o.sender.mails) == 1
        assert o.batch().detail == "nothing to ask"
        o.tick(NOON)
    assert len(o.sender.mails) == 2
    assert len(o.server.requests) == 1
    assert o.api.operations == []


# --- late, expired, failed ----------------------------------------------------------------------------


def test_a_late_batch_is_cancelled_and_no_mail_waits_for_it() -> None:
    with office() as o:
        o.tick(SIX)
        o.api.validate()
        assert outcome(o.tick(NOON)) is RunOutcome.SENT
        assert o.api.status() == ["cancelling"]
        assert o.batch().state is BatchState.CANCELLING
        assert [body["service_tier"] for body in o.server.requests] == ["flex"]
        assert "Scored by gpt-test" in o.mail()
        before = o.store.get_gradings(profile_key(READER.profile), since=date.min)
        o.api.settle_cancelled(answered=1)
        o.tick()
        assert o.batch().state is BatchState.ENDED
        assert o.batch().detail == "cancelled: late: its morning came first"
        assert o.outcomes() == ["batch ok", "flex ok"]  # what it answered is paid, and in the log
        assert o.store.get_gradings(profile_key(READER.profile), since=date.min) == before


@pytest.mark.parametrize(("status", "answered"), [("completed", None), ("cancelled", 1)])
def test_what_a_late_batch_has_answered_is_used_if_it_is_there_at_once(status: str, answered: int | None) -> None:
    """It got ready between the look and the cancelling, which the server then refuses."""
    with office(papers(30)) as o:
        o.tick(SIX)

        def get_ready(operation: str) -> None:
            if operation == "batches.cancel":
                o.api.end(status, answered)

        o.api.on = get_ready
        o.tick(NOON)
        assert len(o.sender.mails) == 1
        assert o.batch().state is BatchState.ENDED
        assert [len(each) for each in o.server.asked()] == ([] if answered is None else [10])
        assert len(o.graded()) == 30


def test_an_expired_batch_gives_what_it_has_and_the_morning_asks_for_the_rest() -> None:
    with office(papers(30), batch_papers=10) as o:
        o.tick(SIX)
        o.api.expire(answered=2)
        o.tick()
        assert o.outcomes() == ["batch batch_expired", "batch ok", "batch ok"]
        assert [call.cost_usd for call in o.calls() if call.outcome != "ok"] == [Decimal(0)]
        assert o.batch().detail == "expired; 1 of 3 requests failed"
        assert len(o.graded()) == 20
        o.tick(NOON)
    assert [len(each) for each in o.server.asked()] == [10]
    assert len(o.graded()) == 30


def test_a_batch_that_does_not_pass_costs_nothing_and_is_told() -> None:
    with office() as o:
        o.tick(SIX)
        o.api.fail("Enqueued token limit reached for gpt-test.")
        (problem,) = o.tick().problems
        assert "Enqueued token limit reached" in problem
        assert o.cost() == 0
        assert o.batch().state is BatchState.ENDED
        o.tick()
        assert o.api.operations.count("batches.create") == 1  # once a day is enough
        o.tick(NOON)
    assert len(o.server.requests) == 1


def test_a_batch_of_which_nothing_is_heard_any_more_is_given_up_at_its_highest_cost() -> None:
    with office() as o:
        o.tick(SIX)
        most = o.cost()
        o.api.validate()
        o.tick(NOON)
        o.api.refuse["batches.retrieve"] = (404, None, "No such batch.")
        assert o.tick(SIX + timedelta(hours=25)).problems == ()
        assert o.batch().is_open
        (problem,) = o.tick(SIX + timedelta(hours=27)).problems
        assert "was given up" in problem
        assert not o.batch().is_open
        (call,) = [call for call in o.calls() if call.tier == "batch"]
        assert (call.outcome, call.cost_usd) == ("no answer", most)


def test_a_batch_is_collected_after_days_in_which_nothing_ran_and_under_another_model() -> None:
    with office() as o:
        o.answer_ahead()
        o.model = "gpt-other"
        o.tick(SIX + timedelta(days=5))
        (call,) = [call for call in o.calls() if call.model == "gpt-test"]
        assert (call.outcome, call.tier) == ("ok", "batch")
        assert call.cost_usd == HALF.cost(call.prompt_tokens, 0, 0, call.completion_tokens)
        assert not o.batches()[0].is_open


def test_a_server_that_is_down_for_a_while_is_asked_again_with_the_next_run() -> None:
    with office() as o:
        o.answer_ahead()
        for operation in ("batches.retrieve", "files.content"):
            o.api.refuse = {operation: (503, None, "Overloaded.")}
            assert o.tick().problems == ()
            assert o.batch().is_open
            assert "503" in o.batch().detail
        o.api.refuse = {}
        o.tick()
    assert o.outcomes() == ["batch ok"]


def test_a_server_that_does_not_answer_is_asked_about_one_batch_only_before_the_mails() -> None:
    other = replace(READER, subscriber_id="s_other234", email="other@example.org", profile=Profile((Topic("X", "y"),)))
    with office(readers=[READER, other]) as o:
        o.tick(SIX)
        o.api.on = lambda operation: o.server.released.wait(10) and None  # type: ignore[func-returns-value]
        o.timeout_s = 0.2
        o.tick()
        assert o.api.operations.count("batches.retrieve") <= 1
        assert ["no answer within" in batch.detail for batch in o.batches()].count(True) == 1


# --- answers that are not as asked --------------------------------------------------------------------


def test_what_a_line_says_is_read_as_any_answer_is() -> None:
    def odd(body: fake.Body) -> str:
        labels = list(fake.papers_in(body))
        entries = [fake.entry(labels[0], "9/10", 0), fake.entry("2601.99999-abc", 9), fake.entry(labels[1], "high")]
        return json.dumps({"scored": [*entries, fake.entry(labels[2])], "below": labels[3:]})

    with office(model=odd) as o:
        o.answer_ahead()
        o.tick()
        gradings = o.store.get_gradings(profile_key(READER.profile), since=date.min)
        assert (gradings[0].relevance, gradings[0].novelty) == (9, 1)
        assert sorted(o.graded()) == [f"2601.{n:05d}" for n in (1, *range(3, 11))]


@pytest.mark.parametrize("fault", [fake.refuses, fake.filtered], ids=["refused", "filtered"])
def test_a_line_without_an_answer_is_in_the_book_and_its_papers_are_asked_about_in_the_morning(
    fault: fake.Fault,
) -> None:
    with office(papers(20), batch_papers=10) as o:
        o.api.spoil = fake.only_for("2601.00007", fault)
        o.answer_ahead()
        o.tick()
        assert len(o.graded()) == 10
        assert all(call.cost_usd for call in o.calls())
        o.tick(NOON)
        assert len(o.graded()) == 20


def test_a_request_that_the_server_refused_costs_nothing() -> None:
    with office(papers(20), batch_papers=10) as o:
        o.api.spoil = fake.only_for("2601.00007", fake.error(400, "invalid", "Too long."))
        o.answer_ahead()
        assert o.tick().problems == ()
    (call,) = [call for call in o.calls() if call.outcome != "ok"]
    assert (call.outcome, call.cost_usd, call.answer) == ("HTTP 400", Decimal(0), "Too long.")


def test_when_every_request_was_refused_the_operator_is_told() -> None:
    with office() as o:
        o.api.spoil = fake.error(400, "unsupported", "reasoning_effort is not supported.")
        o.answer_ahead()
        (problem,) = o.tick().problems
        assert "reasoning_effort is not supported" in problem
        assert o.cost() == 0
        o.tick(NOON)
        assert len(o.sender.mails) == 1


def renamed(line: str, name: str) -> str:
    return json.dumps(json.loads(line) | {"custom_id": name})


def other_answer(line: str) -> str:
    entry = json.loads(line)
    entry["response"]["body"]["choices"][0]["message"]["content"] = "{}"
    return json.dumps(entry)


@pytest.mark.parametrize(
    ("tamper", "first", "is_paid"),
    [
        pytest.param(lambda lines: ["", "nonsense", "[]", "null", '{"custom_id": 7}', *lines], "ok", True, id="junk"),
        pytest.param(lambda lines: [*lines, *lines], "ok", True, id="everything twice"),
        pytest.param(lambda lines: [*lines, renamed(lines[0], "stranger")], "ok", True, id="unknown name"),
        pytest.param(lambda lines: lines[:-1], "no answer", True, id="missing"),
        pytest.param(lambda lines: [*lines, other_answer(lines[-1])], "answered twice", True, id="two answers"),
        pytest.param(lambda lines: [*lines[:-1], lines[-1][:-9]], "no answer", True, id="cut off"),
        pytest.param(
            lambda lines: [*lines[:-1], json.dumps(json.loads(lines[-1]) | {"response": {"status_code": "200"}})],
            "no answer",
            False,
            id="no status",
        ),
    ],
)
def test_a_file_that_is_not_as_it_should_be(tamper: Any, first: str, is_paid: bool) -> None:
    """The first request is the output's last line. Where nobody knows whether it was paid, the most is booked."""
    with office(papers(20), batch_papers=10) as o:
        o.api.tamper = tamper
        o.answer_ahead()
        o.tick()
        by_paper = {call.paper_ids[0]: call for call in o.calls()}
        assert by_paper["2601.00001"].outcome == first
        assert bool(by_paper["2601.00001"].cost_usd) is is_paid
        assert by_paper["2601.00011"].outcome == "ok"
        assert len(o.graded()) == (20 if first == "ok" else 10)
        assert not o.batch().is_open
        o.tick(NOON)
        assert len(o.graded()) == 20


@pytest.mark.parametrize("body", [None, [], 7, {}, {"choices": [None]}, {"choices": [], "usage": "much"}], ids=str)
def test_an_answer_of_another_shape_is_an_empty_one(body: object) -> None:
    def tamper(lines: list[str]) -> list[str]:
        entry = json.loads(lines[0])
        entry["response"]["body"] = body
        return [json.dumps(entry)]

    with office() as o:
        o.tick(SIX)
        most = o.cost()
        o.api.tamper = tamper
        o.api.finish()
        o.tick()
        (call,) = o.calls()
        assert call.outcome == "empty"
        assert call.cost_usd == most  # the server does not say what it used
        assert o.graded() == {}


# --- crashes and racing runs --------------------------------------------------------------------------


def test_a_batch_whose_answer_got_lost_is_found_by_its_key_and_not_submitted_again() -> None:
    with office() as o:
        o.api.lose = {"batches.create"}
        o.tick(SIX)
        o.api.lose = set()
        assert o.batch().state is BatchState.SUBMITTING
        o.api.finish()
        o.tick()
        assert o.batch().state is BatchState.ENDED
        assert o.api.operations.count("batches.create") == 1
        assert o.outcomes() == ["batch ok"]


def test_the_providers_list_is_searched_to_its_end() -> None:
    """One on a page; others use the same account."""
    with office() as o:
        o.api.lose = {"batches.create"}
        o.tick(SIX)
        for number in range(3):
            o.api.batches[f"batch_of_others_{number}"] = {"id": f"batch_of_others_{number}", "status": "completed"}
        o.tick()
        assert o.api.operations.count("batches.list") == 4
        assert o.batch().state is BatchState.SUBMITTED


def test_a_batch_that_is_in_no_list_was_never_sent_and_costs_nothing() -> None:
    with office() as o:
        o.api.lose = {"batches.create"}
        o.tick(SIX)
        o.api.batches.clear()
        o.tick(SIX + timedelta(minutes=5))  # it may yet appear
        assert (o.batch().is_open, o.cost() > 0) == (True, True)
        o.tick(SIX + QUARTER)
        assert not o.batch().is_open
        assert o.batch().detail.startswith("never submitted")
        assert o.cost() == 0
        o.tick(NOON)
        assert len(o.sender.mails) == 1


def test_an_upload_that_breaks_leaves_the_work_to_the_morning() -> None:
    with office() as o:
        o.api.lose = {"files.create"}
        assert o.tick(SIX).problems == ()
        assert (o.cost(), o.batch().is_open) == (0, False)
        o.tick(NOON)
        assert len(o.sender.mails) == 1
        assert "batches.create" not in o.api.operations


@pytest.mark.parametrize("operation", ["files.create", "batches.create"])
def test_a_run_in_the_middle_of_anothers_submission_submits_nothing(operation: str) -> None:
    with office() as o:

        def second_run(seen: str) -> None:
            if seen == operation:
                o.api.on = lambda seen: None
                o.tick(SIX + QUARTER)

        o.api.on = second_run
        o.tick(SIX)
        assert o.api.operations.count("batches.create") == 1
        assert o.batch().state is BatchState.SUBMITTED
        assert len(o.calls()) == 1


@pytest.mark.parametrize("operation", ["batches.retrieve", "files.content", "files.delete"])
def test_two_runs_that_collect_at_once_book_everything_once(operation: str) -> None:
    with office() as o:
        o.answer_ahead()

        def second_run(seen: str) -> None:
            if seen == operation:
                o.api.on = lambda seen: None
                o.tick(SIX + QUARTER)

        o.api.on = second_run
        o.tick(SIX + QUARTER)
        assert o.batch().state is BatchState.ENDED
        assert o.outcomes() == ["batch ok"]
        assert len(o.graded()) == 10
        assert o.cost() < Decimal("0.001")


class DyingStore(MemoryStore):
    """The process dies when it is about to write that a batch has ended."""

    is_dying = True

    def move_batch(self, batch: ModelBatch) -> None:
        if self.is_dying and not batch.is_open:
            raise KeyboardInterrupt
        super().move_batch(batch)


def test_what_a_dying_run_has_collected_stays_though_the_provider_has_it_no_more() -> None:
    store = DyingStore()
    with office(store=store) as o:
        o.answer_ahead()
        with pytest.raises(KeyboardInterrupt):
            o.tick()
        store.crash()
        before = o.calls()
        store.is_dying = False
        for batch in o.api.batches.values():
            batch["output_file_id"] = None
        o.tick()
        assert not o.batch().is_open
        assert (o.calls(), len(o.graded())) == (before, 10)
    assert o.outcomes() == ["batch ok"]


# --- the budget ---------------------------------------------------------------------------------------


def test_a_batch_takes_no_more_than_half_of_the_budget_and_else_the_morning_does_it() -> None:
    with office() as o:
        o.tick(SIX)
        most = o.cost()
    with office(budget_usd=2 * most) as o:
        o.tick(SIX)
        assert o.batch().state is BatchState.SUBMITTED
    with office(budget_usd=2 * most - Decimal("0.000001")) as o:
        for _ in range(2):
            o.tick(SIX)
        assert o.batch().detail == "half of the day's budget has no room for it"
        assert (o.api.operations, o.calls()) == ([], [])
        assert outcome(o.tick(NOON)) is RunOutcome.SENT
        assert len(o.server.requests) == 1


def test_late_or_not_the_day_stays_within_its_budget() -> None:
    with office(papers(40), batch_papers=5) as o:
        o.tick(SIX)
        most = o.cost()
    with office(papers(40), batch_papers=5, budget_usd=2 * most) as o:
        o.tick(SIX)
        o.api.validate()
        o.tick(NOON)
        assert o.batch().state is BatchState.CANCELLING
        assert o.cost() <= 2 * most
        assert "Scored by gpt-test" in o.mail()
        o.api.settle_cancelled(answered=8)
        o.tick()
        assert o.cost() < most


# --- servers that take no batches, keys that do not fit -----------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
@pytest.mark.parametrize("operation", ["files.create", "batches.create"])
def test_a_server_without_batches_is_told_once_and_mornings_go_on(operation: str, status: int) -> None:
    other = replace(READER, subscriber_id="s_other234", email="other@example.org", profile=Profile((Topic("X", "y"),)))
    with office(readers=[READER, other]) as o:
        o.api.refuse[operation] = (status, None, "Not here.")
        (problem,) = o.tick(SIX).problems
        assert "takes no batches" in problem
        assert "set NEWSLETTER_MODEL_TIER to flex" in problem
        assert o.tick().problems == ()
        assert o.api.operations.count(operation) == 1
        assert o.api.files == {}
        assert o.cost() == 0
        report = o.tick(NOON)
    assert [entry.outcome for entry in report.subscribers] == [RunOutcome.SENT] * 2
    assert report.problems == ()


def test_a_server_without_batches_is_tried_again_the_next_day() -> None:
    with office() as o:
        o.api.refuse["files.create"] = (404, None, "Not here.")
        o.tick(SIX)
        o.tick(NOON)
        o.feeds.shown["cs.LG"] = papers(10, first=50)
        (problem,) = o.tick(SIX + timedelta(days=1)).problems
    assert "takes no batches" in problem


def test_a_server_that_knows_only_chats_is_told_once() -> None:
    with office(batches=False) as o:
        (problem,) = o.tick(SIX).problems
        assert "takes no batches" in problem
        assert o.tick().problems == ()
        assert outcome(o.tick(NOON)) is RunOutcome.SENT


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (401, "invalid_api_key", "set OPENAI_API_KEY to a valid one"),
        (429, "insufficient_quota", "add credit or raise the limit"),
        (400, "billing_hard_limit_reached", "add credit or raise the limit"),
    ],
)
@pytest.mark.parametrize("operation", ["files.create", "batches.create", "batches.retrieve"])
def test_a_key_or_credit_that_does_not_fit_is_one_sentence(operation: str, status: int, code: str, remedy: str) -> None:
    with office() as o:
        if operation == "batches.retrieve":
            o.tick(SIX)
        o.api.refuse[operation] = (status, code, "No.")
        (problem,) = o.tick(SIX + QUARTER).problems
    assert remedy in problem


# --- a look ahead of the mail -------------------------------------------------------------------------


def test_a_preview_cancels_nothing() -> None:
    with office() as o:
        o.tick(SIX)
        o.api.validate()
        preview(o.context(), READER, Silent())
        assert o.batch().state is BatchState.SUBMITTED
        assert o.api.status() == ["in_progress"]
