"""What every Store promises about what may happen once a day only. test_profiles.py has the race for it."""

from datetime import timedelta

from newsletter.stores import Store
from tests.contract.stores.memories import DAY, Memory


def test_once_is_once_for_each_thing_key_and_day(memory: Memory, store: Store) -> None:
    key = "<mail \x00 \ud800@example.org>"
    assert store.claim_once("mail", key, on=DAY)
    assert not store.claim_once("mail", key, on=DAY)
    assert not memory.another().claim_once("mail", key, on=DAY)
    assert store.claim_once("answer", key, on=DAY)
    assert store.claim_once("mail", key, on=DAY + timedelta(days=1))
    store.forget_claims(before=DAY + timedelta(days=1))
    assert store.claim_once("mail", key, on=DAY)
    assert not store.claim_once("mail", key, on=DAY + timedelta(days=1))
