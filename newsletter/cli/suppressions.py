"""`newsletter suppressions`: who gets no mail and why; adding an address to them, and letting one in again."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

import click
from rich.table import Table

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.cli.common import complain, complain_of_unreadable, new_table, print_table
from newsletter.cli.exits import EXIT_CODES
from newsletter.delivery import suppression
from newsletter.model import AddressStatus, Suppression, SuppressionReason
from newsletter.settings import load_settings

_ID = re.compile(r"s_[a-z2-7]{8}")
_HINTS = {
    SuppressionReason.UNSUBSCRIBED: "They left by themselves; make sure that they asked to come back.",
    **dict.fromkeys(
        (SuppressionReason.DROPPED, SuppressionReason.SOFT_BOUNCES),
        "If the address is on your provider's own list, take it off there, too, or its mail is dropped again.",
    ),
}


@click.group(invoke_without_command=True, epilog=EXIT_CODES)
@click.pass_context
def command(context: click.Context) -> None:
    """List the addresses that get no mail, whatever subscribers.yaml says: why, and since when.

    \b
    Examples:
      newsletter suppressions
      newsletter suppressions add ada@example.org --detail "asked by telephone"
      newsletter suppressions lift s_ab12cd34
      newsletter suppressions held
    """
    if context.invoked_subcommand:
        return
    store = app.build_store(load_settings())
    statuses = store.get_address_statuses()
    print_table(_table((each, each.suppression) for each in statuses if each.suppression))
    if waiting := sum(each.is_held for each in statuses):
        complain(f"{waiting} more held, and mailed until you decide; see 'newsletter suppressions held'.")
    if failed := complain_of_unreadable(store.find_unreadable()):
        sys.exit(failed)


def _table(rows: Iterable[tuple[AddressStatus, Suppression]]) -> Table:
    table = new_table("id", "why", "since (UTC)", "detail")
    for status, why in rows:
        table.add_row(status.subscriber_id, why.why, f"{why.since:%Y-%m-%d %H:%M}", why.detail)
    return table


@command.command()
@click.argument("who", metavar="EMAIL|ID")
@click.option(
    "--why",
    type=click.Choice([str(reason) for reason in SuppressionReason]),
    default=str(SuppressionReason.OPERATOR),
    show_default=True,
    help="The reason.",
)
@click.option("--detail", default="", help="Words for whoever looks later; no address, please.")
def add(who: str, why: str, detail: str) -> None:
    """Mail this address no more: EMAIL, or a subscriber's ID. It need not be in subscribers.yaml.

    \b
    Examples:
      newsletter suppressions add ada@example.org
      newsletter suppressions add ada@example.org --why unsubscribed --detail "asked by telephone"
    """
    wanted = Suppression(SuppressionReason(why), app.utc_now(), detail[:200])
    status = app.build_store(load_settings()).change_address_status(
        id_of(who), lambda known: suppression.suppress(known, wanted)
    )
    click.echo(describe_status(status))


@command.command()
@click.argument("who", metavar="EMAIL|ID")
@click.option("--despite-complaint", is_flag=True, help="Also an address whose reader reported a mail as spam.")
def lift(who: str, despite_complaint: bool) -> None:
    """Mail this address again: EMAIL, or a subscriber's ID. What happened until now no longer counts.

    \b
    Example:
      newsletter suppressions lift ada@example.org
    """
    store, one = app.build_store(load_settings()), id_of(who)
    why = store.get_address_status(one).suppression
    if why is None:
        raise click.UsageError(f"{one} is not suppressed; 'newsletter suppressions' lists who is")
    if why.why is SuppressionReason.COMPLAINT and not despite_complaint:
        raise click.UsageError(
            f"{one} reported a mail as spam on {why.since:%Y-%m-%d}; one more report costs all readers' mails their "
            "place in the inbox. If this reader asked you to, repeat the command with --despite-complaint"
        )
    if hint := _HINTS.get(why.why):
        complain(hint)
    now = app.utc_now()
    changed = store.change_address_status(
        one, lambda known: suppression.lift(known, now) if known.suppression == why else known
    )
    if changed.suppression is not None:
        raise click.UsageError(f"{describe_status(changed)}, since just now; look again")
    click.echo(f"{one} is mailed again; it was suppressed since {why.since:%Y-%m-%d}: {why.why}")


@command.command()
@click.argument("who", metavar="[EMAIL|ID]", default="")
@click.option("--confirm", "is_confirmed", is_flag=True, help="These mailboxes are gone: mail them no more.")
@click.option("--release", "is_released", is_flag=True, help="It was not about the readers: forget these bounces.")
def held(who: str, is_confirmed: bool, is_released: bool) -> None:
    """List the suppressions that wait for you, or decide about them: all, or that of EMAIL or ID.

    When three or more of one morning's readers, and more than one in ten, bounce, it is rather your domain or a
    provider than the readers. They are mailed until you decide.

    \b
    Examples:
      newsletter suppressions held
      newsletter suppressions held --confirm ada@example.org
      newsletter suppressions held --release
    """
    if is_confirmed and is_released:
        raise click.UsageError("--confirm and --release are two answers to one question; give one of them")
    store = app.build_store(load_settings())
    waiting = [each for each in store.get_address_statuses() if each.is_held]
    if who:
        waiting = [each for each in waiting if each.subscriber_id == id_of(who)]
        if not waiting:
            raise click.UsageError(f"{id_of(who)} is not held; 'newsletter suppressions held' lists who is")
    if not is_confirmed and not is_released:
        print_table(_table((each, why) for each in waiting for why in each.held))
        return
    now = app.utc_now()
    for each in waiting:
        decide = suppression.confirm if is_confirmed else lambda known: suppression.release(known, now)
        click.echo(describe_status(store.change_address_status(each.subscriber_id, decide)))


def describe_status(status: AddressStatus) -> str:
    """Describes a status: `s_… is suppressed since 2026-11-20: hard bounce (5.1.1 no such user)`."""
    why = status.suppression
    if why is None:
        return f"{status.subscriber_id} is mailed"
    detail = f" ({why.detail})" if why.detail else ""
    return f"{status.subscriber_id} is suppressed since {why.since:%Y-%m-%d}: {why.why}{detail}"


def id_of(who: str) -> str:
    if _ID.fullmatch(who):
        return who
    local, _, domain = who.strip().rpartition("@")
    if not local or "." not in domain or " " in who.strip():
        raise click.BadParameter(f"{who!r} is neither an address nor an id; 'newsletter subscribers' shows both")
    return subscriber_id(who)
