"""`newsletter key-sentence` prints one line for each paper, whatever stands in it."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.key_sentence import command
from newsletter.errors import ConfigError


def printed(*papers: dict[str, str]) -> list[str]:
    lines = "".join(f"{json.dumps(paper)}\n" for paper in papers)
    result = CliRunner().invoke(command, input=lines, catch_exceptions=False)
    return result.output.split("\n")[:-1]


def test_a_sentence_is_printed_for_each_paper_with_its_tex_readable() -> None:
    abstract = r"Nets are slow. We propose exits that take $O(\sqrt{n})$ steps. They also save power."
    assert printed({"title": "Early exits", "abstract": abstract}, {"title": "Nothing", "abstract": ""}) == [
        "We propose exits that take O(√n) steps.",
        "",
    ]


@given(st.lists(st.fixed_dictionaries({"title": st.text(), "abstract": st.text()}), max_size=3))
def test_every_paper_takes_one_line(papers: list[dict[str, str]]) -> None:
    assert len(printed(*papers)) == len(papers)


@pytest.mark.parametrize(
    "line", ["no JSON", "[1]", "null", '{"title": "t"}', '{"title": "t", "abstract": 1}', "\x00", "[" * 9999]
)
def test_a_line_that_is_no_paper_is_named(line: str) -> None:
    lines = '{"title": "t", "abstract": "a"}\n\n' + line
    with pytest.raises(ConfigError, match=r"line 3: .* write one JSON object a line"):
        CliRunner().invoke(command, input=lines, catch_exceptions=False)
