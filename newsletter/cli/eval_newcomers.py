"""Prints what `newsletter eval --newcomers` measures; the measuring is in scoring/evaluation/newcomers.py."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table

from newsletter.cli.common import new_table, stdout_console
from newsletter.model import Announcement, Score, Subscriber
from newsletter.run import choose_entries
from newsletter.scoring import Scorer
from newsletter.scoring.evaluation import Found, NewcomersReport, Totals, load_days, load_judged_days, measure_newcomers


def print_newcomers(folder: Path, corpus: Path, scorer: Scorer, *, as_json: bool) -> None:
    """Measures the profiles of the folder on the days of the corpus, and prints a table or JSON."""
    report = measure_newcomers(load_judged_days(folder, load_days(corpus)), scorer, _choose)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report), indent=2, default=str))
    else:
        stdout_console().print(_mail_table(report), _total_table(report))


def _choose(subscriber: Subscriber, candidates: Sequence[Announcement], scores: Sequence[Score]) -> list[str]:
    entries, _ = choose_entries(subscriber, candidates, scores)
    return [entry.paper.arxiv_id for entry in entries]


def _mail_table(report: NewcomersReport) -> Table:
    table = new_table(
        "profile", "day", "pool#", "grade 3#", "≥ 2#", "mailed#", "right#", "precision#", "recall 3#", "P@5#", "BM25#"
    )
    for mail in report.mails:
        found, base = mail.mailed, mail.baseline
        table.add_row(
            mail.profile,
            f"{mail.announced_on:%m-%d}",
            *(str(count) for count in (mail.pool, mail.square, mail.right)),
            f"{found.papers}{' silent' if mail.is_silent else ''}",
            str(found.right),
            *_shares(found, mail.square),
            f"{base.right} of {base.papers}",
        )
    return table


def _shares(found: Found, square: int) -> tuple[str, str, str]:
    return (
        f"{found.right / found.papers:.2f}" if found.papers else "–",
        f"{found.square / square:.2f}" if square else "–",
        f"{found.first_right / 5:.2f}",
    )


def _total_table(report: NewcomersReport) -> Table:
    table = new_table("over all", "silent#", "mailed#", "precision#", "recall 3, pooled#", "mean#", "P@5#")
    rows: list[tuple[str, Totals]] = [("as mailed", report.mailed), ("BM25, first 10", report.baseline)]
    for name, totals in rows:
        shares = (totals.precision, totals.recall_pooled, totals.recall, totals.precision_at_5)
        table.add_row(
            name,
            f"{totals.silent} of {report.days_to_find}",
            str(totals.papers),
            *(f"{share:.3f}" for share in shares),
        )
    return table
