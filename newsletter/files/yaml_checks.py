"""Checks a YAML tree by a pydantic model: the value, or every problem with its line, in plain words with a remedy.

yaml_nodes.py reads the text, whoever reads a file has the model. A model says with `expected` what a value must be, and
gets its other words from here: unknown keys with the nearest known one, what is missing, lists and mappings.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import ErrorDetails, PydanticCustomError

from newsletter.files.yaml_hints import missing_blank, odd_mark
from newsletter.files.yaml_nodes import Node, Problem, bare, plain, show
from newsletter.phrases import Phrase, join

MAX_PROBLEMS = 200
_IN_QUOTES = Phrase('; put a text that begins with [ or {{, or holds ": ", into quotes')
Location = tuple[int | str, ...]
M = TypeVar("M", bound=BaseModel)


# --- how a model says what it expects


def nearest(found: str, known: Sequence[str]) -> str:
    """Returns `; nearest: X` for a likely typo of one of the known words, else nothing."""
    by_lower = {word.lower(): word for word in known}
    matches = difflib.get_close_matches(found.lower(), by_lower, n=1, cutoff=0.6)
    return Phrase("; nearest: {word}", word=by_lower[matches[0]]) if matches else ""


def expected(words: str, hint: Callable[[str], str] | None = None) -> WrapValidator:
    """Replaces whatever pydantic finds wrong with a value by `expected WORDS`.

    `hint` turns the text that was found into the words, when they depend on it. It is only called for the problems
    that are printed: looking for near words is slow, and a broken file can have very many.
    """

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise PydanticCustomError("expected", "expected {words}", {"words": words, "hint": hint}) from None

    return WrapValidator(check)


def contradiction(words: str) -> PydanticCustomError:
    """The error of a model whose values are right one by one, and wrong together; `words` are the whole problem."""
    return PydanticCustomError("contradiction", "{problem}", {"problem": words})


# --- the check


def validate(
    root: Node, shape: type[M], *, required: Mapping[str, str] | None = None, unnamed: str = ""
) -> tuple[M | None, list[Problem]]:
    """Returns the value if the tree has this shape, else None and every problem in plain words.

    `required` has for each key that must be there what is expected of it; `unnamed` is a list at the root that is left
    out of the names of what is in it, because the line says which entry it is.
    """
    try:
        return shape.model_validate(plain(root)), []
    except ValidationError as error:
        found = _in_order(error.errors(include_url=False), root)
        return None, [
            Problem(node.line, join(_label(detail["loc"], unnamed), words))
            for count, (node, detail) in enumerate(found)
            if not node.refused  # yaml_nodes names it already
            for words in [_describe(detail, root, shape, required or {}) if count <= MAX_PROBLEMS else "wrong"]
        ]


def lacks_blank(text: str) -> bool:
    """Tells whether a text would be a key or an entry of a list, if a plain blank stood behind its colon or dash."""
    return bool(missing_blank(text))


def problem_lines(problems: Collection[Problem], *, source: str = "", most: int = MAX_PROBLEMS) -> tuple[str, ...]:
    """Lists the problems with their lines, after the file's name if there is one; `most` at most."""
    ordered = sorted(set(problems))
    place = "{source}:{line}: {text}" if source else "line {line}: {text}"
    more = "{source}: and {n} more problems after these" if source else "and {n} more after these"
    values: dict[str, str] = {"source": source} if source else {}
    lines = [Phrase(place, line=str(one.line), text=one.text, **values) for one in ordered[:most]]
    rest = len(ordered) - len(lines)
    return (*lines, Phrase(more, n=rest, **values)) if rest else tuple(lines)


def count_problems(problems: Collection[Problem]) -> str:
    count = len(set(problems))
    return "1 problem" if count == 1 else f"{count:,} problems"


# --- the words


def _in_order(details: Iterable[ErrorDetails], root: Node) -> list[tuple[Node, ErrorDetails]]:
    return sorted(((root.find(detail["loc"]), detail) for detail in details), key=lambda pair: pair[0].line)


