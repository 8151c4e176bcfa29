"""docs/state.md names every stored field, and its table of moves is the ledger's."""

import re
from dataclasses import fields

import pytest

from newsletter import model
from newsletter.delivery import ledger
from newsletter.model import DeliveryState
from tests import ROOT

PAGE = (ROOT / "docs" / "state.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip("`"): cells
    for line in PAGE.splitlines()
    if (cells := [cell.strip() for cell in line.strip("|").split("|")]) and len(cells) == 5
}

STORED = (
    *(model.AnnouncementDay, model.Announcement, model.Paper, model.FeedReport, model.Delivery, model.DeliveryStep),
    *(model.RunReport, model.SubscriberReport, model.Counts, model.Grading, model.ModelCall),
    *(model.MailEvent, model.AddressStatus, model.Suppression, model.ProfileRevision, model.Vote, model.SignUp),
    *(
        model.Digest,
        model.DigestEntry,
        model.UnsentPaper,
        model.Score,
        model.Usage,
        model.Subscriber,
        model.Profile,
        model.Topic,
    ),
    *(model.ModelBatch, model.BatchLine, model.BatchedPaper, model.Move, model.Welcome),
)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_every_stored_field_is_named(kind: type) -> None:
    missing = [field.name for field in fields(kind) if f"`{field.name}`" not in PAGE]
    assert missing == []


@pytest.mark.parametrize("state", list(DeliveryState))
def test_the_table_of_moves_is_the_ledgers(state: DeliveryState) -> None:
    _, _, may_become, counts_as_sent, _ = ROWS[state]
    assert set(re.findall(r"`(\w+)`", may_become)) == {str(next_state) for next_state in ledger.MOVES[state]}
    assert counts_as_sent == ("yes" if ledger.counts_as_sent(state) else "no")
