"""Log lines on standard error: structlog on the standard library's logging, as text or one JSON object a line.

Lines name ids, counts and seconds. As a last net everything that looks like an address, and every secret of the
settings, is taken out of each line before it is written, also of the lines of other libraries.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import Processor

from newsletter.model import FeedReport, RunOutcome, RunReport, SubscriberReport, tally
from newsletter.ops.alerts import Trouble
from newsletter.ops.redaction import redact

NAME = "newsletter"
_NOTHING_TO_DO = {RunOutcome.NOT_DUE, RunOutcome.ALREADY_SENT, RunOutcome.PAUSED, RunOutcome.SUPPRESSED}


def configure(
    form: str, *, secrets: Sequence[str] = (), level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Sends log lines to the stream, by default standard error.

    `form` is "text" or "json"; of other libraries only warnings are shown.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.name = NAME
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                Redactor(secrets),
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.name != NAME] + [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(NAME).setLevel(level)


def get_log() -> BoundLogger:
    log: BoundLogger = structlog.stdlib.get_logger(NAME)
    return log


def _renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=False, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )


@dataclass(frozen=True, slots=True, repr=False)
class Redactor:
    """A processor that takes addresses and secrets out of everything a line holds."""

    secrets: Sequence[str]

    def __call__(self, logger: object, method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {self._text(key): self._clean(value) for key, value in line.items()}

    def _clean(self, value: object) -> object:
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self._text(key): self._clean(inner) for key, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._clean(inner) for inner in value]
            case _:
                return self._text(value)

    def _text(self, value: object) -> str:
        return redact(str(value), self.secrets)


class LogProgress:
    """A `ProgressListener` (see run/context.py): a line for each feed and each subscriber, with the seconds it took.

    `is_sparing`: none for a subscriber for whom there was nothing to do.
    """

    def __init__(self, *, is_sparing: bool = False) -> None:
        self._is_sparing = is_sparing
        self._since = time.monotonic()

    def begin(self, what: str, total: int) -> None:
        self._since = time.monotonic()

    def step(self, done: FeedReport | SubscriberReport) -> None:
        since, self._since = self._since, time.monotonic()
        seconds = round(self._since - since, 3)
        match done:
            case FeedReport():
                fields = {"category": done.category, "outcome": str(done.outcome), "papers": done.papers}
                get_log().info("feed", **fields, seconds=seconds, **_without_empty(detail=done.detail))
            case SubscriberReport() if not (self._is_sparing and done.outcome in _NOTHING_TO_DO):
                fields = {"subscriber": done.subscriber_id, "outcome": str(done.outcome)}
                counts = done.counts
                numbers = (
                    {"announced": counts.announced, "scanned": counts.scanned, "relevant": counts.relevant}
                    | {"shown": counts.shown, "nearest": counts.nearest, "not_scored": counts.not_scored}
                    if counts
                    else {}
                )
                texts = _without_empty(delivery=done.delivery_id, detail=done.detail, problem=done.problem)
                get_log().info("subscriber", **fields, **numbers, seconds=seconds, **texts)


def run_started(subscribers: int, *, due_only: bool) -> None:
    get_log().info("run_started", subscribers=subscribers, due_only=due_only)


def run_finished(report: RunReport) -> None:
    groups = {group.replace(" ", "_"): count for group, count in tally(report).items()}
    seconds = round((report.finished_at - report.started_at).total_seconds(), 3)
    get_log().info(
        "run_finished",
        run=report.run_id,
        digest_on=report.digest_on.isoformat(),
        seconds=seconds,
        subscribers=len(report.subscribers),
        **groups,
    )


def log_troubles(found: Sequence[Trouble]) -> None:
    for trouble in found:
        get_log().error("trouble", kind=str(trouble.kind), **_without_empty(about=trouble.about, detail=trouble.detail))


def _without_empty(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
