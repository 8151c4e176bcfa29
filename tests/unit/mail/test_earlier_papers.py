"""What a mail says of papers its reader was sent before."""

from dataclasses import replace
from datetime import date

import pytest

from newsletter.files import resources
from newsletter.mail.message import MailLinks
from newsletter.mail.size_budget import HTML_BYTES
from newsletter.model import Digest, EarlierEntry, SentPaper
from newsletter.run.digest import build_digest
from newsletter.texts import LANGUAGES, load_texts, write_day
from tests import make
from tests.unit.mail.test_render import RENDERER, Page

SENT = SentPaper("2510.04476", date(2025, 10, 2), 7)
WEB = MailLinks("back@example.org", web_url="https://papers.example.org/archive/token/2026-01-06")
TEXTS = load_texts(resources.read_text("templates/email/digest.yaml"), "digest.yaml")


def digest_of(*arxiv_ids: str) -> Digest:
    digest = build_digest(
        make.subscriber(),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=90,
        candidates=[make.announcement(each) for each in arxiv_ids],
        score_report=make.score_report(*(make.score(each) for each in arxiv_ids)),
    )
    first, *others = digest.entries
    return replace(digest, entries=(replace(first, follows=SENT), *others))


@pytest.mark.parametrize(
    ("links", "url"),
    [
        (WEB, "https://papers.example.org/archive/token/2025-10-02#p7"),
        (None, "https://arxiv.org/abs/2510.04476"),
    ],
)
def test_a_paper_says_once_which_one_it_follows_and_leads_there(links: MailLinks | None, url: str) -> None:
    mail = RENDERER.render(digest_of("2601.00001", "2601.00002"), links)
    words, text = (" ".join(part.split()) for part in (Page(mail.html).words, mail.text))
    assert words.count("follows 2510.04476 of 2 October") == 1
    assert text.count("follows 2510.04476 of 2 October") == 1
    assert mail.html.count(f'href="{url}"') == 1


def test_a_digest_without_such_papers_says_nothing_of_it() -> None:
    digest = digest_of("2601.00001")
    plain = replace(digest, entries=(replace(digest.entries[0], follows=None),))
    assert "follows" not in RENDERER.render(plain, WEB).html + RENDERER.render(plain, WEB).text


def test_the_page_in_markdown_says_it_too() -> None:
    line = "**Follows:** [2510.04476](https://arxiv.org/abs/2510.04476) of 2 October"
    assert line in RENDERER.markdown(digest_of("2601.00001"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_names_paper_and_day(language: str) -> None:
    said = TEXTS[language]("follows", paper="2510.04476", day=write_day(SENT.digest_on, language))
    assert "2510.04476" in said
    assert "2" in said.replace("2510.04476", "")
    assert ("follows" in said) == (language == "en")


def week_of(digest: Digest, title: str = "A title of the week") -> Digest:
    entry = replace(digest.entries[0], paper=make.paper("2510.04476", title=title), number=7, follows=None)
    return replace(digest, weekly_best=(EarlierEntry(SENT.digest_on, entry),))


@pytest.mark.parametrize(
    ("links", "url"),
    [(WEB, "https://papers.example.org/archive/token/2025-10-02#p7"), (None, "https://arxiv.org/abs/2510.04476")],
)
def test_the_weeks_best_stand_with_reason_and_day_and_lead_to_their_page(links: MailLinks | None, url: str) -> None:
    digest = digest_of("2601.00001")
    mail = RENDERER.render(week_of(replace(digest, entries=(replace(digest.entries[0], follows=None),))), links)
    words, text = (" ".join(part.split()) for part in (Page(mail.html).words, mail.text))
    assert "The week’s best" in words
    assert "A title of the week" in words
    assert f'href="{url}"' in mail.html
    assert "THE WEEK’S BEST (sent to you since Monday)" in text
    assert "8 · 6 · 2 October" in text
    assert url in text


def test_foreign_text_among_the_weeks_best_is_text() -> None:
    assert "<script>" not in RENDERER.render(week_of(digest_of("2601.00001"), "<script>alert(1)</script>"), WEB).html


def test_a_mail_of_many_papers_has_room_for_the_weeks_best() -> None:
    digest = week_of(digest_of(*(f"2601.{number:05}" for number in range(1, 31))))
    long = tuple(
        replace(entry, number=n, paper=replace(entry.paper, abstract="Long words of an abstract. " * 60))
        for n, entry in enumerate(digest.entries * 6, start=1)
    )
    mail = RENDERER.render(replace(digest, entries=long, weekly_best=digest.weekly_best * 5), WEB)
    assert len(mail.html) <= HTML_BYTES
    assert mail.html.count("A title of the week") == 5
