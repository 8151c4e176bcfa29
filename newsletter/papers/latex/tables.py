"""Lists what single TeX macros become: super- and subscripts, accents, symbols; and how many braces a macro takes.

Only tables, for reader.py and its neighbours. Symbols that pylatexenc knows well are not repeated here.
"""

from __future__ import annotations

from functools import cache


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ′″*†‡⋆",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ′″*†‡⋆",
        strict=True,
    )
)
SUBSCRIPTS = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
WHOLE_SUPERSCRIPTS = {"∘": "°", "°": "°", "∘C": "°C", "⊤": "ᵀ", "∗": "*", "±": "±", "∓": "∓", "TM": "™"}
WHOLE_SUBSCRIPTS = frozenset("⊙☉⊕⋆★")  # M⊙ and M⋆ are how astronomers write them in plain text

ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331", "t": "\u0361",
}  # fmt: skip
MATH_ACCENTS = {
    "bar": "\u0304", "overline": "\u0305", "tilde": "\u0303", "widetilde": "\u0303", "hat": "\u0302",
    "widehat": "\u0302", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "dddot": "\u20db", "check": "\u030c",
    "acute": "\u0301", "grave": "\u0300", "breve": "\u0306", "mathring": "\u030a", "Bar": "\u0304",
    "Hat": "\u0302", "Tilde": "\u0303", "Vec": "\u20d7", "overrightarrow": "\u20d7",
}  # fmt: skip

