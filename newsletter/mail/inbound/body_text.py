"""Finds the text of a mail as its writer typed it: decoded, and without what it quotes. Pure.

Reads mails of any making: missing parts, wrong charsets, HTML alone. Where a quote begins quotequail knows for plain
text; the rest is a belt of our own, on the careful side: rather no word of the reader's than one of ours. All of it
takes time that grows with the length of the text: nothing is searched from each place to the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message

from newsletter.mail.inbound.html import lines_of_html
from newsletter.mail.inbound.parts import decoded, parts_of

MOST_CHARS, MOST_OWN_LINES = 64_000, 4_000  # of what a reader wrote; the longest profile has half as many
MOST_LINES = 20_000  # of a mail, with what it quotes


@dataclass(frozen=True, slots=True)
class OwnText:
    """What the writer wrote first: above the quote; or, if there is nothing, the first piece below one."""

    lines: tuple[str, ...] = ()
    is_below_a_quote: bool = False
    is_unreadable: bool = False  # the mail may say something, and we do not see what


def find_own_text(mail: Message) -> OwnText:
    """Reads the first plain text that says something; the HTML without one, and where that text leaves it open."""
    texts = list(_texts(mail))
    if not texts:
        return OwnText(is_unreadable=True)
    html = next((text for kind, text in texts if kind == "text/html"), "")
    plain = next((text for kind, text in texts if kind != "text/html" and text.strip()), "")
    if not plain:
        return _own_text_of(lines_of_html(html)[:MOST_LINES])
    lines = _clean(plain).split("\n", MOST_LINES)[:MOST_LINES]
    if html.strip() and (line := _index_below_quote(lines)) and lines[line - 1].strip() and not _says_something(lines):
        below = _own_text_of(lines_of_html(html)[:MOST_LINES])
        return below if below.is_below_a_quote else OwnText()
    return _own_text_of(lines)


# --- the text -------------------------------------------------------------------------------------------


def _texts(mail: Message) -> Iterator[tuple[str, str]]:
    """Yields the readable parts; nothing that is attached, nor the mails inside a mail."""
    for part in parts_of(mail, is_entered=_is_the_writers):
        kind = part.get_content_type()
        if kind.startswith("text/") and not part.is_multipart() and _is_the_writers(part):
            payload = part.get_payload(decode=True)
            text = decoded(payload if isinstance(payload, bytes) else b"", _param(part, "charset") or "utf-8")
            yield kind, _unflowed(text) if _param(part, "format").lower() == "flowed" else text


def _is_the_writers(part: Message) -> bool:
    return not part.get_content_type().startswith("message/") and part.get_content_disposition() != "attachment"


def _param(mail: Message, name: str) -> str:
    try:
        value = mail.get_param(name, "")
    except (ValueError, IndexError, TypeError):  # RFC 2231 in a shape that the library does not expect
        return ""
    return (value[2] if isinstance(value, tuple) else str(value or "")).strip().strip("'\"")


def _unflowed(text: str) -> str:
    """Joins a line that ends in a space with the next, but for the mark of a signature (RFC 3676 §4.1)."""
    lines: list[str] = []
    goes_on = False
    for line in text.replace("\r\n", "\n").split("\n"):
        if goes_on and line[:1].strip() and not line.startswith(">"):
            lines.append(line)
        else:
            lines.append(f"\n{line}")
        goes_on = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "".join(lines)[1:]


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\ufeff", "")


# --- what is quoted -------------------------------------------------------------------------------------

_MARKS = (">", "|", "＞")
# How phones and mail programs sign, mostly without a mark.
_SIGNATURES = (
    *("Sent from", "Sent with", "Sent via", "This message was sent from", "Get Outlook"),
    *("Von meinem", "Gesendet von", "Gesendet mit", "Gesendet aus", "Diese Nachricht wurde von meinem"),
    *("Holen Sie sich Outlook", "Envoyé de", "Envoyé depuis", "Envoyé avec", "Télécharger Outlook", "Obtenir Outlook"),
    *("Enviado desde", "Enviado de", "Enviado con", "Obtener Outlook", "Enviado do", "Enviado com", "Enviado a partir"),
    *("Obter o Outlook", "Obter Outlook", "Inviato da", "Inviato con", "Ottieni Outlook", "Scarica Outlook"),
)
_SIGNATURE = re.compile(
    rf"--\s?$|(?:{'|'.join(_SIGNATURES)})\b|[发發]自我的|[从從]我的.{{1,30}}[发發傳]送|.{{1,30}}から送信"
)
# Lines that begin a quote without a mark, by their beginning and end: the headers of Outlook in our languages, and the
# intros that quotequail does not know.
_INTROS = [
    (re.compile(beginning, re.IGNORECASE), ends)
    for beginning, ends in (
        (r"\*?(From|Von|De|Da|Od|发件人|寄件者|差出人)\s?:\*?(\s|$)", ("",)),
        (r"(Il|In data) ", ("ha scritto:",)),
        (r"在", ("写道:", "写道：")),
        (r"[^於]*於", ("寫道:", "寫道：")),
        (r"\d{4}年", (":", "：")),
        (r"\d{4}/\d[^<]*<[^@]*@", (">", ">:", ">：")),
    )
]
_OUR_SENTENCES = (
    *("reply with the word", "you get this mail because", "thank you to arxiv for use of", "announced on arxiv"),
)
_WINDOW, _OVERLAP = 50, 10  # lines that quotequail sees at once: it goes through them once for each
_MOST_LINES_SEEN = (
    1_000  # by it: below that many of somebody's own a quote is only begun by a mark, or a line of _INTROS
)
_AT_ITS_ENDS = 150  # characters of a line that say whether it begins a quote


def _own_text_of(lines: Sequence[str]) -> OwnText:
    above = _above_the_quote(lines)
    if any(line.strip() for line in above) and not _is_intro(above):
        return OwnText(above)
    below = _free_lines_below(lines)
    return OwnText(below, is_below_a_quote=True) if below else OwnText(above)


def _says_something(lines: Sequence[str]) -> bool:
    found = _own_text_of(lines)
    return not found.is_below_a_quote and any(line.strip() for line in found.lines) and not _is_intro(found.lines)


def _above_the_quote(lines: Sequence[str]) -> tuple[str, ...]:
    own = _up_to_a_mark(lines)
    for start in range(0, min(len(own), _MOST_LINES_SEEN), _WINDOW - _OVERLAP):
        window = [_ends_of(line) for line in own[start : start + _WINDOW]]
        if (found := _quote_begins(window)) is not None:
            return own[: start + found]
    return own


def _quote_begins(lines: Sequence[str]) -> int | None:
    """Finds the line with which a quote begins, as quotequail sees it."""
    import quotequail  # noqa: PLC0415  every command would wait for its patterns

    found = quotequail.unwrap("\n".join(lines))
    if found is None:
        return None
    blank = next((number for number, line in enumerate(lines) if line.strip()), 0)
    top = found.get("text_top", "")
    return blank + len(top.split("\n")) if top else blank


def _ends_of(line: str) -> str:
    return line if len(line) <= 2 * _AT_ITS_ENDS else f"{line[:_AT_ITS_ENDS]} {line[-_AT_ITS_ENDS:]}"


def _up_to_a_mark(lines: Sequence[str]) -> tuple[str, ...]:
    """Takes the lines up to the first that is quoted, begins a quote, or begins a signature; MOST_CHARS at most."""
    chars = 0
    for number, line in enumerate(lines[:MOST_OWN_LINES]):
        chars += len(line) + 1
        if chars > MOST_CHARS:
            return (*lines[:number], _ends_of(line))
        if _is_quoted(line) or _begins_a_quote(line) or _SIGNATURE.match(line):
            return tuple(lines[:number])
    return tuple(lines[:MOST_OWN_LINES])


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(_MARKS)


def _is_bare(line: str) -> bool:
    """A quoted line without words: its writer's program does not break such a line in two."""
    return not line.strip(" \t" + "".join(_MARKS))


