"""A digest that nobody gets, in which there is something of everything: for trying templates at the start. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

from newsletter.model import (
    WORD_RANKER,
    AnnounceType,
    Counts,
    Digest,
    DigestEntry,
    EarlierEntry,
    Frequency,
    Notice,
    NoticeKind,
    Paper,
    PaperUpdate,
    Profile,
    Score,
    SentPaper,
    Subscriber,
    Topic,
    UnsentPaper,
    Usage,
)

EVERYTHING = Digest(
    subscriber=Subscriber(
        subscriber_id="s_template",
        email="reader@example.org",
        name="A Reader",
        zone="UTC",
        send_at=time(7),
        frequency=Frequency.DAILY,
        weekday=0,
        categories=("cs.LG",),
        announce_types=tuple(AnnounceType),
        profile=Profile(
            (Topic("A topic", "wanted", "not wanted"), Topic("Another", "wanted")), "About", ("like",), ("avoid",)
        ),
        pinned_authors=("Ada Lovelace",),
        min_relevance=7,
        min_novelty=4,
        max_papers=1,
    ),
    digest_on=date(2026, 1, 2),
    announced_on=(date(2026, 1, 1), date(2026, 1, 2)),
    entries=(
        DigestEntry(
            number=1,
            paper=Paper(
                arxiv_id="2601.00001",
                version=2,
                title="A title",
                authors=("Ada Lovelace",),
                abstract="Code: https://github.com/ada/engine.",
                categories=("cs.LG", "cs.AI"),
            ),
            announce_type=AnnounceType.REPLACE,
            score=Score("2601.00001", 9, 8, "A comment.", 1.0),
            pinned_author="Ada Lovelace",
            topic="A topic",
            follows=SentPaper("2512.00001", date(2025, 12, 30), 3),
        ),
    ),
    counts=Counts(announced=4, scanned=3, relevant=2, shown=1, not_scored=1),
    scorer="a model",
    usage=Usage(prompt_tokens=10, completion_tokens=5, cached_tokens=2),
    notices=(Notice(NoticeKind.FEEDS_FAILED, {"feeds": ("cs.LG", "cs.AI")}), Notice(NoticeKind.NOT_JUDGED, {"n": 2})),
    unsent=(UnsentPaper("2601.00002", "Another title", 8, 5),),
)
_PAPER = EVERYTHING.entries[0].paper
_KNOWN = replace(
    _PAPER, version=1, title="A former title", abstract="An old sentence stays. This one has 2 words less."
)
_SENT = SentPaper(_PAPER.arxiv_id, date(2025, 12, 30), 1)
_NOW = "It is new. An old sentence stays. This one has 3 words more. So has that one. And that. And another one."
EVERYTHING = replace(
    EVERYTHING,
    weekly_best=(EarlierEntry(date(2025, 12, 30), EVERYTHING.entries[0]),),
    updates=(
        PaperUpdate(replace(_PAPER, withdrawal="This paper has been withdrawn."), _KNOWN, _SENT),
        PaperUpdate(replace(_PAPER, abstract=_NOW), _KNOWN, _SENT),
        PaperUpdate(replace(_PAPER, abstract="An old sentence stays."), _KNOWN, _SENT),
        PaperUpdate(_PAPER, _PAPER, _SENT),
    ),
)
_UNJUDGED = replace(EVERYTHING.entries[0], number=2, score=replace(EVERYTHING.entries[0].score, novelty=None))
_UNJUDGED_WEEK = (EarlierEntry(date(2025, 12, 30), _UNJUDGED),)
PARTLY_JUDGED = replace(EVERYTHING, entries=(*EVERYTHING.entries, _UNJUDGED))
BY_WORDS = replace(EVERYTHING, entries=(_UNJUDGED,), scorer=WORD_RANKER, usage=None, weekly_best=_UNJUDGED_WEEK)
BY_TOPIC = replace(EVERYTHING, subscriber=replace(EVERYTHING.subscriber, group_by_topic=True))
NOTHING = replace(EVERYTHING, entries=(), notices=())
_NEAREST = replace(EVERYTHING.entries[0], number=2, pinned_author="", is_nearest=True)
FILLED_UP = replace(
    EVERYTHING,
    entries=(*EVERYTHING.entries, _NEAREST),
    counts=replace(EVERYTHING.counts, shown=2, nearest=1),
)
NEAREST_ONLY = replace(
    EVERYTHING,
    entries=(replace(_NEAREST, number=1),),
    counts=replace(EVERYTHING.counts, relevant=0, shown=1, nearest=1),
    widening=Notice(NoticeKind.OTHER_WORDS),
)
