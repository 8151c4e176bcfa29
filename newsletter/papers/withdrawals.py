"""Finds the notice that a paper is withdrawn in what its authors, or arXiv, wrote of it. Pure.

arXiv keeps a withdrawn paper as one more version without a PDF, and asks for the reason in the comments
(https://info.arxiv.org/help/withdraw.html). Its feed has no comments; there the notice is all that can be seen, where
authors put it into title or abstract. bioRxiv and medRxiv replace the abstract.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from newsletter.model import Announcement, AnnouncementDay, PaperRecord
from newsletter.papers.sentences import split_sentences

NOTICE_CHARS = 300
WITHOUT_WORDS = "Withdrawn."  # where the source says so, and nobody says why

_THING = r"(?:paper|article|manuscript|pre-?print|submission|work|letter|note|report|draft|version|study)"
_GONE = r"(?:withdrawn|retracted)"
_WAS = r"(?:is|was|has\s+been|is\s+being|had\s+to\s+be)(?:\s+(?:now|temporarily|hereby))?"
_WHO = r"(?:we|i|(?:the\s+)?(?:first\s+|corresponding\s+)?authors?|(?:the\s+)?arxiv(?:\s+administrators)?)"
_DID = (
    r"(?:(?:have|has|had\s+to|would\s+like\s+to|wish(?:es)?\s+to|hereby)\s+)?"
    r"(?:withdr[ae]wn?s?|withdrew|retract(?:ed|s)?)"
)
_ENDS = r"(?:\s*(?:[.:;,!)\]]|$)|\s+(?:due|because|as)\b|\s+by\s+(?:the\s+)?(?:authors?|arxiv|submitter)\b)"
# Of this very paper: "papers that were withdrawn" are what a study may be about.
_SENTENCE = re.compile(
    rf"\b(?:this|our|the\s+present)\s+{_THING}\s+{_WAS}\s+{_GONE}\b"
    rf"|\b{_WHO}\s+{_DID}\s+(?:this|their|the|our|his|her)\s+(?:\w+\s+)?{_THING}\b",
    re.IGNORECASE,
)
# A text that begins so says nothing else: "Paper withdrawn", "Withdrawn by the author", "withdrawn due to an error".
_BEGINNING = re.compile(
    rf"\W*(?:(?:the|this)\s+)?(?:{_THING}\s+{_WAS}\s+{_GONE}\b|(?:{_THING}\s+)?{_GONE}{_ENDS})", re.IGNORECASE
)
# Only as a mark that stands apart from the title: a paper may be about withdrawn ones.
_MARK = r"[\[(](?i:withdrawn|retracted)[\])]"
_TITLE = re.compile(rf"^\W*(?:WITHDRAWN|Withdrawn|RETRACTED(?:\s+ARTICLE)?)\s*:|^\W*{_MARK}|{_MARK}\W*$")


def withdrawal_notice(title: str, abstract: str, comments: str = "") -> str:
    """Gives the sentence that says that this very paper is withdrawn, at most NOTICE_CHARS long; empty if none does.

    The comments come first: they are where arXiv asks for the reason. A title alone gives WITHOUT_WORDS.
    """
    for text in (comments, abstract):
        for sentence in split_sentences(" ".join(text.split())):
            if _SENTENCE.search(sentence):
                return _bounded(sentence)
        if _BEGINNING.match(text):
            return _bounded(" ".join(text.split()))
    return WITHOUT_WORDS if _TITLE.search(title.strip()) else ""


def find_withdrawn(
    records: Iterable[PaperRecord], days: Iterable[AnnouncementDay], category: str
) -> dict[date, list[Announcement]]:
    """Finds what these days showed in this category, and the records call withdrawn while the days do not.

    Each at the latest day that showed this very version, as it was announced, with the notice; to be merged into it.
    """
    withdrawn = {(each.paper.arxiv_id, each.paper.version): each.paper for each in records if each.paper.is_withdrawn}
    latest: dict[tuple[str, int], tuple[date, Announcement]] = {}
    for day in sorted(days, key=lambda day: day.announced_on) if withdrawn else ():
        for shown in day.announcements:
            key = shown.paper.arxiv_id, shown.paper.version
            if key in withdrawn and category in shown.feeds:
                latest[key] = day.announced_on, shown
    found: dict[date, list[Announcement]] = defaultdict(list)
    for key, (on, shown) in latest.items():
        if not shown.paper.is_withdrawn:
            paper = replace(shown.paper, withdrawal=withdrawn[key].withdrawal)
            found[on].append(Announcement(paper, shown.announce_type, (category,)))
    return found


def _bounded(text: str) -> str:
    return text if len(text) <= NOTICE_CHARS else f"{text[: NOTICE_CHARS - 1].rstrip()}…"
