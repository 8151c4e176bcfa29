"""subscribers.yaml → subscribers: either everybody, with the defaults applied, or every problem with its line.

`files/yaml_nodes.py` reads the text, `schema.py` says what may stand there; here both are brought together,
values are checked against each other, and problems are worded. The file is never written. What readers write
themselves goes through the same check (profile_yaml.py, services/signup.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from newsletter.addresses import subscriber_id
from newsletter.errors import ConfigError
from newsletter.files import yaml_hints, yaml_nodes
from newsletter.model import Profile, SignUp, Subscriber, Topic
from newsletter.subscribers.notes import notes
from newsletter.subscribers.schema import (
    MAX_SUBSCRIBERS,
    WEEKDAYS,
    FileShape,
    Keywords,
    Language,
    Preferences,
    SubscriberEntry,
    TopicEntry,
    Weekday,
    Wishes,
    json_schema,
    nearest,
    to_address,
)
from newsletter.subscribers.signup_rules import topic_name

__all__ = ["json_schema", "load_subscribers", "parse_file", "parse_subscribers", "read_subscribers"]

MAX_PROBLEMS = 200
Loc = tuple[int | str, ...]

_MISSING = {
    "email": "an e-mail address",
    "name": "a short name for the topic",
    "subscribers": "a list with at least one subscriber",
}


@dataclass(frozen=True, slots=True)
class SubscribersFile:
    """What subscribers.yaml says. `notes`: what may not be meant as it stands there, each with its line."""

    subscribers: tuple[Subscriber, ...]
    defaults: Preferences
    notes: tuple[str, ...] = ()


def read_subscribers(path: Path) -> bytes:
    """What is in this file, for `parse_subscribers`. Raises ConfigError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(yaml_nodes.MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); write it, or name another file with NEWSLETTER_SUBSCRIBERS"
        ) from error


def load_subscribers(path: Path) -> tuple[Subscriber, ...]:
    """The subscribers in this file. Raises ConfigError, also when there is no such file."""
    return parse_subscribers(read_subscribers(path), source=str(path))


def parse_subscribers(text: str | bytes, *, source: str) -> tuple[Subscriber, ...]:
    """The subscribers in the file's order. Raises ConfigError with one line in `.problems` for each thing to mend.

    `source` is the file's name as problems show it. Reads nothing, and always ends soon (see files/yaml_nodes.py).
    """
    return parse_file(text, source=source).subscribers


def parse_file(text: str | bytes, *, source: str) -> SubscribersFile:
    """The same, with what the file says for those who are not in it. Raises as `parse_subscribers`."""
    root, problems = yaml_nodes.read(text)
    file = None
    if root is None or root.value is None:
        if not problems:
            problems.append(yaml_nodes.Problem(1, "found nothing, expected subscribers: and a list of them"))
    else:
        file, found = validate(root, FileShape)
        problems += [*_problems_between(root), *found]
    if problems or file is None or root is None:
        raise _config_error(problems, source)
    said = tuple(f"{source}:{note.line}: {note.text}" for note in notes(root))
    return SubscribersFile(tuple(_subscriber(entry, file.defaults) for entry in file.subscribers), file.defaults, said)


def _config_error(problems: list[yaml_nodes.Problem], source: str) -> ConfigError:
    lines = [f"{source}:{problem.line}: {problem.text}" for problem in sorted(set(problems))]
    shown = lines[:MAX_PROBLEMS]
    if len(lines) > len(shown):
        shown.append(f"{source}: and {len(lines) - len(shown):,} more problems after these")
    count = "1 problem" if len(lines) == 1 else f"{len(lines):,} problems"
    return ConfigError(f"{source} has {count}; mend the file and run newsletter check:", tuple(shown))


# --- problems -----------------------------------------------------------------------------------------


M = TypeVar("M", bound=BaseModel)


def validate(root: yaml_nodes.Node, shape: type[M]) -> tuple[M | None, list[yaml_nodes.Problem]]:
    """What the tree says if it has this shape, and else None and every problem, in plain words."""
    try:
        return shape.model_validate(yaml_nodes.plain(root)), []
    except ValidationError as error:
        return None, list(_worded(error.errors(include_url=False), root, shape))


