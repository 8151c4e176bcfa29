"""`newsletter costs`: what the model's calls cost, added up in four ways. The sums are spending.py's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import click
from rich.markup import escape

from newsletter import app
from newsletter.cli.common import complain, new_table, print_table
from newsletter.cli.exits import EXIT_CODES
from newsletter.config import Settings, load_settings
from newsletter.errors import ConfigError
from newsletter.model import ModelCall
from newsletter.prices import NOT_KNOWN, dollars
from newsletter.spending import Bill, add_up, total, utc_day
from newsletter.stores import Store


@dataclass(frozen=True, slots=True)
class Account:
    """One month's bills. A profile's readers share its cost."""

    month: str
    months: list[Bill]  # every month that is still remembered
    days: list[Bill]
    models: list[Bill]
    profiles: list[Bill]
    total: Bill


@click.command(epilog=EXIT_CODES)
@click.option("--month", "month_in", type=click.DateTime(["%Y-%m"]), help="Of this month; default: the present one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(month_in: datetime | None, as_json: bool) -> None:
    """Add up what the model's calls cost: by month, and within one month by day, model and profile.

    Days and months are UTC. A call that never ended counts at the most it can have cost. Calls are remembered for
    60 days.

    \b
    Examples:
      newsletter costs
      newsletter costs --month 2026-10 --json
    """
    settings = load_settings()
    store = app.build_store(settings)
    month = f"{month_in or app.utc_now():%Y-%m}"
    account = _account(store.get_calls(since=date.min, until=date.max), month)
    if as_json:
        click.echo(json.dumps(asdict(account), indent=2, default=str))
        return
    _print(account, _readers(settings, store) if account.profiles else {})
    if settings.daily_budget_usd is not None:
        click.echo(f"\nBudget: {dollars(settings.daily_budget_usd)} a day (NEWSLETTER_DAILY_BUDGET_USD)")


def _account(calls: Sequence[ModelCall], month: str) -> Account:
    chosen = [call for call in calls if _month(call) == month]
    tiered: Callable[[ModelCall], str] = lambda call: f"{call.model} ({call.tier})"  # noqa: E731
    return Account(
        month,
        months=add_up(calls, _month),
        days=add_up(chosen, lambda call: utc_day(call).isoformat()),
        models=add_up(chosen, tiered),
        profiles=add_up(chosen, lambda call: call.subject),
        total=total(chosen),
    )


def _month(call: ModelCall) -> str:
    return f"{utc_day(call):%Y-%m}"


def _readers(settings: Settings, store: Store) -> dict[str, list[str]]:
    """For each profile key, the subscribers who have that profile now."""
    from newsletter.scorers.judge import profile_key  # noqa: PLC0415  # it loads the model's client

    try:
        listed = app.load_subscribers(settings, store)
    except ConfigError as error:
        complain(f"{error}\nThe tables cannot say whose a profile is.")
        return {}
    readers: dict[str, list[str]] = {}
    for subscriber in listed.subscribers:
        readers.setdefault(profile_key(subscriber.profile), []).append(subscriber.subscriber_id)
    return readers


def _print(account: Account, readers: dict[str, list[str]]) -> None:
    if not account.months:
        click.echo("No call of a model yet.")
        return
    _print_table("month", account.months)
    for heading, bills in (("day", account.days), ("model", account.models)):
        click.echo()
        _print_table(heading, bills)
    click.echo()
    table = new_table("profile", "readers", "calls#", "cost#", "for each reader#")
    for bill in account.profiles:
        who = readers.get(bill.name, [])
        share = f"${bill.cost_usd / len(who):.5f}" if who and bill.without_price < bill.calls else ""
        table.add_row(bill.name, ", ".join(who) or "nobody now", str(bill.calls), _cost(bill), share)
    print_table(table)
    click.echo(f"\n{account.month}: {_sentence(account.total)}")


def _print_table(heading: str, bills: Sequence[Bill]) -> None:
    table = new_table(heading, "calls#", "failed#", "prompt#", "cached#", "written#", "answer#", "cost#")
    for bill in bills:
        counts = (bill.calls, bill.failed, bill.prompt_tokens, bill.cached_tokens, bill.cache_write_tokens)
        cells = [f"{count:,}" for count in (*counts, bill.completion_tokens)]
        table.add_row(escape(bill.name), *cells, _cost(bill))
    print_table(table)


def _cost(bill: Bill) -> str:
    """A sum some of whose parts are not known says so."""
    if bill.without_price == bill.calls:
        return NOT_KNOWN if bill.calls else dollars(bill.cost_usd)
    return dollars(bill.cost_usd) + (f" + {bill.without_price} {NOT_KNOWN}" if bill.without_price else "")


def _sentence(bill: Bill) -> str:
    pending = f", {bill.pending} of them never ended or at work" if bill.pending else ""
    return f"{_cost(bill)} for {bill.calls} call{'' if bill.calls == 1 else 's'}{pending}"
