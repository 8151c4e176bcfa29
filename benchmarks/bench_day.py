"""How long a morning takes and how much memory it needs, from a cold process to the finished mail.

    python benchmarks/bench_day.py            everything, some minutes
    python benchmarks/bench_day.py --quick    the day alone, one run each

Every number stands beside a baseline of the same run: plain BM25 of the same feeds, or the first row of its table.
Measures and prints; asserts nothing. The papers are made up (made_days.py) unless ../shared/corpus/days is there.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import made_days
from rich.console import Console
from rich.table import Table
from stopwatch import STOPWATCH

from newsletter.model import Paper
from newsletter.run import last_weekdays
from newsletter.scoring.evaluation.corpus import load_days
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.subscribers_yaml import parse_file

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "shared" / "corpus"
ON = date(2025, 10, 7)
HISTORY_DAYS = 7
HISTORY_SHARE = 0.75  # 1,350 papers are a Tuesday; the days before have fewer
PAPERS = 1350
CORES = 2
GOAL = f"Goal: {PAPERS:,} papers for one profile in at most 5 s and 300 MB on {CORES} cores."
NEWSLETTER = ("-m", "newsletter", "run", "--quiet", "--feed")
BASELINE = (str(HERE / "day_baseline.py"),)
STAGES = (str(HERE / "day_stages.py"),)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Case:
    """A morning to measure: how much there is of everything."""

    papers: int = PAPERS
    profiles: int = 1
    readers: int = 0  # of these profiles; 0: one of each
    year_for: int = 0  # subscribers with a year of deliveries; 0: no year

    @property
    def name(self) -> str:
        memory = f", a year of {self.year_for} subscribers" if self.year_for else ""
        readers = f", {self.readers} readers" if self.readers else ""
        return f"{self.papers:,} papers, {self.profiles} profile{'s' * (self.profiles > 1)}{readers}{memory}"


class Bench:
    """Folders for each case, and the processes measured in them."""

    def __init__(self, folder: Path, repeat: int) -> None:
        self._folder = folder
        self._repeat = repeat
        self._folders = 0
        self._prepared: dict[Case, Path] = {}
        self._costs: dict[Case, Cost] = {}

    def made(self, case: Case) -> Path:
        """The folder of a made-up morning: feeds, subscribers and the state to start from."""
        if case not in self._prepared:
            days = [*last_weekdays(ON, HISTORY_DAYS), ON]
            counts = {day: case.papers if day == ON else round(HISTORY_SHARE * case.papers) for day in days}
            papers = {day: made_days.make_papers(count, day, day.toordinal()) for day, count in counts.items()}
            folder = self._prepare(papers, made_days.CATEGORIES, max(case.profiles, case.year_for))
            if case.year_for:
                people = parse_file((folder / "subscribers.yaml").read_bytes(), source="subscribers.yaml").subscribers
                made_days.remember_year(folder / "state", ON, 260, [person.subscriber_id for person in people])
            path, categories = folder / "subscribers.yaml", made_days.CATEGORIES
            made_days.write_subscribers(path, case.profiles, categories, readers=case.readers)
            self._prepared[case] = folder
        return self._prepared[case]

    def recorded(self) -> tuple[str, Path]:
        """A real day with the seven before it, in its twelve largest categories."""
        days = {day.announced_on: day.papers for day in load_days(CORPUS) if day.announced_on <= ON}
        papers = dict(sorted(days.items())[-HISTORY_DAYS - 1 :])
        categories = made_days.most_common_categories(papers[ON], 12)
        shown = sum(not set(categories).isdisjoint(paper.categories) for paper in papers[ON])
        return f"{shown:,} real papers, 1 profile", self._prepare(papers, categories, 1)

    def cost(self, case: Case) -> Cost:
        """What the made-up morning takes; measured once."""
        if case not in self._costs:
            self._costs[case] = self.measure(self.made(case), NEWSLETTER)
        return self._costs[case]

    def measure(self, folder: Path, script: Sequence[str]) -> Cost:
        """The best of several cold processes: the one the rest of the machine disturbed least."""
        return min((self._run(folder, script)[0] for _ in range(self._repeat)), key=lambda cost: cost.wall_s)

    def stages(self, folder: Path) -> dict[str, float]:
        """Seconds of each stage, of the quickest of several processes."""
        found = []
        for _ in range(self._repeat):
            command = [sys.executable, *STAGES, str(folder / "feeds")]
            done = subprocess.run(command, env=self._fresh(folder), capture_output=True, check=True)
            found.append(json.loads(done.stdout))
        return min(found, key=lambda spent: spent["all"])

    def share(self, folder: Path, readers: int) -> tuple[Cost, dict[str, float]]:
        """What one process takes for so many readers of the profiles there are, and for each stage."""
        cost, output = self._run(folder, STAGES, str(readers))
        return cost, json.loads(output[0])

    def _prepare(self, papers: dict[date, Sequence[Paper]], categories: Sequence[str], profiles: int) -> Path:
        folder = self._new_folder("case")
        made_days.write_feeds(folder / "feeds", papers[ON], ON, categories)
        made_days.write_subscribers(folder / "subscribers.yaml", profiles, categories)
        store = TinyStore(folder / "state")
        for day, announced in papers.items():
            if day < ON:
                made_days.remember_papers(store, day, announced, categories)
        return folder

    def _new_folder(self, kind: str) -> Path:
        self._folders += 1
        return self._folder / f"{kind}{self._folders}"

    def _run(self, folder: Path, script: Sequence[str], *arguments: str) -> tuple[Cost, list[str]]:
        """What a process takes, and the lines that it prints."""
        command = [sys.executable, "-I", "-S", "-c", STOPWATCH, *script, str(folder / "feeds"), *arguments]
        done = subprocess.run(command, env=self._fresh(folder), capture_output=True, text=True, check=True)
        *output, last = done.stdout.splitlines()
        status, wall_s, cpu_s, peak_mb = json.loads(last)
        if status != 0:
            raise SystemExit(f"{' '.join(script)} ended with {status}:\n{done.stderr}")
        return Cost(wall_s, cpu_s, peak_mb), output

    def _fresh(self, folder: Path) -> dict[str, str]:
        """An environment with a new copy of the state and an empty outbox: nothing has been mailed yet."""
        place = self._new_folder("run")
        shutil.copytree(folder / "state", place / "state")
        settings = {"STATE": place / "state", "OUTBOX": place / "outbox", "SUBSCRIBERS": folder / "subscribers.yaml"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NEWSLETTER_")}
        return kept | {f"NEWSLETTER_{key}": str(value) for key, value in settings.items()}


def costs(title: str, rows: Sequence[tuple[str, Cost]]) -> Table:
    """A row for each cost, with its ratio to the first row."""
    table = Table(title=title, title_justify="left")
    for heading in ("", "wall s", "ratio", "CPU s", "ratio", "peak MB", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    base = rows[0][1]
    for name, cost in rows:
        cells = [f"{cost.wall_s:.2f}", f"{cost.wall_s / base.wall_s:.2f}"]
        cells += [f"{cost.cpu_s:.2f}", f"{cost.cpu_s / base.cpu_s:.2f}"]
        cells += [f"{cost.peak_mb:.0f}", f"{cost.peak_mb / base.peak_mb:.2f}"]
        table.add_row(name, *cells)
    return table


def shares(title: str, spent: dict[str, float]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("stage", "s", "share"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, seconds in spent.items():
        table.add_row(stage, f"{seconds:.2f}", f"{seconds / spent['all']:.0%}")
    return table


def sweep(bench: Bench, title: str, cases: Sequence[Case]) -> Table:
    return costs(title, [(case.name, bench.cost(case)) for case in cases])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="the day alone, one run each")
    options.add_argument("--repeat", type=int, default=3, help="runs of each case, of which the best counts")
    chosen = options.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    console.print(f"Python {platform.python_version()}, {CORES} cores. {GOAL}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), 1 if chosen.quick else chosen.repeat)
        day = bench.made(Case())
        rows = [("baseline: feeds and BM25 only", bench.measure(day, BASELINE))]
        rows.append((Case().name, bench.cost(Case())))
        if CORPUS.is_dir() and not chosen.quick:
            name, recorded = bench.recorded()
            rows.append((name, bench.measure(recorded, NEWSLETTER)))
        console.print(costs("A day, cold process to finished mail", rows))
        console.print(shares(f"Where the time goes ({Case().name})", bench.stages(day)))
        if chosen.quick:
            return
        papers = [Case(papers=count) for count in (340, 675, 1350, 2700)]
        profiles = [*(Case(profiles=count) for count in (1, 4, 16)), Case(readers=16)]
        memory = [Case(papers=340, profiles=4), Case(papers=340, profiles=4, year_for=50)]
        console.print(sweep(bench, "More papers", papers))
        console.print(sweep(bench, "More profiles, and more readers of one", profiles))
        console.print(sweep(bench, "A year of 260 days", memory))
        console.print(shares(f"Where the time goes ({memory[1].name})", bench.stages(bench.made(memory[1]))))


if __name__ == "__main__":
    main()
