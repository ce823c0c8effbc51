"""Checks of the revision files: their chain, and what is written in them."""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ...revisions.markers import DESTROYS
from ...revisions.reader import Operation, operations
from ..findings import Finding, Problem
from ..project import Project
from ..registry import check
from ..revision_chain import Chain
from ..revision_ids import may_define


@check("versions-hold-revisions", "static")
def versions_hold_revisions(project: Project) -> Iterable[Finding]:
    """Every Python file among the revisions is one

    Alembic imports all of them, and ends where one of them does not say which revision it is.
    """
    for path in project.revision_files:
        if path.name.startswith((".#", "__init__")) or project.syntax_error(path) is not None:
            continue
        tree = project.tree(path)
        if may_define(tree, "revision") or re.fullmatch(r"[a-f0-9]+\.py", path.name):
            yield from _without_functions(project, path, tree)
        elif may_define(tree, "upgrade"):  # to move it away would lose what it does
            message = "it has an upgrade(), and assigns nothing to revision: every command ends here"
            meant = re.split(r"[_.]", path.name)[0]
            yield Problem(
                project.name(path), message, f"if this was its id, as the file is named: revision = {meant!r}"
            )
        else:
            message = (
                "it lies among the revisions and is none: it assigns nothing to revision, and every command ends here"
            )
            place = project.name(project.scripts / path.name)
            yield Problem(project.name(path), message, f"move it to another directory, such as {place}")


