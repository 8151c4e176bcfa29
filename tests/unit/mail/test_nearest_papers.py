"""How a mail says that papers are only the nearest: subject, preheader, headings, marks, the line on what helps."""

import re
from dataclasses import replace

import pytest

from newsletter.mail.message import MailLinks, VoteLinks
from newsletter.mail.size_budget import Detail
from newsletter.model import Digest, Profile, Score
from newsletter.run.digest import build_digest
from newsletter.signing import Signer
from newsletter.texts import LANGUAGES
from tests import make
from tests.unit.mail.test_render import RENDERER, Page

MARK = "below your cut-offs"
WEB = MailLinks(
    "back@example.org",
    profile_url="https://example.org/profile/token",
    vote_links=VoteLinks("https://example.org", Signer(["a key"]), "s_abcd2345"),
)
READ = MailLinks("back@example.org", is_read=True)


def digest_of(*relevance: int, is_met: bool = True, at_least: int = 3, is_first: bool = True) -> Digest:
    scores = [
        Score(f"2601.{number:05}", grade, None, "It is about.", 0.0, is_met=is_met)
        for number, grade in enumerate(relevance, start=1)
    ]
    return build_digest(
        make.subscriber(at_least=at_least),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1350,
        candidates=[make.announcement(score.arxiv_id) for score in scores],
        score_report=make.score_report(*scores),
        is_first=is_first,
    )


def words_of(digest: Digest, links: MailLinks | None = None) -> list[str]:
    """What the HTML part says, and what the text part says, blanks made one."""
    rendered = RENDERER.render(digest, links)
    return [" ".join(text.split()) for text in (Page(rendered.html).words, rendered.text)]


@pytest.mark.parametrize(
    ("digest", "subject"),
    [
        (digest_of(6, 5, 4, 3), "On the paper 2601.00001 · nearest of 4 today"),
        (digest_of(6), "On the paper 2601.00001 · nearest of 1 today"),
        (digest_of(1, 1, 1, is_met=False), "No match today: 3 of 3 papers"),
        (digest_of(9, 3, 4), "On the paper 2601.00001 · 1 for you, 2 near"),
        (digest_of(9, 8, 4), "On the paper 2601.00001 · 2 for you, 1 near"),
        (digest_of(9, 8, 7), "On the paper 2601.00001 · and 2 more"),
    ],
)
def test_the_subject_counts_what_passed_and_what_is_nearest_apart(digest: Digest, subject: str) -> None:
    assert RENDERER.render(digest).subject == subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("grades", [(9, 8, 4), (9, 4, 3)])
def test_the_lead_counts_as_the_subject_does(grades: tuple[int, ...], language: str) -> None:
    digest = digest_of(*grades)
    profile = replace(digest.subscriber.profile, language=language)
    digest = replace(digest, subscriber=replace(digest.subscriber, profile=profile))
    counted = RENDERER.render(digest).subject.rpartition(" · ")[2]
    assert re.findall(r"\d+", counted) == [f"{digest.counts.passed}", f"{digest.counts.nearest}"]
    for words in words_of(digest):
        assert words.count(counted) == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "1 near"), ("fr", "1 proche"), ("es", "1 cercano"), ("pt", "1 próximo"), ("it", "1 vicino")],
)
def test_one_that_is_near_is_one(language: str, said: str) -> None:
    digest = digest_of(9, 8, 4)
    profile = replace(digest.subscriber.profile, language=language)
    digest = replace(digest, subscriber=replace(digest.subscriber, profile=profile))
    assert RENDERER.render(digest).subject.endswith(said)
    assert [f"{said}." in words for words in words_of(digest)] == [True, True]


def test_the_preheader_says_whether_its_titles_are_only_the_nearest() -> None:
    def preheader(digest: Digest) -> str:
        html = RENDERER.render(digest).html
        return make.present(re.search(r"mso-hide: ?all[^>]*>(.*?)</div>", html, re.DOTALL))[1].strip()

    assert preheader(digest_of(6, 5)).startswith("Nearest: On the paper 2601.00002")
    assert preheader(digest_of(1, 1, is_met=False)).startswith("On the paper")
    assert preheader(digest_of(7, 6)).startswith("It is about.")


