"""Renders a digest: subject, HTML and text part, or a Markdown page; and a welcome. Reads templates, sends nothing.

The templates in `templates/email/` see a `DigestView` (view.py), those of a welcome a `WelcomeView` (welcome.py). Jinja
escapes what it shows in HTML, the `md` filter in Markdown. How much of each paper a mail has room for is
size_budget.py's business; how styles come into elements, inline_css.py's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, select_autoescape

from newsletter import formatting
from newsletter.addresses import mailto_link
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.line_breaks import columns, wrap
from newsletter.mail.exponents import raise_exponents
from newsletter.mail.inline_css import InliningLoader, ascii_html
from newsletter.mail.message import MailIdentity, MailLinks, VoteLinks
from newsletter.mail.paper_view import DigestPaper
from newsletter.mail.sample_digest import (
    BY_TOPIC,
    BY_WORDS,
    EVERYTHING,
    FILLED_UP,
    NEAREST_ONLY,
    NOTHING,
    PARTLY_JUDGED,
)
from newsletter.mail.shared_pages import ADDRESS_CHARS, SharedPages
from newsletter.mail.size_budget import Detail, fit, html_bytes
from newsletter.mail.templates import CompiledTemplates, load_notices, load_update_texts, loader_of, problem_of
from newsletter.mail.view import Brand, DigestView, one_line, view_of
from newsletter.mail.welcome import WelcomeContent, WelcomeView
from newsletter.mail.welcome import view_of as welcome_view_of
from newsletter.model import Digest, Frequency, Profile, RenderedDigest
from newsletter.signing import Signer
from newsletter.texts import FALLBACK_LANGUAGE, Texts, TextsByLanguage, pick, write_colon
from newsletter.theme import Theme, load_theme

__all__ = ["Brand", "Renderer"]

TEXT_COLUMNS = 76  # of the text part; RFC 5322 §2.1.1 asks for at most 78
SUBJECT_CHARS = 70  # a phone shows about 40, a desktop about 70
_ROOM = "\x7f"  # stands beside an address while lines are broken; nobody writes it
_COMPILED = CompiledTemplates()


class Renderer:
    """Renders with the templates of the first of `folders` that has the file. May be used again and again.

    Raises ConfigError, naming template and line, for a template that cannot be read or filled.
    """

    def __init__(
        self,
        brand: Brand,
        folders: Sequence[Path],
        theme: Theme | None = None,  # the operator's, or the shipped one
    ) -> None:
        self._brand = brand
        self._templates = environment_of(InliningLoader(loader_of(folders), (theme or load_theme()).fill))
        self._texts = _load_texts(folders, "digest.yaml")
        self._update_texts = load_update_texts()
        self._shared = SharedPages(self.render)

    def render(self, digest: Digest, links: MailLinks | None = None) -> RenderedDigest:
        """Fills the templates: subject, HTML and text, both parts at the same levels. A long mail shows less.

        Where there is no page to read the rest on, the text has every paper whole. `links` are those of this very
        mail; without them it names the newsletter's address.
        """
        t = pick(self._texts, digest.subscriber.profile.language)
        view, wanted = self._view(digest, links), digest.subscriber.full
        html, shown = self._fit(view, view.default_full if wanted is None else wanted, t)
        return RenderedDigest(
            subject=one_line(self._fill("digest.subject.txt", d=shown, t=t), SUBJECT_CHARS),
            html=html,
            text=self._text(shown if shown.web_url else shown.whole_text, t),
        )

    def render_mail(self, digest: Digest, identity: MailIdentity) -> RenderedDigest:
        """Does as `render` with the links of this mail; equal readers, one after another, share the work."""
        return self._shared.render(digest, identity)

    def _fit(self, view: DigestView, full: int, t: Texts) -> tuple[str, DigestView]:
        """The page and what it shows: of each paper as much as there is room for, and less of the news before that."""
        page, shown = self._fit_papers(view, full, t)
        if not view.updates or not _is_shortened(shown, full):
            return page, shown
        brief = tuple(replace(update, is_whole=False) for update in view.updates)
        page, shown = self._fit_papers(replace(view, updates=brief), full, t)
        return page, replace(shown, updates=view.updates)  # the text part has room for them

    def _fit_papers(self, view: DigestView, full: int, t: Texts) -> tuple[str, DigestView]:
        shown, page = view, ""

        def measure(levels: Sequence[Detail]) -> int:
            nonlocal shown, page
            shown = view.at(levels)
            page = self._page(shown, t)
            return len(page) + len(_room_beside(view.email))

        def saving(place: int, level: Detail) -> int:
            return _saved_bytes(view.all_papers[place], level)

        fit(view.all_best_first, full, measure, saving)
        return page, shown

    def _page(self, view: DigestView, t: Texts) -> str:
        return ascii_html(self._fill("digest.html", d=view, t=t, u=pick(self._update_texts, t.language)))

    def _text(self, view: DigestView, t: Texts) -> str:
        return self._fill("digest.txt", d=view, t=t, u=pick(self._update_texts, t.language))

    def render_welcome(self, content: WelcomeContent, texts: TextsByLanguage, links: MailLinks) -> RenderedDigest:
        """Fills the templates of a welcome, in its reader's language. `links` are those of this very mail."""
        t = pick(texts, content.reader.profile.language)
        view = welcome_view_of(content, self._brand, links, t)
        html = ascii_html(self._fill("welcome.html", w=view))
        return RenderedDigest(view.subject, html, self._fill("welcome.txt", w=view))

    def markdown(self, digest: Digest) -> str:
        """The digest as a page: header table, counts, table of contents, papers, profile."""
        reader = digest.subscriber
        english = replace(reader, profile=replace(reader.profile, language=FALLBACK_LANGUAGE))
        view = replace(
            self._view(replace(digest, subscriber=english)),
            nearest_heading=formatting.nearest_heading(digest, whose="the"),
        )
        t, u = self._texts[FALLBACK_LANGUAGE], self._update_texts[FALLBACK_LANGUAGE]
        return self._fill("digest.md", d=view, t=t, u=u)

    def check(self) -> None:
        """Renders digests in which every branch of the templates is taken. Raises ConfigError like `render`."""
        site, t = "https://example.org", self._texts[FALLBACK_LANGUAGE]
        everything = MailLinks(
            "reader@example.org",
            f"{site}/u/token",
            profile_url=f"{site}/profile/token",
            web_url=f"{site}/archive/token/2026-01-02",
            more_papers_url=f"{site}/amount/token",
            fewer_papers_url=f"{site}/amount/token",
            vote_links=VoteLinks(site, Signer(["a key"]), "s_template"),
        )
        for links in (None, MailLinks("reader@example.org", is_read=True), everything):
            for digest in (EVERYTHING, PARTLY_JUDGED, BY_WORDS, BY_TOPIC, NOTHING, FILLED_UP, NEAREST_ONLY):
                self.render(digest, links)
            for level in Detail:
                few = self._view(FILLED_UP, links).at([level] * 2)
                self._page(few, t)
                self._text(few, t)
                self._page(self._view(BY_WORDS, links).at([level]), t)
        for digest in (EVERYTHING, PARTLY_JUDGED, FILLED_UP, NEAREST_ONLY):
            self.markdown(digest)
        self._check_unjudged()
        self._check_updates()

    def _check_unjudged(self) -> None:
        """Refuses a template that shows the word None where a paper has no novelty."""
        t, u = self._texts[FALLBACK_LANGUAGE], self._update_texts[FALLBACK_LANGUAGE]
        for name in ("digest.html", "digest.txt", "digest.md"):
            judged, unjudged = (self._fill(name, d=self._view(one), t=t, u=u) for one in (EVERYTHING, BY_WORDS))
            if unjudged.count("None") > judged.count("None"):
                raise ConfigError(
                    f"templates/email/{name} shows None for a paper that no model judged; "
                    "write {% if p.novelty %} around its novelty, or remove your copy to use the shipped one"
                )

    def _check_updates(self) -> None:
        """Refuses a template that leaves out the news of papers that were sent: they count as told."""
        t, u = self._texts[FALLBACK_LANGUAGE], self._update_texts[FALLBACK_LANGUAGE]
        for digest in (EVERYTHING, replace(NOTHING, updates=EVERYTHING.updates)):
            view = self._view(digest)
            for name in ("digest.html", "digest.txt", "digest.md"):
                if view.updates[0].notice not in self._fill(name, d=view, t=t, u=u):
                    raise ConfigError(
                        f"templates/email/{name} leaves out the news of papers that readers were sent, which count as "
                        "told; take over the lines with updates from the shipped one, or remove your copy to use that"
                    )

    def check_welcome(self, texts: TextsByLanguage) -> None:
        """Renders welcomes in every language, with everything and with little. Raises ConfigError like `render`."""
        site, entry = "https://example.org", EVERYTHING.entries[0]
        little = MailLinks("reader@example.org")
        everything = MailLinks("reader@example.org", f"{site}/u/token", profile_url=f"{site}/p/token", is_read=True)
        for language in texts:
            for reader in (EVERYTHING.subscriber, replace(EVERYTHING.subscriber, frequency=Frequency.WEEKLY)):
                named = replace(reader, profile=replace(reader.profile, language=language))
                whole = WelcomeContent(named, EVERYTHING.digest_on, (entry,), EVERYTHING.announced_on[0])
                self.render_welcome(whole, texts, everything)
                self.render_welcome(WelcomeContent(named), texts, little)

    def profile_text(self, profile: Profile, language: str) -> str:
        """Words a profile for its reader."""
        return self._fill("profile.txt", profile=profile, t=pick(self._texts, language)).strip()

    def _fill(self, name: str, **view: DigestView | WelcomeView | Profile | Texts) -> str:
        try:
            return self._templates.get_template(name).render(view)
        except (TemplateError, TypeError) as error:  # TypeError: a filter that takes no None, in an operator's copy
            raise problem_of(f"templates/email/{name}", error) from error

    def _view(self, digest: Digest, links: MailLinks | None = None) -> DigestView:
        wanted = digest.subscriber.profile
        profile = digest.prompt or self.profile_text(wanted, wanted.language)
        t = pick(self._texts, wanted.language)
        notices = pick(load_notices(), t.language)
        return view_of(digest, self._brand, links or MailLinks(self._brand.reply_address), profile, t, notices)


