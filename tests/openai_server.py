"""A server on this machine that answers /v1/chat/completions as the API does, and fails as a test tells it to.

With `batches`, it also takes /v1/files and /v1/batches; a test says when a batch gets on (`BatchApi`).

It reads the papers out of the prompt it gets, as a model would, and grades them by `model`. Faults are functions of a
`Reply`; a script gives one to each request in turn, after which everything works. Real HTTP, no sleeping: a slow
answer waits until the server closes.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Any

from tests.http_server import Handler, serving

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
    """Grades by the id, and answers exactly as asked."""
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


def for_more_than(most: int, fault: Fault) -> Fault:
    """The fault, for requests that ask about more papers."""

    def maybe(reply: Reply) -> None:
        if len(papers_in(reply.request)) > most:
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


def _cached_beginning(body: Body) -> str:
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

    def __init__(self, script: Iterable[Fault], always: Iterable[Fault], model: Model, *, batches: bool) -> None:
        self.batches = BatchApi(self) if batches else None
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
            reply = Reply(body, self.complete(body))
        for each in (*self._always, fault):
            each(reply)
        return reply

    def complete(self, body: Body) -> Body:
        text = self.model(body)
        prompt = "".join(map(text_of, body["messages"]))
        cached = _cached_beginning(body)
        is_hit = cached in self._seen
        self._seen.add(cached)
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
                    "cached_tokens": len(cached) // 4 if is_hit else 0,
                    "cache_write_tokens": 0 if is_hit or "prompt_cache_options" not in body else len(cached) // 4,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
        }


class BatchApi:
    """Files and batches. A new batch stays in "validating" until a test calls `validate`, `finish`, `expire`, …

    `refuse` maps an operation ("files.create") to the status, code and message it answers with; after those in
    `lose` the connection breaks, though they were done. `spoil` makes faults of single answers by the arXiv ids they
    are about, `tamper` changes the lines of the output file. `operations` is what was asked for, in order.
    """

    def __init__(self, server: OpenAIServer) -> None:
        self._server = server
        self.files: dict[str, str] = {}
        self.batches: dict[str, Body] = {}
        self.operations: list[str] = []
        self.refuse: dict[str, tuple[int, str | None, str]] = {}
        self.lose: set[str] = set()
        self.spoil: Fault = fine
        self.tamper: Callable[[list[str]], list[str]] = list
        self.on: Callable[[str], None] = lambda operation: None  # called before each operation
        self._lock = threading.Lock()

    # -- what a test does

    def requests(self, number: int = -1) -> list[Body]:
        """The lines of a batch's input, parsed."""
        batch = list(self.batches.values())[number]
        return [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]

    def asked(self, number: int = -1) -> list[list[str]]:
        """The arXiv ids of each request of a batch."""
        return [[arxiv_id(label) for label in papers_in(line["body"])] for line in self.requests(number)]

    def status(self) -> list[str]:
        return [batch["status"] for batch in self.batches.values()]

    def validate(self) -> None:
        """Each new batch is looked over, as the API does it."""
        for batch in self.batches.values():
            if batch["status"] == "validating":
                problem = self._problem(batch)
                batch["status"] = "failed" if problem else "in_progress"
                batch["errors"] = {"object": "list", "data": [problem]} if problem else None

    def finish(self) -> None:
        self.end("completed", None)

    def fail(self, message: str) -> None:
        """Each new batch does not pass, for a reason that is not in its lines (a limit of the account, say)."""
        for batch in self.batches.values():
            if batch["status"] == "validating":
                batch["status"] = "failed"
                batch["errors"] = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": message}]}

    def expire(self, answered: int) -> None:
        """The window is over, with so many requests answered."""
        self.end("expired", answered)

    def settle_cancelled(self, answered: int) -> None:
        """What was being cancelled is cancelled now."""
        self.end("cancelled", answered, was="cancelling")

    def end(self, status: str, answered: int | None, *, was: str = "in_progress") -> None:
        self.validate()
        for batch in self.batches.values():
            if batch["status"] == was:
                self._answer(batch, answered)
                batch["status"] = status

    def _problem(self, batch: Body) -> Body | None:
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        names = [line["custom_id"] for line in lines]
        if not lines or len(set(names)) < len(names):
            return {"code": "duplicate_custom_id", "message": "The custom_id was used before.", "line": 1}
        if any((line["method"], line["url"]) != ("POST", batch["endpoint"]) for line in lines):
            return {"code": "url_mismatch", "message": "The url does not match.", "line": 1}
        if len({line["body"]["model"] for line in lines}) > 1:
            return {"code": "model_mismatch", "message": "One model for a batch.", "line": 1}
        return None

    def _answer(self, batch: Body, answered: int | None) -> None:
        """Output in another order than asked, as may happen."""
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        output, errors = [], []
        for number, line in enumerate(lines):
            entry = {"id": f"batch_req_{number}", "custom_id": line["custom_id"], "response": None, "error": None}
            if answered is not None and number >= answered:
                entry["error"] = {"code": "batch_expired", "message": "This request could not be executed in time."}
                errors.append(json.dumps(entry))
                continue
            reply = Reply(line["body"], self._server.complete(line["body"]))
            self.spoil(reply)
            entry["response"] = {"status_code": reply.status, "request_id": f"req_{number}", "body": reply.payload}
            (output if reply.status == 200 else errors).append(json.dumps(entry))
        batch["output_file_id"] = self._keep(self.tamper(output[::-1]))
        batch["error_file_id"] = self._keep(errors)
        batch["request_counts"] = {"total": len(lines), "completed": len(output), "failed": len(errors)}

    def _keep(self, lines: list[str]) -> str | None:
        if not lines:
            return None
        file_id = f"file-{len(self.operations)}-{len(self.files)}"
        self.files[file_id] = "\n".join(lines) + "\n"
        return file_id

    # -- what a client asks

    def handle(self, method: str, path: str, content_type: str, raw: bytes) -> Reply:
        path, _, query = path.removeprefix("/v1/").partition("?")
        area, _, rest = path.partition("/")
        name, _, verb = rest.partition("/")
        if area not in ("files", "batches"):
            reply = Reply({}, {})
            error(404, None, "Not found.")(reply)
            return reply
        default_verb = {"GET": "retrieve" if name else "list", "POST": "create", "DELETE": "delete"}[method]
        operation = f"{area}.{verb or default_verb}"
        self.on(operation)
        with self._lock:
            self.operations.append(operation)
            return self._do(operation, name, query, content_type, raw)

    def _do(self, operation: str, name: str, query: str, content_type: str, raw: bytes) -> Reply:
        reply = Reply({}, {})
        if operation in self.refuse:
            status, code, message = self.refuse[operation]
            error(status, code, message)(reply)
            return reply
        match operation:
            case "files.create":
                reply.payload = self._upload(content_type, raw)
            case "batches.create":
                reply.payload = self._create(json.loads(raw))
            case "batches.list":
                reply.payload = self._list(query)
            case "files.content" if name in self.files:
                reply.raw = self.files[name]
            case "files.delete" if name in self.files:
                del self.files[name]
                reply.payload = {"id": name, "object": "file", "deleted": True}
            case "batches.retrieve" if name in self.batches:
                reply.payload = self.batches[name]
            case "batches.cancel" if name in self.batches:
                self._cancel(self.batches[name], reply)
            case _:
                error(404, None, f"No such thing: {name}")(reply)
        reply.is_cut = operation in self.lose
        return reply

    def _upload(self, content_type: str, raw: bytes) -> Body:
        form = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw, policy=default)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        assert parts["purpose"].get_payload(decode=True) == b"batch"
        file_id = self._keep(parts["file"].get_payload(decode=True).decode().splitlines())
        return {"id": file_id, "object": "file", "purpose": "batch", "filename": parts["file"].get_filename()}

    def _create(self, body: Body) -> Body:
        assert body["completion_window"] == "24h"
        batch_id = f"batch_{len(self.batches) + 1}"
        empty = {"output_file_id": None, "error_file_id": None, "errors": None}
        created = {"created_at": 1_767_680_000 + len(self.batches), "request_counts": None}
        self.batches[batch_id] = {"id": batch_id, "object": "batch", "status": "validating", **body, **empty, **created}
        return self.batches[batch_id]

    def _list(self, query: str) -> Body:
        """Newest first, one on a page."""
        found = list(self.batches.values())[::-1]
        after = re.search(r"after=(\w+)", query)
        if after:
            found = found[[batch["id"] for batch in found].index(after[1]) + 1 :]
        return {"object": "list", "data": found[:1], "has_more": len(found) > 1}

    def _cancel(self, batch: Body, reply: Reply) -> None:
        if batch["status"] not in ("validating", "in_progress", "finalizing", "cancelling"):
            error(409, None, f"Cannot cancel a batch with status '{batch['status']}'.")(reply)
            return
        batch["status"] = "cancelling"
        reply.payload = batch


@contextmanager
def openai_server(
    *script: Fault, always: Iterable[Fault] = (), model: Model = sensible_model, batches: bool = False
) -> Iterator[OpenAIServer]:
    """The server, running; its `url` is what OPENAI_BASE_URL would be."""
    server = OpenAIServer(script, always, model, batches=batches)
    with serving(_handler(server)) as address:
        server.url = f"{address}/v1"
        try:
            yield server
        finally:
            server.released.set()


def _handler(server: OpenAIServer) -> type[Handler]:
    class OpenAIHandler(Handler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.body()
            if self.path != "/v1/chat/completions":
                self._manage("POST", raw)
                return
            reply = server.answer(json.loads(raw), self.headers["Authorization"])
            if reply.is_slow:
                server.released.wait(10)
            self._send(reply)

        def do_GET(self) -> None:
            self._manage("GET", b"")

        def do_DELETE(self) -> None:
            self._manage("DELETE", b"")

        def _manage(self, method: str, raw: bytes) -> None:
            if server.batches is None:
                self.send_error(404)
                return
            self._send(server.batches.handle(method, self.path, self.headers.get("Content-Type", ""), raw))

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

    return OpenAIHandler
