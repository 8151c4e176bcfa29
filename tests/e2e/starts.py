"""Starts the command line in a process of its own: forked from one that has imported everything and read what ships
with it, which saves more than a second at each start; or as `python -m newsletter` where STARTS=fresh is set.

A forked command has its own folder, environment, output and exit code, and can be killed. What it does not show is that
each command imports what it needs: tests/unit/test_house.py, tests/e2e/wheel.sh and the tests that start afresh do.
The process that forks has one thread and runs no command itself.
"""

import gc
import importlib
import json
import os
import pkgutil
import re
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tests import ROOT
from tests.e2e import kill_at_a_write

IS_FRESH = os.environ.get("STARTS") == "fresh"
ON_DEMAND = (
    *("dkim", "email_validator", "flufl.bounce", "imap_tools", "openai", "premailer", "quotequail", "tinydb"),
    *("numpy.random", "waitress"),
)
NUMBER = struct.Struct("!i")  # what is told of a command: its process, then its exit code
COMMAND = [sys.executable, "-m", "newsletter"]
PATIENCE_S = 120
NEVER = "(?!)"
READ_AT_LOAD = ("LD_PRELOAD", "FAKETIME", "NO_FAKE_STAT")  # what a library reads once, before there is any command


class Forked:
    """As much of `subprocess.Popen` as the tests need."""

    def __init__(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str], log: int | None = None) -> None:
        """Output and errors go to the file `log`, or else wait for `communicate`."""
        self.args = [*COMMAND, *arguments]
        self.returncode: int | None = None
        self._files = [] if log else [_empty_file(), _empty_file()]
        self._line, its = socket.socketpair()
        order = {"arguments": arguments, "folder": str(folder), "env": dict(env)}
        with its, tempfile.TemporaryFile("w+") as told:
            json.dump(order, told)
            told.flush()
            output, errors = self._files or (log, log)
            forker = _forker(frozenset(item for item in env.items() if item[0].startswith(READ_AT_LOAD)))
            socket.send_fds(forker, [b"x"], [its.fileno(), told.fileno(), output, errors])
        self.pid = self._hear(PATIENCE_S)

    def communicate(self, timeout: float | None = PATIENCE_S) -> tuple[str, str]:
        """Output and errors, once, after its end. Raises TimeoutError, having killed it."""
        output, errors = (os.fdopen(file, "rb") for file in self._files)
        with output, errors:
            try:
                self.wait(timeout)
            except TimeoutError:
                os.kill(self.pid, signal.SIGKILL)
                raise
            output.seek(0)
            errors.seek(0)
            return output.read().decode(), errors.read().decode()

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.returncode = self._hear(timeout)
            self._line.close()
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except BlockingIOError:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _hear(self, timeout: float | None) -> int:
        self._line.settimeout(timeout)
        heard = self._line.recv(NUMBER.size)
        assert heard, "the process that forks has ended"
        number: int = NUMBER.unpack(heard)[0]
        return number


Command = Forked | subprocess.Popen[str]


def start(*arguments: str, folder: Path, env: Mapping[str, str]) -> Command:
    if not IS_FRESH:
        return Forked(arguments, folder, env)
    pipe = subprocess.PIPE
    return subprocess.Popen([*COMMAND, *arguments], cwd=folder, env=env, stdout=pipe, stderr=pipe, encoding="utf-8")


def run(*arguments: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    process = start(*arguments, folder=folder, env=env)
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode is not None
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


class Running:
    """A process whose output and errors are one log, which is read line by line."""

    def __init__(self, command: list[str], folder: Path, env: Mapping[str, str]) -> None:
        ours, its = os.pipe()
        self.process: Command
        if command[: len(COMMAND)] == COMMAND and not IS_FRESH:
            self.process = Forked(command[len(COMMAND) :], folder, env, its)
        else:
            self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=its, stderr=its, encoding="utf-8")
        os.close(its)
        self._log = os.fdopen(ours, encoding="utf-8")
        self.lines: list[str] = []

    def find(self, pattern: str) -> str | None:
        """The first new line that holds it; None from a process that ended before. One that never ends is killed."""
        watchdog = threading.Timer(PATIENCE_S, self.process.kill)
        watchdog.start()
        try:
            for line in self._log:
                self.lines.append(line)
                if re.search(pattern, line):
                    return line
            self._log.close()
            self.process.wait()
            return None
        finally:
            watchdog.cancel()

    def read_until(self, pattern: str) -> str:
        line = self.find(pattern)
        assert line is not None, f"no {pattern} in:\n{''.join(self.lines)}"
        return line

    def end(self, *signals: signal.Signals) -> int:
        """The exit code after these signals; what is still said is in `lines`."""
        for number in signals:
            self.process.send_signal(number)
        self.find(NEVER)
        return self.process.wait()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.lines if line.startswith("{")]


