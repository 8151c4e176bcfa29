"""`newsletter subscribers add`: a new reader beside subscribers.yaml, who is welcomed at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from newsletter import app
from newsletter.cli.common import begin_log, complain
from newsletter.cli.exits import EXIT_CODES, EXIT_DELIVERY
from newsletter.cli.promised_mails import welcome_one
from newsletter.cli.suppressions import describe_status
from newsletter.errors import ConfigError, StoreError
from newsletter.mail import welcome
from newsletter.model import MOST_PROFILE_CHARS, PromisedMail, SignUp, SignUpOrigin, Subscriber
from newsletter.services import additions, reader_texts, subscribers_file, trial_words
from newsletter.settings import Settings, load_settings
from newsletter.stores import Store
from newsletter.subscribers import SubscribersFile, profile_yaml
from newsletter.texts import FALLBACK_LANGUAGE, write_date

Ask = Callable[[str, str], str]  # a question and its default → the answer


@click.command(epilog=EXIT_CODES)
@click.argument("email", required=False, metavar="EMAIL")
@click.option("--name", default="", help="Their name, for the mail's To line.")
@click.option(
    "--categories",
    default="",
    metavar="cs.LG,cs.CL",
    help="arXiv categories, biorxiv:… and the like, with commas between them.",
)
@click.option("--topic", "topics", multiple=True, help="What they want to read about, in a sentence; may be repeated.")
@click.option(
    "--like", multiple=True, metavar="WORDS", help="A word or phrase that speaks for a paper; may be repeated."
)
@click.option("--author", "authors", multiple=True, help="An author whose papers always come; may be repeated.")
@click.option("--zone", default="", metavar="Europe/Berlin", help="Their time zone.")
@click.option("--send-at", default="", metavar="07:40", help="The earliest local time of their mail.")
@click.option("--frequency", default="", metavar="daily", help="daily, weekdays or weekly.")
@click.option("--language", default="", metavar="de", help="The language of comments and of the welcome.")
@click.option(
    "--profile",
    "profile_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="All of that as a profile in YAML, with the keys of subscribers.yaml.",
)
@click.option("--no-welcome", is_flag=True, help="Send them no welcome.")
@click.option("--dry-run", is_flag=True, help="Show the profile and the welcome; add and send nothing.")
def add(
    email: str | None,
    name: str,
    categories: str,
    topics: tuple[str, ...],
    like: tuple[str, ...],
    authors: tuple[str, ...],
    zone: str,
    send_at: str,
    frequency: str,
    language: str,
    profile_file: Path | None,
    no_welcome: bool,
    dry_run: bool,
) -> None:
    """Add a reader without editing subscribers.yaml, and welcome them by a mail.

    What you leave out comes from the defaults of subscribers.yaml. Where the file has them as well, the file holds.
    Without EMAIL, on a terminal, you are asked. Done again it changes nothing.

    \b
    Examples:
      newsletter subscribers add
      newsletter subscribers add ada@example.org --categories cs.LG,cs.CL --topic "Attention that grows slower"
      newsletter subscribers add ada@example.org --name Ada --zone Europe/Berlin --categories cs.LG --like LoRA
      newsletter subscribers add ada@example.org --profile ada.yaml
      newsletter subscribers add ada@example.org --categories cs.LG --like LoRA --dry-run
    """
    wishes = additions.Wishes(
        _codes(categories),
        *(topics, like, authors, zone, send_at, frequency, language),
    )
    if profile_file and wishes != additions.Wishes():
        raise click.UsageError("--profile FILE says it all; write what the other options say into that file")
    settings = load_settings()
    begin_log(settings, quiet=True)
    store = app.build_store(settings)
    file = load_defaults(settings, store)
    if email is None:
        if not sys.stdin.isatty() or profile_file or wishes != additions.Wishes():
            raise click.UsageError("say whom: newsletter subscribers add EMAIL --categories cs.LG --topic '…'")
        email, name, wishes = ask_for(_ask_on_terminal, file)
    enrolment = _read(email, name, wishes, profile_file, file)
    if dry_run:
        _show(settings, store, additions.build(enrolment, file))
        return
    added = additions.add(store, app.load_listed(settings, store), enrolment)
    if added.addition is not additions.Addition.ADDED:
        _explain(added, enrolment, settings, store)
        return
    _tell(settings, store, additions.build(enrolment, file), enrolment, is_welcomed=not no_welcome)


def load_defaults(settings: Settings, store: Store) -> SubscribersFile:
    """Reads subscribers.yaml for whoever is added, or its last good version, and says so loudly."""
    file, problem = subscribers_file.load_file(settings.subscribers, store, app.default_cut_off(settings))
    if problem:
        complain(f"{problem}\nThe defaults are those of the last good version.")
    return file


def ask_for(ask: Ask, file: SubscribersFile) -> tuple[str, str, additions.Wishes]:
    """Asks for the address, the name and the wishes, each until it is right."""
    defaults = file.defaults
    email = _ask_until_right(ask, "E-mail address", "", lambda said: _problems(file, said))
    name = ask("Name (may be empty)", "")
    categories = _ask_until_right(
        ask,
        "arXiv categories, with commas between them",
        ",".join(defaults.categories),
        lambda said: _problems(file, categories=_codes(said) or ("?",)),
    )
    has_usual = bool(defaults.topics or defaults.keywords.like or defaults.papers or defaults.pinned_authors)
    missing = () if has_usual else ("topic: say at least one thing, in a few words",)
    question = "What do they want to read about? One topic in a sentence"
    topics = [_ask_until_right(ask, question, "", lambda said: () if said else missing)]
    while topics[-1]:
        topics.append(ask("And what else? Empty when that is all", ""))
    zone = _ask_until_right(ask, "Time zone", defaults.time_zone, lambda said: _problems(file, zone=said))
    usual = f"{defaults.send_at:%H:%M}"
    send_at = _ask_until_right(
        ask, "Earliest local time of their mail", usual, lambda said: _problems(file, send_at=said)
    )
    return email, name, additions.Wishes(_codes(categories), tuple(filter(None, topics)), zone=zone, send_at=send_at)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (code.strip() for code in text.split(","))))


def _problems(file: SubscribersFile, email: str = "a@example.org", **said: Any) -> Sequence[str]:
    """Lists what is wrong with one answer; all else is given."""
    wishes = replace(additions.Wishes(("cs.LG",), like=("x",)), **said)
    try:
        additions.read_wishes(email, "", wishes, file, app.utc_now())
    except ConfigError as error:
        return error.problems
    return ()


def _ask_until_right(ask: Ask, question: str, default: str, find_problems: Callable[[str], Sequence[str]]) -> str:
    while problems := find_problems(said := ask(question, default)):
        complain(problems[0].partition(": ")[2] or problems[0])
    return said


def _ask_on_terminal(question: str, default: str) -> str:
    said: str = click.prompt(question, default=default, show_default=bool(default))
    return said.strip()


def _read(email: str, name: str, wishes: additions.Wishes, profile_file: Path | None, file: SubscribersFile) -> SignUp:
    """Makes an enrolment of what was said. Raises click.UsageError that lists everything to mend."""
    try:
        if profile_file is None:
            return additions.read_wishes(email, name, wishes, file, app.utc_now())
        try:
            text = profile_file.read_bytes()[: 4 * MOST_PROFILE_CHARS + 1].decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{profile_file} cannot be read ({error}); save it as UTF-8", (str(error),)) from error
        return additions.read_profile(email, name, text, file, app.utc_now())
    except ConfigError as error:
        where = f" ({profile_file})" if profile_file else ""
        lines = "\n  ".join(error.problems)
        raise click.UsageError(f"nobody was added{where}; mend this, and try again:\n  {lines}") from error


def _show(settings: Settings, store: Store, reader: Subscriber) -> None:
    """Prints the profile and the text of the welcome."""
    click.echo(f"# {reader.email} would be added with this profile; nothing was.")
    whole = replace(reader, has_chosen_relevance=True)  # what holds is to be seen, whoever set it
    click.echo(profile_yaml.write(whole, reader_texts.comment_texts()))
    if doubts := _doubts_of(settings, store, reader):
        complain(f"{doubts}\n")
    service, texts = app.build_welcome_service(settings, store), app.load_welcome_texts()
    links = app.build_mail_identity(settings).links_for(reader.subscriber_id, app.utc_now().date())
    rendered = app.build_renderer(settings).render_welcome(service.content(reader), texts, links)
    click.echo(f"Subject: {rendered.subject}\n\n{rendered.text}", nl=False)


def _explain(added: additions.Added, enrolment: SignUp, settings: Settings, store: Store) -> None:
    """Says why nothing was changed. Raises click.UsageError where that is not what was wanted."""
    who, email = enrolment.subscriber_id, enrolment.email
    known = added.enrolment
    match added.addition:
        case additions.Addition.LISTED:
            where = _place_in_file(settings.subscribers, email)
            click.echo(f"{who} ({email}) is in {where} already. That entry holds, and nothing was changed.")
        case additions.Addition.SAME if known:
            click.echo(f"{who} ({email}) was added on {known.at:%Y-%m-%d} with just that; nothing was changed.")
        case additions.Addition.DIFFERENT if known:
            came = "came by the web" if known.origin is SignUpOrigin.WEB else "was added"
            raise click.UsageError(
                f"{who} ({email}) {came} on {known.at:%Y-%m-%d} with other wishes, and nothing was changed; "
                f"'newsletter subscribers show {who}' shows them. They can change them themselves; or run "
                f"'newsletter subscribers remove {who}', and add them anew"
            )
        case additions.Addition.SUPPRESSED:
            status = describe_status(store.get_address_status(who))
            raise click.UsageError(
                f"{status}; nothing was changed. If they want mail again, run "
                f"'newsletter suppressions lift {email}', and add them after that"
            )
        case _:
            raise click.UsageError(
                f"another address has the id {who}; nothing was changed. Use another spelling of that mailbox's address"
            )


def _place_in_file(path: Path, email: str) -> str:
    """Names file and line of an entry, as far as the address stands there as it was typed."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return str(path)
    numbers = [number for number, line in enumerate(lines, 1) if email.casefold() in line.casefold()]
    return f"{path}:{numbers[0]}" if numbers else str(path)


