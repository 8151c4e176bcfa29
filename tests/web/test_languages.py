"""Every page behind a link, in every language: a reader's in theirs, a stranger's in the browser's."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import flask
import pytest
from flask.testing import FlaskClient

from newsletter.errors import ConfigError
from newsletter.mail.inbound import Command
from newsletter.mail.inbound.body_text import OwnText
from newsletter.mail.inbound.commands import find_wish
from newsletter.mail.responses import word
from newsletter.model import SavedPaper, SuppressionReason
from newsletter.services.saved import MOST_SAVED
from newsletter.signing import Purpose, save_token
from newsletter.stores import Store
from newsletter.texts import LANGUAGES, write_date, write_short_date
from newsletter.web import Archives, check_templates, create_app, pause, profile, saved, subscribe, unsubscribe, votes
from newsletter.web import app as web_app
from newsletter.web.languages import LANGUAGES as NAMES
from newsletter.web.languages import PAGE_TEXTS, SHARED, load_page_texts
from tests import ROOT, TESTS, make
from tests.archives import pages
from tests.browser import TOOLS
from tests.fakes import MemoryStore
from tests.languages import OTHER_LANGUAGES, SpokenText, foreign_words, known_words
from tests.mail.test_judges import NODE
from tests.web.site import LINK, NOW, SIGNER, WHO, part_of, suppress_for
from tests.web.test_subscribe import EVE, FORM, SignUpSite
from tests.web.test_vote_links import LESS, MORE, PAPER, mailed

PAUSE = f"/pause/{SIGNER.link(Purpose.PAUSE, WHO)}"
SAVE = f"/s/{save_token(SIGNER, WHO, PAPER.arxiv_id)}"
DEAD = ("/u/dead", "/pause/dead", "/v/dead", "/s/dead")
SPEAKING = (web_app, unsubscribe, pause, votes, saved, subscribe)  # the modules whose pages these are
FILES = (SHARED, *PAGE_TEXTS, "trial")


def site_of(language: str, store: Store | None = None, archives: Archives | None = None) -> FlaskClient:
    """A site whose only reader reads in this language."""
    part = replace(part_of(store or MemoryStore()), archives=archives)
    return create_app(replace(part, language_of=lambda who: language if who == WHO else "")).test_client()


def readers_pages(language: str) -> dict[str, str]:
    """Every page that a reader can see behind their links, asked with a browser of another language."""
    store = MemoryStore()
    mailed(store)
    client = site_of(language, store, archives=Archives(pages()))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en" if language != "en" else "de"
    shown = {
        **{f"vote {wish}": client.get(link) for link, wish in ((MORE, "more"), (LESS, "less"))},
        **{f"voted {wish}": client.post(MORE, data={"wish": wish}) for wish in ("more", "less", "undo")},
        "save": client.get(SAVE),
        **{f"after {wish}": client.post(SAVE, data={"wish": wish}) for wish in ("save", "remove")},
        "unknown": client.post(f"/s/{save_token(SIGNER, WHO, '2601.09999')}", data={"wish": "save"}),
        "leave": client.get(LINK),
        "no day": client.post(LINK, data={"wish": "pause", "until": "2020-01-01"}),
        "pause": client.get(PAUSE),
        "paused": client.post(PAUSE, data={"wish": "pause", "weeks": "2"}),
        "left": client.post(LINK, data={"wish": "leave"}),
        "back in a pause": client.post(LINK, data={"wish": "return"}),
        "resumed": client.post(PAUSE, data={"wish": "resume"}),
        "back": client.post(LINK, data={"wish": "return"}),
    }
    for number in range(MOST_SAVED):
        store.save_paper(SavedPaper(WHO, NOW, make.paper(f"2501.{number:05}")), most=MOST_SAVED)
    shown |= {"a full list": client.post(SAVE, data={"wish": "save"})}
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


def subscribing_pages(language: str) -> dict[str, str]:
    """Every page on the way in: a stranger's by the browser, then those of the mail by what was chosen in the form."""
    site = SignUpSite(MemoryStore(), most=1)
    site.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = f"{language}-XX, en;q=0.5"
    wrong = {"email": "eve", "name": "x" * 101, "words": "\0", "zone": "berlin", "frequency": "x", "language": "x"}
    shown = {
        "form": site.get(),
        "mistakes": site.post(**wrong, categories=["cs.LG"] * 51),
        "other mistakes": site.post(email="été@example.org", words="", categories=None, zone="x"),
        "more mistakes": site.post(email="eve@example", categories=["cs.XX"]),
        "asked": site.post(language=language),
    }
    link = site.link()
    shown |= {"dead link": site.get("/confirm/dead")}
    site.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en" if language != "en" else "de"
    shown |= {"confirm": site.get(link), "welcome": site.press(link)}
    shown |= {"full": site.get(f"/subscribe?lang={language}")}
    site.client.post(f"/u/{SIGNER.link(Purpose.UNSUBSCRIBE, EVE)}", data={"wish": "leave"})
    shown |= {"left": site.get(link)}
    site.now += timedelta(days=9)
    shown |= {"old": site.get(link)}
    many = SignUpSite(MemoryStore())
    answers = [many.post(email=f"eve{n}@example.org", language=language) for n in range(subscribe.FORMS_PER_CLIENT)]
    assert {answer.status_code for answer in answers} == {200}
    by = {"REMOTE_ADDR": "93.184.216.34"}
    shown |= {"many": many.client.post(f"/subscribe?lang={language}", data=FORM, environ_base=by)}
    return {name: answer.text for name, answer in shown.items()}


