"""What every page has: headers, no script, no cookie, words a reader understands; and what machines ask."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from newsletter.app import build_web
from newsletter.errors import ConfigError
from newsletter.model import SuppressionReason
from newsletter.settings import Settings
from newsletter.signing import Purpose
from newsletter.stores.tinydb import TinyStore
from newsletter.theme import contrast, stylesheet
from newsletter.web import Archives, check_app, create_app
from tests.archives import pages as archive_pages
from tests.fake_profiles import FakeProfiles
from tests.web.site import LINK, SIGNER, WHO, part_of, suppress_for
from tests.web.test_vote_links import LESS, MORE, mailed

PROFILE = f"/profile/{SIGNER.link(Purpose.PROFILE, WHO)}"
PAUSE = f"/pause/{SIGNER.link(Purpose.PAUSE, WHO)}"
FILES = ("/style.css", "/editor.js", "/zone.js", "/papers.js", "/favicon.svg", "/favicon.ico", "/robots.txt")
PATHS = (LINK, PAUSE, PROFILE, "/u/dead", MORE, "/v/dead", "/nowhere", "/health", "/ready", "/metrics", *FILES)
STYLE = stylesheet()


@pytest.fixture
def client(store: TinyStore) -> FlaskClient:
    return create_app(replace(part_of(store), profiles=FakeProfiles(store, WHO))).test_client()


def pages(store: TinyStore, client: FlaskClient) -> dict[str, str]:
    """Every page a reader can see."""
    shown = {
        "leave": client.get(LINK).text,
        "left": client.post(LINK, data={"wish": "leave"}).text,
        "back": client.post(LINK, data={"wish": "return"}).text,
        "dead": client.get("/u/dead").text,
        "404": client.get("/nowhere").text,
        "405": client.put(LINK).text,
        "413": client.post(LINK, data="x" * 9000).text,
        "pause": client.get(PAUSE).text,
        "paused": client.post(PAUSE, data={"wish": "pause", "weeks": "2"}).text,
        "profile": client.get(PROFILE).text,
        "dead profile": client.get("/profile/dead").text,
    }
    mailed(store)
    shown |= {
        "vote": client.get(MORE).text,
        "voted": client.post(MORE, data={"wish": "more"}).text,
        "taken back": client.post(LESS, data={"wish": "undo"}).text,
        "dead vote": client.get("/v/dead").text,
    }
    suppress_for(store, SuppressionReason.COMPLAINT)
    return shown | {"complaint": client.get(LINK).text}


class Outline(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers_that_protect_a_reader(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert ("script-src 'self'" in policy) == (path == PROFILE)
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers
    assert (headers["Cache-Control"] == "no-store") == (path not in FILES)


def test_every_page_is_whole_without_script_and_says_its_language(store: TinyStore, client: FlaskClient) -> None:
    calm = {"pause": 4, "profile": 6, "voted": 2}  # undo, or turn round; a form of many parts
    scripts = {"profile": ['<script src="/editor.js" defer></script>']}
    for name, text in pages(store, client).items():
        outline = Outline(text)
        assert outline.tags.count("h1") == 1, name
        assert ("lang", "en") in outline.attributes, name
        assert re.sub("<details.*?</details>", "", text, flags=re.DOTALL).count("<button") <= calm.get(name, 1), name
        assert not {"style", "img", "iframe"} & set(outline.tags), name
        assert re.findall("<script.*?</script>", text) == scripts.get(name, []), name
        assert not any(key == "style" or key.startswith("on") for key, _ in outline.attributes), name
        assert "Tea &amp; Papers" in text, name
        assert "back@example.org" in text or "<form" in text, name


def test_other_methods_and_addresses_are_refused_calmly(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404
    refused = client.delete(LINK)
    assert refused.status_code == 405
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))


def test_health_and_metrics(client: FlaskClient) -> None:
    health, metrics = client.get("/health"), client.get("/metrics")
    assert (health.status_code, health.text) == (200, "ok\n")
    assert (client.get("/ready").status_code, client.get("/ready").text) == (200, "ready\n")
    assert (metrics.status_code, metrics.data) == (200, b"newsletter_runs 1\n")
    assert metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_an_operators_own_template_takes_the_place_of_the_shipped_one(
    store: TinyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "templates" / "web"
    own.mkdir(parents=True)
    (own / "leave.html").write_text("Our own words to {{ brand_name }}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert create_app(part_of(store)).test_client().get(LINK).text == "Our own words to Tea &amp; Papers"


@pytest.mark.parametrize(
    ("text", "message"),
    [("{% if %}", "templates/web/left.html:1"), ("{{ mistyped }}", "templates/web/left.html: 'mistyped' is undefined")],
)
def test_a_broken_template_shows_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    own = tmp_path / "templates" / "web"
    own.mkdir(parents=True)
    (own / "left.html").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(message)):
        build_web(Settings(state=tmp_path / "state", subscribers=tmp_path / "subscribers.yaml", _env_file=None))


def test_every_page_can_be_filled_whatever_the_newsletter_offers(store: TinyStore) -> None:
    bare = part_of(store)
    with_archive = replace(bare, archives=Archives(archive_pages(), "https://papers.example.org"))
    whole = replace(with_archive, profiles=FakeProfiles(store, WHO), make_sample=lambda language: "a sample")
    for part in (bare, with_archive, whole):
        check_app(create_app(part))


def colours(block: str) -> dict[str, str]:
    found = dict(re.findall(r"--([a-z-]+): ?(#[0-9a-f]{3,6}|var\(--[a-z]+\));", block))
    return {name: found[value[6:-1]] if value.startswith("var") else value for name, value in found.items()}


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        *(("ink", "sheet"), ("soft", "sheet"), ("accent", "sheet"), ("link", "sheet"), ("on-button", "button")),
        *(
            (front, back)
            for front in ("ink", "soft", "accent", "link", "text-value", "bad")
            for back in ("field", "bad-ground")
        ),
    ],
)
def test_text_stands_out_from_its_ground(mode: int, front: str, back: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    theme_light, theme_dark, light_root, dark_root = re.findall(r":root ?\{(.*?)\}", STYLE, re.DOTALL)
    palette = colours(theme_light + light_root + (theme_dark + dark_root if mode else ""))
    assert contrast(palette[front], palette[back]) >= 4.5
