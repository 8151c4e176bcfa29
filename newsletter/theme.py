"""Reads the look and the name of the newsletter: templates/theme.yaml, laid over the one that ships.

Templates and stylesheets say `var(--ink)`; `fill` puts the theme's value there, since mail programs know no CSS
variables, and `css` sets the variables for pages. Colours that could not be read are refused (WCAG 2.2 §1.4.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from newsletter.errors import ConfigError
from newsletter.files import resources, yaml_checks, yaml_nodes

FILE = "templates/theme.yaml"
MIN_CONTRAST = 4.5  # WCAG 2.2 §1.4.3, for text of any size

# What is written on what; each pair has to be readable.
_PAIRS = (
    *(("ink", "sheet"), ("soft", "sheet"), ("accent", "sheet"), ("link", "sheet")),
    *(("ink", "ground"), ("soft", "ground"), ("accent", "ground"), ("link", "ground")),
    *(("sheet", "link"), ("link", "tint"), ("on-note", "note")),
)
_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")

Color = Annotated[
    str,
    Field(pattern=r"^#[0-9a-fA-F]{6}$"),
    yaml_checks.expected('a colour such as "#1d4f63", in quotes since YAML takes # for a comment'),
]
Font = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9 ,'-]{1,200}$"),
    yaml_checks.expected("names of fonts with commas between them, such as Georgia, serif"),
]


Name = Annotated[str, Field(min_length=1, max_length=60), yaml_checks.expected("text of 1 to 60 characters")]
Footer = Annotated[str, Field(max_length=1_000), yaml_checks.expected("text of at most 1,000 characters")]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, alias_generator=lambda name: name.replace("_", "-")
    )


class _Colors(_Strict):
    ground: Color | None = None
    sheet: Color | None = None
    ink: Color | None = None
    soft: Color | None = None
    accent: Color | None = None
    link: Color | None = None
    tint: Color | None = None
    line: Color | None = None
    rule: Color | None = None
    note: Color | None = None
    on_note: Color | None = None


class _Palettes(_Strict):
    light: _Colors = _Colors()
    dark: _Colors = _Colors()


class _Fonts(_Strict):
    text: Font | None = None
    title: Font | None = None


class _File(_Strict):
    name: Name | None = None
    footer: Footer | None = None
    fonts: _Fonts = _Fonts()
    colors: _Palettes = _Palettes()


@dataclass(frozen=True, slots=True)
class Theme:
    """`variables` has each light colour by its name, each dark one with `dark-` before it, and the fonts."""

    name: str
    footer: str
    variables: Mapping[str, str]

    def fill(self, source: str) -> str:
        """The source with the theme's values for its variables. Raises ConfigError for one that no theme has."""
        return _VARIABLE.sub(lambda found: self._value(found[1]), source)

    def css(self) -> str:
        """The variables for a stylesheet of pages, those of dark mode under its media query."""
        light = [(name, value) for name, value in self.variables.items() if not name.startswith("dark-")]
        dark = [(name[5:], value) for name, value in self.variables.items() if name.startswith("dark-")]
        rules = ["".join(f"--{name}:{value};" for name, value in each) for each in (light, dark)]
        return f":root{{{rules[0]}}}\n@media (prefers-color-scheme:dark){{:root{{{rules[1]}}}}}\n"

    def _value(self, name: str) -> str:
        try:
            return self.variables[name]
        except KeyError:
            known = ", ".join(self.variables)
            raise ConfigError(f"no theme has var(--{name}), only {known}; mend the template that says so") from None


def stylesheet(local: Path = Path()) -> str:
    """style.css of the pages, with the theme's variables before it. Raises ConfigError as `load_theme` does."""
    return load_theme(local).css() + resources.read_text("templates/web/style.css", local)


def load_theme(local: Path = Path()) -> Theme:
    """The operator's theme. Raises ConfigError with a line for each thing to mend."""
    shipped = _parse((resources.SHIPPED / FILE).read_text(encoding="utf-8"), FILE)
    path = resources.find(FILE, local)
    theme = _laid_over(shipped, _parse(resources.read_text(FILE, local), str(path)))
    unreadable = tuple(_unreadable(theme.variables))
    if unreadable:
        raise ConfigError(f"{path} has colours that cannot be read; change one of each pair:", unreadable)
    return theme


def contrast(one: str, other: str) -> float:
    """Of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=8)  # by the text itself: whatever shows a page or a mail reads the same two
def _parse(text: str, source: str) -> _File:
    root, problems = yaml_nodes.read(text)
    if root is None or root.value is None:
        root = yaml_nodes.Node(1, {})
    file, found = yaml_checks.validate(root, _File)
    problems = [*problems, *found]
    if file is None or problems:
        summary = f"{source} is not usable; mend it, or remove it to use the shipped one:"
        raise ConfigError(summary, yaml_checks.problem_lines(problems, source=source))
    return file


def _laid_over(below: _File, above: _File) -> Theme:
    variables = {}
    for prefix, under, over in (
        ("", below.colors.light, above.colors.light),
        ("dark-", below.colors.dark, above.colors.dark),
    ):
        for name, value in under.model_dump(by_alias=True).items():
            variables[f"{prefix}{name}"] = over.model_dump(by_alias=True)[name] or value
    for name, value in below.fonts.model_dump().items():
        variables[f"{name}-font"] = above.fonts.model_dump()[name] or value
    return Theme(
        name=above.name or below.name or "",
        footer=above.footer if above.footer is not None else below.footer or "",
        variables=variables,
    )


def _unreadable(variables: Mapping[str, str]) -> Iterator[str]:
    for prefix, mode in (("", "light"), ("dark-", "dark")):
        for text, behind in _PAIRS:
            ratio = contrast(variables[prefix + text], variables[prefix + behind])
            if ratio < MIN_CONTRAST:
                yield f"colors.{mode}: {text} on {behind} has a contrast of {ratio:.1f}; it needs {MIN_CONTRAST}"


def _luminance(color: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
