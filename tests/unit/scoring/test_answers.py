"""A model's answer is read by id, coerced where its meaning is plain, and refused where it is not."""

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.scoring.llm.answers import (
    COMMENT_CHARS,
    AnswerEntry,
    ParsedAnswer,
    is_whole_answer,
    plain_line,
    read_answer,
)

ASKED = ("2601.00001-abc", "2601.00002-def", "hep-th/9901001-xyz")
FIRST, SECOND, THIRD = ASKED
FLOOR = 7


def entry(paper_id: str = FIRST, relevance: object = 8, novelty: object = 6, comment: object = "Fits.") -> Any:
    return {"id": paper_id, "relevance": relevance, "novelty": novelty, "comment": comment}


def answer(scored: Sequence[object] = (), below: object = ()) -> str:
    return json.dumps({"scored": list(scored), "below": below})


def read(text: str, floor: int = FLOOR) -> ParsedAnswer:
    return read_answer(text, ASKED, floor)


WHOLE = ParsedAnswer((AnswerEntry(FIRST, 8, 6, "Fits."), AnswerEntry(SECOND, 9, 7, "Fits, too.")), (THIRD,), ())
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
    assert read(cut) == ParsedAnswer((AnswerEntry(FIRST, 8, 6, "Fits."),), (), (SECOND, THIRD))


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        *((8, 8), (8.0, 8), (7.5, 8), ("8", 8), (" 8 ", 8), ("8/10", 8), ("8 / 10", 8), ("8.0", 8), ("8 out of 10", 8)),
        *((0, 1), (1, 1), (1.2, 1), (10, 10), ("10.0", 10), (9.5, 10), ("+9", 9)),
    ],
)
def test_a_number_is_taken_in_its_plain_meanings_and_kept_within_1_and_10(value: object, grade: int) -> None:
    scored = read(answer([entry(relevance=value, novelty=value)]), floor=1).scored
    assert [(each.relevance, each.novelty) for each in scored] == [(grade, grade)]


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, None, "", "high", "8/x", "%", "٨", float("nan"), float("inf"), "nan", [8], {"value": 8}),
        *(-3, "-3", -0.1, 11, 87, "87", 10.5, 10**400),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_number_makes_the_paper_missing(value: object) -> None:
    for wrong in (entry(relevance=value), entry(novelty=value)):
        found = read(answer([wrong], [SECOND, THIRD]))
        assert (found.missing, found.scored) == ((FIRST,), ())
        assert found.refused


@pytest.mark.parametrize("written", [f"[{FIRST}]", f" <{FIRST}> ", f"`{FIRST}`", f'"{FIRST}"', f"({FIRST})"])
def test_brackets_and_quotes_around_an_id_are_not_part_of_it(written: str) -> None:
    """SmolLM2-135M answers with "[2510.03395-62a]"."""
    assert read(answer([entry(written)])).scored == (AnswerEntry(FIRST, 8, 6, "Fits."),)
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
    assert read(answer([entry(relevance=3)])).scored == (AnswerEntry(FIRST, 3, 6, ""),)


@pytest.mark.parametrize("comment", [None, 3, ["x"], "", "  ", "...", "…", "- 7/10"])  # the shape's own dots, copied
def test_an_entry_without_a_comment_still_counts(comment: object) -> None:
    assert read(answer([entry(comment=comment)])).scored == (AnswerEntry(FIRST, 8, 6, ""),)


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
@example("[" * 50_000, 5)
@example('{"a":' * 15_000, 5)
@example('[{"id": "' * 10_000, 5)
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


# --- reasoning, and its drafts

GOOD = answer(ENTRIES, [THIRD])
DRAFT = answer([entry(relevance=2), entry(SECOND, 3)], [THIRD])
REASONING = [
    *(
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<THOUGHT>", "</THOUGHT>"),
        ("<think>\n", "\n</think >"),
    ),
    *(("<reasoning>", "</reasoning>"), ("<seed:think>", "</seed:think>"), ("<scratchpad>", "</scratchpad>")),
    *(
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("&lt;think&gt;", "&lt;/think&gt;"),
        ("<|think|>", "<|/think|>"),
    ),
    *(("<|START_THINKING|>", "<|END_THINKING|>"), ("<|begin_of_thought|>", "<|end_of_thought|>")),
    *(("<|channel>thought\n", "<channel|>"), ("<unused94>thought\n", "<unused95>")),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>"),
    ("analysisWe weigh them. ", "assistantfinal"),
    ("Thinking...\n", "\n...done thinking.\n"),
    ("Here is my thought process: ", "Here is my response: "),
]


