"""Helps the commands: subscribers by name, tables, loud lines, progress on a terminal or in a log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from types import TracebackType

import click
import stamina
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from newsletter import formatting
from newsletter.cli.exits import EXIT_STORE
from newsletter.errors import ConfigError, NewsletterError
from newsletter.model import FeedReport, RunReport, Subscriber, SubscriberReport, spending
from newsletter.ops import log
from newsletter.settings import Settings
from newsletter.stores import Store

PIPE_WIDTH = 10_000


def find_subscriber(subscribers: Sequence[Subscriber], who: str) -> Subscriber:
    """Finds a subscriber by address or id. Raises click.BadParameter that says how to list them."""
    for subscriber in subscribers:
        if who.casefold() in (subscriber.email.casefold(), subscriber.subscriber_id):
            return subscriber
    raise click.BadParameter(f"nobody is called {who!r}; 'newsletter subscribers' lists everybody")


def stdout_console() -> Console:
    """Opens standard output: folded to fit a terminal, and never cut or folded in a pipe.

    Without rich's own marks: what is shown is foreign text, and a name such as "[/x]" would end the command.
    """
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def print_table(table: Table) -> None:
    """Prints a table on standard output."""
    stdout_console().print(table)


def new_table(*headings: str) -> Table:
    """Makes a plain table; a heading that ends in "#" heads a column of numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        is_number = heading.endswith("#")
        table.add_column(heading.rstrip("#"), justify="right" if is_number else "left", overflow="fold")
    return table


def numbers(entry: SubscriberReport) -> tuple[str, str, str]:
    """Announced, scanned and relevant papers as cells; empty when it did not come to counting."""
    counts = entry.counts
    return (str(counts.announced), str(counts.scanned), str(counts.relevant)) if counts else ("", "", "")


def bill_in_words(bill: spending.Bill) -> str:
    pending = f", {bill.pending} of them never ended or at work" if bill.pending else ""
    return f"{cost_in_words(bill)} for {bill.calls} call{'' if bill.calls == 1 else 's'}{pending}"


def cost_in_words(bill: spending.Bill | spending.Share) -> str:
    """Writes a sum in dollars, and how many calls of unknown price it lacks."""
    if bill.without_price == bill.calls:
        return formatting.NOT_KNOWN if bill.calls else formatting.dollars(bill.cost_usd)
    return formatting.dollars(bill.cost_usd) + (
        f" + {bill.without_price} {formatting.NOT_KNOWN}" if bill.without_price else ""
    )


def model_line(store: Store, run: RunReport) -> str:
    """What the model cost in this run; empty if it was not asked."""
    since, until = (at.astimezone(UTC).date() for at in (run.started_at, run.finished_at))
    calls = [call for call in store.get_calls(since=since, until=until) if call.run_id == run.run_id]
    if not calls:
        return ""
    return f"Model: {', '.join(sorted({call.model for call in calls}))}, {bill_in_words(spending.total(calls))}"


def complain_of_unreadable(unreadable: Mapping[str, str]) -> int:
    """Prints a loud line for each subscriber of whom something cannot be read; returns the exit code for that."""
    for who, why in unreadable.items():
        complain(f"{who} is not mailed: {why}")
    return EXIT_STORE if unreadable else 0


@contextmanager
def writing_to(output: Path) -> Iterator[None]:
    """Raises ConfigError for an OSError in here: what the operator named cannot be written."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{output} cannot be written ({error.strerror}); choose another --output") from error


def complain(text: str) -> None:
    """Prints a loud line on standard error."""
    click.secho(text, err=True, fg="red", bold=True)


def begin_log(settings: Settings, *, quiet: bool = False) -> None:
    """Starts the log as the settings want it; on a terminal, which shows bars, and when quiet, warnings only."""
    is_shown = not quiet and not Console(stderr=True).is_terminal
    log.configure(settings.log, secrets=settings.secret_texts, level=logging.INFO if is_shown else logging.WARNING)
    stamina.instrumentation.set_on_retry_hooks([_tell_of_retry])


def log_failure(event: str, error: Exception) -> None:
    """Logs what the operator can mend as a sentence, and a bug by its name, with its traceback."""
    is_known = isinstance(error, NewsletterError)
    text = f"{type(error).__name__}: {error}" if is_known else type(error).__name__
    log.get_log().error(event, error=text, exc_info=None if is_known else error)


def _tell_of_retry(details: stamina.instrumentation.RetryDetails) -> None:
    """Logs that a feed is asked again, which takes minutes."""
    log.get_log().warning("asking_again", wait_s=round(details.wait_for), because=str(details.caused_by))


class TerminalProgress:
    """Progress bars when a person looks on, a log line for each step when not. Both on standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._log = None if quiet else log.LogProgress()
        console = Console(stderr=True)
        self._bars = (
            Progress(
                TextColumn("{task.description:<8}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[line]}", markup=False),
                console=console,
            )
            if console.is_terminal and not quiet
            else None
        )
        self._task: TaskID | None = None
        self._asked: TaskID | None = None
        self._read: TaskID | None = None

    def __enter__(self) -> TerminalProgress:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        if self._log:
            self._log.begin(what, total)
        if self._bars and total:
            self._task = self._bars.add_task(what, total=total, line="")

    def ask(self, done: int, total: int) -> None:
        """Shows how far a model is with the papers it was asked about; each profile counts from the start."""
        if self._bars:
            if self._asked is None:
                self._asked = self._bars.add_task("Model", total=total, line="")
            self._bars.update(self._asked, completed=done, total=total)

    def read(self, done: int, total: int) -> None:
        """Shows how far the sentence model is with the papers of a day."""
        if self._bars:
            if self._read is None:
                self._read = self._bars.add_task("Papers", total=total, line="")
            self._bars.update(self._read, completed=done, total=total)

    def step(self, done: FeedReport | SubscriberReport) -> None:
        if self._log:
            self._log.step(done)
        if self._bars and self._task is not None:
            self._bars.update(self._task, advance=1, line=_line(done))


def _line(done: FeedReport | SubscriberReport) -> str:
    what = (
        f"{done.category} {done.outcome}, {done.papers} papers"
        if isinstance(done, FeedReport)
        else f"{done.subscriber_id} {done.outcome}"
    )
    return f"{what}: {done.detail}" if done.detail else what
