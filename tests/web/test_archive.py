"""The archive's pages, asked as readers ask: raw requests to the real application."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.headerregistry import Address
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import pytest
from flask.testing import FlaskClient

from newsletter.flow import run_morning
from newsletter.mail.message import MailIdentity
from newsletter.model import (
    WORD_RANKER,
    AnnounceType,
    DeliveryState,
    EarlierEntry,
    PaperUpdate,
    Profile,
    SavedPaper,
    SentPaper,
    Topic,
)
from newsletter.signing import Purpose
from newsletter.stores.tinydb import TinyStore
from newsletter.web import Archives, create_app
from newsletter.web.archive.editions import for_strangers
from tests import make
from tests.archives import WHO, digest, entry, mail, pages
from tests.fakes import MemoryStore, Silent
from tests.unit.test_flow import morning
from tests.web.site import NOW, SIGNER, part_of

TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
HOSTILE = '<script>alert("x")</script>'
NEXT_WEEK = make.TUESDAY + timedelta(days=7)
NEXT_MONTH = make.TUESDAY + timedelta(days=40)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    first = [entry(1, title="Sparse <b>rows</b> of $x^2$", abstract=HOSTILE), entry(2, title="Second", relevance=9)]
    mail(store, digest(make.TUESDAY, first, notices=(HOSTILE,), prompt=HOSTILE))
    mail(store, digest(make.WEDNESDAY, [entry(9)]), DeliveryState.REJECTED)
    mail(store, digest(NEXT_WEEK, [entry(3)]), DeliveryState.IN_DOUBT)
    mail(store, digest(NEXT_MONTH, [entry(4)]))
    return store


@pytest.fixture
def client(store: MemoryStore) -> FlaskClient:
    return create_app(replace(part_of(store), archives=Archives(pages(), "https://papers.example.org"))).test_client()


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "action", "formaction") and value]


def own_links(page: str) -> Iterator[str]:
    """Links that stay within the archive."""
    for link in dict.fromkeys(Links(page).found):
        if not link.startswith(("https:", "mailto:", "#", "/")):
            yield link


def test_a_day_has_everything_in_full(client: FlaskClient) -> None:
    answer = client.get(f"/archive/{TOKEN}/2026-01-06")
    assert answer.status_code == 200
    for text in ("Tuesday, 6 January 2026", "Sparse &lt;b&gt;rows&lt;/b&gt; of <math", "Ada Lovelace, Emmy Noether"):
        assert text in answer.text
    assert "https://arxiv.org/abs/2601.00001" in answer.text
    assert "<script>" not in answer.text
    assert answer.text.count('<article class="entry"') == 2


def test_names_written_from_right_to_left_leave_what_stands_behind_them_in_its_place() -> None:
    store, names = MemoryStore(), ("محمد علي", "דוד לוי")
    mail(store, digest(make.TUESDAY, [entry(1, authors=names)], subscriber=make.subscriber(subscriber_id=WHO)))
    store.save_paper(SavedPaper(WHO, NOW, entry(1, authors=names).paper), most=1)
    client = create_app(replace(part_of(store), archives=Archives(pages()))).test_client()
    for page in (f"{make.TUESDAY}", f"{make.TUESDAY:%Y-%m}", "search?q=paper", "saved"):
        assert f"<bdi>{', '.join(names)}</bdi>" in client.get(f"/archive/{TOKEN}/{page}").text, page


def test_days_that_were_rejected_are_not_there_and_neighbours_pass_over_them(client: FlaskClient) -> None:
    assert client.get(f"/archive/{TOKEN}/2026-01-07").status_code == 404
    tuesday = client.get(f"/archive/{TOKEN}/2026-01-06").text
    assert 'rel="next" href="2026-01-13"' in tuesday
    assert 'rel="prev"' not in tuesday
    week_later = client.get(f"/archive/{TOKEN}/2026-01-13").text
    assert 'rel="prev" href="2026-01-06"' in week_later
    assert 'rel="next" href="2026-02-15"' in week_later


def test_a_month_links_only_days_with_a_digest(client: FlaskClient) -> None:
    page = client.get(f"/archive/{TOKEN}/2026-01").text
    days = {link.partition("#")[0] for link in Links(page).found if link.startswith("2026-01-")}
    assert days == {"2026-01-06", "2026-01-13"}
    assert 'rel="next" href="2026-02"' in page
    assert client.get(f"/archive/{TOKEN}/").text == client.get(f"/archive/{TOKEN}/2026-02").text


@pytest.mark.parametrize("page", ["", "2026-01", "2026-02", "2026-01-06", "2026-01-13", "2026-02-15"])
def test_no_link_of_a_page_is_dead(client: FlaskClient, page: str) -> None:
    links = list(own_links(client.get(f"/archive/{TOKEN}/{page}").text))
    assert links
    for link in links:
        target = "" if link == "./" else link.partition("#")[0]
        assert client.get(f"/archive/{TOKEN}/{target}").status_code == 200, link


def test_a_link_without_its_slash_leads_to_the_latest_month(client: FlaskClient) -> None:
    answer = client.get(f"/archive/{TOKEN}", follow_redirects=True)
    assert answer.status_code == 200
    assert "February 2026" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *("dead/2026-01-06", "dead/", f"{SIGNER.link(Purpose.PROFILE, WHO)}/2026-01-06", f"{TOKEN}x/", "s_abcd2345/"),
        *(f"{TOKEN}/{page}" for page in ("2026-01-05", "2026-13", "2026-02-30", "0000-00-00", "2025-01", "x")),
        *(f"{TOKEN}/{page}" for page in ("２026-01-06", "2026-01-06.exe", "2026-01-07.bib", "2026-01-06.md/")),
        f"{TOKEN}/2026-01-06.bib?paper=nothing",
    ],
)
def test_what_is_not_there_gets_a_calm_page(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/archive/{path}")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_an_archive_without_a_digest_says_so(client: FlaskClient) -> None:
    answer = client.get(f"/archive/{SIGNER.link(Purpose.ARCHIVE, 's_empty234')}/")
    assert (answer.status_code, "Nothing yet" in answer.text) == (200, True)


def test_a_digest_that_cannot_be_read_is_left_out_of_all_other_pages(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = TinyStore(tmp_path / "state")
    for on, number in ((make.TUESDAY, 1), (make.WEDNESDAY, 2)):
        mail(store, digest(on, [entry(number)]))
    damaged = tmp_path / "state" / "digests" / WHO / f"{make.TUESDAY}.json"
    damaged.write_bytes(b"{")
    client = create_app(replace(part_of(store), archives=Archives(pages()))).test_client()
    base = f"/archive/{SIGNER.link(Purpose.ARCHIVE, WHO)}/"
    for page in ("2026-01", "search?q=paper", "feed.atom", f"{make.WEDNESDAY}"):
        shown = client.get(base + page)
        assert (page, shown.status_code) == (page, 200)
        assert "2601.00002" in shown.text
        assert "2601.00001" not in shown.text
    assert str(damaged) in caplog.text
    assert client.get(f"{base}{make.TUESDAY}").status_code == 503


def test_private_pages_are_found_by_nobody_and_kept_by_no_cache(client: FlaskClient) -> None:
    answer = client.get(f"/archive/{TOKEN}/2026-01-06")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert 'name="robots" content="noindex"' in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_no_page_holds_address_name_token_or_a_link_to_profile_pause_or_the_end(client: FlaskClient) -> None:
    for page in ("", "2026-01", "2026-01-06", "saved", "search?q=paper"):
        text = client.get(f"/archive/{TOKEN}/{page}").text
        for secret in ("reader@example.org", "Rita", TOKEN, "/profile/", "/pause/", "/u/"):
            assert secret not in text


def test_only_get_is_answered(client: FlaskClient) -> None:
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client, method)(f"/archive/{TOKEN}/2026-01-06").status_code == 405
    assert client.head(f"/archive/{TOKEN}/2026-01-06").status_code == 200


def test_one_client_can_ask_only_so_often(client: FlaskClient) -> None:
    codes = [client.get("/archive/dead/").status_code for _ in range(241)]
    assert set(codes[:240]) == {404}
    assert codes[240] == 429


@pytest.mark.parametrize(
    ("ending", "kind", "begins"),
    [
        ("bib", "application/x-bibtex; charset=utf-8", "@misc{lovelace_2601.00001"),
        ("ris", "application/x-research-info-systems; charset=utf-8", "TY  - UNPB"),
        ("md", "text/markdown; charset=utf-8", "# Morning Papers"),
    ],
)
def test_a_digest_and_a_choice_of_it_are_files(client: FlaskClient, ending: str, kind: str, begins: str) -> None:
    answer = client.get(f"/archive/{TOKEN}/2026-01-06.{ending}")
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == f"attachment; filename=papers-2026-01-06.{ending}"
    assert answer.text.startswith(begins)
    chosen = client.get(f"/archive/{TOKEN}/2026-01-06.{ending}?paper=2601.00002&paper=none").text
    assert "2601.00002" in chosen
    assert "2601.00001" not in chosen


def test_search_leads_to_the_paper_on_its_day(client: FlaskClient) -> None:
    page = client.get(f"/archive/{TOKEN}/search?q=SPARSE+rows").text
    assert "1 paper</h2>" in page
    assert 'href="2026-01-06#p1"' in page
    assert "2026-01-07" not in client.get(f"/archive/{TOKEN}/search?q=paper").text  # rejected: nobody read it


@pytest.mark.parametrize("query", ["", "?q=", "?q=%22%22", "?q=zzz&page=-3", f"?q=paper&page={10**20}", "?page=x"])
def test_any_search_gets_a_page(client: FlaskClient, query: str) -> None:
    assert client.get(f"/archive/{TOKEN}/search{query}").status_code == 200


def test_what_was_asked_is_shown_as_text_and_cut(client: FlaskClient) -> None:
    page = client.get(f"/archive/{TOKEN}/search", query_string={"q": HOSTILE + "x" * 3_000}).text
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert len(page) < 5_000


def test_many_results_come_in_pages(store: MemoryStore, client: FlaskClient) -> None:
    on = NEXT_MONTH + timedelta(days=3)
    mail(store, digest(on, [entry(n, title=f"Common {n}") for n in range(1, 46)]))
    pages_of = [client.get(f"/archive/{TOKEN}/search?q=common&page={page}").text for page in (1, 2, 3)]
    shown = [link for page in pages_of for link in Links(page).found if "#p" in link]
    assert sorted(shown) == sorted(f"{on}#p{number}" for number in range(1, 46))
    assert 'rel="next" href="search?q=common&amp;page=2"' in pages_of[0]
    assert 'rel="next"' not in pages_of[2]


def test_the_feed_is_read_back_with_stable_ids_and_absolute_links(store: MemoryStore, client: FlaskClient) -> None:
    answer = client.get(f"/archive/{TOKEN}/feed.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.data)
    assert not feed.bozo
    assert feed.feed.id == f"tag:example.org,2026-01-06:{WHO}"
    assert [each.id for each in feed.entries] == [
        f"tag:example.org,{on}:{WHO}/{on}" for on in ("2026-02-15", "2026-01-13", "2026-01-06")
    ]
    assert feed.feed.updated_parsed[:5] == (2026, 1, 6, 6, 0)
    base = f"https://papers.example.org/archive/{TOKEN}/"
    assert {link.rel: link.href for link in feed.feed.links} == {"self": f"{base}feed.atom", "alternate": base}
    assert feed.entries[2].link == f"{base}2026-01-06"
    content = feed.entries[2].content[0].value
    assert 'href="https://arxiv.org/abs/2601.00002"' in content
    assert "<script" not in content


def test_the_feed_holds_thirty_digests_and_no_sign_xml_forbids(store: MemoryStore, client: FlaskClient) -> None:
    for offset in range(10, 50):
        shown = entry(offset, title="\x00\x0b\ud800 ]]> &amp;")
        mail(store, digest(NEXT_MONTH + timedelta(days=offset), [shown]))
    feed = feedparser.parse(client.get(f"/archive/{TOKEN}/feed.atom").data)
    assert not feed.bozo
    assert len(feed.entries) == 30
    assert feed.entries[0].id.endswith(str(NEXT_MONTH + timedelta(days=49)))


@pytest.mark.parametrize(("language", "mark"), [("de", '<span lang="de">'), ("en", "")])
def test_comments_in_another_language_than_the_page_say_so(language: str, mark: str) -> None:
    """On the day's page, in what a search finds, and in the feed; a screen reader reads them in their own sounds."""
    reader = make.subscriber(profile=Profile((Topic("Rows", "rows"),), language=language))
    store = MemoryStore()
    mail(store, digest(make.TUESDAY, [entry(1)], subscriber=reader))
    client = create_app(replace(part_of(store), archives=Archives(pages()))).test_client()
    day = client.get(f"/archive/{TOKEN}/2026-01-06").text
    found = client.get(f"/archive/{TOKEN}/search?q=paper").text
    content = feedparser.parse(client.get(f"/archive/{TOKEN}/feed.atom").data).entries[0].content[0].value
    marked = f' lang="{language}"' if mark else ""
    assert f"<span{marked}>Matches" in day
    assert f'<span class="because"{marked}>Matches' in found
    assert f"novelty 6. {mark}Matches" in content


