"""What every Store promises about digests: as they were, one for each subscriber and date, the latest content."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.model import (
    AnnounceType,
    Counts,
    Digest,
    DigestEntry,
    Notice,
    NoticeKind,
    PaperUpdate,
    SentPaper,
    Usage,
)
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from tests import make
from tests.contract.stores.memories import DAY, WHO, Memory

HOSTILE = "<b>\x00\ud800\U0001d538 & \u202e"
DIGEST = Digest(
    subscriber=make.subscriber(subscriber_id=WHO, email="", name="", pinned_authors=(HOSTILE,)),
    digest_on=DAY,
    announced_on=(DAY - timedelta(days=1), DAY),
    entries=(
        DigestEntry(1, make.paper("2511.00001", title=HOSTILE), AnnounceType.NEW, make.score("2511.00001", 9), "A"),
        DigestEntry(
            2, make.paper("hep-th/9901001"), AnnounceType.REPLACE, make.score("hep-th/9901001", novelty=None, rank=0.25)
        ),
    ),
    counts=Counts(announced=5, scanned=4, relevant=3, shown=2, not_scored=1),
    scorer="a model",
    usage=Usage(1000, 200, 100, Decimal("0.0123"), None),
    notices=(HOSTILE, Notice(NoticeKind.FEEDS_FAILED, {"feeds": ("cs.AI", HOSTILE)})),
    widening=Notice(NoticeKind.LOWER_CUT_OFF, {"key": "min_relevance", "lower": 5, "present": 7, "n": 2}),
    prompt=HOSTILE,
    updates=(
        PaperUpdate(
            make.paper("2510.00077", version=3, withdrawal=HOSTILE),
            make.paper("2510.00077", abstract=HOSTILE),
            SentPaper("2510.00077", DAY - timedelta(days=400), 7),
        ),
    ),
)


def test_a_digest_comes_back_as_it_was(memory: Memory, store: Store) -> None:
    assert store.get_digest(WHO, DAY) is None
    store.put_digest(DIGEST)
    assert memory.another().get_digest(WHO, DAY) == DIGEST
    assert store.get_digest(WHO, DAY + timedelta(days=1)) is None
    assert store.get_digest("s_other234", DAY) is None


def test_of_one_date_the_latest_content_is_kept(store: Store) -> None:
    store.put_digest(DIGEST)
    shorter = replace(DIGEST, entries=DIGEST.entries[:1], usage=None)
    store.put_digest(shorter)
    store.put_digest(shorter)
    assert store.get_digest(WHO, DAY) == shorter
    assert store.get_digest_days(WHO) == [DAY]


def test_the_days_of_one_subscriber_come_oldest_first(memory: Memory, store: Store) -> None:
    assert store.get_digest_days(WHO) == []
    days = [DAY + timedelta(days=offset) for offset in (40, 0, -400)]
    for day in days:
        store.put_digest(replace(DIGEST, digest_on=day))
    store.put_digest(replace(DIGEST, subscriber=make.subscriber(), digest_on=DAY + timedelta(days=1)))
    assert memory.another().get_digest_days(WHO) == sorted(days)


def test_a_digest_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    store = TinyStore(tmp_path)
    store.put_digest(DIGEST)
    path = tmp_path / "digests" / WHO / f"{DAY}.json"
    path.write_text(path.read_text(encoding="ascii")[:-9], encoding="ascii")
    with pytest.raises(StoreError, match=f"{DAY}.json cannot be read"):
        store.get_digest(WHO, DAY)
