"""What a model costs for one reader and day, beside what the tool that made the labels paid on the same days.

    python benchmarks/bench_model_cost.py [--corpus ../shared/corpus] [--profile NAME]     some minutes

Replays the funnel day by day with the labels as the model, builds the prompts of the papers it really sends, and counts
their tokens and those of the answers exactly. What cannot be counted is assumed, and printed. Asks nobody, asserts
nothing. The corpus is not part of the project: days/, profiles/ and labels/ as `newsletter eval` reads them, where a
line of labels may have a `header` with the model and the tokens of that day's bill.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rich.console import Console
from rich.progress import track
from rich.table import Table

from newsletter.files import resources
from newsletter.model import Paper, Profile
from newsletter.scoring.evaluation.corpus import (
    RELEVANT_FROM,
    LabelledDay,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.scoring.evaluation.funnel import SETTLED_AFTER, LabelGrader
from newsletter.scoring.evaluation.markdown_profile import parse_profile
from newsletter.scoring.funnel import FunnelScorer
from newsletter.scoring.llm.answers import COMMENT_CHARS, plain_line
from newsletter.scoring.llm.estimate import Assumptions
from newsletter.scoring.llm.grader import GradingReport, GradingRequest, ProgressCallback
from newsletter.scoring.llm.model_settings import ModelLimits
from newsletter.scoring.llm.prices import DEFAULT_MODEL, FLEX, STANDARD, Price, price_of
from newsletter.scoring.llm.prompts import Prompt, Prompts, load_prompts
from newsletter.scoring.llm.token_count import count, count_chat
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.shortlist import Policy

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
BATCH = ModelLimits().batch_papers
LOW = Assumptions(share=0, effort="low", batch_papers=BATCH).reasoning_tokens  # for each paper
GOALS = "Goals: at most 1/4 of its bill at equal prices with at least 98 % of its picks; at most $0.01 a day with ours."
_NO_REASONING = ("gpt-4",)


@dataclass(frozen=True, slots=True)
class Label:
    relevance: int
    novelty: int
    comment: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What the labels' own tool published of a day."""

    model: str
    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day's papers and tokens. `own_answers` are the labels' tokens, all written in our form.

    A paper judged on an earlier day is found without being sent.
    """

    pool: int
    sent: int
    picks: int
    found: int
    calls: int
    prompt: int
    kept: int
    answer: int
    own_answers: int
    bill: Bill | None

    def cost(self, price: Price, reasoning: float) -> Decimal:
        """The first call writes the beginning and the others read it, where writing is charged; else no cache."""
        kept = self.kept if self.calls and price.cache_write > price.input else 0
        return price.cost(self.prompt, kept * max(0, self.calls - 1), kept, self.answer + round(reasoning))

    @property
    def own_reasoning(self) -> int:
        """All of its output that is no published answer, so answers it did not publish count as reasoning."""
        if self.bill is None or self.bill.model.startswith(_NO_REASONING):
            return 0
        return max(0, self.bill.completion - self.own_answers)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have a day judged, and what that costs."""

    name: str
    cost: Callable[[Day], Decimal]


