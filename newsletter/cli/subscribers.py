"""`newsletter subscribers`: lists them, shows one in full, brings an old profile back, adds and removes somebody."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from contextlib import closing

import click
import yaml
from pydantic import TypeAdapter

from newsletter import app
from newsletter.cli.common import begin_log, complain, complain_of_unreadable, find_subscriber, new_table, print_table
from newsletter.cli.exits import EXIT_CODES, EXIT_DELIVERY
from newsletter.cli.move import move
from newsletter.cli.subscriber_add import add
from newsletter.cli.subscriber_list import export, import_list
from newsletter.cli.suppressions import describe_status
from newsletter.cli.terminal import write_document
from newsletter.errors import ConfigError, SendError
from newsletter.model import ProfileRevision, PromisedMail, RevisionOrigin, SignUp, SignUpOrigin, Subscriber
from newsletter.senders import Sender
from newsletter.services import directory
from newsletter.settings import Settings, load_settings
from newsletter.stores import Store
from newsletter.subscribers import MAX_REVISIONS, overrides, profile_yaml, was_dropped

_ORIGINS = {
    RevisionOrigin.REPLY: "the reader, by reply",
    RevisionOrigin.WEB: "the reader, on the web",
    RevisionOrigin.OPERATOR: "you, brought back by hand",
}

_CAME_BY = {SignUpOrigin.WEB: "web", SignUpOrigin.OPERATOR: "added"}


class _ShowByDefault(click.Group):
    """`newsletter subscribers EMAIL` is `newsletter subscribers show EMAIL`; a mistyped command is none of both."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        is_mistyped = "@" not in args[0] and bool(difflib.get_close_matches(args[0].lower(), self.commands))
        return super().resolve_command(ctx, args if args[0] in self.commands or is_mistyped else ["show", *args])


@click.group(cls=_ShowByDefault, invoke_without_command=True, epilog=EXIT_CODES)
@click.pass_context
def command(context: click.Context) -> None:
    """List the subscribers as they are served: subscribers.yaml, whom you added and who came by the web, with their own
    wishes over it.

    Who is suppressed gets no mail, whatever the file says ('newsletter suppressions'). The file is only read: edit
    subscribers.yaml itself, then run 'newsletter check'; or add somebody beside it with 'add'. Whom you added, and who
    came by the web, is taken off with 'remove'.

    \b
    Examples:
      newsletter subscribers
      newsletter subscribers add ada@example.org --categories cs.LG --topic "Sparse attention"
      newsletter subscribers import members.csv
      newsletter subscribers show ada@example.org
      newsletter subscribers revisions ada@example.org
      newsletter subscribers revert ada@example.org 2
      newsletter subscribers remove ada@example.org
      newsletter subscribers move ada@example.org ada@example.net
    """
    if context.invoked_subcommand:
        return
    settings = load_settings()
    store = app.build_store(settings)
    listed = _load(settings, store)
    sign_ups = app.load_listed(settings, store).sign_ups
    suppressed = {status.subscriber_id: status.suppression for status in store.get_address_statuses()}
    table = new_table("id", "e-mail", "name", "mail", "time", "zone", "categories", "from", "profile")
    for reader in listed.readers:
        one = reader.subscriber
        mail = f"paused until {one.paused_until}" if one.paused_until else str(one.frequency)
        if why := suppressed.get(one.subscriber_id):
            mail = f"none: {why.why}"
        if one.subscriber_id in listed.unreadable:
            mail = "none: unreadable"
        table.add_row(
            one.subscriber_id,
            one.email,
            one.name,
            mail,
            f"{one.send_at:%H:%M}",
            one.zone,
            " ".join(one.categories),
            _CAME_BY[sign_ups[one.subscriber_id].origin] if one.subscriber_id in sign_ups else "file",
            f"revision {reader.revision.number}" if reader.revision else "",
        )
    print_table(table)
    if failed := complain_of_unreadable({**store.find_unreadable(), **listed.unreadable}):
        sys.exit(failed)


