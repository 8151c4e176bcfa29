"""A server on this machine that answers /v1/chat/completions as the API does, and fails as a test tells it to.

It reads the papers out of the prompt it gets, as a model would, and judges them by `model`. Faults are functions of a
`Reply`; a script gives one to each request in turn, after which everything works. Real HTTP, no sleeping: a slow
answer waits until the server closes.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
Model = Callable[[Body], str]
_PAPER = re.compile(r'<paper id="(?P<id>[^"]+)">\n(?P<text>.*?)</paper>', re.S)
_FLOOR = re.compile(r"relevance (\d+) or more")


@dataclass
class Reply:
    """What is about to be sent; a fault changes it."""

    request: Body
    payload: Body
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None  # in place of the payload
    is_cut: bool = False
    is_slow: bool = False
    is_dripping: bool = False

    @property
    def choice(self) -> Body:
        return self.payload["choices"][0]


Fault = Callable[[Reply], None]


# --- reading a prompt ---------------------------------------------------------------------------------


def papers_in(body: Body) -> dict[str, str]:
    """The papers of a request, label → text, as a simple reader of the prompt finds them."""
    return {found["id"]: found["text"] for found in _PAPER.finditer(text_of(body["messages"][-1]))}


def text_of(message: Body) -> str:
    """A message's text, whether it comes whole or in parts."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def arxiv_id(label: str) -> str:
    return label.rpartition("-")[0]


def entry(label: str, relevance: object = 8, novelty: object = 6, comment: object = "Meets the topic.") -> Body:
    return {"id": label, "relevance": relevance, "novelty": novelty, "comment": comment}


def relevance_of(label: str) -> int:
    """Every paper's own, whatever stands beside it: its last digit, 0 as 10."""
    return int(arxiv_id(label)[-1]) or 10


def sensible_model(body: Body) -> str:
    """Judges by the id, and answers exactly as asked."""
    floor = int(_FLOOR.search(text_of(body["messages"][-1]))[1])
    labels = list(papers_in(body))
    scored = [entry(each, relevance_of(each)) for each in labels if relevance_of(each) >= floor]
    below = [each for each in labels if relevance_of(each) < floor]
    return json.dumps({"scored": scored, "below": below})


# --- faults -------------------------------------------------------------------------------------------


def fine(reply: Reply) -> None:
    """Nothing is wrong with this one."""


def error(status: int, code: str | None = None, message: str = "No.", **more: Any) -> Fault:
    """An error as the API words it; `headers` and `param` may be given."""

    def fault(reply: Reply) -> None:
        reply.status = status
        reply.headers = more.get("headers", {})
        reply.payload = {
            "error": {"message": message, "type": more.get("type"), "param": more.get("param"), "code": code}
        }

    return fault


def says(text: str | Callable[[Body], str], *, finish: str = "stop") -> Fault:
    """The model's text, whatever it was asked."""

    def fault(reply: Reply) -> None:
        reply.choice["message"]["content"] = text if isinstance(text, str) else text(reply.request)
        reply.choice["finish_reason"] = finish

    return fault


def refuses(reply: Reply) -> None:
    reply.choice["message"] |= {"content": None, "refusal": "I cannot help with that."}


def filtered(reply: Reply) -> None:
    reply.choice["message"]["content"] = ""
    reply.choice["finish_reason"] = "content_filter"


def cut_connection(reply: Reply) -> None:
    reply.is_cut = True


def slow(reply: Reply) -> None:
    reply.is_slow = True


def dripping(reply: Reply) -> None:
    """Something comes all the time, and the whole very late."""
    reply.is_dripping = True


def no_choices(reply: Reply) -> None:
    reply.payload["choices"] = []


def no_usage(reply: Reply) -> None:
    del reply.payload["usage"]


def web_page(reply: Reply) -> None:
    reply.headers = {"Content-Type": "text/html"}
    reply.raw = "<!DOCTYPE html><title>Sign in</title>"


def broken_envelope(reply: Reply) -> None:
    reply.raw = json.dumps(reply.payload)[:-20]


def only_for(paper_id: str, fault: Fault) -> Fault:
    """The fault, for requests that ask about this paper."""

    def maybe(reply: Reply) -> None:
        if any(arxiv_id(label) == paper_id for label in papers_in(reply.request)):
            fault(reply)

    return maybe


