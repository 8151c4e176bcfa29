"""Identifies a paper of any source: by an arXiv id, a DOI, its forum at OpenReview, or a key of its feed.

Stored, and in links, an id is a text: arXiv's as it is ("2510.05064"), every other one behind its kind
("doi:10.1101/…").
It is ASCII without blanks, so that it fits a link's token, a list with blanks between its ids, and a prompt.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

MOST_ID_CHARS = 90  # with its kind; of DOIs, only a few old ones are longer
_KEY_CHARS = 16  # of 64 bits: among a million papers two are alike once in 30 million cases
# The characters that a DOI is in practice made of (https://www.crossref.org/documentation/member-setup/constructing-your-dois/)
_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-z0-9]+")
# Forums are ten to twelve letters, digits and signs as in URL-safe base64
_FORUM = re.compile(r"[A-Za-z0-9_-]{4,40}")
_DOI_START = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)\s*", re.IGNORECASE)


class IdKind(StrEnum):
    """Who gave a paper its id; the word stands before it, but for arXiv's."""

    ARXIV = "arxiv"
    DOI = "doi"
    OPENREVIEW = "openreview"
    FEED = "feed"  # we did, from what its feed calls it


@dataclass(frozen=True, slots=True)
class PaperId:
    """A paper's id. `str()` gives the text that is stored, `PaperId.read` takes it apart again."""

    kind: IdKind
    value: str

    @classmethod
    def read(cls, text: str) -> PaperId:
        """Reads a stored id. What begins with none of the kinds is arXiv's, as ids were stored from the first."""
        word, colon, value = text.partition(":")
        if colon and word in set(IdKind) - {IdKind.ARXIV}:
            return cls(IdKind(word), value)
        return cls(IdKind.ARXIV, text)

    @classmethod
    def of_doi(cls, doi: str) -> PaperId | None:
        """Makes the id of a DOI, written as people write them; None if it is none, or too long to be an id.

        A DOI says the same in capitals and in small letters (DOI Handbook, 2.4).
        """
        plain = _DOI_START.sub("", doi.strip(), count=1).lower()
        if not _DOI.fullmatch(plain) or len(plain) > MOST_ID_CHARS - len("doi:"):
            return None
        return cls(IdKind.DOI, plain)

    @classmethod
    def of_forum(cls, forum: str) -> PaperId | None:
        """Makes the id of a paper's forum at OpenReview, where capitals count; None for what can be none."""
        return cls(IdKind.OPENREVIEW, forum) if _FORUM.fullmatch(forum) else None

    @classmethod
    def of_mark(cls, mark: str) -> PaperId:
        """Makes the id of what a feed calls an entry, always the same for the same mark."""
        return cls(IdKind.FEED, hashlib.sha256(mark.encode("utf-8", "replace")).hexdigest()[:_KEY_CHARS])

    def __str__(self) -> str:
        return self.value if self.kind is IdKind.ARXIV else f"{self.kind}:{self.value}"

    @property
    def url(self) -> str:
        """Where the paper can be opened, as far as the id says it; empty for a key of our own.

        arXiv asks to link to the abstract page, not to the PDF (arXiv API terms of use).
        """
        match self.kind:
            case IdKind.ARXIV:
                return f"https://arxiv.org/abs/{self.value}"
            case IdKind.DOI:
                return f"https://doi.org/{self.value}"
            case IdKind.OPENREVIEW:
                return f"https://openreview.net/forum?id={self.value}"
            case IdKind.FEED:
                return ""

    @property
    def cited(self) -> str:
        """How a list of references names it; empty for a key of our own."""
        match self.kind:
            case IdKind.ARXIV:
                return f"arXiv:{self.value}"
            case IdKind.DOI:
                return f"doi:{self.value}"
            case IdKind.OPENREVIEW:
                return f"OpenReview:{self.value}"
            case IdKind.FEED:
                return ""
