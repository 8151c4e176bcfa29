"""Days and months as options take them: a mistake is answered with how one is written, not with a pattern."""

from __future__ import annotations

from datetime import datetime

import click


class _Written(click.DateTime):
    """A date written one way; `shape` is what the help shows, `example` what a mistake is answered with."""

    def __init__(self, pattern: str, shape: str, example: str) -> None:
        super().__init__([pattern])
        self._shape, self._example = shape, example

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return self._shape

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f'found "{value}", expected {self._shape}, such as {self._example}', param, ctx)


DAY = _Written("%Y-%m-%d", "YYYY-MM-DD", "2026-11-20")
MONTH = _Written("%Y-%m", "YYYY-MM", "2026-11")
