"""A digest stays under the size at which it would be cut, at the price of the papers that matter least."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.size_budget import HTML_BYTES, Detail, fit, html_bytes

BEST = 5
SIZES = {Detail.LEFT_OUT: 0, Detail.TITLE: 250, Detail.REASON: 400, Detail.SENTENCE: 700, Detail.LINKS: 950}
ENTRY = 1_200


class Page:
    """A page of papers with these abstracts (bytes each), markup of its own for each level, and a frame."""

    def __init__(self, abstracts: Sequence[int], frame: int = 5_000) -> None:
        self.abstracts, self.frame = abstracts, frame
        self.measured: list[list[Detail]] = []

    def size(self, levels: Sequence[Detail]) -> int:
        return self.frame + sum(map(self._paper, self.abstracts, levels))

    def measure(self, levels: Sequence[Detail]) -> int:
        self.measured.append(list(levels))
        return self.size(levels)

    def saving(self, place: int, level: Detail) -> int:
        return self.abstracts[place] if level is Detail.ENTRY else 100

    def _paper(self, length: int, level: Detail) -> int:
        return ENTRY + 800 + length if level is Detail.FULL else SIZES.get(level, ENTRY)

    def fit(self, best_first: Sequence[int] | None = None, most: int = HTML_BYTES) -> list[Detail]:
        return fit(best_first or range(len(self.abstracts)), BEST, self.measure, self.saving, most)


def whole(count: int) -> list[Detail]:
    return [Detail.FULL] * min(BEST, count) + [Detail.ENTRY] * max(0, count - BEST)


PAGES = st.lists(st.integers(0, 2_500), max_size=220)


@settings(max_examples=60)
@given(PAGES, st.integers(5_000, 200_000))
def test_a_page_fits_and_wastes_no_room(abstracts: list[int], most: int) -> None:
    page = Page(abstracts)
    levels = page.fit(most=most)
    assert page.size(levels) <= most
    assert page.measured[-1] == levels  # what was rendered last is what is mailed
    assert page.size(levels) >= most - 2_500 - 1_500 or levels == whole(len(abstracts))


@settings(max_examples=60)
@given(PAGES, st.integers(5_000, 200_000), st.randoms(use_true_random=False))
def test_the_best_papers_give_way_last(abstracts: list[int], most: int, chance: random.Random) -> None:
    best_first = list(range(len(abstracts)))
    chance.shuffle(best_first)
    levels = [Page(abstracts).fit(best_first, most)[place] for place in best_first]
    assert levels[:BEST] == sorted(levels[:BEST], reverse=True)
    assert levels[BEST:] == sorted(levels[BEST:], reverse=True)
    assert set(levels[:BEST]) <= {Detail.FULL} or set(levels[BEST:]) <= {Detail.TITLE, Detail.LEFT_OUT}
    assert Detail.LEFT_OUT not in levels or set(levels) <= {Detail.TITLE, Detail.LEFT_OUT}


def test_a_few_renderings_are_enough() -> None:
    page = Page([1_400] * 200)
    page.fit()
    assert len(page.measured) <= 8


def test_what_fits_is_left_as_it_is() -> None:
    page = Page([1_000] * 20)
    assert page.fit() == whole(20)
    assert len(page.measured) == 1


def test_a_page_too_long_without_papers_ends_there() -> None:
    assert Page([10] * 12, frame=HTML_BYTES).fit() == [Detail.LEFT_OUT] * 12


def test_the_size_in_the_page_is_that_of_ascii_html() -> None:
    assert html_bytes("a < é") == len("a &lt; &#233;")
