"""How often the sentence that is chosen of an abstract is one of those that would do, and the best one.

    python benchmarks/bench_key_sentence.py CORPUS/key-sentences/key-sentences.jsonl [--days CORPUS/days] [--missed]

One JSON object a line: `id`, `title`, the `sentences` of the abstract, the index of the `best` one and of all that are
`ok`. No points were set on these. `--days` adds key_sentence_marks.jsonl: 519 papers of all fields, marked in the same
way, of which it holds ids, the letters of each sentence and a hash, while titles and abstracts come from the days.
benchmarks/fit_key_sentence.py set the points on them, but for those marked `aside`. Shares have their 95 % interval
(Wilson); characters are those of a chosen sentence on average. Sentences are compared by letters and digits, since
cutting the abstract is a part of the task. `--missed` prints what was chosen of the papers that points were set on
where it is not the best, and what was best.
"""

import argparse
import gzip
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path

from newsletter.papers import readable
from newsletter.papers.key_sentences import MAX_CHARS, key_sentence
from newsletter.papers.sentences import split_sentences

Papers = Mapping[str, Mapping[str, str]]  # as the days have them, by arXiv id

MARKS = Path(__file__).with_name("key_sentence_marks.jsonl")
ENOUGH = 0.8  # of a sentence's letters, for a text that is cut to count as the sentence
REPEATS = 20
DAY = 1_350  # papers
Z = 1.96  # standard deviations within which 95 % lie


@dataclass(frozen=True, slots=True)
class Sample:
    title: str
    abstract: str
    sentences: tuple[str, ...]
    best: int
    would_do: frozenset[int]
    is_aside: bool = False  # not among those that the points were set on
    is_cs: bool = True


def load(path: Path, papers: Papers) -> list[Sample]:
    """The papers of a file of JSON lines; those that the days have not count as computer science."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Sample(
            title=readable(row["title"]),
            abstract=readable(" ".join(row["sentences"])),
            sentences=tuple(map(readable, row["sentences"])),
            best=row["best"],
            would_do=frozenset(row["ok"]),
            is_aside=True,
            is_cs=is_cs(papers[row["id"]]) if row["id"] in papers else True,
        )
        for row in rows
    ]


def load_papers(days: Path) -> Papers:
    papers: dict[str, Mapping[str, str]] = {}
    for file in sorted(days.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            papers |= {(paper := json.loads(line))["id"]: paper for line in lines}
    return papers


def is_cs(paper: Mapping[str, str]) -> bool:
    return paper["primary"].startswith("cs.")


def load_marked(papers: Papers) -> list[Sample]:
    """The papers of MARKS. Raises ValueError where an abstract is not the one marked."""
    marks = [json.loads(line) for line in MARKS.read_text(encoding="utf-8").splitlines()]
    return [_marked(mark, papers[mark["id"]]) for mark in marks]


def _marked(mark: dict[str, object], paper: Mapping[str, str]) -> Sample:
    abstract = readable(paper["abstract"])
    text = letters(abstract)
    if sha256(text.encode()).hexdigest()[:8] != mark["hash"]:
        raise ValueError(f"the abstract of {paper['id']} is not the one that was marked")
    cuts = accumulate(mark["letters"], initial=0)  # type: ignore[arg-type]
    return Sample(
        title=readable(paper["title"]),
        abstract=abstract,
        sentences=tuple(text[start:end] for start, end in pairwise(cuts)),
        best=mark["best"],  # type: ignore[arg-type]
        would_do=frozenset(mark["ok"]),  # type: ignore[call-overload]
        is_aside=bool(mark.get("aside")),
        is_cs=is_cs(paper),
    )


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def said(text: str, sample: Sample) -> frozenset[int]:
    """The sentences of the sample that this text says whole, or all but the end that did not fit."""
    shown = letters(text)
    found = set()
    for place, sentence in enumerate(map(letters, sample.sentences)):
        is_cut = len(text) > MAX_CHARS // 2 and sentence.startswith(shown)
        if sentence and (is_cut or sentence in shown or (shown in sentence and len(shown) >= ENOUGH * len(sentence))):
            found.add(place)
    return frozenset(found)


CHOOSERS: dict[str, Callable[[Sample], str]] = {
    "the first sentence": lambda sample: split_sentences(sample.abstract)[0],
    "the first 320 characters": lambda sample: sample.abstract[:320],
    "the key sentence": lambda sample: key_sentence(sample.title, sample.abstract),
}


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share, from 0 to 1 (E. B. Wilson 1927)."""
    share, spread = count / total, Z * Z / total
    middle = share + spread / 2
    half = Z * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)


def print_measured(choose: Callable[[Sample], str], groups: Mapping[str, Sequence[Sample]]) -> None:
    for name, samples in groups.items():
        texts = [choose(sample) for sample in samples]
        shown = [said(text, sample) for text, sample in zip(texts, samples, strict=True)]
        would_do = sum(not sample.would_do.isdisjoint(found) for sample, found in zip(samples, shown, strict=True))
        best = sum(sample.best in found for sample, found in zip(samples, shown, strict=True))
        shares = "".join(_share(count, len(samples)) for count in (would_do, best))
        print(f"  {name:22}{len(samples):6}{shares}{sum(map(len, texts)) / len(texts):12.0f}")


def _share(count: int, total: int) -> str:
    low, high = wilson(count, total)
    return f"{100 * count / total:10.1f} ({100 * low:4.1f} to {100 * high:4.1f})"


def print_missed(samples: Sequence[Sample]) -> None:
    for sample in samples:
        chosen = key_sentence(sample.title, sample.abstract)
        if sample.best not in said(chosen, sample):
            print("\n" + sample.title)
            print("  ok  " if sample.would_do & said(chosen, sample) else "  BAD ", chosen)
            print("  best", sample.sentences[sample.best])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("samples", type=Path, help="the JSON lines")
    parser.add_argument("--days", type=Path, help="the folder of announcement days with the papers of MARKS")
    parser.add_argument("--missed", action="store_true", help="print what was chosen that is not the best")
    options = parser.parse_args()
    papers = load_papers(options.days) if options.days else {}
    samples = load(options.samples, papers)
    marked = load_marked(papers) if options.days else []
    taught = [sample for sample in marked if not sample.is_aside]
    groups = {
        "given": samples,
        "given, cs.*": [sample for sample in samples if sample.is_cs and papers],
        "given, other": [sample for sample in samples if not sample.is_cs],
        "marked, cs.*": [sample for sample in taught if sample.is_cs],
        "marked, other": [sample for sample in taught if not sample.is_cs],
        "marked, other, aside": [sample for sample in marked if sample.is_aside],
    }
    groups = {name: group for name, group in groups.items() if group}
    for name, choose in CHOOSERS.items():
        print(f"{name:25}papers{'would do (%)':>24}{'best (%)':>24}  characters")
        print_measured(choose, groups)
    longest = max(len(key_sentence(sample.title, sample.abstract)) for sample in (*samples, *marked))
    started = time.process_time()
    for _ in range(REPEATS):
        for sample in samples:
            key_sentence(sample.title, sample.abstract)
    took = (time.process_time() - started) / REPEATS / len(samples)
    print(f"{1000 * took:.3f} ms a paper, {DAY * took:.2f} s a day of {DAY:,}; the longest has {longest} characters")
    if options.missed:
        print_missed(taught)


if __name__ == "__main__":
    main()
