"""What another reader of a profile costs, beside the first one: what a morning's readers share is to be done once.

    python benchmarks/bench_sharing.py [--profiles 50] [--readers 1000]

Every case is a cold process with a folder of its own, as in bench_day.py: so many profiles with one reader each, then
more readers of the same profiles. The times are the processor's, which other work on the machine hardly disturbs; the
mails are written into the outbox. Measures and prints; asserts nothing.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench_day import CORES, Bench, Case, costs
from rich.console import Console
from rich.table import Table


def per_reader(few: tuple[int, dict[str, float]], many: tuple[int, dict[str, float]]) -> Table:
    """A row for each stage: seconds in both cases, and the milliseconds that each reader more takes."""
    (n_few, before), (n_many, after) = few, many
    table = Table(title=f"Where the time goes, {n_few:,} and {n_many:,} readers", title_justify="left")
    for heading in ("stage", "CPU s", "CPU s", "ms for each reader more"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, seconds in after.items():
        more = (seconds - before[stage]) / (n_many - n_few) * 1e3
        table.add_row(stage, f"{before[stage]:.2f}", f"{seconds:.2f}", f"{more:.1f}")
    return table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=int, default=1350)
    options.add_argument("--profiles", type=int, default=50)
    options.add_argument("--readers", type=int, nargs="+", default=[1000])
    chosen = options.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    counts = [chosen.profiles, *chosen.readers]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), 1)
        morning = bench.made(Case(chosen.papers, chosen.profiles))
        taken = {readers: bench.share(morning, readers) for readers in counts}
    names = {readers: f"{readers:,} readers, {chosen.profiles} profiles" for readers in counts}
    title = f"A morning of {chosen.papers:,} papers, cold process to the last mail"
    console.print(costs(title, [(names[readers], cost) for readers, (cost, _) in taken.items()]))
    alone = (chosen.profiles, taken[chosen.profiles][1])
    for readers in chosen.readers:
        console.print(per_reader(alone, (readers, taken[readers][1])))


if __name__ == "__main__":
    main()
