"""A profile as the fields of a form: laws of writing them back, and what is kept of the reader's own lines."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.model import Profile, Subscriber
from newsletter.subscribers.profile_form import (
    LISTS,
    SINGLE,
    ProfileFields,
    TopicFields,
    field_at,
    fields_of,
    posted_fields,
    write_fields,
)
from newsletter.subscribers.profile_yaml import read, write
from tests.unit.subscribers.test_profile_yaml import RITA, subscribers

BARE = replace(RITA, profile=Profile(()), pinned_authors=(), papers=())
OWN = """\
# mine
max_papers: 3   # few

topics:
  # the first
  - name: One
    relevant: "a: b"
  - {name: Two, irrelevant: c}
# words
keywords: {like: [graph, 'x y']}
unheard_of: 7
"""


def posted(fields: ProfileFields) -> dict[str, str]:
    values = {
        f"topic-{n}-{part}": getattr(t, part) for n, t in enumerate(fields.topics) for part in TopicFields.__slots__
    }
    lists = {key: "\r\n".join(fields.lists[key]) for key in LISTS}
    return {**values, **lists, **fields.single, "about": fields.about.replace("\n", "\r\n")}


@settings(max_examples=60, deadline=None)
@given(subscribers())
def test_a_profile_as_a_form_is_the_same_profile(one: Subscriber) -> None:
    text = write(one)
    fields = fields_of(text)
    assert fields is not None
    assert write_fields(text, posted_fields(posted(fields))) == text
    assert read(write_fields("", posted_fields(posted(fields))), BARE) == one


@settings(max_examples=60, deadline=None)
@given(subscribers(), subscribers())
def test_any_change_of_the_fields_is_what_the_text_says_then(one: Subscriber, other: Subscriber) -> None:
    fields = fields_of(write(other))
    assert fields is not None
    assert read(write_fields(write(one), fields), RITA) == other


def problems_of(text: str) -> tuple[str, ...]:
    try:
        read(text, RITA)
    except ConfigError as error:
        return error.problems
    return ()


NAMES = st.sampled_from([*LISTS, *SINGLE, "about", "topic-0-name", "topic-1-relevant", "topic-99-name", "topic-x-name"])


@settings(max_examples=75, deadline=None)
@given(
    st.dictionaries(NAMES, st.text(max_size=40) | st.sampled_from(["- a", "a: b", "'", '"', "#", "|", "7"])), st.text()
)
def test_any_post_gives_a_profile_or_what_to_mend_at_a_line(values: dict[str, str], text: str) -> None:
    written = write_fields(text, posted_fields(values))
    assert all(problem.startswith("line ") for problem in problems_of(written))


def test_what_is_not_touched_keeps_its_lines() -> None:
    fields = fields_of(OWN)
    assert fields is not None
    assert write_fields(OWN, fields) == OWN
    changed = replace(fields, topics=(fields.topics[0], TopicFields("Two", "", "d")))
    assert write_fields(OWN, changed) == OWN.replace(
        "  - {name: Two, irrelevant: c}\n", "  - name: Two\n    irrelevant: >-\n      d\n"
    )
    few = replace(fields, single={**fields.single, "max_papers": "4"})
    assert write_fields(OWN, few) == OWN.replace("max_papers: 3   # few", "max_papers: 4")


def test_a_key_that_is_left_out_stays_out_and_a_cleared_one_goes() -> None:
    fields = fields_of(OWN)
    assert fields is not None
    assert fields.single["min_relevance"] == ""
    cleared = replace(fields, single={**fields.single, "max_papers": ""}, lists={**fields.lists, "papers": ("A: b",)})
    written = write_fields(OWN, cleared)
    assert "max_papers" not in written
    assert "min_relevance" not in written
    assert written.endswith('unheard_of: 7\npapers:\n  - "A: b"\n')


@pytest.mark.parametrize(
    "text", ["topics: x: y", "- a", "topics:\n  - a", "about: [a]", "keywords: a", "max_papers: {a: b}"]
)
def test_a_shape_that_no_field_can_show_has_no_form(text: str) -> None:
    assert fields_of(text) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [(1, ""), (2, "max_papers"), (6, "topic-0-name"), (7, "topic-0-relevant"), (8, "topic-1-name"), (10, "like")],
)
def test_a_line_leads_to_its_field(line: int, name: str) -> None:
    assert field_at(OWN, line) == name
