"""The measuring: metrics by hand, days and labels from files, and one run over the labelled corpus."""

import gzip
import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.eval import command
from newsletter.errors import ConfigError
from newsletter.model import Paper, Profile, ReaderHistory, Topic
from newsletter.run import Morning
from newsletter.run.select import select_from
from newsletter.scoring.evaluation.baselines import rank_by_bm25, rank_by_chance
from newsletter.scoring.evaluation.corpus import (
    CorpusDay,
    LabelledDay,
    Labels,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.scoring.evaluation.ranking import average_precision, bootstrap, measure_cut_off, ndcg, recall_at
from tests import SHARED, make

CORPUS = SHARED / "corpus"
RANKED = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 3.0]), st.floats(-5, 5)), min_size=1, max_size=30)


def make_paper(arxiv_id: str, *categories: str, title: str = "A title", abstract: str = "Words.") -> Paper:
    return Paper(arxiv_id, 1, title, ("Ada Example",), abstract, categories or ("cs.LG",))


def write_corpus(folder: Path, n_days: int = 2) -> Path:
    """Days of four papers, of which the one on pruning is labelled relevant."""
    (folder / "days").mkdir(parents=True)
    titles = ["Pruning of networks", "Growing tomatoes", "Tides and moons", "An old paper on pruning"]
    lines = []
    for day in range(1, n_days + 1):
        papers = [
            {
                "id": f"2510.0{day}00{place}",
                "title": title,
                "authors": ["Ada Example"],
                "abstract": f"On {title.lower()}.",
                "categories": ["cs.LG"],
                "listed": "old" if "old" in title else "new",
            }
            for place, title in enumerate(titles)
        ]
        text = "\n".join(map(json.dumps, papers))
        (folder / "days" / f"2025-10-0{day}.jsonl.gz").write_bytes(gzip.compress(text.encode()))
        lines.append({"date": f"2025-10-0{day}", "labels": [{"id": f"2510.0{day}000", "relevance": 9}]})
    for name, suffix, text in [
        ("profiles", "md", "1. Sparsity\n   - Relevant: Pruning of networks.\n"),
        ("labels", "jsonl", "\n".join(map(json.dumps, lines))),
    ]:
        (folder / name).mkdir()
        (folder / name / f"sparse.{suffix}").write_text(text, encoding="utf-8")
    return folder


# --- metrics ------------------------------------------------------------------------------------------


def test_average_precision_is_the_mean_precision_at_each_relevant_paper() -> None:
    gains, ranks = np.array([1.0, 0.0, 1.0, 0.0]), np.array([4.0, 3.0, 2.0, 1.0])
    assert average_precision(gains, ranks) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_ndcg_counts_the_better_paper_more() -> None:
    best_first = ndcg(np.array([4.0, 1.0]), np.array([2.0, 1.0]))
    best_last = ndcg(np.array([4.0, 1.0]), np.array([1.0, 2.0]))
    assert best_first == 1.0
    assert best_last == pytest.approx((1 + 4 / np.log2(3)) / (4 + 1 / np.log2(3)))


def test_recall_looks_at_a_share_of_the_ranking_rounded_up() -> None:
    gains, ranks = np.array([0.0, 1.0, 1.0]), np.array([3.0, 2.0, 1.0])
    assert recall_at(gains, ranks, 0.3) == 0.0
    assert recall_at(gains, ranks, 0.5) == 0.5


@given(RANKED)
def test_every_metric_lies_between_nothing_and_perfect(ranked: list[tuple[float, float]]) -> None:
    gains, ranks = (np.array(column) for column in zip(*ranked, strict=True))
    for value in (average_precision(gains, ranks), ndcg(gains, ranks), recall_at(gains, ranks, 0.3)):
        assert 0.0 <= value <= 1.0 + 1e-9
    if gains.any():
        assert average_precision(gains, gains) == pytest.approx(1.0)
        assert ndcg(gains, gains) == pytest.approx(1.0)


def test_the_interval_holds_the_mean_and_is_always_the_same() -> None:
    interval = bootstrap([0.2, 0.4, 0.9, 0.5])
    assert interval.low < interval.mean < interval.high
    assert interval.mean == pytest.approx(0.5)
    assert bootstrap([0.2, 0.4, 0.9, 0.5]) == interval


