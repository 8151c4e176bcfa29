"""Any YAML file is held against its model in the same words."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from newsletter.files.yaml_checks import contradiction, count_problems, expected, problem_lines, validate
from newsletter.files.yaml_nodes import Problem, read
from tests import make


class Lamp(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: Annotated[str, Field(pattern="^(red|green)$"), expected("red or green")]
    rooms: list[str] = []


class House(BaseModel):
    lamps: list[Lamp]


def check(text: str) -> list[str]:
    root, problems = read(text)
    assert root is not None
    lamp, found = validate(root, Lamp, required={"colour": "a colour"})
    assert (lamp is None) == bool(found)
    return [f"{problem.line}: {problem.text}" for problem in (*problems, *found)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("colour: red", []),
        ("rooms: []", ["1: colour: missing, expected a colour"]),
        ("colour: blue\nrooms: hall", ['1: colour: found "blue", expected red or green', "2: rooms:"]),
        ("colour: red\nroom: [hall]", ["2: room: unknown key, expected rooms"]),
        ("colour:", ["1: colour: found nothing, expected red or green; write it"]),
    ],
)
def test_each_problem_has_its_line_and_what_was_expected(text: str, lines: list[str]) -> None:
    found = check(text)
    assert len(found) == len(lines)
    assert all(one.startswith(line) for one, line in zip(found, lines, strict=True)), found


def test_a_list_at_the_root_can_go_without_its_name() -> None:
    root, _ = read("lamps:\n  - colour: blue")
    assert root is not None
    (named,), (bare,) = validate(root, House)[1], validate(root, House, unnamed="lamps")[1]
    assert named == Problem(2, 'lamps.colour: found "blue", expected red or green')
    assert bare == Problem(2, 'colour: found "blue", expected red or green')


@pytest.mark.parametrize(
    ("entry", "is_text"),
    [
        ("- Owls: at night", True),
        ("- Owls:\n      at night", True),
        ("- colours: red", False),  # a slip of the pen
        ("- colour: red\n    Owls: at night", False),
        ("[{Owls: at night}]", True),
    ],
)
def test_a_text_with_a_colon_in_a_list_is_to_be_quoted(entry: str, is_text: bool) -> None:
    root, _ = read(f"lamps:\n  {entry}")
    found = validate(make.present(root), House, required={"colour": "a colour"})[1]
    told = [one.text for one in found if "unknown key" in one.text]
    assert [text.endswith("into quotes") for text in told] == [is_text]


def test_a_contradiction_is_the_whole_problem() -> None:
    assert str(contradiction("neither of both")) == "neither of both"


def test_problems_are_listed_once_in_the_order_of_lines_and_cut() -> None:
    problems = [Problem(3, "c"), Problem(1, "a"), Problem(2, "b"), Problem(1, "a")]
    assert count_problems(problems) == "3 problems"
    assert count_problems(problems[:1]) == "1 problem"
    assert problem_lines(problems) == ("line 1: a", "line 2: b", "line 3: c")
    assert problem_lines(problems, most=1) == ("line 1: a", "and 2 more after these")
    assert problem_lines(problems, source="f", most=2) == ("f:1: a", "f:2: b", "f: and 1 more problems after these")
