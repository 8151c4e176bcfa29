"""The welcome: what it says in which language, what is escaped, and what a copy of its sentences must have.

`--update-golden` writes tests/golden/welcome/ again; read what came out.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from newsletter.files import resources
from newsletter.mail.inbound.command_words import WORDS, Command
from newsletter.mail.message import MailIdentity, build_welcome
from newsletter.mail.welcome import FILE, FORMER_KEYS, WelcomeContent
from newsletter.model import Frequency, Topic
from tests import TESTS
from tests.welcome_sample import CONTENT, HOSTILE, NOW, PLAIN, PROFILE, RENDERER, TEXTS, WHOLE, reader, render


def in_language(language: str) -> WelcomeContent:
    return replace(CONTENT, reader=reader(profile=replace(PROFILE, language=language)))


def test_the_expected_mail_comes_out(request: pytest.FixtureRequest) -> None:
    mail = build_welcome(CONTENT.reader, render(), WHOLE, now=NOW)
    made = {"welcome.eml": mail.mime.as_bytes(), "welcome.de.txt": render(in_language("de")).text.encode()}
    folder = TESTS / "golden/welcome"
    if request.config.getoption("--update-golden"):
        folder.mkdir(exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content)
    for name, content in made.items():
        assert content.decode() == (folder / name).read_bytes().decode(), name


def test_it_has_every_header_of_a_list_and_the_sender_of_the_digests() -> None:
    mail = build_welcome(CONTENT.reader, render(), WHOLE, now=NOW)
    assert mail.mime["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.mime["Message-ID"] == "<service.2026-01-06.s-abcd2345.welcome@example.org>"
    assert mail.delivery_id == "service/2026-01-06.s-abcd2345.welcome"
    assert (mail.to, mail.mime["From"], mail.mime["List-Id"]) == (
        *("ada@example.org", "Morning Papers <digest@example.org>"),
        "<digest.example.org>",
    )
    assert mail.envelope_from.startswith("bounces+")


def test_at_most_three_papers_are_shown_each_with_its_link_and_nothing_foreign_is_obeyed() -> None:
    topic = Topic(HOSTILE, HOSTILE * 2)
    rendered = render(replace(CONTENT, reader=reader(profile=replace(PROFILE, topics=(topic,)))))
    for part in (rendered.html, rendered.text):
        assert [f"arxiv.org/abs/2601.0000{number}" in part for number in (1, 2, 3, 4)] == [True, True, True, False]
        assert "49" not in part
        assert "{name}" in part
    assert "<script>" not in rendered.html
    assert rendered.html.isascii()
    assert "Folding α-helices" in rendered.text


def test_a_topic_whose_words_are_its_name_is_said_once_and_a_long_one_is_cut() -> None:
    text = " ".join(render().text.split())
    assert text.lower().count("trees") == 1
    assert text.count("Attention whose cost grows") == 4


def test_without_papers_there_is_no_word_of_them() -> None:
    rendered = render(WelcomeContent(reader(), date(2026, 1, 7)))
    assert "best of" not in (rendered.html + rendered.text).lower()
    assert "arxiv.org" not in rendered.html


@pytest.mark.parametrize(
    ("identity", "has", "lacks"),
    [
        (WHOLE, ["/profile/", "/u/", "Reply with the word “profile”", "“unsubscribe”"], ["a person reads it"]),
        (replace(WHOLE, is_read=False), ["/profile/", "/u/", "“unsubscribe”"], ["“profile”", "a person reads it"]),
        (replace(WHOLE, base_url=""), ["Reply with the word “profile”", "“unsubscribe”"], ["/profile/", "/u/"]),
        (PLAIN, ["a person reads it", "“unsubscribe”"], ["“profile”", "/profile/", "/u/"]),
    ],
)
def test_it_teaches_what_works_here_and_nothing_else(identity: MailIdentity, has: list[str], lacks: list[str]) -> None:
    text = render(identity=identity).text
    assert [each for each in has if each not in text] == []
    assert [each for each in lacks if each in text] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frequency": Frequency.DAILY}, "Every day with new papers, from 07:10 on (Europe/Berlin)"),
        ({"frequency": Frequency.WEEKDAYS}, "Monday to Friday, from 07:10 on (Europe/Berlin)"),
        ({"frequency": Frequency.WEEKLY, "weekday": 4}, "Once a week, on Friday, from 07:10 on (Europe/Berlin)"),
        ({"zone": "America/New_York"}, "from 07:10 on (America/New York)"),
    ],
)
def test_it_says_when_the_mail_comes(changes: dict[str, object], said: str) -> None:
    assert said in render(replace(CONTENT, reader=reader(**changes))).text


def test_the_first_mail_has_a_date_or_comes_today() -> None:
    assert "First mail: Wednesday, 7 January 2026" in render().text
    assert "First mail: today" in render(replace(CONTENT, first_on=None)).text


@pytest.mark.parametrize("language", sorted(WORDS))
def test_it_is_whole_in_every_language_of_the_replies(language: str) -> None:
    rendered = render(in_language(language))
    english = render()
    assert f'<html lang="{language}"' in rendered.html
    assert (rendered.subject == english.subject) == (language == "en")
    assert WORDS[language].commands[Command.UNSUBSCRIBE].partition("|")[0] in rendered.text
    assert "2026" in rendered.text


def test_a_language_without_sentences_has_the_english_ones() -> None:
    assert render(in_language("tlh")).subject == "Welcome to Morning Papers"


def test_the_check_fills_every_branch() -> None:
    RENDERER.check_welcome(TEXTS)


def test_a_copy_in_the_form_of_before_goes_on_being_read(tmp_path: Path) -> None:
    own = tmp_path / FILE
    own.parent.mkdir(parents=True)
    lists = f"weekdays: [{'a, ' * 7}]\n  months: [{'b, ' * 12}]"
    own.write_text(f'en:\n  title: "Hello"\n  date: "{{weekday}} {{day}}"\n  {lists}\n', encoding="utf-8")
    texts = resources.load_texts(FILE, tmp_path, former=FORMER_KEYS)
    rendered = RENDERER.render_welcome(CONTENT, texts, PLAIN.links_for("s_abcd2345", NOW.date()))
    assert "Hello" in rendered.text
    assert "First mail: Wednesday, 7 January 2026" in rendered.text
