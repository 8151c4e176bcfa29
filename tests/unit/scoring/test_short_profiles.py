"""Short profiles: what is mailed for a line or a keyword, how phrases are covered, and the passage to long ones."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Paper, Profile, Score, Topic
from newsletter.scoring.ranking.coverage import FormEncoder, PlacedPapers, measure_coverage
from newsletter.scoring.ranking.phrases import Table, read_phrases
from newsletter.scoring.ranking.short_profiles import LONG, PLACE_RANGE, SHORT, clip_places, measure_shortness
from newsletter.scoring.ranking.tfidf import Vector
from newsletter.scoring.ranking.tokenize import Keys
from tests.unit.scoring.test_local import SCORER, make_day, make_paper, renumber, score

LLM: Table = {("llm",): (("large", "language", "model"),)}


def cover(wish: str, *texts: tuple[str, str], table: Table | None = None, like: bool = False) -> list[float]:
    """How well papers of these titles and abstracts cover a wish, all words being equally rare."""
    encoder = FormEncoder()
    papers = [make_paper(number, *text) for number, text in enumerate(texts)]
    placed = PlacedPapers([encoder.place(paper) for paper in papers], encoder)
    profile = Profile((), like=(wish,)) if like else Profile((Topic("", wish),))

    def idf(keys: Keys) -> Vector:
        return np.full(len(keys), 5.0)

    return [float(each) for each in measure_coverage(read_phrases(profile, table or {}), placed, idf).best()]


# --- coverage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "better", "worse"),
    [
        ("graph neural networks", "Graph neural networks", "Spiking neural networks"),
        ("fast radio bursts", "A repeating fast radio burst", "Fast cooling and radio galaxies"),
        ("sign language", "Sign language", "A sign that every language lacks"),
        ("tokenizer", "A tokenizer", "One token"),
        ("medical image segmentation", "Segmentation of medical images", "Segmentation"),
        ("multimodal models", "Multi-modal models", "Models"),
        ("optimisation of colour", "Optimization of color", "Optimization"),
    ],
)
def test_a_title_that_says_the_phrase_covers_it_better(wish: str, better: str, worse: str) -> None:
    first, second = cover(wish, (better, ""), (worse, ""))
    assert first > second
    assert first > 0.8


def test_an_abstract_covers_the_more_the_oftener_it_says_so() -> None:
    texts = [("A title", " ".join(["We study dark energy."] * count)) for count in range(5)]
    strengths = cover("dark energy", *texts)
    assert all(before < after for before, after in pairwise(strengths))
    assert strengths[-1] < cover("dark energy", ("Dark energy", "dark energy"))[0]


def test_a_phrase_does_not_reach_from_the_title_into_the_abstract() -> None:
    apart, together = cover("dark energy", ("On the dark", "Energy is here."), ("On the moon", "Dark energy is here."))
    assert apart < together


@pytest.mark.parametrize("title", ["An LLM", "LLMs", "A large language model", "Large-language models"])
def test_an_abbreviation_is_covered_by_its_long_form(title: str) -> None:
    found, parts = cover("LLM", (title, ""), ("A large model of language", ""), table=LLM)
    assert found > 0.8
    assert parts == 0


def test_a_keyword_means_the_word_itself() -> None:
    assert cover("tokenizer", ("Tokens", ""), like=True) < cover("tokenizer", ("Tokens", ""))


@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=40))
def test_coverage_lies_between_0_and_1(texts: list[str], wish: str) -> None:
    if read_phrases(Profile((Topic("", wish),)), {}):
        assert all(0 <= each <= 1 for each in cover(wish, *((text, text) for text in texts)))


# --- grades -------------------------------------------------------------------------------------------

RARE = make_paper(9001, "LoRA beyond the low-rank regime", "We extend LoRA to weights of full rank. LoRA is cheap.")


@pytest.mark.parametrize(
    "profile",
    [
        Profile((), like=("LoRA",)),
        Profile((Topic("LoRA", "Everything about LoRA"),)),
        Profile((Topic("Adaptation", "new ideas on low-rank adaptation"),)),
    ],
    ids=["a keyword", "a line with filler", "the long form"],
)
@pytest.mark.parametrize("n_others", [5, 40, 160])
def test_a_wish_that_comes_once_a_day_is_mailed(profile: Profile, n_others: int) -> None:
    others = make_day(n_others, only=("tomatoes", "graphs", "speech"))
    scores = score(profile, [RARE, *others])
    assert scores[0].relevance >= 7
    assert max(each.relevance for each in scores[1:]) < 6
    assert scores[0].rank > max(each.rank for each in scores[1:])


def test_a_day_without_the_subject_gives_nothing() -> None:
    scores = score(Profile((), like=("fast radio bursts",)), make_day(60))
    assert max(each.relevance for each in scores) < 6


@pytest.mark.parametrize(
    "unwanted",
    [
        Profile((), like=("LoRA",), avoid=("low-rank",)),
        Profile((Topic("LoRA", "LoRA", "Full rank, low-rank regimes"),)),
    ],
    ids=["avoided", "irrelevant"],
)
def test_what_is_unwanted_sinks_a_paper_that_has_it(unwanted: Profile) -> None:
    papers = [RARE, make_paper(9002, "LoRA merging", "We merge many LoRA. LoRA is cheap."), *make_day(40)]
    before, after = score(Profile((), like=("LoRA",)), papers), score(unwanted, papers)
    assert before[0].rank - after[0].rank > before[1].rank - after[1].rank + 1


def test_an_unwanted_text_does_not_hold_a_wanted_word_against_a_paper() -> None:
    wanted = Profile((Topic("LoRA", "LoRA", "mere LoRA"),), avoid=("lora",))
    papers = [RARE, *make_day(40)]
    plain = score(Profile((Topic("LoRA", "LoRA"),)), papers)
    assert score(wanted, papers)[0].relevance == plain[0].relevance


def test_a_word_that_nobody_uses_takes_nothing_away() -> None:
    papers = [RARE, *make_day(40)]
    plain, odd = (score(Profile((Topic("x", text),)), papers) for text in ("LoRA", "LoRA Quzzlefrotz"))
    assert [each.relevance >= 6 for each in plain] == [each.relevance >= 6 for each in odd]


WORDS = (
    "pruning quantization sparse weights distillation compression pretraining attention decoding caching tokens memory"
    " kernels inference batching routing experts adapters finetuning scaling optimizers gradients initialization"
    " regularization normalization embeddings"
).split()


def test_shortness_falls_from_one_to_nought_without_a_jump() -> None:
    measured = [measure_shortness(Profile((Topic("", " ".join(WORDS[:n])),))) for n in range(1, len(WORDS))]
    assert measured[SHORT - 1] == 1
    assert measured[LONG - 1] == 0
    assert all(0 <= before - after <= 0.1 for before, after in pairwise(measured))
    assert measure_shortness(Profile((Topic("", "interesting new papers"),))) == 0


@cache
def graded_by(n_words: int) -> list[Score]:
    papers = [*make_day(60), *renumber(make_day(20, only=("pruning", "graphs")), "2511")]
    return score(Profile((Topic("", ", ".join(WORDS[:n_words])),)), papers)


@pytest.mark.parametrize("n_words", range(SHORT - 2, LONG + 2))
def test_one_word_more_does_not_turn_everything_over(n_words: int) -> None:
    """Of a hundred papers few are graded otherwise by more than two, and none that passed clearly is far below."""
    before, after = graded_by(n_words), graded_by(n_words + 1)
    moved = [abs(one.relevance - other.relevance) for one, other in zip(before, after, strict=True)]
    assert sum(each > 2 for each in moved) <= len(before) / 20
    assert np.corrcoef([each.rank for each in before], [each.rank for each in after])[0, 1] > 0.9


def test_the_order_agrees_with_the_grades() -> None:
    papers: list[Paper] = [RARE, *make_day(40)]
    scores = sorted(score(Profile((), like=("LoRA", "pruning")), papers), key=lambda each: -each.rank)
    assert all(before.relevance >= after.relevance for before, after in pairwise(scores))


@pytest.mark.parametrize("value", [1, -1])
def test_votes_move_papers_on_the_wish(value: int) -> None:
    """Papers with moss beside others of the same subject."""
    words = ["moss", "moss ferns", "rain", "rain clouds", "light", "moss lichen", "wind", "rain fog"]
    subjects = [("Satellites", "galaxies"), ("Pruning", "sparsity")] * 4
    papers = [
        make_paper(n, f"{title} {n}", f"{subject} and {word}.")
        for n, ((title, subject), word) in enumerate(zip(subjects, words, strict=True))
    ]
    profile = Profile((Topic("Sparse models", "Pruning and sparsity"), Topic("Galaxies", "Satellites of galaxies")))
    vote = (make_paper(900, "Moss", "Moss and lichen on a wall, and more moss."), value)

    def advantage(votes: list[tuple[Paper, int]]) -> float:
        scored = SCORER.score(profile, papers, [make_day(40)], votes=votes).scores
        return sum(scored[n].rank for n in (0, 1, 5)) - sum(scored[n].rank for n in (2, 3, 7))

    assert (advantage([vote]) - advantage([])) * value > 0


# --- days of few papers -------------------------------------------------------------------------------

FEW_PAPERS = {
    "smoothed particle hydrodynamics": [
        (
            "Walls in smoothed particle hydrodynamics",
            "We treat solid walls in smoothed particle hydrodynamics and compare dam breaks with experiments.",
            ("physics.flu-dyn", "physics.comp-ph"),
        ),
        (
            "Brine that moves through cracked granite",
            "Dissolved salt spreads along rough cracks of granite; we model its transport by a random walk of tracer"
            " particles and compare with a flow cell.",
            ("physics.geo-ph", "physics.flu-dyn"),
        ),
        (
            "A continuum theory of magnetic beads in a fluid",
            "Beads in a strong field gradient drift through a viscous fluid; we derive balance laws for their"
            " concentration and the hydrodynamic stress.",
            ("cond-mat.soft", "physics.flu-dyn", "physics.comp-ph"),
        ),
        (
            "A surrogate of flow past a cylinder",
            "A neural network learns the wake behind a cylinder from coarse simulations of Navier-Stokes equations.",
            ("cs.LG", "physics.flu-dyn"),
        ),
    ],
    "neutron stars": [
        (
            "Cooling of neutron stars with superfluid cores",
            "Neutron stars cool by neutrinos; we compute how superfluid cores change their surface temperature.",
            ("astro-ph.HE", "nucl-th"),
        ),
        (
            "Soft gluons in pairs of heavy mesons",
            "We resum soft gluons in the photoproduction of pairs of heavy mesons.",
            ("hep-ph", "nucl-th"),
        ),
    ],
}


@pytest.mark.parametrize("wish", FEW_PAPERS)
def test_of_few_papers_of_one_category_only_those_on_the_subject_pass(wish: str) -> None:
    day = [
        Paper(f"2511.{number:05d}", 1, title, ("A",), abstract, categories)
        for number, (title, abstract, categories) in enumerate(FEW_PAPERS[wish])
    ]
    profile = Profile((Topic(wish),))
    first, *others = [each.relevance for each in SCORER.score(profile, day, ()).scores]
    assert first >= 9
    assert max(others) <= 7  # how beads drift in a fluid is near particles in one
    alone = [SCORER.score(profile, [paper], ()).scores[0].relevance for paper in day]
    assert alone[0] >= 7


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=600))
def test_what_stands_out_counts_the_more_the_more_papers_there_are(scores: list[float]) -> None:
    places = clip_places(np.array(scores))
    assert np.all((PLACE_RANGE[0] <= places) & (places <= PLACE_RANGE[1]))
    assert np.all(np.diff(places[np.argsort(scores)]) >= 0)
    assert np.all(clip_places(np.array([*scores, 0.0]))[:-1] >= places)
