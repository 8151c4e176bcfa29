"""The bound on time of the tests: what is too slow fails, on a slow machine as on a fast one, and nothing else does."""

from collections.abc import Callable, Iterable

import pytest

from tests.bounded_time import TRIES, YARDSTICK_S, assert_takes_at_most


def clock(*durations: float) -> Callable[[], float]:
    """Shows these seconds between two looks, one after another."""

    def looks() -> Iterable[float]:
        for duration in durations:
            yield 0.0
            yield duration

    return iter(looks()).__next__  # type: ignore[attr-defined, no-any-return]


def nothing() -> None:
    pass


def test_what_is_quick_is_done_once() -> None:
    assert_takes_at_most(1.0, nothing, clock(0.9))


def test_what_is_slow_each_time_fails_with_its_best() -> None:
    with pytest.raises(AssertionError, match=r"at least 1\.20 s, for at most 1\.0 s"):
        assert_takes_at_most(1.0, nothing, clock(*(1.4, YARDSTICK_S), *(1.2, YARDSTICK_S), *(1.3, YARDSTICK_S)))


def test_a_machine_that_is_half_as_fast_has_twice_the_time() -> None:
    assert_takes_at_most(1.0, nothing, clock(1.9, 2 * YARDSTICK_S))
    with pytest.raises(AssertionError):
        assert_takes_at_most(1.0, nothing, clock(*(2.1, 2 * YARDSTICK_S) * TRIES))


def test_a_faster_machine_has_no_less() -> None:
    with pytest.raises(AssertionError):
        assert_takes_at_most(1.0, nothing, clock(*(1.1, YARDSTICK_S / 3) * TRIES))
    assert_takes_at_most(1.0, nothing, clock(1.0))


def test_what_was_slow_only_once_is_quick() -> None:
    assert_takes_at_most(1.0, nothing, clock(5.0, YARDSTICK_S, 0.2))


def test_the_clock_of_the_processor_finds_what_is_too_slow() -> None:
    with pytest.raises(AssertionError):
        assert_takes_at_most(0.0001, lambda: sum(range(1_000_000)))
