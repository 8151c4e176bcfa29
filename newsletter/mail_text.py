"""The text of a mail as its writer typed it: decoded, and without what it quotes. Pure.

Reads mails of any making: missing parts, wrong charsets, HTML alone. Where a quote begins quotequail knows for plain
text; the rest is a belt of our own, on the careful side: rather no word of the reader's than one of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from html.parser import HTMLParser

import quotequail

MOST_CHARS = 100_000  # of a mail's text that are looked at


@dataclass(frozen=True, slots=True)
class Written:
    """What the writer wrote first: above the quote; or, if there is nothing, the first piece below one."""

    lines: tuple[str, ...] = ()
    is_below_a_quote: bool = False
    is_unreadable: bool = False  # the mail may say something, and we do not see what


def written_in(mail: Message) -> Written:
    text = text_of(mail)
    return Written(is_unreadable=True) if text is None else written(text)


# --- headers --------------------------------------------------------------------------------------------


def headers_of(mail: Message, name: str) -> list[str]:
    """Every header of that name, decoded as far as it can be. Never raises."""
    # raw: what is neither ASCII nor encoded would come out as question marks
    return [_decoded(str(value)) for header, value in mail.raw_items() if header.lower() == name.lower()]


def header_of(mail: Message, name: str) -> str:
    """The first; empty if there is none."""
    return next(iter(headers_of(mail, name)), "")


def _decoded(value: str) -> str:
    value = _text(value.encode("utf-8", "surrogateescape"), "utf-8")
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError, AssertionError):
        return value
    return "".join(part if isinstance(part, str) else _text(part, charset or "ascii") for part, charset in parts)


# --- the text -------------------------------------------------------------------------------------------


def text_of(mail: Message) -> str | None:
    """The first plain text that says something; else the first HTML as text. None if the mail has neither."""
    texts = list(_texts(mail))
    if not texts:
        return None
    plain = (text for kind, text in texts if kind != "text/html" and text.strip())
    found = next(plain, None) or next((_without_tags(text) for kind, text in texts if kind == "text/html"), "")
    return found.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\ufeff", "")[:MOST_CHARS]


def _texts(mail: Message) -> Iterator[tuple[str, str]]:
    """The readable parts; nothing that is attached, nor the mails inside a mail."""
    kind = mail.get_content_type()
    if kind.startswith("message/") or mail.get_content_disposition() == "attachment":
        return
    inner = mail.get_payload()
    if isinstance(inner, list):
        for part in inner:
            if isinstance(part, Message):
                yield from _texts(part)
    elif kind.startswith("text/"):
        payload = mail.get_payload(decode=True)
        text = _text(payload if isinstance(payload, bytes) else b"", _param(mail, "charset") or "utf-8")
        yield kind, _unflowed(text) if _param(mail, "format").lower() == "flowed" else text


def _param(mail: Message, name: str) -> str:
    try:
        value = mail.get_param(name, "")
    except (ValueError, IndexError, TypeError):  # RFC 2231 in a shape that the library does not expect
        return ""
    return (value[2] if isinstance(value, tuple) else str(value or "")).strip().strip("'\"")


def _text(payload: bytes, charset: str) -> str:
    """By the charset it says; a wrong one is UTF-8 if it can be, else windows-1252."""
    for name in (charset, "utf-8"):
        try:
            return payload.decode(name)
        except (LookupError, ValueError):
            continue
    return payload.decode("cp1252", "replace")


def _unflowed(text: str) -> str:
    """RFC 3676 §4.1: a line that ends in a space goes on in the next, but for the mark of a signature."""
    return re.sub(r"(?m)^(?!-- $)([^>\n].*?) \r?\n(?=[^>\s])", r"\1 ", text)


# --- HTML -----------------------------------------------------------------------------------------------

_BLOCKS = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "pre", "hr", "h1", "h2", "h3", "body"}
_SILENT = {"style", "script", "head", "title"}
_VOID = {"br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base"}
# From here on it is a quote, whether or not it is inside a blockquote: Outlook, Gmail, Thunderbird, Yahoo, Proton
_QUOTE_BEGINS = re.compile(
    r"divRplyFwdMsg|appendonsend|gmail_quote|gmail_attr|moz-cite-prefix|moz-forward-container|yahoo_quoted|"
    r"protonmail_quote|ms-outlook-mobile-reference|mail-editor-reference|OLK_SRC_BODY|border-top:\s*solid #"
)


def _without_tags(html: str) -> str:
    reader = _HtmlText()
    try:
        reader.feed(html[: 4 * MOST_CHARS])
        reader.close()
    except AssertionError:  # the library's word for a marked section it does not know
        return ""
    return reader.text()


class _HtmlText(HTMLParser):
    """Lines as a reader sees them, with > before what is quoted."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._silent = 0
        self._depth = 0  # of blockquotes
        self._is_rest = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._end_line()
        marks = " ".join(value for name, value in attrs if value and name in {"id", "class", "style", "name"})
        if _QUOTE_BEGINS.search(marks):
            self._end_line()
            self._is_rest = True
        self._depth += tag == "blockquote"
        self._silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
        self._depth = max(0, self._depth - (tag == "blockquote"))
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag == "p":
            self._lines.append(self._mark())

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._line += data

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines)

    def _mark(self) -> str:
        return "> " if self._depth or self._is_rest else ""

    def _end_line(self) -> None:
        if line := " ".join(self._line.split()):
            self._lines.append(self._mark() + line)
        self._line = ""


