"""Moves a template's styles into its elements, once for all the mails that are made from it.

Some mail clients drop style blocks, so each element carries its own style; premailer does that, in ten times the time
it takes to fill the template. Here it sees the template itself, with stand-ins for what Jinja fills in later: the same
page as inlining each mail, as long as no style is chosen by data (a class that Jinja writes is refused).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator

from jinja2 import BaseLoader, Environment, TemplateSyntaxError
from jinja2.exceptions import TemplateNotFound
from jinja2.utils import LRUCache

_BEGINS = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end"}
_BEGINS |= {"raw_begin": "raw_end"}
_STYLE = re.compile(r""" style=(?:"[^"]*"|'[^']*')""")
_INCLUDE = re.compile(r'\{% include "([\w-]+\.html)" %\}\n?')
_KEPT = LRUCache(16)  # by the page itself: a process builds several renderers of the same few templates
_STAND_IN = re.compile(r"<!--jinja(\d+)-->|jinja(\d+)jinja")


class InliningLoader(BaseLoader):
    """Loads what `inner` loads; HTML after `prepare` and with its styles inlined. Raises what Jinja's loaders raise."""

    def __init__(self, inner: BaseLoader, prepare: Callable[[str], str] = str) -> None:
        self._inner = inner
        self._prepare = prepare

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, is_fresh = self._inner.get_source(environment, template)
        if not template.endswith(".html"):
            return source, filename, is_fresh
        parts = {name: self._inner.get_source(environment, name)[:2] for name in _INCLUDE.findall(source)}
        whole = self._prepare(_INCLUDE.sub(lambda found: parts[found[1]][0], source))
        key = (environment.lexer, whole, template, filename)
        inlined = _KEPT.get(key)
        if inlined is None:
            for name, (text, file) in {template: (source, filename), **parts}.items():
                environment.parse(text, name, file)  # a mistake is told with its line here, which inlining moves
            inlined = _KEPT[key] = inline_template(environment, whole, template, filename)
        return inlined, filename, is_fresh

    def list_templates(self) -> list[str]:
        raise TemplateNotFound("a mail's templates are loaded by name")


def inline(html: str) -> str:
    """Moves the styles of the first style block into the elements; one marked data-premailer="ignore" stays."""
    from premailer import Premailer  # noqa: PLC0415  a quarter of a second that only who renders a mail should wait

    return str(
        Premailer(
            html,
            strip_important=False,  # the dark mode block needs its !important
            # As attributes these would say again what the styles say, and some are not valid HTML.
            disable_basic_attributes=["align", "bgcolor", "valign", "width"],
            cssutils_logging_level=logging.CRITICAL,
            disable_validation=True,
            disable_leftover_css=True,
            allow_network=False,
            allow_loading_external_files=False,
        ).transform()
    )


def tightened(html: str) -> str:
    """The same page without the blanks in its inlined styles: a tenth of a mail is such styles."""
    return _STYLE.sub(lambda found: re.sub(r"([;:,]) +", r"\1", found[0]), html)


_ISOLATED = re.compile("\u2068([^\u2068\u2069<>]*)\u2069")


def ascii_html(html: str) -> str:
    """The same page in pure ASCII (numeric character references).

    A provider that picks the charset from the bytes may send Latin-1, and Gmail then clips the mail at any size (seen
    with SendGrid). What is marked off by characters (formatting.isolate) is marked off by an element.
    """
    if "\u2068" in html:
        html = _ISOLATED.sub(r"<bdi>\1</bdi>", html)
    return html.encode("ascii", "xmlcharrefreplace").decode("ascii")


def inline_template(environment: Environment, source: str, name: str | None, filename: str | None) -> str:
    """The template with its styles in its elements. Raises TemplateSyntaxError for a style that Jinja would choose."""
    pieces: list[str] = []
    page = ""
    for line, is_jinja, text in _pieces(environment, source, name, filename):
        if not is_jinja:
            page += text
            continue
        attribute = _open_attribute(page)
        if attribute in ("class", "style"):
            why = f"a {attribute} that Jinja fills in cannot be inlined; write one element for each case"
            raise TemplateSyntaxError(why, line, name, filename)
        is_content = attribute is None and not _is_in_comment(page) and not text.startswith("{{")
        page += f"<!--jinja{len(pieces)}-->" if is_content else f"jinja{len(pieces)}jinja"
        pieces.append(text)
    inlined = tightened(inline(page))
    return _STAND_IN.sub(lambda found: pieces[int(found[1] or found[2])], inlined)


def _pieces(
    environment: Environment, source: str, name: str | None, filename: str | None
) -> Iterator[tuple[int, bool, str]]:
    """The source in pieces (line, whether it is Jinja's, text), a whole tag or expression each."""
    ending, tag, began = "", "", 0
    for line, kind, text in environment.lex(source, name, filename):
        if ending:
            tag += text
            if kind == ending:
                yield began, True, tag
                ending = ""
        elif kind in _BEGINS:
            ending, tag, began = _BEGINS[kind], text, line
        else:
            yield line, False, text


def _is_in_comment(page: str) -> bool:
    return page.rfind("<!--") > page.rfind("-->")


def _open_attribute(page: str) -> str | None:
    """The attribute in whose value this page ends; empty in a tag but in no value; None outside of tags."""
    begin = page.rfind("<")
    if begin <= page.rfind(">") or page.startswith("<!--", begin):
        return None
    found = re.search(r"([\w-]+)\s*=\s*(?:\"[^\"]*|'[^']*)$", page[begin:])
    return found[1].lower() if found else ""
