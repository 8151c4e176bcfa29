"""A morning's work shared between processes and machines: by helpers of a run, or by jobs in a queue.

Helpers are processes of one machine, with any memory (helpers.py). The queue lies in the PostgreSQL of the memory.
A job is a hint to look, and may be lost or done twice: the ledger decides who is mailed. The queue is Procrastinate's
(https://procrastinate.readthedocs.io), whose tables lie beside ours; it is loaded only where there is such a database.
"""

from newsletter.worker.handing_over import hand_over
from newsletter.worker.helpers import build_helpers
from newsletter.worker.rounds import serve_round
from newsletter.worker.schema import release_queue, require_queue
from newsletter.worker.working import keep_working

__all__ = [
    "build_helpers",
    "hand_over",
    "keep_working",
    "release_queue",
    "require_queue",
    "serve_round",
]
