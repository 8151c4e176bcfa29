"""Workers that are killed as the mail server has a mail of theirs: others bring the rest, nothing doubled or lost.

A few moments here; `python -m tests.e2e.killed_worker 50 300` tries more, and the database restarted (docs/crashes.md).
"""

from pathlib import Path

from tests.e2e import killed_worker


def test_killed_workers_double_nothing_and_lose_nothing(postgres_url: str, tmp_path: Path) -> None:
    toll = killed_worker.morning(postgres_url, tmp_path, kills=2, readers=16)
    assert sum(toll.kills.values()) == 2
    assert toll.is_harmless, toll
    assert toll.doubts <= 2 * killed_worker.WORKERS, "each worker has one mail in hand"