def _without_functions(project: Project, path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Yield what Alembic will not find in a revision when it calls it, or not wait for."""
    for name in ("upgrade", "downgrade") if tree.body else ():
        coroutines = [each for each in tree.body if isinstance(each, ast.AsyncFunctionDef) and each.name == name]
        for each in coroutines:
            message = f"{name}() is async, and Alembic awaits no revision: it would do nothing"
            yield Problem(project.name(path, each.lineno), message, f"def {name}() without async, and without await")
        if not may_define(tree, name):
            message = f"it has no {name}(): alembic {name} ends here"
            does = "with pass if it has nothing to do" if name == "upgrade" else "which undoes what upgrade() does"
            yield Problem(project.name(path), message, f"add def {name}(), {does}")


@check("revisions-form-one-line", "static", follows=("files-parse", "scripts-are-whole"))
def revisions_form_one_line(project: Project) -> Iterable[Finding]:
    """The revisions form one line with one head

    Two branches of work that were merged may each have brought a revision that follows the same one: alembic upgrade
    head then refuses, at deployment. Branch labels say that it is meant so.
    """
    yield from Chain(project).findings()


@check("revisions-keep-data", "static", library=True)
def revisions_keep_data(project: Project) -> Iterable[Finding]:
    """No revision loses data, or fails on a table that has rows, without a warning

    Autogenerate takes a rename for a drop and an add. A NOT NULL column without a server default cannot be added to a
    table with rows. A line that means to drop a column or a table says so in a comment: # destroys data
    """
    for path in project.revisions:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in project.tree(path).body:
            if isinstance(function, ast.FunctionDef) and function.name == "upgrade":
                used = list(operations(function))
                for line, message, fix in (*_unfilled_columns(used), *_drops(used)):
                    if DESTROYS not in lines[line - 1]:
                        yield Problem(project.name(path, line), message, fix)


Risk = tuple[int, str, str]  # a line, what is wrong, the fix


def _unfilled_columns(operations: list[Operation]) -> Iterator[Risk]:
    """Yield each NOT NULL column that is added without a value for existing rows."""
    for operation in operations:
        column = operation.arguments.get("column")
        if operation.name == "add_column" and isinstance(column, ast.Call):
            options = {word.arg: ast.unparse(word.value) for word in column.keywords}
            generated = re.search("Computed|Identity", ast.unparse(column))
            no_default = options.get("server_default", "None") == "None"
            if options.get("nullable") == "False" and no_default and not generated:
                message = "a NOT NULL column without a server_default cannot be added to a table with rows"
                fix = "add it with nullable=True, fill it with op.execute(), then op.alter_column(..., nullable=False)"
                yield operation.call.lineno, message, fix


_CHANGES = {
    "add_column": "column",
    "drop_column": "column_name",
    "create_table": "table_name",
    "drop_table": "table_name",
}
_OPPOSITE = {"drop_column": "add_column", "drop_table": "create_table"}


def _drops(operations: list[Operation]) -> Iterator[Risk]:
    """Yield each drop of a column or table that is not made in the same revision, unless a statement mentions it.

    Where another one is added beside it, that may be a rename.
    """
    changes: dict[tuple[str, str], dict[str, int]] = {}  # by operation and table, the names and their lines
    statements = ""
    for operation in operations:
        argument = operation.arguments.get(_CHANGES.get(operation.name, ""))
        if operation.name in ("execute", "bulk_insert"):
            statements += ast.unparse(operation.call)
        elif argument is not None:
            table = operation.table if operation.name.endswith("column") else ""
            names = changes.setdefault((operation.name, table), {})
            names.setdefault(_literal_name(argument), operation.call.lineno)
    for (name, table), dropped in changes.items():
        opposite = _OPPOSITE.get(name)
        added = changes.get((opposite, table), {}) if opposite else dropped
        meant = f"end the line with the comment: {DESTROYS}"
        for old, line in dropped.items():
            if old in added or re.search(rf"\b{re.escape(old)}\b", statements):
                continue
            if new := next(iter(added), None):
                rename = f"op.rename_table({old!r}, {new!r})"
                if table:
                    rename = f"op.alter_column({table!r}, {old!r}, new_column_name={new!r})"
                fix = f"if that is a rename: {rename}; if not, {meant}"
                yield line, f"it drops {old} and adds {new}: the data of {old} is lost", fix
            else:
                what = f"{table}.{old}" if table else old
                yield line, f"it drops {what}, and nothing says that its data may be lost", f"if that is meant, {meant}"


def _literal_name(node: ast.expr) -> str:
    """Return the name of a column or a table, as far as it is written as a literal."""
    first = node.args[0] if isinstance(node, ast.Call) and node.args else node
    return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)


@check(
    "every-revision-is-loaded",
    "probe",
    follows=("files-parse", "scripts-are-whole", "versions-hold-revisions", "revisions-form-one-line"),
)
def every_revision_is_loaded(project: Project) -> Iterable[Finding]:
    """Every revision file is one that Alembic loads

    It passes over files in subdirectories (without recursive_version_locations), and over names that are no module's.
    """
    loaded = {Path(script.path).resolve() for script in project.history.walk_revisions()}
    paths = {path for directory in (project.scripts, *project.versions) for path in directory.rglob("*")}
    for path in sorted(path for path in paths if path.suffix in (".py", "") and path.is_file()):
        text = path.read_text(encoding="utf-8", errors="replace")
        is_revision = re.search(r"^revision\b.*=", text, re.M) and re.search(r"^down_revision\b.*=", text, re.M)
        if is_revision and path.resolve() not in loaded:
            message = "it looks like a revision, but Alembic does not load it: its upgrade() never runs"
            versions = project.name(project.versions[0])
            fix = f"move it to {versions}/x.py, or name its directory in version_locations"
            yield Problem(project.name(path), message, fix)


@check("revisions-are-self-contained", "probe", follows=("no-table-outside-migrations",))
def revisions_are_self_contained(project: Project) -> Iterable[Finding]:
    """No revision uses a live model

    A model changes, and what the revision did with it yesterday changes with it, or fails. Types are no models.
    """
    project.runs()
    for path in project.revisions:
        tree = project.tree(path)
        for node in ast.walk(tree):
            for dotted in _imported(node, tree, project.has_module):
                if _is_model(dotted):
                    message = f"it uses {dotted} as it is today, not as it was when the revision was written"
                    fix = "describe what it needs: sa.table('name', sa.column('id'), ...)"
                    yield Problem(project.name(path, getattr(node, "lineno", None)), message, fix)


def _imported(node: ast.AST, tree: ast.Module, is_own: Callable[[str], bool]) -> Iterator[str]:
    """Yield the dotted name of each thing that is used of an import, if its module is the project's own."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level and is_own(node.module):
        for alias in node.names:
            dotted, name = f"{node.module}.{alias.name}", alias.asname or alias.name
            if any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(tree)):
                yield dotted
            for rest in _used(name, tree):
                yield f"{dotted}.{rest}"
    if isinstance(node, ast.Import):
        for alias in [alias for alias in node.names if is_own(alias.name)]:
            top = alias.name.split(".")[0]
            for rest in _used(alias.asname or top, tree):
                yield f"{alias.name if alias.asname else top}.{rest}"


def _used(name: str, tree: ast.Module) -> set[str]:
    chains = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {chain[len(name) + 1 :] for chain in chains if chain.startswith(f"{name}.") and "(" not in chain}


def _is_model(dotted: str) -> bool:
    """Tell whether a dotted name is a mapped class, a table or a metadata of a module that is loaded or can be."""
    from sqlalchemy import MetaData, Table

    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        with contextlib.suppress(Exception):
            value = importlib.import_module(".".join(parts[:cut]))
            for part in parts[cut:]:
                value = getattr(value, part)
            return isinstance(value, (MetaData, Table)) or (isinstance(value, type) and hasattr(value, "metadata"))
    return False