@pytest.mark.parametrize(
    ("novelties", "scorer", "said"),
    [((6, 5), "a model", 0), ((6, None), "a model", 1), ((None, None), WORD_RANKER, 1)],
    ids=["a model", "a model that failed for one", "words"],
)
def test_pages_and_feed_show_a_novelty_where_a_model_judged_it_and_else_say_by_words(
    novelties: tuple[int | None, ...], scorer: str, said: int
) -> None:
    entries = [entry(number, novelty=novelty) for number, novelty in enumerate(novelties, 1)]
    store = MemoryStore()
    mail(store, digest(make.TUESDAY, entries, scorer=scorer))
    client = create_app(replace(part_of(store), archives=Archives(pages()))).test_client()
    judged = len([novelty for novelty in novelties if novelty])
    day, month = (client.get(f"/archive/{TOKEN}/{on}").text for on in ("2026-01-06", "2026-01"))
    content = feedparser.parse(client.get(f"/archive/{TOKEN}/feed.atom").data).entries[0].content[0].value
    shown = day.count(", novelty </span>") / 2, month.count(", novelty </span>"), content.count("novelty")
    assert shown == (judged, judged, judged)  # on the day both in the contents and with the paper
    assert ("relevance &middot; novelty" in day) == (judged > 0)
    assert ("Mean novelty" in month) == ("then novelty" in month) == (judged > 0)
    assert [page.lower().count("by words") for page in (day, content)] == [said, said]
    assert "novelty" not in f"{day}{month}{content}".lower() or judged
    assert "None" not in f"{day}{month}{content}"
    assert ("Tokens" in day) == (scorer != WORD_RANKER)
    assert "Tokens" not in month, "nothing was used"
    assert day.count('class="blank"') == (judged and len(entries) - judged)


