"""What counts as a vote in a line of text, and which of all votes a scorer gets to learn from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Vote
from newsletter.subscribers.votes import MAX_LABELLED_PAPERS, labelled_papers, papers_by_number, read_votes
from tests import make

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
        ("+3+5", ((3, 1), (5, 1))),
        ("+3-5", ((3, 1), (5, -1))),
        ("-1-2", ((1, -1), (2, -1))),
        ("+3 +5, -2", ((2, -1), (3, 1), (5, 1))),
        ("+ 3 - 5", ((3, 1), (5, -1))),
        ("+3, + 5", ((3, 1), (5, 1))),
        ("+3 and -5", ((3, 1), (5, -1))),
        ("+3 und +5", ((3, 1), (5, 1))),
        ("+3と-5", ((3, 1), (5, -1))),
        ("+3/-5", ((3, 1), (5, -1))),
        ("+3 & +5!", ((3, 1), (5, 1))),
        ("+3 -5.", ((3, 1), (5, -1))),
        ("+12 -10 -11 -15", ((10, -1), (11, -1), (12, 1), (15, -1))),
    ],
)
def test_signed_numbers_are_votes_on_the_papers_of_these_numbers(line: str, votes: tuple[tuple[int, int], ...]) -> None:
    assert read_votes(line) == votes


@pytest.mark.parametrize(
    "line",
    [
        *("", " ", "+", "3", "3 5", "+3 5", "+0", "+03", "+1000", "+3.5", "+-3", "+3 -3", "+3,, -5"),
        *("+49 30 1234567", "+49-30-123", "+49 (30) 123", "+4930123456", "2026-11-25", "25.11.2026", "25-11-2026"),
        *("+33-1-42-68-53-10", "+33 - 1 - 42 - 68 - 53 - 10", "+45‑33‑12‑34‑56", "+1-800-555-123", "+49 30 1234"),
        *("25/11", "11-25", "+25/11/2026", "25 - 11 - 26", "3-5", "3+5", "+3 und", "und +3", "+3 e", "+3--5", "-- 3"),
        *(
            "+3 please",
            "I liked +3 -5",
            "> +3 -5",
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
    assert papers_by_number(("a", "b", "c"), ((1, 1), (3, -1), (4, 1))) == [(1, "a", 1), (3, "c", -1)]
    assert papers_by_number((), ((1, 1),)) == []


def test_the_latest_votes_teach_by_their_papers_and_those_taken_back_do_not() -> None:
    voted = [make.paper(f"2601.{n:05}") for n in range(MAX_LABELLED_PAPERS + 5)]
    votes = [Vote("s_abcd2345", paper.arxiv_id, 1, make.NOW, paper) for paper in voted]
    learned = labelled_papers(votes, without=["2601.00100"])
    assert len(learned) == MAX_LABELLED_PAPERS - 1
    assert learned[0] == (make.paper("2601.00005"), 1)
    assert "2601.00100" not in {paper.arxiv_id for paper, _ in learned}
    assert (
        labelled_papers([Vote("s_abcd2345", "2601.00001", 0, make.NOW), Vote("s_abcd2345", "2601.00002", 1, make.NOW)])
        == ()
    )
