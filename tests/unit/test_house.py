"""The shape of the code, proved from its source: who may import whom, who reads clock and environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "newsletter"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Pure: dataclasses in, dataclasses out. They may know each other, and nothing else of the program.
PURE = {
    *("model", "errors", "schedule", "digest", "message", "ledger", "announcements", "catchup"),
    *("authors", "addresses", "tokens", "latex", "latex_tables", "taxonomy", "budget", "spending", "answers"),
    *("prompts", "suppress", "books", "dsn", "sendgrid_events", "redaction", "alerts", "clock", "votes"),
    *("replies", "reply_words", "mail_text", "mail_parts", "mail_html", "confirmations", "wording", "links", "view"),
    *("citations", "typeset", "signups", "notices", "specimen", "moving", "roster", "proof", "folding", "durability"),
    *("loose_json", "reasoning", "topics", "revisions"),
}
OUTSIDE_WORLD = {"os", "io", "time", "pathlib", "shutil", "socket", "subprocess", "tempfile", "random", "httpx2"}
# Edges translate between the outside and the model; beside their own package they have a few tools.
EDGES = {"sources", "scorers", "senders", "stores", "web"}
EDGE_TOOLS = {
    *("addresses", "model", "errors", "files", "latex", "links", "prices", "resources", "token_count", "wording"),
}
ALSO_FOR = {
    "sources": {"taxonomy"},
    "stores": {"announcements", "ledger", "moving", "revisions", "spending", "suppress"},
    "scorers": {"answers", "prompts", "topics"},
    "web": {
        *("stores", "suppress", "tokens", "sendgrid_events", "replies", "mail_parts", "votes", "voting", "archive"),
        *("signups", "taxonomy", "templates", "theme", "revisions"),
    },
}
# The morning, its steps, and trials of it.
FLOW = {
    *("flow", "desk", "collect", "draft", "ahead", "deliver", "circuit_breaker", "retention", "profiles", "preview"),
}
TOP = FLOW | {"app", "cli", "config", "listen", "joining", "mailing_list"}
READS_THE_WORLD = {"config", "app", "cli"}
WORLD = {
    *("os.environ", "os.getenv", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"),
    *("time.time_ns", "time.localtime", "time.gmtime"),
}
LOADED_LATE = {
    *("numpy", "openai", "sendgrid", "tinydb", "lxml", "premailer", "jinja2", "sqlalchemy"),
    *("psycopg", "pylatexenc", "httpx2", "pydantic", "Stemmer", "genai_prices", "toktok", "flask", "dns", "dkim"),
    *("flufl", "structlog", "prometheus_client", "waitress", "imap_tools", "quotequail", "math_core"),
}


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def area_of(module: Path) -> str:
    """`cli` for cli/run.py, `flow` for flow.py."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported anywhere in a module, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def areas_used(module: Path) -> set[str]:
    """Which parts of the newsletter a module imports; `from newsletter import __version__` is none."""
    names = [name.split(".") for name in imported(ast.parse(module.read_text(encoding="utf-8")))]
    return {parts[1] for parts in names if parts[0] == "newsletter" and len(parts) > 1} - {"__version__"}


def dotted(node: ast.AST) -> str:
    """`datetime.now` for the expression `datetime.now` and for `datetime.datetime.now`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        return f"{owner}.{node.attr}"
    return ""


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_says_in_a_few_lines_what_it_does(module: Path) -> None:
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    assert text, f"{name_of(module)} has no docstring"
    assert len(text.splitlines()) <= 10


@pytest.mark.parametrize("module", [module for module in MODULES if area_of(module) in PURE], ids=name_of)
def test_a_pure_module_knows_only_pure_modules_and_nothing_of_the_world(module: Path) -> None:
    assert areas_used(module) <= PURE
    roots = {name.split(".")[0] for name in imported(ast.parse(module.read_text(encoding="utf-8")))}
    assert not roots & OUTSIDE_WORLD


@pytest.mark.parametrize("module", [module for module in MODULES if area_of(module) in EDGES], ids=name_of)
def test_an_edge_knows_the_model_and_itself_but_no_other_edge_and_no_flow(module: Path) -> None:
    own = area_of(module)
    assert areas_used(module) <= EDGE_TOOLS | ALSO_FOR.get(own, set()) | {own}


@pytest.mark.parametrize("module", [module for module in MODULES if area_of(module) not in TOP], ids=name_of)
def test_nothing_below_imports_what_is_above_it(module: Path) -> None:
    if name_of(module) != "__main__.py":
        assert not areas_used(module) & TOP


@pytest.mark.parametrize("name", sorted(FLOW))
def test_the_flow_meets_the_edges_only_through_their_protocols(name: str) -> None:
    names = set(imported(ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))))
    used = {name for name in names if name.startswith("newsletter.") and name.split(".")[1] in EDGES}
    assert all(name.count(".") == 2 for name in used), used  # newsletter.stores.Store, not newsletter.stores.tinydb.…


@pytest.mark.parametrize("module", [m for m in MODULES if area_of(m) not in READS_THE_WORLD], ids=name_of)
def test_only_config_app_and_commands_read_the_clock_or_the_environment(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    read = {dotted(node) for node in ast.walk(tree)} | {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"os", "time"}
        for alias in node.names
    }
    assert not read & WORLD


def test_help_loads_no_library_that_only_a_morning_needs() -> None:
    script = (
        "import sys; sys.argv = ['newsletter', '--help']\n"
        "from newsletter.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print('LOADED', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    shown, _, loaded = done.stdout.partition("LOADED")
    assert "Usage: newsletter" in shown
    assert not {name.split(".")[0] for name in loaded.split()} & LOADED_LATE