def _worded(details: list[ErrorDetails], root: yaml_nodes.Node, shape: type[BaseModel]) -> Iterable[yaml_nodes.Problem]:
    lines = sorted(((root.find(detail["loc"]), detail) for detail in details), key=lambda pair: pair[0].line)
    for count, (node, detail) in enumerate(lines):
        if node.refused:
            continue  # yaml_lines has said so already
        said = _said(detail, node, shape) if count <= MAX_PROBLEMS else "wrong"
        yield yaml_nodes.Problem(node.line, f"{_label(detail['loc'])}{said}")


def _label(loc: Loc) -> str:
    """`topics.relevant: ` — the line says which topic of whom; keys of defaults are marked as such."""
    keys = [step for step in loc if isinstance(step, str)]
    if keys[:1] == ["subscribers"] and len(keys) > 1:
        del keys[0]
    return ".".join(yaml_nodes.bare(key) for key in keys) + ": " if keys else ""


def _said(detail: ErrorDetails, node: yaml_nodes.Node, shape: type[BaseModel]) -> str:
    """`found X, expected Y` in plain words."""
    found, kind, key = detail["input"], detail["type"], str(detail["loc"][-1] if detail["loc"] else "")
    context = detail.get("ctx", {})
    match kind:
        case "missing":
            said = f"missing, expected {_MISSING[key]}"
        case "extra_forbidden":
            said = f"unknown key{_nearest_key(detail['loc'], shape)}{yaml_hints.odd_mark(key)}"
        case "silent_topic":
            said = "neither relevant nor irrelevant, expected text in at least one of them"
        case "too_short":
            said = "found an empty list, expected at least one entry"
        case "too_long":
            said = f"found {context['actual_length']:,} entries, expected at most {context['max_length']:,}"
        case "list_type":
            hint = yaml_hints.missing_blank(found) or yaml_hints.odd_mark(found) if isinstance(found, str) else ""
            said = f"found {yaml_nodes.show(found)}, expected a list, one entry a line after a dash{hint}"
        case "expected":
            hint = context["hint"]
            words = hint(found) if hint and isinstance(found, str) and len(found) <= 100 else context["words"]
            said = f"found {_show(found)}, expected {words}{_taken_otherwise(found, context['words'])}"
        case _:
            keys = ", ".join(_keys(_model(detail["loc"], shape)))
            hint = yaml_hints.missing_blank(found) if isinstance(found, str) else ""
            said = f"found {yaml_nodes.show(found)}, expected keys and values ({keys}){hint}"
    if found is None and node.comment and kind != "missing":
        return f"{said}; {yaml_nodes.bare(node.comment)} is a comment: put a text that begins with # into quotes"
    remedy = "write it" if key in _MISSING else "write it, or remove the line"
    return f"{said}; {remedy}" if found is None else said


def _taken_otherwise(found: Any, words: str) -> str:
    """What YAML, or a keyboard, made of what was meant as words."""
    is_text = words.startswith("text")
    if isinstance(found, str):
        return "" if is_text else yaml_hints.odd_mark(found[:100])
    if isinstance(found, list | dict) and is_text:
        return '; put a text that begins with [ or {, or holds ": ", into quotes'
    return ""


def _show(found: Any) -> str:
    return "no text" if isinstance(found, str) and not found.strip() else yaml_nodes.show(found)


