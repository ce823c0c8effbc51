"""Which part of the library may import which: the table in ARCHITECTURE.md, held here."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from support.project import LIBRARY

PACKAGE = LIBRARY / "alembic_proof"
# A part may import those of the floors before it, and on its own floor only what is named beside it.
FLOORS: list[dict[str, set[str]]] = [
    {"errors": set(), "settings": {"errors"}, "dotenv_file": {"errors"}},
    {
        "sqltext": set(),
        "packages": set(),
        "upstream": set(),
        "collecting": set(),
        "dialects": {"url", "sqltext", "upstream"},
        "url": {"dialects"},
        "connecting": {"dialects"},
        "prompts": {"upstream", "sqltext"},
    },
    {"sandbox": set(), "revisions": {"ddl"}, "schema": {"sandbox"}, "ddl": set()},
    {"autogenerate": {"migrate"}, "migrate": set(), "startup": set(), "serving": set()},
    {
        "doctor": {"vendoring"},
        "lint": {"doctor"},
        "adopt": {"doctor"},
        "testing": {"doctor"},
        "explaining": {"doctor"},
        "fleet": {"explaining"},
        "vendoring": set(),
        "recipes": set(),
    },
    {"cli": set()},
]
FLOOR_OF = {part: number for number, floor in enumerate(FLOORS) for part in floor}
STANDARD_FIRST = ("errors", "settings", "dotenv_file", "doctor", "sandbox", "schema", "revisions", "cli", "vendoring")
# Of the command line, of the workers of a fleet, and of the process that they are forked from; and what undoes its own.
ENTRIES = (
    PACKAGE / "cli/entry.py",
    PACKAGE / "fleet/entry.py",
    PACKAGE / "fleet/preloaded.py",
    PACKAGE / "collecting.py",
)
TRICKS = {"os._exit", "gc.disable", "gc.freeze", "signal.signal"}


def modules() -> list[Path]:
    """Return the files of the library."""
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """Return the part that a file belongs to: a package or a module of the library."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path, top_level: bool = False) -> set[str]:
    """Return the full names of the modules that a file imports, on request only those that it imports at once."""
    tree = ast.parse(path.read_bytes())
    package = ("alembic_proof", *path.relative_to(PACKAGE).parent.parts)
    names: set[str] = set()
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    nodes = list(tree.body) if top_level else list(ast.walk(tree))
    for node in nodes:
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            names |= {module} if node.module else {f"{module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("part", FLOOR_OF)
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    """A name of the same floor, or a higher one, has to be in the table."""
    allowed = FLOORS[FLOOR_OF[part]][part] | {part, "__version__"}
    for path in (path for path in modules() if part_of(path) == part):
        parts = {name.split(".")[1] for name in imported(path) if name.startswith("alembic_proof.")}
        wrong = {other for other in parts if other not in allowed and FLOOR_OF.get(other, -1) >= FLOOR_OF[part]}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {', '.join(sorted(wrong))}"


def test_every_part_has_a_floor() -> None:
    """A new part has to be put into the table."""
    assert {part_of(path) for path in modules()} - set(FLOOR_OF) == {"__init__", "__main__"}


@pytest.mark.parametrize("part", STANDARD_FIRST)
def test_the_doctor_starts_with_the_standard_library_alone(part: str) -> None:
    """Alembic and SQLAlchemy are imported inside of functions: a project's interpreter may not have them."""
    for path in (path for path in modules() if part_of(path) == part):
        foreign = {name.split(".")[0] for name in imported(path, top_level=True)} - {"alembic_proof"}
        assert foreign <= set(sys.stdlib_module_names), path


def test_process_tricks_are_in_the_entries_only() -> None:
    """Whoever imports the library and calls a main() keeps the process as it is."""
    for path in modules():
        calls = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)
        }
        assert path in ENTRIES or not calls & TRICKS, path


def test_private_names_are_in_upstream_only() -> None:
    """What begins with an underscore and is not the file's own belongs to somebody else: upstream.py reads it."""
    for path in (path for path in modules() if part_of(path) != "upstream"):
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
        own = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
        own |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
        read |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
        private = {name for name in read - own if name.startswith("_") and not name.startswith("__")}
        assert not private - {"_make", "_exit", "_getframe"}, f"{path.relative_to(PACKAGE)}: {private}"


def test_nothing_knows_a_projects_names() -> None:
    """No Jinja, no name of the template's, no variable of an application's."""
    for path in modules():
        text = path.read_text(encoding="utf-8")
        for word in ("cookiecutter", "{%", "models/__init__", "my_service", '"DATABASE_URL"', "'DATABASE_URL'"):
            assert word not in text or part_of(path) in ("vendoring",), f"{path.relative_to(PACKAGE)} has {word!r}"
