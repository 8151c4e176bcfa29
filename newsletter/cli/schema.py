"""`newsletter schema`: the JSON Schema of subscribers.yaml, for editors that complete and check the file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from newsletter.cli.common import writing_to
from newsletter.cli.exits import EXIT_CODES
from newsletter.cli.terminal import write_document
from newsletter.subscribers import json_schema


def schema_text() -> str:
    """Writes the schema as a file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


@click.command(name="schema", epilog=EXIT_CODES)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write to this file instead of the terminal.",
)
def command(output: Path | None) -> None:
    """Print the JSON Schema of subscribers.yaml.

    Point an editor's YAML support to it, and it completes keys and marks mistakes while you type.

    \b
    Example:
      newsletter schema --output subscribers.schema.json
    """
    if output is None:
        write_document(schema_text())
    else:
        with writing_to(output):
            output.write_text(schema_text(), encoding="utf-8", newline="\n")
