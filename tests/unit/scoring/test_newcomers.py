"""Measuring what newcomers would be mailed: folders read, what counts, and mistakes with their line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli.eval import command
from newsletter.errors import ConfigError
from newsletter.scoring.evaluation import load_days, load_judged_days
from newsletter.subscribers import parse_profiles
from tests import SHARED
from tests.unit.scoring.test_evaluation import write_corpus

CORPUS = SHARED / "corpus"
PROFILES = "- name: sparse\n  categories: [cs.LG]\n  topics:\n    - relevant: Pruning of networks\n"
LABELS = [
    {"profile": "sparse", "date": "2025-10-01", "labels": []},
    {"profile": "sparse", "date": "2025-10-02", "labels": [{"id": "2510.02000", "grade": 3}]},
]


def write_newcomers(folder: Path, profiles: str = PROFILES, lines: list[str] | None = None) -> Path:
    write_corpus(folder)
    (folder / "newcomers").mkdir()
    (folder / "newcomers" / "few.yaml").write_text(profiles, encoding="utf-8")
    text = "\n".join(lines if lines is not None else map(json.dumps, LABELS))
    (folder / "newcomers" / "few-labels.jsonl").write_text(text, encoding="utf-8")
    return folder / "newcomers"


def test_a_profile_is_read_with_the_defaults_of_the_newsletter(tmp_path: Path) -> None:
    days = load_judged_days(write_newcomers(tmp_path), load_days(tmp_path))
    like_the_file = parse_profiles(PROFILES, source="x")[0]
    assert [day.subscriber for day in days] == [like_the_file, like_the_file]
    assert like_the_file.profile.topics[0].name == "Pruning of networks"
    assert like_the_file.max_papers == 30


def test_a_day_has_the_fresh_papers_of_the_categories_and_those_of_the_days_before(tmp_path: Path) -> None:
    first, second = load_judged_days(write_newcomers(tmp_path), load_days(tmp_path))
    assert [each.paper.arxiv_id for each in second.candidates] == ["2510.02000", "2510.02001", "2510.02002"]
    assert second.history == (tuple(each.paper for each in first.candidates),)
    elsewhere = write_newcomers(tmp_path / "elsewhere", PROFILES.replace("cs.LG", "math.CO"))
    assert [day.candidates for day in load_judged_days(elsewhere, load_days(tmp_path))] == [(), ()]


def test_the_command_counts_what_is_mailed_and_right(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--newcomers", str(write_newcomers(tmp_path)), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [mail["square"] for mail in report["mails"]] == [0, 1]
    assert report["days_to_find"] == 1
    mails, totals = report["mails"], report["mailed"]
    assert totals["papers"] == sum(mail["mailed"]["papers"] for mail in mails) > 0
    assert totals["precision"] == sum(mail["mailed"]["right"] for mail in mails) / totals["papers"]
    assert totals["recall"] == mails[1]["mailed"]["square"] == 1


def test_it_prints_a_row_for_each_profile_and_day(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--newcomers", str(write_newcomers(tmp_path)), "--corpus", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.count("sparse") == 2
    assert "as mailed" in done.stdout


@pytest.mark.parametrize(
    ("profiles", "lines", "told"),
    [
        (PROFILES, ["{"], "few-labels.jsonl, line 1"),
        (PROFILES, [json.dumps({"profile": "sparse"})], "profile, date and labels"),
        (PROFILES, ["", json.dumps(LABELS[0] | {"profile": "dense"})], "line 2: no profile is called 'dense'"),
        (PROFILES, [json.dumps(LABELS[0] | {"date": "2024-01-01"})], "--corpus"),
        ("name: sparse\n", None, "few.yaml"),
        (PROFILES * 2, None, "few.yaml:5: name"),
        (PROFILES.replace("cs.LG", "cs.XX"), None, "few.yaml:2: categories"),
        (PROFILES.replace("- name: sparse\n ", "-"), None, "few.yaml:1: name"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, profiles: str, lines: list[str] | None, told: str) -> None:
    folder = write_newcomers(tmp_path, profiles, lines)
    with pytest.raises(ConfigError) as caught:
        load_judged_days(folder, load_days(tmp_path))
    assert told in "\n".join([str(caught.value), *getattr(caught.value, "problems", ())])


def test_a_folder_without_profiles_or_labels_says_what_is_missing(tmp_path: Path) -> None:
    folder = write_newcomers(tmp_path)
    days = load_days(tmp_path)
    (folder / "few-labels.jsonl").unlink()
    with pytest.raises(ConfigError, match="needs NAME-labels"):
        load_judged_days(folder, days)
    (folder / "few.yaml").unlink()
    with pytest.raises(ConfigError, match="--newcomers"):
        load_judged_days(folder, days)


def test_other_options_do_not_go_with_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--newcomers", str(tmp_path), "--likes", "3"])
    assert done.exit_code == 2
    assert CliRunner().invoke(command, []).exit_code == 2


@pytest.mark.skipif(not (CORPUS / "newcomers").is_dir(), reason="no labelled days of newcomers beside the checkout")
def test_the_pools_are_those_that_were_judged() -> None:
    days = load_judged_days(CORPUS / "newcomers", load_days(CORPUS))
    lines = (CORPUS / "newcomers" / "newcomers-labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert [len(day.candidates) for day in days] == [json.loads(line)["pool"] for line in lines]
    assert all(set(day.grades) <= {each.paper.arxiv_id for each in day.candidates} for day in days)
