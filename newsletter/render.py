"""Renders a digest: subject, HTML and text part, or a Markdown page. Reads templates, sends nothing.

The templates in `templates/email/` see a `View`: text already readable (TeX, shortened lists) and not yet escaped;
Jinja escapes it in HTML, the `md` filter in Markdown. premailer moves the first style block into the elements,
because some mail clients drop style blocks; the second one (dark mode, phones) stays.
"""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from newsletter.budget import HTML_BYTES, fit
from newsletter.errors import ConfigError
from newsletter.latex import readable, readable_name
from newsletter.message import VoteLinks, Ways
from newsletter.model import (
    AnnounceType,
    Counts,
    Digest,
    DigestEntry,
    Frequency,
    Paper,
    Profile,
    RenderedDigest,
    Score,
    Subscriber,
    Topic,
    Usage,
)
from newsletter.tokens import Signer
from newsletter.wording import days, kind, listed, long_date

SUBJECT_CHARS = 110  # a phone shows about 40, a desktop about 90; more is noise
PREHEADER_CHARS = 140
TOC_AUTHORS = 6
PAPER_AUTHORS = 30  # one paper of 395 authors would be a page of names


@dataclass(frozen=True, slots=True)
class Brand:
    """What the operator calls the newsletter, and where replies go."""

    name: str
    reply_address: str


@dataclass(frozen=True, slots=True)
class PaperView:
    number: int
    arxiv_id: str
    version: int
    url: str
    title: str
    toc_authors: str
    authors: str
    abstract: str
    comment: str
    relevance: int
    novelty: int
    category: str
    kind: str
    pinned: str
    more_url: str  # empty without a web part
    less_url: str


@dataclass(frozen=True, slots=True)
class CostView:
    """The table of tokens and dollars; a price that is not known reads "n/a", never "$0.00"."""

    prompt: str
    cached: str
    completion: str
    total: str
    prompt_cost: str
    completion_cost: str
    total_cost: str


@dataclass(frozen=True, slots=True)
class View:
    """All a template may show."""

    brand: Brand
    name: str  # the subscriber's
    email: str
    date: str
    announced: str  # "7 October 2025", or the first and the last of several days
    papers: tuple[PaperView, ...]
    counts_announced: str
    counts_scanned: str
    counts_relevant: str
    counts_shown: str
    not_scored: int
    hidden: int  # relevant, but over max_papers
    scorer: str
    cost: CostView
    notices: tuple[str, ...]
    categories: str
    profile: str  # the selection profile as the scorer saw it; of a model, the whole prompt but for the papers
    is_prompt: bool
    cut_offs: str
    pinned_authors: str
    reply_to: str
    unsubscribe_url: str  # empty: only a reply unsubscribes
    votes_by_reply: bool  # "+3 -5": where there are no links, and this program reads replies
    profile_url: str  # empty: there is no web part
    preheader: str


