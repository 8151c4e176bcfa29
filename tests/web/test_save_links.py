"""The link that saves a paper, and the list it is put on, asked as scanners and readers ask."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import feedparser
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.model import SavedPaper
from newsletter.services.saved import MOST_SAVED
from newsletter.signing import Purpose, Signer, save_token, vote_token
from newsletter.web import Archives, create_app
from tests import make
from tests.archives import digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.web.site import FORM, NOW, SIGNER, WHO, part_of

TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
ENTRIES = [entry(1, title="Sparse <b>rows</b> of $x^2$", abstract="We sort rows & more."), entry(2)]
PAPER = ENTRIES[0].paper
LINK = f"/s/{save_token(SIGNER, WHO, PAPER.arxiv_id)}"


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    mail(store, digest(make.TUESDAY, ENTRIES, subscriber=make.subscriber(subscriber_id=WHO)))
    return store


@pytest.fixture
def client(store: MemoryStore) -> FlaskClient:
    # one link more than a minute allows is asked: each request is a minute later
    times = count()
    archives = Archives(pages(), public=lambda: {"local-group": WHO})
    part = replace(part_of(store), archives=archives, now=lambda: NOW + timedelta(minutes=next(times)))
    return create_app(part).test_client()


def kept(store: MemoryStore) -> list[str]:
    return [saved.paper.arxiv_id for saved in store.get_saved(WHO)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get(LINK),
        lambda client: client.head(LINK),
        lambda client: client.post(LINK),
        lambda client: client.post(LINK, data="List-Unsubscribe=One-Click", content_type=FORM),
        lambda client: client.post(LINK, data={"wish": "tea"}),
        lambda client: client.get(f"{LINK}?wish=save"),
        lambda client: client.post(f"{LINK}?wish=remove"),
    ],
)
def test_a_scanner_changes_nothing(
    store: MemoryStore, client: FlaskClient, ask: Callable[[FlaskClient], TestResponse]
) -> None:
    assert ask(client).status_code == 200
    assert kept(store) == []
    store.save_paper(SavedPaper(WHO, NOW, PAPER), most=1)
    assert ask(client).status_code == 200
    assert kept(store) == [PAPER.arxiv_id]


def test_the_button_saves_the_whole_paper_once_and_the_next_one_takes_it_off(
    store: MemoryStore, client: FlaskClient
) -> None:
    asked = client.get(LINK).text
    assert "Sparse &lt;b&gt;rows&lt;/b&gt; of x²" in asked
    assert asked.count("<button") == 1
    first, again = (client.post(LINK, data={"wish": "save"}).text for _ in range(2))
    assert first == again == client.get(LINK).text
    assert [saved.paper for saved in store.get_saved(WHO)] == [PAPER]
    for _ in range(2):
        assert "no longer on your list" in client.post(LINK, data={"wish": "remove"}).text
        assert kept(store) == []
    assert client.get(LINK).text == asked


def test_a_full_list_and_an_unknown_paper_are_said_and_nothing_is_saved(
    store: MemoryStore, client: FlaskClient
) -> None:
    strange = f"/s/{save_token(SIGNER, WHO, '2601.09999')}"
    assert "not known here" in client.post(strange, data={"wish": "save"}).text
    for number in range(MOST_SAVED):
        store.save_paper(SavedPaper(WHO, NOW, make.paper(f"2501.{number:05}")), most=MOST_SAVED)
    assert "1,000 papers" in client.post(LINK, data={"wish": "save"}).text
    assert PAPER.arxiv_id not in kept(store)


@pytest.mark.parametrize(
    "token",
    [
        "",
        save_token(SIGNER, WHO, PAPER.arxiv_id)[:-1],
        save_token(Signer(["another"]), WHO, PAPER.arxiv_id),
        vote_token(SIGNER, WHO, PAPER.arxiv_id, 1),
    ],
)
def test_a_link_that_is_not_ours_saves_nothing(store: MemoryStore, client: FlaskClient, token: str) -> None:
    answer = client.post(f"/s/{token}", data={"wish": "save"})
    assert (answer.status_code, kept(store)) == (200, [])
    assert "does not work" in answer.text


def test_the_archive_shows_and_exports_what_is_saved_when_the_digest_is_gone(client: FlaskClient) -> None:
    assert f'href="{LINK}"' in client.get(f"/archive/{TOKEN}/{make.TUESDAY}").text
    assert "Nothing is saved yet" in client.get(f"/archive/{TOKEN}/saved").text
    client.post(LINK, data={"wish": "save"})
    store = MemoryStore()
    store.save_paper(SavedPaper(WHO, NOW, PAPER), most=1)
    later = create_app(replace(part_of(store), archives=Archives(pages()))).test_client()
    for each in (client, later):
        page = each.get(f"/archive/{TOKEN}/saved").text
        assert "Sparse &lt;b&gt;rows&lt;/b&gt;" in page
        assert f'action="{LINK}"' in page
        assert PAPER.arxiv_id in each.get(f"/archive/{TOKEN}/saved.bib").text
        assert "We sort rows & more." in each.get(f"/archive/{TOKEN}/saved.ris").text
        feed = feedparser.parse(each.get(f"/archive/{TOKEN}/saved.atom").data)
        assert not feed.bozo
        assert [one.summary for one in feed.entries] == ["We sort rows & more."]
        assert "We sort rows &amp; more." in page


def test_strangers_see_no_list_and_can_save_nothing(client: FlaskClient) -> None:
    client.post(LINK, data={"wish": "save"})
    assert "/s/" not in client.get(f"/archive/local-group/{make.TUESDAY}").text
    for page in ("saved", "saved.bib", "saved.ris", "saved.atom"):
        assert client.get(f"/archive/local-group/{page}").status_code == 404
