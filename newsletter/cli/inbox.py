"""`newsletter inbox`: reads the mailbox of replies and bounces by IMAP, and does what readers ask for."""

from __future__ import annotations

import sys

import click

from newsletter import app
from newsletter.cli.common import begin_log, log_failure
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.shutdown import Worker, leave, run_until_signal
from newsletter.errors import NewsletterError
from newsletter.mail.inbound import Envelope, imap
from newsletter.ops import log
from newsletter.settings import Settings, load_settings

EVERY_S = 60.0


@click.command(epilog=EXIT_CODES)
@click.option("--once", is_flag=True, help="Read what is there now, and end: for cron.")
def command(once: bool) -> None:
    """Read the mailbox of replies and bounces, and do what readers ask for; once a minute until SIGTERM or Ctrl-C.

    Each unread mail is moved to another folder (NEWSLETTER_IMAP_DONE) and marked as read there once it was dealt with.
    One that cannot be dealt with is tried twice, then moved to NEWSLETTER_IMAP_FAILED. Several may read the same
    mailbox.

    \b
    Examples:
      newsletter inbox
      newsletter inbox --once
    """
    settings = load_settings()
    begin_log(settings)
    mailbox = app.build_mailbox(settings)
    app.build_mail_handler(settings)  # what cannot work is said now
    if once:
        try:
            count = _round(settings, mailbox, Worker())
        except imap.MailboxFailed as error:
            click.secho(f"error: {error}; try again", err=True, fg="red")
            sys.exit(1)
        click.echo(f"{count} mail{'' if count == 1 else 's'} read")
        return
    is_ended = run_until_signal([lambda worker: keep_inbox(settings, mailbox, worker)])
    log.get_log().info("shutdown")
    leave(0 if is_ended else 1)


def keep_inbox(settings: Settings, mailbox: imap.Mailbox, worker: Worker) -> None:
    """Reads the mailbox in the present thread, once a minute, until the worker is asked to stop.

    Whatever goes wrong is logged, a bug with its traceback: others work in the same process.
    """
    while not worker.stop.is_set():
        worker.idle.set()  # until a mail is in hand: a server that does not answer holds up no end
        try:
            _round(settings, mailbox, worker)
        except Exception as error:  # noqa: BLE001 - see above
            log_failure("inbox_failed", error)
        worker.idle.set()
        worker.stop.wait(EVERY_S)


def _round(settings: Settings, mailbox: imap.Mailbox, worker: Worker) -> int:
    handle_mail = app.build_mail_handler(settings)

    def handle(raw: bytes) -> None:
        worker.idle.clear()
        log.get_log().info("mail", became=handle_mail(raw, Envelope()))

    return mailbox.read(handle, worker.stop.is_set, lambda failure: notify_failed_mail(settings, failure))


def notify_failed_mail(settings: Settings, failure: imap.Failure) -> None:
    """Logs the first failure of a mail, and alerts about the second, which is its last."""
    error, name = failure.error, type(failure.error).__name__
    # thousands of lines of a recursion tell nothing, and an error of our own says all in its sentence
    known = isinstance(error, NewsletterError | RecursionError)
    log.get_log().error("mail_failed", error=name, moved_to=failure.folder, exc_info=None if known else error)
    if failure.folder:
        app.build_notifier(settings).notify_failed_mail(f"it lies in the folder {failure.folder}", error)
