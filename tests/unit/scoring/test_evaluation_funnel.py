"""The closed loop: what it counts, and that the funnel sees no label it did not pay for."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli.eval import command
from newsletter.errors import ConfigError
from newsletter.model import Paper, Profile, ScoreReport, Votes
from newsletter.scoring.evaluation.corpus import LabelledDay
from newsletter.scoring.evaluation.funnel import SETTLED_AFTER, DayResult, LabelGrader, NamedPolicy, replay, summarise
from newsletter.scoring.llm.grader import GradingRequest
from newsletter.scoring.protocols import History
from newsletter.scoring.ranking.shortlist import Policy
from tests import make

PROFILE = make.subscriber().profile
HALF = NamedPolicy("half", Policy(cold_share=0.5, min_share=0.5, max_share=0.5, random_share=0.0, small_pool=0))


def labelled_day(number: int, gains: Sequence[float]) -> LabelledDay:
    pool = tuple(make.paper(f"2601.{number:02d}{n:03d}", title=f"Paper {n}") for n in range(len(gains)))
    return LabelledDay(date(2026, 1, 5) + timedelta(days=number), pool, (), tuple(gains))


@dataclass
class InOrder:
    """A local ranker that likes the papers in the order given."""

    histories: list[int] = field(default_factory=list)
    history_days: int = 14

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        self.histories.append(len(history))
        return make.score_report(*(make.score(paper.arxiv_id, rank=-n) for n, paper in enumerate(papers)))


def test_recall_and_share_are_counted_over_all_days() -> None:
    days = [labelled_day(0, [3.0, 0.0, 1.0, 0.0]), labelled_day(1, [2.0, 0.0, 0.0, 4.0])]
    [report] = replay("p", PROFILE, days, InOrder(), [HALF])
    assert report.days == (
        DayResult(days[0].announced_on, 4, 2, 2, 1, 1, 1, pytest.approx(5 / 6), 0.5),
        DayResult(days[1].announced_on, 4, 2, 2, 1, 1, 0, 0.75, 0.5),
    )
    assert (report.all_days.share, report.all_days.recall, report.all_days.recall_strong) == (0.5, 0.5, 0.5)
    assert report.settled is None


def test_the_beginning_is_left_out_of_the_settled_days() -> None:
    days = [labelled_day(n, [1.0, 0.0]) for n in range(SETTLED_AFTER)] + [labelled_day(30, [0.0, 1.0])]
    [report] = replay("p", PROFILE, days, InOrder(), [HALF])
    assert report.settled is not None
    assert (report.settled.n_days, report.settled.recall) == (1, 0.0)


def test_the_local_ranker_works_once_for_all_policies_and_sees_earlier_days_only() -> None:
    local, calls = InOrder(), list[int]()
    pools = [labelled_day(n, [1.0, 0.0]).pool for n in range(3)]
    days = [replace(labelled_day(n, [1.0, 0.0]), history=tuple(pools[:n])) for n in range(3)]
    replay("p", PROFILE, days, local, [HALF, NamedPolicy("all", Policy())], lambda: calls.append(1))
    assert local.histories == [0, 1, 2]
    assert len(calls) == 6


def test_the_label_grader_stores_what_it_was_asked_and_nothing_else() -> None:
    grader = LabelGrader()
    day = labelled_day(0, [3.0, 0.0, 1.0])
    grader.open(day)
    report = grader.grade(GradingRequest(PROFILE, day.pool[:2], random_ids={day.pool[1].arxiv_id}))
    assert [(one.relevance, one.was_random) for one in report.gradings] == [(9, False), (0, True)]
    assert grader.get_related_gradings("p", since=date.min) == list(report.gradings)
    assert grader.get_related_gradings("p", since=day.announced_on + timedelta(days=1)) == []


def test_no_days_are_an_error_that_says_what_to_check() -> None:
    with pytest.raises(ConfigError, match=r"check --labels, --from and --until"):
        replay("p", PROFILE, [], InOrder(), [HALF])
    assert summarise([]).recall == 0.0


def write_corpus(folder: Path) -> None:
    """Two days of two papers each, the first of which is labelled."""
    for name in ("days", "profiles", "labels"):
        (folder / name).mkdir()
    (folder / "profiles" / "mine.md").write_text("1. Learning\n   - Relevant: how networks learn\n", encoding="utf-8")
    labels = []
    for on in ("2026-01-05", "2026-01-06"):
        papers = [
            {
                "id": f"2601.{on[-2:]}{n:03d}",
                "title": f"On {n}",
                "authors": ["A"],
                "abstract": "x",
                "categories": ["cs.LG"],
            }
            for n in range(2)
        ]
        lines = "\n".join(map(json.dumps, papers))
        (folder / "days" / f"{on}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
        labels.append(json.dumps({"date": on, "labels": [{"id": papers[0]["id"], "relevance": 9}]}))
    (folder / "labels" / "mine.jsonl").write_text("\n".join(labels), encoding="utf-8")


def test_the_command_prints_what_is_sent_and_found(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    arguments = ["--corpus", str(tmp_path), "--funnel", "--share", "0.3", "--json"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    reports = json.loads(result.stdout)
    assert [(report["profile"], report["policy"]) for report in reports] == [
        ("mine", "aim at 98.0%"),
        ("mine", "fixed 30%"),
    ]
    assert reports[0]["all_days"] == {
        **{"n_days": 2, "share": 1.0, "recall": 1.0, "recall_strong": 1.0},
        **{"average_precision": 1.0, "recall_at_30": 1.0},
    }
    table = CliRunner().invoke(command, ["--corpus", str(tmp_path), "--funnel"], catch_exceptions=False).stdout
    assert "aim at 98.0%" in table
    assert "100.0%" in table


def test_shares_belong_to_the_funnel(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--corpus", str(tmp_path), "--share", "0.3"])
    assert result.exit_code == 2
    assert "belong to --funnel" in result.output
