"""The papers that passed and were not sent, on the page of their digest."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from newsletter.model import Digest, UnsentPaper
from newsletter.signing import Purpose
from newsletter.web import Archives, create_app
from tests import make
from tests.archives import WHO, digest, mail, pages
from tests.fakes import MemoryStore
from tests.web.site import SIGNER, part_of

TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
UNSENT = (
    UnsentPaper("2601.00007", "Rows <b>of</b> $x^2$", 9, 5),
    UnsentPaper("2601.00008", "Ranked by words", 8, None),
)


def with_unsent(relevant: int, *unsent: UnsentPaper) -> Digest:
    plain = digest()
    return replace(plain, counts=replace(plain.counts, relevant=relevant), unsent=unsent)


def client_of(of: Digest) -> FlaskClient:
    store = MemoryStore()
    mail(store, of)
    archives = Archives(pages(), "https://papers.example.org", public=lambda: {"group": WHO})
    return create_app(replace(part_of(store), archives=archives)).test_client()


def day(of: Digest, edition: str = TOKEN) -> str:
    return client_of(of).get(f"/archive/{edition}/{make.TUESDAY}").text


def test_titles_and_scores_stand_in_their_order_with_links_to_arxiv() -> None:
    page = day(with_unsent(3, *UNSENT))
    assert '<h2 id="unsent">2 more passed</h2>' in page
    first, second = (page.index(f"https://arxiv.org/abs/{paper.arxiv_id}") for paper in UNSENT)
    assert page.index('id="unsent"') < first < second
    assert "Rows &lt;b&gt;of&lt;/b&gt; <math" in page
    assert "The best" not in page


@pytest.mark.parametrize(
    ("of", "edition", "said"),
    [
        (with_unsent(4, *UNSENT), TOKEN, ("3 more passed</h2>", "The best 2:")),
        (with_unsent(3), TOKEN, ("2 more passed the cut-offs and are not shown",)),
        (with_unsent(2), TOKEN, ("1 more passed the cut-offs and is not shown",)),
        (with_unsent(3, *UNSENT), "group", ("2 more passed the cut-offs and are not shown",)),
    ],
    ids=["more than are kept", "kept before there were any", "one alone", "a public archive"],
)
def test_the_anchor_is_there_whenever_something_passed_unsent(of: Digest, edition: str, said: tuple[str, ...]) -> None:
    page = day(of, edition)
    assert page.count('id="unsent"') == 1
    assert all(each in page for each in said)
    assert ("2601.00007" in page) == (edition == TOKEN and bool(of.unsent))


def test_a_day_on_which_all_were_sent_says_nothing_of_it() -> None:
    assert "unsent" not in day(with_unsent(1))
