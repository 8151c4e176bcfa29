"""What a welcome says: when the mail comes, what it looks for, the best of an earlier day, how to change and to leave.

Its sentences are those of `templates/email/welcome.yaml`, which the caller brings, in the reader's language. render.py
fills the templates; which papers were the best is services/welcomes.py's business. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from string import Formatter
from typing import Any

import yaml

from newsletter.errors import ConfigError
from newsletter.formatting import cut_at_clause, join_names
from newsletter.mail.inbound.command_words import Command
from newsletter.mail.message import MailLinks
from newsletter.mail.responses import FALLBACK_LANGUAGE, word
from newsletter.mail.view import TOC_AUTHORS, Brand, one_line
from newsletter.model import DigestEntry, Frequency, Subscriber
from newsletter.papers import paper_links, readable, readable_name, taxonomy

FILE = "templates/email/welcome.yaml"
#: Each sentence, and the placeholders it may have.
SENTENCES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("title", "when", "daily", "workdays", "first_now", "what"), frozenset[str]()),
    **dict.fromkeys(("change", "change_page", "change_person", "leave_page"), frozenset[str]()),
    **dict.fromkeys(("subject", "intro"), frozenset({"name"})),
    **dict.fromkeys(("first", "best"), frozenset({"date"})),
    **dict.fromkeys(("change_reply", "leave_reply"), frozenset({"word"})),
    "weekly": frozenset({"weekday"}),
    "like": frozenset({"words"}),
    "authors": frozenset({"names"}),
    "time": frozenset({"often", "time", "zone"}),
    "sent_to": frozenset({"address"}),
    "date": frozenset({"weekday", "day", "month", "year"}),
}
LISTS = {"weekdays": 7, "months": 12}
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
class WelcomeWords:
    """The sentences of one language."""

    language: str
    sentences: Mapping[str, str]
    weekdays: Sequence[str]
    months: Sequence[str]

    def say(self, sentence: str, /, **values: str) -> str:
        """Fills in a sentence; what looks like a placeholder in a value stays as it is."""
        return self.sentences[sentence].format_map(values)

    def write_date(self, on: date) -> str:
        """Writes a date as this language does."""
        weekday, month = self.weekdays[on.weekday()], self.months[on.month - 1]
        return self.say("date", weekday=weekday, day=f"{on.day}", month=month, year=f"{on.year}")


WelcomeTexts = Mapping[str, WelcomeWords]  # by language; English stands for one that is not there


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
    best: Sequence[WelcomePaper] = field(default=())
    change_heading: str = ""
    change_page: str = ""
    profile_url: str = ""
    change_reply: str = ""
    leave_reply: str = ""
    leave_page: str = ""
    unsubscribe_url: str = ""
    sent_to: str = ""


def view_of(content: WelcomeContent, brand: Brand, links: MailLinks, texts: WelcomeTexts) -> WelcomeView:
    """Says it all in the reader's language. `links` are those of this very mail."""
    reader = content.reader
    words = texts.get(reader.profile.language) or texts[FALLBACK_LANGUAGE]
    say = words.say
    first = say("first", date=words.write_date(content.first_on)) if content.first_on else say("first_now")
    change_word, leave_word = (word(command, words.language) for command in (Command.PROFILE, Command.UNSUBSCRIBE))
    by_reply = say("change_reply", word=change_word) if links.is_read else say("change_person")
    return WelcomeView(
        brand=brand,
        language=words.language,
        subject=one_line(say("subject", name=brand.name), SUBJECT_CHARS),
        title=say("title"),
        intro=say("intro", name=brand.name),
        when_heading=say("when"),
        when=_when(reader, words),
        first=first,
        what_heading=say("what"),
        topics=[TopicWords(topic.name, _shortened(topic.relevant, topic.name)) for topic in reader.profile.topics],
        like=_listed(words, "like", "words", reader.profile.like),
        authors=_listed(words, "authors", "names", reader.pinned_authors),
        categories=[CategoryName(code, taxonomy.CATEGORIES.get(code, "")) for code in reader.categories],
        best_heading=say("best", date=words.write_date(content.best_on)) if content.best_on else "",
        best=[_paper(entry) for entry in content.best[:MOST_PAPERS]] if content.best_on else [],
        change_heading=say("change"),
        change_page=say("change_page"),
        profile_url=links.profile_url,
        change_reply=by_reply if links.is_read or not links.profile_url else "",
        leave_reply=say("leave_reply", word=leave_word),
        leave_page=say("leave_page"),
        unsubscribe_url=links.unsubscribe_url,
        sent_to=say("sent_to", address=reader.email),
    )


def _when(reader: Subscriber, words: WelcomeWords) -> str:
    match reader.frequency:
        case Frequency.DAILY:
            often = words.say("daily")
        case Frequency.WEEKDAYS:
            often = words.say("workdays")
        case Frequency.WEEKLY:
            often = words.say("weekly", weekday=words.weekdays[reader.weekday])
    return words.say("time", often=often, time=f"{reader.send_at:%H:%M}", zone=reader.zone.replace("_", " "))


def _listed(words: WelcomeWords, sentence: str, placeholder: str, items: Sequence[str]) -> str:
    return words.say(sentence, **{placeholder: join_names(items, MOST_WORDS)}) if items else ""


def _shortened(text: str, name: str) -> str:
    """Cuts a topic's words to a few lines; none where they only say the name again."""
    line = " ".join(text.split())
    return "" if line.rstrip(".").casefold() == name.rstrip("….").casefold() else cut_at_clause(line, TOPIC_CHARS)


def _paper(entry: DigestEntry) -> WelcomePaper:
    paper = entry.paper
    authors = [readable_name(name).split(" (")[0] for name in paper.authors]
    return WelcomePaper(
        title=readable(paper.title),
        authors=join_names(authors, TOC_AUTHORS),
        comment=cut_at_clause(" ".join(readable(entry.score.comment).split()), COMMENT_CHARS),
        url=paper_links(paper).abstract,
    )


# --- the sentences


def load_welcome(text: str) -> WelcomeTexts:
    """Reads the file. Raises ConfigError with everything that is wrong in it."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        first_line = str(error).splitlines()[0]
        raise ConfigError(f"{FILE} is not YAML ({first_line}); mend it, or remove your copy of it") from error
    languages = document if isinstance(document, dict) else {}
    problems = [problem for language, found in languages.items() for problem in _problems(language, found)]
    if FALLBACK_LANGUAGE not in languages:
        problems.append(f"the language {FALLBACK_LANGUAGE} is missing")
    if problems:
        raise ConfigError(f"{FILE} is not usable; mend it, or remove your copy of it:", tuple(problems))
    return {
        str(language): WelcomeWords(
            str(language),
            {name: found[name] for name in SENTENCES},
            *(tuple(map(str, found[name])) for name in LISTS),
        )
        for language, found in languages.items()
    }


def _problems(language: object, given: object) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"{language}: expected the sentences"
        return
    for name, placeholders in SENTENCES.items():
        sentence: Any = given.get(name)
        if not isinstance(sentence, str) or not sentence.strip() or "\n" in sentence:
            yield f"{language}: {name} needs a text on one line"
        elif unknown := _placeholders(sentence) - placeholders:
            yield f"{language}: {name} has the placeholder {', '.join(sorted(unknown))}, which nothing fills"
    for name, count in LISTS.items():
        names: Any = given.get(name)
        if not isinstance(names, list) or len(names) != count or not all(str(each).strip() for each in names):
            yield f"{language}: {name} needs a list of {count} names"


def _placeholders(text: str) -> set[str]:
    try:
        return {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError:  # a brace alone
        return {"{"}