class Recorder(LabelGrader):
    """The labels as a model, that notes which papers it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Paper] = []

    def grade(self, request: GradingRequest, on_progress: ProgressCallback | None = None) -> GradingReport:
        self.asked += request.papers
        return super().grade(request, on_progress)


# --- the days -----------------------------------------------------------------------------------------


def replay(name: str, profile: Profile, days: Sequence[LabelledDay], lines: Mapping[date, dict[str, Any]]) -> list[Day]:
    """Each day with the papers that the funnel sends when it has learned from the days before."""
    prompts, grader = load_prompts(resources.read_text), Recorder()
    local = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
    scorer = FunnelScorer(local, grader, grader, Policy(), lambda: grader.now)
    measured = []
    for day in track(days, name, console=Console(stderr=True), transient=True):
        grader.open(day)
        grader.asked.clear()
        history = day.history[max(0, len(day.history) - scorer.history_days) :]
        report = scorer.score(profile, day.pool, history, floor=RELEVANT_FROM)
        graded = {score.arxiv_id for score in report.scores} - set(report.passed_over)
        measured.append(count_day(prompts, profile, day, grader.asked, graded, lines[day.announced_on]))
    return measured


def count_day(
    prompts: Prompts,
    profile: Profile,
    day: LabelledDay,
    asked: Sequence[Paper],
    graded: Set[str],
    line: Mapping[str, Any],
) -> Day:
    labels = {str(each["id"]): _label(each) for each in line["labels"]}
    batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
    rendered = [prompts.render(profile, batch, RELEVANT_FROM) for batch in batches]
    picks = {paper.arxiv_id for paper, gain in zip(day.pool, day.gains, strict=True) if gain}
    return Day(
        pool=len(day.pool),
        sent=len(asked),
        picks=len(picks),
        found=len(picks & graded),
        calls=len(batches),
        prompt=sum(count_chat(prompt.system, prompt.user, prompt.beginning[0]) for prompt in rendered),
        kept=rendered[0].kept_tokens(count) if rendered else 0,
        answer=sum(count(answer(prompt, batch, labels)) for prompt, batch in zip(rendered, batches, strict=True)),
        own_answers=sum(count(_compact(_entry(arxiv_id, label))) for arxiv_id, label in labels.items()),
        bill=_bill(line.get("header") or {}),
    )


def answer(prompt: Prompt, papers: Sequence[Paper], labels: Mapping[str, Label]) -> str:
    """What the labels' model would answer to this request, in the form asked for."""
    given = [(name, labels.get(paper.arxiv_id)) for name, paper in zip(prompt.labels, papers, strict=True)]
    passed = [(name, label) for name, label in given if label and label.relevance >= RELEVANT_FROM]
    names = {name for name, _ in passed}
    below = [name for name, _ in given if name not in names]
    return _compact({"scored": [_entry(name, label) for name, label in passed], "below": below})


def _entry(name: str, label: Label) -> dict[str, object]:
    comment = plain_line(label.comment, COMMENT_CHARS)
    return {"id": name, "relevance": label.relevance, "novelty": label.novelty, "comment": comment}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _label(each: Mapping[str, Any]) -> Label:
    return Label(round(each["relevance"]), round(each.get("novelty") or 1), str(each.get("comment") or ""))


def _bill(header: Mapping[str, Any]) -> Bill | None:
    if not header.get("prompt_tokens"):
        return None
    model = str(header["model"]).removeprefix("openai/")
    return Bill(model, int(header["prompt_tokens"]), int(header["completion_tokens"]))


# --- the ways -----------------------------------------------------------------------------------------


def find_ways(days: Sequence[Day]) -> list[Way]:
    """The bill as published comes first, if there is one."""
    ways = own_ways(days[0].bill.model) if days[0].bill else []
    for tier in (STANDARD, FLEX):
        ways.append(_low(DEFAULT_MODEL, tier))
    return ways


def own_ways(model: str) -> list[Way]:
    price, flex = price_of(model), price_of(model, FLEX)
    if price is None or flex is None:
        raise SystemExit(f"the price of {model} is not known; update genai-prices")

    def alike(name: str, at: Price) -> Way:
        return Way(name, lambda day: day.cost(at, day.own_reasoning * day.sent / day.pool))

    ways = [
        Way(
            f"its own bill ({model})",
            lambda day: price.cost(day.bill.prompt, 0, 0, day.bill.completion) if day.bill else Decimal(0),
        )
    ]
    if model.startswith(_NO_REASONING):
        return [*ways, alike(f"ours: {model}", price)]
    return [
        *ways,
        alike(f"ours: {model}, its reasoning", price),
        Way(f"ours: {model}, all its reasoning", lambda day: day.cost(price, day.own_reasoning)),
        alike(f"ours: {model}, its reasoning, flex", flex),
        _low(model, STANDARD),
        _low(model, FLEX),
    ]


def _low(model: str, tier: str) -> Way:
    price = price_of(model, tier)
    if price is None:
        raise SystemExit(f"the price of {model} is not known; update genai-prices")
    return Way(f"ours: {model}, effort low, {tier}", lambda day: day.cost(price, LOW * day.sent))


# --- showing ------------------------------------------------------------------------------------------


