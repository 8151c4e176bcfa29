"""Exponents are raised, everything else of the text is as it was."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.exponents import raise_exponents
from newsletter.papers import readable

TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("x^()_[]2<&+ ")), max_size=60)


def plain(html: str) -> str:
    return re.sub(r'<sup style="line-height:0">(.*?)</sup>', r"⟨\1⟩", html)


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"$O(n^{1/(2-\epsilon)})$", "O(n⟨1/(2-ε)⟩)"),
        (r"$e^{-x^2/2}$", "e⟨-x²/2⟩"),
        (r"$2^{\Omega(n)} < L^\infty$ & more", "2⟨Ω(n)⟩ &lt; L⟨∞⟩ &amp; more"),
        (r"$\mathbb{R}^{d\times d}$.", "ℝ⟨d×d⟩."),
        (r"$10^{-6}$", "10⁻⁶"),
        (r"$10^{9.5}$ and $L^\infty$", "10⟨9.5⟩ and L⟨∞⟩"),
    ],
)
def test_what_unicode_cannot_raise_is_raised_by_html(tex: str, shown: str) -> None:
    assert plain(raise_exponents(readable(tex))) == shown


@pytest.mark.parametrize("text", ["a ^ b", "^_^", "^x", "x^", "x^()", "x^ 2", "x^(never closed"])
def test_a_caret_that_raises_nothing_stays(text: str) -> None:
    assert unescape(raise_exponents(text)) == text


@given(TEXTS)
def test_all_characters_but_carets_and_their_parentheses_stay_and_none_becomes_markup(text: str) -> None:
    html = raise_exponents(text)
    without = re.sub(r'<sup style="line-height:0">|</sup>', "", html)
    assert "<" not in without
    assert re.sub(r"[\^()]", "", unescape(without)) == re.sub(r"[\^()]", "", text)
