"""Formulas as MathML: what becomes of them, what stays text, and what no stranger's TeX may ever do."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.papers.latex import Part, readable
from newsletter.papers.latex.mathml import MAX_OPENERS, MAX_TEX_CHARS, TypesetPart, mathml_or_reason, typeset
from tests.bounded_time import assert_takes_at_most
from tests.unit.papers.test_latex import TEX_PIECES

MORE_PIECES = [
    *("<b>", "</math>", "<script>alert(1)</script>", "&amp;", "&lt;", "&", "#1", "]]>", "<!--", "é", "中", "𝔸", "ℓ"),
    *(r"\textbf{", r"\mathbb{", r"\href{javascript:x}{", r"\newcommand{\x}{\x\x}", r"\x", r"\right)", r"\middle|"),
    *(r"\class{", r"\style{", r"\html{", r"\color{red}", r"\substack{", r"\binom", r"\not", r"\hat", r"\operatorname{"),
]
soup = st.lists(st.sampled_from(TEX_PIECES + MORE_PIECES), max_size=40).map("".join)
ELEMENTS = set(
    "math mi mn mo mtext ms mspace mpadded mrow mstyle mfrac msqrt mroot mover munder munderover msub msup msubsup "
    "mmultiscripts mprescripts mtable mtr mtd".split()
)
ATTRIBUTES = set(
    "display alttext mathvariant stretchy symmetric largeop movablelimits fence separator lspace rspace minsize "
    "maxsize form width height depth voffset displaystyle scriptlevel linethickness accent accentunder columnspan "
    "rowspan".split()
)


def mathml(tex: str) -> str:
    (piece,) = typeset(f"${tex}$")
    return piece.mathml


def shown(tex: str) -> str:
    return "".join(ET.fromstring(mathml(tex)).itertext())


def test_prose_and_formulas_are_cut_apart_in_order() -> None:
    pieces = typeset(r"\emph{Sorting} in $O(n^2)$ or \[ n \log n \] steps, 5\% faster")
    assert [piece.text for piece in pieces] == ["Sorting in ", "O(n²)", " or ", "n log n", " steps, 5% faster"]
    assert [bool(piece.mathml) for piece in pieces] == [False, True, False, True, False]
    assert pieces[3].mathml.startswith('<math display="block" alttext="n log n">')


def test_a_text_without_mathematics_is_one_piece() -> None:
    assert typeset("Plain words\n for $5 and $10") == [TypesetPart("Plain words for $5 and $10")]
    assert typeset("") == []


def test_a_formula_is_presentation_markup_with_its_readable_form() -> None:
    assert mathml(r"\frac{a}{2}") == (
        '<math alttext="a/2"><mfrac><mi>a</mi><mn>2</mn></mfrac></math>'  # what every browser lays out by itself
    )


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"M_\rm{BH}", "MBH"),
        (r"M_\rm UV", "MUV"),
        (r"6\% and \textbf{6%}", "6%and6%"),
        (r"\left<t_f\right>", "⟨tf⟩"),
        (r"\mbox{[Fe/H]}\le-1", "[Fe/H]≤−1"),
        (r"\textbf{6.2$\times$}", "6.2×"),
        (r"\texttt{stop_sign}", "stop_sign"),
        (r"\ours(x)", "ours(x)"),
        (r"\revise{x}+1", "x+1"),
        (r"\sim0\farcs3", "∼0″.3"),
        (r"a<b", "a<b"),
        (r"\begin{equation}x=1\end{equation}", "x=1"),
    ],
)
def test_what_authors_write_is_understood(tex: str, text: str) -> None:
    assert shown(tex) == text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"O(\sqrt{N})", "O(√N)"),
        (r"\sqrt{N+1}", "√(N+1)"),
        (r"1/\sqrt{2\pi}", "1/√(2π)"),
        (r"\sqrt{x_i}", "√xi"),
        (r"\sqrt{x^2}", "√(x2)"),
        (r"2\sqrt{n}^3", "2(√n)3"),
        (r"\sqrt{(a+b)}", "√(a+b)"),
        (r"\sqrt{\sqrt{x}+1}", "√(√x+1)"),
        (r"\sqrt[3]{x}", "³√x"),
        (r"\sqrt[n]{x+1}", "ⁿ√(x+1)"),
        (r"\sqrt[k+1]{x}", "k+1√x"),  # k+1 stands raised
        (r"\sqrt{}", "√"),
    ],
)
def test_a_root_is_a_sign_that_any_font_has(tex: str, text: str) -> None:
    """Copied, read aloud and without a font for mathematics it says what it says."""
    assert shown(tex) == text
    assert not re.search("<(?:msqrt|mroot)", mathml(tex))


def test_display_environments_become_rows_without_numbers() -> None:
    (piece,) = typeset(r"\begin{eqnarray} a &= b \\ c &= d \end{eqnarray}")
    assert piece.text == "a = b; c = d"
    assert piece.mathml.count("<mtr>") == 2
    assert "".join(ET.fromstring(piece.mathml).itertext()) == "a=bc=d"


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        ("x" * (MAX_TEX_CHARS + 1), "too long"),
        ("x^{" * 50 + "}" * 50, "too deep, or too many parentheses"),
        ("(" * (MAX_OPENERS + 1), "too deep, or too many parentheses"),
        (r"\def\x{\x\x}\x", "defines macros"),
        (r"\href{https://a.example/x}{code}", "link or prose"),
        (rf"\text{{{'many words ' * 5}}}", "link or prose"),
        (r"E\mkern-10.5mu/_T", "letters lost"),
        (r"\textbf{\underline{x}}", "Not valid in text mode."),
        (r"\a\b\c\d", "Not valid in math mode."),
    ],
)
def test_what_cannot_be_typeset_says_why(tex: str, reason: str) -> None:
    assert mathml_or_reason(Part("shown", tex)) == ("", reason)


def test_a_formula_that_cannot_be_typeset_is_shown_as_text() -> None:
    assert typeset(r"at $11^\textbf{\underline{o}}$ North")[1] == TypesetPart("11ᵒ")


@given(st.text(max_size=300) | soup)
@settings(max_examples=200, deadline=None)
def test_the_pieces_together_are_the_readable_text(text: str) -> None:
    assert "".join(piece.text for piece in typeset(text)) == readable(text)
    assert all(piece.text for piece in typeset(text))


@given(soup, st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_tex_brings_markup_of_its_own(tex: str, is_display: bool) -> None:
    """Elements and attributes as an independent parser sees them; the alternative text is a stranger's, too."""
    answer, reason = mathml_or_reason(Part(tex, tex, is_display))
    if not answer:
        assert reason
        return
    assert answer.startswith("<math ")
    for element in ET.fromstring(answer).iter():
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        assert all(re.fullmatch(r"[\w.%-]{1,20}", value) for name, value in element.items() if name != "alttext")
    assert "<script" not in answer.lower()


