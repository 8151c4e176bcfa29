"""What the templates of the archive may show: text already readable and not yet escaped. Pure.

Mathematics is set by `set_text`, in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from newsletter import formatting
from newsletter.formatting import short_date
from newsletter.mail import PAPER_AUTHORS, CostView, cost_view, scorer_label, templates, write_notices
from newsletter.model import Digest, DigestEntry, SentPaper, UnsentPaper
from newsletter.papers import (
    PaperLinks,
    TypesetPart,
    key_sentence,
    paper_links,
    readable,
    readable_name,
    typeset,
)
from newsletter.texts import FALLBACK_LANGUAGE
from newsletter.web.archive.charts import Chart, Column, chart
from newsletter.web.archive.month import Cell, DayFigures, best, figures, grades, weeks
from newsletter.web.archive.search import SearchablePaper

HITS = 20  # on a page of what was found

Pieces = tuple[TypesetPart, ...]


def set_text(text: str) -> Pieces:
    return tuple(typeset(text))


@dataclass(frozen=True, slots=True)
class EntryView:
    number: int
    arxiv_id: str
    title: Pieces
    authors: str
    few_authors: str
    sentence: str  # of the abstract, the one that says what the paper does or finds
    abstract: Pieces
    comment: Pieces
    comment_language: str  # empty for that of the page
    relevance: int
    novelty: int | None  # None: no model judged it
    is_by_words: bool  # to be said of this one, since a model judged others
    category: str
    more_categories: str
    kind: str
    topic: str  # empty where it would say nothing
    begins: str  # the heading of the papers that begin with this one: their topic, or that they are the nearest
    pinned: str
    is_nearest: bool  # it was below a cut-off
    follows: SentPaper | None  # the paper sent before whose line of work it goes on with
    links: PaperLinks


@dataclass(frozen=True, slots=True)
class UnsentView:
    """A paper that passed and found no place, by its title."""

    title: Pieces
    url: str
    relevance: int
    novelty: int | None  # None: no model judged it


@dataclass(frozen=True, slots=True)
class DayView:
    on: date
    title: str
    announced: str
    papers: tuple[EntryView, ...]
    week: tuple[EntryLinkView, ...]  # the best of the days before, on Fridays, for who wants it
    counts: tuple[str, str, str]  # announced, scanned, relevant
    is_nearest_only: bool  # nothing passed
    nearest_heading: str  # over the nearest papers; empty without any
    hidden: int  # relevant, but over max_papers
    unsent: tuple[UnsentView, ...]  # those of the hidden papers that the digest remembers, best first
    most: int  # that a mail has
    not_scored: int
    notices: tuple[str, ...]
    is_by_words: bool  # no model judged any of the papers
    scorer: str
    cost: CostView | None  # None: no model was asked, or none answered
    categories: str
    cut_offs: str
    pinned_authors: str
    profile: str
    is_prompt: bool
    earlier: date | None
    later: date | None

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged any of these papers; of the others there is no novelty to show."""
        return any(paper.novelty is not None for paper in self.papers)


@dataclass(frozen=True, slots=True)
class EntryLinkView:
    """An entry shown away from its digest, to which it links."""

    on: date
    paper: EntryView

    @property
    def day(self) -> str:
        return short_date(self.on)


@dataclass(frozen=True, slots=True)
class RowView:
    """A day of the month's numbers, in words."""

    on: date
    day: str
    papers: str
    relevance: str
    novelty: str  # empty where no model judged
    tokens: str
    cost: str


