"""OpenReview over HTTP: the papers that a journal or a conference accepted, by its API (https://api2.openreview.net).

Since 2026 the API lists papers only for who is logged in; to others it answers that a person at a browser is wanted.
So an account of the operator's logs in (`POST /login`), and without one the API is asked as anybody. What it says is
the business of `openreview_notes.py`; how many papers of a day are new, of `papers/newness.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

from newsletter.errors import SourceError
from newsletter.model import Feed
from newsletter.papers import arxiv_day, categories
from newsletter.sources.left_out import name_left_out, require_some
from newsletter.sources.openreview_notes import (
    COPY_NAME,
    CREDENTIALS,
    AcceptedPaper,
    NotesPage,
    in_order,
    read_answer,
    read_notes,
)
from newsletter.sources.polite import PoliteGetter

API_URL = "https://api2.openreview.net"
WINDOW = timedelta(days=60)  # in 43 weekdays a conference's 8,600 papers come, in portions of newness.MOST_NEW
FIRST_PAGE, PAGE = 100, 1000  # a journal has its newest on the first; the API gives no more than 1,000
MOST_PAGES = 12
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Account:
    """An account at OpenReview, by which the API knows who asks."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Account(…)"  # neither belongs into a log


class OpenReviewSource:
    """A source of `openreview:` categories: what a venue accepted in the last 60 days, whether it is new or not."""

    def __init__(
        self,
        getter: PoliteGetter,
        now: Callable[[], datetime],
        *,
        account: Account | None = None,
        api_url: str = API_URL,
    ) -> None:
        self._getter = getter
        self._now = now
        self._account = account
        self._api_url = api_url.rstrip("/")
        self._token = ""
        self._login_refusal = ""

    def fetch(self, category: str) -> Feed:
        """Fetches what a venue accepted lately, in the order of `in_order`.

        Raises SourceError if not all of it can be had, and for a venue that OpenReview does not know.
        """
        on = arxiv_day(self._now())
        since = on - WINDOW
        found: list[AcceptedPaper] = []
        problems: list[str] = []
        warnings: list[str] = []
        read = 0
        for number in range(MOST_PAGES):
            limit = PAGE if number else FIRST_PAGE
            page = self._page(category, read, limit)
            found += page.papers
            problems += page.problems
            read += page.notes
            if _is_last(page, read, limit, since=since):
                break
            if not page.notes:
                raise SourceError(category, f"Of {page.total} papers of {category} {read} came; run again later.")
        else:
            warnings.append(f"{category} accepted more papers than are read; of its latest {read} all are there.")
        what = f"papers of {category}"
        require_some(found, problems, what, category, server="OpenReview")
        warnings += name_left_out(problems, what)
        if not read:
            self._require_known(category)
            warnings.append(
                f"{category} has no accepted paper yet; if there are some at OpenReview, compare its name with the"
                " address of their page."
            )
        return Feed(category, on, in_order(each for each in found if each.accepted_on >= since), tuple(warnings))

    def _page(self, category: str, offset: int, limit: int) -> NotesPage:
        venue = quote(categories.within_source(category), safe="/")
        asked = f"{self._api_url}/notes?content.venueid={venue}&sort=pdate:desc&limit={limit}&offset={offset}"
        return read_notes(self._get(asked, category), category)

    def _require_known(self, category: str) -> None:
        """Raises SourceError for a venue that does not exist: to the API it is one without papers."""
        venue = quote(categories.within_source(category), safe="/")
        groups = read_answer(self._get(f"{self._api_url}/groups?id={venue}", category), category).get("groups")
        if not groups:
            raise SourceError(
                category,
                f"OpenReview knows no venue {categories.within_source(category)}; {COPY_NAME}.",
                is_config=True,
            )

    def _get(self, url: str, category: str) -> bytes:
        if self._account and not self._token:
            self._token = self._log_in_once(self._account, category)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else None
        try:
            return self._getter.get(url, category, accept=_JSON, headers=headers)
        except SourceError:
            self._token = ""  # it may have grown too old
            raise

    def _log_in_once(self, account: Account, category: str) -> str:
        """Logs in, but not again after a refusal: no password is tried for one venue after the other."""
        if self._login_refusal:
            raise SourceError(category, self._login_refusal, is_config=True)
        try:
            return self._log_in(account, category)
        except SourceError as error:
            if error.is_config:
                self._login_refusal = str(error)
            raise

    def _log_in(self, account: Account, category: str) -> str:
        body = json.dumps({"id": account.username, "password": account.password}).encode()
        answer = read_answer(self._getter.post(f"{self._api_url}/login", category, body, content_type=_JSON), category)
        token = answer.get("token")
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token):
            raise SourceError(
                category,
                f"OpenReview wants more than a password of this account, which a program cannot give; set {CREDENTIALS}"
                " to an account without a second factor.",
                is_config=True,
            )
        return token


def _is_last(page: NotesPage, read: int, limit: int, *, since: date) -> bool:
    """Whether no later page has papers of the time that is wanted: they come newest first."""
    is_older = bool(page.papers) and page.papers[-1].accepted_on < since
    return is_older or (page.notes < limit if page.total is None else read >= page.total)
