"""arXiv's daily feeds over HTTP, with the manners arXiv asks for (https://info.arxiv.org/help/api/tou.html).

One request at a time, at least three seconds apart, from a User-Agent that says whom to write to. A server that
cannot be reached is given up for all categories at once. What is tried again is `trouble.py`'s business, and what a
feed means that of `feed.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date, datetime
from itertools import count

import httpx2
import stamina

from newsletter.errors import SourceBusy, SourceError
from newsletter.model import Feed
from newsletter.papers import arxiv_day
from newsletter.sources.feed import check_category, parse_feed
from newsletter.sources.fetching import fetcher, kept_answers, reach, transport
from newsletter.sources.markup import MAX_BODY_BYTES, refuse_busy
from newsletter.sources.trouble import UNREACHABLE, asked_for, asked_for_long, describe, read_body, wait_before_retry
from newsletter.sources.turns import Turns, asked_to_wait

BASE_URL = "https://rss.arxiv.org/atom"
ATTEMPTS = 4  # with waits of about 20, 40 and 80 seconds between them
REACH_ATTEMPTS = 3  # to resolve the server's name and connect, REACH_WAIT_S apart, begun within REACH_WITHIN_S
REACH_WAIT_S = 3.0
REACH_WITHIN_S = 12.0
UNREACHABLE_S = 60.0  # so long nobody tries to reach it again: what keeps one feed from it keeps all
PATIENCE_S = 900.0  # lost on failing feeds in one run; after that each further feed gets one attempt


def open_arxiv(
    *,
    contact: str,
    base_url: str = BASE_URL,
    turns: Turns | None = None,
    kept: kept_answers.KeptAnswers | None = None,
) -> ArxivSource:
    """Opens the live source. `contact` is the operator's mail address, with or without a name; arXiv can read it.

    `turns` are arXiv's, as in ArxivSource; `kept` has what it need not send again.
    """
    client = transport.open_client(
        user_agent=fetcher.user_agent(contact),
        reach=reach.operators(base_url),
        accept="application/atom+xml",
        max_bytes=2 * MAX_BODY_BYTES,  # the parser's own bound speaks first, and in its own words
        kept=kept,
    )
    return ArxivSource(client, base_url=base_url, turns=turns)


class ArxivSource:
    """A Source that asks arXiv in its `turns`, by default those of this process alone.

    The longer waits before another attempt are stamina's: tests switch them off with `stamina.set_testing`.
    """

    def __init__(
        self,
        client: httpx2.Client,
        *,
        base_url: str = BASE_URL,
        turns: Turns | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._turns = turns or Turns()
        self._base_url = base_url.rstrip("/")
        self._monotonic = monotonic
        self._closed_until = -math.inf  # arXiv asked to stay away
        self._unreachable_until = -math.inf
        self._unreachable_why = ""
        self._patience_s = PATIENCE_S

    def day(self, now: datetime) -> date:
        return arxiv_day(now)

    def fetch(self, category: str) -> Feed:
        check_category(category)  # before it becomes part of an address
        if (rest_s := self._closed_until - self._monotonic()) > 0:
            raise asked_to_wait(category, rest_s)
        if self._monotonic() < self._unreachable_until:
            raise SourceError(category, _unreachable(category, self._unreachable_why))
        started = self._monotonic()
        try:
            return parse_feed(self._get_patiently(category), category)
        except (httpx2.HTTPError, SourceBusy) as error:
            self._patience_s -= self._monotonic() - started
            wait_s = asked_for_long(error)
            self._closed_until = self._monotonic() + wait_s
            if isinstance(error, UNREACHABLE):
                self._unreachable_until = self._monotonic() + UNREACHABLE_S
                self._unreachable_why = describe(error)
            if wait_s:
                raise asked_to_wait(category, wait_s) from error
            raise SourceError(category, self._explain(category, error)) from error
        except (httpx2.InvalidURL, UnicodeError) as error:  # the latter: an empty or overlong part of the host's name
            raise SourceError(
                category,
                f"{self._base_url} is not an address feeds can be fetched from ({error}); correct NEWSLETTER_FEED_URL.",
            ) from error

    def _get_patiently(self, category: str) -> bytes:
        attempts = ATTEMPTS if self._patience_s > 0 else 1
        retrying = stamina.RetryingCaller(
            attempts=attempts, timeout=PATIENCE_S, wait_initial=20.0, wait_max=120.0, wait_jitter=5.0
        )
        started, unreached = self._monotonic(), count(1)

        def wait(error: Exception) -> bool | float:
            if wait_s := asked_for(error):
                self._turns.hold(wait_s)
            if not isinstance(error, UNREACHABLE):
                return wait_before_retry(error)
            is_early = self._monotonic() - started < REACH_WITHIN_S
            return REACH_WAIT_S if next(unreached) < REACH_ATTEMPTS and is_early else False

        return retrying(wait, self._get, category)

    def _get(self, category: str) -> bytes:
        with self._turns.take(category), self._client.stream("GET", f"{self._base_url}/{category}") as response:
            if response.status_code == httpx2.codes.BAD_REQUEST:
                _refuse_unknown(read_body(response, self._monotonic), category)
            response.raise_for_status()
            body = read_body(response, self._monotonic)
            refuse_busy(body, category, retry_after_s=fetcher.retry_after_s(response))
            return body

    def _explain(self, category: str, error: httpx2.HTTPError | SourceBusy) -> str:
        if isinstance(error, SourceBusy):
            return str(error)
        if not isinstance(error, httpx2.HTTPStatusError):
            why = describe(error)
            return f"The feed of {category} could not be fetched ({why}); check the network, and run again later."
        status = error.response.status_code
        if fetcher.is_temporary(error.response):
            return f"The feed server answered {status} for {category} each time it was asked; run again later."
        return (
            f"The feed server answered {status} for {category}, which asking again will not change; check"
            f" NEWSLETTER_FEED_URL ({self._base_url}) and the category's name."
        )


def _refuse_unknown(body: bytes, category: str) -> None:
    """Raises SourceError for an unknown category, to which arXiv answers 400 and a feed that says so; else nothing."""
    try:
        parse_feed(body, category)
    except SourceError as error:
        if error.is_config:
            raise


def _unreachable(category: str, why: str) -> str:
    return (
        f"The feed server could not be reached ({why}), so {category} was not asked for; check the network, and run"
        " again later."
    )
