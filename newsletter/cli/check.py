"""`newsletter check`: looks over everything a run needs, so that mistakes show before the morning does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import httpx2

from newsletter import app, formatting, web
from newsletter.cli.advice import advice
from newsletter.cli.exits import EXIT_CODES, EXIT_CONFIG, EXIT_FEED, EXIT_STORE
from newsletter.cli.feed_trial import feed_trials
from newsletter.cli.library_trial import find_libraries, try_libraries
from newsletter.cli.mail_trial import mail_trials
from newsletter.cli.sandbox import try_sandbox
from newsletter.errors import ConfigError, NewsletterError, SendError, SourceError, StoreError
from newsletter.files import atomic, resources, yaml_nodes
from newsletter.mail import responses
from newsletter.model import SignUpOrigin, UnknownWords
from newsletter.ops.deliverability import Setup, Severity, dns, domain
from newsletter.papers import categories
from newsletter.scoring import find_unknown_words
from newsletter.scoring.llm import prices, prompts
from newsletter.services import (
    library,
    listing_changes,
    lost_memory,
    reader_texts,
    signup,
    subscribers_file,
    trial_words,
)
from newsletter.settings import Settings, load_settings
from newsletter.signing import tagged
from newsletter.subscribers import SubscribersFile, find_phrase_lines, parse_file

MOST_UNKNOWN = 20  # lines that are named for words that no paper uses
_COLOURS = {Severity.GOOD: "green", Severity.ADVICE: "yellow", Severity.BAD: "red"}


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--sandbox",
    is_flag=True,
    help="Have SendGrid look at a sample digest too: key, sender and form; nothing is mailed.",
)
@click.option("--mail", is_flag=True, help="Also try the mail server and the mailbox: connect, TLS, login, folders.")
@click.option("--to", default="", metavar="ADDRESS", help="With --mail: send one test mail there.")
@click.option(
    "--feeds", "is_feeds", is_flag=True, help="Also fetch each feed that is not arXiv's, and say what is there."
)
@click.option("--dns", "is_dns", is_flag=True, help="Also look at SPF, DKIM, DMARC, MX and the unsubscribe link.")
@click.option("--resolver", default="", metavar="IP[:PORT]", help="With --dns: ask this name server.")
def command(file: Path | None, sandbox: bool, mail: bool, to: str, is_feeds: bool, is_dns: bool, resolver: str) -> None:
    """Look over subscribers.yaml (or FILE), the settings, the templates and the folders.

    Every problem is told in one go, with file and line, what was found and what was expected. A file is
    written where memory and mails go, read back and taken away; nothing else is written.
    With --feeds, each journal, blog and preprint server among the categories of subscribers.yaml is asked once.
    With --dns, what mailbox providers see of the sending domain is looked at as well.
    """
    if resolver and not is_dns:
        raise click.UsageError("--resolver goes with --dns")
    if to and not mail:
        raise click.UsageError("--to goes with --mail")
    settings = load_settings()
    path = file or settings.subscribers
    checks: list[tuple[str, Callable[[], str]]] = [(str(path), lambda: _subscribers(path, settings))]
    if libraries := find_libraries(path):
        checks.append(("Zotero", lambda: try_libraries(settings, libraries)))
    if file is None:
        checks += [
            ("settings", lambda: _settings(settings)),
            ("templates", lambda: _templates(settings)),
            ("web part", lambda: _web(settings)),
            ("web subscribers", lambda: _signups(settings)),
            ("model", lambda: _model(settings)),
            ("sentence model", lambda: _sentence_model(settings)),
            ("folders", lambda: _folders(settings)),
            ("memory", lambda: _memory(settings)),
        ]
    if mail:
        checks += mail_trials(settings, to)
    if is_feeds:
        checks += feed_trials(settings, path)
    if sandbox:
        checks.append(("SendGrid", lambda: try_sandbox(settings)))
    codes = [run_check(name, check) for name, check in checks]
    if file is None:
        for sentence in (*advice(settings), *_possible_moves(settings)):
            click.secho("! advice", fg="yellow", nl=False)
            click.echo(f": {sentence}")
    if is_dns:
        codes.append(0 if _dns(settings, resolver) else EXIT_CONFIG)
    sys.exit(max(codes))


def _dns(settings: Settings, where: str) -> bool:
    try:
        resolver = dns.open_resolver(where)
    except ValueError as error:
        raise click.UsageError(f"{error}; name a resolver with --resolver, such as --resolver 9.9.9.9") from error
    setup, lookup, is_well = _setup(settings), dns.DnsLookup(resolver), True
    with httpx2.Client(timeout=domain.WEB_S) as client:
        for finding in domain.check_domain(setup, lookup, client):
            click.secho(f"{finding.severity} {finding.subject}", fg=_COLOURS[finding.severity], nl=False)
            click.echo(f": {finding.text}")
            is_well = is_well and finding.severity is not Severity.BAD
    return is_well


def _setup(settings: Settings) -> Setup:
    key = settings.dkim_key
    try:
        private = key.read_bytes() if key and settings.send_by == "smtp" else b""
    except OSError as error:
        raise ConfigError(f"{key} cannot be read ({error.strerror}); mend NEWSLETTER_DKIM_KEY") from error
    return Setup(
        from_domain=_ascii(settings.from_address.domain),
        reply_domain=_ascii(settings.reply_address.rpartition("@")[2]),
        envelope_domain=_ascii((settings.bounce_address or settings.from_address.addr_spec).rpartition("@")[2]),
        send_by=settings.send_by,
        smtp_host=settings.smtp_host,
        dkim_selector=settings.dkim_selector or "",
        dkim_key=private,
        base_url=(settings.base_url or "").rstrip("/"),
        has_keys=settings.signer is not None,
    )


def _ascii(domain: str) -> str:
    """Writes a domain as the DNS has it: lower case, and xn-- for what is beyond ASCII."""
    try:
        return domain.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ConfigError(f"{domain!r} can be no domain; mend the address in the settings") from error


def run_check(name: str, check: Callable[[], str]) -> int:
    """Runs one check, prints what it found, and returns the exit code for it."""
    try:
        text = check()
    except StoreError as error:
        return _fail(name, error, EXIT_STORE)
    except SourceError as error:
        return _fail(name, error, EXIT_FEED)
    except (ConfigError, SendError) as error:
        return _fail(name, error, EXIT_CONFIG)
    click.secho(f"✓ {name}", fg="green", nl=False)
    click.echo(f": {text}")
    return 0


def _fail(name: str, error: NewsletterError, code: int) -> int:
    click.secho(f"✗ {name}", fg="red", nl=False)
    click.echo(f"\n{error}")
    return code


def _subscribers(path: Path, settings: Settings) -> str:
    text = subscribers_file.read_subscribers(path)
    file = parse_file(text, source=str(path))
    count = len(file.subscribers)
    counts = [f"{count} subscriber{'' if count == 1 else 's'}", *file.notes, *_venues_without_account(file, settings)]
    papers = [*_libraries(file.libraries, path.parent), *_unknown_papers(file.paper_ids, settings)]
    return "\n  ".join((*counts, *papers, *_unknown_words(path, text, file, settings)))


def _venues_without_account(file: SubscribersFile, settings: Settings) -> list[str]:
    """Says that OpenReview has to know who asks; nothing where nobody reads a venue of it."""
    venues = sorted({each for one in file.subscribers for each in one.categories if categories.is_openreview(each)})
    if not venues or settings.has_openreview_account:
        return []
    return [f"{', '.join(venues)}: OpenReview wants a login; set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD"]


def _unknown_words(path: Path, text: bytes, file: SubscribersFile, settings: Settings) -> list[str]:
    """Names the lines with words that no paper uses: a notice, since a new word may be meant."""
    profiles = dict.fromkeys(one.profile for one in file.subscribers)
    unknown = {each.written: each for profile in profiles for each in find_unknown_words(profile)}
    lines = find_phrase_lines(text, list(unknown))
    found = [f"{path}:{line}: {_explain_unknown(unknown[word], settings)}" for line, word in lines]
    more = len(found) - MOST_UNKNOWN
    return [*found[:MOST_UNKNOWN], *([f"and {more} more lines with such words"] if more > 0 else [])]


def _explain_unknown(words: UnknownWords, settings: Settings) -> str:
    bare = replace(words, written=yaml_nodes.bare(words.written))
    told = trial_words.explain_unknown([bare], reader_texts.trial_texts(), is_judged=settings.model is not None)
    remedy = "" if words.nearest or settings.model else " Or set NEWSLETTER_MODEL: a model reads every language."
    return f"{told}{remedy}"


def _unknown_papers(entries: Sequence[tuple[str, str]], settings: Settings) -> list[str]:
    """Names the lines with ids of which nothing is known: a notice, since a paper may be announced yet."""
    if not entries:
        return []
    try:
        store = app.find_store(settings, "documents")
        ids = [entry for entry, _ in entries]
        unknown = library.find_unknown_ids(ids, store) if store else {*ids}
    except StoreError:
        return []  # told of the memory
    found = [
        f"{place}: papers: nothing is known of {entry}: an id counts if its paper was announced here in the last two"
        " months, or comes yet; write its title"
        for entry, place in entries
        if entry in unknown
    ]
    more = len(found) - MOST_UNKNOWN
    return [*found[:MOST_UNKNOWN], *([f"and {more} more such papers"] if more > 0 else [])]


def _count_papers(count: int) -> str:
    if count == library.MOST_PAPERS:
        return f"{count} papers or more, of which the latest {count} count"
    return f"{count} paper{'' if count == 1 else 's'}"


def _libraries(files: Sequence[tuple[str, str]], folder: Path) -> list[str]:
    """Counts the papers of each file that a profile names, and names what of it cannot be read.

    Raises ConfigError that names the line of each file of which nothing can be.
    """
    lines, problems = [], []
    for entry, place in files:
        try:
            papers, unread = library.read_file(folder / entry, entry)
            lines.append(f"{place}: papers: {entry} has {_count_papers(len(papers))}")
            lines += unread[: library.MOST_UNREAD]
            more = len(unread) - library.MOST_UNREAD
            lines += [f"and {more} more parts of {entry} that cannot be read"] if more > 0 else []
        except ConfigError as error:
            problems.append(f"{place}: papers: {error}")
    if problems:
        raise ConfigError("subscribers.yaml names papers that cannot be read:", tuple(problems))
    return lines


def _settings(settings: Settings) -> str:
    if settings.contact is None:
        raise ConfigError("arXiv cannot be asked without a contact; set NEWSLETTER_CONTACT to your e-mail address")
    if settings.send_by != "outbox":  # whose folder is not made here
        app.build_sender(settings)
    is_placeholder = settings.from_address.domain.endswith(".invalid")
    hint = " (a placeholder: set NEWSLETTER_SENDER before mail leaves the outbox)" if is_placeholder else ""
    bounces = f", bounces to {tagged(settings.bounce_address, 'TAG')}" if settings.bounce_address else ""
    return f"mail from {settings.from_address.addr_spec}{hint}, replies to {settings.reply_address}{bounces}"


def _signups(settings: Settings) -> str:
    """Counts who came by the web, if there is a store already: opening a new one would write."""
    store = app.find_store(settings, "enrolled")
    known = store.get_enrolled() if store is not None else []
    enrolled = [one for one in known if one.origin is SignUpOrigin.WEB]
    if not settings.open_subscription:
        return f"{len(enrolled)}, and nobody can subscribe there (NEWSLETTER_OPEN_SUBSCRIPTION)"
    app.check_open_subscription(settings)
    page = f"{(settings.base_url or '').rstrip('/')}/subscribe"
    return f"{len(enrolled)}, and others can subscribe at {page} (NEWSLETTER_OPEN_SUBSCRIPTION)"


def _web(settings: Settings) -> str:
    if not settings.base_url:
        return "no address, so mails have no links to it (NEWSLETTER_BASE_URL)"
    count = settings.trusted_proxies
    if count:
        plural = "y" if count == 1 else "ies"
        return f"{settings.base_url}, behind {count} prox{plural} that tell who asks (NEWSLETTER_TRUSTED_PROXIES)"
    return f"{settings.base_url}, with no proxy that tells who asks (NEWSLETTER_TRUSTED_PROXIES)"


def _templates(settings: Settings) -> str:
    app.build_local_scorer()
    renderer = app.build_renderer(settings)
    renderer.check()
    renderer.check_welcome(app.load_welcome_texts())
    web.check_templates(settings.name, settings.reply_address)
    app.build_archive_pages(settings)
    resources.load_texts(responses.FILE)
    resources.load_texts(signup.FILE)
    reader_texts.load("profile_answers")
    reader_texts.load("profile_comments")
    return f"complete, from {resources.find('templates/email/digest.html').parent} and {resources.SHIPPED}"


def _model(settings: Settings) -> str:
    """Checks the model's settings. Asks nobody: whether the provider takes the key shows in the first call."""
    prompts.load_prompts(resources.read_text)
    if settings.model is None:
        return "none, the embedded scorer alone (NEWSLETTER_MODEL)"
    app.require_model_key(settings)
    today, base_url = app.utc_now().date(), settings.openai_base_url
    warnings = prices.check_model(settings.model, today, tier=settings.model_tier, base_url=base_url)
    price = prices.price_of(settings.model, settings.model_tier, on=today, base_url=base_url)
    costs = f"{price.describe()} for a million tokens" if price else formatting.NOT_KNOWN
    return "\n  ".join((f"{settings.model}, {settings.model_tier} tier, {costs}", *warnings))


