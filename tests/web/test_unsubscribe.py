"""The link of a mail, asked as mail programs, scanners and readers ask: raw requests to the real application."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from newsletter.delivery import suppression
from newsletter.errors import StoreError
from newsletter.model import AddressStatus, Suppression, SuppressionReason
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app
from newsletter.web.health import NOT_READY
from tests.fakes import MemoryStore
from tests.web.site import FORM, LINK, NOW, SIGNER, WHO, part_of, suppress_for

ONE_CLICK = "List-Unsubscribe=One-Click"


def why(store: Store) -> SuppressionReason | None:
    suppression = store.get_address_status(WHO).suppression
    return suppression.why if suppression else None


def press(client: FlaskClient, wish: str) -> TestResponse:
    return client.post(LINK, data={"wish": wish})


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get(LINK),
        lambda client: client.head(LINK),
        lambda client: client.options(LINK),
        lambda client: client.post(LINK),
        lambda client: client.post(LINK, data="x=1", content_type=FORM),
        lambda client: client.post(LINK, data="List-Unsubscribe=Two-Clicks", content_type=FORM),
        lambda client: client.post(LINK, data="&" * 2000, content_type=FORM),
        lambda client: client.post(LINK, data=b"\xff\xfe\0", content_type="multipart/form-data; boundary=x"),
        lambda client: client.post(LINK, data={"wish": "drink tea"}),
        lambda client: client.get(f"{LINK}?wish=leave&{ONE_CLICK}"),
        lambda client: client.post(f"{LINK}?wish=leave&{ONE_CLICK}"),
    ],
    ids=[
        "get",
        "head",
        "options",
        "bare post",
        "other field",
        "other value",
        "empty fields",
        "no form at all",
        "unknown wish",
        "get query",
        "query",
    ],
)
def test_a_request_that_does_not_say_so_changes_nothing(
    store: TinyStore, client: FlaskClient, ask: Callable[[FlaskClient], TestResponse]
) -> None:
    answer = ask(client)
    assert answer.status_code == 200
    assert store.get_address_statuses() == []
    if answer.request.method in {"GET", "POST"}:
        assert answer.text.count('value="leave"') == 1


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", "text/plain", None])
def test_one_click_unsubscribes_with_200_and_without_cookie_or_redirect(
    store: TinyStore, client: FlaskClient, content_type: str | None
) -> None:
    answer = client.post(LINK, data=ONE_CLICK, content_type=content_type)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers
    assert store.get_address_status(WHO).suppression == Suppression(
        SuppressionReason.UNSUBSCRIBED, NOW, suppression.BY_LINK
    )


def test_one_click_may_come_as_multipart(store: TinyStore, client: FlaskClient) -> None:
    """RFC 8058 §3.2 asks for this form or the other."""
    answer = client.post(LINK, data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data")
    assert (answer.status_code, why(store)) == (200, SuppressionReason.UNSUBSCRIBED)


def test_the_button_unsubscribes_and_the_next_page_undoes_it(store: TinyStore, client: FlaskClient) -> None:
    left = press(client, "leave")
    assert (left.status_code, why(store)) == (200, SuppressionReason.UNSUBSCRIBED)
    assert 'value="return"' in left.text
    back = press(client, "return")
    assert (back.status_code, why(store)) == (200, None)
    assert store.get_address_status(WHO).lifted_at == NOW
    assert 'value="leave"' in back.text


@pytest.mark.parametrize("wish", ["leave", "return"])
def test_doing_it_twice_is_doing_it_once(store: TinyStore, client: FlaskClient, wish: str) -> None:
    press(client, "leave")
    press(client, wish)
    once = store.get_address_status(WHO)
    assert press(client, wish).status_code == 200
    assert store.get_address_status(WHO) == once


def test_a_link_is_for_later_too_and_shows_what_is_the_case(store: TinyStore, client: FlaskClient) -> None:
    press(client, "leave")
    assert 'value="return"' in client.get(LINK).text
    assert why(store) is SuppressionReason.UNSUBSCRIBED


def test_who_leaves_while_their_standing_cannot_be_read_finds_the_button_and_has_left(
    store: TinyStore, client: FlaskClient, tmp_path: Path
) -> None:
    suppress_for(store, SuppressionReason.SOFT_BOUNCES)
    path = tmp_path / "standings" / f"{WHO}.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    page = client.get(LINK)
    assert (page.status_code, "Unsubscribe</button>" in page.text) == (200, True)
    assert client.post(LINK, data={"wish": "pause", "weeks": "2"}).status_code == 503  # and nothing is promised
    for _ in range(2):
        assert "You are unsubscribed" in press(client, "leave").text
    path.write_bytes(whole)
    assert why(TinyStore(path.parents[1])) is SuppressionReason.UNSUBSCRIBED


def test_a_link_of_an_older_key_still_works(store: TinyStore, client: FlaskClient) -> None:
    older = Signer(["an older key"]).link(Purpose.UNSUBSCRIBE, WHO)
    client.post(f"/u/{older}", data=ONE_CLICK, content_type=FORM)
    assert why(store) is SuppressionReason.UNSUBSCRIBED


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_undo_lifts_nothing_but_the_readers_own_wish(
    store: TinyStore, client: FlaskClient, reason: SuppressionReason
) -> None:
    suppress_for(store, reason)
    press(client, "return")
    assert why(store) is (None if reason is SuppressionReason.UNSUBSCRIBED else reason)


@pytest.mark.parametrize("reason", [r for r in SuppressionReason if r is not SuppressionReason.UNSUBSCRIBED])
def test_leaving_and_coming_back_is_no_way_around_another_reason(
    store: TinyStore, client: FlaskClient, reason: SuppressionReason
) -> None:
    suppress_for(store, reason)
    answer = press(client, "leave")
    assert 'value="return"' not in answer.text
    assert why(store) in {SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINT}
    press(client, "return")
    assert store.get_address_status(WHO).suppression is not None


def test_after_a_complaint_the_page_says_whom_to_write_to(store: TinyStore, client: FlaskClient) -> None:
    suppress_for(store, SuppressionReason.COMPLAINT)
    page = client.get(LINK).text
    assert "reported as spam" in page
    assert "mailto:back@example.org" in page
    assert "<form" not in page


def test_whoever_bounced_may_still_leave_for_good(store: TinyStore, client: FlaskClient) -> None:
    suppress_for(store, SuppressionReason.HARD_BOUNCE)
    assert 'value="leave"' in client.get(LINK).text
    press(client, "leave")
    suppression = store.get_address_status(WHO).suppression
    assert suppression is not None
    assert suppression.detail == "by the link in a mail, before that: hard bounce"


@pytest.mark.parametrize(
    "path",
    [
        "/u",
        "/u/",
        "/u//",
        "/u/nonsense",
        "/u/%00%ff",
        "/u/../../etc/passwd",
        f"{LINK[:-3]}",
        f"{LINK}x",
        f"{LINK}/",
        f"/u/{'a' * 5000}",
        f"/u/{Signer(['somebody else']).link(Purpose.UNSUBSCRIBE, WHO)}",
        f"/u/{SIGNER.link(Purpose.REPLY, WHO)}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dead_or_foreign_link_gets_a_page_that_says_what_to_do(
    store: TinyStore, client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method, data=ONE_CLICK if method == "POST" else None, content_type=FORM)
    assert answer.status_code == 200
    assert "mailto:back@example.org?subject=unsubscribe" in answer.text
    assert store.get_address_statuses() == []


NOBODY = MemoryStore()
STRANGERS = create_app(part_of(NOBODY))


@given(token=st.text(max_size=60))
def test_no_token_is_an_error(token: str) -> None:
    answer = STRANGERS.test_client().post("/u/" + token.replace("?", "").replace("#", ""), data={"wish": "leave"})
    assert answer.status_code == 200
    assert NOBODY.get_address_statuses() == []


def test_without_a_key_every_link_is_dead(store: TinyStore) -> None:
    client = create_app(replace(part_of(store), signer=None)).test_client()
    assert "This link does not work" in client.post(LINK, data=ONE_CLICK, content_type=FORM).text
    assert store.get_address_statuses() == []


def test_a_body_that_is_too_large_gets_a_plain_page(store: TinyStore, client: FlaskClient) -> None:
    answer = client.post(LINK, data="List-Unsubscribe=One-Click&x=" + "x" * 5000, content_type=FORM)
    assert answer.status_code == 413
    assert "More was sent" in answer.text
    assert store.get_address_statuses() == []


class BrokenStore(MemoryStore):
    def get_address_status(self, subscriber_id: str) -> AddressStatus:
        raise StoreError(f"the memory of {subscriber_id} cannot be read")

    def change_address_status(
        self, subscriber_id: str, change: Callable[[AddressStatus], AddressStatus]
    ) -> AddressStatus:
        raise StoreError(f"the memory of {subscriber_id} cannot be written")

    def get_runs(self, **_: object) -> list:  # type: ignore[override,type-arg]
        raise StoreError("the memory cannot be read")


def test_a_memory_out_of_order_asks_to_try_again_and_logs_no_token(caplog: pytest.LogCaptureFixture) -> None:
    client = create_app(part_of(BrokenStore())).test_client()
    with caplog.at_level(logging.ERROR):
        answer = client.post(LINK, data=ONE_CLICK, content_type=FORM)
    assert answer.status_code == 503
    assert "try again" in answer.text
    assert "cannot be written" in caplog.text
    assert LINK.removeprefix("/u/") not in caplog.text
    assert client.get("/health").status_code == 200, "the process itself is well"
    with caplog.at_level(logging.WARNING):
        ready = client.get("/ready")
    assert (ready.status_code, ready.text) == (503, NOT_READY)
    assert "the memory cannot be read" in caplog.text


def test_a_bug_is_logged_with_its_traceback_and_without_the_token(
    store: TinyStore, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("the clock is gone")

    client = create_app(replace(part_of(store), now=broken_clock)).test_client()
    answer = client.post(LINK, data=ONE_CLICK, content_type=FORM)
    assert answer.status_code == 500
    assert "the clock is gone" in caplog.text
    assert LINK.removeprefix("/u/") not in caplog.text