@pytest.mark.parametrize(("opening", "closing"), REASONING)
def test_drafts_within_reasoning_are_never_believed(opening: str, closing: str) -> None:
    drafts = f"First: {DRAFT} but wait. "
    assert read(f"{opening}{drafts}{closing}{GOOD}") == WHOLE
    for text in (opening + drafts, opening + drafts[:-30], f"{opening}a{closing}Well. assistant{opening}{drafts}"):
        for is_cut in (True, False):
            found = read_answer(text, ASKED, FLOOR, is_cut=is_cut)
            assert (found.scored, found.below, found.missing) == ((), (), ASKED)
            assert "reasoning" in found.problem


@pytest.mark.parametrize(("opening", "closing"), REASONING[1:])
def test_a_mark_within_a_comment_ends_no_reasoning(opening: str, closing: str) -> None:
    for mark in (opening, closing):
        comment = f"On models that emit {mark} too early."
        found = read(answer([entry(comment=comment)], [SECOND, THIRD]))
        assert [each.comment for each in found.scored] == [plain_line(comment)]
        drafted = answer([entry(relevance=2, comment=comment)])
        assert read(f"<think>{drafted} no, {drafted}</think>{GOOD}") == WHOLE
        cut = answer([entry(), entry(SECOND, comment=comment)])[:-20]
        assert read_answer(cut, ASKED, FLOOR, is_cut=True).scored == (AnswerEntry(FIRST, 8, 6, "Fits."),)


def test_reasoning_that_a_template_began_ends_where_it_is_closed() -> None:
    assert read(f"Perhaps {DRAFT}? No.\n</think>\n{GOOD}") == WHOLE


@pytest.mark.parametrize("preface", ["Let me see. A first idea would be ", "x " * 150])
def test_reasoning_that_nothing_marks_is_told_by_where_it_was_cut(preface: str) -> None:
    for text in (f"{preface}{DRAFT} but wait, that is too harsh, so", f"{preface}{DRAFT} and {DRAFT[:40]}"):
        assert read_answer(text, ASKED, FLOOR, is_cut=True).missing == ASKED


@pytest.mark.parametrize("preface", ["", "```json\n", "Here is the JSON you asked for:\n```json\n"])
def test_an_answer_that_was_cut_off_begins_like_one(preface: str) -> None:
    cut = GOOD[: GOOD.index('"novelty": 7')]
    assert read_answer(preface + cut, ASKED, FLOOR, is_cut=True).scored == (AnswerEntry(FIRST, 8, 6, "Fits."),)


def test_an_answer_in_the_wrong_place_is_one_only_if_it_is_nothing_else() -> None:
    for text in (GOOD, f"```json\n{GOOD}\n```", f"<think>{DRAFT}</think>{GOOD}", "\n".join(map(json.dumps, ENTRIES))):
        assert is_whole_answer(text)
    for text in (f"I weigh: {DRAFT}", f"{DRAFT} but wait", GOOD[:-9], f"<think>{DRAFT}", "", "None of them."):
        assert not is_whole_answer(text)


# --- not quite JSON


def loose(comment: str, *, before: str = "") -> str:
    one = f'{{"id": "{FIRST}", "relevance": 8, "novelty": 6, "comment": "{comment}"}}'
    return f'{before}{{"scored": [{one}], "below": ["{SECOND}", "{THIRD}"]}}'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"Of \\mathcal{O}(n) by \sigma and \(x\).", r"Of \mathcal{O}(n) by \sigma and \(x\)."),
        (
            r"By \beta, \frac{1}{2}, \theta, \nu, \rho and \upsilon.",
            r"By \beta, \frac{1}{2}, \theta, \nu, \rho and \upsilon.",
        ),
        ("Two\nlines\tin a text.", "Two lines in a text."),
        (r"One\nnote, two\ttabs.", "One note, two tabs."),
        ('On "attention" heads.', 'On "attention" heads.'),
        (r"It\'s.", "It's."),
    ],
)
def test_a_text_that_is_not_quite_json_is_read(written: str, expected: str) -> None:
    found = read(loose(written))
    assert found == ParsedAnswer((AnswerEntry(FIRST, 8, 6, expected),), (SECOND, THIRD), ())


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("}]", "},]").replace('"below"', '\n// those that do not pass\n"below"'),
        GOOD.replace("[{", "[ /* scored */ {").replace("]}", "],}"),
        GOOD.replace('"', "'"),
        GOOD.replace('"scored"', "scored").replace('"id"', "id").replace('"below"', "below"),
        GOOD.replace('"id"', "“id”"),
        "Sure, it's [this]: " + GOOD.replace("}]", "},]"),
    ],
)
def test_signs_that_json_does_not_have_are_passed_over(text: str) -> None:
    assert read(text) == WHOLE


