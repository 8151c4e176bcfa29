"""`newsletter deliveries`: look into the ledger, and settle by hand what no evidence could settle."""

from __future__ import annotations

from datetime import datetime

import click

from newsletter import app
from newsletter.cli.common import new_table, print_table
from newsletter.cli.days import DAY
from newsletter.cli.exits import EXIT_CODES
from newsletter.delivery import ledger
from newsletter.model import Delivery, DeliveryState, parse_delivery_id
from newsletter.settings import load_settings
from newsletter.stores import Store


@click.group(invoke_without_command=True, epilog=EXIT_CODES)
@click.option("--date", "on", type=DAY, help="Of this digest date only.")
@click.option("--state", "states", type=click.Choice([str(s) for s in DeliveryState]), multiple=True)
@click.pass_context
def command(context: click.Context, on: datetime | None, states: tuple[str, ...]) -> None:
    """List deliveries: one row for each (subscriber, digest date).

    \b
    Examples:
      newsletter deliveries --date 2026-11-20
      newsletter deliveries --state in_doubt
      newsletter deliveries show s_ab12cd34/2026-11-20
      newsletter deliveries resolve s_ab12cd34/2026-11-20 --accepted
    """
    if context.invoked_subcommand:
        return
    store = app.build_store(load_settings())
    rows = store.get_deliveries(
        digest_on=on.date() if on else None, states=tuple(DeliveryState(state) for state in states)
    )
    table = new_table("delivery", "state", "since (UTC)", "papers#", "sent by", "detail")
    for row in rows:
        since, papers = f"{row.at:%Y-%m-%d %H:%M}", str(len(row.paper_ids))
        table.add_row(row.delivery_id, row.state, since, papers, row.sent_by, row.detail)
    print_table(table)


@command.command()
@click.argument("delivery_id")
def show(delivery_id: str) -> None:
    """Show every step of DELIVERY_ID (SUBSCRIBER/DATE), the papers in its mail, and the later versions it tells of.

    \b
    Example:
      newsletter deliveries show s_ab12cd34/2026-11-20
    """
    row = _get(app.build_store(load_settings()), delivery_id)
    click.echo(f"{row.delivery_id} is {row.state}; run {row.run_id}, claimed {row.attempts} time(s)")
    for step in row.steps:
        click.echo(f"  {step.at:%Y-%m-%d %H:%M:%S}  {step.state}" + (f"  {step.detail}" if step.detail else ""))
    if row.message_id:
        click.echo(f"Message-ID: {row.message_id}")
    if row.sent_by:
        click.echo(f"Sent by: {row.sent_by}")
    if row.paper_ids:
        click.echo("Papers: " + " ".join(row.paper_ids))
    if row.told_ids:
        click.echo("Tells of: " + " ".join(row.told_ids))


@command.command()
@click.argument("delivery_id")
@click.option("--accepted/--not-accepted", default=None, required=True, help="What you found out about the mail.")
def resolve(delivery_id: str, accepted: bool) -> None:
    """Settle DELIVERY_ID, which is in doubt, by what you found out elsewhere.

    --accepted: the reader has the mail; it will not be sent again. --not-accepted: it never left; the next run of
    the same digest date sends it.

    \b
    Examples:
      newsletter deliveries resolve s_ab12cd34/2026-11-20 --accepted
      newsletter deliveries resolve s_ab12cd34/2026-11-20 --not-accepted
    """
    store = app.build_store(load_settings())
    row = _get(store, delivery_id)
    if row.state is not DeliveryState.IN_DOUBT:
        raise click.UsageError(f"{delivery_id} is {row.state}, not in doubt; there is nothing to settle")
    settled = ledger.settle(row, accepted, "settled by the operator", app.utc_now())
    store.move(settled)
    click.echo(f"{delivery_id} is {settled.state}")


def _get(store: Store, delivery_id: str) -> Delivery:
    try:
        row = store.get_delivery(*parse_delivery_id(delivery_id))
    except ValueError as error:
        raise click.BadParameter(f"{delivery_id!r} is not SUBSCRIBER/DATE, such as s_ab12cd34/2026-11-20") from error
    if row is None:
        raise click.BadParameter(f"there is no delivery {delivery_id}; 'newsletter deliveries' lists them")
    return row
