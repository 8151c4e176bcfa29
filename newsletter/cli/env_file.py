"""Writes settings in the form of a `.env` file: each with its description, its value, or commented out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Mapping

from pydantic import SecretStr

from newsletter.settings import Settings, variable

_PLAIN = re.compile(r"[\w.:/@+<>,=&-]+( [\w.:/@+<>,=&-]+)*")
_CREDENTIALS = re.compile(r"//[^/@]*@")  # https://user:password@host


def write_env_file(settings: Settings, *, active: Collection[str]) -> str:
    """Writes every setting; those that are not `active` (names of fields) as comments. Shows no secret."""
    return "\n".join(line for name in Settings.model_fields for line in _paragraph(settings, name, name in active))


def _paragraph(settings: Settings, name: str, is_active: bool) -> list[str]:
    about = textwrap.wrap(Settings.model_fields[name].description or "", 100)
    return [*(f"# {line}" for line in about), _line(name, getattr(settings, name), is_active), ""]


def _line(name: str, value: object, is_active: bool) -> str:
    """Writes a setting as a line; a secret as a comment, so that a saved file does not put asterisks in its place."""
    if isinstance(value, SecretStr) or (isinstance(value, tuple | Mapping) and value):
        return f"# {variable(name)}=**********"
    text = "" if value in (None, (), {}) else str(value)
    if name == "openai_base_url" and (without := _CREDENTIALS.sub("//***@", text)) != text:
        return f"# {variable(name)}={without}"
    return f"{'' if is_active else '# '}{variable(name)}={_quoted(text) if text else ''}"


def _quoted(value: str) -> str:
    """Quotes a value as python-dotenv reads it back: a number sign would begin a comment, a quote a quotation."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