def _begins_a_quote(line: str) -> bool:
    bare = line.strip()
    if len(bare) >= 10 and not bare.strip("_"):
        return True
    if bare.startswith("---") and bare.endswith("---") and bare.strip("-").strip():  # "-----Original Message-----"
        return True
    ends = _ends_of(bare)
    return any(begins.match(ends) and ends.lower().endswith(last) for begins, last in _INTROS) or any(
        sentence in bare.lower() for sentence in _OUR_SENTENCES
    )


def _is_intro(lines: Sequence[str]) -> bool:
    """Whether all of it only introduces the quote below, in a language that quotequail does not know."""
    words = [line.strip() for line in lines if line.strip()]
    return len(words) <= 3 and (
        words[-1].endswith((":", "：")) or re.search(r"<[^<>@]*@[^<>]*>", " ".join(words)) is not None
    )


def _free_lines_below(lines: Sequence[str]) -> tuple[str, ...]:
    """Takes the lines from the first that stands free below a quoted one.

    Free is a line behind a blank line, or behind a quote that ends with a mark alone. Any other may be a quoted line
    that somebody's program has wrapped.
    """
    first = _index_below_quote(lines)
    if not first:
        return ()
    before, rest = lines[first - 1], lines[first:]
    is_free = not before.strip() or (_is_bare(before) and not any(_is_quoted(line) for line in rest))
    return _up_to_a_mark(rest) if is_free else ()


def _index_below_quote(lines: Sequence[str]) -> int:
    """Finds the first line below a quoted one that is not quoted and says something; 0 if there is none."""
    is_below = False
    for number, line in enumerate(lines):
        if _is_quoted(line):
            is_below = True
        elif is_below and line.strip():
            return number
    return 0
