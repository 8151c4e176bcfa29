"""SendGrid's posts at the door: signed or refused, kept or repeated, in any order and number."""

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.errors import ConfigError, ReaderUnreadable, StoreError
from newsletter.model import AddressStatus, Delivery, DeliveryState, EventKind, MailEvent, SuppressionReason
from newsletter.services import lost_memory
from newsletter.services.lost_memory import SentBefore
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app
from newsletter.web.request_limits import WARNINGS
from newsletter.web.sendgrid_events import MOST_BYTES, PATH, blueprint
from tests.fakes import MemoryStore
from tests.make import handed_over, present
from tests.sendgrid_server import Body, EventSigner, event
from tests.web.site import part_of

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
WHO, DAY = "s_ak2mpq4x", date(2026, 11, 22)
DELIVERY = f"{WHO}/{DAY}"
SIGNER = EventSigner()


def client_of(store: Store, key: str | None = SIGNER.public) -> FlaskClient:
    return create_app(replace(part_of(store), webhook_key=key, now=lambda: NOW)).test_client()


def accepted(store: Store) -> Delivery:
    store.start_run("r1")
    row = ledger.accept(handed_over(store, WHO, DAY, now=NOW, paper_ids=("2511.00001",)), "message-1", NOW)
    store.move(row)
    return row


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    accepted(store)
    return store


