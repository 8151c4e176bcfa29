"""`newsletter subscribers move`: a changed address, with all that is kept under the old one."""

from __future__ import annotations

from collections.abc import Iterator

import click

from newsletter import app
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.suppressions import describe_status, id_of
from newsletter.delivery import suppression
from newsletter.errors import ConfigError
from newsletter.model import AddressStatus, Move
from newsletter.settings import Settings, load_settings
from newsletter.stores import Store
from newsletter.subscribers import to_address


@click.command(epilog=EXIT_CODES)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--dry-run", is_flag=True, help="Say what would be moved; change nothing.")
def move(old: str, new: str, dry_run: bool) -> None:
    """Carry over what is kept of a subscriber to their new address. OLD and NEW are addresses or ids.

    Put the new address into subscribers.yaml first. What was mailed comes along (so that no paper comes twice), the
    archive, the profile with its revisions, votes, the pause and the frequency, and that they left, if they did. Links
    in old mails keep working. That the old mailbox bounced stays with the old address. Where both have a history the
    two are joined. The command may be repeated, also after it was cut off.

    \b
    Examples:
      newsletter subscribers move ada@example.org ada@example.net
      newsletter subscribers move s_ab12cd34 ada@example.net --dry-run
    """
    settings = load_settings()
    store = app.build_store(settings)
    request = Move(id_of(old), id_of(new), app.utc_now(), _new_address(settings, store, old, new))
    if request.subscriber_id == request.to:
        raise click.UsageError(f"{old} and {new} are one mailbox (capitals and a +tag make no other): nothing to move")
    parts_of_old, parts_of_new = _describe_stored(store, request.subscriber_id), _describe_stored(store, request.to)
    done = next((one for one in store.get_moves() if one.subscriber_id == request.subscriber_id), None)
    if not parts_of_old and (done is None or done.is_done):
        if done is None or done.to != request.to:
            raise click.UsageError(f"nothing is kept of {old}; 'newsletter deliveries' and 'suppressions' show who is")
        click.echo(f"{request.subscriber_id} was moved to {request.to} on {done.at:%Y-%m-%d}; nothing is left to do.")
        return
    parts = ", ".join(parts_of_old) or "what was left to do"
    joined = f"\nJoined with what {request.to} has: {', '.join(parts_of_new)}." if parts_of_new else ""
    if dry_run:
        click.echo(f"Would move from {request.subscriber_id} to {request.to}: {parts}.{joined}")
        return
    store.move_subscriber(request)
    click.echo(f"Moved from {request.subscriber_id} to {request.to}: {parts}.{joined}")
    if (status := store.get_address_status(request.to)).suppression:
        click.echo(f"No mail leaves for the new address: {describe_status(status)}.")


def _new_address(settings: Settings, store: Store, old: str, new: str) -> str:
    """The new address as it is on the list, or as it was typed for who is not in the file."""
    listed = app.load_listed(settings, store)
    if listed.problem:
        raise ConfigError(f"{listed.problem}\nMend it before somebody is moved.")
    if listed.find(id_of(old)) and id_of(old) not in listed.sign_ups:
        raise click.UsageError(f"{old} is still in {settings.subscribers}; put the new address in place of the old one")
    if one := listed.find(id_of(new)):
        return one.email
    if id_of(old) not in listed.sign_ups:
        raise click.UsageError(f"{new} is not in {settings.subscribers}; put the new address there first")
    if id_of(new) == new:
        raise click.UsageError(f"{old} is not in the file, nor is {new}; give the new address, not its id")
    try:
        return to_address(new)
    except ValueError as error:
        raise click.UsageError(f"{new} is no address ({error}); give the new address") from error


def _describe_stored(store: Store, who: str) -> list[str]:
    """Says in words what is stored of somebody; empty if nothing is."""
    counts = {
        ("mail", "mails"): len(store.get_deliveries(subscriber_id=who)),
        ("paper that was sent", "papers that were sent"): len(store.get_sent(who)),
        ("digest", "digests"): len(store.get_digest_days(who)),
        ("revision", "revisions"): len(store.get_revisions(who)),
        ("vote", "votes"): len(store.get_votes(who)),
        ("saved paper", "saved papers"): len(store.get_saved(who)),
    }
    parts = [f"{count} {one if count == 1 else many}" for (one, many), count in counts.items() if count]
    if who in store.get_enrolled_ids():
        parts.append("their subscription beside the file")
    return [*parts, *_wishes(store.get_address_status(who))]


def _wishes(status: AddressStatus) -> Iterator[str]:
    if status.paused_until:
        yield f"their pause until {status.paused_until}"
    if status.frequency:
        yield f"their word '{status.frequency}'"
    if status.suppression and status.suppression.why not in suppression.BY_BOUNCES:
        yield f"that they get no mail ({status.suppression.why})"
