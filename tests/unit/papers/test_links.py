"""papers/links.py: where a paper can be opened."""

from dataclasses import replace

import pytest

from newsletter.model import Origin, Paper
from newsletter.papers.links import PaperLinks, code_url, paper_links


def paper(arxiv_id: str, abstract: str = "Nothing.") -> Paper:
    return Paper(arxiv_id, 3, "A title", ("Ada Lovelace",), abstract, ("cs.LG",))


def test_a_paper_of_today_has_three_pages_without_version() -> None:
    assert paper_links(paper("2510.05064")) == PaperLinks(
        name="2510.05064",
        abstract="https://arxiv.org/abs/2510.05064",
        pdf="https://arxiv.org/pdf/2510.05064",
        html="https://arxiv.org/html/2510.05064",
        code="",
    )


@pytest.mark.parametrize("arxiv_id", ["2311.99999", "0704.0001", "9901.0001", "hep-th/9901001"])
def test_a_paper_from_before_arxiv_made_html_has_none(arxiv_id: str) -> None:
    assert paper_links(paper(arxiv_id)).html == ""


@pytest.mark.parametrize(
    ("abstract", "url"),
    [
        ("Code: https://github.com/ada/engine.", "https://github.com/ada/engine"),
        ("Code at (https://github.com/ada/engine.js).", "https://github.com/ada/engine.js"),
        ("see http://www.GitHub.com/Ada/Engine/tree/main", "https://github.com/Ada/Engine"),
        ("clone github.com/ada/engine.git now", "https://github.com/ada/engine"),
        (r"at https://github.com/ada/my\_engine.", "https://github.com/ada/my_engine"),
        (r"\url{https://gitlab.com/ada/engine}", "https://gitlab.com/ada/engine"),
        ("https://huggingface.co/datasets/ada/cards,", "https://huggingface.co/datasets/ada/cards"),
        ("https://github.com/ada and https://codeberg.org/a/b", "https://codeberg.org/a/b"),
        ("https://ada.github.io/engine", ""),
        ("We thank github.com for hosting.", ""),
        ('https://github.com/ada/"><script>', ""),
    ],
)
def test_the_first_repository_of_an_abstract_is_its_code(abstract: str, url: str) -> None:
    assert code_url(abstract) == url


def test_a_paper_from_elsewhere_has_the_pages_that_its_source_gave() -> None:
    origin = Origin(
        "bioRxiv", "https://www.biorxiv.org/content/10.1101/1", "10.1101/1", pdf="https://example.org/1.pdf"
    )
    elsewhere = replace(paper("doi:10.1101/1"), origin=origin)
    assert paper_links(elsewhere) == PaperLinks("bioRxiv", origin.url, origin.pdf, html="", code="")
