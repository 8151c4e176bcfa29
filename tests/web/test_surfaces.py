"""A long day with a model's comments, on every surface: each paper whole, in the same order, with the same counts.

The kind is a published day: 81 papers, comments of 130 to 300 characters that begin with a topic, formulas in titles.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from newsletter.files import resources
from newsletter.mail.message import MailLinks, VoteLinks
from newsletter.mail.wording import join_names, short_authors
from newsletter.model import Digest, Profile, Score, Topic
from newsletter.papers.latex import readable, readable_name
from newsletter.run.digest import anonymize, build_digest
from newsletter.signing import Purpose, Signer
from newsletter.web import Archives, create_app
from newsletter.web.archive.editions import ArchivedDigests
from newsletter.web.archive.export import edition_of_files, write_edition
from tests import make
from tests.archives import RENDERER, WHO, mail, pages
from tests.fakes import MemoryStore
from tests.unit.mail.test_render import Page
from tests.web.site import SIGNER, part_of

PAPERS, ANNOUNCED = 81, 1_350
TOPICS = ("Model Architecture", "Model Compression and Efficiency", "Representation Learning", "ML Systems")
BEGINNINGS = (
    ("{} — ", "{}: ", "Strong match to {} and ML Systems: ", "Matches {} (in part): "),
    (
        "a bound for layers of sums",
        "kernels that fuse their sums",
        "what features of sums forget",
        "a scheduler of sums",
    ),
)
SITE = "https://papers.example.org"
WAYS = MailLinks(
    "digest+abcdefghijklmnopqrstuvwx@papers.example.org",
    f"{SITE}/u/{'t' * 45}",
    profile_url=f"{SITE}/profile/{'t' * 45}",
    web_url=f"{SITE}/archive/{'t' * 45}/2026-01-06",
    vote_links=VoteLinks(SITE, Signer(["a key"]), WHO),
)


def comment_of(number: int) -> tuple[str, str]:
    """The topic that a comment begins with, and the comment."""
    topic = TOPICS[number % len(TOPICS)]
    begins, what = BEGINNINGS[0][number // 4 % 4], BEGINNINGS[1][number % 4]
    words = ", and one step more of them" * (1 + number % 6)
    return topic, f"{begins.format(topic)}{what} number {number}, for memory of O($\\sqrt{{N}}$){words}."


@cache
def digest() -> Digest:
    """As the morning composes it; the ranker before the model had found another topic for each paper."""
    numbers = range(1, PAPERS + 1)
    announcements = [
        make.announcement(
            f"2601.{number:05}",
            title=f"Sums number {number} in $\\mathcal{{O}}(\\sqrt{{N}})$: what layers of layers need to forget",
            authors=tuple(f"{name} Author{number}" for name in ("Ada", r"S\'anchez", "Bo", "Cy", "Di", "Ed", "Flo")),
            abstract=f"Abstract {number} begins here. " + "A sentence of the abstract with some words in it. " * 22,
        )
        for number in numbers
    ]
    scores = [
        Score(f"2601.{number:05}", 8 + number % 3, 7 + number % 2, comment_of(number)[1], -number, TOPICS[number % 3])
        for number in numbers
    ]
    profile = Profile(tuple(Topic(name, f"all about {name}. " * 10) for name in TOPICS))
    return build_digest(
        make.subscriber(profile=profile, max_papers=500),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=ANNOUNCED,
        candidates=announcements,
        score_report=make.score_report(*scores, scorer="a model", prompt="A prompt line that says a lot.\n" * 400),
    )


def surfaces(folder: Path) -> dict[str, str]:
    """What a person reads on each, blanks made one; with the readable form of each formula in its place."""
    rendered = RENDERER.render(digest(), WAYS)
    store = MemoryStore()
    mail(store, anonymize(digest()))
    write_edition(pages(), edition_of_files(ArchivedDigests(store, WHO, "sums")), folder)
    client = create_app(replace(part_of(store), archives=Archives(pages()))).test_client()
    texts = {
        "mail": Page(rendered.html).words,
        "text part": rendered.text,
        "markdown": re.sub(r"\\(.)", r"\1", RENDERER.markdown(digest())),
        "web": words(client.get(f"/archive/{SIGNER.link(Purpose.ARCHIVE, WHO)}/2026-01-06").text),
        "static": words((folder / "2026-01-06.html").read_text(encoding="utf-8")),
    }
    return {name: " ".join(text.split()) for name, text in texts.items()}


def words(page: str) -> str:
    return Page(re.sub(r'<math[^>]*alttext="([^"]*)".*?</math>', r"\1", page)).words


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return surfaces(tmp_path_factory.mktemp("static"))


SENTENCES = resources.load_texts("templates/email/digest.yaml")["en"]
SURFACES = ("mail", "text part", "markdown", "web", "static")


@pytest.mark.parametrize("name", SURFACES)
def test_every_paper_is_there_with_title_authors_and_its_whole_comment(texts: dict[str, str], name: str) -> None:
    for entry in digest().entries:
        names = [readable_name(author) for author in entry.paper.authors]
        assert readable(entry.paper.title) in texts[name]
        assert readable(entry.score.comment) in texts[name]
        shortened = (join_names(SENTENCES, names, 6), short_authors(names), entry.pinned_author)
        assert any(some and some in texts[name] for some in (", ".join(names), *shortened))


@pytest.mark.parametrize("name", SURFACES)
def test_papers_stand_in_the_order_of_their_scores(texts: dict[str, str], name: str) -> None:
    places = [texts[name].index(readable(entry.score.comment)) for entry in digest().entries]
    assert places == sorted(places)
    grades = [(entry.score.relevance, entry.score.novelty) for entry in digest().entries]
    assert grades == sorted(grades, reverse=True)


@pytest.mark.parametrize("name", SURFACES)
def test_the_counts_are_the_same(texts: dict[str, str], name: str) -> None:
    for count, word in (("1,350", "announced"), ("81", "scanned"), ("81", "relevant")):
        assert re.search(rf"{count} {word}|{word} papers: {count}", texts[name], re.I), (name, word)


@pytest.mark.parametrize("name", SURFACES[2:])  # a mail has those of the best few
def test_every_abstract_is_whole(texts: dict[str, str], name: str) -> None:
    for entry in digest().entries:
        assert entry.paper.abstract.strip() in texts[name]
        assert entry.paper.arxiv_id in texts[name]


def test_each_paper_of_the_mail_leads_to_arxiv_and_none_is_left_out() -> None:
    page = Page(RENDERER.render(digest(), WAYS).html)
    assert {f"https://arxiv.org/abs/{entry.paper.arxiv_id}" for entry in digest().entries} <= set(page.links)
    assert "too long" not in page.words


def test_each_paper_stands_under_the_topic_that_its_comment_begins_with() -> None:
    """Those whose comment begins with other words are the funnel's to decide (unit/scoring/test_funnel.py)."""
    begun = [entry for entry in digest().entries if entry.score.comment.startswith(TOPICS)]
    assert len(begun) > PAPERS // 3
    assert all(entry.score.comment.startswith(entry.topic) for entry in begun)
