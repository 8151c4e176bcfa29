"""The rooms of newsletter/ and the order of their imports: one table, and what the imports in the source are.

tests/unit/test_house.py holds the source against the table. As a command (`./run map`) this draws the rooms, with the
first line of each, into docs/architecture.md.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests import ROOT

PACKAGE = ROOT / "newsletter"

PAGE = ROOT / "docs" / "architecture.md"

# From the top floor down; a room may import from the floors below its own, and from nothing beside it.
# Behind a colon: modules that belong to a room and lie outside of its folder.
FLOORS = """
cli: __main__
worker
app
settings
web
web.archive
services
flow | ops | ops.deliverability
run
mail
mail.inbound
scoring.evaluation
scoring
scoring.llm | scoring.ranking | scoring.semantic
stores
subscribers
sources
papers | delivery | sources.fetching
senders | theme
files
formatting | texts | line_breaks
model
errors | addresses | signing | phrases
"""

Rooms = dict[str, int]


def read_floors() -> tuple[Rooms, dict[str, str]]:
    """The floor of each room, the top one 0; and by dotted name below newsletter/ which room a module is in."""
    floors: Rooms = {}
    owners: dict[str, str] = {}
    for floor, line in enumerate(FLOORS.strip().replace("\n    ", " ").splitlines()):
        for entry in line.split("|"):
            room, _, modules = (part.strip() for part in entry.partition(":"))
            floors[room] = floor
            owners |= dict.fromkeys((room, *modules.split()), room)
    return floors, owners


def find_modules() -> dict[str, Path]:
    """Every module by its dotted name below newsletter/, packages by theirs; newsletter/__init__.py has none."""
    names = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in sorted(PACKAGE.rglob("*.py"))}
    return {name.removesuffix("__init__").rstrip("."): path for name, path in names.items() if name != "__init__"}


def room_of(module: str, owners: dict[str, str]) -> str | None:
    """The room of a module, or the nearest one around it; None if it stands outside of every room."""
    while module not in owners and "." in module:
        module = module.rpartition(".")[0]
    return owners.get(module)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def find_imports(path: Path) -> tuple[str, ...]:
    """Dotted names of everything that a module imports, also inside functions: `newsletter.model.Paper`, `os`."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def find_offers(room: str, modules: dict[str, Path]) -> set[str]:
    """What a room offers: the names in `__all__` of its `__init__`, modules of its own among them."""
    lists = [
        ast.literal_eval(node.value)
        for node in tree_of(modules[room]).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
    ]
    return {name for names in lists for name in names}


def modules_used(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules of newsletter/ that a module imports, or imports a name of, wherever a room has that name from."""
    names = {name.removeprefix("newsletter.") for name in find_imports(path) if name.startswith("newsletter.")}
    return {_module_of(name, modules) for name in names} & set(modules)


def _module_of(name: str, modules: dict[str, Path]) -> str:
    room, _, offered = name.rpartition(".")
    if name in modules or room not in modules or modules[room].name != "__init__.py":
        return name if name in modules else room
    imports = {full.rpartition(".")[2]: full.rpartition(".")[0] for full in find_imports(modules[room])}
    return imports.get(offered, room).removeprefix("newsletter.")


def find_arrows() -> dict[str, set[str]]:
    """By room: the rooms that its modules import from."""
    modules, (floors, owners) = find_modules(), read_floors()
    arrows: dict[str, set[str]] = {room: set() for room in floors}
    for module, path in modules.items():
        if room := room_of(module, owners):
            arrows[room] |= {other for used in modules_used(path, modules) if (other := room_of(used, owners))} - {room}
    return arrows


def _below(room: str, arrows: dict[str, set[str]]) -> set[str]:
    return arrows[room] | {far for near in arrows[room] for far in _below(near, arrows)}


def _drawn(arrows: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows that do not follow from others."""
    return [
        (room, other)
        for room, others in arrows.items()
        for other in sorted(others)
        if not any(other in _below(between, arrows) for between in others)
    ]


def _label(room: str, modules: dict[str, Path]) -> str:
    return room.replace(".", "/") + ("/" if modules[room].name == "__init__.py" else ".py")


def draw() -> str:
    """The picture of the rooms as Mermaid, and a table with a line for each."""
    modules, arrows = find_modules(), find_arrows()
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'    {room.replace(".", "_")}["{_label(room, modules)}"]' for room in arrows]
    lines += [f"    {a.replace('.', '_')} --> {b.replace('.', '_')}" for a, b in _drawn(arrows)]
    lines += ["```", "", "| room | what it does |", "|---|---|"]
    for room in arrows:
        first = (ast.get_docstring(tree_of(modules[room])) or "").splitlines()[0]
        lines.append(f"| `{_label(room, modules)}` | {first.removesuffix(' Pure.')} |")
    return "\n".join(lines)


def with_drawing(text: str) -> str:
    """The page with what is drawn now between its two marks."""
    before, rest = text.split(_BEGIN)
    return before + _BEGIN + "\n\n" + draw() + "\n\n" + _END + rest.split(_END)[1]


_BEGIN, _END = "<!-- drawn by ./run map -->", "<!-- end of what is drawn -->"

if __name__ == "__main__":
    PAGE.write_text(with_drawing(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
