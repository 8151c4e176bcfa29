"""`newsletter eval`: measures the local ranker on labelled days and prints the numbers.

Decides nothing; the measuring is in evaluate.py.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from newsletter import resources
from newsletter.cli.exits import EXIT_CODES
from newsletter.errors import ConfigError
from newsletter.evaluate import (
    SHARES,
    CorpusDay,
    Interval,
    Report,
    evaluate,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.profile_markdown import parse_profile
from newsletter.scorers.local import LocalScorer, load_comments

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=EXIT_CODES)
@click.option("--corpus", type=_FOLDER, required=True, help="Folder with days/, and profiles/ and labels/.")
@click.option("--profile", "profile_file", type=_FILE, help="A profile of your own (Markdown); needs --labels.")
@click.option("--labels", "labels_file", type=_FILE, help="Its labels (JSON lines); needs --profile.")
@click.option(
    "--categories", help="Categories the papers are drawn from, like cs.LG,cs.AI. Default: those of the labels."
)
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day to measure.")
@click.option("--until", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day to measure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(
    corpus: Path,
    profile_file: Path | None,
    labels_file: Path | None,
    categories: str | None,
    first: datetime | None,
    last: datetime | None,
    as_json: bool,
) -> None:
    """Measure the local ranker on labelled announcement days, beside plain BM25 and chance.

    The ranker sees a profile, a day's papers and unlabelled days before it, never a label. Intervals are 95 %,
    by bootstrap over days.
    """
    if (profile_file is None) != (labels_file is None):
        raise click.UsageError("--profile and --labels belong together; give both or none")
    files = [(profile_file, labels_file)] if profile_file and labels_file else _find_profiles(corpus)
    days = load_days(corpus)
    span = (first.date() if first else date.min, last.date() if last else date.max)
    chosen = tuple(each.strip() for each in categories.split(",") if each.strip()) if categories else None
    reports = [_report(days, profile, labels, chosen, span) for profile, labels in files]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(report) for report in reports], indent=2))
    else:
        _print_tables(reports)


def _find_profiles(corpus: Path) -> list[tuple[Path, Path]]:
    profiles = sorted((corpus / "profiles").glob("*.md"))
    pairs = [(profile, corpus / "labels" / f"{profile.stem}.jsonl") for profile in profiles]
    found = [(profile, labels) for profile, labels in pairs if labels.is_file()]
    if not found:
        raise ConfigError(f"{corpus} has no profiles/NAME.md with labels/NAME.jsonl; give --profile and --labels")
    return found


def _report(
    days: tuple[CorpusDay, ...],
    profile_file: Path,
    labels_file: Path,
    categories: tuple[str, ...] | None,
    span: tuple[date, date],
) -> Report:
    labels = load_labels(labels_file)
    if categories is None:
        categories = infer_categories(days, labels)
    labelled = label_days(days, labels, categories, first=span[0], last=span[1])
    profile = parse_profile(_read(profile_file))
    scorer = LocalScorer(comments=load_comments(resources.read_text("prompts/comments.yaml")))
    return evaluate(profile_file.stem, profile, labelled, categories, scorer)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read ({error}); a profile is Markdown in UTF-8") from error


def _print_tables(reports: list[Report]) -> None:
    console = Console()
    for report in reports:
        console.print(_ranking_table(report), _cut_off_table(report))


def _ranking_table(report: Report) -> Table:
    pool = ", ".join(report.categories) or "labelled papers"
    sizes = f"{report.pool:.0f} papers a day ({pool}), {report.relevant:.0f} of them relevant"
    title = f"{report.profile}: {report.n_days} days, {sizes}"
    table = Table(title=title, title_justify="left")
    table.add_column("ranker", no_wrap=True)
    for name in ("AP", "NDCG@20", *(f"recall at {share:.0%}" for share in SHARES)):
        table.add_column(name, justify="right", no_wrap=True)
    for measured in report.rankers:
        intervals = (measured.average_precision, measured.ndcg, *measured.recall)
        table.add_row(measured.ranker, *map(_show, intervals))
    return table


def _cut_off_table(report: Report) -> Table:
    table = Table(title="what a cut-off selects", title_justify="left")
    for name in ("relevance", "a day", "labelled a day", "precision", "recall", "count error", "top-k count error"):
        table.add_column(name, justify="right", no_wrap=True)
    for cut in report.rankers[0].cut_offs:
        shares = (cut.precision, cut.recall, cut.count_error, cut.top_k_error)
        row = (f"{cut.selected:.1f}", f"{cut.labelled:.1f}", *(f"{share:.2f}" for share in shares))
        table.add_row(f"≥ {cut.relevance}", *row)
    return table


def _show(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.2f}–{interval.high:.2f}]"
