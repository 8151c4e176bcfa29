"""Asks a server of arXiv's records over HTTP, page by page.

One request at a time, three seconds apart, tried again as `trouble.py` says; sizes and time are bounded. What is
asked and what a page says is for `oai.py` and `api.py` to know.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx2
import stamina

from newsletter.errors import SourceBusy, SourceError
from newsletter.sources.fetching import fetcher, reach, transport
from newsletter.sources.markup import MAX_BODY_BYTES, refuse_busy
from newsletter.sources.trouble import MAX_BODY_S, UNREACHABLE, asked_for, describe, read_body, wait_before_retry
from newsletter.sources.turns import Turns

ATTEMPTS = 3  # of each page
MOST_FAILURES = 2  # categories one after another that could not be had: then no other is asked for

_SILENCE_S = 60.0  # a full page is made while one waits

Page = TypeVar("Page")


def open_record_server(
    base_url: str, setting: str, *, contact: str, accept: str, patience_s: float, turns: Turns
) -> RecordServer:
    """Opens that server. `contact` is the operator's mail address, with or without a name; arXiv can read it."""
    client = transport.open_client(
        user_agent=fetcher.user_agent(contact),
        reach=reach.operators(base_url),
        accept=accept,
        max_bytes=2 * MAX_BODY_BYTES,  # the parser's own bound speaks first, and in its own words
        read_s=_SILENCE_S,
        whole_s=_SILENCE_S + MAX_BODY_S,
    )
    return RecordServer(client, base_url, setting, patience_s=patience_s, turns=turns)


class RecordServer:
    """One server of records, at `base_url`; `setting` is the setting of that address, which messages name.

    After `patience_s` seconds in all nothing more is asked. `turns` and longer waits as in ArxivSource.
    """

    def __init__(
        self,
        client: httpx2.Client,
        base_url: str,
        setting: str,
        *,
        patience_s: float,
        turns: Turns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._setting = setting
        self._turns = turns
        self._monotonic = monotonic
        self._patience_s = patience_s
        self._ends_at = math.inf
        self._unreachable = ""  # why: what keeps one category from the server keeps all
        self._failures = 0  # one after another, each after ATTEMPTS

    def ask(self, query: Mapping[str, str], category: str) -> bytes:
        """Fetches the body of one answer. Raises SourceError in words of `category` for everything that prevents it."""
        return self.ask_for(query, category, bytes)

    def ask_for(self, query: Mapping[str, str], category: str, read: Callable[[bytes], Page]) -> Page:
        """Does as `ask`, and gives what `read` makes of the body; asks again where that raises SourceBusy."""
        if self._unreachable:
            raise SourceError(
                category,
                f"The server of records gives none ({self._unreachable}), so {category} was not asked for; check the"
                f" network and {self._setting} ({self._base_url}), and run again later.",
            )
        if self._ends_at == math.inf:
            self._ends_at = self._monotonic() + self._patience_s
        retrying = stamina.RetryingCaller(
            attempts=ATTEMPTS,
            timeout=max(1.0, self._ends_at - self._monotonic()),
            wait_initial=10.0,
            wait_max=60.0,
            wait_jitter=3.0,
        )
        try:
            answer = retrying(self._wait, lambda: read(self._get(query, category)))
            self._failures = 0
            return answer
        except (httpx2.HTTPError, SourceBusy) as error:
            self._failures += 1
            if isinstance(error, UNREACHABLE) or self._failures >= MOST_FAILURES:
                self._unreachable = describe(error)
            raise SourceError(category, self._explain(category, error)) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise SourceError(
                category, f"{self._base_url} is no address of records ({error}); correct {self._setting}."
            ) from error

    def _wait(self, error: Exception) -> bool | float:
        """As `wait_before_retry`, but a server that cannot be reached is left for another time: these days can wait."""
        if wait_s := asked_for(error):
            self._turns.hold(wait_s)
        return False if isinstance(error, UNREACHABLE) else wait_before_retry(error)

    def _get(self, query: Mapping[str, str], category: str) -> bytes:
        if self._monotonic() > self._ends_at:
            raise SourceError(
                category,
                f"The records of {category} were not all fetched within {self._patience_s / 60:.0f} minutes; run again"
                " later, with fewer days.",
            )
        with (
            self._turns.take(category),
            self._client.stream("GET", self._base_url, params=dict(query)) as response,
        ):
            response.raise_for_status()
            body = read_body(response, self._monotonic)
            refuse_busy_answer(body, category, response)
            return body

    def _explain(self, category: str, error: httpx2.HTTPError | SourceBusy) -> str:
        if isinstance(error, SourceBusy):
            return str(error)
        if not isinstance(error, httpx2.HTTPStatusError):
            why = describe(error)
            return f"The records of {category} could not be fetched ({why}); check the network, and run again later."
        status = error.response.status_code
        if fetcher.is_temporary(error.response):
            wait_s = fetcher.retry_after_s(error.response)
            later = f"after {math.ceil(wait_s / 60)} minutes" if wait_s else "later"
            return f"arXiv answered {status} for the records of {category} each time it was asked; run again {later}."
        return (
            f"arXiv answered {status} for the records of {category}, which asking again will not change; check"
            f" {self._setting} ({self._base_url})."
        )


def refuse_busy_answer(body: bytes, category: str, response: httpx2.Response) -> None:
    """Raises SourceBusy if this is a sentence or a page that says the server is busy, in place of XML."""
    if not body.lstrip().startswith(b"<?xml"):
        refuse_busy(body, category, retry_after_s=fetcher.retry_after_s(response))
