"""What a short profile asks for: words without filler, spellings, abbreviations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.make_abbreviations import count_pairs, find_pairs
from newsletter.model import Profile, Topic
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.filler import FOREIGN_FILLER, STOP_WORDS
from newsletter.scoring.ranking.phrases import Table, read_forms, read_phrases
from newsletter.scoring.ranking.plain_text import without_accents
from newsletter.scoring.ranking.word_forms import normalise

TABLE: Table = {
    ("llm",): (("large", "language", "model"),),
    ("large", "language", "model"): (("llm",),),
}


def read(text: str, table: Table | None = None) -> set[str]:
    """The phrases of a one-line profile, each in the words as written."""
    phrases = read_phrases(Profile((Topic(text, text),)), table or {})
    return {" ".join(" ".join(element.alternatives[0]) for element in phrase.elements) for phrase in phrases}


@pytest.mark.parametrize(
    ("same", "form"),
    [
        (["network", "networks", "Networks", "NETWORKS"], "network"),
        (["galaxy", "galaxies"], "galaxy"),
        (["behaviour", "behaviors", "behavior"], "behavior"),
        (["modelling", "modeling"], "modeling"),
        (["optimisation", "optimization", "optimisations"], "optimization"),
        (["catalogue", "catalogs"], "catalog"),
        (["fibre", "fibres", "fiber"], "fiber"),
        (["Löcher", "locher"], "locher"),
        (["bias"], "bias"),
        (["physics"], "physics"),
        (["supervised"], "supervised"),
        (["LLM", "LLMs"], "llm"),
    ],
)
def test_spellings_of_a_word_have_one_form(same: list[str], form: str) -> None:
    assert {normalise(word) for word in same} == {form}


@pytest.mark.parametrize(("one", "other"), [("token", "tokenizer"), ("reinforced", "reinforcement"), ("ray", "array")])
def test_different_words_keep_different_forms(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize("word", sorted(word for word in STOP_WORDS | FOREIGN_FILLER if len(word) == 2))
def test_an_abbreviation_is_no_plural_of_a_word_that_says_nothing(word: str) -> None:
    assert normalise(f"{word}S".upper()) == f"{without_accents(word)}s"


@given(st.text(st.sampled_from("aeiounlrsyztd"), max_size=12))
def test_a_form_is_its_own_form(word: str) -> None:
    assert normalise(normalise(word)) == normalise(word)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Everything about LLMs", {"llm"}),
        ("new ideas on language models", {"language model"}),
        ("I am interested in papers on graph theory and its applications", {"graph theory"}),
        ("Recent advances in code review", {"code review"}),
        ("question answering", {"question answering"}),
        ("questions of ethics", {"ethics"}),
        ("how galaxies came about", {"galaxy"}),
        ("Lie algebras", {"lie algebra"}),
        ("multi-turn dialogue", {"multi turn dialog"}),
        ("turn-taking", {"turn taking"}),
        ("virtual try-on", {"virtual try"}),
        ("put options", {"put option"}),
        ("look-ahead search", {"look ahead search"}),
        ("magnetic fields of stars", {"magnetic field star"}),
        ("As a PhD student I work on memory", {"memory"}),
        ("I am a doctor and want to follow AI in medicine", {"ai medicine"}),
        ("differential privacy, unlearning", {"differential privacy", "unlearning"}),
        ("NeRF (radiance fields) / splatting", {"nerf", "radiance field", "splatting"}),
        ("strong and weak lensing", {"strong weak lensing", "strong lensing", "weak lensing"}),
        ("state-of-the-art in segmentation", {"segmentation"}),
        ("interesting new papers", set()),
        ("Neues über Roboter", {"roboter"}),
    ],
)
def test_filler_is_no_part_of_a_phrase(text: str, phrases: set[str]) -> None:
    assert read(text) == phrases


def test_an_abbreviation_stands_for_its_long_form_within_the_phrase() -> None:
    (phrase,) = read_phrases(Profile((Topic("", "Reasoning in LLMs"),)), TABLE)
    assert [element.alternatives for element in phrase.elements] == [
        (("reasoning",),),
        (("llm",), ("large", "language", "model")),
    ]


def test_a_long_form_is_also_read_as_its_abbreviation() -> None:
    phrases = read_phrases(Profile((Topic("", "safety of large language models"),)), TABLE)
    shortest = min(phrases, key=lambda phrase: len(phrase.elements))
    assert shortest.elements[1].alternatives == (("large", "language", "model"), ("llm",))
    assert max(len(phrase.elements) for phrase in phrases) == 4


def test_a_topics_name_counts_less_than_what_it_says() -> None:
    phrases = read_phrases(Profile((Topic("Privacy", "federated learning"),), like=("LoRA",)), {})
    trusts = {phrase.elements[0].alternatives[0][0]: (phrase.trust, phrase.topic) for phrase in phrases}
    assert trusts["federated"] == (1.0, 0)
    assert trusts["lora"] == (1.0, -1)
    assert trusts["privacy"][0] < 1


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert all(phrase.elements for phrase in read_phrases(Profile((Topic(text, text),), like=(text,)), {}))
    assert all(read_forms(text))


# --- the table of abbreviations -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("We use retrieval-augmented generation (RAG) here.", ("rag", "retrieval augmented generation")),
        ("Large Language Models (LLMs) are", ("llm", "large language model")),
        ("by low-rank adaptation (LoRA),", ("lora", "low rank adaptation")),
        ("of active galactic nuclei (AGN)", ("agn", "active galactic nuclei")),
        ("Explainable AI (XAI)", ("xai", "explainable ai")),
        ("a mixture of experts (MoE)", ("moe", "mixture expert")),
        ("is large, language models (LLM)", None),
        ("our method (OURS) wins", None),
        ("of 21 (2020) and (see Fig)", None),
    ],
)
def test_a_long_form_spells_its_abbreviation(text: str, pair: tuple[str, str] | None) -> None:
    found = [(short, " ".join(long)) for short, long in find_pairs(text)]
    assert found == ([pair] if pair else [])


def test_a_paper_counts_once() -> None:
    text = "Large language models (LLMs)"
    assert list(count_pairs([(text, f"{text}, {text}"), (text, "")]).values()) == [2]


@pytest.mark.parametrize("short", ["llm", "rag", "agn", "gnn", "lora", "mri", "frb", "xai"])
def test_the_shipped_table_goes_both_ways(short: str) -> None:
    table = load_abbreviations()
    assert any((short,) in table[long] for long in table[(short,)])
