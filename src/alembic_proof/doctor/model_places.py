"""Where the models are that are loaded, and where in their files."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .untouched import is_a

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

    from .project import Project


@dataclass(frozen=True)
class Place:
    """Where a table is defined."""

    where: str  # file and line
    name: str  # of the class or the variable
    mapped: bool  # by a class


def tables(project: Project) -> dict[Table, Place]:
    """Return the tables that the loaded modules of a project define, each with its place."""
    from sqlalchemy import Table

    found: dict[Table, Place] = {}
    for path, module in project.loaded().items():
        if project.scripts in path.parents:
            continue
        for name, value in list(vars(module).items()):
            mapped = is_a(value, type) and value.__module__ == module.__name__
            table = vars(value).get("__table__") if mapped else value
            if is_a(table, Table) and (mapped or table not in found):
                found[table] = Place(project.name(path, line_of(project, path, name)), name, mapped)
    return found


class Base(NamedTuple):
    """A declarative base."""

    where: str  # file and line
    name: str  # of the class
    metadata: MetaData


def bases(project: Project) -> list[Base]:
    """Return the declarative bases of the loaded modules."""
    from sqlalchemy import MetaData

    found = []
    for path, module in project.loaded().items():
        for name, value in list(vars(module).items()):
            own = is_a(value, type) and "__table__" not in vars(value) and _defines(project, path, name)
            metadata = getattr(value, "metadata", None) if own else None
            if is_a(metadata, MetaData) and "metadata" in vars(value):
                found.append(Base(project.name(path, line_of(project, path, name)), name, metadata))
    return found


def _defines(project: Project, path: Path, name: str) -> bool:
    return line_of(project, path, name) is not None


def line_of(project: Project, path: Path, name: str, text: str = "") -> int | None:
    """Return the line in which a file defines a class or a variable; of a class, the one with a text, if it has it."""
    node = _definitions(project, path).get(name)
    if isinstance(node, ast.ClassDef) and text:
        inside = [each.lineno for each in ast.walk(node) if isinstance(each, ast.Constant) and each.value == text]
        inside += [each.lineno for each in node.body if text in ast.unparse(each)]
        return inside[0] if inside else node.lineno
    return None if node is None else node.lineno


def place_in(project: Project, place: Place | None, text: str) -> str:
    """Return the place of a text in a class, or that of the class or variable; without one, that of env.py."""
    if place is None:
        return project.name(project.env)
    path = project.root / place.where.partition(":")[0]
    return project.name(path, line_of(project, path, place.name, text)) if path.is_file() else place.where


def _definitions(project: Project, path: Path) -> dict[str, ast.ClassDef | ast.Assign]:
    """Return the classes and variables that a file defines, by their names: the first of each."""

    def read() -> dict[str, ast.ClassDef | ast.Assign]:
        found: dict[str, ast.ClassDef | ast.Assign] = {}
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    found.setdefault(getattr(target, "id", ""), node)
        return found

    definitions: dict[str, ast.ClassDef | ast.Assign] = project.once(f"definitions in {path}", read)
    return definitions


def module_name(project: Project, path: Path) -> str:
    """Return the name under which a file of the project is imported, as far as the loaded modules tell."""
    loaded = [(Path(str(module.__file__)), module.__name__) for module in project.loaded().values()]
    roots = [file.parents[len(name.split(".")) - (file.name != "__init__.py")] for file, name in _importable(loaded)]
    for root in [*roots, project.sources, project.root]:
        if path.is_relative_to(root):
            parts = path.relative_to(root).with_suffix("").parts
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return path.stem


def _importable(modules: list[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    for file, name in modules:
        parts = file.with_suffix("").parts if file.name != "__init__.py" else file.parent.parts
        if parts[-len(name.split(".")) :] == tuple(name.split(".")):
            yield file, name


def loaded_twice(project: Project) -> dict[Path, list[str]]:
    """Return the files of a project that are loaded as several modules, with the names of these."""
    names: dict[Path, list[str]] = {}
    for name, module in list(sys.modules.items()):
        file = vars(module).get("__file__") if hasattr(module, "__dict__") else None
        if file and name != "__main__" and project.is_inside(file) and project.scripts not in Path(file).parents:
            names.setdefault(Path(file).resolve(), []).append(name)
    return {path: found for path, found in names.items() if len({id(sys.modules[name]) for name in found}) > 1}


def has_models(module: Any) -> bool:
    """Tell whether a module has a table, a metadata, or a class that has one."""
    from sqlalchemy import MetaData, Table

    values = list(vars(module).values())
    return any(is_a(value, MetaData, Table) or (is_a(value, type) and "metadata" in vars(value)) for value in values)
