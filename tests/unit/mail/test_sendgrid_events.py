"""SendGrid's posts: whose they are, and what they tell, however they look."""

import base64
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.mail.inbound.sendgrid_events import (
    NEWEST,
    OLDEST,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    ParsedEvents,
    UnreadableEvents,
    load_key,
    parse,
    verify,
)
from newsletter.model import EventKind, MailEvent
from tests.sendgrid_server import EventSigner, event

K = EventKind
NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
AT = datetime(2026, 11, 22, 6, 59, 3, tzinfo=UTC)
DELIVERY = "s_ak2mpq4x/2026-11-22"
SIGNER = EventSigner()
PUBLIC = load_key(SIGNER.public)
BODY = json.dumps([event("delivered", DELIVERY, AT)]).encode()


def is_good(body: bytes = BODY, at: datetime = NOW, **changes: str) -> bool:
    names = {"signature": SIGNATURE_HEADER, "timestamp": TIMESTAMP_HEADER}
    headers = SIGNER.headers(BODY, at) | {names[what]: value for what, value in changes.items()}
    return verify(body, headers, PUBLIC, NOW)


def test_what_sendgrid_signed_is_sendgrids() -> None:
    assert is_good()


def test_the_raw_bytes_are_signed_and_no_others_will_do() -> None:
    assert not is_good(BODY + b"\n")
    assert not is_good(json.dumps(json.loads(BODY), indent=1).encode())
    assert not is_good(b"")
    body = b'[{"reason": "caf\xe9"}]\r\n'  # no UTF-8, as a mailbox may answer
    assert verify(body, SIGNER.headers(body, NOW), PUBLIC, NOW)


def test_another_key_or_another_time_is_not_sendgrids() -> None:
    headers = EventSigner().headers(BODY, NOW)
    assert not is_good(signature=headers[SIGNATURE_HEADER])
    assert not is_good(timestamp=str(int(NOW.timestamp()) + 1))


def test_a_post_is_good_for_the_day_in_which_it_is_repeated() -> None:
    second = timedelta(seconds=1)
    assert timedelta(hours=24) < OLDEST
    assert is_good(at=NOW - OLDEST)
    assert not is_good(at=NOW - OLDEST - second)
    assert is_good(at=NOW + NEWEST)
    assert not is_good(at=NOW + NEWEST + second)


@pytest.mark.parametrize("signature", ["", "x", "AAAA", "é", "MEUCIQ==", "\ud800", "A" * 100_000])
def test_a_broken_signature_is_refused(signature: str) -> None:
    assert not is_good(signature=signature)


@pytest.mark.parametrize("timestamp", ["", "soon", "NaN", "-1", "1e9", "9" * 5000, "1.5", "²"])
def test_a_signed_time_that_is_none_is_refused(timestamp: str) -> None:
    signed = SIGNER.sign(timestamp.encode() + BODY)
    assert not is_good(signature=signed, timestamp=timestamp)


@given(st.binary(max_size=200), st.text(max_size=200), st.text(max_size=20))
def test_verifying_never_raises(body: bytes, signature: str, timestamp: str) -> None:
    assert not verify(body, {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp}, PUBLIC, NOW)


def test_the_key_may_be_pasted_with_its_frame_and_line_breaks() -> None:
    framed = f"-----BEGIN PUBLIC KEY-----\n{SIGNER.public[:64]}\n{SIGNER.public[64:]}\n-----END PUBLIC KEY-----\n"
    assert load_key(framed) == PUBLIC
    assert load_key(f" {SIGNER.public} ") == PUBLIC
    assert load_key(framed.replace("\n", " ")) == PUBLIC  # as one line of a .env file