def test_nothing_is_completed_and_no_number_comes_from_another_entry() -> None:
    cut = GOOD[: GOOD.index('"novelty": 7') + len('"novelty": 7')]
    assert [each.id for each in read(cut.replace("Fits.", r"\sigma")).scored] == [FIRST]
    without_end = f'[{{"id": "{FIRST}", "relevance": 8, {{"id": "{SECOND}", "relevance": 9, "novelty": 7}}]'
    assert [each.id for each in read(without_end).scored] == [SECOND]
    two_in_one = f'{{"id": "{FIRST}", "relevance": 8, "novelty": 6, "id": "{SECOND}", "relevance": 3, "novelty": 6,}}'
    assert read(two_in_one).missing == ASKED
    smuggled = loose(f'x", "id": "{SECOND}", "relevance": 10, "novelty": 10, "comment": "y')
    assert read(smuggled).missing == (FIRST,)


# --- another scale


@pytest.mark.parametrize(
    "values",
    [
        *((0.85, 0.4, 1), (1, 0, 0.5), (85, 92, 10), (100, 5, 80), ("0.9", "0.2", "1.0"), (-1, -5, 3)),
        *(("4/5", 3, 2), ("80%", "10%", 1), ("85/100", "7/10", 1), (9, "4 out of 5", 8)),
    ],
)
def test_an_answer_on_another_scale_is_refused_as_a_whole(values: tuple[object, ...]) -> None:
    scored = [entry(each, value, 6) for each, value in zip(ASKED, values, strict=True)]
    for found in (
        read(answer(scored)),
        read(answer([{**each, "relevance": 8, "novelty": each["relevance"]} for each in scored])),
    ):
        assert (found.missing, found.scored) == (ASKED, ())
        assert found.is_other_scale
        assert "scale" in found.problem


def test_a_scale_that_ends_at_five_is_seen_in_many_scores() -> None:
    asked = [f"2601.{number:05d}-abc" for number in range(10)]
    fives = [entry(each, 5 - number % 4, 5 - number % 3) for number, each in enumerate(asked)]
    assert read_answer(answer(fives), asked, 3).is_other_scale
    halves = [entry(each, 2 + number % 5 / 2, 3.5) for number, each in enumerate(asked)]
    assert read_answer(answer(halves), asked, 3).is_other_scale
    assert read_answer(answer(fives[:5]), asked, 3).missing == tuple(asked[5:])
    low = [entry(each, 1 + number % 4, 3 + number % 4) for number, each in enumerate(asked)]
    assert not read_answer(answer(low), asked, 3).missing


def test_one_slip_among_many_scores_is_one_paper() -> None:
    asked = [f"2601.{number:05d}-abc" for number in range(10)]
    scored = [entry(each, 0.5 if number == 3 else 8) for number, each in enumerate(asked)]
    assert read_answer(answer(scored), asked, 3).missing == (asked[3],)


@pytest.mark.parametrize("number", ["doi:10.64898/2026.01.04.700101", "doi:10.5555/a(b);c", "feed:0123456789abcdef"])
def test_ids_of_other_sources_come_back_as_they_were_asked(number: str) -> None:
    asked = (f"{number}-abc", "doi:10.5555/other-def", FIRST)
    found = read_answer(answer([entry(asked[0])], asked[1:]), asked, FLOOR)
    assert found == ParsedAnswer((AnswerEntry(asked[0], 8, 6, "Fits."),), asked[1:], ())
