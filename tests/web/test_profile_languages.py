"""A profile's page in the language of its reader: labels, numbers, dates, and what a press of a button did."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from babel import Locale
from babel.dates import get_day_names, get_month_names
from flask.testing import FlaskClient

from newsletter.model import RevisionOrigin
from newsletter.services.reader_texts import load
from newsletter.signing import Purpose
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.revisions import MAX_REVISIONS
from newsletter.texts import LANGUAGES
from newsletter.web import create_app
from newsletter.web.languages import LANGUAGES as NAMES
from newsletter.web.languages import load_page_texts
from tests import ROOT
from tests.browser import TOOLS
from tests.fake_profiles import FIRST, TITLES, FakeProfiles
from tests.languages import OTHER_LANGUAGES, SpokenText, foreign_words, known_words
from tests.web.site import NOW, SIGNER, WHO, part_of
from tests.web.test_profile import PROFILE, fields

TESTS, NODE = ROOT / "tests", shutil.which("node")
# Words that are no sentences: keys and kinds of the YAML, zones, an example, names, and what the fake service says.
DATA = (
    *(FIRST, *TITLES, "Near, & not it", "Tea & Papers", *NAMES.values()),
    "new cross replace replace-cross daily Europe Berlin America arXiv categories like avoid Two more many nothing",
    "min_relevance min_novelty max_papers at_least full irrelevant",
    "max_papers is a number from 0 to 999. Your profile is changed. What is different now: characters. "
    '"keywrods" is no key here; expected one of topics, keywords, max_papers. Nothing was changed: only so often a day '
    "this subscriber has had changes already try again tomorrow",
)


def site_of(store: TinyStore, language: str) -> FlaskClient:
    profiles = FakeProfiles(store, WHO, language=language)
    profiles.is_judged = True
    client = create_app(replace(part_of(store), profiles=profiles)).test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en" if language != "en" else "de"
    return client


def shown(store: TinyStore, language: str) -> dict[str, str]:
    """The page in each of its states."""
    client = site_of(store, language)
    second = {"topic-1-name": "Two", "topic-1-relevant": "more", "topic-1-irrelevant": ""}
    for number in range(MAX_REVISIONS + 1):
        origin = list(RevisionOrigin)[number % len(RevisionOrigin)]
        store.add_revision(WHO, f"{FIRST}# {number}\n", origin=origin, now=NOW + timedelta(days=number))
    after = str(MAX_REVISIONS + 1)
    yaml = {"view": "yaml", "after": after}
    posted = {
        "a preview": fields(do="preview"),
        "mistakes": fields(do="save", max_papers="many"),
        "mistakes in YAML": {**yaml, "do": "save", "text": FIRST.replace("keywords:", "keywrods:")},
        "too long": {**yaml, "do": "save", "text": "#" * 40_000},
        "YAML": fields(do="yaml"),
        "unclear": fields(do="nothing"),
        "unchanged": {**yaml, "do": "save", "text": f"{FIRST}# {MAX_REVISIONS}\n"},
        "conflict": fields(do="save", max_papers="2"),
        "shown": fields(do="show 9"),
        "shown blank": fields(do="show 0"),
        "gone": fields(do="show 1"),
        "added": fields(do="add", **second),
        "moved": fields(do="up 1", **second),
        "removed": fields(do="remove 1", **second),
        "saved": fields(do="save", max_papers="2", after=after),
    }
    return {
        "first": client.get(PROFILE).text,
        **{name: client.post(PROFILE, data=form).text for name, form in posted.items()},
        "nobody": client.get(f"/profile/{SIGNER.link(Purpose.PROFILE, 's_gone2345')}?lang={language}").text,
    }


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_no_state_of_the_page_says_a_word_of_another_language(store: TinyStore, language: str) -> None:
    texts = [load_page_texts(name)[language] for name in ("profile", "trial", "pages")]
    known = known_words(texts, [*DATA, *days_of(language)])
    for name, html in shown(store, language).items():
        page = SpokenText(html)
        assert page.language == language, name
        assert foreign_words(page.plain, known) == set(), name


def days_of(language: str) -> list[str]:
    locale = Locale.parse({"pt": "pt_PT", "zh": "zh_Hans"}.get(language, language))
    return [*get_month_names(locale=locale).values(), *get_day_names(locale=locale).values()]


def test_a_page_in_english_stays_english(store: TinyStore) -> None:
    assert SpokenText(shown(store, "en")["saved"]).language == "en"


def test_every_file_has_every_language() -> None:
    for name in ("profile", "trial"):
        assert set(load(name)) == set(LANGUAGES)


def test_values_are_chosen_in_words_and_written_as_yaml_has_them(store: TinyStore) -> None:
    page = site_of(store, "de").get(PROFILE).text
    assert '<option value="weekly">wöchentlich</option>' in page
    assert '<option value="monday">Montag</option>' in page
    assert '<option value="ja">日本語</option>' in page
    assert '<option value="true">ja</option>' in page
    assert 'placeholder="wie üblich: 7"' in page


@pytest.mark.skipif(not (TOOLS.is_dir() and NODE), reason="no html-validate here; ./run tools brings it")
def test_every_state_of_the_page_is_valid_html(store: TinyStore) -> None:
    judge = [str(NODE), str(TESTS / "tools/pages.mjs")]
    done = subprocess.run(judge, input=json.dumps(shown(store, "de")), capture_output=True, text=True, check=True)
    assert {state: problems for state, problems in json.loads(done.stdout).items() if problems} == {}
