"""What a digest tells beside papers: every kind in every language, with its values and nobody's markup."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.mail.message import MailLinks
from newsletter.mail.notices import write_notice
from newsletter.mail.render import Brand, Renderer
from newsletter.mail.sample_digest import EVERYTHING, NEAREST_ONLY
from newsletter.mail.templates import load_notices
from newsletter.model import Notice, NoticeKind
from newsletter.texts import LANGUAGES
from tests.languages import foreign_words, known_words

TEXTS = load_notices()
RENDERER = Renderer(Brand("Xyzzy", "x@example.org"), resources.folders("templates/email"))
NOTICES = (
    Notice(NoticeKind.FEEDS_FAILED, {"feeds": ("cs.LG", "cs.AI", "cs.CL")}),
    Notice(NoticeKind.FEEDS_LATE, {"feeds": ("cs.LG",)}),
    Notice(NoticeKind.FEEDS_INCOMPLETE, {"feeds": ("cs.LG", "cs.AI")}),
    Notice(NoticeKind.FEEDS_IN_PORTIONS, {"feeds": ("openreview:ICLR.cc/2026/Conference",)}),
    Notice(NoticeKind.MODEL_NOT_REACHED),
    Notice(NoticeKind.MODEL_WITHOUT_ANSWER),
    *(Notice(NoticeKind.NOT_JUDGED, {"n": n}) for n in (1, 2)),
    Notice(NoticeKind.OTHER_WORDS),
    Notice(NoticeKind.WORDS_NOT_FOUND, {"phrases": ("Xyzzy", "plugh")}),
    Notice(NoticeKind.BROADER_WORDS, {"phrases": ("Xyzzy",)}),
    Notice(NoticeKind.OWN_TOPIC),
    Notice(NoticeKind.FIRST_TOPIC),
    Notice(NoticeKind.PAPERS_UNKNOWN),
    Notice(NoticeKind.LIBRARY_UNREAD, {"place": "users/12"}),
    *(Notice(NoticeKind.LOWER_CUT_OFF, {"key": "min_novelty", "lower": 5, "present": 7, "n": n}) for n in (1, 2)),
    *(Notice(NoticeKind.FEW_PAPERS, {"categories": ("cs.LG",) * n, "n": n}) for n in (1, 2, 3)),
    *(
        Notice(NoticeKind.OTHER_CATEGORY, {"categories": ("cs.LG",) * n, "n": n, "category": "cs.AI", "shared": 1})
        for n in (1, 2, 3)
    ),
)


def test_there_is_a_sentence_for_every_kind_and_no_other() -> None:
    assert {notice.kind for notice in NOTICES} == set(NoticeKind)
    for texts in TEXTS.values():
        assert set(texts.sentences) == {*NoticeKind, "quoted", "your_categories"}
    assert set(TEXTS) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.kind)
def test_every_notice_is_a_sentence_of_its_language(notice: Notice, language: str) -> None:
    said = write_notice(notice, TEXTS[language])
    assert said[-1] in ".。"
    assert "{" not in said
    assert "  " not in said
    assert (said == write_notice(notice, TEXTS["en"])) is (language == "en")
    assert not foreign_words(said, known_words([TEXTS[language]], ["Xyzzy plugh min_novelty ICLR"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_says_its_notices_in_the_readers_language(language: str) -> None:
    for digest, notices in ((EVERYTHING, EVERYTHING.notices), (NEAREST_ONLY, (NEAREST_ONLY.widening,))):
        profile = replace(digest.subscriber.profile, language=language)
        mail = RENDERER.render(
            replace(digest, subscriber=replace(digest.subscriber, profile=profile)), MailLinks("x@y.z")
        )
        for notice in notices:
            said = write_notice(notice, TEXTS[language])
            assert "".join(said.split()) in "".join(mail.text.split())
            assert said.encode("ascii", "xmlcharrefreplace").decode() in mail.html


def test_what_an_earlier_version_stored_is_said_as_it_is() -> None:
    assert write_notice("A sentence, whole.", TEXTS["ja"]) == "A sentence, whole."
    assert write_notice("", TEXTS["ja"]) == ""


@given(st.text(min_size=1, max_size=200), st.sampled_from(LANGUAGES))
def test_words_of_a_profile_stay_words_and_short(phrase: str, language: str) -> None:
    said = write_notice(Notice(NoticeKind.WORDS_NOT_FOUND, {"phrases": (phrase,) * 3}), TEXTS[language])
    assert len(said) < 400
    assert len(phrase) > 50 or " ".join(phrase.split()) in said
