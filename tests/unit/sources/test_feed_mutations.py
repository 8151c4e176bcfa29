"""Damaged feeds: whatever happens to the bytes, no crash, no paper under another's id, and none lost without a word.

A few hundred feeds by default; MUTATIONS=36000 in the environment tries as many.
"""

import os
import random
import re
from collections.abc import Callable

import pytest

from newsletter.errors import SourceError
from newsletter.model import Paper
from newsletter.sources.feed import parse_feed
from tests import TESTS

MUTATIONS = int(os.environ.get("MUTATIONS", "400"))
FEEDS = TESTS / "recordings" / "feeds"
LONG = b"Abstract: " + b"As long as real ones are, so that no cut joins two. " * 14  # the recorded abstracts are short
ATOM = (FEEDS / "2025-10-07" / "cs.LG.atom").read_bytes().replace(b"Abstract: ", LONG)
RSS = (FEEDS / "cs.LG.rss").read_bytes().replace(b"Abstract: ", LONG)

PIECES = [
    *(b"<", b">", b"&", b'"', b"&amp;", b"&lt;b&gt;", b"&#0;", b"&#xD800;", b"&#99999999999;", b"]]>", b"<![CDATA["),
    *(b"<!--", b"-->", b"<entry>", b"</entry>", b"<item>", b"</item>", b"<id>", b"<title>", b"</title>", b"<summary>"),
    *(b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x0b", b"\r", b"%", b"..", b"v2", b"v0", b":", b"oai:arXiv.org:"),
    *(b"<dc:creator>", b"<dc:creator>X</dc:creator>", b"<author><name>X</name></author>", b'<category term="cs.LG"/>'),
    *(b"<arxiv:announce_type>new</arxiv:announce_type>", b"<updated>0000-00-00</updated>", b'xmlns=""', b"<?x ?>"),
]
ENCODINGS = ("utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252", "gb18030", "shift_jis")
WORDS = (
    b"term",
    b"entry",
    b"item",
    b"arxiv:",
    b"published",
    b"pubDate",
    b"id>",
    b"summary",
    b"creator",
    b"UTF-8",
    b"http",
)


def replaced(rng: random.Random, body: bytes, at: int) -> bytes:
    return body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]


def cut(rng: random.Random, body: bytes, at: int) -> bytes:
    return body[:at] + body[at + rng.choice((1, 4, 40, 400)) :]


def doubled(rng: random.Random, body: bytes, at: int) -> bytes:
    return body[:at] + body[at : at + rng.choice((1, 40, 400))] + body[at:]


def moved(rng: random.Random, body: bytes, at: int) -> bytes:
    start = rng.randrange(len(body) + 1)
    return body[:at] + body[start : start + rng.choice((4, 40, 400))] + body[at:]


def inserted(rng: random.Random, body: bytes, at: int) -> bytes:
    return body[:at] + rng.choice(PIECES) + body[at:]


def renamed(rng: random.Random, body: bytes, at: int) -> bytes:
    new = rng.choice((b"", b"x", b"ID>", b"rss:", b"UTF-16", b"idna"))
    return body[:at] + body[at:].replace(rng.choice(WORDS), new, rng.choice((1, 2, -1)))


def untagged(rng: random.Random, body: bytes, _at: int) -> bytes:
    tags = [tag.span() for tag in re.finditer(rb"<[^<>]{1,60}>", body)]
    start, end = rng.choice(tags) if tags else (0, 0)
    return body[:start] + body[end:]


def ended(_rng: random.Random, body: bytes, at: int) -> bytes:
    return body[:at]


def encoded(rng: random.Random, body: bytes, _at: int) -> bytes:
    return body.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")


WAYS: tuple[Callable[[random.Random, bytes, int], bytes], ...] = (
    *(replaced, cut, doubled, moved, inserted, renamed, untagged, ended, encoded),
)


def mutated(rng: random.Random, body: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        body = rng.choice(WAYS)(rng, body, rng.randrange(len(body) + 1))
    return body


def is_of_another(paper: Paper, others: list[Paper]) -> bool:
    """Whether this paper has the title of one with another id, or the end of its abstract."""
    return any(
        other.arxiv_id != paper.arxiv_id
        and (other.title == paper.title or (len(paper.abstract) > 60 and other.abstract[-60:] == paper.abstract[-60:]))
        for other in others
    )


@pytest.mark.parametrize("whole", [ATOM, RSS], ids=["atom", "rss"])
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_feed_is_refused_or_read_right(whole: bytes, seed: int) -> None:
    rng = random.Random(seed)
    papers = [shown.paper for shown in parse_feed(whole, "cs.LG").announcements]
    tag = b"entry" if whole is ATOM else b"item"
    start, end = whole.index(b"<%s>" % tag), whole.rindex(b"</%s>" % tag) + len(tag) + 3
    entries = re.split(rb"(?=<%s>)" % tag, whole[start:end])[1:]
    for _ in range(MUTATIONS // 8):
        chosen = rng.sample(range(len(papers)), rng.randrange(1, len(papers)))
        body = mutated(rng, whole[:start] + b"".join(entries[i] for i in chosen) + whole[end:])
        try:
            feed = parse_feed(body, "cs.LG")
        except SourceError:
            continue
        found = [shown.paper for shown in feed.announcements]
        assert not [paper for paper in found if is_of_another(paper, papers)], body
        named = {
            arxiv_id
            for arxiv_id in (papers[i].arxiv_id for i in chosen)
            if f">oai:arXiv.org:{arxiv_id}v".encode() in body
        }
        assert named <= {paper.arxiv_id for paper in found} or feed.warnings, body