def _sentence_model(settings: Settings) -> str:
    if app.has_sentence_model(settings):
        return "installed; it reads each paper once for all readers (NEWSLETTER_SEMANTIC)"
    if not settings.semantic:
        return "switched off; words alone rank (NEWSLETTER_SEMANTIC)"
    return "none, words alone rank; pip install 'paper-newsletter[semantic]' brings one"


def _folders(settings: Settings) -> str:
    is_folder = settings.database_url is None
    for name in ("state", "outbox") if is_folder else ("outbox",):
        folder: Path = getattr(settings, name)
        try:
            atomic.try_folder(folder)
        except OSError as error:
            raise ConfigError(
                f"{folder} cannot be written ({error.strerror}); let this user write there and free its disk,"
                f" or set NEWSLETTER_{name.upper()} to a folder that can"
            ) from error
    memory = f"state in {settings.state}" if is_folder else f"state in the database {app.open_database(settings).name}"
    return f"{memory}, mails in {settings.outbox}"


def _memory(settings: Settings) -> str:
    """Checks that what is stored of each reader can be read; opens no new store, since that would write."""
    store = app.find_store(settings, "standings")
    if store is None:
        before = app.ask_sent_before(settings, app.utc_now().date() - lost_memory.LOOK_BACK)
        if before.digests:
            raise StoreError(f"none yet, and SendGrid took {before.digests:,} digests lately; {lost_memory.REMEDY}")
        return "\n  ".join(filter(None, ("none yet", before.why)))
    unknown = app.require_known_memory(settings, store, is_noted=False)
    if unreadable := store.find_unreadable():
        raise StoreError("\n".join(f"{who} is not mailed: {why}" for who, why in unreadable.items()))
    return "\n  ".join(filter(None, ("what is kept of each subscriber can be read", unknown)))


def _possible_moves(settings: Settings) -> Sequence[str]:
    """Says who may have another address; nobody while the file is broken, or there is no store yet."""
    try:
        store = app.find_store(settings, "documents")
        if store is None:
            return ()
        listed = parse_file(subscribers_file.read_subscribers(settings.subscribers), source="").subscribers
        found = listing_changes.find_possible_moves(listed, store, app.utc_now().date())
    except (ConfigError, StoreError):
        return ()  # told above
    return [text for _, text in found]
