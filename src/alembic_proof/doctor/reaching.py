"""Whether running env.py leads to run_migrations(), as far as its text tells."""

from __future__ import annotations

import ast


def runs_migrations(tree: ast.Module, offline: bool) -> bool:
    """Tell whether running the module leads to run_migrations() in this mode.

    Whatever function is mentioned is taken to be called, and of a condition that is not about the mode both sides.
    """
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    modes = {
        target.id: _in_mode(node.value, offline, {})
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    visited: set[str] = set()

    def reaches(node: ast.AST) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            decorated = bool(node.decorator_list)  # a decorator may call it
            return any(map(reaches, node.decorator_list)) or (decorated and any(map(reaches, node.body)))
        if isinstance(node, (ast.If, ast.IfExp)):
            side = _in_mode(node.test, offline, modes)
            branches = [node.body] if side else [node.orelse] if side is False else [node.body, node.orelse]
            return any(reaches(n) for branch in branches for n in (branch if isinstance(branch, list) else [branch]))
        name = getattr(node, "id", getattr(node, "attr", ""))
        if name == "run_migrations":
            return True
        if name in functions and name not in visited:
            visited.add(name)
            if any(map(reaches, functions[name].body)):
                return True
        return any(map(reaches, ast.iter_child_nodes(node)))

    return any(map(reaches, tree.body))


def _in_mode(test: ast.expr, offline: bool, known: dict[str, bool | None]) -> bool | None:
    """Return what a condition is in this mode, None if the text does not tell."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = _in_mode(test.operand, offline, known)
        return None if value is None else not value
    if isinstance(test, ast.Call) and getattr(test.func, "attr", getattr(test.func, "id", "")) == "is_offline_mode":
        return offline
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name):
        return False if test.id == "TYPE_CHECKING" else known.get(test.id)
    if isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__":
        return False  # alembic imports env.py, it is never __main__
    return None


def runs_in_a_loop(tree: ast.Module) -> bool:
    """Tell whether the module calls run_migrations() in a loop: for each tenant that it finds in the database."""
    loops = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.AsyncFor))]
    return any(getattr(node, "attr", "") == "run_migrations" for loop in loops for node in ast.walk(loop))
