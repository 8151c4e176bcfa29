"""The HTTP server in front of the pages, asked by sockets: by clients that send too much, too slowly, or nothing."""

import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from threading import Event, Semaphore, Thread
from time import monotonic

import pytest

from newsletter.stores.tinydb import TinyStore
from newsletter.web import SIZES, create_app, inbound
from newsletter.web.profile import MAX_BODY_BYTES as PROFILE_BYTES
from newsletter.web.server import DEFAULT, Bounds, WebServer
from newsletter.web.sizes import LITTLE_BYTES
from tests.web.site import LINK, part_of

SECRET = "a-long-secret-of-the-path"
INBOUND = "/hooks/sendgrid/inbound"
QUICK = Bounds(head_s=0.5, idle_s=0.5, body_s=0.1, answer_s=0.5, least_bytes_per_s=10**9, linger_s=1.0)
MB = 2**20
HALF = b"POST /profile/x HTTP/1.1\r\nHost: x\r\nX-A: "
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


class Site:
    """The web part on a port of its own; its threads end with the process, which waits for none."""

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        app = create_app(replace(part_of(TinyStore(folder)), inbound_secret=SECRET, handle_mail=self._handle))
        app.add_url_rule("/long/<int:mb>", view_func=lambda mb: b"x" * mb * MB)
        app.add_url_rule("/slow", view_func=self._slow)
        self.go_on, self.is_asked, self.handled = Event(), Event(), Semaphore(0)
        self.server = WebServer(app, "127.0.0.1", 0, app.extensions[SIZES].most_bytes, bounds)
        Thread(target=self.server.run, daemon=True).start()

    def _slow(self) -> str:
        self.is_asked.set()
        self.go_on.wait(30)
        return "done"

    def _handle(self, raw: bytes, envelope: object) -> str:
        self.handled.release()
        return self._slow()

    def connect(self, *, has_room: bool = True) -> socket.socket:
        """Without room the kernel takes in little of an answer that nobody reads."""
        line = socket.socket()
        line.settimeout(20)
        if not has_room:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", self.server.port))
        return line

    def ask(self, raw: bytes) -> bytes:
        """All that is answered to this, until the server closes."""
        with closing(self.connect()) as line:
            line.sendall(raw)
            return rest_of(line)

    def health_s(self) -> float:
        """What most of those wait who ask how it is; a busy machine may keep one waiting."""
        waits = []
        for _ in range(5):
            begun = monotonic()
            assert self.ask(HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).endswith(b"ok\n")
            waits.append(monotonic() - begun)
        return median(waits)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def begin(bounds: Bounds = DEFAULT) -> Site:
        sites.append(Site(tmp_path, bounds))
        return sites[-1]

    yield begin
    for site in sites:
        site.go_on.set()
        site.server.finish(5)


def rest_of(line: socket.socket) -> bytes:
    found = bytearray()
    try:
        while data := line.recv(65_536):
            found += data
    except ConnectionError:
        found += b"(reset)"
    return bytes(found)


def post(path: str, *head: str, body: bytes = b"") -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: x", *head, "", "")).encode() + body


def chunked(path: str, *pieces: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return post(path, "Transfer-Encoding: chunked", body=body)


def open_files_without_a_name() -> set[str]:
    """As those into which a server puts a body that is too large for memory. The memory's own files have names."""
    found = set[str]()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            target = str(link.readlink())
            if target.startswith(tempfile.gettempdir()) and target.endswith(" (deleted)"):
                found.add(target)
    return found


# --- how much -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (LINK, LITTLE_BYTES),
        ("/u/forged", LITTLE_BYTES),
        ("/nothing", LITTLE_BYTES),
        ("/", LITTLE_BYTES),
        ("//profile/../u/x", PROFILE_BYTES),
        ("/profile/forged", PROFILE_BYTES),
        ("/profilers", LITTLE_BYTES),
        ("/%70rofile/x", PROFILE_BYTES),
        ("http://x/u/forged", LITTLE_BYTES),
        ("/health", LITTLE_BYTES),
        (f"{INBOUND}/wrong", LITTLE_BYTES),
        (f"{INBOUND}/{SECRET}x", LITTLE_BYTES),
        (INBOUND, LITTLE_BYTES),
        (f"{INBOUND}/{SECRET}", 30 * MB),
        ("/hooks/sendgrid/events", LITTLE_BYTES),  # there is no key
    ],
)
def test_a_body_of_more_than_its_page_takes_is_refused_before_it_comes(
    serve: Callable[..., Site], path: str, most: int
) -> None:
    """The answer is there though not one byte of the body was sent."""
    site = serve()
    for head in ((f"Content-Length: {most + 1}",), (f"Content-Length: {10**15}", "Expect: 100-continue")):
        with closing(site.connect()) as line:
            line.sendall(post(path, *head))
            answer = rest_of(line)
            assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]
            assert b"More was sent" in answer
    with closing(site.connect()) as line:
        line.settimeout(0.05)
        line.sendall(post(path, f"Content-Length: {most}"))
        with pytest.raises(TimeoutError):  # it waits for the body
            line.recv(1)


