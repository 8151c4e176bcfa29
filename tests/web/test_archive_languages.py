"""Every page of the archive, in every language: a reader's own in theirs, a public one in the visitor's."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import feedparser
import pytest
from flask.testing import FlaskClient

from newsletter.mail import EVERYTHING, templates
from newsletter.model import Counts, Digest, EarlierEntry, Profile, SavedPaper, SentPaper, Topic, UnsentPaper, Usage
from newsletter.services.profiles import ProfileService
from newsletter.signing import Purpose
from newsletter.stores import Store
from newsletter.texts import LANGUAGES, weekdays, write_date, write_day, write_month, write_short_date
from newsletter.web import Archives, create_app
from newsletter.web.archive.editions import ArchivedDigests
from newsletter.web.archive.export import edition_of_files, write_edition, write_listing
from tests import make
from tests.archives import TEXTS, WHO, digest, entry, mail, pages
from tests.fakes import MemoryStore
from tests.languages import OTHER_LANGUAGES, SpokenText, foreign_words, known_words
from tests.web.site import SIGNER, part_of
from tests.web.test_amount import no_scorer

UPDATES = templates.load_update_texts()
TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
LATER, LATEST, NEXT_MONTH = (make.TUESDAY + timedelta(days=days) for days in (1, 2, 40))
DAYS = (make.TUESDAY, LATER, LATEST, NEXT_MONTH)
COMMENT = "Zzyzx"
SHARED = ("", "2026-01", "2026-02", *map(str, DAYS), "search", "search?q=2601", "search?q=9999", "2026-01-01", "x")
NAMES = "Morning Papers Ada Lovelace Emmy Noether Grace Hopper BibTeX Markdown HTML local group some model empty lang"


def reader(language: str) -> Profile:
    return Profile((Topic("Rows", "rows"), Topic("Columns", "columns")), language=language)


def days_of(language: str) -> list[Digest]:
    """Days on which everything happens that a page can say."""
    subscriber = make.subscriber(profile=reader(language), pinned_authors=("Grace Hopper",), at_least=3, max_papers=4)
    papers = [entry(number, novelty=novelty) for number, novelty in ((1, 9), (2, 5), (3, None), (4, 6))]
    papers = [replace(each, score=replace(each.score, comment=COMMENT), topic="Rows") for each in papers]
    papers[1] = replace(papers[1], pinned_author="Grace Hopper", follows=SentPaper("2601.00001", make.TUESDAY, 1))
    nearest = [replace(each, is_nearest=True) for each in papers]
    usage = Usage(81_234, 4_321, 1_024, Decimal("0.02"), Decimal("0.01"))
    full = digest(
        LATER,
        [*papers[:3], nearest[3]],
        subscriber=replace(subscriber, group_by_topic=True),
        counts=Counts(1_350, 320, relevant=7, shown=4, not_scored=2, nearest=1),
        usage=usage,
        unsent=(UnsentPaper("2601.00007", "Unsent", 7, 5), UnsentPaper("2601.00008", "Unsent", 7, None)),
        weekly_best=(EarlierEntry(make.TUESDAY, papers[0]),),
        updates=EVERYTHING.updates,
        prompt="A prompt.",
        scorer="some model",
    )
    nothing = Counts(40, 30, relevant=0, shown=2, not_scored=0, nearest=2)
    return [
        digest(make.TUESDAY, papers[:1], subscriber=subscriber),
        full,
        digest(LATEST, nearest[:2], subscriber=subscriber, counts=nothing),
        replace(digest(NEXT_MONTH, subscriber=subscriber), entries=(), counts=replace(nothing, shown=0, nearest=0)),
    ]


def filled(language: str) -> MemoryStore:
    store = MemoryStore()
    for each in days_of(language):
        mail(store, each)
    store.save_paper(SavedPaper(WHO, make.NOW, make.paper("2601.00001")), most=9)
    return store


def client_of(store: Store, language: str, browser: str) -> FlaskClient:
    archives = Archives(pages(), public=lambda: {"local-group": WHO, "empty": "s_empty234"})
    profiles = ProfileService(lambda: [make.subscriber(subscriber_id=WHO)], store, no_scorer)
    part = replace(part_of(store), archives=archives, profiles=profiles)
    client = create_app(replace(part, language_of=lambda who: language if who == WHO else "")).test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = browser
    return client


def own_pages(language: str) -> dict[str, str]:
    client = client_of(filled(language), language, "en" if language != "en" else "de")
    shown = {page: client.get(f"/archive/{TOKEN}/{page}").text for page in (*SHARED, "saved")}
    bare = client_of(MemoryStore(), language, "en" if language != "en" else "de")
    return shown | {f"bare {page}": bare.get(f"/archive/{TOKEN}/{page}").text for page in ("", "saved")}


def public_pages(language: str) -> dict[str, str]:
    client = client_of(filled(language), "en" if language != "en" else "de", f"{language}-XX, en;q=0.5")
    shown = {page: client.get(f"/archive/local-group/{page}").text for page in SHARED}
    none = create_app(replace(part_of(MemoryStore()), archives=Archives(pages()))).test_client()
    by_address = none.get(f"/archive/?lang={language}").text
    others = {path: client.get(path).text for path in ("/archive/", "/archive/empty/", "/archive/dead/")}
    return shown | others | {"no archive": by_address}


def files(language: str, folder: Path) -> dict[str, str]:
    each = edition_of_files(ArchivedDigests(filled(language), WHO), language)
    write_listing(pages(), [each], folder, {})
    write_edition(pages(), each, folder / WHO)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


@cache
def known_to(language: str) -> set[str]:
    """The words of the sentences, and of what a page shows besides: names, foreign words, and days."""
    shown = [make.NOW.date(), *(make.TUESDAY.replace(day=day) for day in range(1, 32)), NEXT_MONTH]
    shown += [update.sent.digest_on for update in EVERYTHING.updates]
    shown += [NEXT_MONTH.replace(day=day) for day in range(1, 29)]
    writers = (write_date, write_short_date, write_day, write_month)
    names = [NAMES, COMMENT, WHO, "Rows Columns", *(name for day in weekdays(language) for name in day)]
    days = (write(day, language) for day in shown for write in writers)
    return known_words([TEXTS[language], UPDATES[language]], [*names, *days])


def said(html: str) -> SpokenText:
    """What the page says, without the names of languages to choose from, which are their own."""
    return SpokenText(re.sub(r'(?s)<nav class="tongues".*?</nav>', "", html))


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("shown", [own_pages, public_pages])
def test_no_page_says_a_word_of_another_language(shown: Callable[[str], dict[str, str]], language: str) -> None:
    for name, html in shown(language).items():
        page = said(html)
        assert page.language == language, name
        assert foreign_words(page.plain, known_to(language)) == set(), name


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_nor_does_a_folder_of_files(language: str, tmp_path: Path) -> None:
    for name, html in files(language, tmp_path).items():
        page = said(html)
        assert page.language == language, name
        assert foreign_words(page.plain, known_to(language)) == set(), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_readers_feeds_are_in_their_language(language: str) -> None:
    client = client_of(filled(language), language, "fr" if language != "fr" else "en")
    feed = feedparser.parse(client.get(f"/archive/{TOKEN}/feed.atom").data)
    assert not feed.bozo
    assert feed.feed.language == language
    assert feed.entries[-1].title.startswith(write_date(make.TUESDAY, language))
    assert TEXTS[language]["with_abstracts"] in feed.entries[-1].content[0].value
    saved = feedparser.parse(client.get(f"/archive/{TOKEN}/saved.atom").data)
    assert saved.feed.title == TEXTS[language]("saved_feed", name="Morning Papers")
    assert saved.entries[0].title_detail.language == "en"


def test_links_of_a_public_page_keep_the_language_that_its_address_asks_for() -> None:
    client = client_of(filled("en"), "en", "en")
    seen, asked = set[str](), {"/archive/?lang=de"}
    while asked - seen:
        page = (asked - seen).pop()
        seen.add(page)
        answer = client.get(page)
        assert (answer.status_code, said(answer.text).language) == (200, "de"), page
        main = re.sub(r'(?s)<nav class="tongues".*?</nav>|<link.*?>', "", answer.text)
        links = {urljoin(page, urldefrag(link)[0]) for link in re.findall(r'href="([^":#][^":]*)"', main)}
        asked |= {link for link in links if not re.search(r"feed\.atom|\.(bib|ris|md)$", link)}
    assert f"/archive/local-group/{LATER}?lang=de" in seen


def test_public_answers_say_that_the_browsers_language_decides() -> None:
    client = client_of(filled("en"), "en", "ja")
    for path in ("/archive/", f"/archive/local-group/{LATER}", "/archive/local-group/feed.atom"):
        answer = client.get(path)
        assert "Accept-Language" in answer.headers["Vary"]
        assert answer.headers["Content-Language"] == "ja"


def test_comments_of_a_public_archive_say_the_language_that_they_were_written_in() -> None:
    page = client_of(filled("de"), "de", "en").get(f"/archive/local-group/{LATER}").text
    assert f'<span lang="de">{COMMENT}' in page
    assert '<html lang="en">' in page


def test_a_day_of_which_there_is_no_digest_is_named() -> None:
    page = client_of(filled("de"), "de", "en").get(f"/archive/{TOKEN}/2026-01-01").text
    assert write_short_date(date(2026, 1, 1), "de") in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_known_is_said_on_a_day_and_in_a_month_as_in_the_mail(language: str) -> None:
    store, usage = MemoryStore(), Usage(1_000, 100)  # of a model without a price
    subscriber = make.subscriber(profile=reader(language))
    mail(store, digest(make.TUESDAY, [entry(1)], subscriber=subscriber, usage=usage))
    client = client_of(store, language, "en")
    cell = f"<td>{TEXTS[language]['not_known']}</td>"
    day, month = (client.get(f"/archive/{TOKEN}/{page}").text for page in (make.TUESDAY, "2026-01"))
    assert (day.count(cell), month.count(cell)) == (3, 1)
