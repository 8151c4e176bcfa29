"""Workers that are killed as the mail server has a mail of theirs: others bring the rest, nothing doubled or lost.

A few moments here; `python -m tests.e2e.killed_worker write 70 300` tries more, and the database restarted
(docs/crashes.md).
"""

from pathlib import Path

import pytest

from tests.e2e import killed_worker


@pytest.mark.parametrize("how", ["mail", "write"])
def test_killed_workers_double_nothing_and_lose_nothing(postgres_url: str, tmp_path: Path, how: str) -> None:
    plan = killed_worker.Plan(how, kills=2, readers=16)
    toll = killed_worker.morning(postgres_url, tmp_path, plan)
    assert sum(toll.kills.values())
    assert toll.is_harmless, toll
    assert toll.doubts <= 2 * killed_worker.WORKERS, "each worker has one mail in hand"
