"""Reads why a request failed, however a server words it; one class for each way in which callers go on.

`read_error_report` finds a server's words wherever it wrote them: in an error's body, or inside an answer of status 200
as OpenRouter, MiniMax and others do. What follows from them is chat_api.py's business. Facts: OpenAI's and Google's API
references, OpenRouter's page on errors, and public bug reports of others, read November 2026.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_TEXT_CHARS = 4_000  # of a body in which names of parameters are looked for
_MESSAGE_NAMES = ("message", "msg", "detail", "error_msg", "status_msg", "error_description", "error")
_NUMBERS = ("code", "status", "status_code", "error_code")
# Where an error has no number of HTTP: a word of it, and the status that says the same.
_WORDS = (
    (r"invalid.?api.?key|authenticat|unauthor|login fail", 401),
    (r"insufficient.?(?:quota|balance|credit|fund)|billing|payment", 402),
    (r"permission.?denied|forbidden", 403),
    (r"model.?not.?found|not_found", 404),
    (r"rate.?limit|too.?many.?requests|resource.?exhausted|throttl", 429),
    (r"invalid.?(?:request|argument)|bad.?request|unsupported|not support|context.?(?:length|window|size)", 400),
)
_WAIT_IN_TEXT = re.compile(
    r'"retry[_-]?(?:delay|after)(?:[_-]?(?P<ms>ms)|[_-]?s(?:econds)?)?"\s*:\s*"?(?P<named>\d+(?:\.\d+)?)'
    r"|(?:retry|try again|wait)\D{0,25}?(?P<worded>\d+(?:\.\d+)?)\s*(?P<unit>ms|milliseconds?|s\b|sec|m\b|min)",
    re.IGNORECASE,
)
_UNITS = {"ms": 0.001, "mi": 60.0, "m": 60.0}


class CallFailed(Exception):
    """A request without an answer. `outcome` is a word or two for the log, the text a plain reason without secrets.

    `remedy` is what the operator can do if it lasts; empty: nothing but look at the calls, or take another model.
    `is_billed`: the server may have worked for it. `is_worth_another_try`: for the same papers, later on.
    """

    def __init__(
        self,
        outcome: str,
        reason: str,
        *,
        remedy: str = "",
        is_billed: bool = False,
        is_worth_another_try: bool = False,
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.remedy = remedy
        self.is_billed = is_billed
        self.is_worth_another_try = is_worth_another_try


class CallStopped(CallFailed):
    """No other request will fare better; the text ends with the remedy."""


class CallChanged(CallFailed):
    """Send it again at once: the next request leaves out what the server refused."""


class NoCapacity(CallFailed):
    """The flex tier has no room now; the standard tier has."""


class CallInterrupted(CallFailed):
    """Send it again after a while: `after_s`, or whatever is usual. `is_unreachable`: nothing was ever sent."""

    def __init__(
        self,
        outcome: str,
        reason: str,
        *,
        remedy: str = "",
        is_billed: bool = False,
        after_s: float | None = None,
        is_unreachable: bool = False,
    ) -> None:
        super().__init__(outcome, reason, remedy=remedy, is_billed=is_billed)
        self.after_s = after_s
        self.is_unreachable = is_unreachable


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error in the server's words. `status` is that of HTTP, or what stands for it in an answer of status 200."""

    status: int
    codes: frozenset[str]
    param: str
    message: str
    text: str  # the whole, in small letters
    after_s: float | None  # how long to wait, by header or text


def read_error_report(status: int, text: str, headers: Mapping[str, str]) -> ErrorReport:
    """Reads the error in the body of an answer whose status says that it is one."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    error = _find_error_object(body) or {"message": body if isinstance(body, str) else text}
    return _build_report(status, error, text, headers)


def find_error_report(body: object) -> ErrorReport | None:
    """Finds the error inside an answer of status 200; None if it is an answer."""
    error = _find_error_object(body)
    if not error:
        return None
    text = json.dumps(body)[:_TEXT_CHARS]
    return _build_report(_status_of(error, text), error, text, {})


def _build_report(status: int, error: Mapping[str, object], text: str, headers: Mapping[str, str]) -> ErrorReport:
    codes = frozenset(str(error[name]) for name in ("code", "type", "status") if error.get(name) is not None)
    wait_s = _wait_in_headers(headers)
    return ErrorReport(
        status=status,
        codes=codes,
        param=str(error.get("param") or ""),
        message=_find_message(error) or text,
        text=text[:_TEXT_CHARS].lower(),
        after_s=_wait_in_text(text[:_TEXT_CHARS]) if wait_s is None else wait_s,
    )


def _find_error_object(body: object) -> dict[str, object]:
    """Finds the object that says what is wrong; empty if nothing is."""
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict):
        return {}
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    for holder in (body, first if isinstance(first, dict) else {}):
        error = holder.get("error")
        if isinstance(error, dict) and error:
            return error
        if isinstance(error, str) and error:
            return {**holder, "message": error}
    minimax = body.get("base_resp")
    if isinstance(minimax, dict) and minimax.get("status_code"):
        return minimax
    return body if not choices and any(body.get(name) for name in _MESSAGE_NAMES) else {}


def _find_message(error: Mapping[str, object]) -> str:
    """Finds the message; with the words of the provider behind it, where these stand apart (OpenRouter)."""
    message = _first_message(error)
    metadata = error.get("metadata")
    raw = _plain(metadata.get("raw")) if isinstance(metadata, dict) else ""
    return f"{message}: {raw}" if message and raw and raw not in message else message or raw


def _first_message(error: Mapping[str, object]) -> str:
    return next((_plain(error[name]) for name in _MESSAGE_NAMES if error.get(name)), "")


def _plain(value: object) -> str:
    """Reads a text, or those in a list (as FastAPI lists several mistakes)."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_plain, value[:3])))
    if isinstance(value, dict):
        place = value.get("loc")
        where = ".".join(map(str, place)) if isinstance(place, list) else ""
        return ": ".join(filter(None, (where, _first_message(value))))
    return value if isinstance(value, str) else ""


def _status_of(error: Mapping[str, object], text: str) -> int:
    """Finds the status an error inside an answer would have had; 502 where it does not say."""
    for name in _NUMBERS:
        value = error.get(name)
        number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) == 3 else value
        if isinstance(number, int) and 400 <= number < 600:
            return number
    return next((status for words, status in _WORDS if re.search(words, text, re.IGNORECASE)), 502)


def _wait_in_headers(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks for. The date form of Retry-After counts as none: model servers do not use it."""
    for header, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait_s = float(headers.get(header, "")) / unit
        except ValueError:
            continue
        if math.isfinite(wait_s) and wait_s >= 0:
            return wait_s
    return None


def _wait_in_text(text: str) -> float | None:
    """Reads Google's retryDelay, a field like Retry-After, or "try again in 2.5s"."""
    if not (match := _WAIT_IN_TEXT.search(text)):
        return None
    if match["named"]:
        return float(match["named"]) * (0.001 if match["ms"] else 1.0)
    unit = match["unit"].lower()
    return float(match["worded"]) * (_UNITS.get(unit) or _UNITS.get(unit[:2], 1.0))