OPERATORS = _names(
    "log ln lg exp sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan max min sup inf lim limsup "
    "liminf argmax argmin arg det dim ker gcd lcm hom Pr Cov Var rank tr Tr diag sign mod bmod poly polylog "
    "injlim projlim"
)
OPERATOR_SPELLING = {"bmod": "mod"}
# pylatexenc has these not at all, or otherwise than a reader of a mail would write them.
OWN_SYMBOLS = {
    "colon": ":", "ne": "≠", "neg": "¬", "lnot": "¬", "bot": "⊥", "models": "⊨", "bigodot": "⨀", "upmu": "µ",
    "textmu": "µ", "Re": "Re", "Im": "Im", "planck": "ℎ", "eps": "ε", "nobreakspace": " ", "thinspace": " ",
    "space": " ", "quad": " ", "qquad": " ", "newline": " ", "linebreak": " ", "par": " ", "item": "• ",
    "arcsec": "″", "arcmin": "′", "farcs": "″.", "farcm": "′.", "fdg": "°.", "degr": "°", "degree": "°",
    "textdegree": "°", "textcelsius": "°C", "celsius": "°C", "angstrom": "Å", "percent": "%",
    "textperthousand": "‰", "msun": "M⊙", "Msun": "M⊙", "msunyr": "M⊙/yr", "kms": "km/s", "gsim": "≳", "lsim": "≲",
    "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "coloneqq": "≔", "eqqcolon": "≕", "intercal": "⊺", "vert": "|",
    "lvert": "|", "rvert": "|", "Vert": "‖", "lVert": "‖", "rVert": "‖", "mid": "|", "lbrace": "{", "rbrace": "}",
    "backslash": "\\", "ast": "∗", "star": "⋆", "prime": "′", "phi": "φ", "epsilon": "ε", "to": "→", "dots": "…",
    "ldots": "…", "cdots": "⋯", "dotsc": "…", "dotso": "…", "dotsb": "⋯", "wr": "≀", "rightsquigarrow": "⇝",
    "dashrightarrow": "⇢", "nmid": "∤", "trianglelefteq": "⊴", "bigstar": "★", "xspace": "", "qed": "",
    "C": "ℂ", "N": "ℕ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ", "NN": "ℕ", "RR": "ℝ", "CC": "ℂ", "ZZ": "ℤ", "QQ": "ℚ",
    "textquotesingle": "'", "guillemotleft": "«", "guillemotright": "»", "textendash": "–", "textemdash": "—",
    "LaTeX": "LaTeX", "TeX": "TeX", "S": "§", "P": "¶", "i": "ı", "j": "ȷ", "dj": "đ", "DJ": "Đ", "epsfig": "",
    "slash": "/", "textbar": "|", "textbackslash": "\\", "textless": "<", "textgreater": ">",
    "deg": "°", "textasciitilde": "~", "textasciicircum": "^", "textunderscore": "_", "texttimes": "×",
    "textpm": "±",
    "Ha": "Hα", "varnothing": "∅", "emptyset": "∅", "hbar": "ℏ", "iff": "⟺", "implies": "⟹",
}  # fmt: skip
BLACKBOARD = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))  # the others are outside what mail fonts have
UNITS = {
    "meter": "m", "metre": "m", "second": "s", "gram": "g", "kelvin": "K", "ampere": "A", "volt": "V", "watt": "W",
    "hertz": "Hz", "tesla": "T", "pascal": "Pa", "bar": "bar", "joule": "J", "newton": "N", "electronvolt": "eV",
    "textcelsius": "°C", "celsius": "°C", "degreeCelsius": "°C", "degree": "°", "angstrom": "Å", "percent": "%",
    "minute": "min",
    "hour": "h", "day": "d", "byte": "B", "bit": "bit", "litre": "L", "liter": "L", "mol": "mol", "ohm": "Ω",
    "pico": "p", "nano": "n", "micro": "µ", "milli": "m", "centi": "c", "kilo": "k", "mega": "M", "giga": "G",
    "tera": "T", "per": "/", "square": "", "squared": "²", "cubed": "³",
}  # fmt: skip
PAIRED_DIGITS = {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V", "6": "VI", "7": "VII"}

DECLARATIONS = _names(
    "rm bf it em cal sc sf tt sl mit scshape bfseries itshape ttfamily rmfamily sffamily normalfont displaystyle "
    "textstyle scriptstyle tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge limits "
    "nolimits left right middle big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr Biggl Biggr nonumber "
    "notag noindent indent protect centering boldmath unboldmath relax hfill mathop mathbin mathrel mathord "
    "mathopen mathclose bigskip medskip smallskip maketitle"
)
DELIMITED = frozenset({"left", "right", "middle"})
TEXT_STYLES = _names(
    "text textbf textit texttt textrm textsc textsf textsl textnormal textup textmd mbox hbox emph underline "
    "uline hl ul ce textnumero added revise acrfull"
)
MATH_STYLES = _names(
    "mathrm mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathnormal boldsymbol bm pmb ensuremath "
    "operatorname operatornamewithlimits mathbbm mathds underbrace overbrace boxed smash"
)
SILENT = _names(
    "cite citep citet citealt citealp citeyear citeauthor citenum parencite textcite autocite footcite nocite "
    "label ref eqref autoref cref Cref pageref vspace hspace vskip hskip color phantom hphantom vphantom bibliography "
    "bibliographystyle includegraphics thispagestyle pagestyle deleted footnotemark tag"
)
CITES_AS_NOUN = _names("citet citeauthor textcite")
MATH_ENVIRONMENTS = _names(
    "equation align aligned alignat eqnarray gather gathered multline split math displaymath cases array matrix "
    "pmatrix bmatrix vmatrix smallmatrix"
)


@cache
def symbols() -> dict[str, str]:
    """Maps names of macros to Unicode. Loaded late: --help and a quiet morning have no use for the table."""
    from pylatexenc.latex2text import get_default_latex_context_db  # noqa: PLC0415

    known: dict[str, str] = {}
    categories = ["latex-base", "latex-approximations", "advanced-symbols"]
    for spec in get_default_latex_context_db().iter_macro_specs(categories):
        if isinstance(spec.simplify_repl, str) and "%" not in spec.simplify_repl:
            known.setdefault(spec.macroname, spec.simplify_repl)
    return known | OWN_SYMBOLS
