"""`newsletter eval`: measures the local ranker, or the funnel before a model, on labelled days and prints the numbers.

Decides nothing; the measuring is in scoring/evaluation/ranking.py and scoring/evaluation/funnel.py.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from newsletter.cli.common import stdout_console
from newsletter.cli.days import DAY
from newsletter.cli.eval_newcomers import print_newcomers
from newsletter.cli.eval_scorer import make_scorer
from newsletter.cli.exits import EXIT_CODES
from newsletter.errors import ConfigError
from newsletter.model import Profile
from newsletter.scoring import Scorer
from newsletter.scoring.evaluation import (
    SETTLED_AFTER,
    SHARES,
    STRONG_FROM,
    CorpusDay,
    FindVectors,
    FunnelReport,
    Interval,
    LabelledDay,
    NamedPolicy,
    RankingReport,
    Summary,
    draw_likes,
    evaluate,
    infer_categories,
    label_days,
    load_days,
    load_labels,
    parse_profile,
    replay,
)
from newsletter.scoring.ranking import shortlist

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=EXIT_CODES)
@click.option("--corpus", type=_FOLDER, help="Folder with days/, and profiles/ and labels/.")
@click.option("--profile", "profile_file", type=_FILE, help="A profile of your own (Markdown); needs --labels.")
@click.option("--labels", "labels_file", type=_FILE, help="Its labels (JSON lines); needs --profile.")
@click.option(
    "--categories", help="Categories the papers are drawn from, like cs.LG,cs.AI. Default: those of the labels."
)
@click.option("--from", "first", type=DAY, help="First day to measure.")
@click.option("--until", "last", type=DAY, help="Last day to measure.")
@click.option(
    "--funnel", is_flag=True, help="Measure which papers a model would be sent, day by day, and what it loses."
)
@click.option(
    "--share",
    "shares",
    type=click.FloatRange(0, 1),
    multiple=True,
    help="With --funnel: also measure a fixed share of each day. May be repeated.",
)
@click.option(
    "--target",
    "targets",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    multiple=True,
    help=f"With --funnel: the recall to aim at. May be repeated. Default: {shortlist.Policy().target_recall}.",
)
@click.option(
    "--likes",
    type=click.IntRange(1),
    help="Also measure with so many relevant papers of the days before --from voted for; needs --from.",
)
@click.option(
    "--newcomers",
    type=_FOLDER,
    help="Measure what short profiles would be mailed: folder of NAME.yaml with NAME-labels.jsonl. --corpus: by default"
    " the folder around it.",
)
@click.option(
    "--semantic",
    "vectors",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Rank with the sentence model; what it makes of the papers is kept in that folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(
    corpus: Path | None,
    profile_file: Path | None,
    labels_file: Path | None,
    categories: str | None,
    first: datetime | None,
    last: datetime | None,
    funnel: bool,
    shares: tuple[float, ...],
    targets: tuple[float, ...],
    likes: int | None,
    newcomers: Path | None,
    vectors: Path | None,
    as_json: bool,
) -> None:
    """Measure the local ranker on labelled announcement days, beside plain BM25 and chance.

    The ranker sees a profile, a day's papers and unlabelled days before it, never a label. Intervals are 95 %,
    by bootstrap over days.

    With --funnel, replay the days as a closed loop: the labels play a model that judges what the funnel sends, and
    the funnel learns from these answers alone. Takes a second or two for each day, profile and policy.

    With --semantic, the sentence model of the extra `semantic` reads the papers of the days first, some 40 a second.

    With --newcomers, choose as a morning does, with the newsletter's defaults, and hold that against judged papers.
    """
    scorer, find_vectors = make_scorer(vectors)
    if newcomers:
        if profile_file or labels_file or categories or first or last or funnel or likes or shares or targets:
            raise click.UsageError("--newcomers goes with --corpus and --json alone; leave the other options out")
        print_newcomers(newcomers, corpus or newcomers.resolve().parent, scorer, as_json=as_json)
        return
    if corpus is None:
        raise click.UsageError("no labelled days; give their folder with --corpus")
    if (profile_file is None) != (labels_file is None):
        raise click.UsageError("--profile and --labels belong together; give both or none")
    if not funnel and (shares or targets):
        raise click.UsageError("--share and --target belong to --funnel; add it")
    if likes and (funnel or not first):
        raise click.UsageError("--likes needs --from, and does not go with --funnel; the liked papers are older ones")
    files = [(profile_file, labels_file)] if profile_file and labels_file else _find_profiles(corpus)
    days = load_days(corpus)
    span = (first.date() if first else date.min, last.date() if last else date.max)
    codes = tuple(each.strip() for each in categories.split(",") if each.strip()) if categories else None
    cases = [_load_case(days, profile, labels, codes, span) for profile, labels in files]
    named = _name_policies(shares, targets)
    reports = _replay_all(cases, named, scorer, find_vectors) if funnel else _evaluate_all(cases, likes, scorer)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(report) for report in reports], indent=2, default=str))
    else:
        _print_tables(reports)


def _find_profiles(corpus: Path) -> list[tuple[Path, Path]]:
    profiles = sorted((corpus / "profiles").glob("*.md"))
    pairs = [(profile, corpus / "labels" / f"{profile.stem}.jsonl") for profile in profiles]
    labelled = [(profile, labels) for profile, labels in pairs if labels.is_file()]
    if not labelled:
        raise ConfigError(f"{corpus} has no profiles/NAME.md with labels/NAME.jsonl; give --profile and --labels")
    return labelled


@dataclasses.dataclass(frozen=True, slots=True)
class _Case:
    """A profile and its labelled days."""

    name: str
    profile: Profile
    days: list[LabelledDay]
    earlier: list[LabelledDay]
    categories: tuple[str, ...]

    def count_relevant(self) -> int:
        """Counts the papers of the earlier days that their labels call relevant."""
        return sum(gain > 0 for day in self.earlier for gain in day.gains)


def _load_case(
    days: tuple[CorpusDay, ...],
    profile_file: Path,
    labels_file: Path,
    categories: tuple[str, ...] | None,
    span: tuple[date, date],
) -> _Case:
    labels = load_labels(labels_file)
    if categories is None:
        categories = infer_categories(days, labels)
    labelled = label_days(days, labels, categories, first=span[0], last=span[1])
    before = span[0] - timedelta(days=1) if span[0] > date.min else date.min
    earlier = label_days(days, labels, categories, first=date.min, last=before)
    return _Case(profile_file.stem, parse_profile(_read(profile_file)), labelled, earlier, categories)


def _name_policies(shares: tuple[float, ...], targets: tuple[float, ...]) -> list[NamedPolicy]:
    aims = targets or (shortlist.Policy().target_recall,)
    named = [NamedPolicy(f"aim at {aim:.1%}", shortlist.Policy(target_recall=aim)) for aim in aims]
    return named + [
        NamedPolicy(f"fixed {share:.0%}", shortlist.Policy(min_share=share, max_share=share, share=share))
        for share in shares
    ]


def _evaluate_all(cases: list[_Case], likes: int | None, scorer: Scorer) -> list[RankingReport]:
    """Measures each profile; with `likes`, each whose earlier labels have so many relevant papers."""
    able = [case for case in cases if case.count_relevant() >= (likes or 0)]
    for case in cases:
        if case not in able:
            found = f"the labelled days before --from have {case.count_relevant()} relevant papers"
            click.echo(f"{case.name} is left out: {found}, fewer than {likes}", err=True)
    if not able:
        raise ConfigError(f"no profile has {likes} relevant papers on its labelled days before --from; ask for fewer")
    return [
        evaluate(
            case.name,
            case.profile,
            case.days,
            case.categories,
            scorer,
            likes=draw_likes(case.earlier, likes) if likes else (),
        )
        for case in able
    ]


def _replay_all(
    cases: list[_Case], policies: list[NamedPolicy], scorer: Scorer, find_vectors: FindVectors | None
) -> list[FunnelReport]:
    reports = list[FunnelReport]()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for case in cases:
            task = progress.add_task(case.name, total=len(policies) * len(case.days))
            advance = partial(progress.advance, task)
            reports += replay(case.name, case.profile, case.days, scorer, policies, advance, find_vectors)
    return reports


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read ({error}); a profile is Markdown in UTF-8") from error


def _print_tables(reports: list[RankingReport] | list[FunnelReport]) -> None:
    console = stdout_console()
    for report in reports:
        if isinstance(report, RankingReport):
            console.print(_ranking_table(report), _cut_off_table(report))
    funnels = [report for report in reports if isinstance(report, FunnelReport)]
    if funnels:
        console.print(_funnel_table(funnels))


def _funnel_table(reports: list[FunnelReport]) -> Table:
    table = Table(
        title="recall of what a scan of everything selects, against the share sent; AP and R@30 of the learned order",
        title_justify="left",
    )
    for name in ("profile", "policy", "days"):
        table.add_column(name)
    for name in ("sent", "recall", f"≥ {STRONG_FROM}", "AP", "R@30"):
        table.add_column(name, justify="right", no_wrap=True)
    for report in reports:
        parts: list[tuple[str, Summary | None]] = [
            (f"all {report.all_days.n_days}", report.all_days),
            (f"from day {SETTLED_AFTER + 1}", report.settled),
        ]
        for label, summary in parts:
            if summary:
                shares = (summary.share, summary.recall, summary.recall_strong)
                learned = (f"{summary.average_precision:.3f}", f"{summary.recall_at_30:.3f}")
                table.add_row(report.profile, report.policy, label, *(f"{share:.1%}" for share in shares), *learned)
    return table


def _ranking_table(report: RankingReport) -> Table:
    pool = ", ".join(report.categories) or "labelled papers"
    sizes = f"{report.pool:.0f} papers a day ({pool}), {report.relevant:.0f} of them relevant"
    title = f"{report.profile}: {report.n_days} days, {sizes}"
    table = Table(title=title, title_justify="left")
    table.add_column("ranker", no_wrap=True)
    for name in ("AP", "NDCG@20", *(f"recall at {share:.0%}" for share in SHARES)):
        table.add_column(name, justify="right", no_wrap=True)
    for measured in report.rankers:
        intervals = (measured.average_precision, measured.ndcg, *measured.recall)
        table.add_row(measured.ranker, *map(_show, intervals))
    return table


def _cut_off_table(report: RankingReport) -> Table:
    table = Table(title="what a cut-off selects", title_justify="left")
    for name in ("relevance", "a day", "labelled a day", "precision", "recall", "count error", "top-k count error"):
        table.add_column(name, justify="right", no_wrap=True)
    for cut in report.rankers[0].cut_offs:
        shares = (cut.precision, cut.recall, cut.count_error, cut.top_k_error)
        row = (f"{cut.selected:.1f}", f"{cut.labelled:.1f}", *(f"{share:.2f}" for share in shares))
        table.add_row(f"≥ {cut.relevance}", *row)
    return table


def _show(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.2f}–{interval.high:.2f}]"
