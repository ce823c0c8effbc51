"""What a check is, and the stages in which checks run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .findings import Finding
    from .project import Project


@dataclass(frozen=True)
class Stage:
    """A group of checks that need the same circumstances."""

    title: str
    needs: tuple[str, ...]  # the stages whose earlier checks must run before one of this stage
    stops: tuple[str, ...]  # the stages whose later checks cannot run after a problem in this stage


# In the order in which they run.
STAGES = {
    "static": Stage("nothing is run", (), ("probe", "scratch", "live")),
    "probe": Stage(
        "env.py is run, and every connection leads to a scratch database",
        needs=("probe",),
        stops=("probe", "scratch", "live"),
    ),
    "scratch": Stage(
        "a whole life of the schema, step by step, on the scratch database",
        needs=("probe", "scratch"),
        stops=("scratch",),
    ),
    "live": Stage("the database that env.py leads to is examined, read-only", needs=("probe",), stops=()),
}

Find = Callable[["Project"], "Iterable[Finding]"]


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
    essential: bool = False  # what comes after it cannot run where it could not be carried out either

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
        return (inspect.getdoc(self.find) or "").splitlines()


def check(
    id: str, stage: str, *, library: bool = False, setting: str = "", essential: bool = False
) -> Callable[[Find], Check]:
    """Make a check of a function, whose docstring is the title, an empty line, and why it matters."""
    if stage not in STAGES:
        raise ValueError(f"there is no stage {stage!r}: use one of {', '.join(STAGES)}")
    return lambda find: Check(id, stage, find, library, setting, essential)
