"""What every Store promises about documents: they come back as they were."""

from tests.contract.stores.memories import Memory


def test_a_document_comes_back_unchanged(memory: Memory) -> None:
    text = "subscribers:\r\n- naïve\n\x00\ud800 end"
    assert memory.store.get_document("subscribers.yaml") is None
    memory.store.put_document("subscribers.yaml", "old")
    memory.store.put_document("subscribers.yaml", text)
    assert memory.another().get_document("subscribers.yaml") == text
