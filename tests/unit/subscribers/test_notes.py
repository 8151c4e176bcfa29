"""What is valid and may not be meant is pointed out, with its line; what is meant is not."""

import pytest

from newsletter.subscribers.subscribers_yaml import parse_file

BEGIN = "subscribers:\n  - email: ada@example.org\n    categories: [cs.LG]\n"


def notes(line: str) -> tuple[str, ...]:
    return parse_file(f"{BEGIN}    keywords: {{like: [x]}}\n    {line}\n", source="s.yaml").notes


@pytest.mark.parametrize(
    "line",
    [
        "about: state spaces #1 priority",
        "about: state spaces # and others",
        "name: Ada #1",
        "topics: [{name: T, relevant: spaces}]\n    about: 'x'\n    pinned_authors:\n      - Ada #Muster",
        "topics:\n      - name: T\n        irrelevant: what is in C #",
    ],
)
def test_a_text_that_yaml_cuts_at_a_number_sign_is_pointed_out(line: str) -> None:
    (note,) = notes(line)
    assert note.startswith(f"s.yaml:{4 + line.count(chr(10)) + 1}: ")
    assert '"#' in note
    assert "quotes" in note


@pytest.mark.parametrize(
    "line",
    [
        'about: "our #1 topic"',
        "about: C# and F#",
        "about: >\n      our #1 topic",
        "name: Ada  # the boss",
        "min_relevance: 5 # not more",
        "time_zone: Europe/Berlin # where we live",
        "# about: a comment of its own",
        "pinned_authors: [Ada Muster] # from next year on",
    ],
)
def test_comments_that_are_meant_are_left_alone(line: str) -> None:
    assert notes(line) == ()


def test_a_time_zone_that_is_easily_misunderstood_is_pointed_out() -> None:
    (note,) = notes("time_zone: Etc/GMT-8")
    assert note.startswith("s.yaml:5: time_zone: Etc/GMT-8 is UTC+08:00")
    assert "Asia/Shanghai" in note


def test_curly_quotes_around_a_text_are_pointed_out_and_within_it_left_alone() -> None:
    (note,) = notes("pinned_authors: [“Ada Muster”]")
    assert "“ ”" in note
    assert notes("about: the “lottery ticket” hypothesis") == ()
