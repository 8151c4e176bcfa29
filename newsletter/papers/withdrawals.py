"""Finds the notice that a paper is withdrawn in what its authors, or arXiv, wrote of it. Pure.

arXiv keeps a withdrawn paper as one more version without a PDF, and asks for the reason in the comments
(https://info.arxiv.org/help/withdraw.html). Its feed has no comments; there the notice is all that can be seen, where
authors put it into title or abstract. bioRxiv and medRxiv replace the abstract.
"""

from __future__ import annotations

import re

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


def _bounded(text: str) -> str:
    return text if len(text) <= NOTICE_CHARS else f"{text[: NOTICE_CHARS - 1].rstrip()}…"