@pytest.mark.parametrize("path", ["/u/forged", "/nothing", f"{INBOUND}/wrong"])
def test_who_sends_all_of_it_nevertheless_sees_the_answer_and_leaves_nothing_on_the_disk(
    serve: Callable[..., Site], path: str
) -> None:
    site = serve()
    before = open_files_without_a_name()  # of servers of other tests, which may let go of them at any moment
    with tempfile.TemporaryFile():
        assert len(open_files_without_a_name() - before) == 1
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(site.connect())) for _ in range(3)]
        for line in lines:
            line.sendall(post(path, f"Content-Length: {8 * MB}"))
        for _ in range(8):
            for line in lines:
                line.sendall(b"x" * MB)
            assert open_files_without_a_name() <= before
        for line in lines:
            line.shutdown(socket.SHUT_WR)
            assert rest_of(line).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("pieces", [[b"x" * 5000], [b"x"] * 5000, [b"x" * 64 * 1024] * 40])
def test_a_body_without_a_length_is_bounded_as_it_comes(serve: Callable[..., Site], pieces: list[bytes]) -> None:
    answer = serve().ask(chunked("/u/forged", *pieces))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"(reset)" not in answer


def test_a_small_body_without_a_length_is_taken(serve: Callable[..., Site]) -> None:
    answer = serve().ask(post(LINK, "Transfer-Encoding: chunked", "Connection: close", body=b"1\r\nx\r\n0\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("length", ["1" * 5000, "-1", "1e3", "0x10", "1, 1"])
def test_a_length_that_is_none_is_refused(serve: Callable[..., Site], length: str) -> None:
    assert serve().ask(post(LINK, f"Content-Length: {length}")).startswith(b"HTTP/1.1 400 ")


def test_a_head_without_end_is_refused(serve: Callable[..., Site]) -> None:
    assert serve().ask(HALF + b"x" * 40_000).startswith(b"HTTP/1.0 431 ")


def test_only_so_many_large_bodies_come_at_a_time(serve: Callable[..., Site]) -> None:
    site = serve(Bounds(large_bodies=2))
    large = post(f"{INBOUND}/{SECRET}", f"Content-Length: {20 * MB}")
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(site.connect())) for _ in range(2)]
        for line in lines:
            line.sendall(large + b"x")
        until = monotonic() + 20
        while not (answer := _early(site, large)) and monotonic() < until:
            pass
        assert answer.startswith(b"HTTP/1.1 503 ")
    until = monotonic() + 20
    while _early(site, large) and monotonic() < until:
        pass
    assert not _early(site, large)  # there is room again


def _early(site: Site, raw: bytes) -> bytes:
    """What is answered before the body came, if anything is."""
    with closing(site.connect()) as line:
        line.settimeout(0.05)
        line.sendall(raw)
        try:
            return line.recv(1000)
        except TimeoutError:
            return b""


# --- how long, and how many ------------------------------------------------------------------------------


