"""What a stranger sees first: the home page and the sample; and what browsers and search engines ask a site for."""

import gzip
import re
from dataclasses import replace
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from flask.testing import FlaskClient

from newsletter.errors import ConfigError
from newsletter.signing import Purpose
from newsletter.stores.tinydb import TinyStore
from newsletter.web import Archives, amount, create_app
from newsletter.web.home import as_page
from newsletter.web.languages import LANGUAGES, load_page_texts
from tests import ROOT
from tests.archives import pages
from tests.web.site import LINK, SIGNER, WHO, part_of

MAIL = '<html lang="en"><head><title>T</title></head><body class="x"><p>The digest</p></body></html>'
PUBLIC = ("/", "/sample", "/robots.txt", "/style.css", "/favicon.svg", "/archive/")


@pytest.fixture
def client(store: TinyStore) -> FlaskClient:
    archives = Archives(pages(), "https://papers.example.org", public=lambda: {"some-archive": WHO})
    made = iter([MAIL] * 100)
    return create_app(replace(part_of(store), archives=archives, make_sample=lambda language: next(made))).test_client()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asks", ["address", "browser"])
def test_the_home_page_speaks_the_visitors_language(client: FlaskClient, language: str, asks: str) -> None:
    texts = load_page_texts("home")[language]
    path, header = (f"/?lang={language}", "ja") if asks == "address" else ("/", f"{language}-XX, tlh;q=0.9")
    answer = client.get(path, headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["Content-Language"] == language
    assert texts["title"] in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize("header", ["", "tlh", ";;q=x", "*", "de;q=0"])
def test_a_language_that_is_not_there_is_answered_in_english(client: FlaskClient, header: str) -> None:
    assert '<html lang="en">' in client.get("/?lang=tlh", headers={"Accept-Language": header}).text


def test_the_home_page_leads_to_what_there_is(store: TinyStore, client: FlaskClient) -> None:
    page = client.get("/?lang=de").text
    assert 'href="/sample?lang=de"' in page
    assert 'href="/archive/some-archive/"' in page
    assert '<link rel="canonical" href="https://papers.example.org/?lang=de">' in page
    assert "back@example.org" in page
    assert "/subscribe" not in page
    bare = create_app(part_of(store)).test_client()
    assert "/sample" not in bare.get("/").text
    assert "canonical" not in bare.get("/").text
    assert bare.get("/sample").status_code == 404


def test_the_sample_says_that_it_is_one_and_runs_nothing(client: FlaskClient) -> None:
    answer = client.get("/sample")
    assert load_page_texts("home")["en"]["sample_note"] in answer.text
    assert re.search(r"<main>\s*<p>The digest</p>\s*</main>", answer.text)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    with pytest.raises(ValueError, match="no title or no body"):
        as_page("<p>No page</p>", "", "")


def test_search_engines_are_kept_from_every_link_of_a_reader(client: FlaskClient) -> None:
    text = client.get("/robots.txt").text
    rules = RobotFileParser()
    rules.parse(text.splitlines())
    paths = {str(rule) for rule in client.application.url_map.iter_rules() if "<rest:token>" in str(rule)}
    assert {"/u/<rest:token>", "/s/<rest:token>"} <= paths
    for path in (*paths, f"{amount.PAGE.path}/<rest:token>"):  # which is there with profiles alone
        assert not rules.can_fetch("*", path.replace("<rest:token>", SIGNER.link(Purpose.PROFILE, WHO))), path
    for path in ("/", "/sample", "/subscribe", "/archive/", "/archive/some-archive/feed.atom"):
        assert rules.can_fetch("*", path)
    (pattern,) = re.findall(r"Disallow: (/archive/\S+)", text)  # the standard library knows no stars
    hides = re.compile(re.escape(pattern).replace(r"\*", ".*"))
    assert hides.match(f"/archive/{SIGNER.link(Purpose.ARCHIVE, WHO)}/2026-01-06")
    assert not hides.match("/archive/some-archive/2026-01-06.bib")
    assert "s_" not in text


@pytest.mark.parametrize("path", PUBLIC)
def test_what_anybody_may_keep_is_compressed_and_asked_for_once(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "br, gzip"})
    if len(plain.data) >= 500:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert plain.headers["Cache-Control"].startswith("public, max-age=")
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers
    assert client.get(path, headers={"If-None-Match": packed.headers["ETag"]}).status_code == 304
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize("path", [LINK, f"/profile/{'x' * 999}", f"/archive/{SIGNER.link(Purpose.ARCHIVE, WHO)}/"])
def test_a_page_behind_a_link_is_never_compressed(client: FlaskClient, path: str) -> None:
    """By its compressed length a stranger could guess at what it shows (BREACH)."""
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert len(answer.data) > 500
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_whoever_asks_too_often_has_to_wait(client: FlaskClient) -> None:
    codes = [client.get("/robots.txt").status_code for _ in range(260)]
    assert codes[0] == 200
    assert codes[-1] == 429


def test_a_copy_with_a_sentence_that_nobody_knows_shows_at_the_start(
    store: TinyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = (ROOT / "templates/texts/home.yaml").read_text(encoding="utf-8")
    own = tmp_path / "templates" / "texts"
    own.mkdir(parents=True)
    (own / "home.yaml").write_text(shipped.replace("  look: Ein Beispiel", "  lock: Ein Beispiel"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape("de.lock: is no sentence that the program knows")):
        create_app(part_of(store))


def test_every_language_is_there() -> None:
    assert set(load_page_texts("home")) == set(LANGUAGES)
