"""Sets the points by which the key sentence is chosen, on abstracts whose sentences somebody has marked.

    python benchmarks/fit_key_sentence.py CORPUS/key-sentences/key-sentences.jsonl CORPUS/days [--without NAME ...]

A conditional logit: of the sentences of an abstract the best one should have the most points, and each other that
would do a third as much weight as it; large points cost something. It learns from what is not aside in
key_sentence_marks.jsonl (see bench_key_sentence.py), prints POINTS for newsletter/papers/key_sentences.py, and how
often the choice is right of papers that the points were not set on: of those by folds, of what is aside, and of the
given lines.
`--without` leaves a kind of sentence out: one that does not pay on other papers should not be there.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bench_key_sentence import Sample, load, load_marked, load_papers, said

from newsletter.papers.key_sentences import describe, shorten
from newsletter.papers.sentences import split_sentences

Vector = npt.NDArray[np.float64]

WOULD_DO = 0.35
SHRINK = 1.0
STEPS, STEP = 300, 0.06
FOLDS, ROUNDS = 5, 5


@dataclass(frozen=True, slots=True)
class Choice:
    features: Vector  # a row for each sentence, a column for each name
    weights: Vector  # how right each sentence is; the sum is 1
    best: frozenset[int]
    would_do: frozenset[int]
    is_cs: bool


def choice(sample: Sample, names: Sequence[str]) -> Choice:
    sentences = split_sentences(sample.abstract)
    shown = [said(shorten(sentence), sample) for sentence in sentences]
    best = frozenset(place for place, found in enumerate(shown) if sample.best in found)
    would_do = frozenset(place for place, found in enumerate(shown) if found & sample.would_do)
    weights = np.array([1.0 if p in best else WOULD_DO * (p in would_do) for p in range(len(sentences))])
    described = describe(sample.title, sentences)
    features = np.array([[row.get(name, 0.0) for name in names] for row in described])
    return Choice(features, weights / weights.sum() if best else weights, best, would_do, sample.is_cs)


def fit(choices: Sequence[Choice]) -> Vector:
    """The points, by Adam on all choices at once; the same for the same choices."""
    features = np.vstack([one.features for one in choices])
    weights = np.concatenate([one.weights for one in choices])
    sizes = np.array([len(one.weights) for one in choices])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    points = mean = square = np.zeros(features.shape[1])
    share = np.repeat(np.add.reduceat(weights, starts), sizes)
    for step in range(1, STEPS + 1):
        chance = features @ points
        chance = np.exp(chance - np.repeat(np.maximum.reduceat(chance, starts), sizes))
        chance /= np.repeat(np.add.reduceat(chance, starts), sizes)
        slope = features.T @ (share * chance - weights) + 2 * SHRINK * points
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope * slope
        pace = STEP if step < 2 * STEPS / 3 else 0.3 * STEP
        points = points - pace * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return points


def right(choices: Sequence[Choice], points: Vector) -> tuple[int, int]:
    chosen = [(one, int(np.argmax(one.features @ points))) for one in choices]
    return sum(place in one.would_do for one, place in chosen), sum(place in one.best for one, place in chosen)


def cross_validate(choices: Sequence[Choice]) -> dict[str, tuple[float, float]]:
    """Per cent that would do and are best, of papers in turn that the points were not set on."""
    groups = {"all": [True, False], "cs.*": [True], "other": [False]}
    counts = {name: np.zeros(3) for name in groups}
    for seed in range(ROUNDS):
        order = np.random.default_rng(seed).permutation(len(choices))
        for fold in range(FOLDS):
            points = fit([choices[i] for other in range(FOLDS) if other != fold for i in order[other::FOLDS]])
            for name, kinds in groups.items():
                held = [choices[i] for i in order[fold::FOLDS] if choices[i].is_cs in kinds]
                counts[name] += np.array([len(held), *right(held, points)])
    return {name: (100 * ok / count, 100 * best / count) for name, (count, ok, best) in counts.items()}


def names_of(samples: Sequence[Sample], without: Sequence[str]) -> list[str]:
    every = {name for one in samples for row in describe(one.title, split_sentences(one.abstract)) for name in row}
    return sorted(every.difference(without))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("samples", type=Path, help="the JSON lines")
    parser.add_argument("days", type=Path, help="the folder of announcement days")
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    papers = load_papers(options.days)
    given, marked = load(options.samples, papers), load_marked(papers)
    names = names_of(marked, options.without)
    taught = [choice(sample, names) for sample in marked if not sample.is_aside]
    kept = {
        "marked, aside": [choice(sample, names) for sample in marked if sample.is_aside],
        "given": [choice(sample, names) for sample in given],
    }
    points = fit(taught).round(3)
    for name, value in sorted(zip(names, points, strict=True), key=lambda row: -row[1]):
        print(f'    "{name}": {value:g},')
    for name, (ok, best) in cross_validate(taught).items():
        print(f"by folds, {name:6}{ok:6.1f} would do{best:6.1f} best")
    for name, choices in kept.items():
        ok, best = right(choices, points)
        print(f"{name:16}{100 * ok / len(choices):6.1f} would do{100 * best / len(choices):6.1f} best")


if __name__ == "__main__":
    main()