@dataclass(frozen=True, slots=True)
class MonthView:
    month: date
    title: str
    weeks: list[list[Cell]]
    digests: int
    papers: int
    best: tuple[EntryLinkView, ...]
    charts: tuple[Chart, ...]
    rows: tuple[RowView, ...]
    earlier: date | None
    later: date | None

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged papers of this month."""
        return any(row.novelty for row in self.rows)

    @property
    def has_usage(self) -> bool:
        """Tells whether a model used tokens in this month."""
        return any(row.tokens != "0" for row in self.rows)


@dataclass(frozen=True, slots=True)
class SearchView:
    """A page of what was found; `total` is of all pages."""

    query: str
    total: int
    hits: tuple[EntryLinkView, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class FeedEntryView:
    id: str
    on: date
    title: str
    updated: str
    content: str  # HTML


@dataclass(frozen=True, slots=True)
class FeedView:
    id: str
    updated: str
    entries: tuple[FeedEntryView, ...]


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """An archive in the list of several."""

    name: str
    link: str
    digests: int
    latest: str  # empty: none yet


def archive_view(name: str, link: str, on: Sequence[date]) -> ArchiveView:
    return ArchiveView(name, link, len(on), short_date(on[-1]) if on else "")


def entry_view(
    entry: DigestEntry,
    *,
    is_brief: bool = False,
    topic: str = "",
    begins: str = "",
    language: str = "en",
    is_by_words: bool = False,
) -> EntryView:
    """Shows an entry; a brief one has no abstract, which takes the longest. `language` is the comment's."""
    paper = entry.paper
    names = [readable_name(name) for name in paper.authors]
    return EntryView(
        number=entry.number,
        arxiv_id=paper.arxiv_id,
        title=set_text(paper.title),
        authors=", ".join(names),
        few_authors=formatting.join_names([name.split(" (")[0] for name in names], PAPER_AUTHORS),
        sentence="" if is_brief else key_sentence(readable(paper.title), readable(paper.abstract)),
        abstract=() if is_brief else set_text(paper.abstract),
        comment=set_text(entry.score.comment),
        comment_language=formatting.lang_attribute(language),
        relevance=entry.score.relevance,
        novelty=entry.score.novelty,
        is_by_words=is_by_words,
        category=paper.primary,
        more_categories=", ".join(paper.categories[1:]),
        kind=formatting.kind_label(entry.announce_type, paper.version),
        topic=topic,
        begins=begins,
        pinned=entry.pinned_author,
        is_nearest=entry.is_nearest,
        follows=entry.follows,
        links=paper_links(paper),
    )


def day_view(
    digest: Digest, profile: str, *, earlier: date | None, later: date | None, is_brief: bool = False
) -> DayView:
    """Shows one digest. `profile` is the prompt as it was sent, or the profile's words."""
    subscriber, counts = digest.subscriber, digest.counts
    return DayView(
        on=digest.digest_on,
        title=formatting.long_date(digest.digest_on),
        announced=formatting.date_range(digest.announced_on),
        papers=tuple(_papers_of(digest, is_brief=is_brief)),
        week=tuple(EntryLinkView(each.digest_on, entry_view(each.entry, is_brief=True)) for each in digest.weekly_best),
        counts=(f"{counts.announced:,}", f"{counts.scanned:,}", f"{counts.relevant:,}"),
        is_nearest_only=counts.nearest > 0 and not counts.passed,
        nearest_heading=formatting.nearest_heading(digest, whose="the"),
        hidden=counts.relevant - counts.passed,
        unsent=() if is_brief else tuple(map(_unsent_view, digest.unsent)),
        most=subscriber.max_papers,
        not_scored=counts.not_scored,
        notices=write_notices(digest.notices, templates.load_notices()[FALLBACK_LANGUAGE]),
        is_by_words=digest.is_by_words,
        scorer=scorer_label(digest),
        cost=cost_view(digest),
        categories=", ".join(subscriber.categories),
        cut_offs=formatting.cut_offs(digest),
        pinned_authors=", ".join(subscriber.pinned_authors),
        profile=profile,
        is_prompt=bool(digest.prompt),
        earlier=earlier,
        later=later,
    )


def _unsent_view(paper: UnsentPaper) -> UnsentView:
    return UnsentView(set_text(paper.title), f"https://arxiv.org/abs/{paper.arxiv_id}", paper.relevance, paper.novelty)


def _papers_of(digest: Digest, *, is_brief: bool) -> Iterator[EntryView]:
    """Shows the papers, with their topics if the profile has more than one."""
    names_topics = len(digest.subscriber.profile.topics) > 1
    is_grouped = names_topics and digest.subscriber.group_by_topic
    nearest_heading = formatting.nearest_heading(digest, whose="the") if digest.counts.passed else ""
    before = None
    for entry in digest.entries:
        topic = entry.topic if names_topics else ""
        group = nearest_heading if entry.is_nearest else (topic or formatting.NO_TOPIC) if is_grouped else ""
        begins = group if group != before else ""
        language = digest.subscriber.profile.language
        is_by_words = entry.score.novelty is None and not digest.is_by_words
        yield entry_view(
            entry, is_brief=is_brief, topic=topic, begins=begins, language=language, is_by_words=is_by_words
        )
        before = group


def month_view(month: date, digests: Sequence[Digest], *, earlier: date | None, later: date | None) -> MonthView:
    """Shows a month of digests, which come oldest first."""
    numbers = [figures(digest) for digest in digests]
    return MonthView(
        month=month,
        title=f"{month:%B %Y}",
        weeks=weeks(month, {each.on: each.papers for each in numbers}),
        digests=len(digests),
        papers=sum(each.papers for each in numbers),
        best=tuple(EntryLinkView(on, entry_view(entry, is_brief=True)) for on, entry in best(digests)),
        charts=tuple(_charts(month, numbers, grades(digests))),
        rows=tuple(map(_row, numbers)),
        earlier=earlier,
        later=later,
    )


