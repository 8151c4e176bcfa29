"""Which papers are read ahead for the scorer, and in which order."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

from newsletter.errors import EmbedderError
from newsletter.model import AnnounceType, Paper
from newsletter.run.context import Morning, RunContext
from newsletter.run.vectors import read_papers
from tests import make


class Keeper:
    """Notes what it is asked to read."""

    def __init__(self) -> None:
        self.asked: list[tuple[date, list[str]]] = []

    def prepare(
        self, papers: Sequence[Paper], *, announced_on: date, should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        self.asked.append((announced_on, [paper.arxiv_id for paper in papers]))


def read(morning: Morning, *kinds: str) -> list[tuple[date, list[str]]]:
    keeper = Keeper()
    context = RunContext(None, SimpleNamespace(history_days=2), None, None, None, None, None, vectors=keeper)  # type: ignore[arg-type]
    reader = make.subscriber(announce_types=tuple(map(AnnounceType, kinds)))
    read_papers(context, morning, [make.subscriber(), reader])
    return keeper.asked


def test_today_comes_first_then_the_days_the_scorer_looks_back_at_the_latest_first() -> None:
    days = [make.day(make.TUESDAY + timedelta(days=n), [make.announcement(f"2601.0000{n}")]) for n in range(4)]
    asked = read(Morning("r1", days[3], days[:3]), "new")
    assert asked == [(days[n].announced_on, [f"2601.0000{n}"]) for n in (3, 2, 1)]
    assert read(Morning("r1", replace(days[3], announcements=()), days[:3]), "new") == []


def test_replacements_are_read_only_if_somebody_wants_them() -> None:
    shown = [make.announcement(f"2601.0000{n}", kind) for n, kind in enumerate(AnnounceType)]
    morning = Morning("r1", make.day(make.TUESDAY, shown), ())
    ids = [each.paper.arxiv_id for each in shown]
    assert read(morning, "new") == [(make.TUESDAY, ids[:2])]
    assert read(morning, "new", "replace") == [(make.TUESDAY, ids[:3])]
    assert read(morning, "replace-cross") == [(make.TUESDAY, [*ids[:2], ids[3]])]


def test_a_model_that_does_not_work_is_told_of_and_stops_nothing() -> None:
    class Broken(Keeper):
        def prepare(
            self, papers: Sequence[Paper], *, announced_on: date, should_stop: Callable[[], bool] = lambda: False
        ) -> None:
            super().prepare(papers, announced_on=announced_on)
            raise EmbedderError("it lacks an instruction")

    keeper = Broken()
    context = RunContext(None, SimpleNamespace(history_days=2), None, None, None, None, None, vectors=keeper)  # type: ignore[arg-type]
    days = [make.day(make.TUESDAY + timedelta(days=n), [make.announcement(f"2601.0000{n}")]) for n in range(2)]
    assert read_papers(context, Morning("r1", days[1], days[:1]), [make.subscriber()]) == ["it lacks an instruction"]
    assert len(keeper.asked) == 1
