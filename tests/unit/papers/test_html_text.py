"""papers/html_text.py: of markup what a reader would see is left, in time that grows with the length alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.html_text import html_to_text
from tests.bounded_time import assert_takes_at_most


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("p < 0.05 and a<b", "p < 0.05 and a<b"),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("a<br/>b<BR>c", "a b c"),
        ("<i>in</i>line and <b>bold</b>", "inline and bold"),
        ("10<sup>-3</sup> m<sup>2</sup> CO<sub>2</sub> x<sub>max</sub>", "10⁻³ m² CO₂ xmax"),
        ("<jats:p>H<jats:sub>2</jats:sub>O</jats:p>", "H₂O"),
        ("a<script>var x = '<p>';</script>b<style>p {}</style>", "ab"),
        ("a<!-- <p>no</p> -->b<!-- never ends", "ab"),
        ("<img src=x onerror=alert(1)>seen", "seen"),
        ("A &amp; B &eacute; &#8211; &unknown;", "A & B é – &unknown;"),
        ("<![CDATAx]]>text", "text"),
        ("  much \n\t white   space ", "much white space"),
    ],
)
def test_what_is_left_of_markup(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@given(st.text(alphabet="<>!-/pscriptsubup &;=\"'[]CDATA3 ", max_size=200))
def test_any_text_is_read_into_one_line(markup: str) -> None:
    text = html_to_text(markup)
    assert text == " ".join(text.split())


@pytest.mark.parametrize("piece", ["<", "<a", "<!--", "<![", "&", "<sup>", "<script>", "</", "<a b='", "<a>b</a>"])
def test_a_long_text_of_one_piece_takes_no_time(piece: str) -> None:
    assert_takes_at_most(2, lambda: html_to_text(piece * (200_000 // len(piece))))
