"""Tokens come back as they were made, for their purpose and by our keys only."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.addresses import subscriber_id
from newsletter.signing import Purpose, Signer, read_vote_token, tag_of, tagged, vote_token

ids = st.emails().map(subscriber_id)
days = st.dates(date(2020, 1, 1), date(2199, 1, 1))
purposes = st.sampled_from(list(Purpose))
SIGNER = Signer(["an old key", "the new key"])


@given(ids, purposes)
def test_a_link_comes_back_and_is_safe_in_a_url(who: str, purpose: Purpose) -> None:
    token = SIGNER.link(purpose, who)
    assert SIGNER.read_link(purpose, token) == who
    assert all(c.isascii() and (c.isalnum() or c in "-_.") for c in token)


@given(ids, days, purposes)
def test_a_tag_survives_lower_and_upper_case(who: str, on: date, purpose: Purpose) -> None:
    tag = SIGNER.tag(purpose, who, on)
    assert tag == tag.lower()
    assert SIGNER.read_tag(purpose, tag) == SIGNER.read_tag(purpose, tag.upper()) == (who, on)
    assert len(f"unsubscribe+{tag}") <= 64


@given(ids, days, purposes, purposes)
def test_a_token_is_good_for_its_purpose_only(who: str, on: date, made: Purpose, read: Purpose) -> None:
    assert (SIGNER.read_link(read, SIGNER.link(made, who)) is not None) is (made == read)
    assert (SIGNER.read_tag(read, SIGNER.tag(made, who, on)) is not None) is (made == read)


@given(ids, days, st.integers(0, 23), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_tag_with_another_character_is_not_ours(who: str, on: date, at: int, character: str) -> None:
    tag = SIGNER.tag(Purpose.BOUNCE, who, on)
    other = tag[:at] + character + tag[at + 1 :]
    assert SIGNER.read_tag(Purpose.BOUNCE, other) == ((who, on) if other == tag else None)


@given(st.text(max_size=60))
def test_what_strangers_make_up_is_nothing(text: str) -> None:
    assert SIGNER.read_link(Purpose.UNSUBSCRIBE, text) is None
    assert SIGNER.read_tag(Purpose.BOUNCE, text) is None


def test_an_old_key_still_reads_and_a_removed_one_does_not() -> None:
    who, on = subscriber_id("ada@example.org"), date(2026, 11, 24)
    old = Signer(["an old key"])
    link, tag = old.link(Purpose.UNSUBSCRIBE, who), old.tag(Purpose.BOUNCE, who, on)
    assert SIGNER.read_link(Purpose.UNSUBSCRIBE, link) == who
    assert SIGNER.read_tag(Purpose.BOUNCE, tag) == (who, on)
    removed = Signer(["the new key"])
    assert removed.read_link(Purpose.UNSUBSCRIBE, link) is None
    assert removed.read_tag(Purpose.BOUNCE, tag) is None


@pytest.mark.parametrize(("who", "on"), [("ada@example.org", date(2026, 1, 1)), ("s_abcd2345", date(2019, 12, 31))])
def test_what_a_tag_cannot_hold_is_refused(who: str, on: date) -> None:
    with pytest.raises(ValueError, match="cannot be put into a token"):
        SIGNER.tag(Purpose.BOUNCE, who, on)


def test_a_signer_needs_keys_and_shows_none() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Signer([])
    assert "key" not in repr(SIGNER).replace("keys", "")


@pytest.mark.parametrize(
    ("address", "expected"),
    [("news@example.org", "news+abc@example.org"), ("news+x@example.org", "news+abc@example.org")],
)
def test_a_tag_stands_behind_the_plus(address: str, expected: str) -> None:
    assert tagged(address, "abc") == expected
    assert tag_of(expected.upper()) == "abc"
    assert tag_of("news@example.org") == ""


papers = st.sampled_from(["2511.00001", "0704.0001", "hep-th/9901001", "math.GT/0309136"])
values = st.sampled_from([1, -1])


@given(ids, papers, values)
def test_a_vote_link_comes_back_is_short_and_safe_in_a_url(who: str, paper: str, value: int) -> None:
    token = vote_token(SIGNER, who, paper, value)
    assert read_vote_token(SIGNER, token) == (who, paper, value)
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in token)
    assert len(token) <= 40


@given(ids, papers, values, st.data())
def test_a_vote_link_with_another_character_is_not_ours(who: str, paper: str, value: int, data: st.DataObject) -> None:
    token = vote_token(SIGNER, who, paper, value)
    at = data.draw(st.integers(0, len(token) - 1))
    other = token[:at] + data.draw(st.sampled_from("aB3-_=.+")) + token[at + 1 :]
    assert read_vote_token(SIGNER, other) == ((who, paper, value) if other == token else None)


@given(st.text(max_size=60))
def test_what_strangers_make_up_is_no_vote(text: str) -> None:
    assert read_vote_token(SIGNER, text) is None


def test_a_vote_link_is_good_for_its_purpose_and_keys_only() -> None:
    who = subscriber_id("ada@example.org")
    token = vote_token(Signer(["an old key"]), who, "2511.00001", 1)
    assert read_vote_token(SIGNER, token) == (who, "2511.00001", 1)
    assert read_vote_token(Signer(["the new key"]), token) is None
    assert SIGNER.read_link(Purpose.UNSUBSCRIBE, token) is None
    assert SIGNER.read_short_link(Purpose.UNSUBSCRIBE, token) is None
    assert SIGNER.read_tag(Purpose.VOTE, token) is None


def test_what_a_vote_link_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be put into a token"):
        vote_token(SIGNER, "ada@example.org", "2511.00001", 1)