def does_not_take(name: str, *, says_where: bool = True) -> Fault:
    """400 as long as the request has this parameter. Without `says_where` only the message names it."""
    message = f"Unsupported parameter: '{name}' is not supported with this model."

    def fault(reply: Reply) -> None:
        if name in reply.request:
            error(400, "unsupported_parameter", message, param=name if says_where else None)(reply)

    return fault


def does_not_take_breakpoints(reply: Reply) -> None:
    if "prompt_cache_breakpoint" in json.dumps(reply.request):
        param = "messages[1].content[0].prompt_cache_breakpoint"
        error(400, "unknown_parameter", f"Unknown parameter: '{param}'.", param=param)(reply)


def does_not_take_parts(reply: Reply) -> None:
    """As some compatible servers: a message's content is a text and nothing else."""
    if any(not isinstance(message["content"], str) for message in reply.request["messages"]):
        error(400, None, "messages.1.content must be a string")(reply)


def _kept(body: Body) -> str:
    """The beginning a cache keeps: up to the breakpoint if the request speaks of any, or else up to the papers."""
    prompt = "".join(map(text_of, body["messages"]))
    if "prompt_cache_options" not in body:
        return prompt.partition("<paper id")[0]
    *others, last = body["messages"]
    parts = last["content"] if isinstance(last["content"], list) else []
    marked = [place for place, part in enumerate(parts) if "prompt_cache_breakpoint" in part]
    if not marked:
        return ""
    return "".join([*map(text_of, others), *(part["text"] for part in parts[: marked[-1] + 1])])


# --- the server ---------------------------------------------------------------------------------------


class OpenAIServer:
    """`script` gives a fault to each request in turn; `always` applies to all. `requests` are the bodies received."""

    def __init__(self, script: Iterable[Fault], always: Iterable[Fault], model: Model) -> None:
        self.requests: list[Body] = []
        self.keys: list[str | None] = []
        self.model = model
        self.released = threading.Event()
        self._script = iter(script)
        self._always = tuple(always)
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self.url = ""

    def asked(self) -> list[list[str]]:
        """The arXiv ids of each request."""
        return [[arxiv_id(label) for label in papers_in(body)] for body in self.requests]

    def answer(self, body: Body, key: str | None) -> Reply:
        with self._lock:
            self.requests.append(body)
            self.keys.append(key)
            fault = next(self._script, fine)
            reply = Reply(body, self._completion(body))
        for each in (*self._always, fault):
            each(reply)
        return reply

    def _completion(self, body: Body) -> Body:
        text = self.model(body)
        prompt = "".join(map(text_of, body["messages"]))
        kept = _kept(body)
        is_hit = kept in self._seen
        self._seen.add(kept)
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_767_680_000,
            "model": body["model"],
            "service_tier": body.get("service_tier", "default"),
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text, "refusal": None},
                    "finish_reason": "stop",
                    "logprobs": None,
                }
            ],
            "usage": {
                "prompt_tokens": len(prompt) // 4,
                "completion_tokens": len(text) // 4,
                "total_tokens": (len(prompt) + len(text)) // 4,
                "prompt_tokens_details": {
                    "cached_tokens": len(kept) // 4 if is_hit else 0,
                    "cache_write_tokens": 0 if is_hit or "prompt_cache_options" not in body else len(kept) // 4,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
        }


@contextmanager
def openai_server(
    *script: Fault, always: Iterable[Fault] = (), model: Model = sensible_model
) -> Iterator[OpenAIServer]:
    """The server, running; its `url` is what OPENAI_BASE_URL would be."""
    server = OpenAIServer(script, always, model)
    http = _HTTP(("127.0.0.1", 0), _handler(server))
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()
        thread.join()


class _HTTP(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that no longer waits for a slow answer is no error here."""


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/v1/chat/completions":
                self.send_error(404)
                return
            reply = server.answer(body, self.headers["Authorization"])
            if reply.is_slow:
                server.released.wait(10)
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            raw = (reply.raw if reply.raw is not None else json.dumps(reply.payload)).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            for _ in range(40 if reply.is_dripping else 0):
                if not server.released.wait(0.05):
                    self.wfile.write(b" ")
            self.wfile.write(raw[: len(raw) // 2] if reply.is_cut else raw)
            self.close_connection = self.close_connection or reply.is_cut

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read `requests`."""

    return Handler