@pytest.mark.parametrize("text", ["</math><script>alert(1)</script>", '" onload="alert(1)', "<b>&amp;"])
def test_words_and_the_alternative_text_are_escaped(text: str) -> None:
    answer, _ = mathml_or_reason(Part(text, r"\text{<i>x</i>}<y"))
    assert re.findall(r"<(\w+)", answer) == ["math", "mtext", "mo", "mi"]
    assert ET.fromstring(answer).get("alttext") == text


HOSTILE = [
    *("(", "[", r"\{", r"\langle ", r"\lVert", "⟨", "((x)", r"(\Big]", r"\big(", r"\bigl(", r"\left(x"),
    *("|", "{", "}", "^{x", "x^", "_", "'", "&"),
    *(r"\sqrt ", r"\frac", r"\hat", r"\left(", r"\text{", r"\begin{matrix}", r"\overset{", r"\not", r"\x", "%", "~"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_takes_no_time(piece: str) -> None:
    mathml(r"\alpha")  # the loading of the library is not what is measured
    text = piece * ((MAX_TEX_CHARS - 20) // len(piece))
    # measured: at most 40 ms; (((…, let through, takes for ever
    assert_takes_at_most(1, lambda: (mathml_or_reason(Part("x", text)), typeset(f"${text}$ " * 30)))


def test_hostile_depth_does_not_overflow_a_small_stack() -> None:
    """In a process of its own: an overflow in the library would end it, and this one with it."""
    script = (
        "import threading\n"
        "from newsletter.papers.latex import Part\n"
        "from newsletter.papers.latex.mathml import mathml_or_reason\n"
        "def read():\n"
        f"    for piece in {HOSTILE!r}:\n"
        "        for count in (10, 20, 35, 40, 100, 250):\n"
        "            mathml_or_reason(Part('x', (piece * count)[:580]))\n"
        "            mathml_or_reason(Part('x', ('{' + piece) * count + 'x' + '}' * count))\n"
        "threading.stack_size(256 * 1024)\n"
        "reader = threading.Thread(target=read)\n"
        "reader.start()\n"
        "reader.join()\n"
        "print('survived')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "survived", done.stderr


def test_many_threads_get_the_same_answers() -> None:
    formulas = [Part("x", rf"\frac{{a_{number}}}{{\sqrt{{b}}}}") for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(mathml_or_reason, formulas))
    assert all(f">{number}</mn>" in answer or number > 9 for number, (answer, _) in enumerate(answers))
    assert not [reason for _, reason in answers if reason]
