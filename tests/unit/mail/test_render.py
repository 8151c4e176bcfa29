"""A digest as readers get it: complete, escaped, ASCII, and in plain text too."""

import re
from dataclasses import replace
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.mail.message import MailLinks, VoteLinks
from newsletter.mail.render import Brand, Renderer, dots, escape_markdown, reflowed, wrapped
from newsletter.model import WORD_RANKER, Announcement, AnnounceType, Digest, DigestEntry, Profile, Topic, Usage
from newsletter.model.digests import RenderedDigest
from newsletter.run.digest import build_digest
from newsletter.signing import Signer
from newsletter.texts import LANGUAGES, write_date
from tests import make

BRAND = Brand("Morning Papers", "digest@example.org")
RENDERER = Renderer(BRAND, resources.folders("templates/email"))


def digest_of(*announcements: Announcement, **changes: object) -> Digest:
    digest = build_digest(
        make.subscriber(pinned_authors=("Emmy Noether",)),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1350,
        candidates=announcements,
        score_report=make.score_report(*(make.score(a.paper.arxiv_id) for a in announcements)),
    )
    return replace(digest, **changes)


class Page(HTMLParser):
    """The words a person sees, the links, and the tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.links, self.tags = "", [], []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden += tag in ("style", "head")
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "head")

    def handle_data(self, data: str) -> None:
        self.words += "" if self._hidden else data


def assert_says(digest: Digest, *phrases: str) -> None:
    """Both parts and the Markdown page say each phrase."""
    rendered = RENDERER.render(digest)
    page = " ".join(Page(rendered.html).words.split())
    text = " ".join(rendered.text.split())
    markdown = re.sub(r"\\(.)", r"\1", " ".join(RENDERER.markdown(digest).split()))
    for phrase in phrases:
        assert phrase in page
        assert phrase in text
        assert phrase in markdown


def test_every_part_tells_all_there_is_to_a_paper() -> None:
    digest = digest_of(
        make.announcement(title="On residual depth", authors=("Ada Lovelace",), abstract="We look deep.")
    )
    assert_says(digest, "On residual depth", "Ada Lovelace", "We look deep.", 'Matches "Learning"', "2601.00001")
    assert_says(digest, "1,350", "Thank you to arXiv for use of its open access interoperability")
    rendered = RENDERER.render(digest)
    assert "You look for: Learning" in Page(rendered.html).words
    assert "how networks learn" in rendered.text
    assert rendered.subject == "On residual depth"
    assert "https://arxiv.org/abs/2601.00001" in Page(rendered.html).links
    assert " 8/10 relevance" in rendered.text


def test_the_html_is_ascii_and_the_text_is_not() -> None:
    rendered = RENDERER.render(digest_of(make.announcement(title="Poincaré 流形 😀", abstract="x ≲ 1 \u0130")))
    assert rendered.html.isascii()
    assert "Poincaré 流形 😀" in Page(rendered.html).words
    assert "Poincaré 流形 😀" in rendered.text


HEBREW, ARABIC = "רשתות 2024 (סקירה)", "محمد علي"


def test_what_is_written_from_right_to_left_is_marked_off_in_both_parts() -> None:
    """Numbers and signs behind a title, an author or a topic would be drawn before it."""
    digest = digest_of(make.announcement(title=HEBREW, authors=(ARABIC, "Ada Lovelace", "Bo Berg")))
    topics = (Topic("גרפים", "words"), Topic("Other", "words"))
    entries = [
        replace(each, topic="גרפים", pinned_author="", score=replace(each.score, comment="C"))
        for each in digest.entries
    ]
    digest = replace(digest, entries=tuple(entries), subscriber=replace(digest.subscriber, profile=Profile(topics)))
    mail = RENDERER.render(digest)
    for text in (HEBREW, ARABIC, "גרפים"):
        refs = "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in text)
        assert mail.html.count(f"<bdi>{refs}</bdi>") >= 2, text
        assert f"\u2068{text}\u2069" in mail.text
    assert f"\u2068{ARABIC}\u2069 +2" in mail.text
    assert "\u2068" not in mail.subject
    assert "&#8296;" not in mail.html
    assert "<bdi>" not in RENDERER.render(digest_of(make.announcement())).html


def test_tex_becomes_readable_everywhere() -> None:
    digest = digest_of(
        make.announcement(
            title=r"PT$^2$-LLM in $\mathcal{O}(\sqrt{N})$", authors=(r"Clara S\'anchez",), abstract=r"$\alpha$"
        )
    )
    assert_says(digest, "PT²-LLM in O(√N)", "Clara Sánchez", "α")


def test_the_contents_link_to_arxiv_and_to_what_stands_in_full() -> None:
    digest = digest_of(*(make.announcement(f"2601.0000{number}") for number in range(1, 5)))
    links = Page(RENDERER.render(digest).html).links
    assert {"#p1", "#p2", "#p3"} <= set(links)
    assert "#p4" not in links
    assert links.count("https://arxiv.org/abs/2601.00002") == 3  # contents, title, below the abstract
    assert links.count("https://arxiv.org/abs/2601.00004") == 1


def test_a_long_list_of_authors_is_cut_and_says_so() -> None:
    names = tuple(f"Author {i}" for i in range(395))
    rendered = RENDERER.render(digest_of(make.announcement(authors=names)))
    assert "Author 0 +394 " in rendered.html
    assert "Author 5 and 389 more" in rendered.html
    assert "Author 6" not in rendered.html
    page = RENDERER.markdown(digest_of(make.announcement(authors=names)))
    assert "Author 393, Author 394\n" in page  # which has room for all


def test_kind_and_pinned_author_are_marked() -> None:
    replaced = Announcement(make.paper(version=3), AnnounceType.REPLACE, ("cs.LG",))
    digest = digest_of(replaced)
    rendered = RENDERER.render(digest)
    assert "updated, v3" in rendered.html
    assert "updated, v3" in rendered.text
    assert "★ Emmy Noether" in Page(rendered.html).words
    assert "pinned author: Emmy Noether" in rendered.text


def test_where_the_author_is_why_a_paper_is_here_the_lead_says_so() -> None:
    digest = digest_of(make.announcement())
    (entry,) = digest.entries
    digest = replace(
        digest,
        subscriber=replace(digest.subscriber, profile=Profile(())),
        entries=(replace(entry, pinned_author="Emmy Noether", score=replace(entry.score, comment="")),),
    )
    rendered = RENDERER.render(digest, MailLinks("back@example.org", web_url="https://papers.example.org/archive/x"))
    assert Page(rendered.html).words.count("★ Emmy Noether") >= 3  # before the mail, in the lead, and at the paper
    assert "— ★ Emmy Noether" in " ".join(rendered.text.split())
    assert "**Comment:** ★ Emmy Noether\n" in RENDERER.markdown(digest)
    assert "Your profile:" not in rendered.text  # there is none to show
    assert "Pinned authors: Emmy Noether." in " ".join(rendered.text.split())


def test_notices_and_what_is_not_shown_are_told() -> None:
    digest = digest_of(make.announcement(), notices=("cs.AI could not be fetched.",))
    digest = replace(digest, counts=replace(digest.counts, relevant=5, not_scored=3))
    assert_says(digest, "cs.AI could not be fetched.", "4 more passed", "Not scored: 3")


def test_the_cost_table_shows_what_was_paid_and_what_is_not_known() -> None:
    paid = Usage(140_584, 113_569, 0, Decimal("0.17573"), Decimal("1.13569"))
    digest = digest_of(make.announcement(), usage=paid)
    assert_says(digest, "254,153", "$1.31")
    for text in (RENDERER.render(digest).text, RENDERER.markdown(digest)):
        assert [figure for figure in ("140,584", "113,569", "$0.18", "$1.14") if figure not in text] == []
    unknown = Usage(10, 5)
    assert_says(digest_of(make.announcement(), usage=unknown), "n/a")
    assert "$0.00" not in RENDERER.render(digest_of(make.announcement(), usage=unknown)).text


def test_the_end_names_the_day_s_budget_where_there_is_one() -> None:
    paid = Usage(1000, 50, 0, Decimal("0.01"), Decimal("0.02"), daily_budget_usd=Decimal("0.10"))
    limited = RENDERER.render(digest_of(make.announcement(), usage=paid))
    assert [part for part in (limited.html, limited.text) if "At most $0.10 a day" not in part] == []
    without = RENDERER.render(digest_of(make.announcement(), usage=replace(paid, daily_budget_usd=None)))
    assert [part for part in (without.html, without.text) if "At most" in part] == []


JUDGED, RANKED = (
    DigestEntry(number, make.paper(f"2601.{number:05}"), AnnounceType.NEW, make.score(novelty=novelty))
    for number, novelty in ((1, 6), (2, None))
)
BOTH = "relevance ≥ 7 and novelty ≥ 4, at most"


def words_of(digest: Digest, part: str) -> str:
    """The words of a part of the mail, or of its page in Markdown, on one line."""
    mail = RENDERER.render(digest)
    words = {"html": Page(mail.html).words, "text": mail.text, "markdown": RENDERER.markdown(digest)}[part]
    return " ".join(words.replace("\xa0", " ").split())


@pytest.mark.parametrize("part", ["html", "text", "markdown"])
@pytest.mark.parametrize(
    ("entries", "usage", "cut_offs", "said"),
    [
        ((JUDGED,), Usage(1, 1), BOTH, 0),
        ((JUDGED, RANKED), Usage(1, 1), "relevance ≥ 7 and novelty ≥ 4 where a model judged it, at most", 1),
        ((), None, BOTH, 0),
    ],
    ids=["for all", "for one of two", "for none, as nothing was relevant"],
)
def test_what_a_model_judged_has_a_novelty_and_of_the_others_is_said_how_they_were_ranked(
    entries: tuple[DigestEntry, ...], usage: Usage | None, cut_offs: str, said: int, part: str
) -> None:
    words = words_of(digest_of(entries=entries, scorer="a model", usage=usage), part)
    alone = words_of(digest_of(entries=entries[:1], scorer="a model", usage=usage), part)
    assert words.count("ovelty") == alone.count("ovelty") > 0
    assert words.lower().count("by words") == said * (1 if part == "markdown" else 2)  # in the contents and in full
    assert cut_offs in words.replace("Relevance ≥", "relevance ≥")
    assert ("Total" in words) == (part == "markdown")
    assert "None" not in words


@pytest.mark.parametrize("part", ["html", "text", "markdown"])
@pytest.mark.parametrize("entries", [(RANKED,), ()], ids=["with papers", "empty"])
@pytest.mark.parametrize("usage", [None, Usage(10, 0)], ids=["no model", "a model that failed"])
def test_a_digest_ranked_by_words_says_so_once_and_shows_no_novelty(
    entries: tuple[DigestEntry, ...], usage: Usage | None, part: str
) -> None:
    words = words_of(digest_of(entries=entries, scorer=WORD_RANKER, usage=usage), part)
    assert "Ranked by words" in words
    assert words.lower().count("by words") == 1
    assert "novelty" not in words.lower()
    assert "relevance ≥ 7, at most 30 papers" in words.replace("Relevance ≥", "relevance ≥")
    assert ("n/a" in words) == (usage is not None)
    assert "None" not in words


def test_each_paper_has_its_vote_links_and_without_a_web_part_the_foot_says_how_to_vote_by_reply() -> None:
    links = VoteLinks("https://papers.example.org", Signer(["a key"]), "s_abcd2345")
    mail_links = MailLinks("back@example.org", "https://papers.example.org/u/token", vote_links=links)
    digest = digest_of(make.announcement("2601.00001"), make.announcement("2601.00002"))
    linked, plain = (
        RENDERER.render(digest, mail_links),
        RENDERER.render(digest, MailLinks("back@example.org", is_read=True)),
    )
    for entry in digest.entries:
        for value in (1, -1):
            url = links.url(entry.paper.arxiv_id, value)
            assert (linked.html.count(url), linked.text.count(url)) == (2, 1)  # in the contents, and in full
    for part in (linked.html, linked.text):
        assert "+3 -5" not in part
    for part in (plain.html, plain.text):
        assert "+3 -5" in part
        assert "/v/" not in part
    unread = RENDERER.render(digest)  # by a person, who is not to count papers
    assert "+3 -5" not in unread.html + unread.text


@pytest.mark.parametrize("papers", [5, 30, 40])
def test_a_digest_is_not_clipped_and_ends_with_the_way_to_leave(papers: int) -> None:
    long = "Every sentence of this abstract says – in nine words – very little. " * 28  # arXiv's limit is 1,920
    shown = [
        make.announcement(f"2601.{i:05}", title="A title of usual length " * 3, abstract=long) for i in range(papers)
    ]
    digest = digest_of(*shown)
    links = VoteLinks("https://papers.example.org", Signer(["a key"]), "s_abcd2345")
    mail_links = MailLinks("back@example.org", "https://papers.example.org/u/token", vote_links=links)
    rendered = RENDERER.render(replace(digest, subscriber=replace(digest.subscriber, max_papers=papers)), mail_links)
    assert len(rendered.html) < 104_448
    assert "unsubscribe" in rendered.html[-1500:]
    assert " ".join(rendered.text.split()).count("very little.") >= 28 * len(digest.entries)  # whole: there is no page


def test_the_prompt_is_shown_as_it_was_sent_and_cached_tokens_are_told() -> None:
    usage = Usage(1000, 50, cached_tokens=640, prompt_cost_usd=Decimal("0.01"), completion_cost_usd=Decimal("0.02"))
    digest = digest_of(make.announcement(), prompt="Judge strictly.\nScore <every> paper.", usage=usage)
    rendered = RENDERER.render(digest)
    for text in (rendered.text, RENDERER.markdown(digest).replace("\\", "")):
        assert "Judge strictly." in text
        assert "Score <every> paper." in text
    assert "640 from the provider" in rendered.text
    assert "how networks learn" not in rendered.text  # the profile stands in the prompt


def test_dark_mode_and_phone_rules_survive_inlining() -> None:
    html = RENDERER.render(digest_of(make.announcement())).html
    assert "prefers-color-scheme: dark" in html
    assert "!important" in html
    assert html.count("<style") == 1
    assert 'style="' in html.split("<h3", 1)[1][:200]


HOSTILE = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>&\"'`{}%#[]()*_|\\\r\n\t\x00\x1b"))
) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</td></tr></table><h1>owned",
        "{{ 7*7 }}{% for x in y %}",
        "[click](javascript:alert(1))",
        "--\r\nBcc: everyone@example.org",
        "<!--[if mso]><i>",
        "]]>-->",
        "\u202e</bdi>\u05d0\u2068<b>",
    ]
)


@settings(max_examples=40, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_foreign_text_stays_text(title: str, name: str, abstract: str) -> None:
    plain = RENDERER.render(digest_of(make.announcement(title="t", authors=("n",), abstract="a")))
    hostile = RENDERER.render(digest_of(make.announcement(title=title, authors=(name,), abstract="a" + abstract)))
    ours = {"sup", "bdi"}  # an exponent, and what is written from right to left
    tags = [tag for tag in Page(hostile.html).tags if tag not in ours]
    assert tags == Page(plain.html).tags
    assert hostile.html.isascii()
    assert hostile.subject.isprintable()
    assert len(hostile.subject) <= 70


@given(st.text())
def test_markdown_of_foreign_text_has_no_markup_of_its_own(text: str) -> None:
    escaped = escape_markdown(text)
    assert re.sub(r"\\([\\`*_\[\]<>#|])", r"\1", escaped) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|]", escaped)


def test_a_local_template_wins_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "digest.subject.txt").write_text("Ours: {{ d.papers | length }}\n")
    renderer = Renderer(BRAND, [tmp_path, *resources.folders("templates/email")])
    assert renderer.render(digest_of(make.announcement())).subject == "Ours: 1"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("line\n{{ d.papers | lenght }}", "templates/email/digest.subject.txt:2: No filter named 'lenght'"),
        ("{{ d.titel }}", "has no attribute 'titel'"),
        ("{% for p in d.papers %}", "templates/email/digest.subject.txt:1"),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, template: str, message: str) -> None:
    (tmp_path / "digest.subject.txt").write_text(template)
    renderer = Renderer(BRAND, [tmp_path, *resources.folders("templates/email")])
    with pytest.raises(ConfigError, match=re.escape(message)):
        renderer.check()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("digest.html", "{% for p in d.papers %}{{ p.novelty }}{% endfor %}"),
        ("digest.txt", "{% for p in d.papers %}{{ '%2d' | format(p.novelty) }}{% endfor %}"),
        ("digest.txt", "{{ d.cost.prompt }}"),
        ("digest.md", "{% for p in d.papers %}{{ p.novelty | dots }}{% endfor %}"),
    ],
)
def test_a_template_that_expects_a_model_is_refused_with_its_name(tmp_path: Path, name: str, line: str) -> None:
    """Such as an operator's copy from before there were papers without a novelty."""
    (tmp_path / name).write_text(f"<html><head></head><body>{line}</body></html>")
    renderer = Renderer(BRAND, [tmp_path, *resources.folders("templates/email")])
    with pytest.raises(ConfigError, match=rf"templates/email/{re.escape(name)}\b.*your copy"):
        renderer.check()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("digest.html", '{% include "_updates.html" %}'),
        ("digest.txt", '{% include "_updates.txt" %}'),
        ("digest.md", "{% for p in d.updates %}"),
    ],
)
def test_a_template_that_leaves_out_the_news_is_refused_at_each_of_its_places(
    tmp_path: Path, name: str, shown: str
) -> None:
    """Such as an operator's copy from before there were news, which count as told."""
    pieces = resources.read_text(f"templates/email/{name}", resources.SHIPPED).split(shown)
    without = shown.replace("d.updates", "[]") if "d.updates" in shown else ""
    for place in range(1, len(pieces)):
        (tmp_path / name).write_text(shown.join(pieces[:place]) + without + shown.join(pieces[place:]))
        renderer = Renderer(BRAND, [tmp_path, *resources.folders("templates/email")])
        with pytest.raises(ConfigError, match=rf"templates/email/{re.escape(name)} leaves out the news .*your copy"):
            renderer.check()


