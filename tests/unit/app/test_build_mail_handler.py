"""What acts on a reply reads the list of subscribers once, whatever the reply asks for."""

from collections.abc import Collection
from pathlib import Path

import pytest

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.mail.inbound import Envelope
from newsletter.settings import load_settings
from newsletter.stores.tinydb import TinyStore
from tests.unit.cli.test_damage import mail

ADA = "ada@example.org"
LIST = f"subscribers:\n  - {{email: {ADA}, categories: [cs.LG], topics: [{{name: T, relevant: all}}]}}\n"


class CountingStore(TinyStore):
    """Counts how often the list is read: each time, those who came by the web are asked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.lists = 0
        self._read, self.get_enrolled_ids = self.get_enrolled_ids, self._count

    def _count(self, *, only: Collection[str] | None = None) -> list[str]:
        self.lists += 1
        return self._read(only=only)


@pytest.mark.parametrize("word", ["help", "weekly", "pause", "resume", "profile", "unsubscribe"])
@pytest.mark.parametrize("rest", ["", "\ncategories: [cs.AI]\n"])
def test_a_reply_reads_the_list_of_subscribers_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, rest: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_SECRET_KEYS", "k" * 40)
    Path("subscribers.yaml").write_text(LIST, encoding="utf-8")
    store, ada = CountingStore(tmp_path / "state"), subscriber_id(ADA)
    handle_mail = app.build_mail_handler(load_settings(), store)
    assert store.lists == 0
    assert handle_mail(mail(ada, word) + rest.encode(), Envelope()) == f"{ada}: {word}, answered"
    assert store.lists == 1
    assert bool(store.get_revisions(ada)) == (word == "profile" and bool(rest))
