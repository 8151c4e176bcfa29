"""What is done after an answer: in its order, in another thread, and whatever goes wrong with one, the next is done."""

from __future__ import annotations

import threading

from structlog.testing import capture_logs

from newsletter.later import Later


def test_who_gives_something_to_do_does_not_wait_and_all_of_it_is_done_in_order() -> None:
    later, gate, done = Later("test"), threading.Event(), list[int]()
    later(lambda: done.append(int(gate.wait(10))))
    for number in (2, 3):
        later(lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == []
    gate.set()
    later.finish()
    assert done == [1, 2, 3]


def test_what_goes_wrong_is_logged_and_stops_nothing() -> None:
    later, done = Later("test"), list[int]()
    with capture_logs() as logs:
        later(lambda: done.append(1 // 0))
        later(lambda: done.append(2))
        later.finish()
    assert done == [2]
    (line,) = logs
    assert (line["event"], line["what"], line["log_level"]) == ("later_failed", "test", "error")
