"""`newsletter subscribers EMAIL`: what an operator sees of a reader's votes."""

from pathlib import Path

import pytest

from newsletter.model import Vote
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.unit.cli.test_suppressions import ADA, ADA_ID, YAML, newsletter


def test_votes_are_listed_with_the_titles_as_far_as_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    store = TinyStore(tmp_path / "state")
    store.put_vote(Vote(ADA_ID, "2601.00001", 1, make.NOW, make.paper("2601.00001", title="Tea\x1b[2J for two")))
    store.put_vote(Vote(ADA_ID, "2601.00002", -1, make.NOW))
    store.put_vote(Vote(ADA_ID, "2601.00003", 0, make.NOW))
    told = [line for line in newsletter("subscribers", ADA).output.splitlines() if " like " in line]
    assert told == ["# more like 2601.00001, Tea [2J for two (2026-01-06)", "# less like 2601.00002 (2026-01-06)"]
