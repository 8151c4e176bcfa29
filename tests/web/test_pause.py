"""A pause by the page: on its own address and behind the unsubscribe link, and only for who says so."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from newsletter.model import AddressStatus, SuppressionReason
from newsletter.signing import Purpose, Signer
from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app, pause
from tests.web.site import LINK, NOW, SIGNER, WHO, part_of, suppress_for

TODAY = date(2026, 1, 6)
PAUSE = f"/pause/{SIGNER.link(Purpose.PAUSE, WHO)}"
BOTH = pytest.mark.parametrize("link", [LINK, PAUSE], ids=["/u", "/pause"])


def until(store: TinyStore) -> date | None:
    return store.get_address_status(WHO).paused_until


@BOTH
@pytest.mark.parametrize("weeks", [1, 2, 4])
def test_a_pause_of_some_weeks_ends_on_the_same_weekday(
    store: TinyStore, client: FlaskClient, link: str, weeks: int
) -> None:
    answer = client.post(link, data={"wish": "pause", "weeks": str(weeks)})
    assert answer.status_code == 200
    assert until(store) == TODAY + timedelta(weeks=weeks)
    assert "Tuesday, " in answer.text
    assert 'value="resume"' in client.get(link).text


@BOTH
def test_a_pause_until_a_day_and_mail_again_by_the_next_button(
    store: TinyStore, client: FlaskClient, link: str
) -> None:
    answer = client.post(link, data={"wish": "pause", "until": "2026-02-03"})
    assert until(store) == date(2026, 2, 3)
    assert "from Tuesday, 3 February 2026 on" in answer.text
    again = client.post(link, data={"wish": "resume"})
    assert until(store) is None
    assert "Your digest comes again" in again.text
    assert 'value="pause"' in again.text


@BOTH
@pytest.mark.parametrize(
    "form",
    [
        {"wish": "pause"},
        {"weeks": "2"},
        {"until": "2026-02-03"},
        {"wish": "pause", "weeks": "3"},
        {"wish": "pause", "weeks": "2 "},
        {"wish": "pause", "weeks": "²"},
        {"wish": "pause", "weeks": "9" * 30},
        {"wish": "pause", "until": "2026-01-06"},
        {"wish": "pause", "until": "2020-01-01"},
        {"wish": "pause", "until": "2030-01-01"},
        {"wish": "pause", "until": "next week"},
        {"wish": "PAUSE", "weeks": "2"},
    ],
)
def test_a_wish_that_does_not_say_how_long_changes_nothing(
    store: TinyStore, client: FlaskClient, link: str, form: dict[str, str]
) -> None:
    assert client.post(link, data=form).status_code == 200
    assert client.get(link, query_string=form).status_code == 200
    assert client.post(link, query_string=form).status_code == 200
    assert store.get_address_statuses() == []


def test_a_day_that_cannot_be_is_explained_and_still_there(client: FlaskClient) -> None:
    answer = client.post(LINK, data={"wish": "pause", "until": "2020-01-01"})
    assert "not between 7 January 2026 and 7 January 2027" in answer.text
    assert 'value="2020-01-01"' in answer.text
    assert "<details open>" in answer.text


@pytest.mark.parametrize("reason", list(SuppressionReason))
@BOTH
def test_neither_pause_nor_resuming_lifts_a_suppression(
    store: TinyStore, client: FlaskClient, link: str, reason: SuppressionReason
) -> None:
    suppress_for(store, reason)
    before = store.get_address_status(WHO)
    for wish in ({"wish": "pause", "weeks": "1"}, {"wish": "resume"}):
        answer = client.post(link, data=wish)
        assert store.get_address_status(WHO) == before
        assert 'value="pause"' not in answer.text


def test_leaving_and_coming_back_gives_the_pause_back_too(store: TinyStore, client: FlaskClient) -> None:
    client.post(LINK, data={"wish": "pause", "weeks": "4"})
    client.post(LINK, data={"wish": "leave"})
    back = client.post(LINK, data={"wish": "return"})
    assert until(store) == date(2026, 2, 3)
    assert "The pause you asked for goes on" in back.text


def test_a_pause_that_is_over_is_no_pause() -> None:
    status = AddressStatus(WHO, paused_until=TODAY)
    assert pause.pause_view(status, TODAY).until is None
    assert pause.pause_view(status, TODAY - timedelta(days=1)).until == TODAY


def test_the_link_of_a_pause_cannot_unsubscribe_and_the_other_links_cannot_pause_here(
    store: TinyStore, client: FlaskClient
) -> None:
    client.post(PAUSE, data={"wish": "leave", "List-Unsubscribe": "One-Click"})
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PROFILE):
        answer = client.post(f"/pause/{SIGNER.link(purpose, WHO)}", data={"wish": "pause", "weeks": "1"})
        assert "mailto:back@example.org?subject=pause" in answer.text
    assert client.post("/pause", data={"wish": "pause", "weeks": "1"}).status_code == 200
    assert store.get_address_statuses() == []


def test_a_link_of_an_older_key_pauses_and_without_a_key_none_does(store: TinyStore, client: FlaskClient) -> None:
    older = Signer(["an older key"]).link(Purpose.PAUSE, WHO)
    keyless = create_app(replace(part_of(store), signer=None)).test_client()
    keyless.post(f"/pause/{older}", data={"wish": "pause", "weeks": "1"})
    assert store.get_address_statuses() == []
    client.post(f"/pause/{older}", data={"wish": "pause", "weeks": "1"})
    assert until(store) == NOW.date() + timedelta(weeks=1)
