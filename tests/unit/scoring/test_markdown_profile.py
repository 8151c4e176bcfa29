"""Profiles written as Markdown: every form in which a topic, its two sides and keywords occur."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Topic
from newsletter.scoring.evaluation.markdown_profile import parse_profile

NETS = Topic("Sparse nets", "pruning of networks", "growing tomatoes")


@pytest.mark.parametrize(
    "head", ["1. Sparse nets", "1.Sparse nets", "**1. Sparse nets**", "1) **Sparse nets**", "## 1. Sparse nets"]
)
@pytest.mark.parametrize(
    "sides",
    [
        "   - Relevant: pruning of networks\n   - Irrelevant: growing tomatoes",
        "- **Relevant:** pruning of networks\n- **Not relevant:** growing tomatoes",
        "Relevant: pruning of networks\nNot relevant: growing tomatoes",
        "Relevant: pruning\nof networks\n\nNot relevant: growing\ntomatoes",
        "**Relevant**: pruning of networks\n\n**Irrelevant**: growing tomatoes",
    ],
)
def test_a_topic_is_read_in_each_of_its_forms(head: str, sides: str) -> None:
    profile = parse_profile(f"{head}\n{sides}\n\nIn general, be kind.")
    assert profile.topics == (NETS,)
    assert profile.about == "In general, be kind."


def test_headings_without_numbers_are_topics_where_something_is_relevant_below() -> None:
    text = (
        "# Who reads\n\nA gardener.\n\n## Sparse nets\n\nRelevant: pruning of networks\n\n"
        "Not relevant: growing tomatoes\n\n**Moons**\nRelevant: tides\n"
    )
    profile = parse_profile(text)
    assert profile.topics == (NETS, Topic("Moons", "tides", ""))
    assert profile.about == "Who reads A gardener."


def test_two_sides_alone_are_one_topic() -> None:
    (topic,) = parse_profile("Relevant: pruning of networks.\nNot relevant: growing tomatoes").topics
    assert (topic.relevant, topic.irrelevant) == ("pruning of networks.", "growing tomatoes")


def test_a_decimal_number_begins_no_topic() -> None:
    assert [topic.name for topic in parse_profile("1. Sparse nets\n\n1.5 times faster is enough.").topics] == [
        "Sparse nets"
    ]


@given(
    st.lists(st.sampled_from(["1. A", "2.B", "# C", "Relevant: d", "Not relevant:", "- e", "Keywords: f", "", "g: h"]))
)
def test_every_topic_has_a_name_and_a_side(lines: list[str]) -> None:
    for topic in parse_profile("\n".join(lines)).topics:
        assert topic.name
        assert topic.relevant or topic.irrelevant