@command.command()
@click.argument("who", metavar="EMAIL|ID")
def show(who: str) -> None:
    """Show one subscriber as they are served, and below it which part is from where, and their votes.

    \b
    Example:
      newsletter subscribers show ada@example.org
    """
    settings = load_settings()
    store = app.build_store(settings)
    reader = _find(_load(settings, store), who)
    data = TypeAdapter(Subscriber).dump_python(reader.subscriber, mode="json")
    click.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100), nl=False)
    for line in _origins(reader, _sign_up(settings, store, reader)):
        click.echo(f"# {line}")
    if (status := store.get_address_status(reader.subscriber.subscriber_id)).suppression:
        click.echo(f"# {describe_status(status)}")
    for line in _welcome(store, reader.subscriber.subscriber_id):
        click.echo(f"# {line}")
    for vote in store.get_votes(reader.subscriber.subscriber_id):
        title = f", {''.join(c if c.isprintable() else ' ' for c in vote.paper.title)}" if vote.paper else ""
        click.echo(f"# {'more' if vote.value > 0 else 'less'} like {vote.arxiv_id}{title} ({vote.at:%Y-%m-%d})")


@command.command()
@click.argument("who", metavar="EMAIL|ID")
@click.argument("number", type=click.IntRange(min=1), required=False)
def revisions(who: str, number: int | None) -> None:
    """List the revisions of a subscriber's profile, or show the text of one.

    \b
    Examples:
      newsletter subscribers revisions ada@example.org
      newsletter subscribers revisions ada@example.org 2
    """
    settings = load_settings()
    store = app.build_store(settings)
    listed = _load(settings, store)
    reader = _find(listed, who)
    base = _base(_sign_up(settings, store, reader))
    as_listed = find_subscriber(listed.as_listed, reader.subscriber.subscriber_id)
    history = store.get_revisions(reader.subscriber.subscriber_id)
    if number is not None:
        texts = {revision.number: revision.text for revision in history}
        if number not in texts:
            why = f" any more: the last {MAX_REVISIONS} are kept" if was_dropped(history, number) else ""
            raise click.UsageError(f"{who} has {len(history)} revisions, and no revision {number}{why}")
        write_document(texts[number] or f"# empty: back to {base}")
        return
    if not history:
        click.echo(f"{reader.subscriber.subscriber_id} has changed nothing; {base} holds.")
        return
    table = new_table("number#", "at (UTC)", "by", "state")
    for revision in history:
        state = "holds" if revision == reader.revision else _state(revision, as_listed, base)
        table.add_row(str(revision.number), f"{revision.at:%Y-%m-%d %H:%M}", _ORIGINS[revision.origin], state)
    print_table(table)


@command.command()
@click.argument("who", metavar="EMAIL|ID")
@click.argument("number", type=click.IntRange(min=0))
@click.option("--no-mail", is_flag=True, help="Do not tell the reader.")
def revert(who: str, number: int, no_mail: bool) -> None:
    """Bring back revision NUMBER of a subscriber's profile, as a new revision; 0 is back to subscribers.yaml.

    Of who came by the web, 0 is back to what they asked for there. A mail tells the reader what is different now,
    unless they get none at all.

    \b
    Examples:
      newsletter subscribers revert ada@example.org 2
      newsletter subscribers revert ada@example.org 0
    """
    settings = load_settings()
    store = app.build_store(settings)
    one = _find(_load(settings, store), who).subscriber
    with closing(app.build_sender(settings)) as sender:  # what cannot work is said before anything is changed
        before = store.get_revisions(one.subscriber_id)
        changes = app.build_profiles(settings, store).revert(one.subscriber_id, number, now=app.utc_now())
        click.echo(changes)
        latest = store.get_revisions(one.subscriber_id)[-1:]
        if latest == before[-1:] or no_mail:
            return
        if (status := store.get_address_status(one.subscriber_id)).suppression:
            click.echo(f"\nNo mail tells the reader: {describe_status(status)}.")
            return
        _mail_reader(settings, sender, one, changes, latest[0].number)


def _mail_reader(settings: Settings, sender: Sender, reader: Subscriber, changes: str, number: int) -> None:
    message = app.build_service_mails(settings).build_change_notice(reader, changes, number, app.utc_now())
    try:
        sender.send(message)
    except SendError as error:
        complain(f"\nThe profile is changed, but its reader could not be told ({error}); write to them yourself.")
        sys.exit(EXIT_DELIVERY)
    click.echo("\nA mail tells the reader so.")