class Renderer:
    """Renders with the templates of the first of `folders` that has the file. May be used again and again.

    Raises ConfigError, naming template and line, for a template that cannot be read or filled.
    """

    def __init__(self, brand: Brand, email_folders: Sequence[Path], prompt_folders: Sequence[Path]) -> None:
        self._brand = brand
        self._email = _environment(email_folders)
        self._prompts = _environment(prompt_folders)

    def render(self, digest: Digest, ways: Ways | None = None) -> RenderedDigest:
        """Subject, HTML and text; in the HTML the last abstracts are shortened if it would be cut (budget.py).

        `ways` are those by which this very mail is answered; without them it names the newsletter's address.
        """
        view = self._view(digest, ways)
        html = self._html(view)
        if len(html) > HTML_BYTES:
            abstracts = fit([paper.abstract for paper in view.papers], len(html) - HTML_BYTES)
            shorter = [replace(p, abstract=a) for p, a in zip(view.papers, abstracts, strict=True)]
            html = self._html(replace(view, papers=tuple(shorter)))
        return RenderedDigest(
            subject=_one_line(self._fill(self._email, "digest.subject.txt", view), SUBJECT_CHARS),
            html=html,
            text=self._fill(self._email, "digest.txt", view),
        )

    def _html(self, view: View) -> str:
        return inline(self._fill(self._email, "digest.html", view))

    def markdown(self, digest: Digest) -> str:
        """The digest as a page: header table, counts, table of contents, papers, profile."""
        return self._fill(self._email, "digest.md", self._view(digest))

    def check(self) -> None:
        """Renders a digest in which every branch of the templates is taken. Raises ConfigError like `render`."""
        self.render(_EVERYTHING)
        self.render(_EVERYTHING, Ways("reader@example.org", is_read=True))
        site = "https://example.org"
        links = VoteLinks(site, Signer(["a key"]), "s_template")
        full = Ways("reader@example.org", f"{site}/u/token", profile_url=f"{site}/profile/token", vote_links=links)
        self.render(_EVERYTHING, full)
        self.markdown(_EVERYTHING)

    def profile_text(self, digest: Digest) -> str:
        try:
            template = self._prompts.get_template("profile.md")
            return template.render(profile=digest.subscriber.profile).strip()
        except TemplateError as error:
            raise _template_problem("prompts/profile.md", error) from error

    def _fill(self, environment: Environment, name: str, view: View) -> str:
        try:
            return environment.get_template(name).render(d=view)
        except TemplateError as error:
            raise _template_problem(f"templates/email/{name}", error) from error

    def _view(self, digest: Digest, ways: Ways | None = None) -> View:
        ways = ways or Ways(self._brand.reply_address)
        subscriber, counts = digest.subscriber, digest.counts
        papers = tuple(_paper_view(entry, ways.vote_links) for entry in digest.entries)
        return View(
            brand=self._brand,
            name=subscriber.name,
            email=subscriber.email,
            date=long_date(digest.digest_on),
            announced=days(digest.announced_on),
            papers=papers,
            counts_announced=f"{counts.announced:,}",
            counts_scanned=f"{counts.scanned:,}",
            counts_relevant=f"{counts.relevant:,}",
            counts_shown=f"{counts.shown:,}",
            not_scored=counts.not_scored,
            hidden=counts.relevant - counts.shown,
            scorer=digest.scorer,
            cost=_cost_view(digest.usage),
            notices=digest.notices,
            categories=", ".join(subscriber.categories),
            profile=digest.prompt or self.profile_text(digest),
            is_prompt=bool(digest.prompt),
            cut_offs=f"relevance ≥ {subscriber.min_relevance} and novelty ≥ {subscriber.min_novelty}, "
            f"at most {subscriber.max_papers} papers",
            pinned_authors=", ".join(subscriber.pinned_authors),
            reply_to=ways.reply_to,
            unsubscribe_url=ways.unsubscribe_url,
            votes_by_reply=ways.is_read and ways.vote_links is None,
            profile_url=ways.profile_url,
            preheader=_one_line(" · ".join(p.title for p in papers[1:4]), PREHEADER_CHARS),
        )


def inline(html: str) -> str:
    """Moves styles into elements and makes the page pure ASCII (numeric character references).

    ASCII because a provider that picks the charset from the bytes may send Latin-1, and Gmail then clips the mail
    at any size (seen with SendGrid).
    """
    from premailer import Premailer  # noqa: PLC0415  a quarter of a second that only who renders a mail should wait

    inlined = Premailer(
        html,
        strip_important=False,  # the dark mode block needs its !important
        # As attributes these would say again what the styles say, 3 kB for each 30 papers, and some are not valid HTML.
        disable_basic_attributes=["align", "bgcolor", "valign", "width"],
        cssutils_logging_level=logging.CRITICAL,
        disable_validation=True,
        disable_leftover_css=True,
        allow_network=False,
        allow_loading_external_files=False,
    ).transform()
    return str(inlined).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _environment(folders: Sequence[Path]) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = escape_markdown
    environment.filters["dots"] = dots
    environment.filters["wrapped"] = wrapped
    environment.filters["reflowed"] = reflowed
    return environment


