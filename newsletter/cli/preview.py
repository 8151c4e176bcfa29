"""`newsletter preview`: one subscriber's digest as it would be mailed; nothing is recorded or sent."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from newsletter import app
from newsletter.cli.common import TerminalProgress, begin_log, complain, find_subscriber, writing_to
from newsletter.cli.exits import EXIT_CODES, EXIT_FEED, EXIT_SCORING
from newsletter.mail import build_message
from newsletter.model import Digest, Subscriber
from newsletter.run import RunContext, is_paused, preview
from newsletter.services import profiles, reader_texts, trial_words
from newsletter.settings import load_settings
from newsletter.sources import sample

_ENDINGS = {"html": "html", "text": "txt", "markdown": "md", "eml": "eml"}


@click.command(epilog=EXIT_CODES)
@click.argument("email", required=False)
@click.option("--feed", type=click.Path(exists=True, path_type=Path), help="Read recorded feeds, as in 'run'.")
@click.option("--sample", "use_sample", is_flag=True, help="Read the bundled sample announcement.")
@click.option("-f", "--format", "form", type=click.Choice(list(_ENDINGS)), default="html", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Where to write; - is standard output.",
)
@click.option("--anew", is_flag=True, help="Compose it anew, also after the day's mail was sent.")
def command(email: str | None, feed: Path | None, use_sample: bool, form: str, output: str | None, anew: bool) -> None:
    """Build the digest of EMAIL (an address or id; default: the first subscriber) and show it.

    Writes OUTBOX/preview/DATE_ID.html, or what --output says, and prints the path. After the day's mail was sent it
    shows the digest that was sent, with its scores, tokens and cost, and asks neither arXiv nor a model.

    Then says how many papers a day the profile would have got of the last five announcements that are kept, and the
    best of each, by words alone.

    \b
    Examples:
      newsletter preview --sample
      newsletter preview ada@example.org --format markdown
      newsletter preview ada@example.org --format text --output - | less
    """
    settings = load_settings()
    recorded = sample.PATH if use_sample else feed
    begin_log(settings)
    progress = TerminalProgress()
    context = app.build(settings, feed=recorded, tell_progress=progress.ask)
    listed = app.load_subscribers(settings, context.store)
    if listed.problem:
        complain(f"{listed.problem}\nThis shows the last good version.")
    if not listed.subscribers:
        raise click.UsageError(f"{settings.subscribers} has no subscribers; add one")
    subscriber = find_subscriber(listed.subscribers, email) if email else listed.subscribers[0]
    digest_on = context.source.day(context.now()) if recorded else None
    with progress:
        shown = preview(context, subscriber, progress, digest_on=digest_on, anew=anew)
    digest = shown.digest
    if digest is None:
        why = "No feed could be read" if shown.failed else "No announcement"
        click.echo(f"{why}: there is nothing to show.", err=True)
    elif digest.is_empty and not (subscriber.empty_mail or digest.weekly_best):
        click.echo(f"Nothing relevant among {digest.counts.scanned} papers: no mail would be sent.", err=True)
    else:
        if digest.counts.nearest and not digest.counts.passed:
            click.echo(f"Nothing relevant among {digest.counts.scanned} papers: this mail has the nearest.", err=True)
        name = f"{digest.digest_on}_{subscriber.subscriber_id}.{_ENDINGS[form]}"
        _write(_content(context, digest, form), Path(output) if output else settings.outbox / "preview" / name)
    if context.store.get_address_status(subscriber.subscriber_id).suppression is not None:
        click.echo("This address gets no mail; 'newsletter suppressions' says why.", err=True)
    elif is_paused(subscriber, context.now().date()):
        click.echo(f"Their mails are paused until {subscriber.paused_until}.", err=True)
    _tell_trial(app.build_profiles(settings, context.store, listed.subscribers), subscriber, context.now())
    for each in shown.failed:
        complain(f"{each.category} failed: {each.detail}")
    if shown.problem:
        complain(shown.problem)
    sys.exit(EXIT_SCORING if shown.problem else EXIT_FEED if shown.failed else 0)


def _write(content: bytes, path: Path) -> None:
    if path == Path("-"):
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    click.echo(path)


def _tell_trial(service: profiles.ProfileService, subscriber: Subscriber, now: datetime) -> None:
    """Says beside the digest what the profile finds on the kept days, and which words no paper uses."""
    trial = service.try_out(subscriber, now=now)
    if trial is None:
        click.echo("Nothing is kept yet to count papers a day on; 'newsletter run' keeps what it reads.", err=True)
    lines = trial_words.tell(trial, reader_texts.trial_texts(), is_judged=service.is_judged) if trial else ()
    for line in filter(None, (*lines, service.explain_unknown(subscriber.profile))):
        click.echo(line, err=True)


def _content(context: RunContext, digest: Digest, form: str) -> bytes:
    if form == "markdown":
        return context.renderer.markdown(digest).encode()
    links = context.identity.links_for(digest.subscriber.subscriber_id, digest.digest_on)
    rendered = context.renderer.render(digest, links)
    if form == "eml":
        return build_message(digest, rendered, context.identity, now=context.now()).mime.as_bytes()
    return (rendered.html if form == "html" else rendered.text).encode()