def other_curve() -> str:
    der = (
        ec.generate_private_key(ec.SECP384R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(der).decode()


@pytest.mark.parametrize("text", ["key", "SG.abc", "AAAA", "é", SIGNER.public[:-8], other_curve()])
def test_a_key_that_is_none_is_told_with_where_to_find_it(text: str) -> None:
    with pytest.raises(ConfigError, match="Signed Event Webhook"):
        load_key(text)


def told(*entries: object) -> ParsedEvents:
    return parse(json.dumps(entries).encode())


def kind_of(name: str, **more: object) -> EventKind | None:
    events = told(event(name, DELIVERY, AT, **more)).events
    return events[0].kind if events else None


def test_an_event_says_what_happened_to_which_mail_and_when() -> None:
    (found,) = told(event("delivered", DELIVERY, AT, response="250 2.0.0 OK")).events
    assert found == MailEvent(K.DELIVERED, "s_ak2mpq4x", date(2026, 11, 22), AT, "250 2.0.0 OK")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("processed", K.PROCESSED),
        ("deferred", K.DEFERRED),
        ("delivered", K.DELIVERED),
        ("spamreport", K.COMPLAINED),
        ("unsubscribe", K.UNSUBSCRIBED),
        ("group_unsubscribe", K.UNSUBSCRIBED),
    ],
)
def test_each_kind_is_one_of_ours(name: str, kind: EventKind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize("name", ["open", "click", "group_resubscribe", "account_status_change"])
def test_what_means_nothing_to_us_is_counted(name: str) -> None:
    assert told(event(name, DELIVERY, AT)) == ParsedEvents((), ignored=1)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Bounced Address", K.BOUNCED_SOFT),  # for whatever it bounced: no proof that it is gone
        ("Unsubscribed Address", K.DROPPED),
        ("Spam Reporting Address", K.DROPPED),
        ("Invalid", K.DROPPED),
        ("Spam Content", K.REFUSED),
        ("Recipient List over Package Quota", K.REFUSED),
        ("Invalid SMTPAPI header", K.REFUSED),
        ("A reason of next year", K.REFUSED),
        ("", K.REFUSED),
    ],
)
def test_a_drop_speaks_of_the_address_only_for_some_reasons(reason: str, kind: EventKind) -> None:
    assert kind_of("dropped", reason=reason) is kind


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"type": "bounce", "status": "5.1.1"}, K.BOUNCED_HARD),
        ({"type": "bounce", "status": "5.0.0"}, K.BOUNCED_SOFT),
        ({"type": "bounce", "status": "5.0.0", "reason": "550 no such user"}, K.BOUNCED_HARD),
        ({"type": "bounce", "reason": "550 5.1.1 The email account does not exist"}, K.BOUNCED_HARD),
        ({"type": "bounce", "status": "5.0.0", "bounce_classification": "Invalid Address"}, K.BOUNCED_HARD),
        ({"type": "bounce", "status": "5.1.1", "bounce_classification": "Reputation"}, K.BOUNCED_SOFT),
        ({"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 over quota"}, K.BOUNCED_SOFT),
        ({"type": "bounce", "status": "5.1.8", "reason": "501 sender domain unknown"}, K.BOUNCED_SOFT),
        ({"type": "blocked", "status": "5.1.1", "reason": "550 5.1.1 no such user"}, K.BOUNCED_SOFT),
        ({"type": "bounce"}, K.BOUNCED_SOFT),
        ({"type": "bounce", "status": "4.4.1"}, K.BOUNCED_SOFT),
        ({"type": "bounce", "status": "5.2.2"}, K.BOUNCED_SOFT),  # a full mailbox
        ({"type": "bounce", "status": "5.3.4"}, K.BOUNCED_SOFT),  # too large a mail
        ({"type": "blocked", "status": "5.7.1"}, K.BOUNCED_SOFT),
        ({"type": "blocked"}, K.BOUNCED_SOFT),  # a host that does not exist: seen without a status
        ({"status": "5.1.1"}, K.BOUNCED_HARD),
        ({"status": "4.2.2"}, K.BOUNCED_SOFT),
        ({}, K.BOUNCED_SOFT),
        ({"type": 7, "status": None}, K.BOUNCED_SOFT),
    ],
)
def test_a_bounce_is_hard_when_the_mailbox_is_gone(more: dict[str, object], kind: EventKind) -> None:
    assert kind_of("bounce", **more) is kind


def test_a_bounce_keeps_the_mailboxs_words_without_the_address() -> None:
    more = {"type": "bounce", "status": "5.1.1", "reason": "550 <reader@example.org>:\r\nno such user \x00" * 50}
    (found,) = told(event("bounce", DELIVERY, AT, **more)).events
    assert found.detail.startswith("5.1.1 550 <(address)>: no such user")
    assert "reader" not in found.detail
    assert len(found.detail) <= 200
    assert found.detail.isprintable()


@pytest.mark.parametrize(
    "delivery",
    [
        *(None, 7, "", [], {}, "service/alert.1", "s_ak2mpq4x", "s_ak2mpq4x/2026-13-01", "s_ak2mpq4x/2026-11-22\n"),
        *("S_AK2MPQ4X/2026-11-22", "s_ak2mpq4x/٢٠٢٦-11-22", "../../x/2026-11-22"),
    ],
)
def test_mail_of_others_is_not_ours(delivery: object) -> None:
    assert told(event("delivered", "", AT) | {"delivery": delivery}) == ParsedEvents((), not_ours=1)


@pytest.mark.parametrize("stamp", ["NaN", "Infinity", "-1", "1e400", '"soon"', "null", "true", "[]", "9" * 60])
def test_an_event_without_a_time_costs_only_itself(stamp: str) -> None:
    good = json.dumps(event("delivered", DELIVERY, AT))
    bad = good.replace(str(int(AT.timestamp())), stamp)
    found = parse(f"[{bad}, {good}]".encode())
    assert (len(found.events), found.unreadable) == (1, 1)


def test_strange_entries_are_counted_and_the_rest_is_read() -> None:
    entries = [7, None, "x", [], {}, {"event": None}, {"event": ["delivered"]}, event("teleported", DELIVERY, AT)]
    found = told(*entries, event("delivered", DELIVERY, AT))
    assert (len(found.events), found.unreadable, found.unknown) == (1, 7, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"7", b"null", b'"x"', b"[", b"\xff", b"[" * 100_000, b"[" + b"9" * 5000 + b"]", b"<html>", b"[{]"],
)
def test_what_is_no_list_is_one_error(body: bytes) -> None:
    with pytest.raises(UnreadableEvents):
        parse(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=10,
)
_entry = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["bounce", "dropped", "delivered", "open", "x"]) | _json,
        "delivery": st.just(DELIVERY) | _json,
        "timestamp": st.integers() | _json,
        "reason": st.text() | _json,
        "status": st.sampled_from(["5.1.1", "4"]) | _json,
        "type": st.sampled_from(["bounce", "blocked"]) | _json,
    },
)


@given(st.lists(_entry | _json, max_size=5))
def test_any_list_is_read_and_every_entry_counted_once(entries: list[object]) -> None:
    found = told(*entries)
    assert len(found.events) + found.ignored + found.unknown + found.not_ours + found.unreadable == len(entries)
    assert all(each.at.utcoffset() == timedelta(0) and len(each.detail) <= 200 for each in found.events)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_the_one_error(body: bytes) -> None:
    try:
        parse(body)
    except UnreadableEvents:
        return
