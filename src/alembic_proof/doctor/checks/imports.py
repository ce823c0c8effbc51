"""The check of what happens where the application imports something else first than env.py does."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ..findings import Finding, Note, Problem
from ..import_order import Edges, circle_of, edges, entrance, first_met, in_circles
from ..layout import is_aside
from ..model_places import module_name
from ..project import Project
from ..registry import check

_ENTRANCES = 10  # at most, each in a process of its own
_PATIENCE = 60  # seconds
# Imports a module as the first one of the project, and prints how a circle ended it: the text, and the frames.
_IMPORT = """\
import importlib, json, sys, traceback
sys.dont_write_bytecode = True
sys.path[:], name = json.loads(sys.argv[1])
from alembic_proof.sandbox import Sandbox, quiet
try:
    with Sandbox(), quiet():
        importlib.import_module(name)
except (ImportError, AttributeError) as error:
    frames = [[frame.filename, frame.lineno] for frame in traceback.extract_tb(error.__traceback__)]
    print(json.dumps([str(error), frames]))
"""


class _Circle(NamedTuple):
    """How the import of a module ended in a circle."""

    where: str
    message: str


@check("modules-are-imported-in-any-order", "probe")
def modules_are_imported_in_any_order(project: Project) -> Iterable[Finding]:
    """The models can be imported in the order of the application, not only in that of env.py

    Modules that import each other in a circle work for whoever begins with the right one. env.py begins with the
    models; an application that begins elsewhere ends in: cannot import name ... from partially initialized module.
    """
    loaded = {
        module.__name__: Path(path)
        for path, module in project.loaded().items()
        if module.__name__ in sys.modules and project.scripts not in path.parents
    }
    graph = edges({name: (project.tree(path), path.name == "__init__.py") for name, path in loaded.items()})
    circles = in_circles(graph)
    # Python puts a module there, at the end, when its import has ended: the last one of a circle has begun first.
    left = [name for name in reversed(sys.modules) if name in circles]
    while left:
        circle = circle_of(left[0], graph, circles)
        others = {entrance(name, circle) for name in circle} - {entrance(left[0], circle)}
        left = [name for name in left if name not in circle]
        yield from _tried(project, sorted(others)[:_ENTRANCES], circle, graph)


def _tried(project: Project, entrances: list[str], circle: set[str], graph: Edges) -> Iterator[Finding]:
    """Yield what becomes of those who get into a circle here."""
    for name in entrances:
        if ended := _import_first(project, name):
            who = next(_who_begins_with(project, name, circle, graph), "")
            kind = Problem if who and not is_aside(who) else Note
            begins = f"{who} imports {name} first" if who else f"whoever imports {name} first"
            message = f"{begins}, and not as env.py does: {ended.message}"
            yield kind(ended.where, message, "import it in the function that needs it, or move what both need")


def _who_begins_with(project: Project, name: str, circle: set[str], graph: Edges) -> Iterator[str]:
    """Yield the files that get into a circle at a module."""
    loaded = project.loaded()
    for path in project.files:
        if path in loaded or project.scripts in path.parents or path in project.revision_files:
            continue
        with contextlib.suppress(Exception):  # it is no Python
            own = module_name(project, path)
            if first_met(project.tree(path), own, path.name == "__init__.py", graph, circle) == name:
                yield project.name(path)


def _import_first(project: Project, name: str) -> _Circle | None:
    """Import a module in a process of its own, and return how a circle ended that; None if none did."""
    home = str(Path(__file__).parents[3])
    arguments = [sys.executable, "-c", _IMPORT, json.dumps([[*sys.path, home], name])]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired, ValueError):
        done = subprocess.run(arguments, cwd=project.root, capture_output=True, encoding="utf-8", timeout=_PATIENCE)
        text, frames = json.loads(done.stdout)
        own = [frame for frame in frames if project.is_inside(frame[0])]
        if own and "partially initialized module" in text:
            return _Circle(project.name(*own[-1]), re.sub(r" \([^()]*[\\/][^()]*\)$", "", text))
    return None