def search_view(query: str, found: Sequence[SearchablePaper], page: int) -> SearchView:
    """Shows the page of that number, or the last one if there are fewer."""
    pages = max(1, -(-len(found) // HITS))
    page = max(1, min(page, pages))
    shown = found[(page - 1) * HITS : page * HITS]
    hits = tuple(
        EntryLinkView(each.on, entry_view(each.entry, is_brief=True, language=each.language)) for each in shown
    )
    return SearchView(query, len(found), hits, page, pages)


def _row(day: DayFigures) -> RowView:
    return RowView(
        on=day.on,
        day=short_date(day.on),
        papers=str(day.papers),
        relevance=_mean(day.relevance),
        novelty="" if day.novelty is None else _mean(day.novelty),
        tokens=f"{day.tokens:,}",
        cost=formatting.dollars(day.cost_usd),
    )


def _mean(value: float | None) -> str:
    return formatting.NOT_KNOWN if value is None else f"{value:.1f}"


# --- charts -------------------------------------------------------------------------------------------


def _charts(month: date, numbers: Sequence[DayFigures], graded: Sequence[tuple[int, int, int]]) -> list[Chart]:
    """Draws the charts, those of tokens and cost only if a model was asked."""
    papers = {each.on: float(each.papers) for each in numbers}
    drawn = [_day_chart("papers", "Papers per day", month, papers, _papers), _score_chart(graded)]
    tokens = {each.on: float(each.tokens) for each in numbers}
    if any(tokens.values()):
        costs = {each.on: float(each.cost_usd) for each in numbers if each.cost_usd is not None}
        drawn.append(_day_chart("tokens", "Tokens per day", month, tokens, _tokens, axis_label=short))
        drawn.append(_day_chart("cost", "Cost per day", month, costs, _dollars, axis_label=short_dollars))
    return drawn


def _day_chart(
    name: str,
    title: str,
    month: date,
    values: dict[date, float],
    describe: Callable[[float], str],
    *,
    axis_label: Callable[[float], str] = "{:,.0f}".format,
) -> Chart:
    return chart(name, title, _summary(values, describe), _by_day(month, values, describe), axis_label=axis_label)


def _papers(value: float) -> str:
    return "1 paper" if value == 1 else f"{value:,.0f} papers"


def _tokens(value: float) -> str:
    return f"{value:,.0f} tokens"


def _dollars(value: float) -> str:
    return f"${value:,.4f}"


def _score_chart(graded: Sequence[tuple[int, int, int]]) -> Chart:
    """Draws both grades beside each other, and relevance alone where no model judged a novelty."""
    papers, judged = (sum(row[place] for row in graded) for place in (1, 2))
    relevance, novelty = (max(graded, key=lambda row: row[place])[0] for place in (1, 2))
    if not judged:
        columns = [Column(str(grade), (float(r),), f"{grade}: {_papers(r)}") for grade, r, _ in graded]
        summary = f"Relevance of {_papers(papers)}: most have {relevance}." if papers else "No scores."
        return chart("scores", "Relevance", summary, columns)
    columns = [
        Column(str(grade), (float(r), float(n)), f"{grade}: relevance of {r} papers, novelty of {n}")
        for grade, r, n in graded
    ]
    summary = f"Scores of {_papers(papers)}: most have relevance {relevance} and novelty {novelty}."
    if judged < papers:
        summary += f" A model judged {judged} of them."
    return chart("scores", "Scores", summary, columns, series=("relevance", "novelty"))


def _by_day(month: date, values: dict[date, float], describe: Callable[[float], str]) -> list[Column]:
    """Makes a column for each day of the month, so that a gap is seen; the first and every seventh have a label."""
    columns = []
    for on in (cell.on for week in weeks(month, {}) for cell in week if not cell.is_outside):
        what = describe(values[on]) if on in values else "nothing known"
        columns.append(Column(str(on.day) if on.day % 7 == 1 else "", (values.get(on),), f"{short_date(on)}: {what}"))
    return columns


def _summary(values: dict[date, float], describe: Callable[[float], str]) -> str:
    if not values:
        return "Nothing is known."
    highest = max(values, key=lambda on: values[on])
    many = "one day" if len(values) == 1 else f"{len(values)} days"
    return (
        f"{describe(sum(values.values()))} in {many}, the most on {short_date(highest)}: {describe(values[highest])}."
    )


def short(value: float) -> str:
    """Writes 12,000 as "12k", 3,400,000 as "3.4M"."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.0f}"


def short_dollars(value: float) -> str:
    return f"${value:,.2f}" if value >= 0.01 or not value else f"${value:.1g}"
