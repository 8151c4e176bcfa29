"""Archives that the operator made public: for everybody, and without a word about whose they are."""

from dataclasses import replace

import feedparser
import pytest
from flask.testing import FlaskClient

from newsletter.model import Profile, Topic
from newsletter.signing import Purpose
from newsletter.web import Archives, create_app
from tests import make
from tests.archives import WHO, digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.web.site import SIGNER, part_of

SECRET = "the words of the profile"
PRIVATE = f"/archive/{SIGNER.link(Purpose.ARCHIVE, WHO)}"
READER = make.subscriber(
    profile=Profile((Topic("Private topic", SECRET), Topic("Another")), about=SECRET, like=(SECRET,)),
    pinned_authors=("Friend of Mine",),
)
PUBLIC = {"local-group": WHO, "empty": "s_empty234"}
WORDS = (SECRET, "Private topic", "Friend of Mine", "Rita", "reader@example.org", WHO, "/profile/", "/v/")
FILES = ("2026-01-06.md", "2026-01-06.bib", "2026-01-06.ris", "feed.atom")
PAGES = ("", "2026-01", "2026-01-06", "search?q=paper", *FILES)


@pytest.fixture
def client() -> FlaskClient:
    store = MemoryStore()
    pinned = replace(entry(1), pinned_author="Friend of Mine", topic="Private topic")
    mail(store, digest(make.TUESDAY, [pinned, entry(2)], subscriber=READER, prompt=f"The prompt: {SECRET}"))
    mail(store, digest(make.WEDNESDAY, [entry(3)], subscriber=READER))
    archives = Archives(pages(), "https://papers.example.org", public=lambda: PUBLIC)
    return create_app(replace(part_of(store), archives=archives)).test_client()


@pytest.mark.parametrize("page", PAGES)
def test_a_public_page_says_nothing_about_its_reader(client: FlaskClient, page: str) -> None:
    answer = client.get(f"/archive/local-group/{page}")
    assert answer.status_code == 200
    assert not [word for word in WORDS if word in answer.text]


def test_its_own_reader_sees_the_profile(client: FlaskClient) -> None:
    page = client.get(f"{PRIVATE}/2026-01-06").text
    assert SECRET in page
    assert "Private topic" in page
    assert "Friend of Mine" in page


def test_public_pages_may_be_found_and_kept_for_a_while_and_private_ones_not(client: FlaskClient) -> None:
    public, private = client.get("/archive/local-group/2026-01-06"), client.get(f"{PRIVATE}/2026-01-06")
    assert public.headers["X-Robots-Tag"] == "all"
    assert public.headers["Cache-Control"] == "public, max-age=300"
    assert "noindex" not in public.text
    assert "noindex" in private.headers["X-Robots-Tag"]
    assert private.headers["Cache-Control"] == "no-store"
    assert "noindex" in client.get("/archive/local-group/2026-01-01").headers["X-Robots-Tag"]


def test_the_list_has_the_public_archives_alone(client: FlaskClient) -> None:
    page = client.get("/archive", follow_redirects=True).text
    assert 'href="local-group/"' in page
    assert "2 digests, the latest of 7 January 2026" in page
    assert "no digest yet" in page
    assert WHO not in page
    assert 'href="../"' in client.get("/archive/local-group/2026-01").text
    assert 'href="../"' not in client.get(f"{PRIVATE}/2026-01").text


def test_without_public_archives_the_list_says_where_ones_own_is() -> None:
    plain = create_app(replace(part_of(MemoryStore()), archives=Archives(pages()))).test_client()
    assert "No archive is public here" in plain.get("/archive/").text
    assert plain.get("/archive/local-group/").status_code == 404


def test_the_public_feed_has_ids_of_its_own(client: FlaskClient) -> None:
    feed = feedparser.parse(client.get("/archive/local-group/feed.atom").data)
    assert not feed.bozo
    assert feed.feed.id == "tag:example.org,2026-01-06:local-group"
    assert feed.entries[0].link == "https://papers.example.org/archive/local-group/2026-01-07"


def test_without_a_base_address_links_are_relative_and_not_what_a_stranger_says_it_is() -> None:
    store = MemoryStore()
    mail(store, digest(make.TUESDAY, subscriber=READER))
    plain = create_app(replace(part_of(store), archives=Archives(pages(), public=lambda: PUBLIC))).test_client()
    answer = plain.get("/archive/local-group/feed.atom", headers={"Host": "evil.example.com"})
    assert "evil.example.com" not in answer.text
    assert feedparser.parse(answer.data).entries[0].link == "2026-01-06"
