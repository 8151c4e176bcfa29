"""A paper stands under the topic that its comment begins with, however the model writes that topic's name."""

import pytest

from newsletter.subscribers.topics import leading_topic, name_numbers, named_topic, names_topic

NAMES = (
    "Model Architecture",
    "Model Compression and Efficiency",
    "High Performance Computing",
    "Representation Learning",
    "ML Systems",
)


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("ML Systems: a scheduler that helps Model Architecture search.", "ML Systems"),
        ("ML Systems—staged serving, with Representation Learning beside it.", "ML Systems"),
        ("Strong match to Representation Learning and ML Systems: probes.", "Representation Learning"),
        ("MATCHES HIGH PERFORMANCE COMPUTING: faster sums.", "High Performance Computing"),
        ("Model Architecture/Efficiency: sums for Model Compression and Efficiency.", "Model Architecture"),
        ("Compression/Efficiency — pruning for ML Systems.", "Model Compression and Efficiency"),
        ("Model Compression/Efficiency: shared layers.", "Model Compression and Efficiency"),
        ("Architecture (Conditional/Dynamic Networks): routes.", "Model Architecture"),
        ("Training dynamics/representation learning: what is forgotten.", "Representation Learning"),
        ("HPC: faster sums for ML Systems.", "High Performance Computing"),
        ("A new way for ML Systems to sum.", "ML Systems"),
    ],
)
def test_the_topic_that_is_spoken_of_first_is_found(comment: str, name: str) -> None:
    assert named_topic(comment, NAMES) == name


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "Training algorithm: sums in closed form.",
        "Model merging: one of two.",  # two topics have that word
        "Machine Learning Theory: a bound.",
        "Matches criterion 4: a number says nothing, as it stands.",
        "Systems, systems and more of them without a head",
    ],
)
def test_a_comment_that_speaks_of_none_has_none(comment: str) -> None:
    assert named_topic(comment, NAMES) == ""


def test_of_names_within_each_other_the_longer_one_counts_at_its_place() -> None:
    names = ("Attention", "Sparse attention")
    assert named_topic("Sparse attention: it is.", names) == "Sparse attention"
    assert named_topic("Attention, and sparse attention later.", names) == "Attention"


@pytest.mark.parametrize(
    ("comment", "names", "name"),
    [
        ("Smart sums.", ("Art",), ""),
        ("Graphs of sums.", ("Graph",), "Graph"),
        ("模型架构：新的注意力。", ("模型架构", "机器学习系统"), "模型架构"),
        ("C++ für alle.", ("C++",), "C++"),
        ("Größere Modelle: ja.", ("Größere Modelle",), "Größere Modelle"),
    ],
)
def test_names_count_as_whole_words_in_any_script(comment: str, names: tuple[str, ...], name: str) -> None:
    assert named_topic(comment, names) == name


def test_the_beginning_is_only_what_is_written_there_whole() -> None:
    assert leading_topic("ML Systems: sums.", NAMES) == "ML Systems"
    assert leading_topic("„ML Systems“ passt.", NAMES) == "ML Systems"
    assert leading_topic("Matches ML Systems.", NAMES) == ""


@pytest.mark.parametrize(
    ("comment", "topic", "is_named"),
    [
        ("ML Systems: sums.", "ML Systems", True),
        ("ML Systems without a head", "ML Systems", True),
        ("Direct match to ML Systems (offloading): sums.", "ML Systems", True),
        ("Compression/Efficiency + Architecture: sums.", "Model Compression and Efficiency", True),
        ("Model Architecture + Systems: sums.", "ML Systems", False),
        ("Matches criterion 4: sums.", "ML Systems", False),
        ("A new sum. Later it speaks of ML Systems.", "ML Systems", False),
        ("", "ML Systems", False),
        ("模型架构：新的注意力。", "模型架构", True),
    ],
)
def test_a_topic_is_named_where_the_head_has_it_or_most_of_its_words(comment: str, topic: str, is_named: bool) -> None:
    assert names_topic(comment, topic) is is_named


SHORT = ("Trees", "Graphs", "C++ & co.")


@pytest.mark.parametrize(
    ("comment", "named"),
    [
        ("Meets topic 1: a proof of sums.", "Meets Trees: a proof of sums."),
        ("Topic #2 - sums.", "Graphs - sums."),
        (
            "TOPIC 3: sums, and a hint at topic 2 at the end of it.",
            "C++ & co.: sums, and a hint at Graphs at the end of it.",
        ),
        ("It meets the reader's topic 2 with sums.", "It meets Graphs with sums."),
        ("Matches criterion 1 and 3: sums.", "Matches Trees and C++ & co.: sums."),
        ("Matches criterion 2 (sums) and criterion 1 (products).", "Matches Graphs (sums) and Trees (products)."),
        ("Meets topics 1, 2 and 3 with sums.", "Meets Trees, Graphs and C++ & co. with sums."),
        ("Meets topics 2/1.", "Meets Graphs/Trees."),
        ("Trifft Thema 2: Summen.", "Trifft Graphs: Summen."),
        ("Erfüllt die Kriterien 1 und 2.", "Erfüllt die Trees und Graphs."),
        ("Thema Nr. 1 mit Summen.", "Trees mit Summen."),
        ("Répond au critère n° 2 : sommes.", "Répond au Graphs : sommes."),
        ("Cumple los criterios 1 y 2.", "Cumple los Trees y Graphs."),
        ("Toca o tópico 1.", "Toca o Trees."),
        ("Riguarda l'argomento 2.", "Riguarda l'Graphs."),
        ("符合主题2：求和。", "符合Graphs：求和。"),
        ("符合第1个主题。", "符合Trees。"),
        ("トピック2に該当。", "Graphsに該当。"),
        ("1番目のテーマに該当。", "Treesに該当。"),
    ],
)
def test_a_topics_number_gives_way_to_its_name_in_any_language_of_comments(comment: str, named: str) -> None:
    assert name_numbers(comment, SHORT) == named
    assert name_numbers(named, SHORT) == named


@pytest.mark.parametrize(
    "comment",
    ["Topic 2 (Graphs): sums.", "Topic 2: Graphs: sums.", "Graphs (topic 2): sums.", 'Topic 2 ("graphs"): sums.'],
)
def test_a_name_that_stood_beside_its_number_is_said_once(comment: str) -> None:
    assert name_numbers(comment, SHORT) == "Graphs: sums."


@pytest.mark.parametrize(
    "comment",
    [
        "Meets topic 4: there are three.",
        "Meets topic 0, of none.",
        "Meets topics 1-3 alike.",
        "Meets topic 3D scenes, topic 1.5 and topic 2024.",
        "Two of 3 topics, and 2 criteria.",
        "3个主题。",
        "Trees: sums of 2.",
        "",
    ],
)
def test_other_numbers_stay(comment: str) -> None:
    assert name_numbers(comment, SHORT) == comment


def test_a_number_within_a_topics_name_stays() -> None:
    names = ("Graphs", "Topic 1 of the seminar")
    assert name_numbers("Topic 1 of the seminar: sums, beside topic 1.", names) == (
        "Topic 1 of the seminar: sums, beside Graphs."
    )


def test_a_number_beyond_the_topics_ends_a_list() -> None:
    assert name_numbers("Meets topic 1 and 30 others.", SHORT) == "Meets Trees and 30 others."
