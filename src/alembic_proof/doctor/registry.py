"""What a check is, and the stages in which checks run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack

    from .findings import Finding
    from .project import Project


@dataclass(frozen=True)
class Stage:
    """A group of checks that need the same circumstances."""

    title: str
    requires: tuple[str, ...]  # the ids of the checks that those of this stage require, unless they say otherwise


ENV_RUNS = "env-reaches-run-migrations"  # the check that runs env.py first
# In the order in which they run.
STAGES = {
    "static": Stage("nothing is run", ()),
    "probe": Stage("env.py is run, and every connection leads to a scratch database", (ENV_RUNS,)),
    "scratch": Stage("a whole life of the schema, step by step, on the scratch database", (ENV_RUNS,)),
    "live": Stage("the database that env.py leads to is examined, read-only", (ENV_RUNS,)),
}

Find = Callable[["Project"], "Iterable[Finding]"]
Begin = Callable[["Project", "ExitStack"], object]  # what must be ended, the stack ends


@dataclass(frozen=True)
class Check:
    """A function that looks for one kind of fault.

    It yields findings. It raises NotApplicableError where there is nothing to examine, and UndeterminedError, with what
    to do about it, where it cannot tell.
    """

    id: str  # as people call it: it stays, whatever the function is called
    stage: str
    find: Find = field(compare=False)
    library: bool = False  # it judges by the rules of this library, and runs only where env.py uses it
    setting: str = ""  # it needs this field of Settings, and runs only where the project sets it
    requires: tuple[str, ...] = ()  # the ids of checks that run before it: where one of them fails, it cannot
    follows: tuple[str, ...] = ()  # the ids of checks: what one of them finds explains what this one finds
    begin: Begin | None = field(default=None, compare=False)  # starts, when env.py has run, what it will wait for
    essential: bool = False  # a problem that it finds stops what requires it; otherwise only its own failure does

    @property
    def title(self) -> str:
        """Return the first line of its docstring."""
        return self._lines[0]

    @property
    def explanation(self) -> str:
        """Return why it matters: the rest of its docstring."""
        return "\n".join(self._lines[1:]).strip()

    @property
    def _lines(self) -> list[str]:
        return (inspect.getdoc(self.find) or _written_docstring(self.find)).splitlines()


def _written_docstring(function: Callable[..., object]) -> str:
    """Return the docstring of a function from its source: with -OO, Python leaves it out."""
    import ast

    (written,) = ast.parse(inspect.getsource(function)).body
    return ast.get_docstring(written) or ""  # type: ignore[arg-type]


def check(
    id: str,
    stage: str,
    *,
    library: bool = False,
    setting: str = "",
    requires: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
    begin: Begin | None = None,
    essential: bool = False,
) -> Callable[[Find], Check]:
    """Make a check of a function, whose docstring is the title, an empty line, and why it matters.

    What its stage requires, it requires too.
    """
    if stage not in STAGES:
        raise ValueError(f"there is no stage {stage!r}: use one of {', '.join(STAGES)}")
    needed = tuple(other for other in (*STAGES[stage].requires, *requires) if other != id)
    return lambda find: Check(id, stage, find, library, setting, needed, follows, begin, essential)
