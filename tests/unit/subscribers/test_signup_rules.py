"""What a link of a confirmation mail is worth, and what it never undoes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import suppression
from newsletter.model import AddressStatus, Frequency, SignUp, Suppression, SuppressionReason
from newsletter.subscribers.signup_rules import (
    LINK_VALID_FOR,
    LinkState,
    asked_on,
    link_state,
    may_be_mailed,
    reinstate,
    topic_name,
    topic_names,
)
from newsletter.subscribers.values import MAX_LINE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(days=9), NOW + timedelta(hours=1)
WHO = "s_abcd2345"
ASKED = SignUp(WHO, NOW, "ada@example.org", "", ("cs.LG",), "Graphs.")
CONFIRMED = replace(ASKED, confirmed_at=NOW)
NEW = AddressStatus(WHO)
LEFT_BEFORE, LEFT_AFTER = (suppression.unsubscribe(NEW, at) for at in (BEFORE, AFTER))
OTHER_REASONS = [reason for reason in SuppressionReason if reason is not SuppressionReason.UNSUBSCRIBED]


def suppressed(reason: SuppressionReason, at: datetime = BEFORE) -> AddressStatus:
    return replace(NEW, suppression=Suppression(reason, at))


@pytest.mark.parametrize(
    ("sign_up", "standing", "is_listed", "state"),
    [
        (ASKED, NEW, False, LinkState.WAITING),
        (ASKED, LEFT_BEFORE, False, LinkState.WAITING),
        (ASKED, LEFT_BEFORE, True, LinkState.WAITING),
        (ASKED, NEW, True, LinkState.SUBSCRIBED),
        (CONFIRMED, NEW, True, LinkState.SUBSCRIBED),
        (None, NEW, True, LinkState.SUBSCRIBED),
        (None, NEW, False, LinkState.OLD),
        (ASKED, LEFT_AFTER, True, LinkState.LEFT),
        (ASKED, LEFT_AFTER, False, LinkState.LEFT),
        (CONFIRMED, LEFT_AFTER, True, LinkState.LEFT),
        (CONFIRMED, NEW, False, LinkState.LEFT),  # taken off the list by the operator
    ],
)
def test_what_a_link_is_worth(
    sign_up: SignUp | None, standing: AddressStatus, is_listed: bool, state: LinkState
) -> None:
    assert link_state(sign_up, standing, is_listed=is_listed, today=NOW.date()) is state


@pytest.mark.parametrize("reason", OTHER_REASONS)
def test_nobody_whom_something_else_keeps_away_is_mailed_or_let_in(reason: SuppressionReason) -> None:
    for standing in (suppressed(reason), suppression.unsubscribe(suppressed(reason), AFTER)):
        assert not may_be_mailed(standing)
        assert link_state(ASKED, standing, is_listed=True, today=NOW.date()) is LinkState.BLOCKED
        assert reinstate(standing, ASKED, AFTER) == standing


def test_a_link_is_worth_something_for_a_week() -> None:
    last = asked_on(ASKED) + LINK_VALID_FOR
    assert link_state(ASKED, NEW, is_listed=False, today=last) is LinkState.WAITING
    assert link_state(ASKED, NEW, is_listed=False, today=last + timedelta(days=1)) is LinkState.OLD


def test_who_comes_back_starts_afresh() -> None:
    wishes = replace(LEFT_BEFORE, paused_until=NOW.date() + timedelta(days=30), frequency=Frequency.WEEKLY)
    assert reinstate(wishes, ASKED, AFTER) == AddressStatus(WHO, lifted_at=AFTER)
    assert reinstate(LEFT_AFTER, ASKED, AFTER) == LEFT_AFTER


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Graph neural networks.", "Graph neural networks"),
        ("Two\n lines", "Two lines"),
        (
            "New attention variants, whose cost grows slower than the square, of the length of a text",
            "New attention variants, whose cost grows slower than the…",
        ),
        ("x" * 70, "x" * 59 + "…"),
    ],
)
def test_a_topic_is_called_as_it_begins(words: str, name: str) -> None:
    assert topic_name(words) == name


LLM = "Large language models for code generation, repair and testing of programs in industry, with formal methods"


@pytest.mark.parametrize(
    ("topics", "names"),
    [
        ((f"{LLM} one", f"{LLM} two"), ("Large language models for code… one", "Large language models for code… two")),
        (
            (
                "New attention variants whose cost grows slower than the square, in vision",
                "New attention variants whose cost grows slower than the length, in vision",
            ),
            (
                "New attention variants whose cost grows slower than the square…",
                "New attention variants whose cost grows slower than the length…",
            ),
        ),
        (
            (LLM, f"{LLM} too"),
            ("Large language models for code generation, repair and…", "Large language models for code… too"),
        ),
        (("Graphs", "Trees", "Graphs. "), ("Graphs", "Trees", "Graphs")),
    ],
)
def test_topics_that_begin_alike_are_called_by_what_differs(topics: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert tuple(topic_names(topics)) == names


WORDS = st.lists(st.sampled_from(["graphs", "of", "long", "x" * 70, "大规模语言模型" * 12, "a.", "(2)"]), min_size=1)


@given(st.lists(WORDS.map(" ".join), max_size=12), st.lists(WORDS.map(" ".join).map(topic_name), max_size=3))
def test_only_topics_of_the_same_words_share_a_name(topics: list[str], taken: list[str]) -> None:
    names = topic_names(topics, taken)
    assert len({*names}) == len({topic.rstrip(".") for topic in topics})
    assert {*names} & {*taken} == set()
    assert all(len(name) <= MAX_LINE for name in names)


@given(st.text(min_size=1, max_size=300))
def test_a_topic_of_any_words_has_a_short_name_on_one_line(words: str) -> None:
    name = topic_name(words)
    assert len(name) <= MAX_LINE
    assert len(name.splitlines()) <= 1
