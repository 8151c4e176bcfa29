"""More or fewer papers: which setting moves, in which direction, how far, and what is written for it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.model import Digest, Score
from newsletter.run.digest import build_digest
from newsletter.subscribers import profile_yaml
from newsletter.subscribers.amounts import (
    AmountChange,
    DayCounts,
    Direction,
    Setting,
    count_day,
    propose,
    value_of,
    with_setting,
    with_value,
)
from newsletter.subscribers.schema import ReaderPreferences
from tests import make

MORE, FEWER = Direction.MORE, Direction.FEWER
MOST, RELEVANCE, NOVELTY, LEAST = Setting.MAX_PAPERS, Setting.MIN_RELEVANCE, Setting.MIN_NOVELTY, Setting.AT_LEAST
LEASTS = st.integers(0, 20)
COMMENTS = resources.load_texts("templates/texts/profile_comments.yaml")["en"]
READER = make.subscriber(min_relevance=7, min_novelty=4, max_papers=30)


@pytest.mark.parametrize(
    ("direction", "reader", "day", "change"),
    [
        (MORE, {}, DayCounts(81, 40), (MOST, 30, 45, 30, 45)),
        (MORE, {}, DayCounts(33, 20), (MOST, 30, 45, 30, 33)),
        (MORE, {"max_papers": 1}, DayCounts(3, 1), (MOST, 1, 2, 1, 2)),
        (MORE, {"max_papers": 400}, DayCounts(900, 1), (MOST, 400, 500, 400, 500)),
        (MORE, {"max_papers": 500}, DayCounts(900, 1), None),
        (MORE, {}, DayCounts(30, 20), (RELEVANCE, 7, 6, None, None)),
        (MORE, {}, None, (RELEVANCE, 7, 6, None, None)),
        (MORE, {"min_relevance": 1}, None, (NOVELTY, 4, 3, None, None)),
        (MORE, {"min_relevance": 1, "min_novelty": 1}, DayCounts(0, 0), None),
        (FEWER, {}, DayCounts(20, 8), (RELEVANCE, 7, 8, 20, 8)),
        (FEWER, {}, DayCounts(81, 12), (RELEVANCE, 7, 8, 30, 12)),
        (FEWER, {}, DayCounts(81, 40), (MOST, 30, 20, 30, 20)),
        (FEWER, {}, DayCounts(20, 0), (MOST, 30, 10, 20, 10)),
        (FEWER, {}, DayCounts(5, 5), (MOST, 30, 4, 5, 4)),
        (FEWER, {}, DayCounts(1, 0), (RELEVANCE, 7, 8, 1, 0)),
        (FEWER, {}, None, (RELEVANCE, 7, 8, None, None)),
        (FEWER, {"min_relevance": 10}, DayCounts(9, 0), (MOST, 30, 6, 9, 6)),
        (FEWER, {"min_relevance": 10}, None, (MOST, 30, 20, None, None)),
        (FEWER, {"min_relevance": 10, "max_papers": 1}, DayCounts(9, 0), None),
        (FEWER, {"at_least": 6}, DayCounts(2, 1, nearest=4), (LEAST, 6, 4, 6, 4)),
        (FEWER, {"at_least": 1}, DayCounts(0, 0, nearest=1), (LEAST, 1, 0, 1, 0)),
    ],
)
def test_the_step_that_fits_the_day(
    direction: Direction, reader: dict[str, int], day: DayCounts | None, change: tuple[Setting, int, int] | None
) -> None:
    assert propose(direction, replace(READER, **reader), day) == (AmountChange(*change) if change else None)


@given(
    direction=st.sampled_from(Direction),
    cut_offs=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    most=st.integers(1, 500),
    at_least=LEASTS,
    day=st.none() | st.builds(lambda less, n, near: DayCounts(less + n, n, near), *[st.integers(0, 450)] * 2, LEASTS),
)
def test_pressing_on_and_on_comes_to_an_end_within_the_schema(
    direction: Direction, cut_offs: tuple[int, int], most: int, at_least: int, day: DayCounts | None
) -> None:
    reader = replace(READER, min_relevance=cut_offs[0], min_novelty=cut_offs[1], max_papers=most, at_least=at_least)
    for _ in range(60):
        step = propose(direction, reader, day)
        if step is None:
            break
        assert step.after != step.before == value_of(reader, step.setting)
        assert ((step.after > step.before) == (direction is MORE)) == (step.setting in {MOST, LEAST})
        if step.papers_before is not None and step.papers_after is not None:
            assert (step.papers_after > step.papers_before) == (direction is MORE)
        ReaderPreferences.model_validate({str(step.setting): step.after})
        reader = with_setting(reader, step.setting, step.after)
    assert propose(direction, reader, day) is None


def day_of(scores: list[Score], **changes: object) -> Digest:
    return build_digest(
        make.subscriber(**{"min_relevance": 7, "min_novelty": 4, **changes}),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=len(scores),
        candidates=[make.announcement(score.arxiv_id) for score in scores],
        score_report=make.score_report(*scores),
    )


@given(
    grades=st.lists(st.tuples(st.integers(1, 10), st.none() | st.integers(1, 10)), max_size=30),
    most=st.integers(1, 30),
    higher=st.integers(0, 3),
)
def test_a_kept_digest_counts_as_building_it_by_the_cut_offs_of_now_does(
    grades: list[tuple[int, int | None]], most: int, higher: int
) -> None:
    scores = [make.score(f"2601.{n:05}", *grade) for n, grade in enumerate(grades)]
    now = make.subscriber(min_relevance=7 + higher, min_novelty=4 + higher)
    expected = [
        day_of(scores, min_relevance=cut_off, min_novelty=4 + higher).counts.relevant
        for cut_off in (7 + higher, 8 + higher)
        if cut_off <= 10
    ]
    counts = count_day(day_of(scores, max_papers=most), now)
    assert counts is not None
    assert [counts.passed, counts.higher][: len(expected)] == expected


def test_a_digest_cannot_tell_of_papers_below_its_own_cut_offs() -> None:
    digest = day_of([make.score("2601.00001", 9)])
    assert count_day(digest, replace(READER, min_relevance=6)) is None
    assert count_day(digest, replace(READER, min_novelty=3)) is None


def test_a_digest_from_before_unsent_papers_were_kept_tells_how_many_passed() -> None:
    digest = day_of([make.score(f"2601.{n:05}", 8) for n in range(5)], max_papers=2)
    old = replace(digest, unsent=())
    assert (found := count_day(old, READER)) is not None
    assert found.passed == 5
    assert count_day(old, replace(READER, min_relevance=8)) is None


OWN = """\
# my own words
topics: [{name: Sparse rows, relevant: all of them}]
max_papers: 30   # enough
min_relevance: 7
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "max_papers: 45\n"),
        (OWN, OWN.replace("30", "45")),
        (
            "topics: [{name: Sparse rows, relevant: all of them}]\n",
            "topics: [{name: Sparse rows, relevant: all of them}]\nmax_papers: 45\n",
        ),
    ],
    ids=["no text of their own", "the line is there", "it is not"],
)
def test_the_readers_own_text_stays_as_they_wrote_it(text: str, expected: str) -> None:
    current = profile_yaml.read(text, READER) if text else READER
    assert with_value(AmountChange(MOST, 30, 45), text, READER, current, COMMENTS) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{topics: [{name: Sparse rows, relevant: all of them}], max_papers: 30}",
        "> topics:\n>   - name: Rows\n>     relevant: all\n",
    ],
)
def test_a_text_that_cannot_be_changed_in_its_place_is_written_anew(text: str) -> None:
    current = profile_yaml.read(text, READER)
    written = with_value(AmountChange(MOST, 30, 45), text, READER, current, COMMENTS)
    assert profile_yaml.read(written, READER) == replace(current, max_papers=45)


def test_a_frequency_that_was_asked_for_by_mail_is_kept() -> None:
    """A new profile ends what a word by mail said; so the profile has to say it."""
    weekly = replace(READER, frequency=make.subscriber(frequency="weekly").frequency)
    written = with_value(AmountChange(MOST, 30, 45), "", READER, weekly, COMMENTS)
    assert profile_yaml.read(written, READER).frequency == "weekly"
