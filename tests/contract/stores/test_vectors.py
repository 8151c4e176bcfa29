"""What every Store promises about vectors of papers: as they were, the latest of each, and forgotten by age."""

from datetime import date, timedelta

from newsletter.model import PaperVector
from newsletter.stores import Store
from tests.contract.stores.memories import DAY, PAPERS, Memory


def vector(
    number: int = 0, version: int = 1, on: date = DAY, model: str = "small", numbers: str = "AAEC"
) -> PaperVector:
    return PaperVector(PAPERS[number], version, model, on, numbers)


def test_vectors_come_back_by_model_paper_and_version(memory: Memory) -> None:
    kept = [vector(), vector(version=2), vector(1), vector(model="large")]
    memory.store.put_vectors(kept)
    memory.store.put_vectors([])
    for store in (memory.store, memory.another()):
        found = store.get_vectors("small", [(PAPERS[0], 2), (PAPERS[1], 1), (PAPERS[1], 7)])
        assert sorted(found, key=lambda one: one.arxiv_id) == kept[1:3]
        assert store.get_vectors("large", [(PAPERS[0], 1)]) == kept[3:]
        assert store.get_vectors("none", [(PAPERS[0], 1)]) == []
        assert store.get_vectors("small", []) == []


def test_the_latest_vector_of_a_paper_counts(memory: Memory) -> None:
    reader = memory.another()
    for on, numbers in ((DAY, "AQ=="), (DAY - timedelta(days=1), "Ag=="), (DAY, "Aw==")):
        memory.store.put_vectors([vector(on=on, numbers=numbers)])
        (found,) = reader.get_vectors("small", [(PAPERS[0], 1)])
        assert found.announced_on == DAY
    assert found.numbers == "Aw=="


def test_old_vectors_are_forgotten_the_oldest_days_first(store: Store) -> None:
    days = [DAY - timedelta(days=back) for back in (3, 2, 1, 0)]
    store.put_vectors([vector(version=number, on=on) for number, on in enumerate(days)])
    asked = [(PAPERS[0], number) for number in range(4)]
    store.forget_vectors(before=DAY, most_days=2)
    assert sorted(one.version for one in store.get_vectors("small", asked)) == [2, 3]
    store.forget_vectors(before=DAY)
    store.forget_vectors(before=DAY)
    assert [one.version for one in store.get_vectors("small", asked)] == [3]


def test_vectors_outlive_the_process_that_made_them(memory: Memory) -> None:
    memory.die_after(lambda store: store.put_vectors([vector()]))
    assert memory.another().get_vectors("small", [(PAPERS[0], 1)]) == [vector()]
