"""TeX of titles, names and abstracts as readers will see it, and what no input may ever do."""

import gzip
import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.papers.latex import readable, readable_name, readable_report
from tests import SHARED
from tests.bounded_time import assert_takes_at_most

CORPUS = SHARED / "corpus" / "days"
PAPERS_CHECKED = 4_000
LEFT_OVER = re.compile(r"\\[A-Za-z]+|\$[^$\d\s][^$]{0,80}\$|[\^_]\{")


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("PT$^2$-LLM", "PT²-LLM"),
        (r"$\mathcal{O}(\sqrt{N})$", "O(√N)"),
        (r"$1/\sqrt{2\pi}$", "1/√(2π)"),
        (r"$\sqrt{x^2}$", "√(x²)"),
        (r"$2\sqrt{n}^3$", "2(√n)³"),
        (r"$\sqrt{\text{steps}}$", "√steps"),
        (r"$10^{-3}$ and $H_0$", "10⁻³ and H₀"),
        (r"$x^{a,b}$, $M_{max}$", "x^(a,b), M_max"),
        (r"$M_{\rm BH} \gtrsim 10^{6}\,M_\odot$", "M_BH ≳ 10⁶ M⊙"),
        (r"$n\log^2 n$", "n log² n"),
        (r"$\xi \simeq 0.8--0.9$", "ξ≃0.8–0.9"),
        (r"$\frac{a}{b}$, $\frac{a+1}{b}x$, $\frac12$", "a/b, ((a+1)/b)x, 1/2"),
        (r"$1.89^{+0.16}_{-0.15}$", "1.89 (+0.16/-0.15)"),
        (r"$A \in \mathbb{R}^{d}$", "A ∈ ℝᵈ"),
        (r"$v_*^{\otimes k}$, $T^*$", "v_*^(⊗k), T*"),
        (r"$\bar{B}_s \to \ell^+\ell^-$", "B̄ₛ → ℓ⁺ℓ⁻"),
        (r"${}^{12}$C($p$,$\gamma$)", "¹²C(p,γ)"),
        (r"$\left\{x \mid x \not\in S\right.$", "{x | x ∉ S"),
        (r"\( q = 0.1 \pm 0.2 \), \[ a \leq b \] end", "q = 0.1 ± 0.2, a ≤ b end"),
        (r"\begin{align*} a &= b \\ c &= d \end{align*}", "a = b; c = d"),
        (r"$90^\circ$ or 0{\deg}C", "90° or 0°C"),
        (r"$\textbf{6.2$\times$}$ faster", "6.2× faster"),
        (r"high-\k{appa} and \b{eta}-Ga2O3", "high-κ and β-Ga2O3"),
        (r"Ba_{1-x}K_{x}Fe_{2}As_{2}", "Ba₁₋ₓKₓFe₂As₂"),
        (r"Hamilton$\unicode{x2013}$Jacobi", "Hamilton–Jacobi"),
        (r"$X^{3q}$, $F_{2^m}$, $e^{-iHt}$, $M_{200c}$, $n_{eq.}$", "X^(3q), F_(2ᵐ), e^(-iHt), M_200c, n_eq."),
        (r"$\sideset{}{^\flat}\sum x$", "∑^♭ x"),
        (r"\SI{2.6}{\angstrom}, \ion{H}{2}, \isotope[24]{Mg}", "2.6 Å, H II, ²⁴Mg"),
    ],
)
def test_mathematics_becomes_unicode(tex: str, expected: str) -> None:
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\emph{very} \textbf{bold} {\it Planck} {\bf x}", "very bold Planck x"),
        ("``quoted'' and `single' words", "“quoted” and ‘single’ words"),
        ("pages 3--7 --- all of them", "pages 3–7 — all of them"),
        (r"86.1\% of Q\&A on C\# in a\_b", "86.1% of Q&A on C# in a_b"),
        (r"seen by \cite{key2025} and by others~\citep[p. 3]{a,b}.", "seen by […] and by others."),
        (r"\citet{a} and others \citep[e.g.,][]{b, c}.", "[…] and others."),
        (r"code: \url{https://a.example/x_y~z%20}", "code: https://a.example/x_y~z%20"),
        (r"\href{https://a.example/x}{the code}", "the code (https://a.example/x)"),
        (r"\href{https://a.example/x}{https://a.example/x}", "https://a.example/x"),
        (r"\textcolor{red}{A}EGIS is \ours{}, \revise{better}", "AEGIS is ours, better"),
        (r"{\L}ojasiewicz, Erd\H{o}s, 0.7 \AA wide", "Łojasiewicz, Erdős, 0.7 Å wide"),
        (r"Fig.~3 shows ~10 GeV at $z$~5", "Fig. 3 shows ~10 GeV at z~5"),
        ("a  title\n  over two lines", "a title over two lines"),
        ("3 x 10^49 W m^-2 K^-1, He^+, Lu^3+, H_2, R^2", "3 x 10⁴⁹ W m⁻² K⁻¹, He⁺, Lu³⁺, H₂, R²"),
        (r"network of \$n\$ and \$g^{(2)}(0)\$ for \$5 to \$10", "network of n and g⁽²⁾(0) for $5 to $10"),
        ("GRB~160821B, NGC~3603, Fig.~3, but M_BH~10^9 at z~5", "GRB 160821B, NGC 3603, Fig. 3, but M_BH~10⁹ at z~5"),
        ("the user`s STOC `24 paper", "the user’s STOC ’24 paper"),
        ('a "schema"--made --by --0.97', 'a "schema"–made --by –0.97'),
        (r"distillation (\cite{a}; \citep{b}) and [\cite{c}] are", "distillation and are"),
        ("the {work of N}eural Feedback}, or S(x)} and {we", "the work of Neural Feedback, or S(x) and we"),
        ("MentalAlign}reframes it.{Our code", "MentalAlign reframes it.{Our code"),
        ("{Furthermore,} for {0, 1}", "Furthermore, for {0, 1}"),
        (r"below \unit[-35]{$^{\circ}$C} and \unit[5]{\kilo\meter}", "below -35 °C and 5 km"),
    ],
)
def test_text_macros_become_plain_words(tex: str, expected: str) -> None:
    assert readable(tex) == expected


