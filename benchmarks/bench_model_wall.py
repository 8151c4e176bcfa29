"""How long a model takes over one day's shortlist, against one call after another, with a server that answers slowly.

    python benchmarks/bench_model_wall.py [--papers 300] [--latency 2]

The server is on this machine (loopback) and answers each call after the latency, whatever else it is asked; the grader,
its prompts, its counting and its memory on disk are the real ones. Papers are made up. Prints, asserts nothing.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import made_days
from rich.console import Console
from rich.table import Table

from newsletter.files import resources
from newsletter.model import Paper, Profile, Topic
from newsletter.scoring.llm.grader import GradingRequest
from newsletter.scoring.llm.model_grader import ModelGrader
from newsletter.scoring.llm.model_settings import ModelLimits, ModelSettings
from newsletter.scoring.llm.prices import DEFAULT_MODEL, price_of
from newsletter.scoring.llm.prompts import load_prompts
from newsletter.scoring.llm.token_count import count
from newsletter.settings import Settings
from newsletter.stores.tinydb import TinyStore
from tests.openai_server import OpenAIServer, Reply, openai_server

ON = date(2025, 10, 7)
PROFILE = Profile(
    (Topic("Attention", "How attention scales, and what may take its place.", "Faster kernels alone."),),
    about="A group that trains language models of its own.",
)
FLOOR = 7


@dataclass(frozen=True, slots=True)
class Run:
    """One way through the shortlist, and what came of it."""

    name: str
    wall_s: float
    cpu_s: float
    calls: int
    graded: int


def measure(name: str, server: OpenAIServer, papers: list[Paper], limits: ModelLimits) -> Run:
    before = len(server.requests)
    with tempfile.TemporaryDirectory() as folder:
        grader = ModelGrader(
            ModelSettings(DEFAULT_MODEL, base_url=server.url),
            load_prompts(resources.read_text),
            TinyStore(Path(folder)),
            price_of=price_of,
            count=count,
            now=lambda: datetime.now(UTC),
            limits=limits,
        )
        began, cpu = time.perf_counter(), time.process_time()
        report = grader.grade(GradingRequest(PROFILE, papers, FLOOR))
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    return Run(name, wall_s, cpu_s, len(server.requests) - before, len(report.gradings))


def shipped_limits() -> ModelLimits:
    """As the settings have them where nobody sets anything."""
    fields = Settings.model_fields
    return ModelLimits(
        batch_papers=fields["model_batch_papers"].default,
        requests_per_minute=fields["model_requests_per_minute"].default,
        tokens_per_minute=fields["model_tokens_per_minute"].default,
    )


def show(console: Console, title: str, runs: list[Run]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("", "wall s", "ratio", "CPU s", "calls", "judged"):
        table.add_column(heading, justify="right" if heading else "left")
    for run in runs:
        cells = (f"{run.wall_s:.1f}", f"{run.wall_s / runs[0].wall_s:.2f}", f"{run.cpu_s:.1f}")
        table.add_row(run.name, *cells, str(run.calls), str(run.graded))
    console.print(table)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=int, default=300, help="on the shortlist")
    options.add_argument("--latency", type=float, default=2.0, help="seconds before each answer")
    chosen = options.parse_args()
    papers = made_days.make_papers(chosen.papers, ON, 7)
    count("The first count loads the vocabulary.")

    def delay(_: Reply) -> None:
        time.sleep(chosen.latency)

    shipped = shipped_limits()
    unpaced = replace(shipped, requests_per_minute=None, tokens_per_minute=None)
    with openai_server(always=[delay]) as server:
        runs = [
            measure("one call after another", server, papers, replace(unpaced, concurrency=1)),
            measure(f"{shipped.concurrency} at a time, no limit of the provider's", server, papers, unpaced),
            measure(f"{shipped.concurrency} at a time, the limits of the settings", server, papers, shipped),
        ]
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    show(console, f"{chosen.papers} papers, {chosen.latency:g} s before each answer", runs)


if __name__ == "__main__":
    main()
