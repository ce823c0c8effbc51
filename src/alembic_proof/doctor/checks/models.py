"""Checks of the models, and of the metadata that env.py hands to Alembic."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ...errors import NotApplicableError
from ...sandbox import engine
from ...schema import model_names, table_names
from ..findings import Finding, Note, Problem
from ..layout import is_aside
from ..model_places import bases, has_models, loaded_twice, module_name, tables
from ..project import NOT_BEGUN, Project, Run
from ..registry import check
from ..revision_chain import Chain
from ..untouched import is_a


@check("no-table-outside-migrations", "static")
def no_table_outside_migrations(project: Project) -> Iterable[Finding]:
    """Tables come from migrations, never from create_all

    It makes tables before a migration does, so that autogenerate finds nothing to write, and it never alters one.
    Called in a revision, it makes the models of today, whatever the revision was meant to make.
    """
    for path in project.files_with(rb"(create|drop)_all"):
        tree = project.tree(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in ("create_all", "drop_all") and _is_metadata(node.value):
                if node.attr == "create_all" and _is_stamped(tree, node.lineno):
                    continue
                message = f"{node.attr}() changes tables without Alembic, and autogenerate then sees no difference"
                fix = "delete the call; run: alembic upgrade head"
                if path in project.revisions:
                    fix = "write the tables out as they were then: op.create_table(...), as autogenerate writes them"
                kind = Note if is_aside(project.name(path)) else Problem
                yield kind(project.name(path, node.lineno), message, fix)


def _is_stamped(tree: ast.Module, line: int) -> bool:
    """Tell whether the function around a line, or else the module, also stamps: a new database begins at the heads."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    around: list[ast.AST] = [each for each in functions if each.lineno <= line <= (each.end_lineno or 0)]
    names = [
        getattr(node.func, "attr", getattr(node.func, "id", "")) for each in around or [tree] for node in _calls(each)
    ]
    return "stamp" in names


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _is_metadata(node: ast.expr) -> bool:
    return re.search(r"metadata|\bdb$", ast.unparse(node), re.IGNORECASE) is not None


@check("importing-makes-no-table", "scratch", follows=("no-table-outside-migrations",))
def importing_makes_no_table(project: Project) -> Iterable[Finding]:
    """Importing the models makes no table

    A table that exists before its migration is one that autogenerate does not write.
    """
    for run in project.runs():
        if existing := made_by_importing(run):
            message = (
                f"running it makes the tables {', '.join(existing)} at once: something that it imports creates them"
            )
            yield Problem(project.name(project.env), message, "let only migrations create tables")


def made_by_importing(run: Run) -> list[str]:
    """Return the tables of the models that are in the scratch database when env.py has run, and no revision."""
    tables = run.tables.values()
    with engine(run.database).connect() as connection:
        return sorted(table_names(connection, tables) & model_names(connection.dialect, tables))


@check("modules-are-loaded-once", "probe")
def modules_are_loaded_once(project: Project) -> Iterable[Finding]:
    """No file with models is loaded under two names

    shop.models and src.shop.models are two modules for Python: with two Bases, of which env.py hands over one, and the
    models may be in the other.
    """
    for path, names in loaded_twice(project).items():
        if any(has_models(sys.modules[name]) for name in names):
            places = {name: list(_importing(project, name)) for name in names}
            rare, *others = sorted(names, key=lambda name: (len(places[name]), -len(name)))
            where = next((place for name in (rare, *others) for place in places[name]), project.name(path))
            known = " and ".join(sorted(names))
            message = f"{project.name(path)} is loaded twice, as {known}: what it defines exists twice, its Base too"
            yield Problem(where, message, f"import it under one name everywhere: {others[0]}, not {rare}")


