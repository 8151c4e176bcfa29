"""`newsletter serve`: the web part, with the clock in the same process unless another one keeps it."""

from __future__ import annotations

import sys

import click

from newsletter import app, log
from newsletter.cli.clock import keep_clock
from newsletter.cli.common import begin_log
from newsletter.cli.ending import Duty, work_until_asked
from newsletter.cli.exits import EXIT_CODES
from newsletter.config import load_settings
from newsletter.errors import ConfigError

THREADS = 4


@click.command(epilog=EXIT_CODES)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), envvar="PORT", default=8000, show_default=True, show_envvar=True
)
@click.option("--no-clock", is_flag=True, help="The web part alone: 'newsletter clock' is another process.")
def command(host: str, port: int, no_clock: bool) -> None:
    """Answer on the web (unsubscribe links, events, /health, /metrics), and mail everybody at their own time.

    Ends as 'newsletter clock' does. It speaks HTTP: put a server that speaks HTTPS in front of it.

    \b
    Examples:
      newsletter serve
      newsletter serve --no-clock --host 0.0.0.0     beside a process 'newsletter clock'
    """
    from waitress.server import create_server  # noqa: PLC0415 - loaded when it is needed

    settings = load_settings()
    begin_log(settings)
    web = app.build_web(settings)
    if not no_clock:
        app.build(settings)  # what cannot work is said now
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
    log.get_log().info("web_started", host=host, port=int(server.effective_port), clock=not no_clock)

    def keep(duty: Duty) -> None:
        if no_clock:
            duty.stop.wait()
        else:
            keep_clock(settings, duty)

    is_ended = work_until_asked(keep, server.run)
    server.task_dispatcher.shutdown()  # answers in hand are finished
    log.get_log().info("shutdown")
    sys.exit(0 if is_ended else 1)