def test_a_cut_off_is_compared_with_always_taking_the_same_number() -> None:
    papers = tuple(make_paper(f"2510.0000{n}") for n in range(4))
    quiet = LabelledDay(date(2025, 10, 1), papers, (), (1.0, 0.0, 0.0, 0.0))
    rich = LabelledDay(date(2025, 10, 2), papers, (), (1.0, 2.0, 3.0, 0.0))
    cut = measure_cut_off([quiet, rich], [np.array([8, 1, 1, 1]), np.array([9, 8, 1, 7])], 7)
    assert (cut.selected, cut.labelled) == (2.0, 2.0)
    assert (cut.precision, cut.recall) == (0.75, 0.75)
    assert cut.count_error == 0.0
    assert cut.top_k_error == 0.5


# --- baselines ----------------------------------------------------------------------------------------


def test_bm25_puts_the_paper_with_the_profiles_words_first() -> None:
    papers = [make_paper("2510.00001", abstract="Tomatoes."), make_paper("2510.00002", abstract="Pruned networks.")]
    ranks = rank_by_bm25(Profile((Topic("Pruning", "pruning of networks"),)), papers, [])
    assert ranks[1] > ranks[0] == 0.0


def test_chance_is_the_same_for_the_same_papers() -> None:
    papers = [make_paper(f"2510.0000{n}") for n in range(9)]
    first = rank_by_chance(Profile(()), papers, [])
    assert (first == rank_by_chance(Profile(()), papers, [])).all()
    assert sorted(first) == list(range(9))


# --- days and labels ----------------------------------------------------------------------------------


def test_the_pool_is_the_fresh_papers_of_the_categories(tmp_path: Path) -> None:
    days = load_days(write_corpus(tmp_path))
    labels = load_labels(tmp_path / "labels" / "sparse.jsonl")
    assert infer_categories(days, labels) == ("cs.LG",)
    first, second = label_days(days, labels, ("cs.LG",), first=date.min, last=date.max)
    assert [paper.title for paper in second.pool] == ["Pruning of networks", "Growing tomatoes", "Tides and moons"]
    assert second.gains == (3.0, 0.0, 0.0)
    assert first.history == ()
    assert [len(day) for day in second.history] == [3]


def test_cross_lists_are_left_out_where_the_labels_have_none() -> None:
    """Nobody looked at them; counted as turned down, they would teach a funnel that their subject is unwanted."""
    papers = tuple(make_paper(f"2510.0000{n}", "cs.CV", "cs.RO") for n in range(3))
    crossed = make_paper("2510.00009", "cs.RO", "cs.CV")
    day = CorpusDay(date(2025, 10, 1), (*papers, crossed), frozenset(p.arxiv_id for p in (*papers, crossed)))
    without = Labels({day.announced_on: {papers[0].arxiv_id: 9.0}})
    with_one = Labels({day.announced_on: {papers[0].arxiv_id: 9.0, crossed.arxiv_id: 8.0}})
    pools = [
        label_days([day], labels, ("cs.CV",), first=date.min, last=date.max)[0].pool for labels in (without, with_one)
    ]
    assert pools == [papers, (*papers, crossed)]


def test_the_history_is_what_a_morning_hands_a_reader_of_these_categories() -> None:
    """Whole earlier days teach a ranker the field, not the topic; what no morning hands over must not be measured."""
    own, crossed = make_paper("2510.00001", "cs.CV"), make_paper("2510.00002", "cs.RO", "cs.CV")
    foreign, old = make_paper("2510.00003", "math.CO"), make_paper("2510.00004", "cs.CV")
    papers = (own, crossed, foreign, old)
    before = CorpusDay(date(2025, 10, 1), papers, frozenset(p.arxiv_id for p in (own, crossed, foreign)))
    wanted = make_paper("2510.00009", "cs.CV")
    today = CorpusDay(date(2025, 10, 2), (wanted,), frozenset({wanted.arxiv_id}))
    labels = Labels({today.announced_on: {wanted.arxiv_id: 9.0}})
    subscriber = make.subscriber(categories=("cs.CV",))
    morning = Morning("", today.announcement_day(), [before.announcement_day()])
    selection = select_from(ReaderHistory(), morning, subscriber, today.announced_on, history_days=3)
    (labelled,) = label_days([before, today], labels, ("cs.CV",), first=date.min, last=date.max)
    assert labelled.history == selection.history == ((own, crossed),)
    assert labelled.pool == selection.papers