def sample_pages(language: str) -> dict[str, str]:
    """The pages as the start tries them, in all their states, with the rarest."""
    app = create_app(replace(part_of(MemoryStore()), make_sample=lambda language: "a sample"))
    app.jinja_env.globals.update(subscribe_url="/subscribe")
    tried = [profile.PAGE.dead_link, *(sample for module in SPEAKING for sample in module.SAMPLES)]
    with app.test_request_context(headers={"Accept-Language": language}):
        return {f"{number} {name}": flask.render_template(name, **data) for number, (name, data) in enumerate(tried)}


def data_of(language: str) -> list[str]:
    """What a page shows besides sentences: names, words of the reader's, commands, and days."""
    days = (make.TUESDAY, date(2026, 2, 3), date(2027, 1, 7), date(2026, 1, 12))
    commands = [word(command, language) for command in (Command.UNSUBSCRIBE, Command.PAUSE, Command.PROFILE)]
    names = ["Tea & Papers", "A note.", *NAMES.values(), "Graphs & trees. And more.", "Europe Berlin America New York"]
    return [*names, *commands, *(write(day, language) for day in days for write in (write_date, write_short_date))]


WHOLE = (SHARED, "leave", "papers", "problems", "subscribe")  # the files of which every sentence is on a page here
PAGES = (readers_pages, strangers_pages, subscribing_pages, sample_pages)


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("shown", PAGES)
def test_no_page_says_a_word_of_another_language(shown: Callable[[str], dict[str, str]], language: str) -> None:
    known = known_words([load_page_texts(file)[language] for file in FILES], data_of(language))
    for name, html in shown(language).items():
        page = SpokenText(html)
        assert page.language == language, name
        assert foreign_words(page.plain, known) == set(), name


@pytest.mark.skipif(not (TOOLS.is_dir() and NODE), reason="no html-validate here; ./run tools brings it")
def test_every_page_is_valid_html() -> None:
    pages = {f"{shown.__name__} {name}": html for shown in PAGES for name, html in shown("fr").items()}
    judge = [str(NODE), str(TESTS / "tools/pages.mjs")]
    done = subprocess.run(judge, input=json.dumps(pages), capture_output=True, text=True, check=True)
    assert {page: problems for page, problems in json.loads(done.stdout).items() if problems} == {}


def test_every_sentence_is_said_on_some_page() -> None:
    """A sentence that no page says is left over, or its page is not among those that are tried here."""
    said = "\n".join(SpokenText(html).plain for shown in PAGES for html in shown("de").values())
    for file in WHOLE:
        for key, sentence in load_page_texts(file)["de"].sentences.items():
            forms = sentence.values() if isinstance(sentence, Mapping) else [sentence]
            parts = [[part.strip() for part in re.split(r"\{.*?\}", form)] for form in forms]
            assert any(all(part in said for part in each) for each in parts), f"{file}: {key}"


@pytest.mark.parametrize("file", FILES)
def test_every_file_has_every_language_and_keys_of_its_own(file: str) -> None:
    texts = load_page_texts(file)
    assert set(texts) == set(LANGUAGES)
    if file in WHOLE[1:]:
        assert not texts["en"].sentences.keys() & load_page_texts(SHARED)["en"].sentences.keys()


@pytest.mark.parametrize("file", WHOLE)
def test_a_copy_with_a_mistake_shows_at_the_start(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"templates/texts/{file}.yaml"
    own = tmp_path / name
    own.parent.mkdir(parents=True)
    own.write_text((ROOT / name).read_text(encoding="utf-8") + "  tea: お茶\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=rf"{name}[\s\S]*ja\.tea: is no sentence that the program knows"):
        check_templates("Tea & Papers", "back@example.org")


def test_the_browser_is_asked_where_nobody_is_known_by_the_link_or_the_list_cannot_be_read() -> None:
    def broken(who: str) -> str:
        raise ConfigError("subscribers.yaml is not there")

    for language_of in (broken, lambda who: "", lambda who: "tlh"):
        client = create_app(replace(part_of(MemoryStore()), language_of=language_of)).test_client()
        page = client.get(LINK, headers={"Accept-Language": "fr"})
        assert (SpokenText(page.text).language, page.headers["Content-Language"]) == ("fr", "fr")
        assert SpokenText(client.get(f"{LINK}?lang=ja").text).language == "ja"
        assert SpokenText(client.get(LINK).text).language == "en"


def test_who_leaves_has_left_although_nobody_can_say_in_which_language_they_read() -> None:
    def broken(who: str) -> str:
        raise RuntimeError("a bug")

    store = MemoryStore()
    client = create_app(replace(part_of(store), language_of=broken)).test_client()
    page = client.post(LINK, data={"wish": "leave"}, headers={"Accept-Language": "fr"})
    assert (page.status_code, SpokenText(page.text).language) == (500, "fr")
    assert store.get_address_status(WHO).suppression is not None


def test_a_dead_link_teaches_the_word_of_its_language() -> None:
    client = site_of("")
    for language, taught in (("en", "unsubscribe"), ("de", "abmelden"), ("ja", "%E9%85%8D%E4%BF%A1")):
        assert f"mailto:back@example.org?subject={taught}" in client.get(f"/u/dead?lang={language}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_that_a_dead_link_teaches_is_understood_in_a_mail(language: str) -> None:
    client = site_of("")
    for path, command in (("/u", Command.UNSUBSCRIBE), ("/pause", Command.PAUSE)):
        (mail,) = re.findall('href="mailto:([^"]+)"', client.get(f"{path}/dead?lang={language}").text)
        (subject,) = parse_qs(mail.partition("?")[2])["subject"]
        wish = find_wish(subject, OwnText(), make.TUESDAY, lambda line: ())
        assert wish is not None
        assert wish.command is command


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