def test_what_passed_is_named_before_what_is_nearest_whatever_its_relevance() -> None:
    """A pinned author's paper passes with any."""
    digest = digest_of(9, 6)
    passed, nearest = digest.entries
    low = replace(passed, score=replace(passed.score, relevance=1), pinned_author="Ada Lovelace")
    subject = RENDERER.render(replace(digest, entries=(low, nearest))).subject
    assert subject == "On the paper 2601.00001 · 1 for you, 1 near"


def test_where_nothing_passed_the_mail_says_so_and_the_papers_are_marked() -> None:
    for words in words_of(digest_of(6, 5, 4)):
        assert "Nothing matched your profile closely today. The nearest:" in words
        assert words.count(MARK) == 6  # in the contents and in full
        assert "0 relevant" in words


def test_papers_without_a_word_of_the_profile_are_not_called_near() -> None:
    for words in words_of(digest_of(1, 1, is_met=False)):
        assert "No paper shares a word with your profile today. Some from your categories:" in words
        assert "earest" not in words.partition("Shown: ")[0].partition("Your profile (")[0]


def test_papers_for_who_only_follows_authors_are_not_called_near() -> None:
    for grades, says in (
        ((1, 1), "None of your authors has a paper today. Some from your categories:"),
        ((9, 1), "Others from your categories"),
    ):
        digest = digest_of(*grades, is_met=False)
        follower = replace(digest.subscriber, profile=Profile(()), pinned_authors=("Grace Hopper",))
        for words in words_of(replace(digest, subscriber=follower)):
            assert says in words
            assert "word with your profile" not in words


def test_papers_for_who_keeps_papers_that_are_not_known_yet_are_not_called_near() -> None:
    for grades, says in (
        ((1, 1), "Nothing is known yet of the papers you keep. Some from your categories:"),
        ((9, 1), "Others from your categories"),
    ):
        digest = digest_of(*grades, is_met=False)
        keeper = replace(digest.subscriber, profile=Profile(()), papers=("2510.00001",))
        for words in words_of(replace(digest, subscriber=keeper)):
            assert says in words
            assert "word with your profile" not in words


def test_behind_what_passed_the_nearest_have_a_heading_of_their_own() -> None:
    for words in words_of(digest_of(9, 4, 3)):
        assert words.lower().count("nearest, though below your cut-offs") == 1
        assert words.count(MARK) == 2 * 2 + words.count("though below your cut-offs")
        assert "Nothing matched" not in words


@pytest.mark.parametrize(
    ("links", "said", "unsaid"),
    [
        (WEB, ["Change your topics", "brings others like it"], ["reply “+1”", "“profile”"]),
        (READ, ["“profile”", "reply “+1”"], ["brings others"]),
        (None, [], ["“profile”", "+1", "brings others"]),
    ],
)
def test_the_line_on_what_helps_has_the_ways_that_the_newsletter_has(
    links: MailLinks | None, said: list[str], unsaid: list[str]
) -> None:
    for words in words_of(digest_of(6, 5, 4), links):
        quoted = re.sub(r'"([^" ]+)"', r"“\1”", words)
        assert "With min_relevance at 6 in place of 7, 1 paper of today would have passed." in quoted
        assert [each for each in said if each not in quoted] == []
        assert [each for each in unsaid if each in quoted] == []


def test_on_later_days_nothing_is_suggested() -> None:
    for words in words_of(digest_of(6, 5, 4, is_first=False), WEB):
        assert "in place of" not in words
        assert "The nearest:" in words


def test_a_mail_that_shows_less_keeps_the_marks() -> None:
    view = RENDERER._view(digest_of(9, 4, 3))
    page = Page(RENDERER._page(view.at([Detail.FULL, Detail.REASON, Detail.TITLE]), RENDERER._texts["en"])).words
    assert page.replace(f"though {MARK}", "").count(MARK) == 2


def test_the_page_in_markdown_marks_them_too() -> None:
    assert RENDERER.markdown(digest_of(9, 4, 3)).count("**Nearest:** below the cut-offs") == 2
    assert "Nothing matched the profile closely today." in RENDERER.markdown(digest_of(4, 3))


def test_the_cut_offs_at_the_end_say_what_fills_up() -> None:
    for words in words_of(digest_of(9, 4)):
        assert "at most 30 papers, filled up to 3 with the nearest" in words
