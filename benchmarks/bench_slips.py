"""Measures what slips of the keys cost short profiles, and how much of it comes back by reading what was meant.

    python -m benchmarks.bench_slips benchmarks/newcomers ../shared/corpus

One word of each profile, of at least FEWEST_LETTERS letters, is mistyped: two letters change places, or one is missing,
too many or another. Then the profile is mailed as `newsletter eval --newcomers` does: unharmed; with the slip; and with
the slip and a capital inside, which makes it a name that counts as it is written.
"""

import argparse
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from newsletter.files import resources
from newsletter.model import Announcement, Profile, Score, Subscriber
from newsletter.run import choose_entries
from newsletter.scoring.evaluation import load_days, load_judged_days, measure_newcomers
from newsletter.scoring.evaluation.newcomers import JudgedDay, Totals
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.nearest_words import FEWEST_LETTERS
from newsletter.scoring.ranking.phrases import find_telling_words
from newsletter.scoring.unknown_words import find_unknown_words

LETTERS = "etaoinsrhldcumfpgwybvkxjqz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    days = load_judged_days(options.profiles, load_days(options.corpus))
    scorer = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
    slips = {each: find_slip(each, options.seed) for each in {day.subscriber.profile for day in days}}
    read = [profile for profile in slips if any(one.nearest for one in find_unknown_words(slips[profile](str)))]
    print(f"{len(read)} of {len(slips)} slips are read as a usual word")
    found = [day for day in days if day.subscriber.profile in read]
    for which, some in (("all", days), ("those that are read", found)):
        print(f"{which}: {len(some)} days")
        _measure("unharmed", some, scorer, lambda profile: profile)
        _measure("mistyped", some, scorer, lambda profile: slips[profile](str))
        _measure("as written", some, scorer, lambda profile: slips[profile](capitalise_inside))


def _measure(way: str, days: Sequence[JudgedDay], scorer: LocalScorer, harm: Callable[[Profile], Profile]) -> None:
    def change(one: Subscriber) -> Subscriber:
        return replace(one, profile=harm(one.profile))

    report = measure_newcomers([replace(day, subscriber=change(day.subscriber)) for day in days], scorer, choose)
    own: Totals = report.mailed
    print(
        f"  {way:12} silent {own.silent} of {report.days_to_find}, {own.papers} mailed, precision {own.precision:.3f},"
    )
    print(f"  {'':12} recall {own.recall:.3f}, P@5 {own.precision_at_5:.3f}", flush=True)


def choose(subscriber: Subscriber, candidates: Sequence[Announcement], scores: Sequence[Score]) -> list[str]:
    entries, _ = choose_entries(subscriber, candidates, scores)
    return [entry.paper.arxiv_id for entry in entries]


def find_slip(profile: Profile, seed: int) -> Callable[[Callable[[str], str]], Profile]:
    """Gives what makes the profile with one of its words mistyped, wherever it stands, and written in some way."""
    texts = [topic.relevant or topic.name for topic in profile.topics] + list(profile.like)
    words = [match.group() for text in texts for match in find_telling_words(text)]
    usual = sorted({word for word in words if len(word) >= FEWEST_LETTERS and word.isalpha() and word[1:].islower()})
    draw = random.Random(f"{seed} {texts}")
    word = draw.choice(usual) if usual else "?"
    typed = mistype(word, draw) if usual else word

    def make(write: Callable[[str], str]) -> Profile:
        def put(text: str) -> str:
            return re.sub(rf"\b{re.escape(word)}\b", write(typed), text)

        topics = tuple(replace(topic, name=put(topic.name), relevant=put(topic.relevant)) for topic in profile.topics)
        return replace(profile, topics=topics, like=tuple(map(put, profile.like)))

    return make


def mistype(word: str, draw: random.Random) -> str:
    """Mistypes a word, so that it is another."""
    while True:
        at, letter = draw.randrange(1, len(word)), draw.choice(LETTERS)
        typed = draw.choice(
            [
                word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
            ]
        )
        if typed != word:
            return typed


def capitalise_inside(word: str) -> str:
    return word[0] + word[1:].upper()


if __name__ == "__main__":
    main()
