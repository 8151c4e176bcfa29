"""`newsletter bounce`: takes a mail that came back, and tells the memory what it means."""

from __future__ import annotations

from typing import BinaryIO

import click

from newsletter import app
from newsletter.cli.exits import EXIT_CODES
from newsletter.mail.inbound import NoEvent, read_bounce
from newsletter.services import lost_memory
from newsletter.settings import load_settings

_MOST_BYTES = 5_000_000  # what a bounce has to say stands before the copy of the mail it returns


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--to", metavar="ADDRESS", default="", help="Whom the mail was delivered to, if the mail server says so.")
def command(file: BinaryIO, to: str) -> None:
    """Read a bounce or a complaint from FILE, or from standard input, and remember what it says.

    For a pipe of the mail server. A mail that means nothing is no error: else the server would bounce the bounce.

    \b
    Examples:
      newsletter bounce bounce.eml
      newsletter bounce --to "$ORIGINAL_RECIPIENT" < bounce.eml
    """
    settings = load_settings()
    raw = file.read(_MOST_BYTES)
    while file.read(65_536):
        pass  # who pipes the mail in would take a closed pipe for a failure
    now = app.utc_now()
    event = read_bounce(raw, app.require_signer(settings), now=now, to=to)
    if isinstance(event, NoEvent):
        click.echo(f"nothing changed: {event.why}")
        return
    store = app.build_store(settings)
    if not store.take_event(event, now=now):
        lost_memory.note_unknown(store, event)
        click.echo(f"nothing changed: there is no delivery {event.delivery_id}")
        return
    detail = f": {event.detail}" if event.detail else ""
    click.echo(f"{event.delivery_id} {event.kind.replace('_', ' ')}{detail}")
    status = store.get_address_status(event.subscriber_id)
    if status.suppression:
        click.echo(f"{event.subscriber_id} gets no more mail: {status.suppression.why}")
    elif status.is_held:
        click.echo(f"{event.subscriber_id} is mailed until you decide; see 'newsletter suppressions held'")
