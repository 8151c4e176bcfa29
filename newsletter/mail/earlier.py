"""Shows papers that the reader was sent before: the one that a new paper follows, and the week's best. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.formatting import isolate
from newsletter.model import EarlierEntry, PaperId, SentPaper
from newsletter.papers import readable
from newsletter.texts import Texts, write_day


@dataclass(frozen=True, slots=True)
class FollowedPaper:
    """An earlier paper that one of these follows. `day` is that of its mail."""

    arxiv_id: str
    day: str
    url: str


@dataclass(frozen=True, slots=True)
class WeekPaper:
    """One of the week's best. `day` is that of its mail, `page_url` where it stands on that day's page."""

    title: str
    url: str
    comment: str
    relevance: int
    novelty: int | None  # None: no model judged it
    day: str
    page_url: str  # empty: there is no web part

    @property
    def chars(self) -> int:
        """How long it takes to read, in characters."""
        return len(self.title) + len(self.comment)


def followed_view(sent: SentPaper | None, web_url: str, t: Texts) -> FollowedPaper | None:
    """Shows the paper on the web page of its own digest, or at its source where there is none.

    `web_url` is that of the present digest's page: the others of a reader lie beside it. Empty: there is no web part.
    """
    if sent is None:
        return None
    url = page_url(web_url, sent.digest_on, sent.number) or sent.url or PaperId.read(sent.arxiv_id).url
    return FollowedPaper(sent.name or sent.arxiv_id, write_day(sent.digest_on, t.language), url)


def week_views(best: Sequence[EarlierEntry], web_url: str, t: Texts) -> tuple[WeekPaper, ...]:
    """Shows the week's best, each with its day; `web_url` as above."""
    return tuple(
        WeekPaper(
            title=isolate(readable(each.entry.paper.title)),
            url=each.entry.paper.abs_url,
            comment=readable(each.entry.score.comment),
            relevance=each.entry.score.relevance,
            novelty=each.entry.score.novelty,
            day=write_day(each.digest_on, t.language),
            page_url=page_url(web_url, each.digest_on, each.entry.number),
        )
        for each in best
    )


def page_url(web_url: str, on: date, number: int) -> str:
    """Gives the place of a paper on the page of an earlier digest; empty without a web part."""
    return f"{web_url.rpartition('/')[0]}/{on}#p{number}" if web_url else ""
