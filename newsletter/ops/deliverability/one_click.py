"""Checks that one click unsubscribes (RFC 8058): the link of our mails answers GET and POST. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from newsletter.ops.deliverability.findings import Finding, Setup, advice, bad, good


def check_one_click(setup: Setup, client: httpx2.Client) -> Iterator[Finding]:
    """Checks a link of the web part. It belongs to nobody, so that nothing changes. `client` follows no redirect."""
    subject = "unsubscribe link"
    if not setup.base_url:
        yield advice(
            subject, "mails have none, only an address; set NEWSLETTER_BASE_URL, Gmail and Yahoo ask for one click"
        )
        return
    if not setup.has_keys:
        yield bad(
            subject, "mails have none without a key; set NEWSLETTER_SECRET_KEYS ('config --new-secret' makes one)"
        )
    if not setup.base_url.startswith("https://"):
        yield bad(
            subject, "is not https, so mails have no one-click button; set NEWSLETTER_BASE_URL to an https address"
        )
    url = f"{setup.base_url}/u/x"
    try:
        shown = client.get(url)
        pressed = client.post(url, data={"List-Unsubscribe": "One-Click"})
    except httpx2.HTTPError as error:
        yield bad(subject, f"{url} cannot be reached ({error or type(error).__name__}); is 'newsletter serve' running?")
        return
    problems = [
        bad(subject, f"{what} {url} answers {answer.status_code}{_to(answer)}; {remedy}")
        for what, answer, remedy in (
            ("GET", shown, "it must be 200 with a page: lead this address to 'newsletter serve'"),
            (
                "one click (POST)",
                pressed,
                "it must be 2xx without a redirect: let POST through, and no login before it",
            ),
        )
        if not answer.is_success
    ]
    yield from problems
    if not problems:
        yield good(subject, f"{url} answers GET and one click")


def _to(answer: httpx2.Response) -> str:
    return f" and redirects to {answer.headers.get('location', 'nowhere')[:100]}" if answer.is_redirect else ""
