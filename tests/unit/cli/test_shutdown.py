"""Asked to end, a process ends in time, whatever hangs in it."""

import subprocess
import sys

HANGS = """
import os, signal, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from newsletter.cli.shutdown import leave, run_until_signal

def work(worker):  # never idle, and what it waits for is no daemon
    ThreadPoolExecutor(1).submit(Event().wait)
    print("begun", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    Event().wait()

is_ended = run_until_signal([work], patience_s=0.05, last_s=0.1)
print("the last word", end="")
leave(0 if is_ended else 1)
"""


def test_what_hangs_in_other_threads_holds_up_no_end() -> None:
    command = [sys.executable, "-c", HANGS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "begun\nthe last word"), done.stderr
