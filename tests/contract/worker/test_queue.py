"""What the queue promises to clocks and workers: nothing waits twice, and a job is there exactly if its claim is."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.run import cut_into_slices
from newsletter.settings import Settings
from newsletter.worker import hand_over, release_queue, require_queue
from newsletter.worker.queue import JOBS, SLICE, SMALL_SLICE, Queue, slice_size
from tests import make
from tests.contract.worker.conftest import Place

READERS = [f"s_{number:04}" for number in range(JOBS * SLICE + 50)]


def in_slices(place: Place) -> list[list[str]]:
    return [args["subscriber_ids"] for args in place.waiting("deliver")]  # type: ignore[index]


def test_readers_wait_in_slices_in_their_order(place: Place) -> None:
    assert place.queue.put_deliveries([READERS]) == JOBS + 1
    slices = in_slices(place)
    assert [len(each) for each in slices] == [SLICE] * JOBS + [50]
    assert [who for each in slices for who in each] == READERS


@pytest.mark.parametrize(
    ("readers", "size"), [(0, SMALL_SLICE), (20, SMALL_SLICE), (300, 38), (1_600, 200), (100_000, SLICE)]
)
def test_a_short_list_makes_jobs_for_several_workers(readers: int, size: int) -> None:
    assert slice_size(readers) == size


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 25))
def test_readers_of_a_group_are_in_one_slice_if_they_fit(sizes: list[int], size: int) -> None:
    groups = [[f"s_{group}_{number}" for number in range(count)] for group, count in enumerate(sizes)]
    slices = cut_into_slices(groups, size)
    assert [who for each in slices for who in each] == [who for group in groups for who in group]
    assert all(0 < len(each) <= size for each in slices)
    for group in groups:
        holding = [each for each in slices if set(each) & set(group)]
        assert len(holding) == -(-len(group) // size)
    firsts = {group[0]: min(len(group), size) for group in groups if group}
    for before, each in pairwise(slices):  # what begins a slice had no room in the one before
        assert len(before) + firsts.get(each[0], size) > size


def test_who_waits_already_is_not_put_in_again(place: Place) -> None:
    place.queue.put_deliveries([READERS[:150]])
    assert place.queue.put_deliveries([READERS[:160]]) == 1
    place.queue.put_deliveries([READERS])
    assert place.queue.put_deliveries([READERS]) == 0
    assert sorted(who for each in in_slices(place) for who in each) == READERS


def test_a_slice_that_a_worker_has_in_hand_is_not_put_in_again(place: Place) -> None:
    place.queue.put_deliveries([READERS[:10]])
    place.begin_job()
    assert in_slices(place) == []
    assert place.queue.put_deliveries([READERS[:10]]) == 0


def test_a_slice_whose_end_was_never_written_down_holds_nobody_up_for_good(place: Place) -> None:
    place.queue.put_deliveries([READERS[:10]])
    place.begin_job()
    place.execute("UPDATE procrastinate_events SET at = at - interval '11 minutes'")
    assert place.queue.put_deliveries([READERS[:10]]) == 1


def test_several_clocks_at_once_put_each_reader_in_once(place: Place) -> None:
    with ThreadPoolExecutor(4) as clocks:
        counts = list(clocks.map(lambda _: place.queue.put_deliveries([READERS]), range(8)))
    assert sorted(counts) == [0] * 7 + [JOBS + 1]
    assert sorted(who for each in in_slices(place) for who in each) == READERS


def test_one_morning_waits_at_a_time_and_another_one_may_while_it_is_in_hand(place: Place) -> None:
    assert [place.queue.put_collect() for _ in range(2)] == [True, False]
    place.begin_job()
    assert [place.queue.put_collect() for _ in range(2)] == [True, False]


def test_what_is_claimed_once_a_day_is_put_in_with_its_claim_or_not_at_all(place: Place) -> None:
    def claim() -> bool:
        return place.store.claim_once("retain", "", on=make.TUESDAY)

    def claim_and_die() -> bool:
        claim()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        place.queue.put_retain(claim_and_die)
    assert place.waiting("retain") == []
    assert place.queue.put_retain(claim), "the claim went with what failed"
    assert not place.queue.put_retain(claim)
    assert place.waiting("retain") == [{}]


def test_only_one_process_collects_until_it_ends_or_dies(place: Place) -> None:
    with place.queue.alone("collect") as first, place.queue.alone("collect") as second:
        assert (first, second) == (True, False)
    with place.queue.alone("collect") as third:
        assert third


def test_a_clock_hands_over_only_while_a_worker_shows_signs_of_life(place: Place) -> None:
    assert hand_over(place.settings, place.store) == 0
    assert place.waiting("collect") == []
    worker = place.begin_job()
    assert hand_over(place.settings, place.store) == 1
    assert place.waiting("collect") == [{}]
    place.silence(worker)
    assert hand_over(place.settings, place.store) == 0


def test_the_tables_are_made_once_and_then_left_alone(place: Place) -> None:
    again = release_queue(place.settings)
    assert again is not None
    assert again.before == again.after
    assert require_queue(place.settings).name
    Queue(require_queue(place.settings)).put_collect()
    release_queue(place.settings)
    assert place.waiting("collect") == [{}]


@pytest.mark.parametrize("url", [None, "sqlite:////nowhere/state.db"])
def test_without_postgresql_there_is_no_queue_and_the_error_says_what_to_do(url: str | None) -> None:
    settings = Settings(database_url=url, _env_file=None)
    assert release_queue(settings) is None
    with pytest.raises(ConfigError, match=r"set DATABASE_URL to postgresql://.*'newsletter clock'"):
        require_queue(settings)