def test_whoever_keeps_us_waiting_is_cut_off(serve: Callable[..., Site]) -> None:
    site = serve(QUICK)
    kinds = {
        "says nothing": b"",
        "half a head": HALF,
        "half a body": post("/profile/x", "Content-Length: 1000", body=b"text="),
        "half a chunk": post("/profile/x", "Transfer-Encoding: chunked", body=b"5\r\nte"),
        "idle after an answer": HEALTH,
        "an answer that nobody reads": b"GET /long/20 HTTP/1.1\r\nHost: x\r\n\r\n",
    }
    with ExitStack() as stack:
        lines = {
            kind: stack.enter_context(closing(site.connect(has_room=b"long" not in kinds[kind]))) for kind in kinds
        }
        for kind, raw in kinds.items():
            lines[kind].sendall(raw)
        begun = monotonic()
        assert lines["an answer that nobody reads"].recv(1) == b"H"  # it has begun
        assert rest_of(lines["says nothing"]) == b""
        for _ in range(2):
            with closing(site.connect()) as later:
                assert rest_of(later) == b""
        for kind, line in lines.items():
            assert len(rest_of(line)) < 20 * MB, kind
        assert monotonic() - begun < 10


def test_a_byte_now_and_then_gives_no_more_time(serve: Callable[..., Site]) -> None:
    site = serve(QUICK)
    for raw in (HALF, post("/profile/x", "Content-Length: 100000")):
        with closing(site.connect()) as line:
            line.sendall(raw)
            line.settimeout(0.1)
            begun, answer = monotonic(), None
            while answer is None and monotonic() - begun < 20:
                try:
                    line.sendall(b"a")
                    answer = line.recv(100)
                except TimeoutError:
                    continue
                except ConnectionError:
                    answer = b""
            assert answer == b""


def test_an_answer_that_takes_long_is_waited_for(serve: Callable[..., Site]) -> None:
    site = serve(QUICK)
    with closing(site.connect()) as line, closing(site.connect()) as silent:
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert site.is_asked.wait(20)
        assert rest_of(silent) == b""  # longer ago than anybody may take
        site.go_on.set()
        assert rest_of(line).endswith(b"done")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="silent"),
        pytest.param(HALF, id="half a head"),
        pytest.param(post("/profile/x", "Content-Length: 1000", body=b"text="), id="half a body"),
        pytest.param(HEALTH, id="idle"),
        pytest.param(b"GET /long/5 HTTP/1.1\r\nHost: x\r\n\r\n", id="never read"),
    ],
)
def test_however_many_keep_us_waiting_others_are_answered_at_once(serve: Callable[..., Site], raw: bytes) -> None:
    """Ten times as many as there is room for: each that comes takes the place of the one that waited longest."""
    site = serve(Bounds(connections=20))
    with ExitStack() as stack:
        for _ in range(200 if b"long" not in raw else 40):
            line = stack.enter_context(closing(site.connect(has_room=b"long" not in raw)))
            line.sendall(raw)
        assert site.health_s() < 1


def test_of_requests_sent_in_one_go_the_first_is_answered_and_the_rest_asked_for_again(
    serve: Callable[..., Site],
) -> None:
    answer = serve().ask(b"\r\n" + HEALTH * 50)
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert b"\r\nConnection: close\r\n" in answer


def test_one_after_another_they_come_by_one_connection(serve: Callable[..., Site]) -> None:
    site = serve()
    with closing(site.connect()) as line:
        for _ in range(3):
            line.sendall(HEALTH)
            answer = b""
            while not answer.endswith(b"ok\n"):
                answer += line.recv(1000)
            assert b"Connection: close" not in answer


# --- what takes long ------------------------------------------------------------------------------------


def test_mails_that_take_long_leave_threads_to_the_pages_and_are_asked_for_again(serve: Callable[..., Site]) -> None:
    site = serve()
    body = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nSubject: x\r\n\r\nx\r\n--b--\r\n'
    head = (f"Content-Length: {len(body)}", "Content-Type: multipart/form-data; boundary=b", "Connection: close")
    mail = post(f"{INBOUND}/{SECRET}", *head, body=body)
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(site.connect())) for _ in range(20)]
        for line in lines:
            line.sendall(mail)
        for _ in range(inbound.SLOTS):
            assert site.handled.acquire(timeout=20)
        assert site.health_s() < 1
        site.go_on.set()
        answers = [rest_of(line) for line in lines]
    taken = [answer for answer in answers if answer.startswith(b"HTTP/1.1 200 ")]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in answer]
    assert len(taken) == inbound.SLOTS + inbound.WAITING
    assert len(taken) + len(refused) == len(lines)
