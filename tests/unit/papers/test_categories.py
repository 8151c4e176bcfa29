"""papers/categories.py: a category has one form, its prefix tells its source, a wrong one is told what is near it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.categories import SUBJECTS, SourceName, hint, is_arxiv, read_category, show_category, source_of
from newsletter.papers.taxonomy import CATEGORIES

EVERY = [*CATEGORIES, *(f"{source}:{subject}" for source, names in SUBJECTS.items() for subject in names)]
FEED = "feed:https://journal.example.org/rss.xml"


@pytest.mark.parametrize("category", [*EVERY, FEED, "openreview:TMLR", "openreview:NeurIPS.cc/2026/Workshop/A_b-C"])
def test_every_category_reads_as_itself(category: str) -> None:
    assert read_category(category) == category
    assert is_arxiv(category) == (":" not in category)


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("biorxiv:Cell Biology", "biorxiv:cell_biology"),
        ("bioRxiv: neuroscience", "biorxiv:neuroscience"),
        ("medrxiv:HIV/AIDS", "medrxiv:hivaids"),
        ("medrxiv:public-and-global-health", "medrxiv:public_and_global_health"),
        ("OpenReview: TMLR/", "openreview:TMLR"),
        (
            "openreview:https://openreview.net/group?id=ICLR.cc/2026/Conference#tab",
            "openreview:ICLR.cc/2026/Conference",
        ),
        ("FEED:HTTPS://Journal.Example.org/RSS.xml#top", "feed:https://journal.example.org/RSS.xml"),
    ],
)
def test_a_category_has_one_form_however_it_is_written(written: str, category: str) -> None:
    assert read_category(written) == category


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("biorxiv:neurosciense", "a subject of bioRxiv; nearest: biorxiv:neuroscience"),
        ("medrxiv:economics", "a subject of medRxiv; nearest: medrxiv:health_economics"),
        ("medrxiv:", "a subject of medRxiv: addiction_medicine, "),
        ("https://journal.example.org/rss.xml", "feed:https://journal.example.org/rss.xml"),
        ("ssrn:finance", "these prefixes: biorxiv:, medrxiv:, openreview:, feed:"),
        ("cs.LGG", "nearest: cs.LG"),
        ("openreview:", "such as openreview:TMLR"),
        ("OpenReview", "such as openreview:TMLR"),
        ("biorxiv", "a subject of bioRxiv"),
        ("https://openreview.net/group?id=TMLR", "the venue alone, openreview:TMLR"),
        ("https://openreview.net/forum?id=TMLR", "feed:https://openreview.net/forum?id=TMLR"),
        ("openreview:International Conference", "such as openreview:TMLR"),
        ("openreview:../login", "such as openreview:TMLR"),
        ("openreview:TMLR&limit=1", "such as openreview:TMLR"),
        ("openreview:" + "a" * 200, "such as openreview:TMLR"),
        ("openreview:https://openreview.net/forum", "such as openreview:TMLR"),
        ("openreview:ICLR.cc/2026/Conference/-/Submission", "the venue alone, openreview:ICLR.cc/2026/Conference"),
        ("openreview:TMLR/Under_Review", "the venue alone, openreview:TMLR"),
        ("openreview:ICLR.cc/2026/Conference/Desk_Rejected_Submission", "openreview:ICLR.cc/2026/Conference"),
        ("feed:journal.example.org", "such as feed:https://"),
        ("feed:http://journal.example.org/rss", "such as feed:https://"),
        ("feed:file:///etc/passwd", "such as feed:https://"),
        ("feed:https://localhost/rss", "such as feed:https://"),
        ("feed:https://[::1", "such as feed:https://"),
        ("feed:https://ada:secret@journal.example.org/rss", "without a name and a password"),
        ("feed:https://journal.example.org/rss?a=1,2", "%2C"),
        ("feed:https://journal.example.org/" + "x" * 300, "at most 300 characters"),
    ],
)
def test_what_is_no_category_is_told_with_what_to_write(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"address|subject|category|venue"):
        read_category(written)
    assert said in hint(written)


def test_every_subject_is_shown_by_its_name() -> None:
    assert show_category("biorxiv:cell_biology") == "bioRxiv Cell Biology"
    assert show_category("medrxiv:hivaids") == "medRxiv HIV/AIDS"
    assert show_category("cs.LG") == "cs.LG"
    assert show_category("openreview:TMLR") == "TMLR"
    assert show_category("feed:https://www.example.org/rss/") == "example.org/rss"
    assert show_category(FEED, feed_title="A Journal") == "A Journal"


@given(
    st.one_of(
        st.text(),
        st.text().map("feed:https://a.example/{}".format),
        st.text().map("biorxiv:{}".format),
        st.text().map("openreview:{}".format),
    )
)
def test_any_text_is_a_category_in_one_form_or_has_a_hint(text: str) -> None:
    try:
        category = read_category(text)
    except ValueError:
        assert hint(text)
        return
    assert read_category(category) == category
    assert category.isascii()
    assert not set(" ,;\n") & set(category)
    assert source_of(category) in SourceName
