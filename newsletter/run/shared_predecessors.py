"""Finds which earlier papers those of a digest follow, once for readers who were sent the same papers. Pure.

To read two months of a reader's digests and compare them takes longer than all else that a mail takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from newsletter.model import Digest, DigestEntry, PastMail, SentPaper, Vote
from newsletter.run.remembered import Remembered

Entries = tuple[DigestEntry, ...]
Follows = tuple[SentPaper | None, ...]  # for each entry of a digest


class SharedPredecessors:
    """Remembers what was found last. Not for several threads."""

    def __init__(self) -> None:
        self._found = Remembered[bytes, Follows]()
        self._latest: tuple[Entries, Follows, Entries] = ((), (), ())

    def find(self, digest: Digest, mailed: Sequence[PastMail], votes: Sequence[Vote]) -> Follows | None:
        """Gives what was kept of a reader with such a digest, who was `mailed` the same papers and votes as they do."""
        return self._found.find(_key_of(digest, mailed, votes))

    def keep(self, digest: Digest, mailed: Sequence[PastMail], votes: Sequence[Vote], follows: Follows) -> None:
        self._found.keep(_key_of(digest, mailed, votes), follows)

    def apply(self, entries: Entries, follows: Follows) -> Entries:
        """Gives the entries with what they follow; the same objects for an equal reader who comes next."""
        before, applied, made = self._latest
        if before is not entries or applied is not follows:
            made = with_follows(entries, follows)
            self._latest = (entries, follows, made)
        return made


def with_follows(entries: Entries, follows: Follows) -> Entries:
    """Gives the entries with what each of them follows; themselves if none follows any."""
    if not any(follows):
        return entries
    return tuple(replace(entry, follows=sent) for entry, sent in zip(entries, follows, strict=True))


def _key_of(digest: Digest, mailed: Sequence[PastMail], votes: Sequence[Vote]) -> bytes:
    shown = [(entry.paper.arxiv_id, entry.paper.version) for entry in digest.entries]
    sent = [(mail.digest_on.toordinal(), mail.paper_ids) for mail in mailed]
    wanted = sorted((vote.arxiv_id, vote.value) for vote in votes)
    return sha256(repr((shown, sent, wanted)).encode()).digest()