def _empty_file() -> int:
    """Without a name; whoever closes it ends it."""
    number, name = tempfile.mkstemp()
    Path(name).unlink()
    return number


# --- the process that forks ---------------------------------------------------------------------------


@lru_cache
def _forker(settings: frozenset[tuple[str, str]]) -> socket.socket:
    """The line to the one with these settings. It ends when this process does: then nobody holds the other end."""
    mine, its = socket.socketpair()
    with its:
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.starts", str(its.fileno())],
            cwd=ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **dict(settings)},
        ).returncode = 0  # nobody waits for it
    return mine


def import_everything() -> None:
    """Imports what any command may need."""
    for name in ON_DEMAND:
        importlib.import_module(name)
    for found in pkgutil.walk_packages([str(ROOT / "newsletter")], "newsletter."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _read_what_ships() -> None:
    """What each process reads or makes once: templates, which it compiles, words, and what reads a store's values.

    Of an operator's own it reads nothing.
    """
    from newsletter import app, web
    from newsletter.files import resources
    from newsletter.mail.render import Brand, Renderer
    from newsletter.papers.latex import tables
    from newsletter.scoring.ranking import abbreviations, background, company, word_vectors, wordings
    from newsletter.stores import contents, values
    from tests.archives import pages

    os.chdir("/")  # where no file wins over one that ships; a command has its own folder
    name, address = "Morning Papers", "digest@example.org"
    renderer = Renderer(Brand(name, address), resources.folders("templates/email"))
    renderer.check()
    renderer.check_welcome(app.load_welcome_texts())
    web.check_templates(name, address)
    pages().check()
    abbreviations.load_abbreviations()
    wordings.load_wordings()
    word_vectors.load_word_vectors()
    assert len(company.load_earlier_papers().away)
    background.weigh_sample()
    tables.symbols()
    for kind in contents.KINDS.values():
        values.adapter_of(kind)


def _serve(line: socket.socket) -> None:
    import_everything()
    _read_what_ships()
    gc.collect()
    gc.freeze()  # else each command looks at all of this again, and makes a copy of it by that
    assert threading.active_count() == 1
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while True:
        said, files, _, _ = socket.recv_fds(line, 1, 4)
        if not said:
            return
        if os.fork() == 0:
            line.close()
            _wait_for_a_command(*files)
        for file in files:
            os.close(file)


def _wait_for_a_command(line: int, order: int, output: int, errors: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=line) as told:
        pid = os.fork()
        if pid == 0:
            told.close()
            os._exit(_command(order, output, errors))
        told.send(NUMBER.pack(pid))
        told.send(NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
    os._exit(0)


def _command(order: int, output: int, errors: int) -> int:
    """Its exit code. It ends at once: to take apart all that was imported, as Python does, takes a second, too."""
    os.dup2(output, 1)
    os.dup2(errors, 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # whoever reads its log waits for lines
    with os.fdopen(order) as file:
        file.seek(0)
        told = json.load(file)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["env"])
    sys.argv = ["newsletter", *told["arguments"]]
    if "FAKETIME_TIMESTAMP_FILE" in told["env"]:
        # libfaketime answers every clock_nanosleep with EINVAL where it leaves the monotonic clock alone
        time.sleep = lambda seconds: select.select([], [], [], seconds)[0]
    if kill_at := os.environ.pop("KILL_AT", ""):
        kill_at_a_write.arm(kill_at)
    code: object = 0
    try:
        runpy.run_module("newsletter", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except Exception:  # noqa: BLE001  as Python itself does
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
