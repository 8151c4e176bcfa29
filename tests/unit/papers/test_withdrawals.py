"""Which words say that a paper is withdrawn, and which are of something else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Feed, PaperRecord
from newsletter.papers.announcements import add_feeds
from newsletter.papers.withdrawals import NOTICE_CHARS, WITHOUT_WORDS, find_withdrawn, withdrawal_notice
from tests import make

TITLE = "On networks that stop"
NOTICES = [
    "This paper has been withdrawn by the author due to a crucial sign error in equation 1.",
    "This submission has been withdrawn by arXiv administrators because it is incomplete.",
    "This paper is withdrawn",
    "This article has been temporarily withdrawn.",
    "This work was withdrawn, as it is superseded by arXiv:2501.00001.",
    "The paper is being withdrawn because of an error in Lemma 3.",
    "The manuscript was withdrawn due to overlap with another one.",
    "Paper withdrawn: there is a gap in the proof.",
    "Withdrawn by the author",
    "withdrawn",
    "Withdrawn due to an error.",
    "We withdraw this paper owing to a mistake in the data.",
    "The authors have withdrawn this manuscript because of a dispute.",
    "The authors have withdrawn their manuscript whilst they perform additional experiments.",
    "Our paper has been retracted.",
]
OTHERS = [
    "",
    "We study papers that have been withdrawn from arXiv.",
    "Liquidity was withdrawn by banks, and this paper asks why.",
    "This paper shows how funds are withdrawn.",
    "Withdrawn funds are the subject of this study.",
    "Retracted papers keep being cited.",
    "Agents learn to withdraw from situations where they lack confidence.",
    "Withdrawn by banks in a run, deposits vanish.",
    "Patients whose treatment was withdrawn did no worse in this study.",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_is_found_in_the_abstract_and_in_the_comments(notice: str) -> None:
    assert withdrawal_notice(TITLE, notice) == notice
    assert withdrawal_notice(TITLE, "We let networks stop.", notice) == notice


@pytest.mark.parametrize("notice", [each for each in NOTICES if each.startswith(("This", "We", "The authors", "Our"))])
def test_a_notice_is_found_behind_an_abstract_that_stayed(notice: str) -> None:
    assert withdrawal_notice(TITLE, f"We let networks stop. They are fast. {notice}") == notice


@pytest.mark.parametrize("text", OTHERS)
def test_a_paper_about_something_withdrawn_is_not_withdrawn(text: str) -> None:
    assert withdrawal_notice(TITLE, text) == ""
    assert withdrawal_notice(TITLE, "We let networks stop.", f"12 pages. {text}") == ""


@pytest.mark.parametrize(
    ("title", "notice"),
    [
        ("Withdrawn: On networks", WITHOUT_WORDS),
        ("WITHDRAWN: On networks", WITHOUT_WORDS),
        ("[Withdrawn] On networks", WITHOUT_WORDS),
        ("RETRACTED ARTICLE: On networks", WITHOUT_WORDS),
        ("On networks (withdrawn)", WITHOUT_WORDS),
        ("Withdrawn money and its networks", ""),
        ("Retracted: why papers go", ""),
    ],
)
def test_a_title_counts_where_the_word_stands_apart(title: str, notice: str) -> None:
    assert withdrawal_notice(title, "We let networks stop.") == notice


# --- what records say of days

RECORD = PaperRecord(
    make.paper("2601.00001", version=2, withdrawal="Withdrawn: an error."), (make.NOW,) * 2, make.TUESDAY
)
SHOWN = make.announcement("2601.00001", "replace", version=2)


def test_a_version_that_was_shown_is_called_withdrawn_on_its_latest_day_and_merges_into_it() -> None:
    days = [make.day(make.WEDNESDAY, [SHOWN, make.announcement("2601.00002")]), make.day(make.TUESDAY, [SHOWN])]
    found = find_withdrawn([RECORD], days, "cs.LG")
    notice = replace(SHOWN, paper=replace(SHOWN.paper, withdrawal="Withdrawn: an error."))
    assert found == {make.WEDNESDAY: [notice]}
    merged = add_feeds(days[0], [Feed("cs.LG", make.WEDNESDAY, tuple(found[make.WEDNESDAY]))], ())
    assert merged.announcements == (notice, days[0].announcements[1])
    assert [feed.readings for feed in merged.feeds] == [1], "nobody is to look at that day again"
    assert find_withdrawn([RECORD], [merged, days[1]], "cs.LG") == {}


@pytest.mark.parametrize(
    ("record", "category"),
    [
        (replace(RECORD, paper=replace(RECORD.paper, withdrawal="")), "cs.LG"),
        (replace(RECORD, paper=replace(RECORD.paper, version=3)), "cs.LG"),
        (replace(RECORD, paper=replace(RECORD.paper, arxiv_id="2601.00009")), "cs.LG"),
        (RECORD, "cs.AI"),
    ],
    ids=["not withdrawn", "another version", "another paper", "another category"],
)
def test_nothing_else_is_called_withdrawn(record: PaperRecord, category: str) -> None:
    assert find_withdrawn([record], [make.day(make.TUESDAY, [SHOWN])], category) == {}


@given(st.text(), st.text(), st.text(max_size=2_000))
def test_a_notice_is_bounded_and_of_one_line(title: str, abstract: str, reason: str) -> None:
    notice = withdrawal_notice(title, abstract, f"This paper has been withdrawn since {reason}")
    assert 0 < len(notice) <= NOTICE_CHARS
    assert notice == " ".join(notice.split())