@command.command()
@click.argument("who", metavar="EMAIL|ID")
def remove(who: str) -> None:
    """Take somebody off the list whom you added or who came by the web, and forget their address, wishes and votes.

    What was mailed to them stays in the ledger under their id, and so does what keeps mail away from them, if anything
    does. They may subscribe again; 'newsletter suppressions add' keeps them out.

    \b
    Example:
      newsletter subscribers remove ada@example.org
    """
    settings = load_settings()
    store = app.build_store(settings)
    one = _enrolled(store, who)
    if one is None:
        listed = _find(_load(settings, store), who).subscriber
        raise click.UsageError(f"{listed.subscriber_id} is in {settings.subscribers}; take the entry out there")
    store.forget_enrolled(one)
    status = store.get_address_status(one)
    outlook = describe_status(status) if status.suppression else "nothing keeps mail away from that address"
    click.echo(f"{one} is removed. What was mailed stays in the ledger, and {outlook}.")
    if one in {subscriber.subscriber_id for subscriber in _load(settings, store).subscribers}:
        complain(f"They are in {settings.subscribers}, too, and still subscribed by that; take the entry out there.")


command.add_command(add)
command.add_command(move)
command.add_command(import_list)
command.add_command(export)


def _enrolled(store: Store, who: str) -> str | None:
    known = {one.email.casefold(): one.subscriber_id for one in store.get_enrolled()}
    return known.get(who.casefold()) or next((one for one in store.get_enrolled_ids() if one == who), None)


def _load(settings: Settings, store: Store) -> directory.SubscriberList:
    begin_log(settings, quiet=True)
    listed = app.load_subscribers(settings, store)
    if listed.problem:
        complain(f"{listed.problem}\nThis is the last good version.")
    return listed


def _find(listed: directory.SubscriberList, who: str) -> overrides.ResolvedSubscriber:
    one = find_subscriber(listed.subscribers, who)
    return next(reader for reader in listed.readers if reader.subscriber == one)


def _sign_up(settings: Settings, store: Store, reader: overrides.ResolvedSubscriber) -> SignUp | None:
    """Gives what somebody is a subscriber by who is not in the file."""
    who = reader.subscriber.subscriber_id
    return app.load_listed(settings, store, [who]).sign_ups.get(who)


def _state(revision: ProfileRevision, listed: Subscriber, base: str) -> str:
    if profile_yaml.is_blank(revision.text):
        return f"back to {base}"
    try:
        profile_yaml.read(revision.text, listed)
    except ConfigError as error:
        return f"cannot be read any more: {error.problems[0]}"
    return ""


def _origins(reader: overrides.ResolvedSubscriber, sign_up: SignUp | None) -> list[str]:
    lines = []
    if reader.revision:
        by = f"revision {reader.revision.number} of {reader.revision.at:%Y-%m-%d} ({_ORIGINS[reader.revision.origin]})"
        keys = [key for key in reader.keys if not (key == "frequency" and reader.has_frequency)]
        lines.append(f"from {by}: {', '.join(keys)}")
    if reader.has_frequency:
        lines.append("the reader's own word: frequency")
    if reader.has_pause:
        lines.append("the reader's own word: paused_until")
    if sign_up is None:
        return [*lines, "from subscribers.yaml: all else" if lines else "all from subscribers.yaml"]
    is_added = sign_up.origin is SignUpOrigin.OPERATOR
    came, said = ("added by you", "you said") if is_added else ("subscribed on the web", "they asked for")
    return [*lines, f"{came} on {sign_up.at:%Y-%m-%d}: what {said} then, and the defaults of subscribers.yaml"]


_WELCOMES = {
    PromisedMail.WAITING: "their welcome waits to be sent",
    PromisedMail.LEAVING: "their welcome may have left, and is not sent again",
    PromisedMail.SENT: "their welcome has left",
}


def _welcome(store: Store, who: str) -> Iterator[str]:
    """Says what became of their welcome, if there is or was one."""
    known = {one.subscriber_id: one for one in store.get_welcomes() or ()}
    if who in known and (words := _WELCOMES.get(known[who].mail)):
        yield f"{words} (they were new on {known[who].at:%Y-%m-%d})"


def _base(sign_up: SignUp | None) -> str:
    """Names what counts where no revision does."""
    if sign_up is None:
        return "subscribers.yaml"
    is_added = sign_up.origin is SignUpOrigin.OPERATOR
    return "what you added them with" if is_added else "what they asked for on the web"
