"""What every Store promises about the papers that readers save: each once, in order, and no more than may be."""

from datetime import timedelta
from multiprocessing.synchronize import Barrier

from newsletter.model import SavedPaper
from newsletter.stores import Store
from tests import make
from tests.contract.stores.memories import NOW, WHO, Memory, SharedMemory, race

OTHER = "s_other234"
MOST = 3


def saved(number: int, who: str = WHO, minutes: int = 0) -> SavedPaper:
    return SavedPaper(who, NOW + timedelta(minutes=minutes), make.paper(f"2601.{number:05}", title="On \x00 \ud800 x"))


def test_papers_come_back_whole_in_the_order_of_saving_and_each_once(memory: Memory, store: Store) -> None:
    assert store.get_saved(WHO) == []
    for one in (saved(2, minutes=1), saved(1, minutes=2), saved(2, minutes=3), saved(1, OTHER)):
        assert store.save_paper(one, most=MOST)
    assert memory.another().get_saved(WHO) == [saved(2, minutes=1), saved(1, minutes=2)]
    assert memory.another().get_saved(OTHER) == [saved(1, OTHER)]


def test_what_is_taken_off_is_gone_and_may_come_again(memory: Memory, store: Store) -> None:
    for who in (WHO, OTHER):
        store.save_paper(saved(1, who), most=MOST)
    for _ in range(2):
        store.drop_saved(WHO, "2601.00001")
        store.drop_saved("s_nobody22", "2601.00001")
        assert memory.another().get_saved(WHO) == []
    assert store.get_saved(OTHER) == [saved(1, OTHER)]
    assert store.save_paper(saved(1, minutes=9), most=MOST)
    assert store.get_saved(WHO) == [saved(1, minutes=9)]


def test_a_full_list_takes_no_other_paper_until_one_is_taken_off(store: Store) -> None:
    for number in range(MOST):
        assert store.save_paper(saved(number), most=MOST)
    assert not store.save_paper(saved(9), most=MOST)
    assert store.save_paper(saved(0), most=MOST)  # is there already
    assert store.get_saved(WHO) == [saved(number) for number in range(MOST)]
    store.drop_saved(WHO, "2601.00000")
    assert store.save_paper(saved(9), most=MOST)


def test_of_racing_processes_no_paper_is_lost_and_no_place_given_twice(shared: SharedMemory) -> None:
    def work(number: int, barrier: Barrier) -> None:
        store = shared.another()
        barrier.wait()
        for turn in range(4):
            store.save_paper(saved(number * 10 + turn), most=5)

    race(work)
    assert len(shared.another().get_saved(WHO)) == 5
