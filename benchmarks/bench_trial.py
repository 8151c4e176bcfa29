"""What a reader waits for who tries out a profile on the last five days: the first time, and with each change.

    python -m benchmarks.bench_trial [--papers 1350]

Days of so many made-up papers each, all in the reader's categories. "first" reads every paper's words, "words" is
another profile by the same process, "cut-off" the same profile with another `min_relevance`. Ratios are to scoring the
latest day alone, its words known.
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from benchmarks.cost_counter import measure, print_costs
from benchmarks.made_days import CATEGORIES, make_papers, remember_papers, write_subscribers
from newsletter import app
from newsletter.model import Subscriber, Topic
from newsletter.run import count_days
from newsletter.services.profiles import ProfileService
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers import parse_file

ON = date(2026, 1, 6)
NOW = datetime.combine(ON, time(9), UTC)


def asking(one: Subscriber, words: str, min_relevance: int = 7) -> Subscriber:
    profile = replace(one.profile, topics=(Topic("Wish", words),))
    return replace(one, profile=profile, min_relevance=min_relevance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=1350)
    papers = parser.parse_args().papers
    with tempfile.TemporaryDirectory() as folder:
        scorer, store, file = app.build_local_scorer(), TinyStore(Path(folder) / "state"), Path(folder) / "readers.yaml"
        for back in range(count_days(scorer)):
            on = ON - timedelta(days=back)
            remember_papers(store, on, make_papers(papers, on, back), CATEGORIES)
        write_subscribers(file, 1, CATEGORIES)
        one = parse_file(file.read_bytes(), source=file.name).subscribers[0]
        profiles = ProfileService(lambda: [one], store, lambda: scorer)
        first = measure(lambda: profiles.try_out(asking(one, "sparse attention"), now=NOW), 1)
        latest = measure(lambda: profiles.try_out(asking(one, "long convolutions"), now=NOW, most_days=1), 1)
        other = measure(lambda: profiles.try_out(asking(one, "graph networks"), now=NOW), 1)
        cut = measure(lambda: profiles.try_out(asking(one, "graph networks", 8), now=NOW))
    for name, cost in (("latest day", latest), ("first", first), ("words", other), ("cut-off", cut)):
        print_costs(name, (latest, cost))


if __name__ == "__main__":
    main()
