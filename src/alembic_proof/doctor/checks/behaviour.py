"""Checks of how env.py behaves when a migration fails, and in a program that is already running."""

from __future__ import annotations

import ast
import asyncio
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import NotApplicableError, UndeterminedError
from ...sandbox.process import without_waiting
from ..findings import Finding, Problem
from ..project import Project
from ..registry import check

_ENOUGH = 100  # attempts, after which env.py is one that never gives up


class _Enough(BaseException):
    """Ends an env.py that tries again and again."""


@check("errors-come-out", "probe")
def errors_come_out(project: Project) -> Iterable[Finding]:
    """An error of a migration comes out of env.py

    Where env.py catches it and prints it, alembic upgrade exits with 0 with the server down, and a deployment goes on.
    """
    raised: list[traceback.StackSummary] = []

    def fail(_: Any, __: Any) -> list[Any]:
        raised.append(traceback.extract_stack())
        if len(raised) > _ENOUGH:
            raise _Enough
        raise _rehearsal()

    try:
        with without_waiting():
            project.run_env(fail, destination_rev="heads")
    except _Enough:
        raise UndeterminedError(f"env.py tries a migration that fails more than {_ENOUGH} times") from None
    except SystemExit as ended:
        if ended.code:
            return
        how = "ends with exit code 0"
    except Exception:
        return
    else:
        how = "goes on, and alembic exits with 0"
    if raised:
        message = f"when a migration fails, it catches the error and {how}"
        yield Problem(_handler(project, raised[-1]), message, "let the error out: end the except block with raise")


def _rehearsal() -> Exception:
    """Return an error of all the kinds that a migration may end with."""
    from alembic.util import CommandError
    from sqlalchemy.exc import OperationalError

    class RehearsedError(OperationalError, CommandError, OSError, RuntimeError):
        def __init__(self) -> None:
            Exception.__init__(self, "the doctor rehearses a migration that fails")

        def __str__(self) -> str:
            return str(self.args[0])

    return RehearsedError()


def _handler(project: Project, stack: traceback.StackSummary) -> str:
    """Return the place of what may have caught an error that was raised with this stack: the innermost first."""
    for frame in reversed(stack):
        if project.is_inside(frame.filename) and frame.lineno:
            tree = project.tree(Path(frame.filename))
            if lines := list(_catching(tree, frame.lineno)):
                return project.name(frame.filename, lines[-1])
    return project.name(project.env)


def _catching(tree: ast.Module, line: int) -> Iterator[int]:
    """Yield the lines of what catches an error that is raised at a line; the outermost first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0):
            if node.handlers:
                yield node.handlers[0].lineno
            elif any(isinstance(inner, ast.Return) for end in node.finalbody for inner in ast.walk(end)):
                yield node.finalbody[0].lineno
        around = isinstance(node, (ast.With, ast.AsyncWith)) and node.lineno <= line <= (node.end_lineno or 0)
        if around and "suppress" in ast.unparse(node).partition("\n")[0]:
            yield getattr(node, "lineno", 0)


@check("migrations-end-before-env-does", "probe")
def migrations_end_before_env_does(project: Project) -> Iterable[Finding]:
    """Run by a program with an event loop, env.py has migrated when it ends

    A task that is only scheduled runs later, or never: the application goes on with the old schema.
    """
    if not re.search(rb"asyncio|anyio|async def", project.env.read_bytes()):
        raise NotApplicableError("env.py is not asynchronous")
    reached: list[Any] = []

    def reach(*_: Any) -> list[Any]:
        reached.append(None)
        return []

    async def application() -> bool:
        project.run_env(reach, destination_rev="heads")
        return bool(reached)

    try:
        has_migrated = asyncio.run(application())
    except (Exception, SystemExit):
        return  # it says so itself
    if not has_migrated:
        place = project.name(project.env, _scheduling_line(project.tree(project.env)))
        message = "in a running event loop it only schedules the migration: whoever runs it goes on before it has begun"
        fix = "let env.py run it with asyncio.run(), and the program: await asyncio.to_thread(command.upgrade, ...)"
        yield Problem(place, message, fix)


def _scheduling_line(tree: ast.Module) -> int | None:
    """Return the first line that schedules a coroutine."""
    names = re.compile(r"create_task$|ensure_future$|start_soon$|run_coroutine_threadsafe$")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and names.search(ast.unparse(node.func))]
    return min((call.lineno for call in calls), default=None)
