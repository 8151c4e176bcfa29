"""Fills the template of a mail once for equal readers: only their address and the tokens of their links differ. Pure.

Readers of one profile get the same digest, and to fill the templates is most of the work on a mail. So a mail is filled
once for a stand-in, and for each reader the stand-in's address and tokens are replaced by theirs. Tokens are of one
length, and where lines are broken and a long mail is cut, an address counts as ADDRESS_CHARS long, unless it is longer:
so each gets the mail to the byte as if it had been made for them. An operator's template may go by the address's
domain, and by whether there is a name: in that those who share are equal. Where it writes anything but the whole
address and links, such as the name, the mail of the first reader shows it, and nothing is shared.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.mail.message import MailIdentity, MailLinks
from newsletter.model import Digest, RenderedDigest

ADDRESS_CHARS = 40  # hardly any is longer
MOST_KEPT = 8  # mails of some 100 kB: readers of one profile are served one after another
STAND_IN = "s_standin2"
_NAME = "Nqzvxkjq Wvbqzjxk"  # which nobody has by chance
_LETTERS = "qzvxkjwqbzjxkvqwzxjqvkzb"
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._+@-]{12,60}")  # looks the same in HTML; is no wider than a line
_PARTS = re.compile(r"[/+@?#=&]")

Render = Callable[[Digest, MailLinks], RenderedDigest]


@dataclass(frozen=True, slots=True)
class _Question:
    """All that a mail depends on but what is replaced."""

    digest: Digest
    links: MailLinks
    parts: tuple[str, ...]  # of the stand-in's, those that are replaced


@dataclass(frozen=True, slots=True)
class _Page:
    """A text in pieces; each second one is the stand-in's."""

    pieces: Sequence[str]

    def fill(self, reals: Mapping[str, str]) -> str:
        return "".join(reals[piece] if place % 2 else piece for place, piece in enumerate(self.pieces))


@dataclass(frozen=True, slots=True)
class _Pages:
    subject: str
    html: _Page
    text: _Page

    def fill(self, reals: Mapping[str, str]) -> RenderedDigest:
        return RenderedDigest(self.subject, self.html.fill(reals), self.text.fill(reals))


@dataclass(frozen=True, slots=True)
class _First:
    """The mail of the first of some equal readers, if they are any: one is rendered alone."""

    question: _Question
    reals: Mapping[str, str]
    rendered: RenderedDigest


class SharedPages:
    """Remembers the latest mails for equal readers. The first of them is rendered alone, and so is who has no equal.

    Threads may share it, as those of a worker do.
    """

    def __init__(self, render: Render) -> None:
        self._render = render
        self._latest = deque[tuple[_Question, _Pages | None]](maxlen=MOST_KEPT)  # None: nothing can be shared
        self._firsts = deque[_First](maxlen=MOST_KEPT)

    def render(self, digest: Digest, identity: MailIdentity) -> RenderedDigest:
        """Does as the renderer with the links of this very mail."""
        links = identity.links_for(digest.subscriber.subscriber_id, digest.digest_on)
        stand_in = identity.links_for(STAND_IN, digest.digest_on)
        reals = _replacements(digest, links, stand_in)
        if reals is None:
            return self._render(digest, links)
        made = _as_stand_in(digest, next(iter(reals)))
        question = _Question(made, replace(stand_in, vote_links=None), tuple(reals))
        for asked, pages in tuple(self._latest):  # another thread may add to them meanwhile
            if asked == question:
                return pages.fill(reals) if pages else self._render(digest, links)
        for first in tuple(self._firsts):
            if first.question == question:
                pages = self._make_pages(made, stand_in, question.parts)
                is_same = pages.fill(first.reals) == first.rendered
                self._latest.append((question, pages if is_same else None))
                return pages.fill(reals) if is_same else self._render(digest, links)
        rendered = self._render(digest, links)
        self._firsts.append(_First(question, reals, rendered))
        return rendered

    def _make_pages(self, digest: Digest, stand_in: MailLinks, parts: Sequence[str]) -> _Pages:
        made = self._render(digest, stand_in)
        wanted = re.compile(f"({'|'.join(map(re.escape, sorted(parts, key=len, reverse=True)))})")
        return _Pages(made.subject, _Page(wanted.split(made.html)), _Page(wanted.split(made.text)))


def _as_stand_in(digest: Digest, email: str) -> Digest:
    name = _NAME if digest.subscriber.name else ""
    reader = replace(digest.subscriber, subscriber_id=STAND_IN, email=email, name=name, public_archive="")
    return replace(digest, subscriber=reader)


def _replacements(digest: Digest, links: MailLinks, stand_in: MailLinks) -> dict[str, str] | None:
    """Gives what is to stand in a mail in place of each part of the stand-in's; first of all the address.

    None where the lengths of tokens differ, or the address is an unusual one.
    """
    email = digest.subscriber.email
    if not _PLAIN_ADDRESS.fullmatch(email):
        return None
    _, at, domain = email.partition("@")
    room = max(ADDRESS_CHARS, len(email)) - len(at + domain)
    reals = {f"{(_LETTERS * 3)[:room]}{at}{domain}": email}
    for one, other in zip(_addresses(digest, stand_in), _addresses(digest, links), strict=True):
        for part, real in zip(_PARTS.split(one), _PARTS.split(other), strict=False):
            if len(part) != len(real):
                return None
            if part != real:
                reals[part] = real
    return reals


def _addresses(digest: Digest, links: MailLinks) -> Iterator[str]:
    yield from (links.reply_to, links.unsubscribe_url, links.profile_url, links.web_url)
    yield from (links.more_papers_url, links.fewer_papers_url)
    if votes := links.vote_links:
        for entry in digest.entries:
            arxiv_id = entry.paper.arxiv_id
            yield from (votes.url(arxiv_id, 1), votes.url(arxiv_id, -1), votes.save_url(arxiv_id))