def test_pages_name_their_feed_and_an_archive_without_digests_has_none(client: FlaskClient) -> None:
    assert 'type="application/atom+xml"' in client.get(f"/archive/{TOKEN}/2026-01").text
    assert client.get(f"/archive/{SIGNER.link(Purpose.ARCHIVE, 's_empty234')}/feed.atom").status_code == 404


def test_pinned_authors_and_versions_are_marked(store: MemoryStore, client: FlaskClient) -> None:
    pinned = replace(entry(5, version=3), pinned_author="Ada Lovelace", announce_type=AnnounceType.REPLACE)
    mail(store, digest(NEXT_MONTH + timedelta(days=1), [pinned]))
    page = client.get(f"/archive/{TOKEN}/2026-02-16").text
    assert "updated, v3" in page
    assert "pinned author: Ada Lovelace" in page


def test_a_digest_by_topic_has_the_topics_above_their_papers_and_one_of_a_single_topic_none(
    store: MemoryStore, client: FlaskClient
) -> None:
    topics = Profile((Topic("Rows", "rows"), Topic("Columns", "columns")))
    reader = make.subscriber(profile=topics, group_by_topic=True)
    papers = [replace(entry(1), topic="Rows"), replace(entry(2), topic="Rows"), replace(entry(3), topic="")]
    mail(store, digest(NEXT_MONTH + timedelta(days=1), papers, subscriber=reader))
    page = client.get(f"/archive/{TOKEN}/2026-02-16").text
    assert page.count('<p class="group">Rows</p>') == 1
    assert page.count('<p class="group">Other papers</p>') == 1
    assert page.index("Other papers</p>") > page.index('id="p2"')
    assert 'class="group"' not in client.get(f"/archive/{TOKEN}/2026-01-06").text