@pytest.mark.parametrize(
    "prose",
    [
        "between $5 and $10",
        "from $5,000 - $6,000 to $50,000",
        "about ~3 s with p<0.05 & 100 % recall",
        "run it with --verbose and see https://a.example/~me/x--y_{z",
        "a price of $5",
        "a lone } or { or backslash \\",
        "2^k, 10^7.6, x_max and my_file_2.py without dollars",
        "“3 µm” – Erdős’s naïve façade",
    ],
)
def test_what_is_no_tex_stays_as_it_is(prose: str) -> None:
    assert readable(prose) == prose


def test_a_percent_sign_never_begins_a_comment() -> None:
    assert readable("gains 5% on $x$ and more") == "gains 5% on x and more"


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"Clara I. S\'anchez", "Clara I. Sánchez"),
        (r"Georg B\"okman", "Georg Bökman"),
        (r"Ji\v{r}\'\i{} Krti\v{c}ka", "Jiří Krtička"),
        (r"{\L}ukasz K\k{a}dzio{\l}ka", "Łukasz Kądziołka"),
        (r"{\AA}ke S\o rensen", "Åke Sørensen"),
        (r"G. Hei{\ss}el", "G. Heißel"),
        (r"Juan~C. Pe\~na", "Juan C. Peña"),
        ("Victor Casta~neda", "Victor Castañeda"),
        ("M^onica O`Neill", "Mônica O’Neill"),
        (r"Simon Casassus (Departamento de Astronom\'ia", "Simon Casassus (Departamento de Astronomía"),
        (r"D. Els\"asser (Ruhr Center, Bochum)", "D. Elsässer (Ruhr Center, Bochum)"),
        ("Sinéad O'Brien", "Sinéad O'Brien"),
    ],
)
def test_names_get_their_accents(tex: str, expected: str) -> None:
    assert readable_name(tex) == expected


@pytest.mark.parametrize("tex", [r"$\mathcal{O(n$ words", "$x" + "^{y" * 60 + "}" * 60 + "$ words"])
def test_what_cannot_be_read_stays_raw_and_is_reported(tex: str) -> None:
    report = readable_report(tex)
    assert report.fell_back
    assert report.text == tex


def test_one_broken_formula_does_not_spoil_the_others() -> None:
    report = readable_report(r"broken $\mathcal{O(n$, whole $\alpha$")
    assert report.fell_back
    assert report.text == r"broken $\mathcal{O(n$, whole α"