def test_the_shipped_templates_pass_their_check() -> None:
    RENDERER.check()


def test_small_helpers() -> None:
    assert dots(7) == "●●●●●●●○○○"
    assert reflowed("A line\nthat goes on.\n\n- a point\n  of two lines\n# Next\n1. One") == (
        "A line that goes on.\n\n- a point of two lines\n# Next\n1. One"
    )
    assert wrapped("word " * 30, 4).splitlines()[1].startswith("    word")


SENTENCE = "A network of $n^2$ gates stops when it knows enough, and the accuracy stays as it was; naïve ones do not. "
FULL_WAYS = MailLinks(
    "reader@example.org",
    "https://papers.example.org/u/" + "t" * 50,
    profile_url="https://papers.example.org/profile/" + "t" * 50,
    web_url="https://papers.example.org/archive/" + "t" * 50 + "/2026-01-06",
    vote_links=VoteLinks("https://papers.example.org", Signer(["a key"]), "s_abcd2345"),
)


def long_digest(papers: int) -> Digest:
    """Long titles, many authors and abstracts as long as arXiv lets them be."""
    announcements = [
        make.announcement(
            f"2601.{number:05}",
            title=f"Paper {number}: what networks of many layers can and cannot know about when to stop",
            authors=tuple(f"Émilie du Châtelet the {i}th (University of {i})" for i in range(12)),
            abstract=(SENTENCE * 18)[:1920],
        )
        for number in range(1, papers + 1)
    ]
    score_report = make.score_report(
        *(make.score(a.paper.arxiv_id, 10 - i % 4, 9 - i % 5, rank=-i) for i, a in enumerate(announcements)),
        prompt="A prompt line that says a lot.\n" * 500,
    )
    return build_digest(
        make.subscriber(max_papers=500, pinned_authors=tuple(f"Somebody {i}" for i in range(200))),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1350,
        candidates=announcements,
        score_report=score_report,
    )


