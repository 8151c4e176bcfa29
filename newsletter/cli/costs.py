"""`newsletter costs`: what the model's calls cost, added up in several ways. The sums are model/spending.py's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import click

from newsletter import app, formatting
from newsletter.cli.common import begin_log, bill_in_words, complain, cost_in_words, new_table, print_table
from newsletter.cli.days import MONTH
from newsletter.cli.exits import EXIT_CODES
from newsletter.errors import ConfigError
from newsletter.model import ModelCall, spending
from newsletter.scoring.llm import profile_keys
from newsletter.settings import Settings, load_settings
from newsletter.stores import Store

_NOBODY = "nobody now"
_NO_RUN = "outside of runs"


@dataclass(frozen=True, slots=True)
class Account:
    """One month's bills. A profile's readers share its cost in equal parts."""

    month: str
    months: list[spending.Bill]  # every month that is still remembered
    days: list[spending.Bill]
    runs: list[spending.Bill]
    models: list[spending.Bill]
    profiles: list[spending.Bill]
    subscribers: list[spending.Share]
    total: spending.Bill


@click.command(epilog=EXIT_CODES)
@click.option("--month", "month_in", type=MONTH, help="Of this month; default: the present one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(month_in: datetime | None, as_json: bool) -> None:
    """Add up what the model's calls cost: by month, and within one month by day, run, model, profile and reader.

    Days and months are UTC. A call that never ended counts at the most it can have cost. Subscribers who have the same
    profile now share its cost in equal parts. Calls are remembered for 60 days.

    \b
    Examples:
      newsletter costs
      newsletter costs --month 2026-10 --json
    """
    settings = load_settings()
    begin_log(settings, quiet=True)
    store = app.build_store(settings)
    month = f"{month_in or app.utc_now():%Y-%m}"
    calls = store.get_calls(since=date.min, until=date.max)
    readers = _readers(settings, store) if calls else {}
    account = _account(calls, month, readers)
    if as_json:
        click.echo(json.dumps(asdict(account), indent=2, default=str))
        return
    _print(account, readers)
    if settings.daily_budget_usd is not None:
        click.echo(f"\nBudget: {formatting.dollars(settings.daily_budget_usd)} a day (NEWSLETTER_DAILY_BUDGET_USD)")


def _account(calls: Sequence[ModelCall], month: str, readers: dict[str, list[str]]) -> Account:
    month_calls = [call for call in calls if _month(call) == month]
    tiered: Callable[[ModelCall], str] = lambda call: f"{call.model} ({call.tier})"  # noqa: E731
    profiles = spending.add_up(month_calls, lambda call: call.subject)
    return Account(
        month,
        months=spending.add_up(calls, _month),
        days=spending.add_up(month_calls, lambda call: spending.utc_day(call).isoformat()),
        runs=spending.add_up(month_calls, lambda call: call.run_id),
        models=spending.add_up(month_calls, tiered),
        profiles=profiles,
        subscribers=spending.share_out(profiles, readers),
        total=spending.total(month_calls),
    )


def _month(call: ModelCall) -> str:
    return f"{spending.utc_day(call):%Y-%m}"


def _readers(settings: Settings, store: Store) -> dict[str, list[str]]:
    """Finds for each profile key the subscribers who have that profile now."""
    try:
        listed = app.load_subscribers(settings, store)
    except ConfigError as error:
        complain(f"{error}\nThe tables cannot say whose a profile is.")
        return {}
    readers: dict[str, list[str]] = {}
    for subscriber in listed.subscribers:
        for key in profile_keys(subscriber.profile):
            readers.setdefault(key, []).append(subscriber.subscriber_id)
    return readers


def _print(account: Account, readers: dict[str, list[str]]) -> None:
    if not account.months:
        click.echo("No call of a model yet.")
        return
    _print_table("month", account.months)
    for heading, bills in (("day", account.days), ("run", account.runs), ("model", account.models)):
        click.echo()
        _print_table(heading, bills)
    click.echo()
    table = new_table("profile", "readers", "calls#", "cost#")
    for bill in account.profiles:
        table.add_row(bill.name, ", ".join(readers.get(bill.name, [])) or _NOBODY, str(bill.calls), cost_in_words(bill))
    print_table(table)
    click.echo()
    table = new_table("subscriber", "profile", "shared by#", "calls#", "cost#")
    for share in account.subscribers:
        counts = (str(share.readers) if share.readers else "", str(share.calls))
        table.add_row(share.subscriber_id or _NOBODY, share.profile, *counts, cost_in_words(share))
    print_table(table)
    click.echo(f"\n{account.month}: {bill_in_words(account.total)}")


def _print_table(heading: str, bills: Sequence[spending.Bill]) -> None:
    table = new_table(heading, "calls#", "failed#", "prompt#", "cached#", "written#", "answer#", "cost#")
    for bill in bills:
        counts = (bill.calls, bill.failed, bill.prompt_tokens, bill.cached_tokens, bill.cache_write_tokens)
        cells = [f"{count:,}" for count in (*counts, bill.completion_tokens)]
        table.add_row(bill.name or _NO_RUN, *cells, cost_in_words(bill))
    print_table(table)