def _importing(project: Project, name: str) -> Iterator[str]:
    """Yield the places that import a module by this name; env.py first."""
    package, _, last = name.rpartition(".")
    for path in dict.fromkeys([project.env, *project.database_files]):
        for node in ast.walk(project.tree(path)) if project.syntax_error(path) is None else ():
            if isinstance(node, ast.ImportFrom) and not node.level:
                wanted = node.module == name or (node.module == package and last in [each.name for each in node.names])
            else:
                wanted = isinstance(node, ast.Import) and name in [each.name for each in node.names]
            if wanted:
                yield project.name(path, getattr(node, "lineno", None))


@check("metadata-is-the-models", "probe", follows=("modules-are-loaded-once",))
def metadata_is_the_models(project: Project) -> Iterable[Finding]:
    """env.py hands over the metadata with every table of the models

    For a model that it does not know, no migration makes a table; and where the table exists, autogenerate takes it
    for one that was removed, and proposes to drop it.
    """
    for table, file in project.defined.items():
        if project.handed_over.get(table.fullname) is not table and project.handed_over:
            message = f"it defines the table {table.fullname}, which env.py does not hand over: no migration creates it"
            fix = "let env.py import it, by itself or through a package, and the model inherit from the same Base"
            yield Problem(file, message, fix)
    if strange := list(_no_metadata(project)):
        yield from strange
        return
    if project.has_metadata:
        found = [*_not_imported(project), *_of_another_base(project)]
        yield from found
        if not found and project.has_not_begun([metadata for run in project.runs() for metadata in run.metadata]):
            fix = 'write the first model there, then: alembic revision --autogenerate -m "first tables"'
            yield Note(" and ".join(project.settings.models), NOT_BEGUN, fix)
            return
    else:
        found = []
        models = [place.where for place in tables(project).values()] or [each.where for each in _not_imported(project)]
        if not models and not project.uses_library:
            raise NotApplicableError(
                "env.py hands over no metadata, and there are no models: revisions are made by hand"
            )
    if not project.handed_over and not any(isinstance(finding, Problem) for finding in found):
        if project.has_metadata and project.settings.models and not project.defined:
            place, message = " and ".join(project.settings.models), "no model is left there, and revisions made tables"
            fix = "write the first model there: the revision that is written for it drops those tables, and asks"
        else:
            place, message = project.name(project.env), "target_metadata is None or has no tables: there is nothing"
            message, fix = f"{message} to compare the database with", "set it: target_metadata = Base.metadata"
        yield Problem(place, message, fix)


def _no_metadata(project: Project) -> Iterator[Finding]:
    """Yield what env.py hands over in place of a metadata."""
    from sqlalchemy import MetaData

    for run, (place, _) in zip(project.runs(), project.first_watch.configured, strict=False):
        given = run.context.opts.get("target_metadata")
        for value in given if isinstance(given, (list, tuple)) else [given]:
            if value is not None and not is_a(value, MetaData):
                name = getattr(value, "__name__", "") if is_a(value, type, ModuleType) else ""
                has = bool(name) and is_a(getattr(value, "metadata", None), MetaData)
                message = f"target_metadata is {name or f'a {type(value).__name__}'}, and no MetaData"
                fix = (
                    f"target_metadata = {name.split('.')[-1]}.metadata"
                    if has
                    else "hand over the metadata of the models"
                )
                yield Problem(place, message, fix)


def _not_imported(project: Project) -> Iterator[Finding]:
    """Yield the classes that look like models and have no table: most are in a module that nobody imports."""
    imported = project.loaded()
    homes = {path.parent for path in imported if path.parent != project.root and project.scripts not in path.parents}
    if not project.handed_over:
        homes = set()
    for path in project.files_with(rb"__tablename__|table ?= ?True|\.Model\b|SQLModel"):
        if project.scripts in path.parents or (homes and not any(home in path.parents for home in homes)):
            continue
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef) and (reason := _without_table(node, imported.get(path))):
                another = path not in imported and _has_another_base(project, path, node)
                yield (_left_over(project, path, node) if path not in imported else None) or (
                    Note if another else Problem
                )(
                    project.name(path, node.lineno),
                    f"the model {node.name} {reason[0]}",
                    f"{reason[1]}: import {module_name(project, path)}" if path not in imported else reason[1],
                )