@pytest.mark.parametrize(("papers", "in_mail"), [(0, 0), (5, 5), (30, 30), (81, 81), (200, 200)])
def test_no_mail_is_ever_cut_and_its_end_is_always_there(papers: int, in_mail: int) -> None:
    digest = long_digest(papers)
    rendered = RENDERER.render(digest, FULL_WAYS)
    page, text = Page(rendered.html), " ".join(rendered.text.split())
    assert len(rendered.html) <= 98_000
    assert rendered.html.isascii()
    assert FULL_WAYS.unsubscribe_url in page.links
    assert "Thank you to arXiv" in page.words
    shown = [entry for entry in digest.entries if entry.paper.title in page.words]
    assert len(shown) >= in_mail
    assert shown == list(digest.entries)[: len(shown)]  # the best ones
    if len(shown) < papers:
        assert f"{papers - len(shown)} more of your papers" in page.words
        assert FULL_WAYS.web_url in page.links
    for entry in digest.entries:
        assert entry.paper.title in text  # which has all of them
    assert text.count("A prompt line that says a lot.") == 500


def test_without_a_web_part_the_text_part_has_everything_and_the_page_says_so() -> None:
    rendered = RENDERER.render(long_digest(500))
    words = Page(rendered.html).words
    assert "more of your papers would make this mail too long. They are in its plain-text part" in words
    assert "The plain-text part of this mail has every paper with its abstract" in words
    assert rendered.text.count("A network of n² gates") >= 500


