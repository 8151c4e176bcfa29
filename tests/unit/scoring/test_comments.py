"""The embedded scorer's comments: one line, the topic and the rarest of the reader's words as the paper has them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.model import Paper, Profile, Topic
from newsletter.papers import readable
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.explain import MAX_COMMENT_CHARS, MAX_WORDS, Explainer
from newsletter.scoring.ranking.filler import STOP_WORDS, is_filler
from newsletter.scoring.ranking.pool import make_pool
from newsletter.scoring.ranking.rank import rank, read_terms
from newsletter.scoring.ranking.shared_phrases import COMMON_WORD, MOST_TOKENS, PhraseFinder
from newsletter.scoring.ranking.text_phrases import find_written, forms_of
from newsletter.scoring.ranking.tfidf import count_terms
from newsletter.scoring.ranking.tokenize import Encoder
from newsletter.scoring.ranking.wordings import reword_profile
from newsletter.subscribers import leading_topic
from newsletter.texts import Texts

COMMENTS = resources.load_texts("prompts/comments.yaml")
SCORER = LocalScorer(comments=COMMENTS)
ENCODER = Encoder()
FINDER = PhraseFinder(ENCODER, load_background(), load_abbreviations())


def make_paper(number: int, title: str, abstract: str = "") -> Paper:
    return Paper(f"2510.{number:05d}", 1, title, ("Ada Example",), abstract, ("cs.LG",))


OTHERS = [
    make_paper(100 + n, title, f"{abstract} No{n}x.")
    for n, (title, abstract) in enumerate(
        5
        * [
            ("Growing tomatoes under glass", "Light, water and soil decide how vegetables thrive."),
            ("Colouring of planar graphs", "A short proof of a bound on the chromatic number."),
            ("Recognition of spoken dialects", "Audio recordings of rural speakers are transcribed."),
        ]
    )
]


def comment_on(paper: Paper, profile: Profile) -> str:
    report = SCORER.score(profile, [paper, *OTHERS], [])
    return report.with_comment(report.scores[0]).comment


def comment_at(relevance: int, papers: Sequence[Paper], profile: Profile, *, is_near: bool = False) -> str:
    """Gives the comment on the first paper if it had this relevance."""
    pool = make_pool(count_terms([ENCODER.encode_paper(paper) for paper in papers]), load_background())
    ranking, headings = rank(pool, read_terms(profile, ENCODER)), [topic.name for topic in profile.topics]
    explainer = Explainer(profile, headings, FINDER, pool, ranking, COMMENTS["en"], rows=[0])
    return explainer.explain(0, papers[0], relevance, is_near=is_near)[1]


# --- which words ---------------------------------------------------------------------------------------


def found(asked: str, text: str) -> list[str]:
    return [phrase.text for phrase in FINDER.find(FINDER.read(text), FINDER.want([asked]))]


@pytest.mark.parametrize(
    ("asked", "text", "named"),
    [
        ("X-ray binaries", "An X-ray binary is seen.", ["X-ray binary"]),
        ("X-ray binaries", "A gamma-ray burst, and a binary.", []),
        ("X-ray binaries", "Rays of light.", []),
        ("dark matter", "Models of dark energy.", []),
        ("dark matter", "A halo of dark matter.", ["dark matter"]),
        ("graph neural networks", "We train graph neural networks.", ["graph neural networks"]),
        ("graph neural networks", "We train deep neural networks.", []),
        ("graph neural networks", "A GNN for chemistry.", ["GNN"]),
        ("quantization", "Post-training quantization of weights.", ["Post-training quantization"]),
        ("layers of a network", "Each layer of the network.", []),
        ("quantization and pruning", "We prune. Quantization, too.", ["prune", "Quantization"]),
        ("multimodal", "A multi-modal corpus", ["multi-modal"]),
        ("low-rank", "low rank matrices", ["low rank matrices"]),
        ("satellites", "Its satellites around it.", ["satellites"]),
        ("FLOPs", "By drastically reducing FLOPs.", ["FLOPs"]),
        ("neural networks", "An NN of few layers.", []),
    ],
)
def test_a_phrase_is_named_where_it_stands_whole_and_says_something(asked: str, text: str, named: list[str]) -> None:
    """Neither a part of a compound is a word met, nor one of another phrase; and a common word says nothing."""
    assert found(asked, text) == named


@pytest.mark.parametrize("word", "above across against along alongside amid among amongst around at atop".split())
@pytest.mark.parametrize("phrase", ["prompt injection attacks", "jailbreaks"])
def test_no_phrase_ends_in_a_preposition(phrase: str, word: str) -> None:
    assert found(phrase, f"{phrase} {word} agents") == [phrase]


def test_what_a_paper_is_about_is_in_its_title_or_said_twice_and_has_a_name_that_others_know() -> None:
    text = FINDER.read("Jailbreaks and Zyxwv\nZyxwv by refusals, harmful words, and refusals; each layer, a jailbreak.")
    gains = {"jailbreak": 1, "Zyxwv": 5, "refusal": 2, "layer": 3, "harmful": 4}
    gains = {ENCODER.words(word)[0].key: gain for word, gain in gains.items()}
    assert FINDER.find_words(text, gains) == ["refusals", "Jailbreaks"]


@pytest.mark.parametrize(
    ("title", "abstract", "named"),
    [
        *((f"{turn} Contracts", "Contracts.", ["Contracts"]) for turn in ("Rethinking", "Navigating", "Unveiling")),
        ("Contracts by Pushing", "Robots have contracts: pushing boxes.", ["Contracts", "Pushing"]),
        ("Pushing Contracts and Treewidth", "None.", ["Treewidth"]),
        ("Contracts and Long-Range", "Contracts.", ["Contracts", "Long-Range"]),
    ],
    ids=["a turn", "another", "one more", "said below, too", "rare", "a compound"],
)
def test_a_word_that_only_the_title_says_is_named_unasked_if_it_is_rare(
    title: str, abstract: str, named: list[str]
) -> None:
    """ "Rethinking X" is no subject, "Treewidth" is one."""
    assert FINDER.find_words(FINDER.read_paper(title, abstract), _AllGain()) == named


@pytest.mark.parametrize("verb", ["lets", "helps", "enables", "requires", "leads"])
def test_a_verb_that_says_how_is_not_named_unasked(verb: str) -> None:
    text = FINDER.read_paper("Contracts of Robots", f"A contract {verb} us; each robot {verb} us.")
    assert not any(verb in named.lower() for named in FINDER.find_words(text, _AllGain()))


class _AllGain(dict[int, float]):
    """A gain for every word."""

    def get(self, key: int, default: float = 0.0) -> float:  # type: ignore[override]
        return 1.0


@pytest.mark.parametrize(
    "tex",
    [
        *(
            r"\emph{x}",
            r"\textbf{x}",
            r"{\it x}",
            r"\cite{x}",
            r"\widetilde{O}(n)",
            r"\(\omega\)",
            r"$\widetilde{O}(n)$",
        ),
        *(r"$\varepsilon$", r"$\nu$", r"$z_{\rm eff}$", r"$\mathcal{N}$", r"$\sqrt{\frac{1}{2}}$", r"$\leq$"),
        r"$\operatorname{rank}$",
    ],
)
def test_no_command_of_tex_is_named(tex: str) -> None:
    commands = set(re.findall(r"(?<=\\)[a-z]+", tex))
    text = FINDER.read_paper(f"Contracts and {tex}", f"Of {tex} in contracts, {tex} again.")
    named = FINDER.find_words(text, _AllGain())
    assert "Contracts" in named
    assert commands.isdisjoint(word for phrase in named for word in re.findall("[a-z]+", phrase.lower()))


@pytest.mark.parametrize(
    ("word", "is_named"),
    [(word, False) for word in ("popular", "compatible", "meaningful", "satisfy", "admitting", "covering")]
    + [(word, True) for word in ("contracts", "pedestrians", "pricing", "neutrinos", "auctions", "treewidth")],
)
def test_a_word_is_named_unasked_if_papers_have_it_in_titles_or_it_is_rare(word: str, is_named: bool) -> None:
    text = FINDER.read_paper(word, f"It is {word}.")
    assert FINDER.find_words(text, _AllGain()) == [word] * is_named
    assert found(word, text.text) == [word]  # to whom asks for it


@pytest.mark.parametrize(
    ("title", "abstract", "named"),
    [
        ("Knowledge Graphs for All", "We build knowledge graphs.", "knowledge graphs"),
        ("Knowledge Graphs for All", "Knowledge graphs are built.", "Knowledge graphs"),
        ("Knowledge Graphs for All", "A knowledge graph.", "Knowledge Graphs"),
        ("Knowledge Graphs for All", "Preknowledge graphs-as-such.", "Knowledge Graphs"),
        ("knowledge graphs", "KNOWLEDGE GRAPHS", "knowledge graphs"),
    ],
    ids=["in a sentence", "at its beginning", "in another number", "inside of words", "capitals later"],
)
def test_a_phrase_has_the_capitals_of_a_title_only_where_no_sentence_has_it(
    title: str, abstract: str, named: str
) -> None:
    profile = Profile((), like=("knowledge graphs",))
    assert comment_on(make_paper(1, title, abstract), profile) == f"Your keywords: {named}."


def test_what_a_reader_asks_for_in_tex_is_found_however_the_paper_writes_it() -> None:
    for asked in (r"$\Lambda$CDM", "ΛCDM"):
        for title in (r"Beyond $\Lambda$CDM", "Beyond ΛCDM", r"Beyond ${\rm \Lambda CDM}$"):
            assert comment_on(make_paper(1, title), Profile((), like=(asked,))) == "Your keywords: ΛCDM."


# One thing each, as readers and papers write it, and as it is shown where that is not how the paper writes it.
SPELLINGS = [
    {"Lambda CDM": "", "Lambda-CDM": "", "ΛCDM": "", "Λ-CDM": "", r"$\Lambda$CDM": "ΛCDM", r"$\Lambda$-CDM": "Λ-CDM"},
    {"alpha decay": "", "alpha-decay": "", "α decay": "", "α-decay": "", r"$\alpha$ decay": "α decay"},
    {"beta-VAE": "", "β-VAE": "", r"$\beta$-VAE": "β-VAE", r"$\beta$VAE": "βVAE"},
    {"H-alpha emitters": "", "Hα emitters": "", r"H$\alpha$ emitters": "Hα emitters"},
    {"alpha-RuCl3": "", "α-RuCl3": "", r"$\alpha$-RuCl$_3$": "α-RuCl3"},
    {"MoS2": "", "MoS₂": "MoS2", "MoS$_2$": "MoS2"},
    {"14C dating": "", "¹⁴C dating": "", r"$^{14}$C dating": "¹⁴C dating", r"$^{14}\mathrm{C}$ dating": "¹⁴C dating"},
    {"Poincaré inequality": "", "Poincare inequality": "", r"Poincar\'e inequality": "Poincaré inequality"},
    {"Erdős-Rényi graphs": "", "Erdos-Renyi graphs": "", r"Erd\H{o}s-R\'enyi graphs": "Erdős-Rényi graphs"},
]


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda spellings: next(iter(spellings)))
def test_a_thing_is_named_as_the_paper_spells_it_however_the_reader_does(spellings: dict[str, str]) -> None:
    for written, asked in product(spellings, spellings):  # of each paper's words the scorer makes a pool once
        comment = comment_on(make_paper(1, f"{written} and more"), Profile((), like=(asked,)))
        assert comment == f"Your keywords: {spellings[written] or written}.", asked


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda spellings: next(iter(spellings)))
def test_a_topic_is_met_in_every_spelling(spellings: dict[str, str]) -> None:
    for written, asked in product(spellings, spellings):  # of each paper's words the scorer makes a pool once
        comment = comment_on(make_paper(1, f"{written} and more"), Profile((Topic(asked),)))
        assert comment.startswith(readable(asked)), written


@pytest.mark.parametrize(
    ("keyword", "text", "named"),
    [
        ("LoRA", "Tuned by LoRA.", "LoRA"),
        ("LoRA", "Several LoRAs.", "LoRAs"),
        ("LoRA", "A LoRA-based recipe.", "LoRA-based"),
        ("LoRA", "Low-rank adaptation of weights.", "Low-rank adaptation"),
        ("LoRA", "QA-LoRA and LoRA-X.", ""),
        ("ray", "An X-ray source.", ""),
        ("tokenizer", "Tokens are counted.", ""),
        ("Mixture of Experts", "A mixture-of-experts with routing.", "mixture-of-experts"),
        ("Mixture of Experts", "A mixture, and experts.", ""),
        ("graph", "A knowledge graph.", "knowledge graph"),
        ("layer", "Each layer counts.", "layer"),
    ],
)
def test_a_keyword_is_found_as_it_was_written_in_any_number_and_spelling(keyword: str, text: str, named: str) -> None:
    names = [forms_of(keyword), *FINDER.other_names(keyword)]
    assert find_written(FINDER.read(text), names) == named


WORDS = st.sampled_from(
    "dark matter energy halo X-ray gamma-ray ray binaries graph neural networks deep layer layers multi-modal pruning "
    "quantization of the and low-rank rank tokenizer LoRA QA-LoRA galaxy cluster star-forming new , . - /".split()
)
TEXTS = st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=60)


def stands_whole(phrase: str, text: str) -> bool:
    """Tells whether the phrase stands there, at least once not as a part of a word or compound."""
    return bool(re.search(rf"(?<![^\W_])(?<![^\W_]-){re.escape(phrase)}(?!-?[^\W_])", text))


@given(asked=TEXTS, text=TEXTS)
@example("I\u00cc", "I\u00cc")  # "II" is common, but not with an accent
@example("0:M\u00c8", "M\u00c8")  # "me" says nothing, with an accent or without
@example("MES", "MES")
def test_what_is_named_stands_in_the_text_whole_and_is_not_common(asked: str, text: str) -> None:
    wanted = FINDER.want([asked])
    stems = FINDER.stems_of(asked)
    names = [phrase.text for phrase in FINDER.find(FINDER.read(text), wanted)]
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert stands_whole(name, text)
        words = name.lower().split()
        assert not all(word in STOP_WORDS or is_filler(word) for word in words)
        if len(words) == 1 and "-" not in name and not FINDER.other_names(asked):
            (key,) = FINDER.stems_of(name)
            assert key in stems or FINDER.other_names(name)
            (spelt,) = {key for stretch in FINDER.read(name).stretches for token in stretch for key in token.keys}
            assert load_background().count([spelt])[0] <= COMMON_WORD * load_background().n_papers  # type: ignore[arg-type]


# --- the line ------------------------------------------------------------------------------------------

COMPRESSION = Profile(
    topics=(Topic("Model Compression", "Pruning, quantization, low-rank and sparse weights of neural networks."),),
    like=("quantization",),
    avoid=("federated learning",),
)


@pytest.mark.parametrize(
    ("topic", "title", "abstract", "comment"),
    [
        ("LLM safety", "Quitting improves LLM agent safety", "", "LLM safety."),
        ("LLM safety", "Safe agents of large language models, and their safety", "", "LLM safety."),
        ("Safety of large language models", "An LLM and its safety", "", "Safety of large language models."),
        ("Dwarf galaxies, stellar streams", "A stream of stellar origin", "", "Dwarf galaxies, stellar streams."),
        ("LLM safety", "Guardrails for LLM agents", "By red teaming.", "LLM safety: red teaming, Guardrails."),
        ("LLM safety", "An LLM that talks", "A jailbreak, in passing.", 'Worded like papers on "LLM safety".'),
        ("Dunkle Materie", "A halo of dark matter", "DM is dark.", "Dunkle Materie: dark matter."),
        ("Matière noire, étoiles", "A halo of dark matter", "", "Matière noire, étoiles: dark matter."),
        (
            "Anomaly detection",
            "Detection of points out of distribution",
            "",
            'Worded like papers on "Anomaly detection".',
        ),
    ],
    ids=[
        "words apart",
        "long for short",
        "short for long",
        "one of two phrases",
        "parts",
        "in passing",
        "German",
        "French",
        "half a part",
    ],
)
def test_a_topic_is_met_by_the_words_of_its_name_in_a_title_and_by_what_papers_call_parts_of_it(
    topic: str, title: str, abstract: str, comment: str
) -> None:
    papers = [make_paper(1, title, abstract), *OTHERS]
    profile = reword_profile(Profile((Topic(topic, topic),)))
    assert comment_at(8, papers, profile) == comment


@pytest.mark.parametrize(
    ("title", "comment"),
    [
        ("Bounds on option pricing", "Your keywords: option pricing."),
        ("Pricing an option", "option pricing."),
        ("Beyond Black Scholes", "option pricing: Black Scholes."),
        ("Options for tomatoes", "Worded like papers that match your profile."),
    ],
    ids=["as written", "words apart", "a part", "half"],
)
def test_a_keyword_is_met_like_a_topic_where_it_does_not_stand_there(title: str, comment: str) -> None:
    papers = [make_paper(1, title), *OTHERS]
    profile = Profile((), like=("option pricing",))
    assert comment_at(8, papers, profile) == comment


COMPRESSED = make_paper(1, "Pruning and quantization of transformers", "Low-rank weights compress a neural network.")


def test_a_comment_is_the_topic_and_the_rarest_words_as_the_paper_has_them() -> None:
    comment = comment_on(COMPRESSED, COMPRESSION)
    assert comment == "Model Compression: quantization, Low-rank, Pruning."
    assert leading_topic(comment, ["Model", "Model Compression"]) == "Model Compression"


@pytest.mark.parametrize(
    ("profile", "paper", "comment"),
    [
        (Profile((Topic("Dark matter"),)), make_paper(1, "A halo of dark matter"), "Dark matter."),
        (
            Profile((Topic("Dark matter"),)),
            make_paper(1, "A halo of axion dark matter"),
            "Dark matter: axion dark matter.",
        ),
        (Profile((), like=("LoRA",)), make_paper(1, "Tuning by LoRA"), "Your keywords: LoRA."),
        (COMPRESSION, make_paper(1, "Tomatoes", "Soil."), "Shares little with your profile."),
        (Profile(()), make_paper(1, "Tomatoes", "Soil."), "Your profile names no topic."),
        (
            COMPRESSION,
            replace(COMPRESSED, abstract="Pruning for federated learning, quantization."),
            "Model Compression: quantization, Pruning. Lowered for: federated learning.",
        ),
        (
            replace(COMPRESSION, language="de"),
            replace(COMPRESSED, abstract="Pruning for federated learning, quantization."),
            "Model Compression: quantization, Pruning. Abgewertet wegen: federated learning.",
        ),
        (replace(COMPRESSION, language="xx"), COMPRESSED, "Model Compression: quantization, Low-rank, Pruning."),
        (Profile((Topic("Dark matter"),), language="zh"), make_paper(1, "A halo of dark matter"), "Dark matter。"),
    ],
    ids=[
        "its name",
        "more than its name",
        "a keyword",
        "nothing",
        "no wish",
        "avoided",
        "German",
        "no such language",
        "Chinese",
    ],
)
def test_comments_are_one_line_in_the_readers_language(profile: Profile, paper: Paper, comment: str) -> None:
    assert comment_on(paper, profile) == comment


def test_a_text_that_is_one_endless_phrase_takes_no_longer_than_another() -> None:
    endless = "galaxy cluster " * 2_000
    wanted = FINDER.want([endless])
    assert max(map(len, wanted.parts)) == MOST_TOKENS
    assert len(wanted.parts) <= 2 * MOST_TOKENS
    assert len(FINDER.find(FINDER.read(endless), wanted)) <= 1


@pytest.mark.parametrize(
    ("relevance", "is_near", "comment"),
    [
        (8, False, "Compact objects: magnetar."),
        (5, False, 'Touches "Compact objects": magnetar.'),
        (2, True, 'Touches "Compact objects": magnetar.'),
        (2, False, "Shares little with your profile."),
    ],
)
def test_words_are_named_where_somebody_may_read_of_them(relevance: int, is_near: bool, comment: str) -> None:
    """The nearest papers are shown where nothing passes, whatever their grade is."""
    papers = [make_paper(1, "Soil under glass", "The glass of a magnetar."), *OTHERS]
    profile = Profile((Topic("Compact objects", "Pulsars, magnetars and kilonovae."),))
    assert comment_at(relevance, papers, profile, is_near=is_near) == comment


def test_a_keyword_that_is_too_long_to_be_named_leaves_no_empty_comment() -> None:
    keyword = "a title of so many words that it is longer than all words of a comment may be together"
    profile = Profile((Topic("Soil", "Compost."),), like=(keyword,))
    report = SCORER.score(profile, [make_paper(1, keyword, "Of stars."), *OTHERS], [])
    assert not any(score.comment.endswith(": .") for score in map(report.with_comment, report.scores))


WITH_WORDS = ("match", "weak", "liked", "similar", "similar_only", "lowered")
MARKING = LocalScorer(
    comments={"en": Texts("en", {**COMMENTS["en"].sentences, **dict.fromkeys(WITH_WORDS, "\x01{words}\x02")})}
)


@settings(max_examples=40, deadline=None)
@given(
    scorer=st.sampled_from([SCORER, MARKING]),
    name=st.text(min_size=1, max_size=300) | TEXTS,
    title=TEXTS,
    keyword=TEXTS,
    text=TEXTS,
)
def test_no_comment_is_long_and_each_names_few_words_of_its_paper(
    scorer: LocalScorer, name: str, title: str, keyword: str, text: str
) -> None:
    assume(name.strip() and "\x01" not in name)  # which marks the words below
    profile = Profile((Topic(name, title),), like=(keyword,), avoid=(text,))
    papers = [make_paper(1, title, keyword), make_paper(2, keyword, name), make_paper(3, text, title)]
    report = scorer.score(profile, papers, [])
    for paper, score in zip(papers, map(report.with_comment, report.scores), strict=True):
        assert len(score.comment) <= MAX_COMMENT_CHARS
        assert len(score.comment.splitlines()) == 1
        whole = " ".join(f"{readable(paper.title)}\n{readable(paper.abstract)}".split())
        for words in re.findall("\x01(.*?)\x02", score.comment):
            assert 1 <= len(words.split(", ")) <= MAX_WORDS
            for word in words.split(", "):
                assert stands_whole(word, whole)


# --- the sentences -------------------------------------------------------------------------------------


def test_a_copy_of_an_earlier_version_goes_on_being_read(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    own = "en:\n  match: '{topic} has {words}.'\n  nothing: 'Nothing.'\n"
    (tmp_path / "prompts/comments.yaml").write_text(own, encoding="utf-8")
    english = resources.load_texts("prompts/comments.yaml", tmp_path)["en"]
    assert english("match", topic="Trees", words="oak") == "Trees has oak."
    assert english("liked", words="oak") == COMMENTS["en"]("liked", words="oak")


@pytest.mark.parametrize("word", ["every", "Often", "whereas", "someone", "towards", "perhaps"])
def test_words_that_hold_sentences_together_are_filler(word: str) -> None:
    assert is_filler(word)


@pytest.mark.parametrize("word", ["near", "next", "one", "far", "whole"])
def test_words_that_a_subject_may_begin_with_are_not(word: str) -> None:
    assert not is_filler(word)


@pytest.mark.parametrize(
    ("title", "abstract", "found"),
    [
        ("Soil", "It helps people.", []),
        ("People and soil", "It is theirs.", ["People"]),
        ("Soil", "People help people.", ["People"]),
        ("Soil", "It helps a magnetar.", ["magnetar"]),
        ("Soil", "It is under a neutron star.", ["neutron star"]),
    ],
    ids=["in passing", "in the title", "twice", "rare in passing", "a phrase in passing"],
)
def test_a_usual_word_is_named_only_where_it_is_the_subject(title: str, abstract: str, found: list[str]) -> None:
    wanted = FINDER.want(["People, magnetars, and a neutron star."])
    assert [phrase.text for phrase in FINDER.find(FINDER.read(f"{title}\n{abstract}"), wanted)] == found