def _left_over(project: Project, path: Path, node: ast.ClassDef) -> Finding | None:
    """Return a note about a class whose table a revision has dropped."""
    names = [
        line.value.value
        for line in node.body
        if isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Constant)
        and "__tablename__" in ast.unparse(line)
    ]
    dropped: dict[str, Path] = project.once("dropped tables", lambda: dict(Chain(project).dropped()))
    for table, file in [(table, dropped[table]) for table in names if table in dropped]:
        message = f"the model {node.name} is in a module that nobody imports, and {project.name(file)} drops {table}"
        return Note(project.name(path, node.lineno), message, "delete the class, if it is left over")
    return None


def _of_another_base(project: Project) -> Iterator[Finding]:
    """Yield the tables of loaded models that are in a metadata which env.py does not hand over."""
    handed = {id(metadata) for run in project.runs() for metadata in run.metadata}
    known = {id(base.metadata): base for base in bases(project)}
    own = [base for key, base in known.items() if key in handed]
    ours = own[0].where.partition(":")[0] if own else ""
    names = {"Base", *(base.name for base in own)}
    written = [path.read_text("utf-8", "replace") for path in project.revision_files]
    several = len(project.files_with(rb"create_(async_)?engine\(|engine_from_config\(")) > 1
    for table, place in tables(project).items():
        copy = project.handed_over.get(table.fullname)  # to_metadata() puts several metadata together
        is_copied = copy is not None and set(copy.columns.keys()) == set(table.columns.keys())
        if id(table.metadata) in handed or table in project.defined or is_copied:
            continue
        elsewhere = several or "bind_key" in table.metadata.info or any(table.name in text for text in written)
        other = known.get(id(table.metadata))
        # Who gives it a name of its own, such as LegacyBase, means another one: of tables that others migrate.
        is_meant = other is not None and other.name not in names
        kind = Problem if place.mapped and not elsewhere and not is_meant else Note
        base = other.where if other else "a metadata of its own"
        message = f"the table {table.fullname} belongs to another Base ({base}), which env.py does not hand over: "
        fix = f"use one Base for all, that of {ours}" if ours else "let env.py hand over the metadata of this one"
        yield kind(place.where, f"{message}no migration creates it", f"{fix}; or hand over both, in a list")


def _without_table(node: ast.ClassDef, module: Any) -> tuple[str, str] | None:
    """Return why a class that looks like a model has no table, and the fix; given its module, if that is loaded."""
    body = "\n".join(ast.unparse(line) for line in node.body)
    keywords = {word.arg: ast.unparse(word.value) for word in node.keywords}
    bases = [ast.unparse(base) for base in node.bases]
    named = re.search(r"^__tablename__\b.*=", body, re.MULTILINE)
    if re.search(r"^__abstract__\b.*= True", body, re.MULTILINE):
        return ("is __abstract__, and has a __tablename__ that nothing uses", "delete one of them") if named else None
    columns = re.search(r"mapped_column\(|\bColumn\(|\bField\(|: (orm\.)?Mapped\[", body)
    model = keywords.get("table") == "True" or (columns and (named or any(base.endswith(".Model") for base in bases)))
    if model and not module:
        return "is in a module that env.py does not import: no migration creates its table", "let env.py import it"
    if module and "SQLModel" in bases and "primary_key=True" in body and "table" not in keywords:
        if _is_inherited(getattr(module, node.name, None)):
            return None
        return "has a primary key, but no table", "write: class Name(SQLModel, table=True)"
    return None


def _is_inherited(value: Any) -> bool:
    """Tell whether a class that inherits from this one has a table."""
    subclasses: list[Any] = value.__subclasses__() if isinstance(value, type) else []
    return any(hasattr(subclass, "__table__") or _is_inherited(subclass) for subclass in subclasses)