def test_the_comment_comes_before_the_abstract() -> None:
    words = Page(RENDERER.render(digest_of(make.announcement(abstract="It is about."))).html).words
    assert words.index("Matches") < words.index("It is about.")


def test_links_lead_to_pdf_html_and_code() -> None:
    digest = digest_of(make.announcement(abstract="Code: https://github.com/ada/engine."))
    rendered = RENDERER.render(digest)
    for url in ("arxiv.org/pdf/2601.00001", "arxiv.org/html/2601.00001", "github.com/ada/engine"):
        assert f"https://{url}" in Page(rendered.html).links
        assert f"https://{url}\n" in rendered.text


def test_subject_and_preheader_name_the_best_papers_also_of_a_digest_by_topic() -> None:
    topics = (Topic("First", "x"), Topic("Second", "x"))
    entries = [replace(make.score(f"2601.0000{i}", 6 + i), topic=topics[i % 2].name) for i in (1, 2, 3, 4)]
    digest = build_digest(
        make.subscriber(profile=Profile(topics), group_by_topic=True),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=4,
        candidates=[make.announcement(score.arxiv_id) for score in entries],
        score_report=make.score_report(*entries),
    )
    rendered = RENDERER.render(digest)
    assert rendered.subject == "On the paper 2601.00004 · and 3 more"
    page = rendered.html
    assert "On the paper 2601.00003 &#183; On the paper 2601.00002 &#183; On the paper 2601.00001" in page
    contents = page.partition("Contents</h2>")[2]
    assert contents.index(">First</td>") < contents.index(">Second</td>")
    assert re.findall(r'id="p(\d)"', page) == ["1", "3", "2"]  # in full, the best first, whatever the topic


