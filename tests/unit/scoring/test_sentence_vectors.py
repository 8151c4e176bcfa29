"""What a sentence model makes of papers: read once, kept, and used for a whole day or not at all."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest

from newsletter.errors import EmbedderError
from newsletter.files import resources
from newsletter.model import Paper, PaperVector, Profile, Topic
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.sentence_vectors import BATCH, SentenceVectors, read_wishes
from tests import make
from tests.fakes import MemoryStore

COMMENTS = resources.load_texts("prompts/comments.yaml")
PROFILE = Profile((Topic("Cats", "feline animals"),))
MEANINGS = {"cat": 0, "feline": 0, "animal": 0, "star": 1, "galaxy": 1}


class FakeEmbedder:
    """Knows a few words by their meaning."""

    name = "fake"

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.read += texts
        rows = np.full((len(texts), 3), 0.1, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word, place in MEANINGS.items():
                row[place] += word in text.lower()
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def papers(count: int, word: str = "star", first: int = 0) -> list[Paper]:
    numbers = range(first, first + count)
    return [make.paper(f"2601.{n:05d}", title=f"Of a {word}", abstract=f"A galaxy of number {n}.") for n in numbers]


def test_each_version_of_a_paper_is_read_once_for_all_who_share_the_store() -> None:
    store, first, second = MemoryStore(), FakeEmbedder(), FakeEmbedder()
    today = papers(BATCH + 3)
    told: list[tuple[int, int]] = []
    SentenceVectors(first, store, lambda done, total: told.append((done, total))).prepare(
        [*today, today[0]], announced_on=make.TUESDAY
    )
    again = make.paper(today[0].arxiv_id, version=2)
    SentenceVectors(second, store).prepare([*today, again], announced_on=make.WEDNESDAY)
    assert (len(first.read), len(second.read)) == (2 * (BATCH + 3), 2)  # whole, and the title
    assert told == [(BATCH, BATCH + 3), (BATCH + 3, BATCH + 3)]


def test_reading_that_was_stopped_goes_on_where_it_was() -> None:
    store, embedder = MemoryStore(), FakeEmbedder()
    vectors = SentenceVectors(embedder, store)
    stops = iter((False, True))
    vectors.prepare(papers(2 * BATCH), announced_on=make.TUESDAY, should_stop=lambda: next(stops))
    assert len(embedder.read) == 2 * BATCH
    vectors.prepare(papers(2 * BATCH), announced_on=make.TUESDAY)
    assert len(embedder.read) == 4 * BATCH
    assert {f"{paper.title}. {paper.abstract}" for paper in papers(2 * BATCH)} <= set(embedder.read)


def test_likeness_is_a_cosine_of_each_paper_and_topic_and_a_day_not_read_whole_has_none() -> None:
    store, embedder = MemoryStore(), FakeEmbedder()
    vectors = SentenceVectors(embedder, store)
    today, earlier = [*papers(2, "cat"), *papers(2, "star", first=2)], papers(3, "galaxy", first=10)
    assert vectors.compare(PROFILE, [*today, *earlier], len(today)) is None
    vectors.prepare(today, announced_on=make.TUESDAY)
    likeness = vectors.compare(PROFILE, [*today, *earlier], len(today))
    assert likeness is not None
    read = embedder.embed([f"{paper.title}. {paper.abstract}" for paper in today])
    read += embedder.embed([paper.title for paper in today])
    read /= np.linalg.norm(read, axis=1, keepdims=True)
    expected = read @ embedder.embed(read_wishes(PROFILE)).T
    np.testing.assert_allclose(likeness[:4], expected, atol=0.01)
    assert np.isnan(likeness[4:]).all()
    assert vectors.compare(PROFILE, [*today, *earlier], len(today) + 1) is None
    assert vectors.compare(Profile(()), today, len(today)) is None


def test_of_papers_not_read_nothing_is_found_and_the_others_have_length_1() -> None:
    vectors, today = SentenceVectors(FakeEmbedder(), MemoryStore()), papers(2, "cat")
    assert vectors.find(today).shape == (2, 0)
    vectors.prepare(today[:1], announced_on=make.TUESDAY)
    found = vectors.find([today[1], today[0]])
    assert np.isnan(found[0]).all()
    assert np.linalg.norm(found[1]) == pytest.approx(1)
    assert vectors.find([]).size == 0


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get_vectors(self, model: str, papers: Collection[tuple[str, int]]) -> list[PaperVector]:
        self.asked += len(papers)
        return super().get_vectors(model, papers)


def test_the_vectors_of_a_day_are_fetched_once_for_all_profiles_until_more_of_it_is_read() -> None:
    store, embedder = CountingStore(), FakeEmbedder()
    vectors = SentenceVectors(embedder, store)
    today, earlier = papers(3, "cat"), papers(4, "galaxy", first=10)
    vectors.prepare(today, announced_on=make.TUESDAY)
    store.asked = 0
    for profile in (PROFILE, Profile((Topic("Stars", "galaxy"),))):
        alone = SentenceVectors(embedder, store).compare(profile, [*today, *earlier], 3)
        np.testing.assert_array_equal(vectors.compare(profile, [*today, *earlier], 3), alone)
    assert store.asked == 7 + 2 * 7 + len(earlier)
    vectors.prepare(earlier, announced_on=make.TUESDAY)
    likeness = vectors.compare(PROFILE, [*today, *earlier], 3)
    np.testing.assert_array_equal(likeness, SentenceVectors(embedder, store).compare(PROFILE, [*today, *earlier], 3))
    assert likeness is not None
    assert not np.isnan(likeness).any()


def test_the_scorer_goes_by_the_model_once_the_day_was_read_and_says_the_same_each_time() -> None:
    store = MemoryStore()
    vectors = SentenceVectors(FakeEmbedder(), store)
    today = [*papers(30, "star"), *papers(3, "cat", first=40)]
    history = [papers(40, "galaxy", first=100)]

    def ranks(scorer: LocalScorer) -> list[float]:
        return [score.rank for score in scorer.score(PROFILE, today, history).scores]

    plain, with_model = LocalScorer(comments=COMMENTS), LocalScorer(comments=COMMENTS, vectors=vectors)
    assert ranks(with_model) == ranks(plain)
    vectors.prepare(today, announced_on=make.TUESDAY - timedelta(days=1))
    assert ranks(with_model) == ranks(LocalScorer(comments=COMMENTS, vectors=SentenceVectors(FakeEmbedder(), store)))
    assert ranks(with_model) != ranks(plain)
    assert min(ranks(with_model)[30:]) > max(ranks(with_model)[:30])


def test_a_profile_without_topics_is_read_by_what_it_likes() -> None:
    assert read_wishes(Profile((), like=("LoRA", "mixture of experts"))) == ["LoRA, mixture of experts"]
    assert read_wishes(Profile((Topic("Only a name", ""),), like=("LoRA",))) == ["Only a name"]
    assert read_wishes(Profile((), avoid=("LoRA",))) == []


def test_a_model_that_ceases_to_work_leaves_the_ranking_to_words() -> None:
    class Broken(FakeEmbedder):
        def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            raise EmbedderError("out of memory")

    store, today = MemoryStore(), papers(3)
    SentenceVectors(FakeEmbedder(), store).prepare(today, announced_on=make.TUESDAY)
    broken = SentenceVectors(Broken(), store)
    assert broken.compare(PROFILE, today, 3) is None
    by_words = LocalScorer(comments=COMMENTS).score(PROFILE, today, ())
    assert LocalScorer(comments=COMMENTS, vectors=broken).score(PROFILE, today, ()) == by_words