# --- what is quoted -------------------------------------------------------------------------------------

_QUOTED = re.compile(r"^\s*[>|＞]")
_SIGNATURE = re.compile(
    r"^--\s?$|^(Sent from|Get Outlook|Von meinem|Gesendet von|Envoyé de|Enviado desde|Inviato da)\b"
)
# Lines that begin a quote without a mark: rules, "Original Message", the headers of Outlook in our languages, the
# intros that quotequail does not know, and sentences of our own mails.
_BEGINS_A_QUOTE = re.compile(
    r"^\s*(_{10,}|-{3,}\s*\S.*-{3,}|\*?(From|Von|De|Da|Od|发件人|寄件者|差出人)\s?:\*?\s.*|"
    r"(Il|In data) .*ha scritto:|在.*写道[:：]|.*於.*寫道[:：]|\d{4}年.*[:：]|\d{4}/\d.*<.*@.*>[:：]?)\s*$|"
    r"reply with the word|You get this mail because|Thank you to arXiv for use of|Announced on arXiv",
    re.IGNORECASE,
)


def written(text: str) -> Written:
    lines = text.split("\n")
    above = _own(_above_the_quote(text))
    if any(line.strip() for line in above) and not _is_intro(above):
        return Written(above)
    below = _own(_below_a_quote(lines))
    return Written(below, is_below_a_quote=True) if below else Written(above)


def _above_the_quote(text: str) -> list[str]:
    found = quotequail.unwrap(text)
    return (found.get("text_top", "") if found else text).split("\n")


def _own(lines: list[str]) -> tuple[str, ...]:
    """Up to the first line that is quoted, begins a quote, or begins a signature."""
    for number, line in enumerate(lines):
        if _QUOTED.match(line) or _BEGINS_A_QUOTE.search(line) or _SIGNATURE.search(line):
            return tuple(lines[:number])
    return tuple(lines)


def _is_intro(lines: tuple[str, ...]) -> bool:
    """Whether all of it only introduces the quote below, in a language that quotequail does not know."""
    said = [line.strip() for line in lines if line.strip()]
    return len(said) <= 3 and (
        said[-1].endswith((":", "：")) or re.search(r"<[^<>]*@[^<>]*>", " ".join(said)) is not None
    )


def _below_a_quote(lines: list[str]) -> list[str]:
    """From the first line that stands free below a quoted one. A line without a blank before it may be a quoted line
    that somebody's program has wrapped."""
    is_below = False
    for number, line in enumerate(lines):
        if _QUOTED.match(line):
            is_below = True
        elif is_below and line.strip():
            return lines[number:] if not lines[number - 1].strip() else []
    return []