def test_a_digest_without_papers_has_a_page_and_no_dead_link(store: MemoryStore, client: FlaskClient) -> None:
    empty = replace(digest(NEXT_MONTH + timedelta(days=1)), entries=())
    mail(store, empty)
    mail(store, replace(empty, digest_on=NEXT_MONTH + timedelta(days=60)))
    for page in ("2026-02-16", "2026-02", "2026-04"):
        text = client.get(f"/archive/{TOKEN}/{page}").text
        for link in own_links(text):
            assert client.get(f"/archive/{TOKEN}/{link.partition('#')[0].removeprefix('./')}").status_code == 200, link
    assert "Nothing that was announced passed the cut-offs" in client.get(f"/archive/{TOKEN}/2026-02-16").text
    assert client.get(f"/archive/{TOKEN}/2026-02-16.bib").status_code == 404


def test_a_day_of_eighty_papers_is_there_at_once(store: MemoryStore, client: FlaskClient) -> None:
    """Measured: a tenth of a second."""
    long = "An abstract of $\\alpha$-rays and more of that kind. " * 25
    mail(store, digest(NEXT_MONTH + timedelta(days=2), [entry(n, abstract=f"{n} {long}") for n in range(1, 82)]))
    answer = client.get(f"/archive/{TOKEN}/2026-02-17")
    assert answer.text.count('<article class="entry"') == 81