def _load_texts(folders: Sequence[Path], name: str) -> TextsByLanguage:
    """Reads the sentences in the first of these folders; what an operator's copy does not say is said as shipped."""
    file = f"templates/email/{name}"
    return resources.parse_texts(_text_of(folders, name), resources.read_shipped(file), file)


def _text_of(folders: Sequence[Path], name: str) -> str:
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise ConfigError(f"templates/email/{name} is missing; put it back, or install the package again")
    return path.read_text(encoding="utf-8")


def _is_shortened(view: DigestView, full: int) -> bool:
    """Tells whether any paper has less than its place in a mail of `full` papers in full would give it."""
    whole = sum(paper.has_authors and paper.has_links for paper in view.papers)
    return whole < len(view.all_papers) or len(view.in_full) < min(full, len(view.all_papers))


def _saved_bytes(paper: DigestPaper, level: Detail) -> int:
    """Of a paper's text, by the step to that level."""
    texts = {
        Detail.LEFT_OUT: paper.title + paper.url,
        Detail.TITLE: paper.comment,
        Detail.REASON: paper.sentence + paper.toc_authors,
        Detail.SENTENCE: paper.topic + paper.links.pdf + (paper.links.code or "") + _followed_url(paper),
        Detail.LINKS: paper.more_url + paper.less_url + paper.save_url,
        Detail.ENTRY: paper.title + paper.authors + paper.comment + paper.abstract,
    }
    return html_bytes(texts[level])


