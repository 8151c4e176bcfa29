"""Papers of bioRxiv and of a journal on the pages: links, thanks, citations, search, votes and the list, as arXiv's."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient

from newsletter.model import DigestEntry, Origin, SentPaper
from newsletter.papers.acknowledgements import ARXIV, OPENREVIEW, PREPRINTS
from newsletter.signing import Purpose, save_token, vote_token
from newsletter.web import Archives, create_app
from tests import make
from tests.archives import digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.web.site import NOW, SIGNER, WHO, part_of

PAGE = "https://www.biorxiv.org/content/10.64898/2026.01.04.700101v1"
BIORXIV = Origin("bioRxiv", PAGE, "10.64898/2026.01.04.700101", pdf=f"{PAGE}.full.pdf", html=f"{PAGE}.full")
JOURNAL = Origin("Journal of <Invention>", "https://journal.example.org/1?a=b&c=d", "10.5555/jin-1")
VENUE = Origin("ICLR 2026 Oral", "https://openreview.net/forum?id=mapsOfCaves1", pdf="https://openreview.net/pdf?id=m1")
BLOG = Origin("A Blog", "https://blog.example.org/1")
FEED = "feed:https://journal.example.org/rss"


def elsewhere(number: int, paper_id: str, origin: Origin, category: str, **changes: Any) -> DigestEntry:
    on = date(2026, 1, 5)
    return entry(number, paper_id, origin=origin, categories=(category,), published_on=on, **changes)


ENTRIES = [
    elsewhere(1, f"doi:{BIORXIV.doi}", BIORXIV, "biorxiv:neuroscience", title="Two maps of one cave"),
    elsewhere(2, f"doi:{JOURNAL.doi}", JOURNAL, FEED),
    elsewhere(4, "openreview:mapsOfCaves1", VENUE, "openreview:ICLR.cc/2026/Conference"),
    replace(
        elsewhere(3, "feed:0123456789abcdef", BLOG, "feed:https://blog.example.org/rss"),
        follows=SentPaper("doi:10.64898/1", make.TUESDAY, 1, "bioRxiv", PAGE),
    ),
]
READER = make.subscriber(subscriber_id=WHO, categories=("biorxiv:neuroscience", FEED, "openreview:TMLR"))
HOME = f"/archive/{SIGNER.link(Purpose.ARCHIVE, WHO)}"


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    mail(store, digest(make.TUESDAY, ENTRIES, subscriber=READER))
    return store


@pytest.fixture
def client(store: MemoryStore) -> FlaskClient:
    times = count()
    archives = Archives(pages(), public=dict)
    part = replace(part_of(store), archives=archives, now=lambda: NOW + timedelta(minutes=next(times)))
    return create_app(part).test_client()


def test_the_page_of_a_day_leads_to_each_papers_own_source(client: FlaskClient) -> None:
    page = client.get(f"{HOME}/{make.TUESDAY}").text
    assert f'<a href="{PAGE}">bioRxiv</a>' in page
    assert f'href="{PAGE}.full.pdf"' in page
    assert '<a href="https://journal.example.org/1?a=b&amp;c=d">Journal of &lt;Invention&gt;</a>' in page
    assert "bioRxiv Neuroscience" in page
    assert "arxiv.org" not in page
    assert PREPRINTS in page
    assert OPENREVIEW in page
    assert f'<a href="{VENUE.url}">ICLR 2026 Oral</a>' in page
    assert f'href="{VENUE.pdf}"' in page
    assert ARXIV not in page
    assert "in bioRxiv Neuroscience, Journal of &lt;Invention&gt;, TMLR." in page


@pytest.mark.parametrize("ending", ["bib", "ris"])
def test_the_files_cite_dois_and_journals(client: FlaskClient, ending: str) -> None:
    cited = client.get(f"{HOME}/{make.TUESDAY}.{ending}").text
    assert all(
        each in cited for each in (BIORXIV.doi, JOURNAL.doi, "Journal of <Invention>", BLOG.url, VENUE.url, "ICLR 2026")
    )
    assert "arXiv" not in cited
    one = client.get(f"{HOME}/{make.TUESDAY}.{ending}", query_string={"paper": f"doi:{JOURNAL.doi}"}).text
    assert JOURNAL.doi in one
    assert BIORXIV.doi not in one


@pytest.mark.parametrize("words", ["maps cave", "10.64898/2026.01.04.700101"])
def test_a_paper_is_found_by_its_words_and_by_its_doi(client: FlaskClient, words: str) -> None:
    found = client.get(f"{HOME}/search", query_string={"q": words}).text
    assert f'href="{make.TUESDAY}#p1"' in found
    assert f'href="{make.TUESDAY}#p2"' not in found


@pytest.mark.parametrize("place", range(len(ENTRIES)))
def test_a_paper_can_be_voted_on_and_saved(client: FlaskClient, store: MemoryStore, place: int) -> None:
    paper = ENTRIES[place].paper
    vote = f"/v/{vote_token(SIGNER, WHO, paper.arxiv_id, 1)}"
    save = f"/s/{save_token(SIGNER, WHO, paper.arxiv_id)}"
    assert client.get(vote).status_code == client.get(save).status_code == 200
    client.post(vote, data={"wish": "more"})
    client.post(save, data={"wish": "save"})
    assert [(each.arxiv_id, each.value) for each in store.get_votes(WHO)] == [(paper.arxiv_id, 1)]
    assert [each.paper for each in store.get_saved(WHO)] == [paper]
    listed = client.get(f"{HOME}/saved").text
    assert paper.origin
    assert paper.origin.url.replace("&", "&amp;") in listed
