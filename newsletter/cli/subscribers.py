"""`newsletter subscribers`: the list, or one subscriber with the file's defaults applied."""

from __future__ import annotations

import click
import yaml
from pydantic import TypeAdapter

from newsletter import app
from newsletter.cli.common import complain, find_subscriber, new_table, print_table
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.suppressions import in_words
from newsletter.config import load_settings
from newsletter.model import Subscriber


@click.command(epilog=EXIT_CODES)
@click.argument("email", required=False)
def command(email: str | None) -> None:
    """List the subscribers, or show EMAIL (an address or id) in full, defaults applied, with their votes.

    Who is suppressed gets no mail, whatever the file says ('newsletter suppressions'). The file is only read: edit
    subscribers.yaml itself, then run 'newsletter check'.
    """
    settings = load_settings()
    store = app.build_store(settings)
    listed = app.load_subscribers(settings, store)
    if listed.problem:
        complain(f"{listed.problem}\nThis is the last good version.")
    if email:
        one = find_subscriber(listed.subscribers, email)
        data = TypeAdapter(Subscriber).dump_python(one, mode="json")
        click.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100), nl=False)
        if (standing := store.get_standing(one.subscriber_id)).suppression:
            click.echo(f"# {in_words(standing)}")
        for vote in store.get_votes(one.subscriber_id):
            title = f", {''.join(c if c.isprintable() else ' ' for c in vote.paper.title)}" if vote.paper else ""
            click.echo(f"# {'more' if vote.value > 0 else 'less'} like {vote.arxiv_id}{title} ({vote.at:%Y-%m-%d})")
        return
    suppressed = {standing.subscriber_id: standing.suppression for standing in store.get_standings()}
    table = new_table("id", "e-mail", "name", "mail", "time", "zone", "categories")
    for one in listed.subscribers:
        mail = f"paused until {one.paused_until}" if one.paused_until else str(one.frequency)
        if why := suppressed.get(one.subscriber_id):
            mail = f"none: {why.why}"
        table.add_row(
            one.subscriber_id,
            one.email,
            one.name,
            mail,
            f"{one.send_at:%H:%M}",
            one.zone,
            " ".join(one.categories),
        )
    print_table(table)
