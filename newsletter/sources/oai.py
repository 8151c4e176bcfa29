"""arXiv's records over HTTP, by OAI-PMH: what was announced on days that nobody collected.

With the manners of `arxiv.py`: one request at a time, three seconds apart, tried again only where it does no harm. Each
page names the next one; time and pages are bounded. What a page says is `oai_records.py`'s business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date

import httpx2
import stamina

from newsletter.errors import SourceBusy, SourceError
from newsletter.model import PaperRecord
from newsletter.sources.arxiv import MAX_BODY_S, PAUSE_S, UNREACHABLE, wait_before_retry
from newsletter.sources.feed import check_category
from newsletter.sources.fetching import fetcher, reach, transport
from newsletter.sources.markup import MAX_BODY_BYTES, refuse_busy
from newsletter.sources.oai_records import RecordPage, read_page

BASE_URL = "https://oaipmh.arxiv.org/oai"
ATTEMPTS = 3  # of each page
MAX_PAGES = 60  # of 3,500 records: more than a year of the largest category

_SILENCE_S = 60.0  # a full page is made while one waits
_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})  # all other archives are of physics


def open_oai(
    *,
    contact: str,
    patience_s: float,
    base_url: str = BASE_URL,
    reserve: Callable[[float], float] = lambda pause_s: 0.0,
) -> OaiHarvester:
    """Opens arXiv's records. `contact` is the operator's mail address, with or without a name; arXiv can read it.

    After `patience_s` seconds in all nothing more is asked. `reserve` as in ArxivSource.
    """
    client = transport.open_client(
        user_agent=fetcher.user_agent(contact),
        reach=reach.operators(base_url),
        accept="text/xml",
        max_bytes=2 * MAX_BODY_BYTES,  # the harvester's own bound speaks first, and in its own words
        read_s=_SILENCE_S,
        whole_s=_SILENCE_S + MAX_BODY_S,
        connections=1,
    )
    return OaiHarvester(client, base_url=base_url, patience_s=patience_s, reserve=reserve)


class OaiHarvester:
    """A Harvester that asks arXiv. `sleep` keeps requests apart; longer waits before another attempt are stamina's."""

    def __init__(
        self,
        client: httpx2.Client,
        *,
        base_url: str = BASE_URL,
        patience_s: float,
        pause_s: float = PAUSE_S,
        reserve: Callable[[float], float] = lambda pause_s: 0.0,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._pause_s = pause_s
        self._reserve = reserve
        self._sleep = sleep
        self._monotonic = monotonic
        self._next_at = -math.inf  # no request before this
        self._patience_s = patience_s
        self._ends_at = math.inf
        self._unreachable = ""  # why: what keeps one category from the server keeps all

    def harvest(self, category: str, *, since: date) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
        check_category(category)
        if self._unreachable:
            raise SourceError(
                category,
                f"The server of records could not be reached ({self._unreachable}), so {category} was not asked for;"
                " check the network, and run again later.",
            )
        if self._ends_at == math.inf:
            self._ends_at = self._monotonic() + self._patience_s
        records: dict[str, PaperRecord] = {}  # a page may begin with the end of the one before it
        problems: dict[str, None] = {}
        query = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": set_of(category), "from": f"{since}"}
        asked: set[str] = set()
        for _ in range(MAX_PAGES):
            page = self._page(query, category)
            records |= {record.paper.arxiv_id: record for record in page.records}
            problems |= dict.fromkeys(page.problems)
            if not page.token:
                return tuple(records.values()), tuple(problems)
            if page.token in asked:
                raise SourceError(category, f"The pages of the records of {category} go in a circle; run again later.")
            asked.add(page.token)
            query = {"verb": "ListRecords", "resumptionToken": page.token}
        raise SourceError(
            category, f"The records of {category} have more than {MAX_PAGES} pages; back-fill fewer days at a time."
        )

    def _page(self, query: dict[str, str], category: str) -> RecordPage:
        retrying = stamina.RetryingCaller(
            attempts=ATTEMPTS,
            timeout=max(1.0, self._ends_at - self._monotonic()),
            wait_initial=10.0,
            wait_max=60.0,
            wait_jitter=3.0,
        )
        try:
            return read_page(retrying(_wait, self._get, query, category), category)
        except (httpx2.HTTPError, SourceBusy) as error:
            if isinstance(error, UNREACHABLE):
                self._unreachable = str(error) or type(error).__name__
            raise SourceError(category, self._explain(category, error)) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise SourceError(
                category, f"{self._base_url} is no address of records ({error}); correct NEWSLETTER_OAI_URL."
            ) from error

    def _get(self, query: dict[str, str], category: str) -> bytes:
        if self._monotonic() > self._ends_at:
            raise SourceError(
                category,
                f"The records of {category} were not all fetched within {self._patience_s / 60:.0f} minutes; run again"
                " later, with fewer days.",
            )
        if (pause_s := self._next_at - self._monotonic()) > 0:
            self._sleep(pause_s)
        if (turn_s := self._reserve(self._pause_s)) > 0:
            self._sleep(turn_s)
        try:
            with self._client.stream("GET", self._base_url, params=query) as response:
                response.raise_for_status()
                body = self._read(response, category)
                refuse_busy_answer(body, category, response)
                return body
        finally:
            self._next_at = self._monotonic() + self._pause_s

    def _read(self, response: httpx2.Response, category: str) -> bytes:
        body, ends_at = bytearray(), self._monotonic() + MAX_BODY_S
        for part in response.iter_bytes():
            body += part
            if len(body) > MAX_BODY_BYTES:
                break  # said by read_page, with the other bounds
            if self._monotonic() > ends_at:
                raise httpx2.ReadTimeout(f"it took more than {MAX_BODY_S:.0f} seconds", request=response.request)
        return bytes(body)

    def _explain(self, category: str, error: httpx2.HTTPError | SourceBusy) -> str:
        if isinstance(error, SourceBusy):
            return str(error)
        if not isinstance(error, httpx2.HTTPStatusError):
            why = str(error) or type(error).__name__
            return f"The records of {category} could not be fetched ({why}); check the network, and run again later."
        status = error.response.status_code
        if status == httpx2.codes.TOO_MANY_REQUESTS or httpx2.codes.is_server_error(status):
            wait_s = fetcher.retry_after_s(error.response)
            later = f"after {math.ceil(wait_s / 60)} minutes" if wait_s else "later"
            return f"arXiv answered {status} for the records of {category} each time it was asked; run again {later}."
        return (
            f"arXiv answered {status} for the records of {category}, which asking again will not change; check"
            f" NEWSLETTER_OAI_URL ({self._base_url})."
        )


def _wait(error: Exception) -> bool | float:
    """As `wait_before_retry`, but a server that cannot be reached is left for another time: these days can wait."""
    return False if isinstance(error, UNREACHABLE) else wait_before_retry(error)


def refuse_busy_answer(body: bytes, category: str, response: httpx2.Response) -> None:
    """Raises SourceBusy if this is a sentence or a page that says the server is busy, in place of XML."""
    if not body.lstrip().startswith(b"<?xml"):
        refuse_busy(body, category, retry_after_s=fetcher.retry_after_s(response))


def set_of(category: str) -> str:
    """Gives the name of a category's set: group, archive and class (cs:cs:LG, physics:astro-ph:CO, physics:hep-th)."""
    archive = category.partition(".")[0]
    return f"{archive if archive in _GROUPS else 'physics'}:{category.replace('.', ':')}"
