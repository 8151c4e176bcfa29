"""Every page behind a link, in every language: a reader's in theirs, a stranger's in the browser's."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from newsletter.errors import ConfigError
from newsletter.mail.inbound import Command
from newsletter.mail.responses import word
from newsletter.model import SuppressionReason
from newsletter.signing import Purpose
from newsletter.stores import Store
from newsletter.texts import LANGUAGES, write_date, write_short_date
from newsletter.web import create_app
from newsletter.web.languages import PAGE_TEXTS, SHARED, load_page_texts
from tests import make
from tests.fakes import MemoryStore
from tests.languages import OTHER_LANGUAGES, SpokenText, foreign_words
from tests.web.site import LINK, SIGNER, WHO, part_of, suppress_for

PAUSE = f"/pause/{SIGNER.link(Purpose.PAUSE, WHO)}"
DEAD = ("/u/dead", "/pause/dead", "/v/dead", "/s/dead")
FILES = (SHARED, *PAGE_TEXTS)


def site_of(language: str, store: Store | None = None) -> FlaskClient:
    """A site whose only reader reads in this language."""
    store = store or MemoryStore()
    part = replace(part_of(store), language_of=lambda who: language if who == WHO else "")
    return create_app(part).test_client()


def readers_pages(language: str) -> dict[str, str]:
    """Every page that a reader can see behind their links, asked with a browser of another language."""
    store = MemoryStore()
    client = site_of(language, store)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en" if language != "en" else "de"
    shown = {
        "leave": client.get(LINK),
        "no day": client.post(LINK, data={"wish": "pause", "until": "2020-01-01"}),
        "pause": client.get(PAUSE),
        "paused": client.post(PAUSE, data={"wish": "pause", "weeks": "2"}),
        "left": client.post(LINK, data={"wish": "leave"}),
        "back in a pause": client.post(LINK, data={"wish": "return"}),
        "resumed": client.post(PAUSE, data={"wish": "resume"}),
        "back": client.post(LINK, data={"wish": "return"}),
    }
    suppress_for(store, SuppressionReason.HARD_BOUNCE)
    client.post(LINK, data={"wish": "leave"})
    shown |= {"no way back": client.get(LINK), "nothing to pause": client.get(PAUSE)}
    suppress_for(store, SuppressionReason.COMPLAINT)
    shown |= {"complaint": client.get(LINK)}
    return {name: answer.text for name, answer in shown.items()}


def strangers_pages(language: str) -> dict[str, str]:
    """Every page that says nothing of a reader, asked with a browser of this language."""
    client = site_of("", MemoryStore())
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = f"{language}-XX, en;q=0.5"
    shown = {path: client.get(path) for path in (*DEAD, "/nowhere")}
    shown |= {"405": client.put(LINK), "413": client.post(LINK, data="x" * 9000)}
    shown |= {"429": next(answer for answer in (client.get(LINK) for _ in range(99)) if answer.status_code == 429)}
    return {name: answer.text for name, answer in shown.items()}


def data_of(language: str) -> list[str]:
    """What a page shows besides sentences: the newsletter's name, and days."""
    days = (make.TUESDAY, make.TUESDAY.replace(month=2), make.TUESDAY.replace(year=2027))
    commands = [word(command, language) for command in (Command.UNSUBSCRIBE, Command.PAUSE, Command.PROFILE)]
    return [
        "Tea & Papers",
        *commands,
        *(write(day, language) for day in days for write in (write_date, write_short_date)),
    ]


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("pages", [readers_pages, strangers_pages])
def test_no_page_says_a_word_of_another_language(pages, language: str) -> None:  # type: ignore[no-untyped-def]
    texts = [load_page_texts(file)[language] for file in FILES]
    for name, html in pages(language).items():
        page = SpokenText(html)
        assert page.language == language, name
        assert foreign_words(page.plain, texts, data_of(language)) == set(), name


def test_every_file_has_every_language() -> None:
    for file in FILES:
        assert set(load_page_texts(file)) == set(LANGUAGES), file


def test_the_browser_is_asked_where_nobody_is_known_by_the_link_or_the_list_cannot_be_read() -> None:
    def broken(who: str) -> str:
        raise ConfigError("subscribers.yaml is not there")

    for language_of in (broken, lambda who: "", lambda who: "tlh"):
        client = create_app(replace(part_of(MemoryStore()), language_of=language_of)).test_client()
        page = client.get(LINK, headers={"Accept-Language": "fr"})
        assert (SpokenText(page.text).language, page.headers["Content-Language"]) == ("fr", "fr")
        assert SpokenText(client.get(f"{LINK}?lang=ja").text).language == "ja"
        assert SpokenText(client.get(LINK).text).language == "en"


def test_a_dead_link_teaches_the_word_of_its_language() -> None:
    client = site_of("")
    for language, word in (("en", "unsubscribe"), ("de", "abmelden"), ("ja", "%E9%85%8D%E4%BF%A1%E5%81%9C%E6%AD%A2")):
        assert f"mailto:back@example.org?subject={word}" in client.get(f"/u/dead?lang={language}").text


def test_our_own_fault_is_owned_up_to_in_the_readers_language() -> None:
    class BrokenStore(MemoryStore):
        def get_address_status(self, subscriber_id: str):  # type: ignore[no-untyped-def]
            raise RuntimeError("a bug")

    page = site_of("it", BrokenStore()).get(LINK)
    assert (page.status_code, SpokenText(page.text).language) == (500, "it")
    assert load_page_texts("problems")["it"]["not_now"] in page.text


def test_the_day_of_a_pause_is_written_as_its_language_writes_it() -> None:
    page = site_of("de").post(PAUSE, data={"wish": "pause", "until": "2026-02-03"}).text
    assert "Ab Dienstag, 3. Februar 2026 kommen" in page
