"""model/paper_ids.py: an id says whose it is, and every text that was stored as one reads as arXiv's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.paper_ids import MOST_ID_CHARS, IdKind, PaperId


@pytest.mark.parametrize(
    ("text", "kind", "url", "cited"),
    [
        ("2510.05064", IdKind.ARXIV, "https://arxiv.org/abs/2510.05064", "arXiv:2510.05064"),
        ("hep-th/9901001", IdKind.ARXIV, "https://arxiv.org/abs/hep-th/9901001", "arXiv:hep-th/9901001"),
        ("doi:10.1101/2026.01.02.123456", IdKind.DOI, "https://doi.org/10.1101/2026.01.02.123456", None),
        ("feed:0123456789abcdef", IdKind.FEED, "", ""),
    ],
)
def test_an_id_says_whose_it_is_and_where_it_leads(text: str, kind: IdKind, url: str, cited: str | None) -> None:
    paper_id = PaperId.read(text)
    assert (paper_id.kind, paper_id.url, paper_id.cited) == (kind, url, text if cited is None else cited)


@given(st.text())
def test_whatever_was_stored_is_written_as_it_was_read(text: str) -> None:
    assert str(PaperId.read(text)) == text


@pytest.mark.parametrize(
    "written",
    [
        "10.1038/S41586-026-00001-2",
        "doi:10.1038/s41586-026-00001-2",
        "DOI: 10.1038/s41586-026-00001-2",
        "https://doi.org/10.1038/s41586-026-00001-2",
        " http://dx.doi.org/10.1038/s41586-026-00001-2 ",
    ],
)
def test_a_doi_is_one_however_it_is_written(written: str) -> None:
    assert str(PaperId.of_doi(written)) == "doi:10.1038/s41586-026-00001-2"


@pytest.mark.parametrize(
    "written",
    ["", "doi:", "10.1/short", "11.1038/x", "10.1038/", "10.1002/(SICI)17:15<1::AID>3.0", "10.1038/" + "x" * 90],
)
def test_what_is_no_plain_doi_becomes_no_id(written: str) -> None:
    assert PaperId.of_doi(written) is None


@given(st.text())
def test_an_id_that_we_make_is_short_ascii_without_blanks(text: str) -> None:
    made = [str(each) for each in (PaperId.of_mark(text), PaperId.of_doi(f"10.1234/{text}")) if each]
    assert all(each.isascii() and each.isprintable() and " " not in each for each in made)
    assert all(len(each) <= MOST_ID_CHARS for each in made)
    assert PaperId.of_mark(text) == PaperId.of_mark(text)
