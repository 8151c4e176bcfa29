"""Lines of a text part: as wide as a screen shows them, with nothing lost, broken where each language allows it."""

from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.line_breaks import columns, wrap

CLOSING = "!%),.:;?]}»’”…、。」』】）》！，．：；？"
OPENING = "([{«“‘「『【（《"
LETTERS = st.text(st.sampled_from("abcXYZäéñ北京论文每日テキスト表示ーっ"), min_size=1, max_size=90)
WORDS = st.builds(lambda before, word, behind: before + word + behind, st.sampled_from(["", *OPENING]), LETTERS,
                  st.sampled_from(["", *CLOSING, "」。", " :", " ;", " »"]))  # fmt: skip
LINKS = st.just("https://papers.example.org/archive/2026-11-29/a-token-that-is-long-enough-to-take-more-than-one-line")
TEXTS = st.lists(WORDS | LINKS, max_size=30).map(" ".join)


@given(TEXTS, st.integers(20, 78))
@example("本邮件的纯文本部分包含每篇论文及其摘要，由 gpt-5-mini 评分。" * 5, 72)
@example("Lesen Sie alles davon in der Fassung, die nur Text ist. " * 5, 72)
@example("a" * 19 + " » und " + "b" * 20 + ")", 20)
def test_lines_are_no_wider_than_a_screen_and_nothing_is_lost(text: str, most: int) -> None:
    lines = wrap(text, most)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= most or "://" in line for line in lines)
    assert all(line == line.strip() and line for line in lines)


@given(TEXTS, st.integers(20, 78))
@example("Un article : " + "mot " * 15 + ": fin", 20)
@example("报告「论文」（重要）。" * 20, 21)
def test_no_line_begins_with_what_closes_or_ends_with_what_opens(text: str, most: int) -> None:
    lines = wrap(text, most)
    assert all(line[0] not in CLOSING for line in lines)
    assert all(line[-1] not in OPENING for line in lines[:-1])


@given(st.text(), st.integers(2, 78))
def test_any_text_is_broken_without_loss(text: str, most: int) -> None:
    lines = wrap(text, most)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= most or "://" in line for line in lines)


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert [columns(text) for text in ("abc", "论文", "e\u0301", "テ", "ｱ", "，")] == [3, 4, 1, 2, 1, 2]


def test_words_and_blanks_within_a_line_stay_as_they_are() -> None:
    assert wrap("key:   value of it", 15) == ["key:   value of", "it"]
    assert wrap("a\u00a0b c", 3) == ["a\u00a0b", "c"]
