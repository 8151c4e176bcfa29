"""A morning's work shared between processes and machines: jobs in a queue, which lies in the PostgreSQL of the memory.

A job is a hint to look, and may be lost or done twice: the ledger decides who is mailed. The queue is Procrastinate's
(https://procrastinate.readthedocs.io), whose tables lie beside ours; it is loaded only where there is such a database.
"""

from newsletter.worker.handing_over import hand_over
from newsletter.worker.rounds import serve_round
from newsletter.worker.schema import release_queue, require_queue
from newsletter.worker.working import keep_working

__all__ = [
    "hand_over",
    "keep_working",
    "release_queue",
    "require_queue",
    "serve_round",
]