def _label(location: Location, unnamed: str) -> str:
    """Names the place: `topics.relevant: `."""
    keys = [step for step in location if isinstance(step, str)]
    if keys[:1] == [unnamed] and len(keys) > 1:
        del keys[0]
    return ".".join(bare(key) for key in keys) + ": " if keys else ""


def _describe(detail: ErrorDetails, root: Node, shape: type[BaseModel], required: Mapping[str, str]) -> Phrase:
    """Words one problem: `found X, expected Y`."""
    node = root.find(detail["loc"])
    found, kind, key = detail["input"], detail["type"], str(detail["loc"][-1] if detail["loc"] else "")
    context = detail.get("ctx", {})
    match kind:
        case "missing":
            words = Phrase("missing, expected {what}", what=required[key])
        case "extra_forbidden":
            words = join(_unknown_key(detail["loc"], shape, root), odd_mark(key))
        case "contradiction":
            words = join(context["problem"])
        case "too_short":
            words = Phrase("found an empty list, expected at least one entry")
        case "too_long":
            actual, most = int(context["actual_length"]), int(context["max_length"])
            words = Phrase("found {n} entries, expected at most {most}", n=actual, most=most)
        case "list_type":
            hint = missing_blank(found) or odd_mark(found) if isinstance(found, str) else ""
            words = join(
                Phrase("found {found}, expected a list, one entry a line after a dash", found=show(found)), hint
            )
        case "expected":
            hint = context["hint"]
            wanted = hint(found) if hint and isinstance(found, str) and len(found) <= 100 else context["words"]
            words = join(_found(_show(found), wanted), _misread(found, context["words"]))
        case _:
            keys = ", ".join(_keys(_model(detail["loc"], shape)))
            hint = missing_blank(found) if isinstance(found, str) else ""
            words = join(Phrase("found {found}, expected keys and values ({keys})", found=show(found), keys=keys), hint)
    if found is None and node.comment and kind != "missing":
        comment = Phrase(
            "; {comment} is a comment: put a text that begins with # into quotes", comment=bare(node.comment)
        )
        return join(words, comment)
    remedy = Phrase("; write it") if key in required else Phrase("; write it, or remove the line")
    return join(words, remedy) if found is None else words


def _found(found: str, wanted: str) -> Phrase:
    return Phrase("found {found}, expected {wanted}", found=found, wanted=wanted)


def _misread(found: Any, words: str) -> str:
    """Explains what YAML, or a keyboard, made of a text."""
    is_text = words.startswith("text")
    if isinstance(found, str):
        return "" if is_text else odd_mark(found[:100])
    if isinstance(found, list | dict) and is_text:
        return _IN_QUOTES
    return ""


def _show(found: Any) -> str:
    return Phrase("no text") if isinstance(found, str) and not found.strip() else show(found)


def _model(location: Location, shape: type[BaseModel]) -> type[BaseModel]:
    """Finds the model of the innermost keys and values around this place."""
    for step in location:
        field = shape.model_fields.get(str(step))
        inner = _inner_model(field.annotation) if field else None
        shape = inner or shape
    return shape


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """Finds `TopicEntry` in `list[TopicEntry]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner_model, get_args(annotation))), None)


def _keys(shape: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]


def _unknown_key(location: Location, shape: type[BaseModel], root: Node) -> Phrase:
    keys = _keys(_model(location[:-1], shape))
    near = nearest(str(location[-1])[:100], keys)
    if isinstance(near, Phrase):
        return Phrase("unknown key, expected {key}", key=str(near.values["word"]))
    words = Phrase("unknown key, expected one of {keys}", keys=", ".join(keys))
    return join(words, _IN_QUOTES) if _is_one_text(location[:-1], root) else words


def _is_one_text(place: Location, root: Node) -> bool:
    """Tells whether this entry of a list has nothing but one key, as YAML reads the line "- Robots: grasping"."""
    entry = root.find(place).value
    return isinstance(place[-1] if place else "", int) and isinstance(entry, dict) and len(entry) == 1
