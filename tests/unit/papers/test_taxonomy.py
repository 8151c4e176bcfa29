"""The taxonomy is complete by arXiv's own numbers, and its hints name what was meant."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.taxonomy import CATEGORIES, CLOSED, hint, subcategories


def test_every_archive_has_as_many_categories_as_arxiv_lists() -> None:
    counted = Counter(code.partition(".")[0] for code in CATEGORIES)
    assert counted == {
        "cs": 40,
        "econ": 3,
        "eess": 4,
        "math": 32,
        "astro-ph": 6,
        "cond-mat": 9,
        "nlin": 5,
        "physics": 22,
        "q-bio": 10,
        "q-fin": 9,
        "stat": 6,
        **dict.fromkeys(("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th"), 1),
        **dict.fromkeys(("math-ph", "nucl-ex", "nucl-th", "quant-ph"), 1),
    }
    assert len(CATEGORIES) == 155


def test_codes_and_names_have_the_shape_of_arxivs() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)?(\.([A-Z]{2}|[a-z]+(-[a-z]+)?))?", code) for code in CATEGORIES)
    assert all(name == name.strip() and name for name in CATEGORIES.values())


def test_closed_archives_point_to_categories_and_are_none() -> None:
    assert set(CLOSED.values()) <= set(CATEGORIES)
    assert not set(CLOSED) & set(CATEGORIES)


def test_only_archives_have_subcategories() -> None:
    assert subcategories("econ") == ("econ.EM", "econ.GN", "econ.TH")
    assert subcategories("math-ph") == subcategories("hep-th") == subcategories("cs.LG") == ()


@pytest.mark.parametrize(
    ("found", "end"),
    [
        ("cs.LGG", "nearest: cs.LG"),
        ("CS.lg", "nearest: cs.LG"),
        ("csLG", "nearest: cs.LG"),
        ("hepth", "nearest: hep-th"),
        ("astro-ph.G", "nearest: astro-ph.GA"),
        ("cond-mat.supercon", "nearest: cond-mat.supr-con"),
        ("supr-con", "its papers are in cond-mat.supr-con"),
        ("Robotics", "nearest: cs.RO"),
        ("Systems and Control", "nearest: cs.SY, eess.SY"),
        ("SY", "nearest: cs.SY, eess.SY"),
        ("econ", "econ has econ.EM, econ.GN, econ.TH"),
        ("econ.QQ", "econ has econ.EM, econ.GN, econ.TH"),
        ("alchemy", "such as cs.LG (https://arxiv.org/category_taxonomy)"),
        ("", "such as cs.LG (https://arxiv.org/category_taxonomy)"),
    ],
)
def test_a_hint_ends_with_what_to_write(found: str, end: str) -> None:
    assert hint(found).endswith(end)


@given(st.text())
def test_there_is_a_hint_for_everything(found: str) -> None:
    assert "category" in hint(found)
