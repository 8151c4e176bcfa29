"""A paper stands under the topic that its comment begins with, however the model writes that topic's name."""

import pytest

from newsletter.subscribers.topics import leading_topic, named_topic, names_topic

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
        ("Matches criterion 4: features of sums, for criterion 5.", "Representation Learning"),
        ("Meets topic #5, with sums.", "ML Systems"),
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
        "Matches criterion 9: none of those.",
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
