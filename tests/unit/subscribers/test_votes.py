"""What counts as a vote in a line of text and in a link, and what of all votes a scorer gets to learn from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.addresses import subscriber_id
from newsletter.model import Vote
from newsletter.signing import Purpose, Signer
from newsletter.subscribers.votes import MOST_TAUGHT, lessons, numbered, read_vote_token, read_votes, vote_token
from tests import make

SIGNER = Signer(["an old key", "the new key"])
ids = st.emails().map(subscriber_id)
papers = st.sampled_from(["2511.00001", "0704.0001", "hep-th/9901001", "math.GT/0309136"])
values = st.sampled_from([1, -1])


@pytest.mark.parametrize(
    ("line", "votes"),
    [
        ("+3 -5", ((3, 1), (5, -1))),
        ("+3, -5", ((3, 1), (5, -1))),
        ("+3,-5", ((3, 1), (5, -1))),
        ("  +3 ; +4\t", ((3, 1), (4, 1))),
        ("-5 +3", ((3, 1), (5, -1))),
        ("−5", ((5, -1),)),
        ("–5", ((5, -1),)),
        ("＋３　－１２", ((3, 1), (12, -1))),
        ("+3、+4，-5", ((3, 1), (4, 1), (5, -1))),
        ("+3 +3", ((3, 1),)),
        ("+120", ((120, 1),)),
    ],
)
def test_signed_numbers_are_votes_on_the_papers_of_these_numbers(line: str, votes: tuple[tuple[int, int], ...]) -> None:
    assert read_votes(line) == votes


@pytest.mark.parametrize(
    "line",
    [
        *("", " ", "+", "3", "3 5", "+ 3", "+3-5", "+3 5", "+0", "+03", "+1000", "+3.5", "+-3", "+3 -3", "+3,, -5"),
        *("+49 30 1234567", "+49-30-123", "+49 (30) 123", "+4930123456", "2026-11-25", "-11-25", "25.11.2026"),
        *(
            "+3 please",
            "I liked +3 -5",
            "> +3 -5",
            "+3 -5.",
            "+3\n-5",
            "+٣",
            "+³",
            "- 5 papers",
            "+1 (5) 0",
            '"+3 -5".',
        ),
        " ".join(["+1"] * 500),
    ],
)
def test_no_other_line_is_a_vote(line: str) -> None:
    assert read_votes(line) == ()


@given(st.text(max_size=500))
def test_any_text_gives_small_numbers_or_nothing(text: str) -> None:
    assert all(1 <= number <= 999 and value in (1, -1) for number, value in read_votes(text))


@given(st.dictionaries(st.integers(1, 999), values, min_size=1, max_size=20).map(dict.items), st.randoms())
def test_the_order_of_votes_in_a_line_means_nothing(votes: list[tuple[int, int]], random: object) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert read_votes(" ".join(f"{number * value:+d}" for number, value in shuffled)) == tuple(sorted(votes))


def test_a_number_is_the_place_in_the_mail_and_one_beyond_it_means_nothing() -> None:
    assert numbered(("a", "b", "c"), ((1, 1), (3, -1), (4, 1))) == [("a", 1), ("c", -1)]
    assert numbered((), ((1, 1),)) == []


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


def test_the_latest_votes_teach_by_their_papers_and_those_taken_back_do_not() -> None:
    voted = [make.paper(f"2601.{n:05}") for n in range(MOST_TAUGHT + 5)]
    votes = [Vote("s_abcd2345", paper.arxiv_id, 1, make.NOW, paper) for paper in voted]
    learned = lessons(votes, without=["2601.00100"])
    assert len(learned) == MOST_TAUGHT - 1
    assert learned[0] == (make.paper("2601.00005"), 1)
    assert "2601.00100" not in {paper.arxiv_id for paper, _ in learned}
    assert lessons([Vote("s_abcd2345", "2601.00001", 0, make.NOW), Vote("s_abcd2345", "2601.00002", 1, make.NOW)]) == ()