def show(console: Console, name: str, days: Sequence[Day]) -> None:
    spans = {"all days": days, f"from day {SETTLED_AFTER + 1}": days[SETTLED_AFTER:]}
    spans = {label: span for label, span in spans.items() if span}
    table = Table(title=_title(name, days), title_justify="left")
    table.add_column("$ a day")
    for label in spans:
        table.add_column(label, justify="right")
        table.add_column("of its bill", justify="right")
    ways = find_ways(days)
    for way in ways:
        cells = []
        for span in spans.values():
            cost, own = (_mean(span, each.cost) for each in (way, ways[0]))
            cells += [f"{cost:.4f}", f"{cost / own:.3f}" if days[0].bill else "n/a"]
        table.add_row(way.name, *cells)
    console.print(table)
    for label, span in spans.items():
        console.print(f"{label}: {_counts(span)}", soft_wrap=True)
    console.print()


def _title(name: str, days: Sequence[Day]) -> str:
    papers = f"{_mean(days, lambda day: day.pool):.0f} papers and {_mean(days, lambda day: day.picks):.0f} picks a day"
    return f"{name}: {len(days)} days, {papers}, {_published(days)}"


def _published(days: Sequence[Day]) -> str:
    bills = [day.bill for day in days if day.bill]
    if not bills:
        return "no bill published"
    tokens = sum(bill.prompt for bill in bills) / len(bills), sum(bill.completion for bill in bills) / len(bills)
    return f"its bill {tokens[0]:,.0f} + {tokens[1]:,.0f} tokens"


def _mean(days: Sequence[Day], value: Callable[[Day], float | Decimal]) -> float:
    return sum(float(value(day)) for day in days) / len(days)


def _counts(days: Sequence[Day]) -> str:
    sent, recall = _ratio(days, "sent", "pool"), _ratio(days, "found", "picks")
    columns: dict[str, Callable[[Day], float]] = {
        "papers sent": lambda day: day.sent,
        "calls": lambda day: day.calls,
        "prompt tokens": lambda day: day.prompt,
        "answer tokens": lambda day: day.answer,
        "tokens of beginning": lambda day: day.kept,
    }
    means = ", ".join(f"{_mean(days, value):,.0f} {what}" for what, value in columns.items())
    return f"{sent:.1%} sent, {recall:.1%} of its picks; a day {means}"


def _ratio(days: Sequence[Day], part: str, whole: str) -> float:
    return _mean(days, lambda day: getattr(day, part)) / _mean(days, lambda day: getattr(day, whole))


ASSUMED = f"""Assumed:
- The labels' model answers ours as it answered its own tool; every answer is whole, none is asked for twice.
- "its reasoning": the output of its bill that is no published answer, evenly over the day's papers; ours pays the part
  of the papers sent. "all its reasoning": as if all had been about papers that are sent. gpt-4 models do not reason.
- "effort low": {LOW} tokens of reasoning for each paper sent, which nobody measured with these models.
- Cache: from GPT-5.6 on the first call of a day writes the beginning (schema, instructions, profile) and the others
  read it, from 1,024 tokens on. Older models: nothing from the cache, for both sides.
- Batches of {BATCH}, cut-off {RELEVANT_FROM}, the default funnel. Prices are today's for all days, and flex is half.
- Answers are the labels' scores and comments (at most {COMMENT_CHARS} characters) as compact JSON; prompts are the
  shipped ones."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", type=Path, default=CORPUS, help="folder with days/, profiles/ and labels/")
    options.add_argument("--profile", help="this one alone")
    chosen = options.parse_args()
    corpus: Path = chosen.corpus
    if not all((corpus / part).is_dir() for part in ("days", "profiles", "labels")):
        sys.exit(f"no corpus at {corpus} (days/, profiles/, labels/); give its folder with --corpus")
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    console.print(f"{GOALS}\n{ASSUMED}\n", markup=False)
    corpus_days = load_days(corpus)
    files = sorted((corpus / "labels").glob(f"{chosen.profile or '*'}.jsonl"))
    if not files:
        sys.exit(f"no labels of {chosen.profile or 'any profile'} in {corpus / 'labels'}; see its names with ls")
    for file in files:
        labels = load_labels(file)
        categories = infer_categories(corpus_days, labels)
        days = label_days(corpus_days, labels, categories, first=date.min, last=date.max)
        profile = parse_profile((corpus / "profiles" / f"{file.stem}.md").read_text(encoding="utf-8"))
        records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        lines = {date.fromisoformat(record["date"]): record for record in records}
        if days:
            show(console, file.stem, replay(file.stem, profile, days, lines))


if __name__ == "__main__":
    main()
