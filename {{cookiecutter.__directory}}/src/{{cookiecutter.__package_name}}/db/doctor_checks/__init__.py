"""What a check is, and every check of the doctor: there is a module for each stage.

To add one, write a function under the stage it belongs to: its name is the id, the first line of its docstring the
title, the rest what --explain says. It yields problems, or raises why it cannot tell.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .project import Project


@dataclass(frozen=True)
class Problem:
    """What a check found: where it is, what is wrong with it, and what to do."""

    where: str
    what: str
    fix: str


class Note(Problem):
    """Worth knowing, but no fault: it does not change the exit code."""


class Unknown(Exception):
    """A check could not be carried out; the message says why and how it could."""


class Skipped(Exception):
    """A check does not apply here; the message says why."""


class Elsewhere(Exception):
    """Something wanted to connect to a database for which no scratch database can stand in, and was kept from it."""


@dataclass(frozen=True)
class Check:
    """A function that looks for one kind of fault, and when it may run."""

    find: Callable[[Project], Iterable[Problem]]
    stage: str
    ours: bool  # it judges by this template's layout and rules, and leaves other projects alone

    @property
    def id(self) -> str:
        """Return the name by which people call it."""
        return getattr(self.find, "__name__", "").replace("_", "-")

    @property
    def text(self) -> list[str]:
        """Return the title, then what --explain adds to it."""
        return textwrap.dedent("    " + (self.find.__doc__ or "")).strip().splitlines()


STAGES = {
    "static": "nothing is run",
    "probe": "env.py is really run, and every connection leads to a scratch database",
    "scratch": "a whole life of the schema, step by step, on the scratch database",
    "live": "the database that env.py leads to is looked at, read-only",
}


CHECKS: list[Check] = []


Function = Callable[["Project"], Iterable[Problem]]


def check(stage: str, ours: bool = False) -> Callable[[Function], Function]:
    """Add a check to a stage."""

    def register(function: Function) -> Function:
        CHECKS.append(Check(function, stage, ours))
        return function

    return register


def first_line(error: BaseException) -> str:
    line = (str(error).strip() or "without a message").splitlines()[0]
    return re.sub(r"(://[^:/@\s]*:|found: ')\S*@", r"\1***@", line)
