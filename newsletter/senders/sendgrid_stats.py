"""Asks SendGrid how many digests it took: the statistics of the category that each of them has.

One request of `GET /v3/categories/stats` (twilio/sendgrid-oai, tsg_stats_v3.json); a key that may only send mail is
answered with 403. What follows from it is services/lost_memory.py's business.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx2

DIGESTS = "digest"  # the category of every digest (sendgrid.py)


class StatsError(Exception):
    """SendGrid did not say. `is_passing`: it may say another time."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


def count_digests(api_key: str, *, url: str, timeout_s: float, since: date, client: httpx2.Client) -> int:
    """Counts the digests that SendGrid was asked to send on that day and later, whatever became of them.

    Raises StatsError. Changes nothing; may be repeated. `timeout_s` is for each piece of the answer.
    """
    asked = {"start_date": since.isoformat(), "categories": DIGESTS, "aggregated_by": "month"}
    headers = {"Authorization": f"Bearer {api_key}"}
    try:
        answer = client.get(
            f"{url.rstrip('/')}/v3/categories/stats",
            params=asked,
            headers=headers,
            timeout=timeout_s,
            follow_redirects=False,  # the key would go along
        )
    except httpx2.HTTPError as error:
        raise StatsError(f"no connection ({type(error).__name__})", is_passing=True) from error
    if answer.status_code != httpx2.codes.OK:
        status = answer.status_code
        is_passing = status == httpx2.codes.TOO_MANY_REQUESTS or status >= httpx2.codes.INTERNAL_SERVER_ERROR
        raise StatsError(f"HTTP {status}", is_passing=is_passing)
    try:
        return sum(_requests(day) for day in answer.json())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StatsError("an answer that is not understood", is_passing=False) from error


def _requests(day: dict[str, Any]) -> int:
    return sum(int(each["metrics"]["requests"]) for each in day["stats"] if each.get("name") == DIGESTS)
