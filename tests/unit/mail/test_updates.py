"""What a mail shows of papers that were sent before: what changed, bounded, escaped, and the first to give way."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newsletter.files import resources
from newsletter.mail.message import MailLinks
from newsletter.mail.render import Brand, Renderer
from newsletter.mail.size_budget import HTML_BYTES
from newsletter.mail.templates import load_update_texts
from newsletter.mail.updates import CHANGE_CHARS, MOST_CHANGES, UpdateView, update_views
from newsletter.model import Digest, Paper, PaperUpdate, SentPaper
from newsletter.run.digest import build_digest
from tests import make

RENDERER = Renderer(Brand("Morning Papers", "digest@example.org"), resources.folders("templates/email"))
T = load_update_texts()["en"]
LINKS = MailLinks("digest@example.org", web_url="https://papers.example.org/archive/TOKEN/2026-01-07")
KNOWN = make.paper("2512.00001", abstract="It has 3 parts. It is fast. Nobody knows why.")
LONG = " ".join(
    f"Sentence number {n} has words that nobody needs, {n} of them, and goes on for long." for n in range(25)
)


def digest(*papers: Paper, count: int = 2, sent_on: date = make.TUESDAY) -> Digest:
    candidates = [make.announcement(f"2601.{n:05}", abstract=LONG, title=f"{LONG[:150]} {n}") for n in range(count)]
    plain = build_digest(
        make.subscriber(max_papers=500),
        digest_on=make.WEDNESDAY,
        announced_on=[make.WEDNESDAY],
        announced=count,
        candidates=candidates,
        score_report=make.score_report(*(make.score(each.paper.arxiv_id) for each in candidates)),
    )
    updates = (
        PaperUpdate(paper, replace(KNOWN, arxiv_id=paper.arxiv_id), SentPaper(KNOWN.arxiv_id, sent_on, 4))
        for paper in papers
    )
    return replace(plain, updates=tuple(updates))


def view(paper: Paper, **changes: date) -> UpdateView:
    [shown] = update_views(digest(paper, **changes), LINKS.web_url, T)
    return shown


def test_what_changed_is_shown_bounded_and_the_rest_is_counted() -> None:
    shown = view(replace(KNOWN, version=3, abstract=LONG, title="Another title"))
    assert (shown.former_title, len(shown.changes), shown.more) == (KNOWN.title, MOST_CHANGES, 25 + 3 - MOST_CHANGES)
    assert all(sum(len(p.text) for p in change.pieces) <= CHANGE_CHARS for change in shown.changes)
    assert not shown.is_same
    assert view(replace(KNOWN, version=2)).is_same


def test_a_withdrawal_is_told_in_its_own_words_and_nothing_else_is() -> None:
    shown = view(replace(KNOWN, version=2, abstract="Gone.", title="Gone", withdrawal="Withdrawn: $x<y$."))
    assert (shown.notice, shown.changes, shown.former_title, shown.is_same) == ("Withdrawn: x<y.", (), "", False)


@pytest.mark.parametrize(
    ("back", "day"), [(1, "6 January"), (6, "1 January"), (7, "31 December 2025"), (400, "3 December 2024")]
)
def test_a_day_of_another_year_has_its_year(back: int, day: str) -> None:
    assert view(replace(KNOWN, version=2), sent_on=make.WEDNESDAY - timedelta(days=back)).day == day


def test_foreign_text_stays_text() -> None:
    hostile = "<script>alert(1)</script> {{ 7 * 7 }}"
    for paper in (
        replace(KNOWN, version=2, title=hostile, abstract=f"It has {hostile} parts. It is fast."),
        replace(KNOWN, version=2, withdrawal=hostile),
    ):
        mail = RENDERER.render(digest(paper), LINKS)
        assert "<script>" not in mail.html
        assert "&lt;script&gt;" in mail.html
        assert "49" not in mail.html.partition("News of papers")[2].partition("In full")[0]


def test_news_stand_between_the_contents_and_what_is_in_full_in_both_parts_and_in_markdown() -> None:
    news = digest(replace(KNOWN, version=2, abstract="It has 5 parts. It is fast."))
    mail = RENDERER.render(news, LINKS)
    for part, headings in (
        (mail.html, (">Contents<", ">News of papers you were sent<", ">In full</h2>")),
        (mail.text, ("CONTENTS", "NEWS OF PAPERS YOU WERE SENT", "IN FULL")),
    ):
        assert sorted(headings, key=part.index) == list(headings)
    assert "- It has 3 parts.\n     + It has 5 parts." in mail.text
    assert "https://papers.example.org/archive/TOKEN/2026-01-06#p4" in mail.html
    assert "  - Before: It has 3 parts.\n  - Now: It has 5 parts." in RENDERER.markdown(news)


def test_without_news_no_part_says_anything_of_them() -> None:
    mail = RENDERER.render(digest(), LINKS)
    for part in (mail.html, mail.text, RENDERER.markdown(digest())):
        assert "papers you were sent" not in part.lower()


def news_of_ten() -> list[Paper]:
    return [replace(KNOWN, arxiv_id=f"2512.{n:05}", version=2, abstract=LONG) for n in range(10)]


def test_news_give_way_before_any_paper_does_and_the_text_has_them_whole() -> None:
    """The mail just fits without what changed; with it, papers would have to be shortened."""
    sizes = {count: len(RENDERER.render(digest(count=count), LINKS).html) for count in range(70, 130, 4)}
    count = max(count for count, size in sizes.items() if size < HTML_BYTES - 5_000)
    mail = RENDERER.render(digest(*news_of_ten(), count=count), LINKS)
    assert len(mail.html) <= HTML_BYTES
    assert mail.html.count("updated: ") == 10
    assert "New:" not in mail.html
    assert mail.text.count("+ Sentence number") == 10 * MOST_CHANGES


@pytest.mark.parametrize("count", [1, 20, 500])
def test_no_mail_is_too_long_and_every_paper_with_news_is_named(count: int) -> None:
    mail = RENDERER.render(digest(*news_of_ten(), count=count), LINKS)
    assert len(mail.html) <= HTML_BYTES
    assert mail.html.count("sent to you on") == 10
