"""A model's answer is read by id, coerced where its meaning is plain, and refused where it is not."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.answers import COMMENT_CHARS, Answer, Scored, plain_line, read_answer

ASKED = ("2601.00001-abc", "2601.00002-def", "hep-th/9901001-xyz")
FIRST, SECOND, THIRD = ASKED
FLOOR = 7


def entry(paper_id: str = FIRST, relevance: object = 8, novelty: object = 6, comment: object = "Fits.") -> Any:
    return {"id": paper_id, "relevance": relevance, "novelty": novelty, "comment": comment}


def answer(scored: Sequence[object] = (), below: object = ()) -> str:
    return json.dumps({"scored": list(scored), "below": below})


def read(text: str, floor: int = FLOOR) -> Answer:
    return read_answer(text, ASKED, floor)


WHOLE = Answer((Scored(FIRST, 8, 6, "Fits."), Scored(SECOND, 9, 7, "Fits, too.")), (THIRD,), ())
ENTRIES = [entry(), entry(SECOND, 9, 7, "Fits, too.")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(answer(ENTRIES, [THIRD]), id="as asked"),
        pytest.param(answer(reversed(ENTRIES), [THIRD]), id="in another order"),
        pytest.param(json.dumps({"below": [THIRD], "scored": ENTRIES}, indent=2), id="indented"),
        pytest.param(json.dumps([*ENTRIES, {"below": [THIRD]}]), id="array"),
        pytest.param(
            "\n".join(map(json.dumps, [*ENTRIES, {"below": [THIRD]}])),
            id="JSON lines",
        ),
        pytest.param(",\n".join(map(json.dumps, [*ENTRIES, {"below": THIRD}])) + ",", id="lines with commas"),
        pytest.param(f"```json\n{answer(ENTRIES, [THIRD])}\n```", id="fenced"),
        pytest.param(f"Here [1] you {{go}}: {answer(ENTRIES, [THIRD])} Done }}", id="prose around it"),
        pytest.param(json.dumps({"result": {"scored": ENTRIES, "below": [{"id": THIRD}]}}), id="wrapped"),
        pytest.param(f"<think>{answer([entry(relevance=2)])}</think>{answer(ENTRIES, [THIRD])}", id="after a thought"),
        pytest.param("\ufeff" + answer(ENTRIES, [THIRD, THIRD]), id="said twice the same"),
    ],
)
def test_entries_are_found_wherever_they_stand(text: str) -> None:
    assert read(text) == WHOLE


def test_the_whole_entries_of_an_answer_that_was_cut_off_count() -> None:
    whole = answer(ENTRIES, [THIRD])
    cut = whole[: whole.index('"novelty": 7')]
    assert read(cut) == Answer((Scored(FIRST, 8, 6, "Fits."),), (), (SECOND, THIRD))


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        *((8, 8), (8.0, 8), (7.5, 8), ("8", 8), (" 8 ", 8), ("8/10", 8), ("8 / 10", 8), ("8.0", 8), ("8 out of 10", 8)),
        *((0, 1), (-3, 1), ("-3", 1), (11, 10), (87, 10), (10**400, 10), ("+9", 9)),
    ],
)
def test_a_number_is_taken_in_its_plain_meanings_and_kept_within_1_and_10(value: object, grade: int) -> None:
    scored = read(answer([entry(relevance=value, novelty=value)]), floor=1).scored
    assert [(each.relevance, each.novelty) for each in scored] == [(grade, grade)]


@pytest.mark.parametrize(
    "value", [True, False, None, "", "high", "8/5", "80%", "٨", float("nan"), float("inf"), "nan", [8], {"value": 8}]
)
def test_what_is_no_number_makes_the_paper_missing(value: object) -> None:
    for wrong in (entry(relevance=value), entry(novelty=value)):
        found = read(answer([wrong], [SECOND, THIRD]))
        assert (found.missing, found.scored) == ((FIRST,), ())
        assert found.refused


@pytest.mark.parametrize("written", [f"[{FIRST}]", f" <{FIRST}> ", f"`{FIRST}`", f'"{FIRST}"', f"({FIRST})"])
def test_brackets_and_quotes_around_an_id_are_not_part_of_it(written: str) -> None:
    """SmolLM2-135M answers with "[2510.03395-62a]"."""
    assert read(answer([entry(written)])).scored == (Scored(FIRST, 8, 6, "Fits."),)
    assert read(answer([], [written])).below == (FIRST,)


@pytest.mark.parametrize(
    "unknown",
    ["2601.00001", "2601.00001-ABC", "2601.00001v1-abc", "2601.00001-abd", "", 2601.00001, None, [FIRST], True],
)
def test_an_id_that_was_not_asked_about_is_refused(unknown: Any) -> None:
    found = read(answer([entry(unknown)]))
    assert (found.scored, found.missing) == ((), ASKED)
    assert "unknown id" in found.refused[0]


def test_an_id_with_two_different_answers_has_none() -> None:
    for text in (
        answer([entry(relevance=8), entry(relevance=9), entry(SECOND)], [THIRD]),
        answer([entry(comment="One."), entry(comment="Two."), entry(SECOND)], [THIRD]),
        answer([entry(), entry(SECOND)], [FIRST, THIRD]),
        answer([entry(), entry(relevance=2), entry(), entry(SECOND)], [THIRD]),
    ):
        found = read(text)
        assert found.missing == (FIRST,)
        assert [each.id for each in found.scored] == [SECOND]
        assert any("twice" in reason for reason in found.refused)


def test_an_entry_under_the_floor_keeps_its_numbers_without_a_comment() -> None:
    assert read(answer([entry(relevance=3)])).scored == (Scored(FIRST, 3, 6, ""),)


@pytest.mark.parametrize("comment", [None, 3, ["x"], "", "  ", "...", "…", "- 7/10"])  # the shape's own dots, copied
def test_an_entry_without_a_comment_still_counts(comment: object) -> None:
    assert read(answer([entry(comment=comment)])).scored == (Scored(FIRST, 8, 6, ""),)


def test_a_comment_is_one_line_of_bounded_length_without_invisible_characters() -> None:
    hidden = "A\u202egood\u0000\n\tpaper\u2028with\U000e0041\ud800 می\u200cخواهم " + "word " * 100
    comment = read(json.dumps({"scored": [entry(comment=hidden)]})).scored[0].comment
    assert comment.startswith("Agood paper with می\u200cخواهم word")
    assert comment.endswith(" word…")
    assert len(comment) <= COMMENT_CHARS
    comment.encode("utf-8")


def test_a_long_comment_ends_with_a_sentence() -> None:
    sentence = "The paper names a bound for sparse attention and proves it on graphs of bounded degree. "
    comment = read(json.dumps({"scored": [entry(comment=sentence * 5)]})).scored[0].comment
    assert comment == (sentence * 3).strip()


def test_one_long_word_is_cut_where_it_must_be() -> None:
    assert plain_line("x" * 50, 10) == "x" * 9 + "…"
    assert plain_line("short", 10) == "short"


def test_reasons_are_few_and_short() -> None:
    refused = read(answer([entry("9" * 5_000 + str(number)) for number in range(300)])).refused
    assert 0 < len(refused) <= 20
    assert max(map(len, refused)) <= 100


GRADES = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.booleans(),
    st.none(),
    st.integers(0, 11).map(lambda n: f"{n}/10"),
)
IDS = st.one_of(st.sampled_from(ASKED), st.text(max_size=8))
ENTRY = st.fixed_dictionaries(
    {"id": st.one_of(IDS, GRADES)}, optional={"relevance": GRADES, "novelty": GRADES, "comment": st.text(max_size=300)}
)
SHAPES = st.recursive(
    st.one_of(ENTRY, IDS, GRADES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["scored", "below", "id", "x"]), inner, max_size=3),
    ),
    max_leaves=12,
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet='{}[]",:0123456789 below scored id\\', max_size=200),
    SHAPES.map(json.dumps),
    st.tuples(st.text(max_size=10), SHAPES.map(json.dumps), st.integers(0, 40)).map(
        lambda t: t[0] + t[1][: -t[2] or None]
    ),
)


@given(TEXTS, st.integers(1, 10))
@example("[" * 150_000, 5)
@example('{"a":' * 40_000, 5)
@example('[{"id": "' * 20_000, 5)
@example("[" + '{"id": "x", "relevance": 1},' * 5_000, 5)
@example('{"id": ' + "9" * 10_000 + "}", 5)
def test_whatever_comes_each_paper_is_scored_below_or_missing_and_nobody_else_is(text: str, floor: int) -> None:
    found = read_answer(text, ASKED, floor)
    assert sorted([*(each.id for each in found.scored), *found.below, *found.missing]) == sorted(ASKED)
    for each in found.scored:
        assert type(each.relevance) is type(each.novelty) is int
        assert 1 <= each.relevance <= 10
        assert 1 <= each.novelty <= 10
        assert len(each.comment) <= COMMENT_CHARS
        assert not {unicodedata.category(character) for character in each.comment} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.lists(st.sampled_from(ASKED), unique=True), st.randoms(use_true_random=False))
def test_the_order_of_an_answer_says_nothing(below: list[str], random: Any) -> None:
    entries = [entry(each) for each in ASKED if each not in below]
    first = read(answer(entries, below))
    random.shuffle(entries)
    random.shuffle(below)
    assert read(answer(entries, below)) == first
    assert not first.missing
