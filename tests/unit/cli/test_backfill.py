"""`newsletter backfill` against a server that answers as arXiv's OAI-PMH does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import stamina

from newsletter.papers import arxiv_day
from newsletter.papers.announcement_schedule import scheduled_day
from newsletter.run import last_weekdays
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter
from tests.http_server import serving
from tests.make import present
from tests.oai_server import Archive, Kept, handler_of

YAML = """subscribers:
  - {email: ada@example.org, name: Ada, categories: [cs.LG], topics: [{name: T, relevant: all of it}]}
"""


def today_at_arxiv() -> date:
    """The commands ask the real clock: each test asks it, too, since arXiv's midnight may come between two of them."""
    return arxiv_day(datetime.now(UTC))


@pytest.fixture
def days() -> list[date]:
    """The five weekdays before today."""
    return last_weekdays(today_at_arxiv(), 5)


def paper_of(on: date, number: int) -> Kept:
    """A paper that the timetable announces on that day."""
    noon = datetime(on.year, on.month, on.day, 17, tzinfo=UTC)
    received_at = next(at for n in range(1, 5) if scheduled_day(at := noon - timedelta(days=n)) == on)
    return Kept(f"{on:%y%m}.{number:05}", [received_at], changed_on=on)


@pytest.fixture
def archive(days: list[date]) -> Archive:
    papers = [paper_of(day, number) for number, day in enumerate(days, 1)]
    return Archive({"cs:cs:LG": papers}, page_size=10)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: Archive) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_CONTACT", "ops@example.org")
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    with ExitStack() as stack:
        stack.enter_context(stamina.set_testing(True, attempts=2))
        monkeypatch.setenv("NEWSLETTER_OAI_URL", stack.enter_context(serving(handler_of(archive))))
        yield tmp_path


def test_the_missed_days_are_filled_once_and_told(place: Path, days: list[date]) -> None:
    tried = newsletter("backfill", "--dry-run")
    assert "5 entries of 5 missing days would be kept" in tried.output
    done = newsletter("backfill")
    assert (done.exit_code, tried.exit_code) == (0, 0)
    assert "5 entries of 5 missing days are kept" in done.output
    for day in days:
        assert f"cs.LG     {day}    1" in done.output
        assert len(present(TinyStore(place / "state").get_day(day)).announcements) == 1
    assert "Nothing to fill" in newsletter("backfill").output


def test_days_can_be_chosen(place: Path, days: list[date]) -> None:
    done = newsletter("backfill", "--from", f"{days[1]}", "--to", f"{days[2]}", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    store = TinyStore(place / "state")
    assert [day.announced_on for day in store.get_days(before=today_at_arxiv(), limit=9)] == days[1:3]


def test_a_failure_ends_with_4_and_names_the_category(archive: Archive, place: Path) -> None:
    archive.refuse = lambda query: 503
    done = newsletter("backfill")
    assert done.exit_code == 4
    assert "cs.LG failed: arXiv answered 503" in done.output
    assert TinyStore(place / "state").get_days(before=today_at_arxiv(), limit=9) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (lambda days: ["--to", f"{today_at_arxiv()}"], "is not over at arXiv"),
        (lambda days: ["--from", f"{days[3]}", "--to", f"{days[1]}"], "is after"),
        (lambda days: ["--from", "2020-01-01"], "more than 31 days ago"),
        (lambda days: ["--from", "yesterday"], "yesterday"),
    ],
)
def test_days_that_cannot_be_filled_are_refused(
    options: Callable[[list[date]], list[str]], says: str, archive: Archive, days: list[date]
) -> None:
    done = newsletter("backfill", *options(days))
    assert done.exit_code == 2
    assert says in done.output
    assert archive.queries == []


def test_arxiv_is_not_asked_without_a_contact(monkeypatch: pytest.MonkeyPatch, archive: Archive) -> None:
    monkeypatch.delenv("NEWSLETTER_CONTACT")
    done = newsletter("backfill")
    assert done.exception is not None
    assert archive.queries == []