def _model(loc: Loc, shape: type[BaseModel]) -> type[BaseModel]:
    """The model of the innermost keys and values around this place."""
    for step in loc:
        field = shape.model_fields.get(str(step))
        inner = _inner_model(field.annotation) if field else None
        shape = inner or shape
    return shape


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """`TopicEntry` of `list[TopicEntry]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner_model, get_args(annotation))), None)


def _keys(shape: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]


def _nearest_key(loc: Loc, shape: type[BaseModel]) -> str:
    keys = _keys(_model(loc[:-1], shape))
    near = nearest(str(loc[-1])[:100], keys)
    return near.replace("; nearest:", ", expected") if near else f", expected one of {', '.join(keys)}"


# --- problems between values --------------------------------------------------------------------------


def _problems_between(root: yaml_nodes.Node) -> Iterable[yaml_nodes.Problem]:
    """What no single value shows: read from the tree, so that it is said together with all other problems."""
    entries = root.find(("subscribers",)).value if isinstance(root.value, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_SUBSCRIBERS:
        return  # the schema says so
    defaults = root.find(("defaults",)) if isinstance(root.value, dict) and "defaults" in root.value else None
    yield from _duplicate_addresses(entries)
    yield from _duplicate_archives(entries)
    for entry in entries:
        if isinstance(entry.value, dict):
            yield from _missing_together(entry, defaults)
    for node in (defaults, *entries):
        yield from topics_twice(node)


def _duplicate_addresses(entries: list[yaml_nodes.Node]) -> Iterable[yaml_nodes.Problem]:
    first: dict[str, yaml_nodes.Node] = {}
    for entry in entries:
        node = _get(entry, "email")
        if node is None or not isinstance(node.value, str) or len(node.value) > 254:
            continue
        try:
            key = subscriber_id(to_address(node.value.strip()))
        except ValueError:
            continue  # the schema says so
        if key in first:
            again = f"found {yaml_nodes.show(node.value)}, which is the mailbox of line {first[key].line}"
            yield yaml_nodes.Problem(node.line, f"email: {again}, expected each mailbox once (+tags do not count)")
        first.setdefault(key, node)


def _duplicate_archives(entries: list[yaml_nodes.Node]) -> Iterable[yaml_nodes.Problem]:
    first: dict[str, yaml_nodes.Node] = {}
    for entry in entries:
        node = _get(entry, "public_archive")
        if node is None or not isinstance(node.value, str):
            continue
        if node.value in first:
            again = f"found {yaml_nodes.show(node.value)}, which is the name in line {first[node.value].line}"
            yield yaml_nodes.Problem(node.line, f"public_archive: {again}, expected a name of its own for each")
        first.setdefault(node.value, node)


def _missing_together(entry: yaml_nodes.Node, defaults: yaml_nodes.Node | None) -> Iterable[yaml_nodes.Problem]:
    if (_get(entry, "categories") or _get(defaults, "categories")) is None:
        yield yaml_nodes.Problem(entry.line, "categories: missing, expected arXiv categories, here or under defaults")
    topics = _get(entry, "topics") or _get(defaults, "topics")
    like = _get(_get(entry, "keywords"), "like") or _get(_get(defaults, "keywords"), "like")
    if all(node is None or node.value == [] for node in (topics, like)):
        said = "found neither topics nor keywords.like, expected at least one of them to score papers by"
        yield yaml_nodes.Problem(entry.line, said)


def topics_twice(preferences: yaml_nodes.Node | None) -> Iterable[yaml_nodes.Problem]:
    """Topics that share a name, in a mapping that may hold `topics`."""
    topics = _get(preferences, "topics")
    names: set[str] = set()
    for topic in topics.value if topics is not None and isinstance(topics.value, list) else ():
        name = _get(topic, "name")
        if name is None or not isinstance(name.value, str):
            continue
        if name.value.strip() in names:
            again = f"found {yaml_nodes.show(name.value)} again, expected a name of its own for each topic"
            yield yaml_nodes.Problem(name.line, f"topics.name: {again}")
        names.add(name.value.strip())


def _get(node: yaml_nodes.Node | None, key: str) -> yaml_nodes.Node | None:
    return node.value.get(key) if node is not None and isinstance(node.value, dict) else None


# --- subscribers --------------------------------------------------------------------------------------


def _subscriber(entry: SubscriberEntry, defaults: Preferences) -> Subscriber:
    chosen = _laid_over(defaults, entry)
    whole = _complete(subscriber_id(entry.email), entry.email, entry.name, chosen, chosen.paused_until)
    return replace(whole, public_archive=entry.public_archive)


def subscriber_from_signup(sign_up: SignUp, defaults: Preferences) -> Subscriber:
    """Who came by the web: what they asked for, and the file's defaults for all else. Their words are their topics."""
    wishes: dict[str, Any] = {
        "categories": list(sign_up.categories),
        "topics": [TopicEntry.model_construct(None, name=topic_name(sign_up.words), relevant=sign_up.words)],
        "time_zone": sign_up.zone,
        "frequency": sign_up.frequency,
        "language": sign_up.language,
    }
    said = {key: value for key, value in wishes.items() if value}
    chosen = _laid_over(defaults, Wishes.model_construct(set(said), **said))
    return _complete(sign_up.subscriber_id, sign_up.email, sign_up.name, chosen, defaults.paused_until)


