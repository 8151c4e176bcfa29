"""The links beside each paper, asked as scanners and readers ask: raw requests to the real application."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from newsletter.model import Vote
from newsletter.signing import Purpose, Signer, vote_token
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app
from tests import make
from tests.archives import digest, entry, mail
from tests.fakes import MemoryStore
from tests.web.site import FORM, NOW, SIGNER, WHO, part_of

PAPER = make.paper("2601.00001", title="Sparse <b>rows</b> of $x^2$")
MORE = f"/v/{vote_token(SIGNER, WHO, PAPER.arxiv_id, 1)}"
LESS = f"/v/{vote_token(SIGNER, WHO, PAPER.arxiv_id, -1)}"


def mailed(store: Store) -> None:
    """The reader got a mail with the paper."""
    store.remember_day(make.day(make.TUESDAY, [make.announcement("2601.00001", title=PAPER.title)]))
    store.start_run("r")
    make.handed_over(store, WHO, run_id="r", now=NOW, paper_ids=(PAPER.arxiv_id,))
    store.end_run("r")


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    store = TinyStore(tmp_path)
    mailed(store)
    return store


def votes(store: Store) -> list[int]:
    return [vote.value for vote in store.get_votes(WHO)]


@pytest.mark.parametrize("link", [MORE, LESS])
@pytest.mark.parametrize(
    "ask",
    [
        lambda client, link: client.get(link),
        lambda client, link: client.head(link),
        lambda client, link: client.options(link),
        lambda client, link: client.post(link),
        lambda client, link: client.post(link, data="x=1", content_type=FORM),
        lambda client, link: client.post(link, data="List-Unsubscribe=One-Click", content_type=FORM),
        lambda client, link: client.post(link, data="more", content_type=FORM),
        lambda client, link: client.post(link, data=b"\xff\0", content_type="multipart/form-data; boundary=x"),
        lambda client, link: client.post(link, data={"wish": "tea"}),
        lambda client, link: client.get(f"{link}?wish=more"),
        lambda client, link: client.post(f"{link}?wish=more"),
    ],
)
def test_a_scanner_that_asks_and_posts_twice_changes_nothing(
    store: TinyStore, client: FlaskClient, ask: Callable[[FlaskClient, str], TestResponse], link: str
) -> None:
    for _ in range(2):
        assert ask(client, link).status_code == 200
    assert votes(store) == []


def test_the_page_names_the_paper_as_text_and_has_one_button(client: FlaskClient) -> None:
    page = client.get(MORE).text
    assert "Sparse &lt;b&gt;rows&lt;/b&gt; of x²" in page
    assert page.count("<button") == 1
    assert 'value="more"' in page
    assert 'value="less"' in client.get(LESS).text


@pytest.mark.parametrize(("link", "wish", "value"), [(MORE, "more", 1), (LESS, "less", -1)])
def test_the_button_votes_once_and_keeps_the_paper_with_the_vote(
    store: TinyStore, client: FlaskClient, link: str, wish: str, value: int
) -> None:
    first = client.post(link, data={"wish": wish})
    vote = store.get_votes(WHO)
    again = client.post(link, data={"wish": wish})
    assert first.status_code == again.status_code == 200
    assert "Set-Cookie" not in first.headers
    assert first.text == again.text == client.get(link).text
    assert vote == store.get_votes(WHO) == [Vote(WHO, PAPER.arxiv_id, value, NOW, PAPER)]


def test_the_next_page_takes_a_vote_back_or_turns_it_round(store: TinyStore, client: FlaskClient) -> None:
    page = client.post(MORE, data={"wish": "more"}).text
    assert 'value="undo"' in page
    assert 'value="less"' in page
    assert "Noted: less like this" in client.post(MORE, data={"wish": "less"}).text
    assert votes(store) == [-1]
    assert "taken back" in client.post(MORE, data={"wish": "undo"}).text
    assert votes(store) == []
    assert "taken back" not in client.get(MORE).text
    client.post(MORE, data={"wish": "more"})
    assert votes(store) == [1]


def test_the_other_link_still_asks_after_a_vote(store: TinyStore, client: FlaskClient) -> None:
    client.post(MORE, data={"wish": "more"})
    assert 'name="wish" value="less">Less like this<' in client.get(LESS).text
    client.post(LESS, data={"wish": "less"})
    assert votes(store) == [-1]


def test_a_vote_on_a_paper_that_is_forgotten_is_kept_without_it(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    client = create_app(part_of(store)).test_client()
    assert "<cite" not in client.get(MORE).text
    client.post(MORE, data={"wish": "more"})
    assert store.get_votes(WHO) == [Vote(WHO, PAPER.arxiv_id, 1, NOW, None)]


def test_a_vote_from_the_archive_keeps_the_paper_of_a_digest_whose_announcement_is_forgotten() -> None:
    store, old = MemoryStore(), entry(1, title="Sparse <b>rows</b> of $x^2$")
    mail(store, digest(make.TUESDAY, [old], subscriber=make.subscriber(subscriber_id=WHO)))
    link = f"/v/{vote_token(SIGNER, WHO, old.paper.arxiv_id, 1)}"
    client = create_app(part_of(store)).test_client()
    assert "Sparse &lt;b&gt;rows&lt;/b&gt; of x²" in client.get(link).text
    client.post(link, data={"wish": "more"})
    assert [vote.paper for vote in store.get_votes(WHO)] == [old.paper]


def test_the_paper_stays_with_the_vote_when_its_announcement_is_forgotten(
    store: TinyStore, client: FlaskClient
) -> None:
    client.post(MORE, data={"wish": "more"})
    store.forget_days(before=make.TUESDAY + timedelta(days=1))
    assert "Sparse" in client.post(MORE, data={"wish": "less"}).text
    assert [vote.paper for vote in store.get_votes(WHO)] == [PAPER]


@pytest.mark.parametrize(
    "path",
    [
        *("/v", "/v/", "/v//", "/v/nonsense", "/v/%00%ff", f"{MORE[:-3]}", f"{MORE}x", f"{MORE}=", f"{MORE}/"),
        f"/v/{'a' * 5000}",
        f"/v/{vote_token(Signer(['somebody else']), WHO, PAPER.arxiv_id, 1)}",
        f"/v/{SIGNER.link(Purpose.UNSUBSCRIBE, WHO)}",
        f"/v/{SIGNER.short_link(Purpose.REPLY, WHO, '+2601.00001')}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dead_or_foreign_link_gets_a_page_that_says_what_to_do(
    store: TinyStore, client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method, data="wish=more" if method == "POST" else None, content_type=FORM)
    assert answer.status_code == 200
    assert "This link does not work" in answer.text
    assert votes(store) == []


NOBODY = MemoryStore()
MINUTES = count()  # strangers here come one a minute, below every limit
STRANGERS = create_app(replace(part_of(NOBODY), now=lambda: NOW + timedelta(minutes=next(MINUTES))))


@given(token=st.text(max_size=60))
def test_no_token_is_an_error(token: str) -> None:
    answer = STRANGERS.test_client().post("/v/" + token.replace("?", "").replace("#", ""), data={"wish": "more"})
    assert answer.status_code == 200
    assert NOBODY.get_votes(WHO) == []


CONTENT_TYPES = [FORM, "multipart/form-data; boundary=x", "text/plain"]


@given(body=st.binary(max_size=300), content_type=st.sampled_from(CONTENT_TYPES))
def test_no_body_is_an_error_and_none_but_the_button_votes(body: bytes, content_type: str) -> None:
    assert STRANGERS.test_client().post(MORE, data=body, content_type=content_type).status_code == 200
    assert NOBODY.get_votes(WHO) == []