def _tell(settings: Settings, store: Store, reader: Subscriber, enrolment: SignUp, *, is_welcomed: bool) -> None:
    """Sends the welcome, and says what was done and what happens next."""
    who = reader.subscriber_id
    service = app.build_welcome_service(settings, store)
    click.echo(f"{who} ({reader.email}) is added. {_first_mail(service.content(reader), reader)}")
    if doubts := _doubts_of(settings, store, reader):
        complain(doubts)
    click.echo(f"'newsletter subscribers show {who}' shows them, 'newsletter subscribers remove {who}' takes them off.")
    try:
        if not is_welcomed:
            service.decline([enrolment])
        became, why = welcome_one(settings, store, who) if is_welcomed and reader.welcome else (PromisedMail.NONE, "")
    except StoreError as error:
        complain(f"No welcome was sent: {error}")
        sys.exit(EXIT_DELIVERY)
    if became is PromisedMail.SENT:
        place = f"; it is in {settings.outbox}" if settings.send_by == "outbox" else ""
        click.echo(f"A welcome has left{place}.")
    elif not is_welcomed or not reader.welcome:
        click.echo("No welcome is sent.")
    elif became is None:
        click.echo("A welcome is sent as soon as mail goes to them.")
    elif became is PromisedMail.WAITING:
        complain(f"The welcome could not leave yet ({why}); 'serve', 'clock' or the next run tries again.")
        sys.exit(EXIT_DELIVERY)
    else:
        complain(f"The welcome did not leave, or may not have, and is not sent again ({why}).")
        sys.exit(EXIT_DELIVERY)


def _doubts_of(settings: Settings, store: Store, reader: Subscriber) -> str:
    """Says what of a profile may not be meant: words that no paper uses, and that it finds nothing, or always too much.

    As its reader would be told, a line for each; nothing where all is well.
    """
    profiles, t = app.build_profiles(settings, store), reader_texts.trial_texts()
    reader = profiles.find_current(reader.subscriber_id) or reader  # with what is known of the papers they keep
    trial = profiles.try_out(reader, now=app.utc_now()) if reader.profile.has_wishes else None
    advice = trial_words.advise(trial, t) if trial and trial.days else ""
    numbers = f"{trial_words.summarize(trial, t)} {advice}" if trial and advice else ""
    return "\n".join(filter(None, (profiles.explain_unknown(reader.profile), numbers)))


def _first_mail(content: welcome.WelcomeContent, reader: Subscriber) -> str:
    if reader.paused_until:
        return f"Mail to them is paused until {reader.paused_until}."
    if content.first_on is None:
        return "Their first mail comes with the next look of the clock, or the next run."
    first_on = write_date(content.first_on, FALLBACK_LANGUAGE)
    return f"Their first mail comes on {first_on}, from {reader.send_at:%H:%M} on ({reader.zone})."
