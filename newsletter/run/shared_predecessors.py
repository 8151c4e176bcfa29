"""Finds which earlier papers those of a digest follow, once for readers who were sent the same papers. Pure.

To read two months of a reader's digests and compare them takes longer than all else that a mail takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from newsletter.model import Digest, PastMail, SentPaper, Vote
from newsletter.run.remembered import Remembered

Follows = tuple[SentPaper | None, ...]  # for each entry of a digest


class SharedPredecessors:
    """Remembers what was found last. Not for several threads."""

    def __init__(self) -> None:
        self._found = Remembered[bytes, Follows]()

    def find(self, digest: Digest, mailed: Sequence[PastMail], votes: Sequence[Vote]) -> Follows | None:
        """Gives what was kept of a reader with such a digest, who was `mailed` the same papers and votes as they do."""
        return self._found.find(_key_of(digest, mailed, votes))

    def keep(self, digest: Digest, mailed: Sequence[PastMail], votes: Sequence[Vote], follows: Follows) -> None:
        self._found.keep(_key_of(digest, mailed, votes), follows)


def _key_of(digest: Digest, mailed: Sequence[PastMail], votes: Sequence[Vote]) -> bytes:
    shown = [(entry.paper.arxiv_id, entry.paper.version) for entry in digest.entries]
    sent = [(mail.digest_on.toordinal(), mail.paper_ids) for mail in mailed]
    wanted = sorted((vote.arxiv_id, vote.value) for vote in votes)
    return sha256(repr((shown, sent, wanted)).encode()).digest()
