"""`newsletter estimate`: what a morning's model calls will cost. The counting is in scoring/llm/estimate.py."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from newsletter import app, formatting
from newsletter.cli.common import TerminalProgress, begin_log, complain, new_table, print_table
from newsletter.cli.exits import EXIT_CODES
from newsletter.delivery import suppression
from newsletter.files import resources
from newsletter.model import Paper, Profile, Subscriber, spending
from newsletter.run import Collecting, Morning, RunContext, collect, is_paused, select
from newsletter.scoring.llm import estimate as estimates
from newsletter.scoring.llm import find_earlier, find_known, prices, profile_key
from newsletter.scoring.llm import prompts as prompt_files
from newsletter.settings import Settings, load_settings
from newsletter.sources import sample
from newsletter.stores import Store


@dataclass(frozen=True, slots=True)
class Group:
    """Readers whose papers are judged together: the same profile and the same cut-off for relevance."""

    profile_key: str
    profile: Profile
    floor: int
    readers: tuple[str, ...]
    papers: tuple[Paper, ...]


@click.command(epilog=EXIT_CODES)
@click.option("--feed", type=click.Path(exists=True, path_type=Path), help="Read recorded feeds, as in 'run'.")
@click.option("--sample", "use_sample", is_flag=True, help="Read the bundled sample announcement.")
@click.option("--model", help=f"For this model; default: NEWSLETTER_MODEL, or {prices.DEFAULT_MODEL}.")
@click.option(
    "--tier",
    type=click.Choice([prices.STANDARD, prices.FLEX, prices.BATCH]),
    help="For this tier; default: NEWSLETTER_MODEL_TIER.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(feed: Path | None, use_sample: bool, model: str | None, tier: str | None, as_json: bool) -> None:
    """Say what today's run will cost, for each distinct profile and in total; nothing is asked or recorded.

    The prompts are the real ones, counted exactly by OpenAI's vocabulary; what the model will answer is assumed, and
    the assumptions are printed. Papers that the same model has judged already, in the same words, cost nothing again.

    \b
    Examples:
      newsletter estimate --sample
      newsletter estimate --model gpt-6.1-terra --tier flex
      newsletter estimate --tier batch
    """
    settings = load_settings()
    model, tier = model or settings.model or prices.DEFAULT_MODEL, tier or settings.model_tier
    begin_log(settings)
    nobody_asked = settings.model_copy(update={"model": None})  # an estimate needs no key
    context = app.build(nobody_asked, feed=sample.PATH if use_sample else feed)
    listed = app.load_subscribers(settings, context.store)
    if listed.problem:
        complain(f"{listed.problem}\nThis counts the last good version.")
    groups = _groups(context, listed.subscribers, is_recorded=use_sample or feed is not None)
    prompts, assumed = prompt_files.load_prompts(resources.read_text), _assumptions(settings)
    today = context.now().date()
    price = prices.price_of(model, tier, on=today, base_url=settings.openai_base_url)
    rows = []
    for group in groups:
        known = _known(context.store, group, model, prompts.key(group.floor))
        whole = (prompts, group.profile, group.papers, group.floor)
        rows.append((group, estimates.estimate(*whole, price=price, assumed=assumed, known=known)))
    if as_json:
        click.echo(_json(model, tier, price, assumed, rows))
        return
    costs = f"{price.describe()} for a million tokens" if price else "the price is not known"
    _print(rows, f"{model}, {tier} tier: {costs}", assumed)
    for warning in prices.check_model(model, today, tier=tier, base_url=settings.openai_base_url):
        complain(warning)
    if settings.daily_budget_usd is not None:
        spent_today = spending.spent(context.store.get_calls(since=today, until=today))
        _print_budget(settings.daily_budget_usd, spent_today, rows)


def _groups(context: RunContext, subscribers: Sequence[Subscriber], *, is_recorded: bool) -> list[Group]:
    """Groups readers by profile and cut-off, with the papers of everybody in the group, each once.

    Who is paused or suppressed is left out, and so is who wants pinned authors alone.
    """
    on = context.source.day(context.now()) if is_recorded else None
    with TerminalProgress() as progress:
        morning = collect(context, subscribers, progress, Collecting(digest_on=on, remember=False))
    suppressed = suppression.find_suppressed(context.store.get_address_statuses())
    groups: dict[tuple[str, int], Group] = {}
    for subscriber in subscribers:
        is_away = is_paused(subscriber, morning.date_for(subscriber, context.now()))
        if is_away or subscriber.subscriber_id in suppressed or not subscriber.profile.has_wishes:
            continue  # no model is asked for them
        key, floor = profile_key(subscriber.profile), subscriber.min_relevance
        group = groups.get((key, floor), Group(key, subscriber.profile, floor, (), ()))
        readers = (*group.readers, subscriber.subscriber_id)
        papers = {paper.arxiv_id: paper for paper in (*group.papers, *_papers(context, morning, subscriber))}
        groups[key, floor] = Group(key, subscriber.profile, floor, readers, tuple(papers.values()))
    return list(groups.values())


def _known(store: Store, group: Group, model: str, prompt_key: str) -> Set[str]:
    remembered = find_earlier(store, group.profile, since=date.min)
    return find_known(remembered.own, group.papers, model=model, prompt_key=prompt_key).keys()


def _papers(context: RunContext, morning: Morning, subscriber: Subscriber) -> tuple[Paper, ...]:
    digest_on = morning.date_for(subscriber, context.now())
    return select(context, morning, subscriber, digest_on).papers


def _assumptions(settings: Settings) -> estimates.Assumptions:
    from newsletter.scoring.ranking import shortlist  # noqa: PLC0415

    policy = shortlist.Policy()
    return estimates.Assumptions(
        share=max(settings.model_min_share, min(settings.model_max_share, policy.share)),
        effort=settings.model_effort,
        batch_papers=settings.model_batch_papers,
        small_pool=policy.small_pool,
    )


def _print(rows: Sequence[tuple[Group, estimates.Estimate]], heading: str, assumed: estimates.Assumptions) -> None:
    click.echo(f"{heading}\n")
    numbers = ("papers#", "judged#", "asked#", "calls#", "prompt#", "answer#", "cost#")
    table = new_table("profile", "cut-off#", "readers", *numbers)
    for group, one in rows:
        table.add_row(group.profile_key[:12], str(group.floor), ", ".join(group.readers), *_cells(one))
    whole = estimates.sum_estimates([one for _, one in rows])
    if rows:
        table.add_row("total", "", "", *_cells(whole))
    print_table(table)
    if whole.known:
        click.echo(f"\n{whole.known:,} were judged already by this model, in the same words: they cost nothing again.")
    click.echo(
        f"\nAssumed: the model is asked about {assumed.share:.0%} of the papers, more in a profile's first days\n"
        f"and all of them where there are {assumed.small_pool} or fewer.\n"
        f"{assumed.passing_share:.0%} of all pass (below a cut-off of 5: all it is asked about), with "
        f"{assumed.answer_tokens} tokens of answer each.\n"
        f"It reasons for {assumed.reasoning_tokens} tokens about each paper (effort {assumed.effort}).\n"
        f"From GPT-5.6 on, a beginning of {prompt_files.CACHED_FROM_TOKENS:,} tokens or more is written to the "
        "provider's cache by\nthe first call of a profile and read by the others; before, nothing is taken to come "
        "from the cache."
    )


def _cells(one: estimates.Estimate) -> tuple[str, ...]:
    tokens = (one.prompt_tokens, one.answer_tokens + one.reasoning_tokens)
    counts = (one.papers, one.known, one.asked, one.calls, *tokens)
    return (*(f"{number:,}" for number in counts), formatting.dollars(one.cost_usd))


def _print_budget(budget: Decimal, spent_today: Decimal, rows: Sequence[tuple[Group, estimates.Estimate]]) -> None:
    left = budget - spent_today
    click.echo(f"Budget: {formatting.dollars(budget)} a day, of which {formatting.dollars(left)} are left today (UTC).")
    cost = estimates.sum_estimates([one for _, one in rows]).cost_usd
    if cost is not None and cost > left:
        complain("That is not enough: what is left over will be ranked without the model, and the mails say so.")


def _json(
    model: str,
    tier: str,
    price: prices.Price | None,
    assumed: estimates.Assumptions,
    rows: Sequence[tuple[Group, estimates.Estimate]],
) -> str:
    profiles = [
        {"profile": group.profile_key, "cut_off": group.floor, "readers": group.readers, **asdict(one)}
        for group, one in rows
    ]
    whole = {
        "model": model,
        "tier": tier,
        "price": asdict(price) if price else None,
        "assumed": {**asdict(assumed), "reasoning_tokens": assumed.reasoning_tokens},
        "profiles": profiles,
        "total": asdict(estimates.sum_estimates([one for _, one in rows])),
    }
    return json.dumps(whole, indent=2, default=str)