def _followed_url(paper: DigestPaper) -> str:
    return paper.follows.url if paper.follows else ""


def environment_of(loader: BaseLoader) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # all mails of a run are made by the same templates
        bytecode_cache=_COMPILED,
    )
    environment.filters["colon"] = write_colon
    environment.filters["md"] = escape_markdown
    environment.filters["mailto"] = mailto_link
    environment.filters["dots"] = dots
    environment.filters["columns"] = columns
    environment.filters["exponents"] = raise_exponents
    environment.filters["one_line"] = one_line
    environment.filters["wrapped"] = wrapped
    environment.filters["reflowed"] = reflowed
    environment.filters["paragraphs"] = paragraphs
    return environment


def escape_markdown(text: str) -> str:
    """Foreign text that stays text in Markdown: no links, emphasis, HTML or headings of its own."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)


@lru_cache(maxsize=4096)  # a morning's readers share its papers; some 10 MB
def wrapped(text: str, indent: int, email: str = "") -> str:
    """Lines of at most 76 columns for the text part, those after the first indented; links are never broken.

    Where the text has the reader's address in it, lines are as if that were a long one, the same for all readers.
    """
    room = _room_beside(email) if email else ""
    lines = wrap(text.replace(email, email + room) if room else text, TEXT_COLUMNS - indent)
    return f"\n{' ' * indent}".join(line.replace(_ROOM, "") if room else line for line in lines)


def _room_beside(email: str) -> str:
    """Gives what makes an address ADDRESS_CHARS long; nothing for a longer one (shared_pages.py says why)."""
    return _ROOM * (ADDRESS_CHARS - len(email))


def reflowed(text: str) -> str:
    """Paragraphs as one line each, so that a narrow page breaks them where it must; lists and headings keep theirs."""
    return re.sub(r"(?<=\S)[ \t]*\n[ \t]*(?=[^\W\d_])", " ", text)


def paragraphs(text: str) -> str:
    """A text of many lines, each of them at most 76 columns wide; what is indented stays so."""
    lines = (line.rstrip() for line in reflowed(text).splitlines())
    return "\n".join(f"{_indent(line)}{wrapped(line.lstrip(), len(_indent(line)))}" for line in lines)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def dots(score: int) -> str:
    """Ten signs, the first `score` of them filled: a score one can see without reading."""
    return "●" * score + "○" * (10 - score)