def test_labels_that_turn_most_papers_down_are_themselves_the_pool() -> None:
    papers = tuple(make_paper(f"2510.0000{n}", "astro-ph.GA") for n in range(4))
    ids = [paper.arxiv_id for paper in papers]
    day = CorpusDay(date(2025, 10, 1), papers, frozenset(ids))
    labels = Labels({day.announced_on: {ids[0]: 9.0, ids[1]: 2.0, ids[2]: 1.0}})
    assert labels.are_complete
    assert infer_categories([day], labels) == ()
    assert label_days([day], labels, (), first=date.min, last=date.max)[0].pool == papers[:3]


def test_a_broken_line_of_labels_is_named(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"date": "2025-10-01", "labels": []}\n{"date": "2025-10-02"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        load_labels(file)


def test_a_folder_without_days_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--corpus"):
        load_days(tmp_path)


# --- the command --------------------------------------------------------------------------------------


def test_the_command_prints_a_table_and_json(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    table = CliRunner().invoke(command, ["--corpus", str(tmp_path)])
    assert table.exit_code == 0, table.output
    assert "BM25" in table.output
    other = ["--profile", str(tmp_path / "profiles/sparse.md"), "--labels", str(tmp_path / "labels/sparse.jsonl")]
    result = CliRunner().invoke(command, ["--corpus", str(tmp_path), *other, "--from", "2025-10-02", "--json"])
    (report,) = json.loads(result.output)
    assert report["n_days"] == 1
    assert report["rankers"][0]["average_precision"]["mean"] == 1.0


def test_likes_of_earlier_days_are_measured_beside_the_ranker_without(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    result = CliRunner().invoke(command, f"--corpus {tmp_path} --from 2025-10-02 --likes 1 --json".split())
    (report,) = json.loads(result.output)
    assert [ranker["ranker"] for ranker in report["rankers"][:2]] == ["local ranker", "local ranker, 1 liked"]
    assert report["rankers"][1]["average_precision"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("options", "reason"),
    [("--likes 1", "needs --from"), ("--from 2025-10-02 --likes 2", "ask for fewer"), ("--likes 1 --funnel", "--from")],
)
def test_likes_that_cannot_be_drawn_are_refused(tmp_path: Path, options: str, reason: str) -> None:
    result = CliRunner().invoke(command, ["--corpus", str(write_corpus(tmp_path)), *options.split()])
    assert result.exit_code != 0
    assert reason in f"{result.output} {result.exception}"


def test_a_profile_with_too_few_likes_is_left_out_and_named(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    shutil.copy(tmp_path / "profiles/sparse.md", tmp_path / "profiles/young.md")
    late = {"date": "2025-10-02", "labels": [{"id": "2510.02000", "relevance": 9}]}
    (tmp_path / "labels/young.jsonl").write_text(json.dumps(late), encoding="utf-8")
    result = CliRunner().invoke(command, f"--corpus {tmp_path} --from 2025-10-02 --likes 1 --json".split())
    assert [report["profile"] for report in json.loads(result.stdout)] == ["sparse"]
    assert "young is left out" in result.stderr


def test_a_profile_without_labels_is_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    result = CliRunner().invoke(
        command, ["--corpus", str(tmp_path), "--profile", str(tmp_path / "profiles" / "sparse.md")]
    )
    assert result.exit_code == 2
    assert "belong together" in result.output


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no labelled corpus at ../shared/corpus beside the repository")
def test_the_local_ranker_beats_bm25_on_a_real_day() -> None:
    name = "near-field-cosmology"
    files = ["--profile", str(CORPUS / f"profiles/{name}.md"), "--labels", str(CORPUS / f"labels/{name}.jsonl")]
    span = ["--from", "2025-10-03", "--until", "2025-10-06"]
    result = CliRunner().invoke(command, ["--corpus", str(CORPUS), *files, *span, "--json"])
    assert result.exit_code == 0, result.output
    own, bm25, chance = (each["average_precision"]["mean"] for each in json.loads(result.output)[0]["rankers"])
    assert own > bm25 > chance
