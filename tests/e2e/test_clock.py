"""The processes that run all day, as a platform has them: started, looked at, asked to end, and started again."""

import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from newsletter.cli.exits import EXIT_CONFIG, EXIT_OUTPUT, EXIT_STORE
from newsletter.model import DeliveryState, RevisionOrigin
from newsletter.sources import sample
from newsletter.stores.tinydb import TinyStore
from tests import ROOT
from tests.e2e import killed_run
from tests.e2e.killed_handover import zone_at_six
from tests.e2e.starts import COMMAND, Running
from tests.http_server import Handler, free_port, serving

MANY = 40


def prepare(folder: Path, count: int) -> Path:
    """Readers whose mail is due."""
    return killed_run.prepare(folder, count, time_zone=zone_at_six(), send_at="05:00")


class Server:
    """Serves the sample as every feed, remembers what else is asked; `is_slow` holds feeds back until its end."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.is_slow = False
        self.over = Event()
        self.url = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state, feed = Server(), sample.PATH.read_bytes()

    class ServerHandler(Handler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            if state.is_slow:
                state.over.wait()
                return
            self.answer(200, feed if self.path.startswith("/atom/") else b"", content_type="application/atom+xml")

        def do_POST(self) -> None:
            state.told.append(json.loads(self.body()))
            self.answer(204)

    with serving(ServerHandler) as state.url:
        try:
            yield state
        finally:
            state.over.set()


def environment(**settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    wanted = {f"NEWSLETTER_{name.upper()}": value for name, value in settings.items()}
    bin_folder = str(Path(sys.executable).parent)
    return {
        **clean,
        "NEWSLETTER_LOG": "json",
        "NEWSLETTER_JITTER_MINUTES": "0",
        **wanted,
        "OMP_NUM_THREADS": "1",
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def newsletter(folder: Path, *args: str, **settings: str) -> Iterator[Running]:
    with closing(Running([*COMMAND, *args], folder, environment(**settings))) as running:
        yield running


def live(server: Server) -> dict[str, str]:
    return {"contact": "operator@example.org", "feed_url": f"{server.url}/atom"}


def get(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def rows_by_state(folder: Path) -> dict[DeliveryState, int]:
    rows = TinyStore(folder / "state").get_deliveries()
    return {state: sum(row.state is state for row in rows) for state in {row.state for row in rows}}


def mails(folder: Path) -> int:
    return len(list((folder / "outbox").glob("*.eml")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clock_that_is_asked_to_end_finishes_the_mail_in_hand_and_the_next_run_the_rest(
    number: signal.Signals, tmp_path: Path, server: Server
) -> None:
    prepare(tmp_path, MANY)
    with newsletter(tmp_path, "clock", **live(server)) as clock:
        clock.read_until('"outcome": "sent"')
        assert clock.end(number) == 0, clock.lines
    sent = mails(tmp_path)
    assert 1 <= sent < MANY
    assert rows_by_state(tmp_path) == {DeliveryState.ACCEPTED: sent}, "no claim is left open"
    assert clock.events()[-1] == "shutdown"
    assert "@" not in "".join(clock.lines)
    with newsletter(tmp_path, "run", "--due", **live(server)) as run:
        assert run.end() == 0, run.lines
    assert rows_by_state(tmp_path) == {DeliveryState.ACCEPTED: MANY}
    assert mails(tmp_path) == MANY
    assert server.asked == ["/atom/cs.LG"], "the feed was remembered"


def test_a_run_that_is_asked_to_end_finishes_the_mail_in_hand(tmp_path: Path) -> None:
    killed_run.prepare(tmp_path, MANY)
    with newsletter(tmp_path, "run", "--sample") as run:
        run.read_until('"outcome": "sent"')
        assert run.end(signal.SIGTERM) == 0, run.lines
    sent = mails(tmp_path)
    assert 1 <= sent < MANY
    assert rows_by_state(tmp_path) == {DeliveryState.ACCEPTED: sent}
    [told] = re.findall(r"^40 subscribers = (\d+) sent \+ 0 empty \+ (\d+) skipped", "".join(run.lines), re.MULTILINE)
    assert told == (str(sent), str(MANY - sent))


def test_a_clock_that_waits_for_arxiv_ends_within_seconds(tmp_path: Path, server: Server) -> None:
    """Nothing is in hand while a feed is asked, and the waits between attempts are long."""
    server.is_slow = True
    prepare(tmp_path, 1)
    with newsletter(tmp_path, "clock", **live(server)) as clock:
        clock.read_until("run_started")
        started = datetime.now(UTC)
        assert clock.end(signal.SIGTERM) == 0
        assert (datetime.now(UTC) - started).total_seconds() < 20


def test_a_clock_sends_a_heartbeat_and_alerts_once_and_goes_on(tmp_path: Path, server: Server) -> None:
    prepare(tmp_path, 1)
    ways = {
        "alert_url": f"{server.url}/alert-s3cret",
        "heartbeat_url": f"{server.url}/beat",
        "alert_to": "op@example.org",
    }
    with newsletter(tmp_path, "run", "--due", **live(server), **ways) as run:
        assert run.end() == 0
    assert server.asked == ["/atom/cs.LG", "/beat"]
    path = tmp_path / "subscribers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('"topics"', '"topic"'), encoding="utf-8")
    for _ in range(2):
        with newsletter(tmp_path, "run", "--due", **live(server), **ways) as run:
            assert run.end() == 3
    assert server.asked == ["/atom/cs.LG", "/beat"], "no heartbeat with a broken file"
    [told] = server.told
    assert told["troubles"][0]["kind"] == "subscribers file"
    [alert] = (tmp_path / "outbox").glob("service_alert*.eml")
    assert "To: op@example.org" in alert.read_text(encoding="utf-8")
    assert "s3cret" not in "".join(run.lines)
    with newsletter(tmp_path, "run", "--dry-run", **live(server), **ways) as run:
        assert run.end() == 3
    assert server.asked == ["/atom/cs.LG", "/beat"]


def test_a_profile_that_is_ignored_is_told_after_the_run(tmp_path: Path, server: Server) -> None:
    prepare(tmp_path, 1)
    with newsletter(tmp_path, "run", "--due", **live(server)) as run:
        assert run.end() == 0
    store = TinyStore(tmp_path / "state")
    (row,) = store.get_deliveries()
    store.add_revision(row.subscriber_id, "colour: blue", origin=RevisionOrigin.WEB, now=datetime.now(UTC))
    with newsletter(tmp_path, "run", "--due", **live(server), alert_url=f"{server.url}/alert") as run:
        assert run.end() == 0, run.lines
    [told] = server.told
    assert [(each["kind"], each["about"]) for each in told["troubles"]] == [("profile ignored", [row.subscriber_id])]


def test_a_broken_tick_is_told_and_the_clock_lives(tmp_path: Path, server: Server) -> None:
    (tmp_path / "subscribers.yaml").write_text("subscribers: 7\n", encoding="utf-8")
    with newsletter(tmp_path, "clock", **live(server), alert_url=f"{server.url}/alert") as clock:
        assert "ConfigError" in clock.read_until("tick_failed")
        clock.read_until("alert_sent")
        assert clock.process.poll() is None
        assert clock.end(signal.SIGTERM) == 0
    assert server.told[0]["troubles"][0]["kind"] == "run broke off"


def _no_memory(folder: Path) -> int:
    (folder / "state").write_text("a file where a folder should be", encoding="utf-8")
    return EXIT_STORE


def _no_template(folder: Path) -> int:
    (folder / "templates/email").mkdir(parents=True)
    (folder / "templates/email/digest.txt").write_text("{% if %}", encoding="utf-8")
    return EXIT_CONFIG


@pytest.mark.parametrize("spoil", [_no_memory, _no_template])
def test_a_run_that_cannot_even_begin_is_told(tmp_path: Path, server: Server, spoil: Callable[[Path], int]) -> None:
    prepare(tmp_path, 1)
    code = spoil(tmp_path)
    told = live(server) | {"alert_url": f"{server.url}/alert"}
    with newsletter(tmp_path, "run", "--due", "--quiet", **told) as run:
        assert run.end() == code
    [alert] = server.told
    [trouble] = alert["troubles"]
    assert trouble["kind"] == "run broke off"
    [said] = [line for line in run.lines if line.startswith("error: ")]
    assert said.removeprefix("error: ").splitlines()[0] in trouble["detail"]
    assert "Traceback" not in "".join(run.lines)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here; Linux has one")
def test_a_run_that_can_print_nothing_tells_the_operator_all_the_same(tmp_path: Path, server: Server) -> None:
    prepare(tmp_path, 1)
    run_due = (tmp_path, "run", "--due")
    with newsletter(*run_due, **live(server)) as run:
        assert run.end() == 0
    (tmp_path / "subscribers.yaml").write_text("subscribers: 7\n", encoding="utf-8")
    line = " ".join([*COMMAND, "run", "--due", ">/dev/full", "2>&1"])
    told = live(server) | {"alert_url": f"{server.url}/alert"}
    with closing(Running(["sh", "-c", line], tmp_path, environment(**told))) as run:
        assert run.end() == EXIT_OUTPUT
    [alert] = server.told
    assert alert["troubles"][0]["kind"] == "subscribers file"


def test_a_clock_that_can_never_work_says_so_at_once(tmp_path: Path) -> None:
    prepare(tmp_path, 1)
    with newsletter(tmp_path, "clock") as clock:
        assert clock.end() == 3
    assert "NEWSLETTER_CONTACT" in "".join(clock.lines)


def test_one_process_can_be_both_web_and_clock(tmp_path: Path, server: Server) -> None:
    prepare(tmp_path, 1)
    with newsletter(tmp_path, "serve", "--port", "0", **live(server)) as serve:
        port = json.loads(serve.read_until("web_started"))["port"]
        serve.read_until("run_finished")
        assert get(port, "/health")[0] == 200
        status, page = get(port, "/metrics")
        assert status == 200
        assert 'newsletter_last_run_subscribers{outcome="sent"} 1.0' in page
        assert serve.end(signal.SIGTERM) == 0, serve.lines
    assert mails(tmp_path) == 1


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells which signals a thread takes")
def test_no_thread_of_the_web_part_takes_the_signal_that_ends_it(tmp_path: Path, server: Server) -> None:
    """From the line on that says it listens: a thread that took it would end the process, mail in hand or not."""
    prepare(tmp_path, 1)
    with newsletter(tmp_path, "serve", "--port", "0", **live(server)) as serve:
        serve.read_until("web_started")
        threads = Path(f"/proc/{serve.process.pid}/task")
        blocked = {
            path.name: int(re.findall(r"^SigBlk:\s*(\w+)$", (path / "status").read_text(), re.MULTILINE)[0], 16)
            for path in threads.iterdir()
        }
        del blocked[str(serve.process.pid)]  # the main thread, which waits for it
        assert len(blocked) >= 4
        assert all(mask >> signal.SIGTERM - 1 & 1 and mask >> signal.SIGINT - 1 & 1 for mask in blocked.values())
        assert serve.end(signal.SIGTERM) == 0, serve.lines


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with newsletter(tmp_path, "serve", "--no-clock", "--port", str(taken.getsockname()[1])) as serve:
            assert serve.end() == 3
    assert "choose another --port" in "".join(serve.lines)


def test_the_procfile_starts_web_and_clock_and_both_end_when_asked(tmp_path: Path, server: Server) -> None:
    prepare(tmp_path, 1)
    port = free_port()
    honcho = str(Path(sys.executable).parent / "honcho")
    command = [honcho, "-f", str(ROOT / "Procfile"), "-d", str(tmp_path), "--no-colour", "start", "--port", str(port)]
    command += ["web", "clock"]
    with closing(Running(command, tmp_path, environment(**live(server)))) as running:
        running.read_until("web_started")
        if not any("run_finished" in line for line in running.lines):
            running.read_until("run_finished")
        assert get(port, "/health")[0] == 200
        assert 'newsletter_last_run_subscribers{outcome="sent"} 1.0' in get(port, "/metrics")[1]
        running.end(signal.SIGTERM)
    said = "".join(running.lines)
    assert len(re.findall(r"(?:web|clock)\.1 stopped \(rc=0\)", said)) == 2, said
    assert said.count('"event": "shutdown"') == 2