@pytest.mark.parametrize(("full", "in_full"), [(0, 0), (1, 1), (20, 4)])
def test_so_many_of_the_best_stand_in_full_as_the_reader_wants(full: int, in_full: int) -> None:
    digest = digest_of(*(make.announcement(f"2601.0000{number}") for number in range(1, 5)))
    rendered = RENDERER.render(replace(digest, subscriber=replace(digest.subscriber, full=full)), FULL_WAYS)
    assert len(re.findall(r'id="p\d"', rendered.html)) == rendered.text.count("/10 relevance") == in_full
    assert rendered.html.count('class="e"') == 4


@given(st.integers(1, 30), st.integers(100, 2000))
@settings(max_examples=30, deadline=None)
def test_who_asks_for_no_number_has_fewer_in_full_the_longer_the_mail_is(papers: int, abstract_chars: int) -> None:
    """Three at most, and none that makes the mail longer than eight minutes."""
    digest = digest_of(
        *(make.announcement(f"2601.{n:05}", abstract=(SENTENCE * 18)[:abstract_chars]) for n in range(1, papers + 1))
    )

    def mail(full: int | None) -> tuple[int, int]:
        text = RENDERER.render(replace(digest, subscriber=replace(digest.subscriber, full=full)), FULL_WAYS).text
        return text.count("/10 relevance"), int(re.findall(r"(\d+) min to read", text)[0])

    in_full, minutes = mail(None)
    assert in_full <= min(3, papers)
    assert in_full == 0 or minutes <= 8
    assert in_full == min(3, papers) or mail(in_full + 1)[1] > 8


