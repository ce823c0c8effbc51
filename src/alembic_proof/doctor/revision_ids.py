"""What the revisions of a project call themselves and one another, where Alembic takes no such name: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..revisions.reader import constants
from .findings import Finding, Problem
from .layout import Layout

_NOT_ALLOWED = "@-+:"  # they mean something in alembic upgrade shop@head, -1, +1 and in a range of alembic history
_ENDS = "every command ends here"


def assigned_at(tree: ast.Module, variable: str) -> int | None:
    """Return the line in which a module assigns to a variable; None if it does not, on its first level."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if variable in [getattr(target, "id", "") for target in targets]:
            return node.lineno
    return None


def may_define(tree: ast.Module, name: str) -> bool:
    """Tell whether a module may have a variable or a function of this name: it makes it, or imports it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name:
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            return True
        if isinstance(node, ast.ImportFrom) and {alias.asname or alias.name for alias in node.names} & {name, "*"}:
            return True
    return False


def unusable_ids(project: Layout) -> Iterator[Finding]:
    """Yield each name of a revision, of the one before it, or of a branch, that Alembic cannot use."""
    files = [path for path in project.revision_files if project.syntax_error(path) is None]
    values = {path: constants(project.tree(path)) for path in files if may_define(project.tree(path), "revision")}
    taken = {str(values[path].get("revision")): path for path in values}
    for path, said in values.items():
        tree = project.tree(path)
        found = [_of_itself(said), _of_others(said, may_define(tree, "down_revision"))]
        for label in _listed(said.get("branch_labels")):
            other = taken.setdefault(str(label), path)
            if other is not path:
                found.append(("branch_labels", *_label_twice(label, project.name(other))))
        for variable, message, fix in filter(None, found):
            yield Problem(project.name(path, assigned_at(tree, variable)), message, fix)


_Unusable = tuple[str, str, str]  # the variable, what is wrong, the fix


def _of_itself(said: dict[str, Any]) -> _Unusable | None:
    own = said.get("revision", "")
    if not isinstance(own, str):
        return "revision", f"revision is {own!r}, and no text: {_ENDS}", f"revision = '{own}'"
    if found := sorted(set(own) & set(_NOT_ALLOWED)):
        fix = f"take it out of the id, also where another revision names it: revision = {_allowed(own)!r}"
        return "revision", f"its id {own} has a {found[0]}, which Alembic does not take: {_ENDS}", fix
    return None


def _of_others(said: dict[str, Any], is_defined: bool) -> _Unusable | None:
    first = "None, if it follows no other, or the id of the one that it follows"
    if not is_defined:
        return "revision", f"it assigns nothing to down_revision: {_ENDS}", f"down_revision = {first}"
    for variable in ("down_revision", "depends_on"):
        for name in _listed(said.get(variable)):
            if variable == "depends_on" and said[variable] == "":
                continue  # Alembic takes it for None there
            if name in ("", "None"):
                message = f"{variable} is {name!r}, which is the id of no revision: {_ENDS}"
                return variable, message, f"{variable} = {first}"
            if not isinstance(name, str):
                fix = "take None out of the list" if name is None else f"write '{name}'"
                return variable, f"{variable} names {name!r}, and no text: {_ENDS}", fix
    return None


def _label_twice(label: str, other: str) -> tuple[str, str]:
    message = f"its branch label {label} is also one of {other}, or its id: {_ENDS}"
    return message, "take it out of one of the two: the revisions that follow on a branch have its label anyway"


def _allowed(name: str) -> str:
    return "".join("_" if each in _NOT_ALLOWED else each for each in name)


def _listed(names: Any) -> list[Any]:
    return list(names) if isinstance(names, (list, tuple, set)) else [] if names is None else [names]
