"""Links of an archive's pages that act: on the reader's own pages alone, and each asks before it changes anything."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from newsletter.model import UnsentPaper
from newsletter.services.profiles import ProfileService
from newsletter.signing import Purpose, read_amount_token, read_save_token, read_vote_token
from newsletter.web import Archives, create_app
from newsletter.web.archive.editions import ArchivedDigests
from newsletter.web.archive.export import edition_of_files, write_edition
from tests import make
from tests.archives import WHO, digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.web.site import SIGNER, part_of
from tests.web.test_amount import no_scorer

TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
ON = f"{make.TUESDAY}"
ACTS = re.compile(r"/(?:v|s|amount|u|pause|profile|confirm)/[\w.-]+")
SEARCH = "search?q=paper"
READ_ONLY = ("2026-01", "", "feed.atom", f"{ON}.md", f"{ON}.bib", f"{ON}.ris")


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    one = digest(make.TUESDAY, [entry(1), entry(2)], unsent=(UnsentPaper("2601.00007", "Unsent", 7, 5),))
    mail(store, replace(one, counts=replace(one.counts, relevant=3)))
    return store


def client_of(store: MemoryStore, *, has_profiles: bool = True) -> FlaskClient:
    archives = Archives(pages(), "https://papers.example.org", public=lambda: {"group": WHO})
    profiles = ProfileService(lambda: [make.subscriber(subscriber_id=WHO)], store, no_scorer) if has_profiles else None
    return create_app(replace(part_of(store), archives=archives, profiles=profiles)).test_client()


def acts_on(page: str) -> list[str]:
    return ACTS.findall(page)


def test_a_readers_own_day_has_the_links_of_the_mail_for_each_paper_and_two_for_the_amount(store: MemoryStore) -> None:
    found = [link.rpartition("/")[::2] for link in acts_on(client_of(store).get(f"/archive/{TOKEN}/{ON}").text)]
    votes = [read_vote_token(SIGNER, token) for path, token in found if path == "/v"]
    assert votes == [(WHO, paper, value) for paper in ("2601.00001", "2601.00002") for value in (1, -1)]
    saved = [read_save_token(SIGNER, token) for path, token in found if path == "/s"]
    assert saved == [(WHO, "2601.00001"), (WHO, "2601.00002")]
    amounts = [read_amount_token(SIGNER, token) for path, token in found if path == "/amount"]
    assert amounts == [(WHO, make.TUESDAY, -1, False), (WHO, make.TUESDAY, 1, False)]
    assert len(found) == len(votes) + len(saved) + len(amounts)


def test_what_a_search_finds_has_the_links_of_each_paper(store: MemoryStore) -> None:
    found = acts_on(client_of(store).get(f"/archive/{TOKEN}/{SEARCH}").text)
    assert [link[:3] for link in found] == ["/v/", "/v/", "/s/"] * 2


def test_each_link_leads_to_a_page_that_asks_changes_nothing_and_leads_no_further(store: MemoryStore) -> None:
    """Whoever was shown an archive must not come to the profile, the pause or the end by it."""
    client = client_of(store)
    links = acts_on(client.get(f"/archive/{TOKEN}/{ON}").text)
    for link in links:
        page = client.get(link)
        assert page.status_code == 200
        assert '<form method="post"' in page.text
        assert not [found for found in acts_on(page.text) if found.startswith(("/profile/", "/pause/", "/u/"))]
    assert not store.get_votes(WHO)
    assert not store.get_saved(WHO)
    assert not store.get_revisions(WHO)


def test_the_token_of_an_archive_signs_nothing(store: MemoryStore) -> None:
    client = client_of(store)
    for path in ("/v", "/s", "/amount", "/u", "/pause", "/profile"):
        client.post(f"{path}/{TOKEN}", data={"wish": "more"})
        client.post(f"{path}/{TOKEN}", data={"wish": "save"})
    assert not store.get_votes(WHO)
    assert not store.get_saved(WHO)
    assert [read(SIGNER, TOKEN) for read in (read_vote_token, read_save_token, read_amount_token)] == [None] * 3


@pytest.mark.parametrize("page", [ON, SEARCH, *READ_ONLY])
def test_a_public_archive_has_none(store: MemoryStore, page: str) -> None:
    answer = client_of(store).get(f"/archive/group/{page}")
    assert answer.status_code == 200
    assert acts_on(answer.text) == []


@pytest.mark.parametrize("page", READ_ONLY)
def test_nor_have_feed_files_and_pages_of_many_days(store: MemoryStore, page: str) -> None:
    assert acts_on(client_of(store).get(f"/archive/{TOKEN}/{page}").text) == []


@pytest.mark.parametrize("slug", ["", "group"])
def test_nor_has_a_folder_of_files(store: MemoryStore, tmp_path: Path, slug: str) -> None:
    write_edition(pages(), edition_of_files(ArchivedDigests(store, WHO, slug)), tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if acts_on(path.read_text(encoding="utf-8"))] == []


def test_where_no_profile_can_be_changed_there_is_no_link_to_the_amount(store: MemoryStore) -> None:
    page = client_of(store, has_profiles=False).get(f"/archive/{TOKEN}/{ON}").text
    assert "/amount/" not in page
    assert "/v/" in page
