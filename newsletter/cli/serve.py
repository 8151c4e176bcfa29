"""`newsletter serve`: the web part; in the same process the clock and the mailbox, unless others keep them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from newsletter import app, log
from newsletter.cli.advice import log_advice
from newsletter.cli.clock import keep_clock
from newsletter.cli.common import begin_log
from newsletter.cli.ending import Duty, hold_signals, work_until_asked
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.inbox import keep_inbox
from newsletter.config import load_settings
from newsletter.errors import ConfigError

THREADS = 4


@click.command(epilog=EXIT_CODES)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), envvar="PORT", default=8000, show_default=True, show_envvar=True
)
@click.option("--no-clock", is_flag=True, help="Without the clock: 'newsletter clock' is another process.")
@click.option("--no-inbox", is_flag=True, help="Without the mailbox: 'newsletter inbox' is another process.")
def command(host: str, port: int, no_clock: bool, no_inbox: bool) -> None:
    """Answer on the web (unsubscribe links, events, /health, /metrics), and mail everybody at their own time.

    Where NEWSLETTER_IMAP_HOST is set it reads the mailbox of replies and bounces, too, as 'newsletter inbox' does.

    Ends as 'newsletter clock' does. It speaks HTTP: put a server that speaks HTTPS in front of it.

    \b
    Examples:
      newsletter serve
      newsletter serve --no-clock --host 0.0.0.0     beside a process 'newsletter clock'
    """
    from waitress.server import create_server  # noqa: PLC0415 - loaded when it is needed

    settings = load_settings()
    begin_log(settings)
    log_advice(settings)
    web = app.build_web(settings)
    works: list[Callable[[Duty], None]] = []  # what cannot work is said now
    if not no_clock:
        app.build(settings)
        works.append(lambda duty: keep_clock(settings, duty))
    if settings.imap_host and not no_inbox:
        mailbox = app.build_mailbox(settings)
        app.build_listener(settings)
        works.append(lambda duty: keep_inbox(settings, mailbox, duty))
    hold_signals()
    try:
        server = create_server(
            web,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=False,  # web/limits.py knows whose X-Forwarded-For to believe
        )
    except OSError as error:
        raise ConfigError(f"{host}:{port} cannot be listened on ({error.strerror}); choose another --port") from error
    parts = {"clock": not no_clock, "inbox": bool(settings.imap_host and not no_inbox)}
    log.get_log().info("web_started", host=host, port=int(server.effective_port), **parts)
    is_ended = work_until_asked(works, server.run)
    server.task_dispatcher.shutdown()  # answers in hand are finished
    log.get_log().info("shutdown")
    sys.exit(0 if is_ended else 1)