def test_the_link_in_a_mail_leads_to_all_papers_of_it_also_to_those_it_had_no_room_for() -> None:
    long = "An abstract that takes its room. " * 60
    shown = [make.announcement(f"2601.{number:05}", abstract=f"{number} {long}") for number in range(1, 121)]
    given = morning(*shown, subscribers=[make.subscriber(max_papers=200)])
    identity = MailIdentity(
        Address("Morning Papers", addr_spec="digest@example.org"),
        "back@example.org",
        SIGNER,
        "https://papers.example.org",
    )
    run_morning(replace(given.context, identity=identity), given.subscribers, Silent(), digest_on=given.source.on)
    html = given.sender.mails[0].mime.get_body(("html",)).get_content()
    links = {link.partition("#")[0] for link in Links(html).found if "/archive/" in link}
    assert len(links) == 1
    client = create_app(replace(part_of(given.store), archives=Archives(pages()))).test_client()
    page = client.get(links.pop().removeprefix("https://papers.example.org").partition("#")[0]).text
    assert page.count('<article class="entry"') == 120
    assert page.count(long.strip()) == 120
    assert html.count(long.strip()) < 120


def test_a_paper_leads_to_the_one_it_follows(store: MemoryStore, client: FlaskClient) -> None:
    on = NEXT_MONTH + timedelta(days=1)
    mail(store, digest(on, [replace(entry(5), follows=SentPaper("2601.00002", make.TUESDAY, 2))]))
    page = client.get(f"/archive/{TOKEN}/{on}").text
    assert f'follows <a href="{make.TUESDAY}#p2">2601.00002</a> of 6 January' in page
    assert 'id="p2"' in client.get(f"/archive/{TOKEN}/{make.TUESDAY}").text
    assert "follows <a" not in client.get(f"/archive/{TOKEN}/{make.TUESDAY}").text


def test_the_weeks_best_lead_to_their_days_and_are_not_for_strangers(store: MemoryStore, client: FlaskClient) -> None:
    on = NEXT_MONTH + timedelta(days=1)
    friday = digest(on, [entry(5)], weekly_best=(EarlierEntry(make.TUESDAY, entry(2, title="Second")),))
    mail(store, friday)
    page = client.get(f"/archive/{TOKEN}/{on}").text
    assert "The week’s best" in page
    assert f'href="{make.TUESDAY}#p2">Second</a>' in page
    assert for_strangers(friday).weekly_best == ()


def test_news_of_papers_lead_to_their_days_and_versions_and_are_not_for_strangers(
    store: MemoryStore, client: FlaskClient
) -> None:
    on = NEXT_MONTH + timedelta(days=1)
    known = make.paper("2601.00002", abstract="It has 3 rows.")
    sent = SentPaper("2601.00002", make.TUESDAY, 2)
    news = (
        PaperUpdate(replace(known, version=2, withdrawal="Withdrawn: <b>an error</b>."), known, sent),
        PaperUpdate(replace(known, version=3, abstract="It has 5 rows."), known, sent),
    )
    digest_with_news = digest(on, [entry(5)], updates=news)
    mail(store, digest_with_news)
    page = client.get(f"/archive/{TOKEN}/{on}").text
    assert "Withdrawn: &lt;b&gt;an error&lt;/b&gt;." in page
    assert "It has <del>3</del> <ins>5</ins> rows." in page
    assert (
        f'<a href="https://arxiv.org/abs/2601.00002v3">v3</a> &middot; sent to you on <a href="{make.TUESDAY}#p2">'
        in page
    )
    assert for_strangers(digest_with_news).updates == ()
