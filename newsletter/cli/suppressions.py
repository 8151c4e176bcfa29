"""`newsletter suppressions`: who gets no mail and why; adding an address to them, and letting one in again."""

from __future__ import annotations

import re
import sys

import click

from newsletter import app, suppress
from newsletter.addresses import subscriber_id
from newsletter.cli.common import complain, complain_of_unreadable, new_table, print_table
from newsletter.cli.exits import EXIT_CODES
from newsletter.config import load_settings
from newsletter.model import Standing, Suppression, SuppressionReason

_ID = re.compile(r"s_[a-z2-7]{8}")
_HINTS = {
    SuppressionReason.UNSUBSCRIBED: "They left by themselves; make sure that they asked to come back.",
    SuppressionReason.DROPPED: "Take the address off your provider's own list, too, or its mail is dropped again.",
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
    """
    if context.invoked_subcommand:
        return
    table = new_table("id", "why", "since (UTC)", "detail")
    store = app.build_store(load_settings())
    for standing in store.get_standings():
        if why := standing.suppression:
            table.add_row(standing.subscriber_id, why.why, f"{why.since:%Y-%m-%d %H:%M}", why.detail)
    print_table(table)
    if failed := complain_of_unreadable(store.find_unreadable()):
        sys.exit(failed)


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
    standing = app.build_store(load_settings()).change_standing(
        id_of(who), lambda known: suppress.suppress(known, wanted)
    )
    click.echo(in_words(standing))


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
    why = store.get_standing(one).suppression
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
    changed = store.change_standing(one, lambda known: suppress.lift(known, now) if known.suppression == why else known)
    if changed.suppression is not None:
        raise click.UsageError(f"{in_words(changed)}, since just now; look again")
    click.echo(f"{one} is mailed again; it was suppressed since {why.since:%Y-%m-%d}: {why.why}")


def in_words(standing: Standing) -> str:
    """For the terminal: `s_… is suppressed since 2026-11-20: hard bounce (5.1.1 no such user)`."""
    why = standing.suppression
    if why is None:
        return f"{standing.subscriber_id} is mailed"
    detail = f" ({why.detail})" if why.detail else ""
    return f"{standing.subscriber_id} is suppressed since {why.since:%Y-%m-%d}: {why.why}{detail}"


def id_of(who: str) -> str:
    if _ID.fullmatch(who):
        return who
    local, _, domain = who.strip().rpartition("@")
    if not local or "." not in domain or " " in who.strip():
        raise click.BadParameter(f"{who!r} is neither an address nor an id; 'newsletter subscribers' shows both")
    return subscriber_id(who)
