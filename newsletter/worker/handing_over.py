"""Hands a morning over to workers, if there are any: without them the clock does the work itself."""

from __future__ import annotations

from newsletter import app
from newsletter.settings import Settings
from newsletter.stores import Store
from newsletter.worker.database import find_database
from newsletter.worker.schema import has_queue

RETAIN = "retain"


def hand_over(settings: Settings, store: Store) -> int:
    """Puts a morning into the queue, if there are workers alive; gives how many, and 0 where there is nobody.

    May be repeated at each tick, and by several clocks: what waits already is not put in again.
    """
    database = find_database(settings)
    if database is None or not has_queue(database):
        return 0
    from newsletter.worker.queue import Queue  # noqa: PLC0415 - loads what is needed with PostgreSQL alone

    queue = Queue(database)
    workers = queue.count_workers()
    if workers:
        today = app.utc_now().date()
        queue.put_retain(lambda: store.claim_once(RETAIN, "", on=today))
        queue.put_collect()
    return workers
