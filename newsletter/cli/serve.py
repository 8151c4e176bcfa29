"""`newsletter serve`: the web part; in the same process the clock and the mailbox, unless others keep them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import click

from newsletter import app
from newsletter.cli.advice import log_advice, require_known_memory, require_lasting_memory
from newsletter.cli.clock import keep_clock
from newsletter.cli.common import begin_log
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.inbox import keep_inbox
from newsletter.cli.promised_mails import keep_sign_up_mails, keep_welcomes
from newsletter.cli.shutdown import Worker, hold_signals, leave, run_until_signal
from newsletter.errors import ConfigError
from newsletter.ops import log
from newsletter.settings import load_settings
from newsletter.web import SIZES

ANSWERS_S = 2.0  # for answers in hand, at the end


@click.command(epilog=EXIT_CODES)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), envvar="PORT", default=8000, show_default=True, show_envvar=True
)
@click.option("--no-clock", is_flag=True, help="Without the clock: 'newsletter clock' is another process.")
@click.option("--no-inbox", is_flag=True, help="Without the mailbox: 'newsletter inbox' is another process.")
def command(host: str, port: int, no_clock: bool, no_inbox: bool) -> None:
    """Answer on the web (unsubscribe links, events, /health, /ready, /metrics), and mail everybody at their own time.

    Where NEWSLETTER_IMAP_HOST is set it reads the mailbox of replies and bounces, too, as 'newsletter inbox' does.

    Ends as 'newsletter clock' does. It speaks HTTP: put a server that speaks HTTPS in front of it.

    \b
    Examples:
      newsletter serve
      newsletter serve --no-clock --host 0.0.0.0     beside a process 'newsletter clock'
    """
    from newsletter.web import server  # noqa: PLC0415 - loaded when it is needed

    settings = load_settings()
    begin_log(settings)
    require_lasting_memory(settings)
    log_advice(settings)
    submitted = Event()
    web = app.build_web(settings, submitted.set)
    store = app.build_store(settings)
    require_known_memory(settings, store)
    tasks: list[Callable[[Worker], None]] = [lambda worker: keep_welcomes(settings, store, worker)]
    if settings.open_subscription:
        tasks.append(lambda worker: keep_sign_up_mails(settings, submitted, worker))
    if not no_clock:
        app.build(settings)  # what cannot work is said now
        tasks.append(lambda worker: keep_clock(settings, worker))
    if settings.imap_host and not no_inbox:
        mailbox = app.build_mailbox(settings)
        app.build_mail_handler(settings)
        tasks.append(lambda worker: keep_inbox(settings, mailbox, worker))
    hold_signals()
    try:
        waitress = server.WebServer(web, host, port, web.extensions[SIZES].most_bytes)
    except OSError as error:
        raise ConfigError(f"{host}:{port} cannot be listened on ({error.strerror}); choose another --port") from error
    parts = {"clock": not no_clock, "inbox": bool(settings.imap_host and not no_inbox)}
    log.get_log().info("web_started", host=host, port=waitress.port, trusted_proxies=settings.trusted_proxies, **parts)
    is_ended = run_until_signal(tasks, waitress.run)
    waitress.finish(ANSWERS_S)
    log.get_log().info("shutdown")
    leave(0 if is_ended else 1)
