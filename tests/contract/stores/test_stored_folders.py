"""State folders of released versions, as tests/stored/ keeps them: all of each is read, and no mail leaves twice.

Beside each folder lies the script that made it, and the subscribers.yaml it was made for.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.delivery import ledger
from newsletter.model import DeliveryState, SuppressionReason
from newsletter.settings import Settings
from newsletter.stores.tinydb import TinyStore
from tests import ROOT
from tests.e2e.test_cli import Place
from tests.make import present

VERSIONS = sorted(path.name for path in (ROOT / "tests" / "stored").iterdir() if path.is_dir())
DAY = date(2025, 10, 7)
ALWAYS, NEVER = date.min, date.max
PROFILE = "p_0123456789abcdef"


def who(name: str) -> str:
    return subscriber_id(f"{name}@example.org")


NAMES = "ada henrietta konrad doubt handed deferred claimed rejected skipped left moved former".split()
PEOPLE = [who(name) for name in NAMES]

# What the store gives of each kind; of standings without the one that waits beside its file
READ: dict[str, Callable[[TinyStore], Iterable[object]]] = {
    "announcements": lambda store: store.get_days(before=NEVER, limit=99),
    "deliveries": lambda store: store.get_deliveries(),
    "events": lambda store: [
        event for row in store.get_deliveries() for event in store.get_events(row.subscriber_id, row.digest_on)
    ],
    "standings": lambda store: [one for one in store.get_address_statuses() if one.subscriber_id != who("left")],
    "moved": lambda store: store.get_moves(),
    "revisions": lambda store: [one for each in PEOPLE for one in store.get_revisions(each)],
    "votes": lambda store: [one for each in PEOPLE for one in store.get_votes(each)],
    "digests": lambda store: [store.get_digest(each, on) for each in PEOPLE for on in store.get_digest_days(each)],
    "sign_ups": lambda store: store.get_sign_ups(),
    "enrolled": lambda store: store.get_enrolled(),
    "judgements": lambda store: store.get_gradings(PROFILE, since=ALWAYS),
    "calls": lambda store: store.get_calls(since=ALWAYS, until=NEVER),
    "batches": lambda store: store.get_batches(since=ALWAYS),
    "runs": lambda store: store.get_runs(limit=99),
}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Path:
    return ROOT / "tests" / "stored" / str(request.param)


@pytest.fixture
def folder(version: Path, tmp_path: Path) -> Path:
    """A copy, with the rights that a state folder has."""
    return shutil.copytree(version / "state", tmp_path / "state")


def stored(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The rows in the files of this kind, as they are on the disk."""
    contents = [json.loads(path.read_bytes()) for path in sorted((folder / kind).rglob("*.json"))]
    assert all(content.pop("format") == 1 for content in contents)
    return [row for content in contents for table in content.values() for row in table.values()]


def is_part(old: object, new: object) -> bool:
    """Whether everything in an old value is in the new one, which may have more fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and is_part(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_part, old, new))
    return old == new


@pytest.mark.parametrize("kind", READ)
def test_every_value_of_an_older_version_is_read_whole(folder: Path, kind: str) -> None:
    values = [TypeAdapter(type(one)).dump_python(one, mode="json") for one in READ[kind](TinyStore(folder))]
    rows = [row for row in stored(folder, kind) if (kind, row.get("subscriber_id")) != ("standings", who("left"))]
    assert rows
    assert len(values) == len(rows)
    assert [row for row in rows if not any(is_part(row, value) for value in values)] == []


def test_what_is_no_value_in_a_table_is_read_too(folder: Path) -> None:
    store = TinyStore(folder)
    names = sorted(path.name for path in (folder / "documents").iterdir())
    assert [store.get_document(name) for name in names] == [
        (folder / "documents" / name).read_text(encoding="utf-8") for name in names
    ]
    assert not store.claim_once("answer", f"{who('ada')} profile", on=DAY)
    suppression = present(
        store.get_address_status(who("left")).suppression
    )  # waits beside a file that says nothing of it
    assert suppression.why is SuppressionReason.UNSUBSCRIBED
    assert {row.subscriber_id for row in store.get_open_deliveries()} == {who("doubt"), who("handed")}
    assert store.heir_of(who("former")) == who("moved")
    assert store.find_unreadable() == {}


def test_deliveries_in_every_state_are_there(folder: Path) -> None:
    assert {row.state for row in TinyStore(folder).get_deliveries()} == set(DeliveryState)


def test_a_morning_mails_who_was_not_mailed_and_nobody_a_paper_twice(version: Path, folder: Path) -> None:
    shutil.copy(version / "subscribers.yaml", folder.parent)
    place, before = Place(folder.parent), TinyStore(folder)
    read = {row.subscriber_id: before.get_sent(row.subscriber_id) for row in before.get_deliveries()}
    assert all(read[who(name)] for name in ("deferred", "claimed", "skipped", "moved"))
    for outcome in ("sent", "already sent"):
        place.newsletter("run", "--sample")
        report = TinyStore(folder).get_runs(digest_on=DAY, limit=1)[0]
        assert {entry.subscriber_id: str(entry.outcome) for entry in report.subscribers} == {
            **{who(name): "already sent" for name in ("ada", "konrad")},
            **{who(name): "suppressed" for name in ("henrietta", "left")},
            **{who(name): "in doubt" for name in ("doubt", "handed")},
            **{who(name): outcome for name in ("deferred", "claimed", "skipped", "moved", "eve")},
            who("rejected"): "rejected",
        }
        mailed = ["claimed", "deferred", "eve", "moved", "skipped"]
        assert sorted(mail["To"].addresses[0].username for mail in place.mails()) == mailed
    store = TinyStore(folder)
    for name in mailed:
        row = present(store.get_delivery(who(name), DAY))
        assert ledger.counts_as_sent(row.state)
        assert row.paper_ids
        assert not set(row.paper_ids) & read.get(who(name), frozenset())


def test_nobody_whom_it_has_is_welcomed_and_a_newcomer_is(version: Path, folder: Path) -> None:
    path, outbox = folder.parent / "subscribers.yaml", folder.parent / "outbox"
    shutil.copy(version / "subscribers.yaml", path)
    settings = Settings(subscribers=path, state=folder, outbox=outbox, _env_file=None)
    service = app.build_welcome_service(settings, TinyStore(folder))
    service.send_due("r1")
    assert list(outbox.glob("*.eml")) == []
    entry = "\n  - {email: new@example.org, categories: [cs.LG], keywords: {like: [graph]}}\n"
    path.write_text(path.read_text(encoding="utf-8") + entry, encoding="utf-8")
    service.send_due("r2")
    (mail,) = outbox.glob("*.eml")
    assert "To: new@example.org" in mail.read_text(encoding="utf-8")
