"""`newsletter calls`: the audit. Each call of a model with what it was about, what it used, and what came back."""

from __future__ import annotations

from datetime import date, datetime

import click

from newsletter import app, formatting
from newsletter.cli.common import new_table, print_table
from newsletter.cli.days import DAY
from newsletter.cli.exits import EXIT_CODES
from newsletter.model import ModelCall, spending
from newsletter.settings import load_settings
from newsletter.stores import Store


@click.group(invoke_without_command=True, epilog=EXIT_CODES)
@click.option("--date", "on", type=DAY, help="Of this UTC day; default: every day remembered.")
@click.option("--failed", is_flag=True, help="Only those without a usable answer.")
@click.pass_context
def command(context: click.Context, on: datetime | None, failed: bool) -> None:
    """List the model's calls, oldest first. Calls are remembered for 60 days.

    \b
    Examples:
      newsletter calls --date 2026-11-20
      newsletter calls --failed
      newsletter calls show 3f2a9c
    """
    if context.invoked_subcommand:
        return
    since, until = (on.date(), on.date()) if on else (date.min, date.max)
    calls = app.build_store(load_settings()).get_calls(since=since, until=until)
    table = new_table("call", "at (UTC)", "model", "outcome", "papers#", "prompt#", "answer#", "cost#", "seconds#")
    for call in calls:
        if not failed or call.outcome not in (spending.OK, spending.PENDING):
            numbers = (len(call.paper_ids), call.prompt_tokens, call.completion_tokens)
            table.add_row(
                call.call_id,
                f"{call.at:%Y-%m-%d %H:%M:%S}",
                f"{call.model} ({call.tier})",
                call.outcome,
                *(f"{number:,}" for number in numbers),
                _cost(call),
                f"{call.seconds:.1f}",
            )
    print_table(table)


@command.command()
@click.argument("call_id")
def show(call_id: str) -> None:
    """Show all that is remembered of CALL_ID (its beginning is enough): papers, tokens, cost and the answer.

    \b
    Example:
      newsletter calls show 3f2a9c
    """
    call = _find(app.build_store(load_settings()), call_id)
    plain = call.prompt_tokens - call.cached_tokens - call.cache_write_tokens
    parts = f"{plain:,} plain, {call.cached_tokens:,} cached, {call.cache_write_tokens:,} written to the cache"
    lines = (
        f"{call.call_id}: {call.outcome}",
        f"At:       {call.at:%Y-%m-%d %H:%M:%S} UTC, {call.seconds:.1f} s",
        f"Model:    {call.model}, {call.tier} tier",
        f"Profile:  {call.subject}",
        f"Run:      {call.run_id or 'none'}",
        f"Request:  {call.request_hash}",
        f"Papers:   {' '.join(call.paper_ids)}",
        f"Tokens:   {call.prompt_tokens:,} prompt ({parts}), {call.completion_tokens:,} answer",
        f"Cost:     {_cost(call)}",
        "",
        call.answer or "(no answer)",
    )
    for line in lines:
        click.echo(_harmless(line))


def _find(store: Store, call_id: str) -> ModelCall:
    calls = store.get_calls(since=date.min, until=date.max)
    matches = [call for call in calls if call.call_id.startswith(call_id)]
    if len(matches) != 1:
        what = f"{len(matches)} calls begin" if matches else "no call begins"
        raise click.UsageError(f"{what} with {call_id!r}; 'newsletter calls' lists all of them")
    return matches[0]


def _cost(call: ModelCall) -> str:
    return ("≤ " if call.outcome == spending.PENDING and call.cost_usd is not None else "") + formatting.dollars(
        call.cost_usd
    )


def _harmless(text: str) -> str:
    """Takes out of a model's answer, which is foreign text, what could move the cursor or colour the screen."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
