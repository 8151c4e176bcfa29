"""The shape of the code, proved from its source: who may import whom, who reads clock and environment."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.house import (
    PACKAGE,
    PAGE,
    find_imports,
    find_modules,
    find_offers,
    modules_used,
    read_floors,
    room_of,
    tree_of,
    with_drawing,
)

MODULES = find_modules()
FLOORS, OWNERS = read_floors()

# Values in, values out: no clock, no disk, no network. Whole rooms, and modules of the others.
PURE = """
model errors addresses signing formatting delivery papers subscribers files.yaml_nodes files.yaml_hints
files.yaml_checks run.schedule run.clock run.digest run.nearest run.backlog run.reconcile mail.size_budget mail.message
mail.wording mail.cost mail.notices mail.updates run.updates line_breaks texts phrases
mail.header_folding mail.view mail.paper_view mail.earlier mail.sample_digest mail.responses services.service_mail
mail.inbound.bounces mail.inbound.sendgrid_events mail.inbound.parse mail.inbound.commands mail.inbound.writer
mail.inbound.command_words
mail.inbound.folding mail.inbound.pauses mail.inbound.body_text mail.inbound.parts
mail.quoted_printable mail.shared_pages
mail.inbound.html scoring.llm.answers scoring.llm.prompts scoring.llm.loose_json scoring.llm.reasoning
scoring.llm.grader scoring.llm.prices scoring.llm.context_window scoring.llm.failures scoring.llm.completion
scoring.ranking.shortlist scoring.protocols scoring.cache ops.alerts
ops.redaction ops.durability
""".split()
OUTSIDE_WORLD = {"os", "io", "time", "pathlib", "shutil", "socket", "subprocess", "tempfile", "random", "httpx2"}
# The morning and its steps know sources, scorers, senders and stores by their Protocols alone.
STEPS = ["flow", "run"]
EDGES = {"sources", "scoring", "senders", "stores"}
READS_THE_WORLD = {"settings", "app", "cli"}
WORLD = {
    *("os.environ", "os.getenv", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"),
    *("time.time_ns", "time.localtime", "time.gmtime"),
}
LOADED_LATE = {
    *("numpy", "openai", "sendgrid", "tinydb", "lxml", "premailer", "jinja2", "sqlalchemy"),
    *(
        "alembic",
        "procrastinate",
        "psycopg",
        "pylatexenc",
        "httpx2",
        "pydantic",
        "Stemmer",
        "genai_prices",
        "toktok",
        "flask",
        "dns",
        "dkim",
    ),
    *("flufl", "structlog", "prometheus_client", "waitress", "imap_tools", "quotequail", "math_core"),
}
LOOKS_INTO_THE_MEMORY = "status deliveries costs calls suppressions config backup restore migrate".split()
OF_THE_MORNING = "mail papers run senders.smtp services subscribers web worker flow".split()


def is_within(module: str, names: list[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def dotted(node: ast.AST) -> str:
    """`datetime.now` for the expression `datetime.now` and for `datetime.datetime.now`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        return f"{owner}.{node.attr}"
    return ""


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_in_a_few_lines_what_it_does(module: str) -> None:
    text = ast.get_docstring(tree_of(MODULES[module]))
    assert text, f"{module} has no docstring"
    assert len(text.splitlines()) <= 10


