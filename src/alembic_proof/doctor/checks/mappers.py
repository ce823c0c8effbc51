"""Checks of the models as the application uses them: their relationships, and names that a database has once only."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...errors import first_line
from ..findings import Finding, Note, Problem
from ..model_places import line_of, module_name, place_in, tables
from ..project import Project, Run
from ..registry import check


@check("names-are-unique", "probe", follows=("metadata-is-the-models",))
def names_are_unique(project: Project) -> Iterable[Finding]:
    """No two indexes or constraints have a name that the database has once only

    PostgreSQL and SQLite have an index of one name once in a schema, whatever its table. The second one fails, at the
    upgrade that creates it.
    """
    places = tables(project)
    for run in project.runs():
        used: dict[tuple[str, str], Any] = {}
        for table in run.tables.values():
            for item, name in _names(run, table):
                other = used.setdefault((table.schema or "", name), table)
                if other is not table:
                    where = place_in(project, places.get(table), name)
                    columns = "_".join(column.name for column in item.columns)
                    message = f"{table.name} and {other.name} both have {name}, which the database has once in a schema"
                    prefix = "uq" if type(item).__name__ == "UniqueConstraint" else "ix"
                    yield Problem(where, message, f"name it for its table: {prefix}_{table.name}_{columns}")


def _names(run: Run, table: Any) -> Iterator[tuple[Any, str]]:
    """Yield the indexes and constraints of a table that share their names with those of other tables."""
    from sqlalchemy import UniqueConstraint

    if run.context.dialect.name not in ("postgresql", "sqlite"):
        return
    items = list(table.indexes)
    if run.context.dialect.name == "postgresql":
        items += [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    quoted = run.context.dialect.identifier_preparer
    for item in items:
        if item.name is not None:
            given = quoted.format_index(item) if item in table.indexes else quoted.format_constraint(item)
            yield item, str(given).strip('"')


@check("keys-lead-to-tables", "probe", follows=("modules-are-loaded-once", "metadata-is-the-models"))
def keys_lead_to_tables(project: Project) -> Iterable[Finding]:
    """Every foreign key leads to a table of the metadata

    SQLAlchemy looks for it by its name, when tables are created or compared, and not before.
    """
    from sqlalchemy.exc import NoReferencedTableError, NoReferenceError

    places = tables(project)
    for run in project.runs():
        for table in run.tables.values():
            for key in table.foreign_keys:
                try:
                    key.column  # noqa: B018
                except NoReferenceError as error:
                    target = key.target_fullname
                    if isinstance(error, NoReferencedTableError) and target.rpartition(".")[0] in run.tables:
                        continue  # in another one of the metadata that env.py hands over
                    where = place_in(project, places.get(table), target)
                    yield Problem(where, first_line(error), _key_fix(target, run))


def _key_fix(target: str, run: Run) -> str:
    """Return what to do about a foreign key that leads nowhere."""
    name, _, column = target.rpartition(".")
    if (table := run.tables.get(name)) is not None:
        names = ", ".join(each.name for each in table.columns)
        return f"name one of its columns: {names}"
    known = [*(each for each in run.tables if column in run.tables[each].columns)]
    similar = get_close_matches(name, run.tables, 1)
    meant = f"did you mean {similar[0]}.{column}?" if similar else f"name a table that is there: {', '.join(known[:9])}"
    return f"{meant} If {name} is right, let env.py import the module that defines it"


@check(
    "mappers-are-complete",
    "scratch",
    follows=("metadata-is-the-models", "modules-are-loaded-once", "keys-lead-to-tables"),
)
def mappers_are_complete(project: Project) -> Iterable[Finding]:
    """The relationships of the models lead to classes that exist

    SQLAlchemy puts them together when the application makes its first query: migrations run well before that.
    """
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import configure_mappers

    if not any(place.mapped for place in tables(project).values()):
        return
    try:
        configure_mappers()
    except SQLAlchemyError as error:
        place, (fix, kind) = _mapper_place(project, str(error)), _mapper_fix(project, str(error))
        if place is not None:
            yield kind(place, f"the first query will fail: {first_line(error)}", fix)


def _mapper_place(project: Project, text: str) -> str | None:
    """Return where the class is that an error of SQLAlchemy's mapper names; None for one of a library."""
    named = re.search(r"Mapper\[(\w+)\(", text) or re.search(r"relationship '?(\w+)\.\w+", text)
    if named is None:
        return project.name(project.env)
    wanted = [word for word in re.findall(r"['.](\w+)", text) if word != named[1]]
    for path in project.loaded():
        if line_of(project, path, named[1]) is not None:
            lines = (line_of(project, path, named[1], word) for word in wanted)
            first = line_of(project, path, named[1])
            return project.name(path, next((line for line in lines if line != first), first))
    return None


def _mapper_fix(project: Project, text: str) -> tuple[str, type[Finding]]:
    """Return what to do, and whether it is certain that the application meets the error: it may import more."""
    missing = re.search(r"failed to locate a name \('(\w+)'\)", text)
    if unknown := re.search(r"has no property '(\w+)'", text):
        return f"add {unknown[1]}, or correct the back_populates that names it", Problem
    if missing is None:
        return "mend this relationship", Problem
    name = missing[1]
    files = defaultdict(list)
    for path in project.database_files:
        for node in ast.walk(project.tree(path)) if project.syntax_error(path) is None else ():
            if isinstance(node, ast.ClassDef):
                files[node.name].append(path)
    if name in files:
        module = module_name(project, Path(files[name][0]))
        return f"import {module} wherever the models are imported: {name} is there", Note
    similar = get_close_matches(name, files, 1)
    fix = f"did you mean {similar[0]}?" if similar else f"write {name} as the class is called, or take it out"
    return fix, Problem
