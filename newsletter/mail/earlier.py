"""What a mail shows of papers that its reader was sent before: which one a paper follows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.model import SentPaper
from newsletter.texts import Texts, write_day


@dataclass(frozen=True, slots=True)
class FollowedPaper:
    """An earlier paper that one of these follows. `day` is that of its mail."""

    arxiv_id: str
    day: str
    url: str


def followed_view(sent: SentPaper | None, web_url: str, t: Texts) -> FollowedPaper | None:
    """Shows the paper on the web page of its own digest, or at arXiv where there is none.

    `web_url` is that of the present digest's page: the others of a reader lie beside it. Empty: there is no web part.
    """
    if sent is None:
        return None
    url = page_url(web_url, sent.digest_on, sent.number) or f"https://arxiv.org/abs/{sent.arxiv_id}"
    return FollowedPaper(sent.arxiv_id, write_day(sent.digest_on, t.language), url)


def page_url(web_url: str, on: date, number: int) -> str:
    """Gives the place of a paper on the page of an earlier digest; empty without a web part."""
    return f"{web_url.rpartition('/')[0]}/{on}#p{number}" if web_url else ""
