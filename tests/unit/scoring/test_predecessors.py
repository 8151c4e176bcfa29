"""Which earlier paper a new one follows: the same rare thing in much the same words, and nothing less."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.model import Paper
from newsletter.scoring.predecessors import WordPredecessors
from tests import make

FINDER = WordPredecessors()

DRAFTS = (
    "We speed up speculative decoding: a small draft model proposes tokens and the target model verifies them in one "
    "pass. Our draft model keeps its cache, and speculative decoding gains a factor of two on language models."
)
TREES = (
    "In speculative decoding the draft model and the target model disagree. We train the draft model on trees of "
    "tokens, so that the target model verifies more tokens of speculative decoding in one pass."
)
STARS = (
    "We measure radial velocities of giant stars in the outer halo and find a cold stream. Its stars are old and poor "
    "in metals, and its orbit ends at a globular cluster."
)
LEARNING = (
    "We train deep neural networks on large language data and show that our method improves results on benchmarks. "
    "The model is trained with gradient descent, and the results of the model are better than before."
)
OTHER_LEARNING = (
    "Large models need much data. This work proposes a method whose training is stable, analyses its performance on "
    "several tasks, and shows that the proposed method performs well with little data."
)


def paper(number: int, title: str, abstract: str, *authors: str, **changes: object) -> Paper:
    names = authors or (f"A{number} Writer", f"B{number} Writer")
    return make.paper(f"2601.{number:05d}", title=title, abstract=abstract, authors=names, **changes)


OLD = paper(1, "Fast Drafts for Speculative Decoding", DRAFTS)
NEW = paper(2, "Trees for Speculative Decoding", TREES)


def test_a_paper_on_the_same_rare_thing_follows() -> None:
    assert FINDER.find_predecessors([NEW], [OLD]) == [0]


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(paper(3, "A Cold Stream of Old Stars", STARS), id="another subject"),
        pytest.param(paper(4, "Trees for Speculative Decoding", TREES, version=2), id="a rare thing of other papers"),
    ],
)
def test_another_subject_is_not_followed(earlier: Paper) -> None:
    assert FINDER.find_predecessors([paper(5, "Better Training of Networks", LEARNING)], [earlier]) == [None]


def test_what_every_paper_says_is_no_evidence() -> None:
    old, new = paper(6, "Training Better Models", LEARNING), paper(7, "A Method for Large Models", OTHER_LEARNING)
    assert FINDER.find_predecessors([new], [old]) == [None]


def test_another_version_of_a_paper_follows_nothing() -> None:
    first = paper(2, "Trees for Speculative Decoding", TREES, version=1)
    second = paper(2, "Trees for Speculative Decoding", TREES, version=2)
    assert FINDER.find_predecessors([second], [first]) == [None]
    assert FINDER.find_predecessors([second], [first, OLD]) == [1]


def test_the_first_of_several_is_given() -> None:
    other = paper(8, "More Drafts for Speculative Decoding", DRAFTS)
    assert FINDER.find_predecessors([NEW], [paper(3, "A Cold Stream", STARS), other, OLD]) == [1]


def test_what_a_reader_is_sent_all_the_time_is_no_evidence() -> None:
    daily = [paper(100 + n, f"Speculative Decoding {n}", DRAFTS) for n in range(30)]
    assert FINDER.find_predecessors([NEW], [OLD]) == [0]
    assert FINDER.find_predecessors([NEW], [*daily, OLD]) == [None]


CHEAP = (
    "We study when many users ask language models at once. A small draft model proposes tokens and saves time. We "
    "measure what the draft model gains with a target model on two machines."
)


def test_authors_in_common_make_up_for_words_but_not_for_a_subject() -> None:
    team = ("Ada Lovelace", "Emmy Noether", "Mary Somerville")
    theirs = paper(12, OLD.title, OLD.abstract, *team)
    assert FINDER.find_predecessors([paper(10, "Cheap Answers", CHEAP)], [theirs]) == [None]
    assert FINDER.find_predecessors([paper(11, "Cheap Answers", CHEAP, *team)], [theirs]) == [0]
    assert FINDER.find_predecessors([paper(13, "A Cold Stream of Old Stars", STARS, *team)], [theirs]) == [None]


def test_without_earlier_papers_nothing_follows() -> None:
    assert FINDER.find_predecessors([NEW, OLD], []) == [None, None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=300)), min_size=1, max_size=4))
def test_any_text_is_taken(texts: list[tuple[str, str]]) -> None:
    finder = WordPredecessors()
    papers = [paper(20 + number, *text) for number, text in enumerate(texts)]
    found = finder.find_predecessors(papers, papers)
    assert len(found) == len(papers)
    assert all(place is None or (0 <= place < len(papers) and place != own) for own, place in enumerate(found))
    assert finder.find_predecessors(papers, papers) == found
