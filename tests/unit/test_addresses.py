"""Links to write to an address, wherever one is made."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.addresses import mailto_link
from tests import ROOT


@pytest.mark.parametrize(
    ("email", "link"),
    [
        ("news@example.org", "mailto:news@example.org"),
        ("news+abc@example.org", "mailto:news%2Babc@example.org"),
        ("a%b?c&d@example.org", "mailto:a%25b%3Fc%26d@example.org"),
    ],
)
def test_a_plus_and_whatever_means_something_in_a_link_is_written_in_percent(email: str, link: str) -> None:
    assert mailto_link(email) == link
    assert mailto_link(email, "leave & go") == f"{link}?subject=leave%20%26%20go"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_the_link_leads_to_the_address(local: str) -> None:
    link = mailto_link(f"{local}@example.org", "unsubscribe")
    assert not set(link) & set("+ <>\"'\r\n")
    assert unquote(urlsplit(link).path) == f"{local}@example.org"


def test_no_template_writes_such_a_link_by_itself() -> None:
    pages = [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt", ".md", ".xml"}]
    assert len(pages) > 20
    assert [path.name for path in pages if re.search(r"mailto:", path.read_text(encoding="utf-8"))] == []
