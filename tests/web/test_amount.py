"""The links that send more papers or fewer, asked as scanners and readers ask: raw requests to the real application."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.model import RevisionOrigin, UnsentPaper
from newsletter.scoring import Scorer
from newsletter.services.profiles import ProfileService
from newsletter.signing import Purpose, Signer, amount_token
from newsletter.stores import Store
from newsletter.subscribers.revisions import MAX_REVISIONS_A_DAY
from newsletter.texts import LANGUAGES, write_colon, write_date
from newsletter.web import create_app
from newsletter.web.languages import load_page_texts
from tests import make
from tests.archives import digest, entry, mail
from tests.fakes import MemoryStore
from tests.web.site import FORM, NOW, SIGNER, WHO, part_of

READER = make.subscriber(subscriber_id=WHO, min_relevance=7, min_novelty=4, max_papers=2)
MORE, FEWER = (f"/amount/{amount_token(SIGNER, WHO, make.TUESDAY, sign)}" for sign in (1, -1))
RAISE = {"wish": "change", "setting": "max_papers", "before": "2", "after": "3"}


def no_scorer() -> Scorer:
    raise AssertionError("no announcement is kept, so there is nothing to score")


def site_of(store: Store) -> FlaskClient:
    profiles = ProfileService(lambda: [READER], store, no_scorer)
    return create_app(replace(part_of(store), profiles=profiles)).test_client()


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    sent = digest(make.TUESDAY, [entry(1, relevance=9), entry(2, relevance=7)], subscriber=READER)
    unsent = tuple(UnsentPaper(f"2601.{n:05}", "A title", 7, 6) for n in range(3, 6))
    mail(store, replace(sent, counts=replace(sent.counts, relevant=5), unsent=unsent))
    return store


@pytest.fixture
def client(store: MemoryStore) -> FlaskClient:
    return site_of(store)


def texts(store: Store) -> list[str]:
    return [revision.text for revision in store.get_revisions(WHO)]


def form_of(page: str) -> dict[str, str]:
    """What the page's button posts."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page))
    pressed = re.search(r'<button[^>]* name="(\w+)" value="(\w+)"', page)
    assert pressed
    return {**hidden, pressed[1]: pressed[2]}


@pytest.mark.parametrize("link", [MORE, FEWER])
@pytest.mark.parametrize(
    "ask",
    [
        lambda client, link: client.get(link),
        lambda client, link: client.head(link),
        lambda client, link: client.options(link),
        lambda client, link: client.post(link),
        lambda client, link: client.post(link, data={"wish": "change"}),
        lambda client, link: client.post(link, data={**RAISE, "wish": "tea"}),
        lambda client, link: client.post(link, data={**RAISE, "setting": "email"}),
        lambda client, link: client.post(link, data={**RAISE, "after": "²"}),
        lambda client, link: client.post(link, data={**RAISE, "before": "-2"}),
        lambda client, link: client.post(link, data={**RAISE, "before": "30"}),
        lambda client, link: client.post(link, data="List-Unsubscribe=One-Click", content_type=FORM),
        lambda client, link: client.post(link, data=b"\xff\0", content_type="multipart/form-data; boundary=x"),
        lambda client, link: client.get(link, query_string=RAISE),
        lambda client, link: client.post(link, query_string=RAISE),
    ],
)
def test_a_scanner_that_asks_and_posts_twice_changes_nothing(
    store: MemoryStore, client: FlaskClient, ask: Callable[[FlaskClient, str], TestResponse], link: str
) -> None:
    for _ in range(2):
        assert ask(client, link).status_code == 200
    assert texts(store) == []


def test_the_page_says_what_would_change_and_what_the_day_would_have_brought(client: FlaskClient) -> None:
    more, fewer = client.get(MORE).text, client.get(FEWER).text
    assert "3 papers instead of 2" in more
    assert form_of(more) == RAISE
    assert "1 paper instead of 2" in fewer
    assert form_of(fewer) == {"wish": "change", "setting": "min_relevance", "before": "7", "after": "8"}


@pytest.mark.parametrize(("link", "text"), [(MORE, "max_papers: 3\n"), (FEWER, "min_relevance: 8\n")])
def test_pressing_the_button_twice_is_pressing_it_once(
    store: MemoryStore, client: FlaskClient, link: str, text: str
) -> None:
    form = form_of(client.get(link).text)
    first, again = (client.post(link, data=form) for _ in range(2))
    assert first.text == again.text
    assert "Set-Cookie" not in first.headers
    assert texts(store) == [text]


