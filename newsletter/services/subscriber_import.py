"""Reads a list of subscribers to add, CSV or YAML: all of them, or every problem with its line. Adds them by one word.

What may be said of somebody, and what holds an addition up, is additions.py's business.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.errors import ConfigError
from newsletter.files import yaml_checks, yaml_nodes
from newsletter.model import SignUp
from newsletter.services import additions
from newsletter.services.directory import ListedSubscribers
from newsletter.stores import Store
from newsletter.subscribers import SubscribersFile, profile_yaml

MOST_BYTES = 256_000_000  # of a CSV file: more than 100,000 members with a topic each
_SEVERAL = {"categories": ",; ", "like": ";", "author": ";"}  # what parts the words of one cell
_TOPIC = "topic"  # one column a topic: its words may hold any sign
_TEXTS = ("email", "name", "zone", "send_at", "frequency", "language")
COLUMNS = ("email", "name", "categories", _TOPIC, "like", "author", "zone", "send_at", "frequency", "language")
_EXPECTED = f", expected the columns' names: {', '.join(COLUMNS)}"
_ALSO = {"e-mail": "email", "mail": "email", "category": "categories", "topics": _TOPIC, "authors": "author"}
_ALSO |= {"pinned_authors": "author", "time_zone": "zone", "send-at": "send_at"}


@dataclass(frozen=True, slots=True)
class ImportedSubscriber:
    """Somebody of the list, without problems."""

    line: int  # where they stand in it
    enrolment: SignUp


@dataclass(frozen=True, slots=True)
class _Entry:
    """Somebody of the list as it was read, and where each of their keys stands."""

    line: int
    email: str
    name: str
    profile: str  # YAML
    line_of: Callable[[str], int]


def read_list(data: bytes, source: str, file: SubscribersFile, now: datetime) -> tuple[ImportedSubscriber, ...]:
    """Reads the whole list; YAML by its name's end, else CSV. Raises ConfigError with `source:line: …` in `.problems`.

    What an entry leaves out comes from the defaults of subscribers.yaml, as for whoever is added by a command.
    """
    is_yaml = source.casefold().endswith((".yaml", ".yml"))
    entries, problems = _read_yaml(data) if is_yaml else _read_csv(data)
    imported: list[ImportedSubscriber] = []
    lines: dict[str, int] = {}
    for entry in entries:
        try:
            enrolment = additions.read_profile(entry.email, entry.name, entry.profile, file, now)
        except ConfigError as error:
            problems += [_at_its_line(entry, problem, is_yaml=is_yaml) for problem in error.problems]
            continue
        if first := lines.get(enrolment.subscriber_id):
            again = f"email: {yaml_nodes.show(entry.email)} is the mailbox of line {first}; write each mailbox once"
            problems.append(yaml_nodes.Problem(entry.line_of("email"), again))
        lines.setdefault(enrolment.subscriber_id, entry.line)
        imported.append(ImportedSubscriber(entry.line, enrolment))
    if problems:
        summary = f"{source} has {yaml_checks.count_problems(problems)}, and nobody was added:"
        raise ConfigError(summary, yaml_checks.problem_lines(problems, source=source))
    return tuple(imported)


def _at_its_line(entry: _Entry, problem: str, *, is_yaml: bool) -> yaml_nodes.Problem:
    text = additions.without_line(problem) if is_yaml else additions.as_column(problem)
    key = text.partition(":")[0]
    return yaml_nodes.Problem(entry.line_of(key), text)


# --- YAML


def _read_yaml(data: bytes) -> tuple[list[_Entry], list[yaml_nodes.Problem]]:
    root, problems = yaml_nodes.read(data)
    if root is None:
        return [], problems
    listed, found = _find_entries(root)
    entries: list[_Entry] = []
    for node in listed:
        if isinstance(node.value, dict):
            entries.append(_entry(node))
        else:
            found.append(
                yaml_nodes.Problem(node.line, "expected an entry with email: and what they want to read about")
            )
    return entries, [*problems, *found]


def _find_entries(root: yaml_nodes.Node) -> tuple[list[yaml_nodes.Node], list[yaml_nodes.Problem]]:
    if isinstance(root.value, list):
        return root.value, []
    nodes = root.value if isinstance(root.value, dict) else {}
    problems = [
        yaml_nodes.Problem(node.line, f"{key}: a list to import has none; {_REMEDIES.get(key, 'remove it')}")
        for key, node in nodes.items()
        if key != "subscribers"
    ]
    listed = nodes.get("subscribers")
    if listed is None or not isinstance(listed.value, list):
        problems.append(yaml_nodes.Problem(root.line, "expected subscribers: and a list of them, or the list alone"))
        return [], problems
    return listed.value, problems


_REMEDIES = {"defaults": "write what holds for all into subscribers.yaml, or into each entry"}


def _entry(node: yaml_nodes.Node) -> _Entry:
    keys = dict(node.value) if isinstance(node.value, dict) else {}
    texts = {key: each.value for key in ("email", "name") if (each := keys.pop(key, None))}
    said = {key: yaml_nodes.plain(each) for key, each in keys.items()}

    def line_of(problem_key: str) -> int:
        found = node.value.get(problem_key.partition(".")[0]) if isinstance(node.value, dict) else None
        return found.line if found else node.line

    email, name = (text if isinstance(text := texts.get(key), str) else "" for key in ("email", "name"))
    return _Entry(node.line, email, name, profile_yaml.write_keys(said), line_of)


# --- CSV


def _read_csv(data: bytes) -> tuple[list[_Entry], list[yaml_nodes.Problem]]:
    if len(data) > MOST_BYTES:
        return [], [yaml_nodes.Problem(1, f"the file has more than {MOST_BYTES:,} bytes; import it in parts")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [], [yaml_nodes.Problem(line, "is not UTF-8; save the file in this encoding")]
    rows = _Rows(text)
    try:
        columns, problems = _columns(next(rows, (1, []))[1])
        return [] if problems else [_row(line, columns, cells) for line, cells in rows], problems
    except csv.Error as error:
        return [], [yaml_nodes.Problem(rows.line, f"is no CSV ({error}); a quote that opens a cell must close it")]


class _Rows:
    """The rows that hold anything, each with the line that it begins in. Iterating raises csv.Error."""

    def __init__(self, text: str) -> None:
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)  # spreadsheets of some languages write semicolons
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.line = 1  # of the row at hand

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            self.line = self._reader.line_num + 1
            cells = next(self._reader)
            if any(cell.strip() for cell in cells):
                return self.line, cells


def _columns(head: Sequence[str]) -> tuple[list[str], list[yaml_nodes.Problem]]:
    names = [cell.strip().casefold().replace(" ", "_") for cell in head]
    columns = [_ALSO.get(name, name) for name in names]
    problems = [
        yaml_nodes.Problem(
            1, f"found the column {yaml_nodes.show(name)}{yaml_checks.nearest(name, COLUMNS) or _EXPECTED}"
        )
        for name in columns
        if name not in COLUMNS
    ]
    problems += [
        yaml_nodes.Problem(1, f"found the column {name} twice; only {_TOPIC} may come again")
        for name in dict.fromkeys(columns)
        if name in _TEXTS and columns.count(name) > 1
    ]
    if "email" not in columns:
        problems.append(yaml_nodes.Problem(1, f"found no column email{_EXPECTED}"))
    return columns, problems


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> _Entry:
    said: dict[str, list[str]] = {}
    for name, cell in zip(columns, cells, strict=False):
        if cell.strip():
            said.setdefault(name, []).extend(_parts(name, cell))
    texts = {name: said.get(name, [""])[0] for name in _TEXTS}
    categories, topics, like, authors = (tuple(said.get(name, ())) for name in ("categories", _TOPIC, "like", "author"))
    zone, send_at, frequency, language = (texts[name] for name in ("zone", "send_at", "frequency", "language"))
    wishes = additions.Wishes(categories, topics, like, authors, zone, send_at, frequency, language)
    return _Entry(line, texts["email"], texts["name"], wishes.as_profile(), lambda _: line)


def _parts(name: str, cell: str) -> Iterable[str]:
    """Parts a cell where it may hold several; takes off the apostrophe that keeps a spreadsheet from computing it."""
    cell = cell.strip()
    cell = cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell
    signs = _SEVERAL.get(name, "")
    for sign in signs:
        cell = cell.replace(sign, "\n")
    parts = cell.split("\n") if signs else [cell]
    return filter(None, (part.strip() for part in parts))


# --- adding


def add_all(
    store: Store, listed: ListedSubscribers, imported: Iterable[ImportedSubscriber], *, is_trial: bool = False
) -> Iterator[tuple[ImportedSubscriber, additions.Added]]:
    """Adds one after another, and says of each what came of it. May be repeated, and ended between two of them.

    `is_trial`: changes nothing, and says what would come of it.
    """
    known = {one.subscriber_id: one for one in store.get_enrolled()}
    readers = {one.subscriber_id: one for one in listed.subscribers}
    for each in imported:
        who = each.enrolment.subscriber_id
        yield (
            each,
            additions.add_one(
                store,
                readers.get(who),
                known.get(who),
                each.enrolment,
                is_enrolled=who in listed.sign_ups,
                is_trial=is_trial,
            ),
        )