def with_wishes(subscriber: Subscriber, wishes: Wishes) -> Subscriber:
    """The subscriber, with the keys that are written in `wishes` taken from there."""
    chosen = _laid_over(_wishes_of(subscriber), wishes)
    whole = _complete(subscriber.subscriber_id, subscriber.email, subscriber.name, chosen, subscriber.paused_until)
    return replace(whole, public_archive=subscriber.public_archive)


def _complete(who: str, email: str, name: str, chosen: Wishes, paused_until: date | None) -> Subscriber:
    return Subscriber(
        subscriber_id=who,
        email=email,
        name=name,
        zone=chosen.time_zone,
        send_at=chosen.send_at,
        frequency=chosen.frequency,
        weekday=WEEKDAYS.index(chosen.weekday),
        categories=_unique(chosen.categories),
        announce_types=_unique(chosen.announce_types),
        profile=_profile(chosen),
        pinned_authors=_unique(chosen.pinned_authors),
        min_relevance=chosen.min_relevance,
        min_novelty=chosen.min_novelty,
        max_papers=chosen.max_papers,
        paused_until=paused_until,
        group_by_topic=chosen.group_by_topic,
        empty_mail=chosen.empty_mail,
    )


def _wishes_of(subscriber: Subscriber) -> Wishes:
    profile = subscriber.profile
    topics = [TopicEntry.model_construct(None, **asdict(topic)) for topic in profile.topics]
    return Wishes.model_construct(
        None,
        time_zone=subscriber.zone,
        send_at=subscriber.send_at,
        frequency=subscriber.frequency,
        weekday=cast(Weekday, WEEKDAYS[subscriber.weekday]),
        categories=list(subscriber.categories),
        announce_types=list(subscriber.announce_types),
        about=profile.about,
        topics=topics,
        keywords=Keywords.model_construct(None, like=list(profile.like), avoid=list(profile.avoid)),
        pinned_authors=list(subscriber.pinned_authors),
        min_relevance=subscriber.min_relevance,
        min_novelty=subscriber.min_novelty,
        max_papers=subscriber.max_papers,
        language=cast(Language, profile.language),
        group_by_topic=subscriber.group_by_topic,
        empty_mail=subscriber.empty_mail,
    )


def _profile(chosen: Wishes) -> Profile:
    return Profile(
        topics=tuple(Topic(topic.name, topic.relevant, topic.irrelevant) for topic in chosen.topics),
        about=chosen.about,
        like=_unique(chosen.keywords.like),
        avoid=_unique(chosen.keywords.avoid),
        language=chosen.language,
    )


T = TypeVar("T")
W = TypeVar("W", bound=Wishes)


def _laid_over(below: W, above: Wishes) -> W:
    """As `_over`; of the keywords, each of the two lists on its own."""
    chosen = _over(below, above)
    if "keywords" in above.model_fields_set:
        return chosen.model_copy(update={"keywords": _over(below.keywords, above.keywords)})
    return chosen


def _over(below: M, above: BaseModel) -> M:
    """`below`, with the keys that are written in `above` taken from there."""
    written = above.model_fields_set & type(below).model_fields.keys()
    return below.model_copy(update={key: getattr(above, key) for key in written})


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
