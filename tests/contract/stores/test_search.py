"""What every Store promises about searching: the same papers by the same words, in the same order."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.model import DeliveryState, Digest, DigestEntry, FoundPaper, Move
from newsletter.stores import Store
from tests import make
from tests.archives import WHO, digest, entry, mail
from tests.contract.stores.memories import Memory
from tests.fakes import MemoryStore

DAY = make.TUESDAY
HOSTILE = "\x00\ud800'\\\"():*&|!<-> \U0001d538 AND NEAR \u202e"
ENTRIES = [
    entry(1, title='Schr\\"odinger bridges', abstract="State-space models of $\\alpha$-helices in the wild."),
    entry(2, title="State models", abstract="An \\'etale space.", authors=("Émilie Châtelet (Paris)", "Ng O'Brien")),
    entry(3, "hep-th/9901001", title="量子計算の速い方法", abstract="It is said. Title and abstract"),
    entry(4, title="Of a rabbit hole", abstract=HOSTILE),
]


def numbers(store: Store, query: str) -> list[int]:
    return [found.number for found in store.find_papers(WHO, query)]


@pytest.fixture
def filled(store: Store) -> Store:
    commented = replace(ENTRIES[3], score=replace(ENTRIES[3].score, comment="Speaks of Schrödinger, wildly"))
    mail(store, digest(DAY, [*ENTRIES[:3], commented]))
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("schrodinger", [1, 4]),
        ("SCHRÖDINGER bridge", [1]),
        ("schrodinger wild", [1, 4]),  # 8 + 1 of title and abstract before 3 + 3 of a comment
        ("space state", [2, 1]),
        ('"state space"', [1]),
        ('"state mod', [2]),  # the last word of a phrase may go on
        ('"stat models"', []),  # the others may not
        ("“state-space", [1]),
        ("chatelet etale", [2]),
        ("o'brien", [2]),
        ("emilie schrodinger", []),
        ("hep-th/9901001", [3]),
        ("2601.00002", [2]),
        ("計算", [3]),
        ("算計", []),
        ("の速い 方法", [3]),
        ("ai", []),
        ("the and of", []),
        ("of", [4, 1]),  # a word as any other: none is left out of the index
        ("models", [2, 1]),  # no stemming
        ("modelling", []),
        ("α-helices", [1]),
        ("near", [4]),
        ("title abstract", [3]),  # no name of a field
        ("title:state", []),
        ('"bridges 2601"', []),  # no phrase goes from one field into the next
        ("", []),
        ('"" ... --', []),
        (HOSTILE, [4]),
    ],
)
def test_the_same_words_find_the_same_papers(filled: Store, query: str, found: list[int]) -> None:
    assert numbers(filled, query) == found


def test_only_what_was_mailed_to_the_reader_is_found(store: Store) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    mail(store, digest(days[0]))
    mail(store, digest(days[1]), DeliveryState.REJECTED)
    mail(store, digest(days[2]), DeliveryState.IN_DOUBT)
    store.put_digest(digest(days[3]))  # nothing was claimed yet
    mail(store, digest(days[0], subscriber=make.subscriber(subscriber_id="s_other234")))
    assert store.find_papers(WHO, "paper") == [FoundPaper(days[2], 1), FoundPaper(days[0], 1)]
    assert store.find_papers("s_nobody22", "paper") == []


def test_what_is_found_moves_with_the_reader(memory: Memory, store: Store) -> None:
    mail(store, digest(DAY))
    store.move_subscriber(Move(WHO, "s_new23456", make.NOW, "new@example.org"))
    assert memory.another().find_papers("s_new23456", "paper") == [FoundPaper(DAY, 1)]
    assert memory.another().find_papers(WHO, "paper") == []


def test_a_paper_of_two_digests_is_found_in_both_by_their_own_comments(store: Store) -> None:
    first = entry(1)
    mail(store, digest(DAY, [replace(first, score=replace(first.score, comment="Turtles"))]))
    later = replace(first, number=2, score=replace(first.score, comment="Rabbits"))
    mail(store, digest(DAY + timedelta(days=1), [entry(1, "2601.00009"), later]))
    assert store.find_papers(WHO, "turtles lovelace") == [FoundPaper(DAY, 1)]
    assert store.find_papers(WHO, "rabbit") == [FoundPaper(DAY + timedelta(days=1), 2)]
    assert len(store.find_papers(WHO, "2601.00001")) == 2


# --- any words, against looking through all papers

WORDS = ["state", "states", "stat", "of", "o", "Größe", "grosse", "量子", "子計", "x2", "2601", "hep-th", "é", "α"]
SIGNS = ["", '"', "'", "-", "*", ":", "(", "\x00", "\ud800", "\\", "\\alpha", "%"]


def some_digests() -> list[Digest]:
    chance = random.Random(7)

    def some_text(most: int) -> str:
        return " ".join(chance.choice(WORDS) + chance.choice(SIGNS) for _ in range(chance.randint(0, most)))

    def some_entry(number: int) -> DigestEntry:
        shown = entry(number, title=some_text(4), authors=(some_text(2), some_text(2)), abstract=some_text(12))
        return replace(shown, score=replace(shown.score, comment=some_text(3)))

    return [digest(DAY + timedelta(days=on), [some_entry(number) for number in range(1, 9)]) for on in range(5)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(parts=st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SIGNS)), max_size=4), cut=st.integers(0, 3))
def test_any_words_find_what_looking_through_all_papers_finds(
    memory: Memory, parts: list[tuple[str, str]], cut: int
) -> None:
    if not memory.store.get_digest_days(WHO):
        for each in some_digests():
            mail(memory.store, each)
    query = " ".join(sign + word for word, sign in parts)
    query = query[: len(query) - cut]
    assert memory.store.find_papers(WHO, query) == MODEL.find_papers(WHO, query)


MODEL = MemoryStore()
for _digest in some_digests():
    mail(MODEL, _digest)