def escape_markdown(text: str) -> str:
    """Foreign text that stays text in Markdown: no links, emphasis, HTML or headings of its own."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)


def wrapped(text: str, indent: int) -> str:
    """Lines of at most 76 characters for the text part, those after the first indented; links are never broken."""
    lines = textwrap.wrap(text, 76 - indent, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def reflowed(text: str) -> str:
    """Paragraphs as one line each, so that a narrow page breaks them where it must; lists and headings keep theirs."""
    return re.sub(r"(?<=\S)[ \t]*\n[ \t]*(?=[^\W\d_])", " ", text)


def dots(score: int) -> str:
    """Ten signs, the first `score` of them filled: a score one can see without reading."""
    return "●" * score + "○" * (10 - score)


def _template_problem(name: str, error: TemplateError) -> ConfigError:
    line = getattr(error, "lineno", None)
    where = f"{name}:{line}" if line else name
    return ConfigError(f"{where}: {error.message}; mend the template, or remove your copy to use the shipped one")


def _one_line(text: str, most: int) -> str:
    """One line of at most `most` printable characters, cut at a word with an ellipsis."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.:;·–—") + "…"


def _paper_view(entry: DigestEntry, links: VoteLinks | None) -> PaperView:
    paper = entry.paper
    names = [readable_name(name) for name in paper.authors]
    return PaperView(
        number=entry.number,
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        url=paper.abs_url,
        title=readable(paper.title),
        toc_authors=listed([name.split(" (")[0] for name in names], TOC_AUTHORS),
        authors=listed(names, PAPER_AUTHORS),
        abstract=readable(paper.abstract),
        comment=readable(entry.score.comment),
        relevance=entry.score.relevance,
        novelty=entry.score.novelty,
        category=paper.primary,
        kind=kind(entry.announce_type, paper.version),
        pinned=entry.pinned_author,
        more_url=links.url(paper.arxiv_id, 1) if links else "",
        less_url=links.url(paper.arxiv_id, -1) if links else "",
    )


def _dollars(cost: Decimal | None) -> str:
    if cost is None:
        return "n/a"
    return f"${cost:.2f}" if cost >= Decimal("0.01") or cost == 0 else f"${cost:.4f}"


def _cost_view(usage: Usage | None) -> CostView:
    """Without a model there is truly nothing to pay."""
    used = usage or Usage(0, 0, 0, Decimal(0), Decimal(0))
    costs = (used.prompt_cost_usd, used.completion_cost_usd)
    total = None if None in costs else sum((c for c in costs if c is not None), Decimal(0))
    return CostView(
        prompt=f"{used.prompt_tokens:,}",
        cached=f"{used.cached_tokens:,}",
        completion=f"{used.completion_tokens:,}",
        total=f"{used.prompt_tokens + used.completion_tokens:,}",
        prompt_cost=_dollars(costs[0]),
        completion_cost=_dollars(costs[1]),
        total_cost=_dollars(total),
    )


_EVERYTHING = Digest(
    subscriber=Subscriber(
        subscriber_id="s_template",
        email="reader@example.org",
        name="A Reader",
        zone="UTC",
        send_at=time(7),
        frequency=Frequency.DAILY,
        weekday=0,
        categories=("cs.LG",),
        announce_types=tuple(AnnounceType),
        profile=Profile((Topic("A topic", "wanted", "not wanted"),), "About", ("like",), ("avoid",)),
        pinned_authors=("Ada Lovelace",),
        min_relevance=7,
        min_novelty=4,
        max_papers=1,
    ),
    digest_on=date(2026, 1, 2),
    announced_on=(date(2026, 1, 1), date(2026, 1, 2)),
    entries=(
        DigestEntry(
            number=1,
            paper=Paper("2601.00001", 2, "A title", ("Ada Lovelace",), "An abstract.", ("cs.LG",)),
            announce_type=AnnounceType.REPLACE,
            score=Score("2601.00001", 9, 8, "A comment.", 1.0),
            pinned_author="Ada Lovelace",
        ),
    ),
    counts=Counts(announced=4, scanned=3, relevant=2, shown=1, not_scored=1),
    scorer="a model",
    usage=Usage(prompt_tokens=10, completion_tokens=5),
    notices=("A notice.",),
)
