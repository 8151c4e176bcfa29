"""Speed and memory of the local scorer beside plain BM25, each in a cold process, on the same made-up day.

    python benchmarks/bench_scoring.py [--papers 1350] [--history 3] [--day 1000]

With the extra `semantic` also what its sentence model takes to read 200 papers, which happens once for all readers.
Prints papers a second, processor seconds and peak memory of both, and their ratios, which travel between machines.
The papers are random words with the lengths and word frequencies of abstracts; no corpus is needed.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from newsletter.app.scorers import SENTENCE_MODEL_PACKAGES
from newsletter.files import resources
from newsletter.model import Paper, Profile, Topic
from newsletter.scoring.evaluation.baselines import rank_by_bm25
from newsletter.scoring.local import LocalScorer

READ = 200  # papers that the sentence model reads
N_WORDS = 60_000  # different words of some thousand abstracts
N_PHRASES = 30_000  # neighbouring words repeat: papers are strung together from phrases of five
_TOPICS = [" ".join(f"w{word}" for word in range(50 + first, 4000, 131)) for first in range(5)]
PROFILE = Profile(
    tuple(Topic(f"Topic {n}", wanted, f"w{60 + n} w{700 + n}") for n, wanted in enumerate(_TOPICS)),
    like=("w151", "w152 w153"),
    avoid=("w171", "w172"),
)


def make_papers(n_papers: int, seed: int) -> list[Paper]:
    # Zipf's law with about the exponent of English; 10 words of title, 190 of abstract
    phrases = np.minimum(np.random.default_rng(0).zipf(1.25, size=(N_PHRASES, 5)), N_WORDS)
    chosen = np.random.default_rng(seed).integers(0, N_PHRASES, size=(n_papers, 40))
    texts = [[f"w{word}" for word in row] for row in phrases[chosen].reshape(n_papers, 200).tolist()]
    return [
        Paper(f"25{seed:02d}.{n:05d}", 1, " ".join(t[:10]), ("Ada Example",), " ".join(t[10:]), ("cs.LG",))
        for n, t in enumerate(texts)
    ]


def measure(ranker: str, n_papers: int, n_days: int, n_day: int) -> dict[str, float]:
    """Processor seconds and peak memory of one ranking in this process; the papers' own memory is in it."""
    papers = make_papers(n_papers, 0)
    history = [make_papers(n_day, day) for day in range(1, n_days + 1)]
    run: Callable[[], object]
    if ranker == "local":
        scorer = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
        run = lambda: scorer.score(PROFILE, papers, history)  # noqa: E731
    else:
        run = lambda: rank_by_bm25(PROFILE, papers, history)  # noqa: E731
    started = time.process_time()
    run()
    seconds = time.process_time() - started
    started = time.process_time()
    run()
    again = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "again": again, "papers": n_papers / seconds, "peak_mib": peak}


def measure_reading() -> dict[str, float]:
    """The same for the sentence model, which computes in one thread."""
    from newsletter.scoring.semantic.minilm import MiniLM  # noqa: PLC0415  # it may be missing

    texts = [f"{paper.title}. {paper.abstract}" for paper in make_papers(READ, 0)]
    titles = [paper.title for paper in make_papers(READ, 0)]
    model = MiniLM()
    model.embed(texts[:1])
    started = time.process_time()
    model.embed([*texts, *titles])
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "papers": READ / seconds, "peak_mib": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=1350)
    parser.add_argument("--history", type=int, default=3, help="days before")
    parser.add_argument("--day", type=int, default=1000, help="papers of each of them")
    parser.add_argument("--only", choices=["local", "bm25", "semantic"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = (options.papers, options.history, options.day)
    if options.only:
        print(json.dumps(measure_reading() if options.only == "semantic" else measure(options.only, *sizes)))
        return
    results = {}
    for ranker in ("local", "bm25"):
        arguments = ["--papers", str(sizes[0]), "--history", str(sizes[1]), "--day", str(sizes[2]), "--only", ranker]
        done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
        results[ranker] = json.loads(done.stdout)
        values = results[ranker]
        print(
            f"{ranker:6} {values['papers']:7.0f} papers/s  {values['seconds']:.2f} s, {values['again']:.2f} s for"
            f" the next profile, peak {values['peak_mib']:.0f} MiB"
        )
    if all(map(find_spec, SENTENCE_MODEL_PACKAGES)):
        done = subprocess.run(
            [sys.executable, __file__, "--only", "semantic"], capture_output=True, text=True, check=True
        )
        values = json.loads(done.stdout)
        print(f"reading {values['papers']:5.0f} papers/s of the processor, peak {values['peak_mib']:.0f} MiB")
    local, bm25 = results["local"], results["bm25"]
    print(f"local / bm25: time × {local['seconds'] / bm25['seconds']:.2f}", end=", ")
    print(f"memory × {local['peak_mib'] / bm25['peak_mib']:.2f}")


if __name__ == "__main__":
    main()
