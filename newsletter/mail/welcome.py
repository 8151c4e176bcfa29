"""Writes a welcome: when the mail comes, what it looks for, an earlier day's best, how to change it and how to leave.

Its sentences are those of `templates/email/welcome.yaml`, which the caller brings, in the reader's language. render.py
fills the templates; which papers were the best is services/welcomes.py's business. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.formatting import cut_at_clause, isolate
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.message import MailLinks
from newsletter.mail.responses import word
from newsletter.mail.view import Brand, one_line
from newsletter.mail.wording import join_names, short_authors
from newsletter.model import DigestEntry, Frequency, Subscriber
from newsletter.papers import acknowledgements, is_arxiv, paper_links, readable, readable_name, show_category, taxonomy
from newsletter.texts import Texts, name_weekday, write_date

FILE = "templates/email/welcome.yaml"
FORMER_KEYS = ("date", "weekdays", "months")  # of earlier copies; dates are written as the language does
MOST_PAPERS = 3
MOST_WORDS = 20  # of `like`, and pinned authors, that are named
TOPIC_CHARS, COMMENT_CHARS, SUBJECT_CHARS = 280, 200, 110


@dataclass(frozen=True, slots=True)
class WelcomeContent:
    """What there is to say to one reader. No `first_on`: the first mail comes at once, today."""

    reader: Subscriber
    first_on: date | None = None
    best: Sequence[DigestEntry] = ()
    best_on: date | None = None  # the arXiv day that brought them


@dataclass(frozen=True, slots=True)
class CategoryName:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class TopicWords:
    name: str
    words: str  # the reader's own, or the operator's; empty if the name says it all


@dataclass(frozen=True, slots=True)
class WelcomePaper:
    title: str
    authors: str
    comment: str
    url: str


@dataclass(frozen=True, slots=True)
class WelcomeView:
    """All that the templates may show: readable, not yet escaped. An empty text is to be left out."""

    brand: Brand
    language: str
    subject: str
    title: str
    intro: str
    when_heading: str
    when: str
    first: str
    what_heading: str
    topics: Sequence[TopicWords]
    like: str
    authors: str
    categories: Sequence[CategoryName]
    best_heading: str
    best: Sequence[WelcomePaper]
    change_heading: str
    change_page: str
    profile_url: str
    change_reply: str
    leave_reply: str
    leave_page: str
    unsubscribe_url: str
    sent_to: str
    thanks: Sequence[str]  # to those whose papers come, in English


def view_of(content: WelcomeContent, brand: Brand, links: MailLinks, t: Texts) -> WelcomeView:
    """Says it all in the reader's language. `links` are those of this very mail, `t` the sentences of FILE."""
    reader = content.reader
    first = t("first", date=write_date(content.first_on, t.language)) if content.first_on else t["first_now"]
    change_word, leave_word = (word(command, t.language) for command in (Command.PROFILE, Command.UNSUBSCRIBE))
    best = content.best[:MOST_PAPERS] if content.best_on else ()
    pinned = [isolate(name) for name in reader.pinned_authors]
    by_reply = t("change_reply", word=change_word) if links.is_read else t["change_person"]
    return WelcomeView(
        brand=brand,
        language=t.language,
        subject=one_line(t("subject", name=brand.name), SUBJECT_CHARS),
        title=t["title"],
        intro=t("intro" if all(map(is_arxiv, reader.categories)) else "intro_sources", name=brand.name),
        when_heading=t["when"],
        when=_when(reader, t),
        first=first,
        what_heading=t["what"],
        topics=[TopicWords(topic.name, _shortened(topic.relevant, topic.name)) for topic in reader.profile.topics],
        like=t("like", words=join_names(t, reader.profile.like, MOST_WORDS)) if reader.profile.like else "",
        authors=t("authors", names=join_names(t, pinned, MOST_WORDS)) if pinned else "",
        categories=[_category_name(code) for code in reader.categories],
        best_heading=t("best", date=write_date(content.best_on, t.language)) if content.best_on else "",
        best=[_paper(entry) for entry in best],
        change_heading=t["change"],
        change_page=t["change_page"],
        profile_url=links.profile_url,
        change_reply=by_reply if links.is_read or not links.profile_url else "",
        leave_reply=t("leave_reply", word=leave_word),
        leave_page=t["leave_page"],
        unsubscribe_url=links.unsubscribe_url,
        sent_to=t("sent_to", address=reader.email),
        thanks=acknowledgements([entry.paper for entry in best], ()),
    )


def _category_name(category: str) -> CategoryName:
    """Gives arXiv's code with its name; what is from elsewhere has one name for both."""
    if is_arxiv(category):
        return CategoryName(category, taxonomy.CATEGORIES.get(category, ""))
    return CategoryName(show_category(category), "")


def _when(reader: Subscriber, t: Texts) -> str:
    match reader.frequency:
        case Frequency.DAILY:
            often = t["daily"]
        case Frequency.WEEKDAYS:
            often = t["workdays"]
        case Frequency.WEEKLY:
            often = t("weekly", weekday=name_weekday(reader.weekday, t.language))
    return t("time", often=often, time=f"{reader.send_at:%H:%M}", zone=reader.zone.replace("_", " "))


def _shortened(text: str, name: str) -> str:
    """Cuts a topic's words to a few lines; none where they only say the name again."""
    line = " ".join(text.split())
    return "" if line.rstrip(".").casefold() == name.rstrip("….").casefold() else cut_at_clause(line, TOPIC_CHARS)


def _paper(entry: DigestEntry) -> WelcomePaper:
    paper = entry.paper
    authors = [isolate(readable_name(name).split(" (")[0]) for name in paper.authors]
    return WelcomePaper(
        title=isolate(readable(paper.title)),
        authors=short_authors(authors),
        comment=cut_at_clause(" ".join(readable(entry.score.comment).split()), COMMENT_CHARS),
        url=paper_links(paper).abstract,
    )
