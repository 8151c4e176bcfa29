"""A conference publishes its papers in one day: each is considered once, in portions, and mails say that more come."""

from collections import Counter
from datetime import date, timedelta

import pytest

from newsletter.model import Announcement, AnnounceType, NoticeKind, Origin
from newsletter.papers.newness import MOST_NEW
from tests import make
from tests.unit.test_flow import Morning, ScriptedScorer, ScriptedSource

VENUE = "openreview:ICLR.cc/2026/Conference"
READER = make.subscriber(categories=(VENUE,))
DAY = timedelta(days=1)


def accepted(number: int) -> Announcement:
    origin = Origin("ICLR 2026 Poster", f"https://openreview.net/forum?id=paper{number}")
    title = f"On the conference paper of number {number}"
    paper = make.paper(
        f"openreview:paper{number}", title=title, categories=(VENUE,), published_on=make.TUESDAY, origin=origin
    )
    return Announcement(paper, AnnounceType.NEW, (VENUE,))


def on_day(number: int) -> date:
    return make.TUESDAY + number * DAY


@pytest.mark.parametrize("missed", [(), (1,), (1, 2)])
def test_each_paper_of_a_conference_is_considered_once(missed: tuple[int, ...]) -> None:
    """Whether the program ran on every day or not."""
    total, days = 2 * MOST_NEW + 30, 3 + len(missed)
    papers = [accepted(number) for number in range(total)]
    source = ScriptedSource({on_day(number): {VENUE: list(papers)} for number in range(days)})
    given = Morning(source, ScriptedScorer(), subscribers=[READER])
    speaks = list[bool]()
    for number in set(range(days)) - set(missed):
        given.source.on, given.now = on_day(number), make.NOW + number * DAY
        given.run()
        digest = make.present(given.store.get_digest(READER.subscriber_id, on_day(number)))
        speaks.append(any(notice.kind is NoticeKind.FEEDS_IN_PORTIONS for notice in digest.notices))  # type: ignore[union-attr]
    considered = Counter(paper_id for morning in given.scorer.scored for paper_id in morning)
    assert considered == Counter(each.paper.arxiv_id for each in papers)
    assert [len(morning) for morning in given.scorer.scored] == [MOST_NEW, MOST_NEW, 30]
    assert speaks == [True, True, False]
