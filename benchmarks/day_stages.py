"""One morning in this process, with the processor's time for each stage, printed as JSON. Started by bench_day.py.

Settings come from the environment, as for `newsletter run`. The stages are told apart at the edges of the context, so
what lies between them (judging, merging, choosing, composing, building the mail) is one number. A second argument says
how many readers there are: as many as that, who have the profiles of those in subscribers.yaml in turn.
"""

import sys
from time import process_time

STARTED = process_time()  # before the imports, which are the first stage

import json  # noqa: E402
from collections import defaultdict  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import replace  # noqa: E402
from itertools import cycle, islice  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from newsletter import app, flow  # noqa: E402
from newsletter.addresses import subscriber_id  # noqa: E402
from newsletter.cli.common import TerminalProgress  # noqa: E402
from newsletter.model import Subscriber  # noqa: E402
from newsletter.settings import load_settings  # noqa: E402

STAGES = ("imports", "subscribers", "feeds", "memory read", "memory written", "scoring", "rendering", "sending")


class Stopwatch:
    """Sums up, for each stage, the time spent in calls of an edge."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    def timed(self, edge: Any, stage: str) -> Any:
        return _Timed(edge, self.spent, lambda _: stage)

    def timed_store(self, store: Any) -> Any:
        reads = ("get_", "is_")
        return _Timed(store, self.spent, lambda name: "memory read" if name.startswith(reads) else "memory written")


class _Timed:
    def __init__(self, edge: Any, spent: dict[str, float], stage_of: Any) -> None:
        self._edge, self._spent, self._stage_of = edge, spent, stage_of

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._edge, name)
        if not callable(method):
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            began = process_time()
            try:
                return method(*args, **kwargs)
            finally:
                self._spent[self._stage_of(name)] += process_time() - began

        return call


def multiply(subscribers: Sequence[Subscriber], readers: int) -> list[Subscriber]:
    """Makes so many readers of these, each with an address of their own."""
    emails = (f"copy{number}@example.org" for number in range(readers))
    return [
        replace(one, email=email, subscriber_id=subscriber_id(email))
        for one, email in zip(islice(cycle(subscribers), readers), emails, strict=True)
    ]


def main(feeds: Path, readers: int = 0) -> None:
    settings = load_settings()
    plain = app.build(settings, feed=feeds)
    watch = Stopwatch()
    watch.spent["imports"] = process_time() - STARTED
    context = replace(
        plain,
        source=watch.timed(plain.source, "feeds"),
        scorer=watch.timed(plain.scorer, "scoring"),
        sender=watch.timed(plain.sender, "sending"),
        renderer=watch.timed(plain.renderer, "rendering"),
        store=watch.timed_store(plain.store),
    )
    began = process_time()
    subscribers = app.load_subscribers(settings, plain.store).subscribers
    subscribers = multiply(subscribers, readers) if readers else subscribers
    watch.spent["subscribers"] = process_time() - began
    flow.run_morning(context, subscribers, TerminalProgress(quiet=True), digest_on=context.source.day(context.now()))
    total = process_time() - STARTED
    spent = {stage: watch.spent[stage] for stage in STAGES}
    print(json.dumps({**spent, "choosing, composing, MIME": total - sum(spent.values()), "all": total}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
