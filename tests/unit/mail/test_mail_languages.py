"""Mails in each language: none has a sentence of another one, and every line of a text part fits a screen."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.files import resources
from newsletter.line_breaks import columns
from newsletter.mail import responses, sample_digest
from newsletter.mail.message import MailIdentity, MailLinks, VoteLinks
from newsletter.mail.render import Brand, Renderer
from newsletter.mail.templates import load_notices, load_update_texts
from newsletter.mail.welcome import FILE, FORMER_KEYS
from newsletter.model import Digest, Frequency, LibraryPaper, Profile, Topic
from newsletter.papers import taxonomy
from newsletter.services import signup
from newsletter.signing import Signer
from newsletter.texts import LANGUAGES, TextsByLanguage, name_weekday, write_date
from tests import welcome_sample
from tests.languages import OTHER_LANGUAGES, SpokenText, foreign_words, known_words

WELCOME = resources.load_texts(FILE, former=FORMER_KEYS)
FILES = {
    "service": resources.load_texts(responses.FILE),
    "subscribe": resources.load_texts(signup.FILE),
    "welcome": WELCOME,
    "notices": load_notices(),
    "updates": load_update_texts(),
}
SAME = {"changed.text", "quoted"}  # a sentence that is nothing but its value may be the same in two languages


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("texts", FILES.values(), ids=FILES)
def test_no_sentence_is_left_in_english(texts: TextsByLanguage, language: str) -> None:
    assert set(texts) == set(LANGUAGES)
    english, own = texts["en"].sentences, texts[language].sentences
    assert {key for key in own if own[key] == english[key]} <= SAME


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("identity", [welcome_sample.WHOLE, welcome_sample.PLAIN], ids=["whole", "plain"])
@pytest.mark.parametrize("frequency", Frequency)
def test_a_welcome_has_no_word_of_another_language(language: str, identity: MailIdentity, frequency: Frequency) -> None:
    profile = replace(welcome_sample.PROFILE, language=language)
    reader = welcome_sample.reader(profile=profile, frequency=frequency)
    content = replace(welcome_sample.CONTENT, reader=reader)
    mail = welcome_sample.render(content, identity)
    page = SpokenText(mail.html)
    assert page.language == language
    data = [
        *(write_date(on, language) for on in (content.first_on, content.best_on) if on),
        *(name_weekday(day, language) for day in range(7)),
        *(responses.word(command, language) for command in (responses.Command.PROFILE, responses.Command.UNSUBSCRIBE)),
        *(f"{topic.name} {topic.relevant}" for topic in profile.topics),
        *(*profile.like, *reader.pinned_authors, *(taxonomy.CATEGORIES[code] for code in reader.categories)),
        *(f"{each.paper.title} {' '.join(each.paper.authors)} {each.score.comment}" for each in content.best),
        "Morning Papers, 1 Pot Lane",
    ]
    for said in (mail.subject, page.plain, mail.text.partition("Thank you to arXiv")[0]):
        assert not foreign_words(said, known_words([WELCOME[language]], data))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_a_welcomes_text_is_wider_than_a_screen(language: str) -> None:
    profile = replace(welcome_sample.PROFILE, language=language)
    content = replace(welcome_sample.CONTENT, reader=welcome_sample.reader(profile=profile))
    assert too_wide(welcome_sample.render(content).text) == []


# --- the lines of a digest's text part

WEB = MailLinks(
    "x@example.org",
    "https://example.org/u/token",
    profile_url="https://example.org/profile/token",
    web_url="https://example.org/archive/token",
    more_papers_url="https://example.org/amount/a",
    fewer_papers_url="https://example.org/amount/b",
    vote_links=VoteLinks("https://example.org", Signer(["a key"]), "s_template"),
)
DIGESTS = {
    name: getattr(sample_digest, name)
    for name in ("EVERYTHING", "PARTLY_JUDGED", "BY_WORDS", "BY_TOPIC", "NOTHING", "FILLED_UP", "NEAREST_ONLY")
}
RENDERER = Renderer(Brand("A name of a newsletter", "x@example.org"), resources.folders("templates/email"))


def too_wide(text: str) -> list[str]:
    return [line for line in text.splitlines() if columns(line) > 78 and "://" not in line]


def lengthened(digest: Digest, language: str) -> Digest:
    """The digest with long words, as its reader may write them, wherever the frame puts some beside its own."""
    words = "关于高效模型训练与推理的很长的主题" * 4 if language in {"zh", "ja"} else "a long name of a topic " * 5
    own = digest.subscriber.profile.topics
    topics = tuple(replace(topic, name=f"{words}{number}") for number, topic in enumerate(own))
    entries = tuple(
        replace(
            entry,
            topic=entry.topic and topics[0].name,
            score=replace(entry.score, comment=words * 2),
            pinned_author=entry.pinned_author and "Ada Lovelace of London",
        )
        for entry in digest.entries
    )
    profile = replace(digest.subscriber.profile, language=language, topics=topics)
    categories = ("cs.LG", "cs.AI", "cs.CL", "stat.ML", "math.OC") * 4
    return replace(
        digest, subscriber=replace(digest.subscriber, profile=profile, categories=categories), entries=entries
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
@pytest.mark.parametrize("links", [WEB, MailLinks("x@example.org", is_read=True), None], ids=["web", "replies", "none"])
def test_no_line_of_a_digests_text_is_wider_than_a_screen(
    digest: Digest, language: str, links: MailLinks | None
) -> None:
    assert too_wide(RENDERER.render(lengthened(digest, language), links).text) == []


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_the_readers_profile_is_worded_in_the_readers_language(language: str) -> None:
    profile = Profile(
        language=language,
        topics=(Topic("qqq", "www", "eee"),),
        like=("rrr",),
        avoid=("ttt",),
        papers=(LibraryPaper("yyy", "yyy"),),
    )
    english, own = (set(re.findall(r"\w+", RENDERER.profile_text(profile, each))) for each in ("en", language))
    theirs = {"qqq", "www", "eee", "rrr", "ttt", "yyy"}
    assert english - theirs == {"1", "Relevant", "Irrelevant", "Keywords", "Papers", "you", "keep"}
    assert theirs <= own
    assert not own & {"Irrelevant", "Keywords", "Papers", "you", "keep"}


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_a_price_that_is_not_known_is_said_so_in_the_readers_language(language: str) -> None:
    profile = replace(sample_digest.EVERYTHING.subscriber.profile, language=language)
    digest = replace(sample_digest.EVERYTHING, subscriber=replace(sample_digest.EVERYTHING.subscriber, profile=profile))
    assert "n/a" in RENDERER.render(sample_digest.EVERYTHING).text
    assert "n/a" not in RENDERER.render(digest).text + RENDERER.render(digest).html


def test_a_copy_of_the_digests_sentences_may_leave_some_out(tmp_path: Path) -> None:
    (tmp_path / "digest.yaml").write_text("en: {contents: All of it}\n", encoding="utf-8")
    folders = [tmp_path, *resources.folders("templates/email")]
    renderer = Renderer(Brand("X", "x@example.org"), folders)
    text = renderer.render(sample_digest.BY_TOPIC).text
    assert "ALL OF IT" in text
    assert "relevance" in text
