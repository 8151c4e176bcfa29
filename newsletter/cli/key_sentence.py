"""`newsletter key-sentence`: the sentence that a long mail shows of an abstract. The choice is made in papers/."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import click

from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.terminal import write_document
from newsletter.errors import ConfigError
from newsletter.papers import key_sentence, readable


@click.command(name="key-sentence", epilog=EXIT_CODES)
@click.argument("papers", type=click.File("rb"), default="-")
def command(papers: BinaryIO) -> None:
    """Print the one sentence of each abstract that says what the paper does or finds.

    PAPERS has a JSON object a line, with "title" and "abstract" as arXiv has them (TeX and all); without PAPERS it is
    read from standard input. One line is printed for each, empty where there is no abstract. Empty lines are passed
    over.

    \b
    Example:
      echo '{"title": "Early exits", "abstract": "Nets are slow. We stop early."}' | newsletter key-sentence
    """
    for sentence in _sentences(papers):
        write_document(sentence)


def _sentences(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            title, abstract = _paper(line, number)
            yield key_sentence(readable(title), readable(abstract))


def _paper(line: bytes, number: int) -> tuple[str, str]:
    try:
        paper = json.loads(line)
        title, abstract = paper["title"], paper["abstract"]
    except (ValueError, TypeError, LookupError, RecursionError):
        title = abstract = None
    if not (isinstance(title, str) and isinstance(abstract, str)):
        raise ConfigError(
            f'line {number}: found no paper; write one JSON object a line, such as {{"title": "…", "abstract": "…"}}'
        )
    return title, abstract
