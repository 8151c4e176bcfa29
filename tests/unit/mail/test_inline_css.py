"""Inlining the template once gives the page that inlining each mail would give."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, TemplateSyntaxError
from lxml import html as lxml_html

from newsletter.files import resources
from newsletter.mail.inline_css import InliningLoader, inline
from newsletter.mail.message import MailLinks, VoteLinks
from newsletter.mail.render import Renderer, environment_of
from newsletter.mail.sample_digest import EVERYTHING
from newsletter.mail.size_budget import Detail
from newsletter.mail.templates import load_update_texts
from newsletter.mail.view import Brand, DigestView, view_of
from newsletter.model import Digest, Topic
from newsletter.run.digest import build_digest
from newsletter.signing import Signer
from newsletter.texts import load_texts
from newsletter.theme import load_theme
from tests import make

T = load_texts((resources.SHIPPED / "templates/email/digest.yaml").read_text(encoding="utf-8"), "digest.yaml")["en"]
NOTICES = resources.load_texts("templates/texts/notices.yaml")["en"]
UPDATES = load_update_texts()["en"]
FOLDER = resources.SHIPPED / "templates/email"
SOURCES = {name: (FOLDER / name).read_text(encoding="utf-8") for name in ("digest.html", "_updates.html")}
THEME = load_theme()
BRAND = Brand("Morning Papers", "digest@example.org", "First line\nSecond <line>")
ONCE = environment_of(InliningLoader(DictLoader(SOURCES), THEME.fill)).get_template("digest.html")
WHOLE = SOURCES["digest.html"].replace('{% include "_updates.html" %}\n', SOURCES["_updates.html"])
EACH = environment_of(DictLoader({"digest.html": THEME.fill(WHOLE)})).get_template("digest.html")
WAYS = (
    MailLinks("reader@example.org"),
    MailLinks("reader@example.org", is_read=True),
    MailLinks(
        "reader@example.org",
        "https://example.org/u/token",
        profile_url="https://example.org/profile/token?a=1&b=2",
        web_url="https://example.org/archive/token/2026-01-06",
        vote_links=VoteLinks("https://example.org", Signer(["a key"]), "s_aaaaaaaa"),
    ),
)


def dom(page: str) -> list[object]:
    """Every element with its attributes and text; blanks, and the order of what a style says, aside."""

    def words(text: str | None) -> str:
        return " ".join((text or "").split())

    def attribute(name: str, value: str) -> str:
        return re.sub(r"([;:,]) +", r"\1", value) if name == "style" else value

    return [
        (
            element.tag,
            {name: attribute(name, value) for name, value in element.attrib.items()},
            words(element.text),
            words(element.tail),
        )
        for element in lxml_html.document_fromstring(page).iter()
    ]


def digest_of(scores: list[tuple[int, int]], words: str, *, grouped: bool) -> Digest:
    topics = ("Learning", "Reasoning")
    papers = [
        make.announcement(f"2601.{number:05}", title=f"{words} {number}", abstract=f"{words} github.com/ada/engine.")
        for number in range(1, len(scores) + 1)
    ]
    score_report = make.score_report(
        *(
            replace(make.score(a.paper.arxiv_id), relevance=r, novelty=n, comment=f"{words} {topics[r % 2]}", topic="")
            for a, (r, n) in zip(papers, scores, strict=True)
        )
    )
    subscriber = make.subscriber(
        profile=replace(make.subscriber().profile, topics=tuple(Topic(name, "what") for name in topics)),
        min_relevance=1,
        min_novelty=1,
        group_by_topic=grouped,
    )
    return build_digest(
        subscriber,
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1350,
        candidates=papers,
        score_report=score_report,
        notices=(words,) if grouped else (),
    )


def view(digest: Digest, links: MailLinks, levels: list[Detail]) -> DigestView:
    return view_of(digest, BRAND, links, "A profile\n\n- of < lines", T, NOTICES).at(levels)


LEVELS = st.sampled_from(list(Detail))
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
SCORES = st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10), LEVELS), max_size=6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])  # inlining each page is what takes time
@given(SCORES, WORDS, st.booleans(), st.sampled_from(WAYS))
def test_the_page_is_the_same_as_inlined_each_time(
    scores: list[tuple[int, int, Detail]], words: str, grouped: bool, links: MailLinks
) -> None:
    digest = digest_of([(r, n) for r, n, _ in scores], words, grouped=grouped)
    digest = replace(digest, updates=EVERYTHING.updates if grouped else ())
    shown = view(digest, links, [level for _, _, level in scores])
    assert dom(ONCE.render(d=shown, t=T, u=UPDATES)) == dom(inline(EACH.render(d=shown, t=T, u=UPDATES)))


def test_every_element_with_a_class_has_its_style() -> None:
    """So that the equality above says something: clients that drop style blocks see the same colours."""
    page = ONCE.render(
        d=view(digest_of([(9, 7), (8, 2)], "Words", grouped=True), WAYS[2], [Detail.FULL, Detail.ENTRY]), t=T
    )
    assert len(re.findall(r'class="[a-z]+"(?! href)[^>]* style=', page)) > 20
    assert "var(--" not in page


def test_a_mail_client_that_counts_styles_finds_few() -> None:
    """Gmail drops all of them over 16,384 characters, and when an @ rule stands in an @ rule."""
    page = ONCE.render(d=view(digest_of([], "", grouped=False), WAYS[0], []), t=T)
    blocks = re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)
    assert sum(map(len, blocks)) < 16_000
    assert all(not re.search(r"@[^{]*\{[^}]*@", block) for block in blocks)


def one(source: str) -> str:
    environment = Environment(loader=InliningLoader(DictLoader({"a.html": source})), autoescape=True)
    return environment.get_template("a.html").render(d={"x": 'a "quoted" <b>', "on": True, "list": [1, 2]})


def test_what_jinja_fills_in_is_left_alone_wherever_it_stands() -> None:
    page = one(
        "<html><head><title>{{ d.x }}</title><style>p { color: red } td { color: blue }</style></head><body>"
        '<p title="{{ d.x }}">{% if d.on and 1 < 2 %}{{ "}}" }}{% endif %}</p>'
        "<table>{% for i in d.list %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>"
        "<!--[if mso]>{% if d.on %}<i>{{ d.x }}</i>{% endif %}<![endif]--></body></html>"
    )
    assert "<title>a &#34;quoted&#34; &lt;b&gt;</title>" in page
    assert '<p title="a &#34;quoted&#34; &lt;b&gt;" style="color:red">}}</p>' in page
    assert len(re.findall(r'<tr>\s*<td style="color:blue">\d</td>\s*</tr>', page)) == 2
    assert "<!--[if mso]><i>a &#34;quoted&#34; &lt;b&gt;</i><![endif]-->" in page


@pytest.mark.parametrize("attribute", ["class", "style"])
def test_a_style_chosen_by_data_is_refused_with_its_line(attribute: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=f"a {attribute} that Jinja fills in") as refused:
        one(f'<html>\n<body>\n<p {attribute}="{{{{ d.x }}}}">text</p></body></html>')
    assert refused.value.lineno == 3


def test_a_mistake_in_a_template_is_told_with_the_line_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "digest.html").write_text("<html>\n<style>\np { color: red }\n</style>\n{% if %}", encoding="utf-8")
    renderer = Renderer(BRAND, [tmp_path, resources.SHIPPED / "templates/email"])
    with pytest.raises(Exception, match=r"digest\.html:5: "):
        renderer.check()
