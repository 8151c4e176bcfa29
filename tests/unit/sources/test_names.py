"""sources/names.py: authors come first name first and one by one, however a journal writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.names import read_names


@pytest.mark.parametrize(
    ("elements", "names"),
    [
        (["Ada Berg", "Ben Stone", "Ada Berg"], ("Ada Berg", "Ben Stone")),
        (["Ada Berg, Ben Stone, and Cleo Wu"], ("Ada Berg", "Ben Stone", "Cleo Wu")),
        (["Ada Berg and Ben Stone"], ("Ada Berg", "Ben Stone")),
        (["Ada Berg &  Ben Stone"], ("Ada Berg", "Ben Stone")),
        ([" Berg, A., Stone, B. C., Wu, C.-D. "], ("A. Berg", "B. C. Stone", "C.-D. Wu")),
        (["Berg, A.; Stone, B. C.; van der Wal, D."], ("A. Berg", "B. C. Stone", "D. van der Wal")),
        (["Berg, Ada"], ("Ada Berg",)),
        (["The Invented Consortium"], ("The Invented Consortium",)),
        (["Berg, A.; The Invented Consortium"], ("A. Berg", "The Invented Consortium")),
        (["noreply@example.org (Ada Berg)"], ("Ada Berg",)),
        (["noreply@example.org"], ()),
        (["", " , ;", "12"], ()),
        (["Anderson Andrews, Band Andy"], ("Anderson Andrews", "Band Andy")),
    ],
)
def test_names_as_journals_write_them(elements: list[str], names: tuple[str, ...]) -> None:
    assert read_names(elements) == names


@given(st.lists(st.text(max_size=80), max_size=5))
def test_names_of_any_text_are_clean_and_read_again_as_themselves(elements: list[str]) -> None:
    for name in read_names(elements):
        assert name == " ".join(name.split())
        assert any(map(str.isalpha, name))
