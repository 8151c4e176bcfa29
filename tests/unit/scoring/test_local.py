"""The embedded scorer: what it ranks, grades and says, on small made-up days."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.model import Paper, Profile, Score, Topic
from newsletter.scoring.evaluation.corpus import label_days, load_days, load_labels
from newsletter.scoring.evaluation.markdown_profile import parse_profile
from newsletter.scoring.local import LocalScorer
from tests import SHARED

CORPUS = SHARED / "corpus"
COMMENTS = resources.load_texts("prompts/comments.yaml")
SCORER = LocalScorer(comments=COMMENTS)  # one for all: what it read for others changes nothing, as is shown below

SUBJECTS = {
    "galaxies": ("Dwarf galaxy satellites of the Milky Way", "Star formation histories of dwarf satellite galaxies."),
    "pruning": ("Pruning and quantization of transformers", "Low-rank and sparse weights compress a neural network."),
    "tomatoes": ("Growing tomatoes under glass", "Light, water and soil decide how vegetables thrive."),
    "graphs": ("Colouring of planar graphs", "A short proof of a bound on the chromatic number."),
    "speech": ("Recognition of spoken dialects", "Audio recordings of rural speakers are transcribed."),
}
COMPRESSION = Profile(
    topics=(Topic("Model Compression", "Pruning, quantization, low-rank and sparse weights of neural networks."),),
    like=("quantization",),
    avoid=("federated learning",),
)


def make_paper(number: int, title: str, abstract: str, category: str = "cs.LG") -> Paper:
    return Paper(f"2510.{number:05d}", 1, title, ("Ada Example",), abstract, (category,))


def make_day(n_papers: int = 40, only: tuple[str, ...] = tuple(SUBJECTS)) -> list[Paper]:
    """Papers on several subjects by turns, told apart by a serial word."""
    texts = [SUBJECTS[only[number % len(only)]] for number in range(n_papers)]
    return [make_paper(number, title, f"{abstract} No{number}x.") for number, (title, abstract) in enumerate(texts)]


def renumber(papers: list[Paper], month: str) -> list[Paper]:
    return [replace(paper, arxiv_id=f"{month}.{number:05d}") for number, paper in enumerate(papers)]


def score(profile: Profile, papers: list[Paper], history: list[list[Paper]] | None = None) -> list[Score]:
    report = SCORER.score(profile, papers, history or [])
    return [report.with_comment(each) for each in report.scores]


# --- ranking and grades -------------------------------------------------------------------------------


def test_papers_on_the_topic_come_first_and_pass_the_usual_cut_off() -> None:
    papers = make_day()
    scores = sorted(score(COMPRESSION, papers), key=lambda each: -each.rank)
    titles = {paper.arxiv_id: paper.title for paper in papers}
    assert {titles[each.arxiv_id] for each in scores[:8]} == {SUBJECTS["pruning"][0]}
    assert min(each.relevance for each in scores[:8]) >= 7
    assert max(each.relevance for each in scores[8:]) < 7


def test_a_day_of_foreign_papers_gives_nobody_a_high_relevance() -> None:
    papers = make_day(only=("tomatoes", "graphs", "speech"))
    assert max(each.relevance for each in score(COMPRESSION, papers)) < 7


def test_a_quiet_day_selects_fewer_than_a_rich_one() -> None:
    past = [make_day(40), renumber(make_day(40), "2509")]
    others = renumber(make_day(30, only=("graphs", "speech")), "2511")
    wanted = renumber(make_day(10, only=("pruning",)), "2512")
    quiet = [each for each in score(COMPRESSION, others + wanted[:1], past) if each.relevance >= 7]
    rich = [each for each in score(COMPRESSION, others + wanted, past) if each.relevance >= 7]
    assert len(quiet) == 1
    assert len(rich) == 10


def best_five(scores: Sequence[Score]) -> float:
    return sum(sorted((each.relevance for each in scores), reverse=True)[:5]) / 5


@pytest.mark.parametrize("n_wanted", [1, 6])
def test_memory_alone_sinks_no_days_best_grades(n_wanted: int) -> None:
    past: list[list[Paper]] = []
    for number in range(4):  # of which the last has all the memory that is used
        others = renumber(make_day(40, only=("graphs", "speech", "tomatoes")), f"{2500 + number}")
        day = [*others, *renumber(make_day(n_wanted, only=("pruning",)), f"{2600 + number}")]
        without, with_memory = score(COMPRESSION, day), score(COMPRESSION, day, past)
        assert abs(best_five(with_memory) - best_five(without)) <= 1
        past.append(day)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no labelled corpus at ../shared/corpus beside the repository")
def test_memory_alone_sinks_no_real_days_best_grades() -> None:
    """Twelve days in a row, with memory growing from nothing."""
    days = load_days(CORPUS)
    labels = load_labels(CORPUS / "labels" / "near-field-cosmology.jsonl")
    profile = parse_profile((CORPUS / "profiles" / "near-field-cosmology.md").read_text(encoding="utf-8"))
    sunk = list[float]()
    for number, day in enumerate(label_days(days, labels, (), first=date.min, last=date.max)[-12:]):
        known = day.history[-min(number, SCORER.history_days) :] if number else ()
        without, with_memory = (best_five(SCORER.score(profile, day.pool, memory).scores) for memory in ((), known))
        sunk.append(without - with_memory)
    assert max(sunk) <= 1
    assert abs(sum(sunk) / len(sunk)) <= 0.3


@pytest.mark.parametrize("n_papers", [1, 12, 30])
def test_on_a_small_first_day_every_paper_on_the_topic_passes(n_papers: int) -> None:
    wanted = make_day(n_papers, only=("pruning",))
    others = renumber(make_day(3, only=("tomatoes", "speech", "graphs")), "2511")
    relevance = [each.relevance for each in score(COMPRESSION, [*wanted, *others])]
    assert min(relevance[:n_papers]) >= 7
    assert max(relevance[n_papers:]) < 7


def test_nothing_jumps_when_one_paper_more_is_announced() -> None:
    paper = make_paper(9999, "Sparse attention", "Fewer weights for sequences of a neural network.")
    others = [
        replace(each, abstract=f"{each.abstract} {' '.join(f'w{n * k % 997}' for k in range(1, 30))}")
        for n, each in enumerate(renumber(make_day(401), "2511"))
    ]
    ranks = [score(COMPRESSION, [paper, *others[:n]])[0].rank for n in (397, 398, 399, 400, 401)]
    assert max(abs(after - before) for before, after in pairwise(ranks)) < 0.5


def test_irrelevant_text_lowers_what_it_names() -> None:
    papers = [
        make_paper(1, "Pruning of networks for medical images", "Pruning neural networks of the clinic."),
        make_paper(2, "Pruning of networks for everything", "Pruning neural networks of all kinds."),
        *renumber(make_day(20), "2509"),
    ]
    plain = Profile((Topic("Pruning", "Pruning of neural networks"),))
    warned = Profile((Topic("Pruning", "Pruning of neural networks", "Medical images, the clinic"),))
    before, after = score(plain, papers), score(warned, papers)
    assert after[1].rank - after[0].rank > before[1].rank - before[0].rank


def test_a_word_the_topic_asks_for_is_not_held_against_a_paper() -> None:
    profile = Profile((Topic("Pruning", "Pruning of networks", "Mere pruning of networks"),), avoid=("pruning",))
    papers = make_day(20)
    assert [each.rank for each in score(profile, papers)] == [
        each.rank for each in score(Profile((Topic("Pruning", "Pruning of networks", "Mere"),)), papers)
    ]


def test_words_judge_no_novelty() -> None:
    assert {each.novelty for each in score(COMPRESSION, make_day())} == {None}


@pytest.mark.parametrize(
    "profile",
    [
        Profile((), like=("quantization",)),
        Profile((Topic("Pruning"),)),
        Profile((Topic("Pruning", irrelevant="tomatoes"),)),
        Profile((Topic("Komprimierung", "Pruning und Quantisierung neuronaler Netze"),), language="de"),
    ],
    ids=["keywords alone", "a topic of one word", "a topic of what is unwanted", "a German profile"],
)
def test_a_scanty_profile_still_finds_its_papers(profile: Profile) -> None:
    papers = make_day()
    best = max(score(profile, papers), key=lambda each: each.rank)
    assert SUBJECTS["pruning"][0] in {paper.title for paper in papers if paper.arxiv_id == best.arxiv_id}


def test_an_empty_abstract_is_graded_by_its_title() -> None:
    papers = [*make_day(20), make_paper(99, "Quantization of neural networks", "")]
    assert score(COMPRESSION, papers)[-1].relevance >= 6


# --- profiles -----------------------------------------------------------------------------------------


def test_numbered_topics_with_bullets_and_keywords_become_a_profile() -> None:
    profile = parse_profile(
        "Keep what is sound.\n\n"
        "1. Growing\n"
        "   - Relevant: Light and water.\n"
        "      - Soil (nested).\n"
        "   - Irrelevant (leave out):\n"
        "      - Plastic plants.\n\n"
        "2. **Eating**\n"
        "   - Relevant: Soup.\n\n"
        "**Keywords:**\n\n"
        "- Relevant: Light Emitting Diode (LED), soup, etc.\n"
        "- Irrelevant: plastic\n"
    )
    assert profile == Profile(
        topics=(Topic("Growing", "Light and water. Soil (nested).", "Plastic plants."), Topic("Eating", "Soup.")),
        about="Keep what is sound.",
        like=("Light Emitting Diode", "LED", "soup"),
        avoid=("plastic",),
    )


def test_a_bare_numbered_list_becomes_topics_named_by_their_beginning() -> None:
    profile = parse_profile("1. New lamps, and where to put them;\n 2. Soil\n\n She also likes rain.", "fr")
    assert profile.topics == (
        Topic("New lamps", "New lamps, and where to put them;"),
        Topic("Soil", "Soil"),
    )
    assert profile.about == "She also likes rain."
    assert profile.language == "fr"


def test_a_text_without_any_list_is_one_topic() -> None:
    assert parse_profile("Lamps. Soil.").topics == (Topic("Lamps", "Lamps. Soil."),)


@given(st.text(max_size=300))
def test_any_text_is_a_profile(text: str) -> None:
    for topic in parse_profile(text).topics:
        assert topic.name
        assert topic.relevant or topic.irrelevant


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no labelled corpus at ../shared/corpus beside the repository")
@pytest.mark.parametrize(
    ("name", "topics", "like", "avoid"),
    [
        ("ml-architecture", 4, 9, 18),
        ("ml-architecture-and-systems", 5, 9, 18),
        ("near-field-cosmology", 7, 7, 6),
        ("embodied-vision", 4, 0, 0),
    ],
)
def test_published_profiles_are_read_whole(name: str, topics: int, like: int, avoid: int) -> None:
    profile = parse_profile((CORPUS / "profiles" / f"{name}.md").read_text(encoding="utf-8"))
    assert (len(profile.topics), len(profile.like), len(profile.avoid)) == (topics, like, avoid)


def test_importing_the_scorer_loads_no_network_and_no_model_client() -> None:
    code = (
        "import sys, newsletter.scoring.local; print(*(m for m in ('openai', 'httpx2', 'scipy') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- what is near though its relevance is low -----------------------------------------------------------


def test_a_paper_is_met_as_soon_as_one_word_of_it_is_wanted() -> None:
    profile = Profile((Topic("Kidney stones", "Lithotripsy by ultrasonic waves"),))
    day = [*make_day(), make_paper(900, "Ultrasonic toothbrushes", "Bristles that clean.")]
    met = {each.arxiv_id: each.is_met for each in score(profile, day)}
    assert met["2510.00900"]
    assert not any(each.is_met for each in score(Profile((), like=("Schwarze Löcher",)), day))


def test_the_nearest_are_commented_by_the_words_they_share_and_by_nothing_else() -> None:
    """They may be shown, however low their relevance is; of a resemblance there nothing is said."""
    topic = replace(COMPRESSION.topics[0], irrelevant="Pupils who call each other in a classroom.")
    profile = replace(COMPRESSION, topics=(topic,), avoid=("pupils", "call"))
    day = [*make_day(10, only=("tomatoes", "graphs")), make_paper(900, "Pruning by pupils", "Pupils who call.")]
    scores = {each.arxiv_id: each for each in score(profile, day)}
    assert "Pruning" in scores.pop("2510.00900").comment
    assert {each.comment for each in scores.values()} == {COMMENTS["en"]["nothing"]}


def test_what_was_read_for_others_changes_nothing() -> None:
    """Profiles share what was made of a day's papers: the same papers, others, another history, a short profile."""
    day, past = make_day(), [renumber(make_day(20), "2509")]
    short = Profile((Topic("", "Dwarf galaxies"),))
    others = [
        (replace(COMPRESSION, avoid=("speech",)), day, past),
        (COMPRESSION, day[:25], past),
        (COMPRESSION, day, []),
        (short, day, past),
    ]
    questions = [(COMPRESSION, day, past), (short, day, past)]
    fresh = [LocalScorer(comments=COMMENTS).score(*question) for question in questions]
    for used_for, other in enumerate(others):
        used = LocalScorer(comments=COMMENTS)
        used.score(*other)
        for question, alone in zip((*questions, questions[0]), (*fresh, fresh[0]), strict=True):
            report = used.score(*question)
            assert report == alone, used_for
            assert [report.with_comment(each) for each in report.scores] == [
                alone.with_comment(e) for e in alone.scores
            ]