def test_what_was_changed_can_be_taken_back(store: MemoryStore, client: FlaskClient) -> None:
    undo = form_of(client.post(MORE, data=RAISE).text)
    assert undo == {"wish": "undo", "setting": "max_papers", "before": "3", "after": "2"}
    for _ in range(2):
        assert "Taken back" in client.post(MORE, data=undo).text
    assert texts(store) == ["max_papers: 3\n", "max_papers: 2\n"]


def test_a_button_of_before_another_change_shows_the_step_from_where_the_reader_is_now(
    store: MemoryStore, client: FlaskClient
) -> None:
    client.post(MORE, data=RAISE)
    client.post(MORE, data={**RAISE, "before": "3", "after": "4"})
    page = client.post(MORE, data=RAISE).text
    assert form_of(page) == {**RAISE, "before": "4", "after": "6"}
    assert len(texts(store)) == 2


@pytest.mark.parametrize("after", ["0", "501", "999"])
def test_what_the_profile_page_would_refuse_is_refused(store: MemoryStore, client: FlaskClient, after: str) -> None:
    page = client.post(MORE, data={**RAISE, "after": after}).text
    assert "Not changed" in page
    assert texts(store) == []


def test_more_changes_than_a_day_has_are_refused_in_the_profiles_words(store: MemoryStore, client: FlaskClient) -> None:
    for number in range(MAX_REVISIONS_A_DAY):
        client.post(MORE, data={**RAISE, "before": str(2 + number % 2), "after": str(3 - number % 2)})
    before = str(2 + MAX_REVISIONS_A_DAY % 2)
    page = client.post(MORE, data={**RAISE, "before": before, "after": "9"}).text
    assert "times a day" in page
    assert len(texts(store)) <= MAX_REVISIONS_A_DAY


@pytest.mark.parametrize(
    ("link", "text", "said"),
    [
        (MORE, "min_relevance: 1\nmin_novelty: 1\nmax_papers: 500\n", "the most already"),
        (FEWER, "min_relevance: 10\nmax_papers: 1\n", "the fewest already"),
    ],
)
def test_who_is_at_the_end_of_the_range_is_told_so(
    store: MemoryStore, client: FlaskClient, link: str, text: str, said: str
) -> None:
    store.add_revision(WHO, text, origin=RevisionOrigin.WEB, now=NOW)
    page = client.get(link).text
    assert said in page
    assert "<button" not in page


@pytest.mark.parametrize(
    "path",
    [
        *("/amount", "/amount/", "/amount/nonsense", "/amount/%00%ff", f"{MORE[:-3]}", f"{MORE}x", f"{MORE}/"),
        f"/amount/{amount_token(Signer(['somebody else']), WHO, make.TUESDAY, 1)}",
        f"/amount/{SIGNER.link(Purpose.PROFILE, WHO)}",
        f"/amount/{SIGNER.short_link(Purpose.VOTE, WHO, '+2026-01-06')}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dead_or_foreign_link_gets_a_page_that_says_what_to_do(
    store: MemoryStore, client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method, data=RAISE if method == "POST" else None)
    assert answer.status_code == 200
    assert "This link does not work" in answer.text
    assert texts(store) == []


def test_a_link_of_somebody_who_left_the_list_changes_nothing(store: MemoryStore) -> None:
    client = create_app(replace(part_of(store), profiles=ProfileService(lambda: [], store, no_scorer))).test_client()
    assert client.get(MORE).status_code == 200
    assert "no longer on the list" in client.post(MORE, data=RAISE).text
    assert texts(store) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_the_readers_language(store: MemoryStore, language: str) -> None:
    reader = replace(READER, profile=replace(READER.profile, language=language))
    service = ProfileService(lambda: [reader], store, no_scorer)
    client = create_app(replace(part_of(store), profiles=service)).test_client()
    texts = load_page_texts("amount")[language]
    page = client.get(MORE).text
    assert f'<html lang="{language}">' in page
    setting = f"{texts['max_papers']}{write_colon(language)}"
    for said in (texts["ask_more"], setting, write_date(make.TUESDAY, language)):
        assert html.escape(said) in page
    assert texts["undo"] in client.post(MORE, data=RAISE).text