def _has_another_base(project: Project, path: Path, node: ast.ClassDef) -> bool:
    """Tell whether a class inherits from a declarative base that env.py does not load: a model of another database."""
    names, loaded = set(map(_last_name, node.bases)), project.loaded()
    files = {
        file
        for file in project.files_with(rb"declarative_base|DeclarativeBase")
        for statement in project.tree(file).body
        if _makes_base(statement, names)
    }
    return path in files or (bool(files) and not files & set(loaded))


def _makes_base(statement: ast.stmt, names: set[str]) -> bool:
    """Tell whether a statement makes a declarative base under one of these names."""
    if isinstance(statement, ast.ClassDef):
        return statement.name in names and "DeclarativeBase" in map(_last_name, statement.bases)
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        targets = {ast.unparse(target) for target in statement.targets}
        return bool(targets & names) and _last_name(statement.value.func) == "declarative_base"
    return False


def _last_name(node: ast.expr) -> str:
    return ast.unparse(node).split(".")[-1]


@check("constraints-have-names", "probe", library=True)
def constraints_have_names(project: Project) -> Iterable[Finding]:
    """The naming convention of the models gives every constraint a name

    What has no name cannot be dropped, nor compared. Metadata without a naming convention is not examined.
    """
    from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

    keys = (ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint)
    tables = [(run, table) for run in project.runs() for table in run.tables.values() if _has_convention(table)]
    if not tables:
        raise NotApplicableError("no table is in a metadata with a naming_convention")
    for run, table in tables:
        for constraint in [item for item in table.constraints if isinstance(item, keys) and item.columns]:
            named = constraint.name is not None
            if not named or not run.context.dialect.identifier_preparer.format_constraint(constraint):
                columns = ", ".join(column.name for column in constraint.columns)
                message = f"a {type(constraint).__name__} of {table.name} ({columns}) has no name"
                fix = "let the naming_convention of its metadata have a name for this kind of constraint"
                yield Problem(project.name(project.env), message, fix)


def _has_convention(table: Any) -> bool:
    return bool(set(table.metadata.naming_convention) - {"ix"})  # which is SQLAlchemy's default


@check("enum-types-lie-beside-their-tables", "probe")
def enum_types_lie_beside_their_tables(project: Project) -> Iterable[Finding]:
    """PostgreSQL's enum types lie in the schema of their tables

    Since SQLAlchemy 2.1 an Enum takes its schema from the MetaData, no longer from its table.
    """
    from sqlalchemy import Enum

    for run in project.runs():
        for table in run.tables.values() if run.context.dialect.name == "postgresql" else ():
            for type_ in [column.type for column in table.columns if isinstance(column.type, Enum)]:
                inherits = getattr(type_, "inherit_schema", False)
                schema = table.schema if inherits else type_.schema or table.metadata.schema
                if type_.native_enum and schema != table.schema:
                    place = schema or "the default schema"
                    message = f"the type {type_.name} of {table.fullname} is created in {place}"
                    fix = f"Enum(..., schema={table.schema!r}), or give the MetaData the schema"
                    yield Note(project.name(project.env), message, fix)


@check("checks-of-columns-have-no-names", "probe", essential=True)
def checks_of_columns_have_no_names(project: Project) -> Iterable[Finding]:
    """On MariaDB, no CHECK inside of a column has a name

    MariaDB has no syntax for it: CREATE TABLE fails with error 1064. Of a table, a CHECK may have a name.
    """
    from sqlalchemy import CheckConstraint

    for run in project.runs():
        for table in run.tables.values() if getattr(run.context.dialect, "is_mariadb", False) else ():
            for column in table.columns:
                for item in [item for item in column.constraints if isinstance(item, CheckConstraint) and item.name]:
                    message = f"{column} has the CHECK {item.name} inside of the column, where MariaDB takes no name"
                    fix = "move it to __table_args__: CheckConstraint(..., name=...)"
                    yield Problem(project.name(project.env), message, fix)