def check_imports(module: str, path: Path) -> None:
    room = room_of(module, OWNERS)
    assert room, f"{module} is in no room: give it one, or name its room in tests/house.py"
    used = {room_of(other, OWNERS): other for other in modules_used(path, MODULES)}
    wrong = {other for below, other in used.items() if below != room and FLOORS[below or room] <= FLOORS[room]}
    assert not wrong, f"{module} ({room}) is not above {wrong}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_its_own_room_and_from_the_floors_below(module: str) -> None:
    check_imports(module, MODULES[module])


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("somewhere", "", "is in no room"),
        ("somewhere.deeper", "import os", "is in no room"),
        ("model.papers", "from newsletter.stores import Store", "is not above"),
        ("mail.inbound.parse", "from newsletter.mail import render", "is not above"),
        ("papers.links", "def late():\n    from newsletter.delivery import ledger", "is not above"),
    ],
)
def test_a_stray_module_and_an_import_upwards_or_sideways_fail(
    tmp_path: Path, module: str, source: str, why: str
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(AssertionError, match=why):
        check_imports(module, path)


@pytest.mark.parametrize("module", [module for module in MODULES if room_of(module, OWNERS) != "app"])
def test_a_module_takes_from_another_room_only_what_that_offers(module: str) -> None:
    """Only the composition root reaches past a room's `__init__`."""
    own = module.split(".", maxsplit=1)[0]
    names = {name.removeprefix("newsletter.") for name in find_imports(MODULES[module]) if "newsletter." in name}
    beyond = {name for name in names if name.split(".")[0] != own and name not in OWNERS and "." in name}
    rooms = {name: name.rpartition(".")[0] for name in beyond}
    assert not {name for name, room in rooms.items() if room not in OWNERS}, "reaches into a room"
    packages = {room for room in rooms.values() if MODULES[room].name == "__init__.py"}
    offered = {room: find_offers(room, MODULES) for room in packages}
    taken = {name for name, room in rooms.items() if room in packages}
    assert not {name for name in taken if name.rpartition(".")[2] not in offered[rooms[name]]}


@pytest.mark.parametrize("module", [module for module in MODULES if is_within(module, PURE)])
def test_a_pure_module_knows_only_pure_modules_and_nothing_of_the_world(module: str) -> None:
    used = modules_used(MODULES[module], MODULES) - {room_of(module, OWNERS)}
    assert not {other for other in used if not is_within(other, PURE)}
    assert not {name.split(".")[0] for name in find_imports(MODULES[module])} & OUTSIDE_WORLD


@pytest.mark.parametrize("module", [module for module in MODULES if is_within(module, STEPS)])
def test_the_morning_meets_the_edges_only_through_their_protocols(module: str) -> None:
    used = {name.removeprefix("newsletter.") for name in find_imports(MODULES[module])}
    assert all(name.count(".") == 1 for name in used if name.split(".")[0] in EDGES), used


@pytest.mark.parametrize("module", [module for module in MODULES if not is_within(module, sorted(READS_THE_WORLD))])
def test_only_settings_app_and_commands_read_the_clock_or_the_environment(module: str) -> None:
    nodes = list(ast.walk(tree_of(MODULES[module])))
    read = {dotted(node) for node in nodes} | {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module in {"os", "time"}
        for alias in node.names
    }
    assert not read & WORLD


def loaded_by(*arguments: str) -> set[str]:
    """The modules that are loaded when this command ends in a process of its own."""
    script = (
        f"import sys; sys.argv = ['newsletter', *{arguments}]\n"
        "from newsletter.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print('LOADED', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    shown, _, loaded = done.stdout.partition("LOADED")
    assert "Usage: newsletter" in shown
    return set(loaded.split())


def test_help_loads_no_library_that_only_a_morning_needs() -> None:
    assert not {name.split(".")[0] for name in loaded_by("--help")} & LOADED_LATE


def test_a_command_that_only_looks_into_the_memory_loads_no_room_that_mails_or_reads_profiles() -> None:
    modules = [f"newsletter.cli.{name}" for name in LOOKS_INTO_THE_MEMORY]
    script = f"import sys, {', '.join(modules)}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "newsletter.app" in loaded
    assert not set(loaded) & {f"newsletter.{room}" for room in OF_THE_MORNING}
    assert not set(loaded) & {"email_validator", "flask", "httpx2", "imap_tools", "jinja2", "numpy", "quotequail"}


def test_the_drawing_of_the_rooms_is_the_one_of_today() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_drawing(text) == text, "draw it again: ./run map"


def test_the_first_floor_shows_at_most_seventeen_rooms() -> None:
    assert len([path for path in PACKAGE.iterdir() if (path / "__init__.py").exists()]) <= 17


def test_every_room_of_the_table_is_there() -> None:
    assert {room for room in FLOORS if room not in MODULES} == set()
