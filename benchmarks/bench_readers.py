"""Mails a hundred made-up newcomers: who gets nothing, how long a mail is, and whether it says what was asked for.

    python benchmarks/bench_readers.py ../shared/corpus

Forty subjects of research, three to a profile, a line each; fifty profiles on two days, with the newsletter's defaults
and the days before as history. That a paper says a subject is judged by its words alone, so the shares are no
precision; they tell whether a change did harm.
"""

import argparse
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from newsletter.files import resources
from newsletter.model import Paper, Subscriber
from newsletter.papers import find_announced, find_candidates
from newsletter.run import choose_entries
from newsletter.scoring import local
from newsletter.scoring.evaluation import load_days
from newsletter.subscribers import parse_profiles

DAYS = (date(2025, 10, 6), date(2025, 10, 23))
N_PROFILES = 50

# Category, subject, and what in a title says it.
SUBJECTS = [
    ("cs.CL", "Machine translation", r"translat"),
    ("cs.CL", "Question answering", r"question.answer|\bQA\b"),
    ("cs.CL", "Large language models for code", r"\bcode|program"),
    ("cs.CL", "Hallucination", r"hallucinat"),
    ("cs.CL", "Low-resource languages", r"low.resource"),
    ("cs.CL", "Sentiment analysis", r"sentiment"),
    ("cs.CL", "tokenizers", r"token[is]"),
    ("cs.CL", "Long context", r"long.(context|document|sequence)"),
    ("cs.LG", "LoRA", r"\bq?lora|low.rank adapt"),
    ("cs.LG", "Graph neural networks", r"\bGNN|graph neural|graph"),
    ("cs.LG", "Federated learning", r"federated"),
    ("cs.LG", "Time series forecasting", r"time.series|forecast"),
    ("cs.LG", "Protein structure prediction", r"protein"),
    ("cs.LG", "Offline reinforcement learning", r"offline"),
    ("cs.LG", "Continual learning", r"continual|forgetting|lifelong"),
    ("cs.LG", "Conformal prediction", r"conformal"),
    ("cs.LG", "Bayesian optimization", r"bayesian opt"),
    ("cs.LG", "Mixture of experts", r"mixture.of.expert|\bMoE"),
    ("cs.LG", "Quantization", r"quanti[sz]|\bbit"),
    ("cs.LG", "Optimal transport", r"optimal transport|wasserstein"),
    ("cs.CV", "Medical image segmentation", r"segment"),
    ("cs.CV", "Object detection", r"detect"),
    ("cs.CV", "Gaussian splatting", r"splat"),
    ("cs.CV", "Video generation", r"video"),
    ("cs.CV", "Image super-resolution", r"super.resol|restor"),
    ("cs.CV", "Vision-language models", r"vision.language|\bVLM|\bLVLM|\bMLLM|multimodal"),
    ("cs.CV", "Remote sensing", r"remote sens|satellite|aerial"),
    ("cs.CV", "Face recognition", r"\bface|facial"),
    ("cs.RO", "Embodied AI", r"embod"),
    ("cs.RO", "Robot manipulation", r"manipul|grasp"),
    ("cs.RO", "Motion planning", r"plan"),
    ("cs.AI", "LLM agents", r"agent"),
    ("cs.AI", "AI safety", r"safe|align|jailbreak|harm|risk"),
    ("cs.AI", "Knowledge graphs", r"knowledge.graph|\bKG"),
    ("astro-ph.GA", "Dwarf galaxies", r"dwarf|satellite"),
    ("astro-ph.GA", "AGN", r"\bAGN|active gal|quasar|\bblack hole"),
    ("astro-ph.GA", "Star formation", r"star.form"),
    ("astro-ph.CO", "Dark matter", r"dark matter|\bhalo"),
    ("astro-ph.CO", "Gravitational lensing", r"lens"),
    ("astro-ph.CO", "Cosmic microwave background", r"\bCMB|microwave"),
]


def make_profiles() -> tuple[Subscriber, ...]:
    """Draws three subjects for each profile, of two categories at most."""
    random, entries = np.random.default_rng(0), list[str]()
    while len(entries) < N_PROFILES:
        chosen = [SUBJECTS[n] for n in random.choice(len(SUBJECTS), 3, replace=False)]
        categories = sorted({category for category, _, _ in chosen})
        if len(categories) <= 2:
            topics = "".join(f"    - relevant: {subject}\n" for _, subject, _ in chosen)
            entries.append(f"- name: p{len(entries)}\n  categories: [{', '.join(categories)}]\n  topics:\n{topics}")
    return parse_profiles("".join(entries), source="made up")


def count_saying(papers: Sequence[Paper], subscriber: Subscriber, *, title_only: bool) -> int:
    """Counts the papers whose title (or also abstract) says one of the subjects asked for."""
    asked = {topic.relevant for topic in subscriber.profile.topics}
    pattern = "|".join(each for _, subject, each in SUBJECTS if subject in asked)
    texts = (paper.title if title_only else f"{paper.title} {paper.abstract}" for paper in papers)
    return sum(bool(re.search(pattern, text, re.IGNORECASE)) for text in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    corpus = load_days(parser.parse_args().corpus)
    scorer = local.LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
    lengths, said, titled, pools = list[int](), 0, 0, list[int]()
    for subscriber in make_profiles():
        announced = [find_announced([day.announcement_day()], subscriber.categories) for day in corpus]
        for place, day in enumerate(corpus):
            if day.announced_on not in DAYS:
                continue
            candidates = find_candidates(announced[place], subscriber.announce_types)
            history = [[each.paper for each in shown] for shown in announced[max(0, place - 3) : place]]
            papers = [each.paper for each in candidates]
            scores = scorer.score(subscriber.profile, papers, history).scores
            entries, _ = choose_entries(subscriber, candidates, scores)
            mailed = [entry.paper for entry in entries]
            lengths.append(len(mailed))
            pools.append(len(papers))
            said += count_saying(mailed, subscriber, title_only=False)
            titled += count_saying(mailed, subscriber, title_only=True)
    quartiles = np.percentile(lengths, [25, 50, 75]).astype(int)
    print(f"{len(lengths)} mornings, {min(pools)} to {max(pools)} papers: {lengths.count(0)} without a mail")
    print(f"papers in a mail: quartiles {quartiles}, most {max(lengths)}; {sum(n == 30 for n in lengths)} are full")
    print(f"say a subject: {said / sum(lengths):.2f} of the papers mailed, {titled / sum(lengths):.2f} in their title")


if __name__ == "__main__":
    main()
