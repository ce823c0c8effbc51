"""Which modules of a project import each other in a circle, and through which of them somebody gets into it first.

Python runs the modules of a circle in the order in which they are met. So it may work for env.py, which begins with the
models, and fail for an application that begins elsewhere. Nothing is imported here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

# Functions with which a package imports whatever lies in it.
_IMPORTING = {"import_module", "__import__", "walk_packages", "iter_modules", "import_all", "find_modules"}
Edges = dict[str, list[str]]  # by a module, what it imports while it is being imported, in this order


def edges(trees: dict[str, tuple[ast.Module, bool]]) -> Edges:
    """Return what modules import of each other, given by name the tree of each, and whether it is a package."""
    return {
        name: list(dict.fromkeys(_targets(name, tree, is_package, trees.keys())))
        for name, (tree, is_package) in trees.items()
    }


def in_circles(graph: Edges) -> set[str]:
    """Return the modules that import themselves, by way of others."""
    left = {name: set(targets) & graph.keys() for name, targets in graph.items()}
    while ends := {name for name, targets in left.items() if not targets} | (left.keys() - set().union(*left.values())):
        left = {name: targets - ends for name, targets in left.items() if name not in ends}
    return {name for name in left if name in _reached(left[name], left)}


def circle_of(name: str, graph: Edges, circles: set[str]) -> set[str]:
    """Return the modules of the circle that a module is in."""
    inner = {each: set(graph[each]) & circles for each in circles}
    return {other for other in _reached(inner[name], inner) if name in _reached(inner[other], inner)}


def entrance(name: str, circle: set[str]) -> str:
    """Return with which module of a circle Python begins, where one of it is imported: packages come first."""
    parts = name.split(".")
    names = (".".join(parts[: end + 1]) for end in range(len(parts)))
    return next(each for each in names if each in circle)


def first_met(tree: ast.Module, name: str, is_package: bool, graph: Edges, circle: set[str]) -> str | None:
    """Return which module of a circle somebody gets to first who imports a module; None if none."""
    seen: set[str] = set()

    def walk(targets: Iterable[str]) -> str | None:
        for target in targets:
            if target in circle:
                return entrance(target, circle)
            if target not in seen:
                seen.add(target)
                if found := walk(graph.get(target, ())):
                    return found
        return None

    return walk(_targets(name, tree, is_package, graph.keys()))


def _reached(begin: Iterable[str], graph: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(begin)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph[name]
    return reached


def _targets(name: str, tree: ast.Module, is_package: bool, known: Iterable[str]) -> Iterator[str]:
    """Yield the known modules that a module imports: before each the packages that it is in, as Python does."""
    names, package = set(known), name if is_package else name.rpartition(".")[0]
    below = [each for each in sorted(names) if is_package and each.startswith(f"{name}.")]
    for node in _at_import(tree):
        for dotted in _imported(node, package, below):
            parts = dotted.split(".")
            for end in range(len(parts)):
                target = ".".join(parts[: end + 1])
                if target in names and not f"{name}.".startswith(f"{target}."):  # those are being imported already
                    yield target


def _imported(node: ast.AST, package: str, below: list[str]) -> list[str]:
    """Return what a statement may import: of a call that imports by names which it finds, all that is below."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = _module(node, package)
        return [module, *(f"{module}.{alias.name}" for alias in node.names)] if module else []
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _IMPORTING:
        first = node.args[0] if node.args else None
        return [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else below
    return []


def _module(node: ast.ImportFrom, package: str) -> str:
    """Return the module that a ``from ... import`` names; an empty string if it leads out of the highest package."""
    parts = package.split(".")
    if node.level > len(parts):
        return ""
    base = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join(filter(None, (*base, node.module)))


def _at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: not what is in functions, or for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                yield other
                yield from _at_import(other)
            continue
        yield node
        yield from _at_import(node)