TEX_PIECES = [
    *"\\${}^_~`'\"%&[]()-. \nabAB12é",
    *(r"\frac", r"\sqrt", r"\alpha", r"\rm", r"\text{", r"\begin{align}", r"\end{align}", r"\(", r"\)", r"\[", r"\]"),
    *(r"\cite{", r"\href{", r"\'", r"\i", r"\left", r"\SI", r"\unicode{x", r"\ours", "https://a.example/", "$$", "--"),
]
soup = st.lists(st.sampled_from(TEX_PIECES), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("left \u202eto right\u202c \u2067and\u2069", "left to right and"),  # or one title would turn the mail around
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("bell\x07 and escape\x1b[31m", "bell and escape[31m"),
        ("hidden\U000e0041\U000e0042 tags", "hidden tags"),
        ("za" + "\u0335" * 40 + "lgo", "za" + "\u0335" * 3 + "lgo"),
        ("می\u200cخواهم and क्\u200dष", "می\u200cخواهم and क्\u200dष"),  # these two belong to the scripts
        ("שלום $x$ 中文", "שלום x 中文"),
        (r"$\unicode{x202e}$x", "x"),
    ],
)
def test_what_cannot_be_seen_is_left_out(text: str, shown: str) -> None:
    assert readable(text) == shown
    assert readable_name(text) == shown


@given(st.text(max_size=300) | soup)
@settings(max_examples=200, deadline=None)
def test_no_text_raises_or_grows_much(text: str) -> None:
    report = readable_report(text)
    assert len(report.text) <= 3 * len(text) + 20
    assert "\n" not in report.text
    assert len(readable_name(text)) <= 3 * len(text) + 20


@given(soup)
@settings(max_examples=150, deadline=None)
def test_letters_outside_macros_are_never_lost(text: str) -> None:
    """No macro of the soup has a B in its name; where an argument may be left out on purpose it is not drawn."""
    text = re.sub(r"(\\[A-Za-z]+?)(?=B)", r"\1 ", text)  # nor does it get one from its neighbour
    for macro in (r"\cite{", r"\unicode{x", r"\begin{align}", r"\href{", "["):
        text = text.replace(macro, "")
    shown = unicodedata.normalize("NFD", readable(text))  # an accent macro before a B makes one letter of the two
    assert shown.replace("ᴮ", "B").count("B") >= text.count("B")


@given(st.text(alphabet="abc XYZ éß,.;:!?()0123456789%&<>=+/@#*\n", max_size=200))
def test_plain_prose_is_only_put_on_one_line(prose: str) -> None:
    assert readable(prose) == " ".join(prose.split())
    assert readable(readable(prose)) == readable(prose)


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "}",
        "$",
        "$$",
        "\\",
        "\\frac",
        "^{",
        "$x^",
        "$a",
        "${",
        "{}$",
        "\\(",
        "\\cite[",
        "\\begin{cases}",
        "~",
        "`a ",
    ],
)
def test_twenty_kilobytes_of_nonsense_take_linear_time(piece: str) -> None:
    readable(r"$\alpha$")  # the table of symbols is not what is measured
    text = piece * (20_000 // len(piece))
    # measured: 20-90 ms; anything quadratic takes many seconds
    assert_takes_at_most(1, lambda: readable(text))


def load_papers(limit: int) -> list[dict[str, str]]:
    files = sorted(CORPUS.glob("*.jsonl.gz"))
    if not files:
        pytest.skip("no ../shared/corpus/days beside the repository: real abstracts are not checked")
    lines: list[str] = []
    for file in files[:: max(1, len(files) // 4)]:
        with gzip.open(file, "rt", encoding="utf-8") as opened:
            lines += list(opened)
    return [json.loads(line) for line in lines[:limit]]


def test_real_papers_lose_nothing_and_keep_no_tex() -> None:
    papers = load_papers(PAPERS_CHECKED)
    titles = [readable_report(paper["title"]) for paper in papers]
    assert not [title.text for title in titles if title.fell_back or LEFT_OVER.search(title.text)]
    names = {readable_name(name) for paper in papers for name in paper["authors"]}
    assert not [name for name in names if re.search(r"[\\${}]", name)]
    abstracts = [readable_report(paper["abstract"]) for paper in papers]
    left_over = [report.text for report in abstracts if report.fell_back or LEFT_OVER.search(report.text)]
    assert len(left_over) <= 0.002 * len(papers)


def test_the_long_words_of_real_prose_survive() -> None:
    """Counted without the reader's own bookkeeping: words of five letters outside mathematics and macros."""
    for paper in load_papers(2_000):
        if re.search(
            r"\\(?:\w*ref|\w*cite\w*|color|begin|replaced|SI|unicode|[a-zA-Z]\{)|\$[^$]*\$[^$]*\\\$", paper["abstract"]
        ):
            continue
        prose = re.sub(r"\$[^$]*\$|\\\(.*?\\\)|\\\[.*?\\\]|\\[A-Za-z]+|\\.", "¤", paper["abstract"], flags=re.S)
        words = set(re.findall(r"(?<![^\s(])[a-z]{5,}(?![^\s,.;:)])", prose))
        assert words <= set(re.findall(r"[a-z]+", readable(paper["abstract"]))), paper["id"]
