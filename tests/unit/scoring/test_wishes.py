"""The embedded scorer at the edges: what a profile turns down, says in other words, or finds few papers of."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.model import Paper, Profile, Score, Topic
from newsletter.scoring.ranking.abbreviations import load_abbreviations
from newsletter.scoring.ranking.phrases import LONGEST, read_phrases, read_unwanted
from newsletter.scoring.ranking.plain_text import plain
from newsletter.scoring.ranking.wanted_topics import keep_wanted_topics, read_wishes
from tests.bounded_time import assert_takes_at_most
from tests.unit.scoring.test_local import COMPRESSION, SCORER, make_day, make_paper, score

TABLE = load_abbreviations()


def about(subject: str, number: int = 1, category: str = "cs.LG") -> Paper:
    """A paper that says its subject in the title and again and again."""
    abstract = f"We study {subject}. Our measurements of {subject} are new, and {subject} has limits."
    return make_paper(number, f"On {subject}", abstract, category)


def first(profile: Profile, *papers: Paper) -> Score:
    return score(profile, [*papers, *make_day(30)])[0]


# --- topics that only turn something down ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("Not video", "No video generation", "Nothing on video", "Skip: videos", "Kein Video", "sans vidéo"),
        *("Things to skip", "Papers I do not want", "Irrelevant", "video generation"),
    ],
)
def test_what_a_topic_only_turns_down_is_never_wanted(name: str) -> None:
    unwanted, wanted = Topic(name, "", "video generation"), Topic("Pruning", "Pruning of networks.")
    for topics in ((unwanted, wanted), (wanted, unwanted)):
        plain, given_ = Profile((wanted,)), Profile(topics)
        one, other = first(plain, about("video generation")), first(given_, about("video generation"))
        assert other.relevance <= one.relevance
        assert other.topic != name
        assert name not in other.comment


@pytest.mark.parametrize(
    "name", ["Stellar streams", "Learning without labels", "Graph neural networks", "No-regret play"]
)
def test_a_name_beside_what_is_unwanted_asks_for_its_subject(name: str) -> None:
    profile = Profile((Topic(name, "", "Graph neural networks of molecules, streams of gas."),))
    assert keep_wanted_topics(profile) == profile
    assert first(profile, about(name)).relevance >= 7


def test_what_is_unwanted_counts_also_where_no_topic_is_wanted() -> None:
    liked = Profile((), like=("diffusion",))
    unwanted = replace(liked, topics=(Topic("Not this", "", "video generation"),))
    paper = about("video generation by diffusion")
    assert first(unwanted, paper).rank < first(liked, paper).rank


# --- what a wish itself turns down -------------------------------------------------------------------------

WISHED = "graph neural networks"


@pytest.mark.parametrize(
    "written",
    [
        *(
            "{}, not video generation",
            "{} (not video generation!)",
            "{}; NO video generation please",
            "{} - no video generation",
        ),
        *("{} but not video generation", "{} and no video generation", "{}. Not interested in video generation."),
        *(
            "{}. I'm not interested in video generation",
            "{}. I don't want to see video generation",
            "{}: not video generation",
        ),
        *("{}, except video generation", "{}, excluding video generation", "{}\nNothing about video generation"),
        *("{}, aber keine video generation", "{}, nicht video generation", "{}, außer video generation"),
        *("{} mais pas video generation", "{}, sauf video generation", "{}, excepto video generation"),
        *("{}, não video generation", "{}, tranne video generation", "not video generation, but {}"),
    ],
)
def test_what_a_wish_turns_down_is_not_wished_for(written: str) -> None:
    (topic,) = read_wishes(Profile((Topic(written.format(WISHED), written.format(WISHED)),))).topics
    assert topic.irrelevant == "video generation"
    for text in (topic.name, topic.relevant):
        assert WISHED in text
        assert "video" not in text


def test_a_topic_that_begins_with_not_is_never_wanted() -> None:
    unwanted, wanted = "not video generation", "pruning"
    topics = (Topic(unwanted, unwanted), Topic(wanted, wanted))
    for order in (topics, topics[::-1]):
        graded = first(Profile(order), about("video generation"))
        assert graded.relevance < 6
        assert graded.topic != unwanted
        assert unwanted not in graded.comment


@pytest.mark.parametrize("text", [f"{WISHED}, not avatars", f"{WISHED} (not avatars!)", f"not avatars, but {WISHED}"])
def test_no_comment_names_what_a_wish_turns_down(text: str) -> None:
    graded = first(Profile((Topic(text, text),)), about(f"{WISHED} of avatars"))
    assert graded.topic == text  # as the reader knows it
    assert graded.comment == f"{WISHED}."


@pytest.mark.parametrize(
    "written",
    [
        *("no cloning theorem", "no core shell model", "no-regret learning, no free lunch", "non linear dynamics"),
        *(
            "learning not only from text, but also images",
            "including but not limited to graphs",
            "whether or not models know",
        ),
        *(
            "models that do not hallucinate",
            "learning without labels, with no more than ten examples",
            "not all tokens matter",
        ),
        *("No-three-in-line", "a no, in words", "sample no. 5", "not", "graphs, but not", ", not !"),
    ],
)
def test_a_no_that_turns_nothing_down_is_part_of_the_wish(written: str) -> None:
    profile = Profile((Topic(written, written), Topic("Pruning", "Pruning of networks.")))
    assert read_wishes(profile) == profile


def test_who_only_turns_down_is_read_as_they_write() -> None:
    profile = Profile((Topic("not video", "not video"),))
    assert keep_wanted_topics(profile).topics == ()


@given(st.text(alphabet="not but,;.()\n ", max_size=4_000))
@settings(max_examples=50)
def test_nothing_but_what_is_turned_down_is_taken_out_of_a_wish(text: str) -> None:
    def words(of: str) -> str:
        return "".join(filter(str.isalpha, of))

    (topic, _) = keep_wanted_topics(Profile((Topic("Name", text), Topic("Other", "Pruning")))).topics
    assert len(words(topic.relevant)) + len(words(topic.irrelevant)) <= len(words(text))
    if not topic.irrelevant:
        assert topic.relevant == text


@pytest.mark.parametrize(
    "part", ["not ", "but not ", ", not", "not a b, ", "(no ", "not please ", "\n", " - ", ", not" + 4_000 * " "]
)
def test_a_long_wish_is_read_in_time(part: str) -> None:
    text = part * (4_000 // len(part))
    profile = Profile((Topic("Name", text),))
    assert_takes_at_most(1, lambda: keep_wanted_topics(profile))


# --- the same in other words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("foreign", "usual"),
    [
        ("schwarze Löcher", "black holes"),
        ("trous noirs", "black holes"),
        ("mech interp", "mechanistic interpretability"),
    ],
)
def test_what_is_unwanted_is_read_in_the_papers_wording(foreign: str, usual: str) -> None:
    topic, paper = Topic("Dark matter", "Dark matter halos and spikes."), about(f"dark matter and {usual}")
    grades = [first(Profile((topic,), avoid=(words,)), paper).relevance for words in (foreign, usual)]
    texts = [first(Profile((replace(topic, irrelevant=words),)), paper).rank for words in (foreign, usual)]
    assert grades[0] == grades[1] < first(Profile((topic,)), paper).relevance
    assert texts[0] == pytest.approx(texts[1])


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        ("LLMs", "large language model agents"),
        ("large language models", "LLM agents"),
        ("galaxy clustering", "clusters"),
        ("transformer", "transformers"),
        ("graph neural networks", "GNN"),
    ],
)
def test_nothing_that_is_wanted_is_held_against_a_paper_however_it_is_written(wanted: str, unwanted: str) -> None:
    paper = about(wanted)
    plain = first(Profile((Topic(wanted, wanted),)), paper)
    held = first(Profile((Topic(wanted, wanted),), avoid=(unwanted,)), paper)
    assert held.relevance == plain.relevance
    assert held.comment == plain.comment


def test_a_topic_in_another_language_keeps_its_name() -> None:
    profile = Profile((Topic("Dunkle Materie", "", "Axionen"), Topic("Robotik", "robots that grasp")))
    given_ = first(profile, about("dark matter halos"))
    assert (given_.topic, given_.comment) == ("Dunkle Materie", "Dunkle Materie: dark matter halos.")


@pytest.mark.parametrize("keyword", ["LES", "DES", "DNS", "DOS", "BES", "AMS", "HES"])
def test_a_keyword_in_capitals_is_no_article(keyword: str) -> None:
    given_ = first(Profile((), like=(keyword,)), about(f"{keyword} of channel flow"))
    assert given_.relevance >= 8
    assert not score(Profile((), like=(keyword,)), make_day(20))[0].is_met


@pytest.mark.parametrize(
    ("keyword", "written"),
    [
        *(("Erdős", "Erdős"), ("Kähler", "Kähler"), ("Kähler", r"K\"ahler"), ("Poincare", "Poincaré")),
        *(
            ("Moessbauer", "Mössbauer"),
            ("Mössbauer", "Mossbauer"),
            ("LambdaCDM", r"$\Lambda$CDM"),
            ("aerosol", "aerosol"),
        ),
    ],
)
def test_a_keyword_is_met_whatever_accents_it_has(keyword: str, written: str) -> None:
    assert first(Profile((), like=(keyword,)), about(f"{written} in detail")).relevance >= 8


# --- which topic a paper is on -------------------------------------------------------------------------------


@pytest.mark.parametrize("topics", [("GNN", "RL"), ("RL", "GNN"), ("RL", "VAE", "GNN", "PINN")])
def test_a_title_that_names_a_topic_is_on_it(topics: tuple[str, ...]) -> None:
    profile = Profile(tuple(Topic(name, name) for name in topics))
    graph_words = "Stochastic messages on nodes and edges of a graph, and on molecules, are learned."
    paper = make_paper(1, "Reinforcement Learning with Stochastic Reward Machines", graph_words)
    graphs = [make_paper(n, "Graph neural networks of molecules", graph_words) for n in range(2, 9)]
    given_ = first(profile, paper, *graphs)
    assert given_.topic == "RL"
    assert given_.comment.startswith(("RL.", "RL:", 'Touches "RL"'))


def test_what_has_no_word_of_a_topic_is_on_none() -> None:
    profile = Profile((Topic("protein design", "protein design"), Topic("calcium imaging", "calcium imaging")))
    for each in score(profile, make_day(30)):
        assert (each.relevance, each.topic) == (1, "")


def test_a_topic_of_which_no_paper_has_a_word_is_what_no_paper_is_on() -> None:
    profile = Profile((Topic("Altermagnetismus", "Altermagnetismus"), COMPRESSION.topics[0]))
    assert {each.topic for each in score(profile, make_day(30))} <= {"", COMPRESSION.topics[0].name}


@pytest.mark.parametrize("tail", ["based", "trained", "induced", "driven"])
def test_a_comment_names_no_word_that_only_carries_the_topic_on(tail: str) -> None:
    paper = make_paper(
        1, f"Reinforcement-learning-{tail} control", f"A reinforcement learning-{tail} control of valves."
    )
    given_ = first(Profile((Topic("reinforcement learning", "reinforcement learning"),)), paper)
    assert given_.comment == "reinforcement learning."


def test_a_part_of_a_topics_name_is_not_the_topic() -> None:
    profile = Profile((Topic("3D object detection", "3D object detection"), COMPRESSION.topics[0]))
    others = [about("3D object detection", n) for n in range(10, 15)]
    given_ = first(profile, make_paper(1, "A 3D editor", "We edit in 3D, without masks, as detection does."), *others)
    assert given_.comment != "3D object detection."


def test_a_plural_of_a_topic_is_not_named_beside_it() -> None:
    assert first(Profile((Topic("GNN", "GNN"),)), about("GNNs")).comment == "GNN."


# --- few papers, and little in them ---------------------------------------------------------------------------

NEURONS = """hippocampal place cells and grid cells, synaptic plasticity, sleep replay, spatial memory consolidation in
rodents, theta oscillations, entorhinal cortex, dopamine reward prediction, interneuron inhibition, calcium imaging,
navigation, remapping, sharp wave ripples"""
PROFILES = (
    Profile((Topic("Neurons", NEURONS),)),
    Profile((Topic("hippocampal place cells", "hippocampal place cells"),)),
)
ON_IT = """We record hippocampal place cells and grid cells with calcium imaging in the entorhinal cortex. Sleep replay
and sharp wave ripples drive spatial memory consolidation. Synaptic plasticity and theta oscillations shape them."""
OFF_IT = (
    "We collect soil of ten meadows and count bacteria. Nitrogen is fixed by some. Grazing changes what lives there."
)


@pytest.mark.parametrize("category", ["cs.LG", "biorxiv:neuroscience", "feed:https://journal.example.org/atom"])
@pytest.mark.parametrize("profile", [*PROFILES, Profile((), like=("LoRA",)), Profile(())])
def test_papers_without_a_telling_word_break_nothing(category: str, profile: Profile) -> None:
    texts = ("", "42", "What is it?", "…", "的")
    for papers in (
        [make_paper(1, texts[1], "", category)],
        [make_paper(n, t, t, category) for n, t in enumerate(texts)],
    ):
        assert {each.relevance for each in score(profile, papers)} <= {1, 2}


@pytest.mark.parametrize("category", ["cs.LG", "biorxiv:neuroscience"])
@pytest.mark.parametrize("profile", PROFILES, ids=["long", "short"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_paper_that_is_all_of_a_day_is_graded_as_among_others(category: str, profile: Profile, times: int) -> None:
    on_it = [make_paper(n, "Place cells remap during sleep replay", ON_IT, category) for n in range(times)]
    off_it = [make_paper(10 + n, "Soil bacteria in meadows", OFF_IT, category) for n in range(times)]
    assert all(each.relevance >= 7 for each in score(profile, on_it))
    assert all(each.relevance <= 3 for each in score(profile, off_it))


# --- long texts -------------------------------------------------------------------------------------------------


def test_no_long_form_of_the_table_is_longer_than_is_looked_for() -> None:
    assert max(map(len, TABLE)) <= LONGEST


@pytest.mark.parametrize("words", [" ".join(f"w{n}x" for n in range(1300)), "graph neural network for " * 150])
def test_a_text_without_an_end_takes_no_more_time_than_its_length(words: str) -> None:
    profile = Profile(tuple(Topic(f"AI safety {n}", words[:4000], words[:4000]) for n in range(8)))
    assert_takes_at_most(1.5, lambda: (read_phrases(profile, TABLE), read_unwanted(profile, TABLE)))


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["LLM", "agents", "large", "language", "model", "graph", "of", "RL"]), max_size=8))
def test_avoiding_what_is_wanted_changes_nothing(words: list[str]) -> None:
    wish = " ".join(words)
    papers = [about("large language model agents"), *make_day(12)]
    profile = Profile((Topic(wish, wish),), like=("pruning",))
    plain, avoiding = (
        SCORER.score(each, papers, []) for each in (profile, replace(profile, avoid=(wish, wish.lower())))
    )
    assert [each.relevance for each in plain.scores] == [each.relevance for each in avoiding.scores]


# --- formulas, Greek letters and accents ---------------------------------------------------------------------------

SPELLINGS = [
    ("MoS2", [r"MoS$_2$", r"MoS$_{2}$", "MoS₂"]),
    ("CO2 capture", [r"CO$_2$ capture", r"CO_2 capture"]),
    ("La3Ni2O7", [r"La$_3$Ni$_2$O$_7$", r"La$_{3}$Ni$_{2}$O$_{7}$"]),
    ("H0 tension", [r"$H_0$ tension", r"H$_0$ tension"]),
    ("ΛCDM", [r"$\Lambda$CDM"]),
    ("α-RuCl3", [r"$\alpha$-RuCl$_3$", "α-RuCl₃"]),
    ("Schrödinger equation", [r"Schr\"odinger equation", r"Schr\"{o}dinger equation", r"Schr{\"o}dinger equation"]),
    ("Erdős problems", [r"Erd\H{o}s problems", r"Erd{\H o}s problems"]),
    ("Čech complexes", [r"\v{C}ech complexes", r"{\v{C}}ech complexes"]),
]


@pytest.mark.parametrize(("usual", "others"), SPELLINGS, ids=[usual for usual, _ in SPELLINGS])
def test_a_name_is_found_however_it_is_set(usual: str, others: list[str]) -> None:
    def grade(wish: str, written: str) -> int:
        found = first(Profile((Topic(wish, wish),)), about(written))
        assert found.topic == wish
        assert "Worded" not in found.comment
        return found.relevance

    expected = grade(usual, usual)
    assert expected >= 7
    assert {grade(usual, other) for other in others} | {grade(other, usual) for other in others} == {expected}


@pytest.mark.parametrize("text", [r"$x_1$ and $\beta_2$", r"\left. \frac{1}{2}", r"R_{1,2}", "snake_case", "T_1.5"])
def test_other_tex_stays(text: str) -> None:
    assert plain(text) == text