def test_both_parts_say_the_same_minutes_and_papers() -> None:
    for papers in (3, 30, 81, 200):
        rendered = RENDERER.render(long_digest(papers), FULL_WAYS)
        minutes = [re.findall(r"(\d+) min to read", part) for part in (Page(rendered.html).words, rendered.text)]
        assert minutes[0] == minutes[1]
        assert len(minutes[0]) == 1
        shown = [part.count("https://arxiv.org/abs/") for part in (rendered.html, rendered.text)]
        assert shown[0] >= shown[1] >= papers


def test_the_lead_counts_the_topics_that_are_met() -> None:
    topics = (Topic("First", "x"), Topic("Second", "x"))
    entries = [replace(make.score(f"2601.0000{i}", 6 + i), topic=topics[i % 3 == 0].name) for i in (1, 2, 3)]
    digest = build_digest(
        make.subscriber(profile=Profile(topics)),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=3,
        candidates=[make.announcement(score.arxiv_id) for score in entries],
        score_report=make.score_report(*entries),
    )
    rendered = RENDERER.render(digest, FULL_WAYS)
    assert "First 2 · Second 1" in Page(rendered.html).words.replace("\xa0", " ")
    assert "First 2 · Second 1" in rendered.text
    assert "3 for you. Best: On the paper 2601.00003" in " ".join(rendered.text.split())


