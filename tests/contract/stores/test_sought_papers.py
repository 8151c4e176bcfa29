"""Papers that are looked for in years of mails: what is passed over by months and text holds none of them."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import ledger
from newsletter.model import Delivery
from newsletter.stores.tinydb import TinyStore
from newsletter.stores.tinydb.contents import TinyContents
from newsletter.stores.tinydb.folder import StateFolder
from newsletter.stores.tinydb.sought_papers import SoughtPapers
from tests.contract.stores.memories import NOW, WHO

FIRST, DAYS = date(2023, 11, 20), 800
OF_NO_MONTH = [
    "doi:10.1101/2024.01.02.573",
    'doi:10.1002/"ä"\\<1::AID>',
    "openreview:2401.00001",
    "feed:00ff",
    "2413.00001",
]


def papers_of(day: int) -> st.SearchStrategy[list[str]]:
    """What a mail of that day can have: papers of its month, of the next where that is near, and of any before."""
    latest = FIRST + timedelta(days=day + 2)
    months = st.dates(date(2023, 6, 1), latest).map(lambda on: f"{on:%y%m}.00001")
    old = st.dates(date(1992, 1, 1), date(2006, 12, 1)).map(lambda on: f"hep-th/{on:%y%m}001")
    return st.lists(months | old | st.sampled_from(OF_NO_MONTH), max_size=4)


@st.composite
def mails(draw: st.DrawFn) -> dict[date, list[str]]:
    days = draw(st.lists(st.integers(0, DAYS), max_size=12, unique=True))
    return {FIRST + timedelta(days=day): draw(papers_of(day)) for day in days}


@given(mails=mails(), others=papers_of(DAYS), taken=st.integers(1, 5), before=st.integers(-1, DAYS + 1))
def test_what_is_found_is_what_the_rows_have(
    mails: dict[date, list[str]], others: list[str], taken: int, before: int
) -> None:
    sent = sorted({paper for papers in mails.values() for paper in papers})
    sought, until = {*sent[::taken], *others}, FIRST + timedelta(days=before)
    with tempfile.TemporaryDirectory() as folder:
        contents = TinyContents(StateFolder(Path(folder)))
        contents.write("deliveries", [accepted(on, papers) for on, papers in mails.items()])
        found = TinyStore(Path(folder)).find_sent([WHO], sought, before=until)
    assert found == {WHO: {paper for on, papers in mails.items() if on < until for paper in papers} & sought}


def accepted(on: date, papers: list[str]) -> Delivery:
    claimed = ledger.first_claim(WHO, on, "r1", NOW)
    row = ledger.hand_over(claimed, paper_ids=tuple(papers), announced_on=(on,), message_id="<m@x.org>", now=NOW)
    return ledger.accept(row, "taken", NOW)


def test_a_month_before_all_of_them_is_not_looked_at() -> None:
    sought = SoughtPapers({"2511.00001", "2509.00002"})
    assert [month for month in ("2025-07", "2025-08", "2025-10", "2026-03") if sought.may_be_of(month)] == [
        "2025-08",
        "2025-10",
        "2026-03",
    ]
    assert not SoughtPapers(frozenset()).may_be_of("2026-03")


def test_a_text_is_read_where_it_names_one_whole() -> None:
    for many in (set(), {f"24{month:02}.00009" for month in range(1, 13)}):
        sought = SoughtPapers({"2401.00001", *many})
        assert sought.may_be_in(b'["2401.00002","2401.00001"]', "2025-01")
        assert not sought.may_be_in(b'["2401.00002","2401.000011"]', "2025-01")
        assert not sought.may_be_in(b'["2312.00001"]', "2025-01")


def test_a_row_is_read_where_it_names_one_or_cannot_be_understood() -> None:
    sought = SoughtPapers({"2401.00001"})
    assert sought.may_be_of_row({"paper_ids": ["2401.00002", "2401.00001"]})
    assert not sought.may_be_of_row({"paper_ids": ["2401.00002"]})
    for damaged in ({}, {"paper_ids": "2401.00002"}, {"paper_ids": [["2401.00002"]]}):
        assert sought.may_be_of_row(damaged)
