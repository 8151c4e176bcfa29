"""Each folder beside this file is a case: feeds, subscribers.yaml and scores.json in, mails and pages out.

A new case needs no code: add a folder and run `./run test tests/golden --update-golden`, then read what came out.
With a file `mailed_before` in it everybody had a digest the week before; without one, each mail is its reader's first.
A folder in `earlier/` has the feeds of a morning that is run before; `follows.json` says which paper follows which.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.headerregistry import Address
from functools import cache
from pathlib import Path

import pytest

from newsletter.delivery import ledger
from newsletter.files import resources
from newsletter.flow import run_morning
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.model import WORD_RANKER, Paper, Profile, Score, ScoreReport, Subscriber, Usage, Votes
from newsletter.run.context import RunContext
from newsletter.run.preview import preview
from newsletter.scoring.protocols import History
from newsletter.signing import Signer
from newsletter.sources.recorded import RecordedSource
from newsletter.stores import Store
from newsletter.subscribers.subscribers_yaml import parse_file
from tests import make
from tests.fakes import FlakySender, MemoryStore, Silent

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/scores.json"))
NOW = datetime(2026, 1, 6, 6, 30, tzinfo=UTC)
USAGE = Usage(12_345, 678, 1_024, Decimal("0.0123"), Decimal("0.0045"))
IDENTITY = MailIdentity(
    Address("Morning Papers", addr_spec="digest@example.org"),
    "digest@example.org",
    Signer(["a key that everybody knows"]),
    "https://papers.example.org",
    "bounces@example.org",
)


class WrittenScores:
    """Gives the scores of the case's file, so that a change of the ranker changes no expected mail.

    They are a model's if any has a novelty.
    """

    history_days = 0

    def __init__(self, path: Path) -> None:
        self._scores = json.loads(path.read_text(encoding="utf-8"))

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        scores = tuple(Score(p.arxiv_id, *self._scores[p.arxiv_id], rank=0.0) for p in papers)
        if all(novelty is None for _, novelty, _ in self._scores.values()):
            return ScoreReport(scores, (), WORD_RANKER)
        return ScoreReport(scores, (), "a model", USAGE)


class WrittenPredecessors:
    """Says what the case's file says, so that a change of the rule changes no expected mail."""

    def __init__(self, path: Path) -> None:
        self._follows = json.loads(path.read_text(encoding="utf-8"))

    def find_predecessors(self, papers: Sequence[Paper], earlier: Sequence[Paper]) -> list[int | None]:
        places = {paper.arxiv_id: place for place, paper in enumerate(earlier)}
        return [places.get(self._follows.get(paper.arxiv_id, "")) for paper in papers]


def mail_before(store: Store, subscribers: Sequence[Subscriber]) -> None:
    store.start_run("r0")
    for subscriber in subscribers:
        row = make.handed_over(store, subscriber.subscriber_id, NOW.date() - timedelta(days=7), run_id="r0")
        store.move(ledger.accept(row, "receipt", NOW))
    store.end_run("r0")


def run_before(context: RunContext, subscribers: Sequence[Subscriber], source: RecordedSource) -> None:
    """One morning of the case's past, with the same memory; its mails are not looked at."""
    on = source.day(NOW)
    now = datetime.combine(on, NOW.timetz())
    morning = replace(context, source=source, sender=FlakySender(lambda: now), now=lambda: now)
    run_morning(morning, subscribers, Silent(), digest_on=on)


@cache
def first_run(case: Path) -> dict[str, bytes]:
    return run_case(case)


def run_case(case: Path) -> dict[str, bytes]:
    """The files a case should have: the mail and the Markdown page of each subscriber, and the outcomes."""
    source = RecordedSource(case / "feeds")
    on = source.day(NOW)
    now = datetime.combine(on, NOW.timetz())
    sender = FlakySender(lambda: now)
    context = RunContext(
        source=source,
        scorer=WrittenScores(case / "scores.json"),
        sender=sender,
        store=MemoryStore(),
        renderer=Renderer(
            Brand("Morning Papers", "digest@example.org"),
            [resources.SHIPPED / "templates/email"],
        ),
        identity=IDENTITY,
        now=lambda: now,
        predecessors=WrittenPredecessors(case / "follows.json") if (case / "follows.json").exists() else None,
    )
    path = case / "subscribers.yaml"
    subscribers = parse_file(path.read_bytes(), source=path.name).subscribers
    if (case / "mailed_before").exists():
        mail_before(context.store, subscribers)
    for feeds in sorted(case.glob("earlier/*")):
        run_before(context, subscribers, RecordedSource(feeds))
    report = run_morning(context, subscribers, Silent(), digest_on=on)
    outcomes = [f"{s.name}: {entry.outcome}" for s, entry in zip(subscribers, report.subscribers, strict=True)]
    files = {"outcomes.txt": "\n".join(outcomes).encode() + b"\n"}
    for mail in sender.mails:
        name = mail.to.partition("@")[0]
        files[f"{name}.eml"] = mail.mime.as_bytes()
        [subscriber] = [s for s in subscribers if s.email == mail.to]
        digest = preview(context, subscriber, Silent(), digest_on=on, anew=True).digest
        assert digest is not None
        files[f"{name}.md"] = context.renderer.markdown(digest).encode()
    return files


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_expected_mails_come_out(case: Path, request: pytest.FixtureRequest) -> None:
    made = first_run(case)
    expected = case / "expected"
    if request.config.getoption("--update-golden"):
        expected.mkdir(exist_ok=True)
        for old in expected.iterdir():
            old.unlink()
        for name, content in made.items():
            (expected / name).write_bytes(content)
    assert sorted(path.name for path in expected.iterdir()) == sorted(made)
    for name, content in made.items():
        assert content.decode() == (expected / name).read_bytes().decode(), f"{case.name}/expected/{name}"


def test_there_are_cases() -> None:
    assert len(CASES) >= 4


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mails_are_the_same_every_time(case: Path) -> None:
    assert run_case(case) == first_run(case)
