"""Pinned authors are found however arXiv writes the name, and nobody else is."""

from __future__ import annotations

import pytest

from newsletter.authors import is_same_author, pinned_author


@pytest.mark.parametrize(
    ("pinned", "author"),
    [
        ("Clara Sánchez", r"Clara I. S\'anchez"),
        ("clara sanchez", "Clara Sánchez"),
        ("Y. LeCun", "Yann LeCun"),
        ("Albert Gu", "Albert Gu (Carnegie Mellon University, Pittsburgh)"),
        ("Jean-Baptiste Fouvry", "Jean Baptiste Fouvry"),
        ("Georg Bökman", r"Georg B\"okman"),
        ("Xu", "Xu"),
    ],
)
def test_the_same_person_is_recognised(pinned: str, author: str) -> None:
    assert is_same_author(pinned, author)


@pytest.mark.parametrize(
    ("pinned", "author"),
    [
        ("Jun Wang", "Jie Wang"),
        ("Jun Wang", "J. Wang"),  # may be somebody else
        ("Ada Lovelace", "Ada Lovelace-King"),
        ("Ada Lovelace", ""),
        ("", "Ada Lovelace"),
        ("Albert Gu", "Gu"),
    ],
)
def test_somebody_else_is_left_alone(pinned: str, author: str) -> None:
    assert not is_same_author(pinned, author)


def test_the_first_pinned_name_among_the_authors_is_told() -> None:
    assert pinned_author(("Emmy Noether", "Ada Lovelace"), ("Ada Lovelace", "E. Noether", "Emmy Noether")) == (
        "Emmy Noether"
    )
    assert pinned_author((), ("Ada Lovelace",)) == ""
