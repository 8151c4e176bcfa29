"""The HTML of a mail → the lines that its writer sees, indented as there, with a > where something is quoted. Pure.

Reads each letter once, whatever the text is: html.parser takes the square of the length for some that is not HTML
(CVE-2025-6069). Knows how mail programs mark a quote, and nothing else of HTML.
"""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"<(/?[a-zA-Z][^<>]*)>")
_BLOCKS = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "pre", "hr", "h1", "h2", "h3", "body"}
_SILENT = {"style", "script", "head", "title"}
_SPACES = re.compile(r"[ \t\n\r\f]+")  # what HTML shows as one space; a no-break space stays (HTML, 13.1.2.4)
_IS_AS_TYPED = re.compile(r"^pre\b|white-space:\s*(?:pre(?!-line)|break-spaces)", re.IGNORECASE)
# From here on it is a quote to the end, whether or not it is inside a blockquote: Outlook, Yahoo, forwarded mail.
_REST_IS_QUOTED = re.compile(
    r"divRplyFwdMsg|appendonsend|moz-forward-container|yahoo_quoted|ms-outlook-mobile-reference|"
    r"mail-editor-reference|OLK_SRC_BODY|border-top:\s*solid #"
)
# From here on to the end of the blockquote that follows, or to the end without one: Gmail, Thunderbird, Proton.
_INTRODUCES = re.compile(r"gmail_quote|gmail_attr|moz-cite-prefix|protonmail_quote")


def lines_of_html(html: str) -> list[str]:
    reader = _Lines()
    text = _without_comments(html)
    end = 0
    for found in _TAG.finditer(text):
        reader.say(text[end : found.start()])
        reader.read(found[1])
        end = found.end()
    reader.say(text[end:])
    return reader.lines()


def _without_comments(html: str) -> str:
    """And without declarations; what one of them that does not end hides, nobody sees."""
    kept, start = [], 0
    while (begin := html.find("<!", start)) >= 0:
        kept.append(html[start:begin])
        mark = "-->" if html.startswith("<!--", begin) else ">"
        end = html.find(mark, begin + 2)
        if end < 0:
            return "".join(kept)
        start = end + len(mark)
    return "".join([*kept, html[start:]])


class _Lines:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._silent = 0
        self._depth = 0  # of blockquotes
        self._is_introduced = False
        self._is_rest = False
        self._typed = ("", 0)  # within how many elements of that name spaces and line ends are shown as they are

    def say(self, text: str) -> None:
        if not text or self._silent:
            return
        if not self._typed[1]:
            self._line.append(_SPACES.sub(" ", text))
            return
        first, *others = text.replace("\r\n", "\n").split("\n")
        self._line.append(first)
        for other in others:
            self._end_line(is_seen=True)
            self._line.append(other)

    def read(self, tag: str) -> None:
        name = re.split(r"[\s/]", tag.lstrip("/"), maxsplit=1)[0].lower()
        if name in _BLOCKS:
            self._end_line(is_seen=name == "br")
        if tag.startswith("/"):
            self._end(name)
        else:
            self._begin(name, tag)

    def lines(self) -> list[str]:
        self._end_line()
        return self._lines

    def _begin(self, name: str, tag: str) -> None:
        if _REST_IS_QUOTED.search(tag):
            self._end_line()
            self._is_rest = True
        elif _INTRODUCES.search(tag):
            self._end_line()
            self._is_introduced = True
        typed, depth = self._typed
        if (depth and name == typed) or (not depth and _IS_AS_TYPED.search(tag)):
            self._typed = (name, depth + 1)
        self._depth += name == "blockquote"
        self._silent += name in _SILENT

    def _end(self, name: str) -> None:
        self._silent = max(0, self._silent - (name in _SILENT))
        typed, depth = self._typed
        if depth and name == typed:
            self._typed = (name, depth - 1)
        if name == "blockquote" and self._depth:
            self._depth -= 1
            self._is_introduced = self._is_introduced and self._depth > 0
        if name in {"p", "blockquote"}:
            self._put("")

    def _end_line(self, *, is_seen: bool = False) -> None:
        """Puts the line, unless it is empty; `is_seen`: its end is shown, also where nothing is in it."""
        line = unescape("".join(self._line)).replace("\ufeff", "")
        if not self._typed[1]:
            line = _SPACES.sub(" ", line).strip(" ")
        if (line := line.replace("\u00a0", " ").rstrip()) or is_seen:
            self._put(line)
        self._line = []

    def _put(self, line: str) -> None:
        """One mark stands for all that is quoted in a row: what it says is nobody's business here."""
        if not (self._depth or self._is_rest or self._is_introduced):
            self._lines.append(line)
        elif self._lines[-1:] != [">"]:
            self._lines.append(">")