def post(client: FlaskClient, *events: object, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    body = json.dumps(events).encode() if body is None else body
    answer = client.post(PATH, data=body, headers=SIGNER.headers(body, NOW) | headers)
    return answer.status_code, answer.text


def state_of(store: Store) -> DeliveryState:
    return present(store.get_delivery(WHO, DAY)).state


def bounce(minutes: int = 0, **more: object) -> Body:
    given = {"type": "bounce", "status": "5.1.1", "reason": "550 no such user"} | more
    return event("bounce", DELIVERY, NOW + timedelta(minutes=minutes), **given)


def test_a_signed_post_moves_the_delivery_and_the_address(store: MemoryStore) -> None:
    status, text = post(client_of(store), event("delivered", DELIVERY, NOW), bounce(), event("open", DELIVERY, NOW))
    assert (status, text) == (200, "2 kept, 0 not ours, 1 ignored, 0 not understood\n")
    assert state_of(store) is DeliveryState.REJECTED
    suppression = present(store.get_address_status(WHO).suppression)
    assert (suppression.why, suppression.detail) == (SuppressionReason.HARD_BOUNCE, "5.1.1 550 no such user")


def test_an_event_of_a_mail_that_is_older_than_the_memory_tells_that_it_was_lost() -> None:
    store, before = MemoryStore(), SentBefore(0)
    lost_memory.require_known(store, DAY, lambda since: before)
    others = event("delivered", f"s_bbbb2222/{DAY + timedelta(days=1)}", NOW)
    assert post(client_of(store), others)[0] == 200
    lost_memory.require_whole(store)  # perhaps another newsletter's, of a day that is not over here
    assert post(client_of(store), others, bounce())[0] == 200  # a repeat would tell no more
    with pytest.raises(StoreError, match=f"does not know the mail {DELIVERY}"):
        lost_memory.require_whole(store)


def test_a_mail_refused_for_its_content_frees_its_papers_and_spares_the_reader(store: MemoryStore) -> None:
    for _ in range(9):
        post(client_of(store), event("dropped", DELIVERY, NOW, reason="Spam Content"))
    assert state_of(store) is DeliveryState.REJECTED
    assert store.get_sent(WHO) == frozenset()
    assert store.get_address_status(WHO) == AddressStatus(WHO)


def test_what_is_not_ours_or_not_known_is_answered_well(store: MemoryStore) -> None:
    strange = [event("delivered", "s_aaaaaaaa/2026-11-22", NOW), event("delivered", "", NOW), {"event": "new"}, 7]
    assert post(client_of(store), *strange) == (200, "0 kept, 2 not ours, 0 ignored, 2 not understood\n")
    assert post(client_of(store)) == (200, "0 kept, 0 not ours, 0 ignored, 0 not understood\n")
    assert state_of(store) is DeliveryState.ACCEPTED


def test_an_unsigned_post_changes_nothing(store: MemoryStore) -> None:
    client = client_of(store)
    body = json.dumps([bounce()]).encode()
    assert client.post(PATH, data=body).status_code == 403
    for name in ("X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"):
        assert post(client, bounce(), **{name: "0"})[0] == 403
    assert client.post(PATH, data=body + b" ", headers=SIGNER.headers(body, NOW)).status_code == 403
    assert client.post(PATH, data=body, headers=EventSigner().headers(body, NOW)).status_code == 403
    assert client.post(PATH, data=body, headers=SIGNER.headers(body, NOW - timedelta(days=2))).status_code == 403
    assert state_of(store) is DeliveryState.ACCEPTED


def test_without_a_key_nothing_is_believed(store: MemoryStore) -> None:
    assert post(client_of(store, key=None), bounce())[0] == 403
    assert post(client_of(store, key=""), bounce())[0] == 403
    assert state_of(store) is DeliveryState.ACCEPTED


@pytest.mark.parametrize("key", ["", SIGNER.public])
def test_whoever_posts_without_end_does_not_fill_the_log(
    store: MemoryStore, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    client = client_of(store, key=key)
    assert {client.post(PATH, data=b"[]").status_code for _ in range(200)} == {403}
    assert len(caplog.records) == WARNINGS


def test_a_key_that_is_none_stops_at_the_start(store: MemoryStore) -> None:
    with pytest.raises(ConfigError, match="NEWSLETTER_SENDGRID_WEBHOOK_KEY"):
        blueprint(store, "what?", lambda: NOW)


def test_a_post_is_as_large_as_sendgrids_and_no_larger(store: MemoryStore) -> None:
    client = client_of(store)
    assert post(client, *[event("delivered", DELIVERY, NOW)] * 2000)[0] == 200
    assert post(client, body=b" " * (MOST_BYTES + 1))[0] == 413


def test_only_a_post_is_taken(store: MemoryStore) -> None:
    assert client_of(store).get(PATH).status_code == 405


def test_signed_nonsense_is_no_crash(store: MemoryStore) -> None:
    for body in (b"", b"{}", b"\xff", b"[" * 100_000):
        assert post(client_of(store), body=body)[0] == 400


class BrokenStore(MemoryStore):
    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        raise StoreError("the disk is full")


def test_when_the_memory_fails_sendgrid_is_asked_to_repeat() -> None:
    assert post(client_of(BrokenStore()), bounce())[0] == 503
    assert post(client_of(BrokenStore()), event("open", DELIVERY, NOW))[0] == 200


class OneUnreadable(MemoryStore):
    def take_event(self, event: MailEvent, *, now: datetime) -> bool:
        if event.subscriber_id == "s_bbbb2222":
            raise ReaderUnreadable(event.subscriber_id, "its file cannot be read; put it back from a backup")
        return super().take_event(event, now=now)


def test_what_cannot_be_kept_of_one_reader_keeps_nothing_else_from_being_kept(caplog: pytest.LogCaptureFixture) -> None:
    store = OneUnreadable()
    accepted(store)
    status, text = post(client_of(store), event("delivered", f"s_bbbb2222/{DAY}", NOW), bounce())
    assert status == 503  # so that it is repeated
    assert text == "1 kept, 1 not: the memory failed; please repeat\n"
    assert state_of(store) is DeliveryState.REJECTED
    assert "s_bbbb2222" in caplog.text


def test_no_address_is_in_the_answer_or_the_log(store: MemoryStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    text = post(client_of(store), bounce(), event("delivered", "x", NOW))[1]
    text += post(client_of(store), bounce(), **{"X-Twilio-Email-Event-Webhook-Timestamp": "1"})[1]
    assert "@" not in text + caplog.text


_events = st.lists(
    st.one_of(
        st.builds(
            lambda kind, minutes: event(kind, DELIVERY, NOW + timedelta(minutes=minutes)),
            st.sampled_from(["processed", "deferred", "delivered", "open", "spamreport", "unsubscribe"]),
            st.integers(0, 30_000),
        ),
        st.builds(
            lambda minutes, kind: bounce(minutes, type=kind),
            st.integers(0, 30_000),
            st.sampled_from(["bounce", "blocked"]),
        ),
        st.builds(
            lambda minutes, reason: event("dropped", DELIVERY, NOW + timedelta(minutes=minutes), reason=reason),
            st.integers(0, 30_000),
            st.sampled_from(["Bounced Address", "Spam Content"]),
        ),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: (one["event"], one["timestamp"], one.get("type"), one.get("reason")),
)


def end_of(events: list[Body]) -> tuple[DeliveryState, AddressStatus, list[MailEvent]]:
    with TemporaryDirectory() as folder:
        store = TinyStore(Path(folder))
        accepted(store)
        client = client_of(store)
        for one in events:
            assert post(client, one)[0] == 200
        return state_of(store), store.get_address_status(WHO), store.get_events(WHO, DAY)


@settings(max_examples=10)
@given(_events, st.randoms(use_true_random=False))
def test_events_told_twice_and_shuffled_end_the_same(events: list[Body], chance: random.Random) -> None:
    twice = [*events, *events]
    chance.shuffle(twice)
    assert end_of(twice) == end_of(events)


def test_each_kind_of_event_is_reached_by_some_post() -> None:
    posts = [event(kind, DELIVERY, NOW) for kind in ("processed", "deferred", "delivered", "spamreport", "unsubscribe")]
    posts += [bounce(), bounce(type="blocked"), event("dropped", DELIVERY, NOW, reason="Invalid")]
    posts += [event("dropped", DELIVERY, NOW, reason="Spam Content")]
    assert {each.kind for each in end_of(posts)[2]} == set(EventKind)