def in_language(language: str, digest: Digest, links: MailLinks | None = FULL_WAYS) -> RenderedDigest:
    reader = replace(digest.subscriber, profile=replace(digest.subscriber.profile, language=language))
    return RENDERER.render(replace(digest, subscriber=reader), links)


def test_the_frame_is_in_the_readers_language_and_papers_stay_english() -> None:
    mail = in_language("de", long_digest(30))
    assert '<html lang="de"' in mail.html
    assert mail.html.count('<span lang="en">') >= 30 * 2 + 3
    words = Page(mail.html).words
    for said in ("Dienstag, 6. Januar 2026", "1.350 angekündigt", "Inhalt", "Die besten im Ganzen", "Im Web lesen"):
        assert said in words
        assert said.lower() in mail.text.lower()
    assert '<span lang="en">' not in RENDERER.render(long_digest(30), FULL_WAYS).html


TEXTS = RENDERER._texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_heading_begins_with_a_capital_where_the_language_writes_days_small(language: str) -> None:
    html = in_language(language, digest_of(make.announcement())).html
    heading = unescape(html.partition("<h1")[2].partition(">")[2].partition("</h1>")[0])
    assert heading[0] == heading[0].upper()
    assert heading.casefold() == write_date(make.TUESDAY, language).casefold()


def test_all_languages_that_readers_choose_from_are_there() -> None:
    assert set(TEXTS) == set(LANGUAGES)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
@pytest.mark.parametrize("links", [None, MailLinks("back@example.org", is_read=True), FULL_WAYS])
def test_no_english_word_of_the_frame_is_in_another_languages_mail(language: str, links: MailLinks | None) -> None:
    """Every sentence that an English mail says and this language says otherwise."""
    frame = {
        word
        for key, sentence in TEXTS["en"].sentences.items()
        for english in ([sentence] if isinstance(sentence, str) else sentence.values())
        for word in re.findall(r"[a-z]{4,}", re.sub(r"[{].*?[}]", "", english.lower()))
        if word not in str(TEXTS[language].sentences[key]).lower()
    }
    digest = digest_of(make.announcement(title="T", abstract="A.", authors=("N",)), make.announcement("2601.00002"))
    for one in (digest, replace(digest, entries=())):
        mail = in_language(language, one, links)
        plain = Page(mail.html).words.partition("Thank you to arXiv")[0] + mail.text.partition("Thank you to arXiv")[0]
        said = set(re.findall(r"[a-z]{4,}", re.sub(r"\S*[/@]\S*", "", plain).lower()))
        papers = (
            "on the paper matches learning how networks learn abstract relevant irrelevant profile morning papers model"
        )
        assert said & frame <= set(papers.split())


@pytest.mark.parametrize("papers", [1, 5, 30])
def test_without_a_page_the_text_part_has_all_of_each_paper_once(papers: int) -> None:
    shown = [
        make.announcement(f"2601.{n:05}", title=f"Title {n}!", abstract=f"We show {n}. Ten words.")
        for n in range(papers)
    ]
    scores = [replace(make.score(f"2601.{n:05}"), comment=f"Reason {n}.") for n in range(papers)]
    digest = build_digest(
        make.subscriber(max_papers=papers),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=papers,
        candidates=shown,
        score_report=make.score_report(*scores),
    )
    text = " ".join(RENDERER.render(digest).text.split())
    for n in range(papers):
        assert (text.count(f"Reason {n}."), text.count(f"We show {n}. Ten words.")) == (1, 1)
