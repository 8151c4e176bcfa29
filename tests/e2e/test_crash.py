"""Whatever kills a morning, the next run brings each digest once; and several runs at once are no more than one.

`CRASHES=150 pytest tests/e2e/test_crash.py` kills at every write, and as often from outside (docs/crashes.md).
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from newsletter.model import DeliveryState
from newsletter.stores.tinydb import TinyStore
from tests.e2e import killed_run, starts

CRASHES = int(os.environ.get("CRASHES", "0"))


def newsletter(folder: Path, *args: str) -> starts.Command:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return starts.start(*args, folder=folder, env=clean)


def test_four_runs_at_once_send_each_digest_once(tmp_path: Path) -> None:
    killed_run.prepare(tmp_path, 12)
    runs = [newsletter(tmp_path, "run", "--sample") for _ in range(4)]
    said = [(*run.communicate(timeout=120), run.returncode) for run in runs]
    outcomes: Counter[str] = Counter()
    for out, err, code in said:
        assert (code, "Traceback" in err) == (0, False), err
        (line,) = re.findall(r"^12 subscribers = (.*)$", out, re.MULTILINE)
        assert sum(map(int, re.findall(r"\d+", re.sub(r"\(.*?\)", "", line)))) == 12
        outcomes.update(re.findall(r"^s_\w{8} +Reader \d+ +(\w+(?: \w+)?)  ", out, re.MULTILINE))
    assert outcomes.total() == 48
    assert outcomes.pop("sent") == 12
    assert outcomes.keys() <= {"already sent", "busy"}
    rows = TinyStore(tmp_path / "state").get_deliveries()
    assert [(row.state, row.attempts) for row in rows] == [(DeliveryState.ACCEPTED, 1)] * 12
    mails = killed_run.mails(tmp_path)
    assert mails.keys() == {row.message_id for row in rows}
    assert all(len(files) == 1 for files in mails.values())


def test_killed_before_any_write_the_next_run_loses_and_doubles_nothing(tmp_path: Path) -> None:
    toll = killed_run.inside(tmp_path, CRASHES or 14)
    assert toll.crashes >= min(CRASHES or 14, 100)
    assert toll.mails_before
    assert toll.doubts, "no kill fell between hand-over and acceptance"
    assert toll.is_harmless, toll


@pytest.mark.parametrize("at_once", [1, 3])
def test_killed_from_outside_the_next_run_loses_and_doubles_nothing(tmp_path: Path, at_once: int) -> None:
    toll = killed_run.outside(tmp_path, CRASHES or 3, at_once=at_once)
    assert toll.is_harmless, toll


def test_a_mail_cut_off_is_shown_even_if_no_run_ever_ended(tmp_path: Path) -> None:
    killed_run.morning(killed_run.prepare(tmp_path / "warm"))  # else each process reads again what is read late
    writes = killed_run.writes_of(killed_run.prepare(tmp_path / "counted"))
    accepting = [nth for nth, kind in enumerate(writes, 1) if re.match(r"os.rename /\d{4}-\d\d\.json 3", kind)]
    folder = killed_run.prepare(tmp_path / "killed")
    assert killed_run.killed_at(folder, accepting[0])
    out, err = newsletter(folder, "status").communicate(timeout=60)
    assert "Broken off: run " in out
    assert re.search(r"^Cut off while sending: s_\w{8}/2025-10-07 \(outbox:.*\)$", err, re.MULTILINE)


def test_a_morning_that_would_send_twice_is_noticed(tmp_path: Path) -> None:
    """The measure itself: a memory that is lost between two runs makes the second one send again."""

    def forgetful(folder: Path) -> bool:
        killed_run.morning(folder)
        (folder / "state").rename(folder / "lost")
        return False

    toll = killed_run.crash(tmp_path, forgetful)
    assert toll.doubled
    assert not toll.is_harmless
