"""What is worked out for the readers of a run is made once, and never more than so much of it is kept."""

from itertools import count

from newsletter.run.remembered import MAX_REMEMBERED, Remembered


def test_each_thing_is_made_once() -> None:
    remembered, numbers = Remembered[str, int](), count(1)
    assert [remembered.get(key, lambda: next(numbers)) for key in "abab"] == [1, 2, 1, 2]


def test_all_is_forgotten_before_it_is_too_much() -> None:
    remembered = Remembered[int, int]()
    for key in range(MAX_REMEMBERED):
        remembered.get(key, lambda: 1)
    assert remembered.get(0, lambda: 2) == 1
    assert remembered.get(MAX_REMEMBERED, lambda: 3) == 3
    assert remembered.get(0, lambda: 2) == 2
