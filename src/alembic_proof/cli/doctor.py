"""``alembic-proof doctor``."""

from __future__ import annotations

import argparse
import os
import sys
from difflib import get_close_matches
from pathlib import Path

from ..doctor.checks import ORDER
from ..doctor.documentation import explained
from ..doctor.elsewhere import run_all, run_with
from ..doctor.packing import pack
from ..doctor.project import Project
from ..doctor.registry import STAGES
from ..doctor.report import FORMATS
from ..doctor.runner import print_places, run
from ..errors import UndeterminedError
from .config import add_config, chosen_config


def main(argv: list[str] | None = None) -> int:
    """Examine a project and print a report.

    Returns 0 if it is sound, 1 for problems, 2 if something could not be checked.
    """
    argv = sys.argv[1:] if argv is None else argv
    arguments = _arguments(argv)
    if arguments.explain:
        _explain(arguments.explain)
        return 0
    if arguments.pack:
        pack(arguments.pack)
        return 0
    if arguments.python:
        return run_with(arguments.python, without(argv, "--python"))
    if arguments.all:
        return run_all(Path.cwd(), [argument for argument in argv if argument != "--all"], arguments.format == "json")
    project = Project(chosen_config(arguments.config), arguments.name, arguments.x, _url(arguments.url))
    if arguments.where:
        return print_places(project)
    return run(project, FORMATS[arguments.format](), arguments.only, live=not arguments.no_live)


def without(argv: list[str], option: str) -> list[str]:
    """Return a command line without an option and its value."""
    kept, skips = [], False
    for argument in argv:
        if not skips and argument.partition("=")[0] != option:
            kept.append(argument)
        skips = not skips and argument == option
    return kept


def _url(given: str | None) -> str:
    """Return the URL that was given, or the one in the environment variable of that name."""
    if not given or "://" in given:
        return given or ""
    if given not in os.environ:
        raise UndeterminedError(f"--url names the environment variable {given}, which is not set: export it.")
    return os.environ[given]


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="alembic-proof doctor", description="Checks that a schema under Alembic is wired and in step."
    )
    add_config(parser)
    parser.add_argument("-n", "--name", default="alembic", metavar="SECTION", help="of alembic.ini, as alembic -n")
    parser.add_argument("-x", action="append", metavar="NAME=VALUE", help="for env.py, as alembic -x")
    parser.add_argument(
        "--url",
        help="where the application sets it: a database URL, or the name of an environment variable that has it",
    )
    parser.add_argument("--python", type=Path, metavar="PATH", help="the interpreter that runs the project")
    parser.add_argument("--all", action="store_true", help="examine every project in the working directory and below")
    parser.add_argument("--only", nargs="+", metavar="CHECK", default=[], help="run these checks or stages, no others")
    parser.add_argument("--no-live", action="store_true", help="leave out the live database")
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the report; github: as annotations")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add_argument("--explain", metavar="CHECK", help="say what a check, a stage or all checks are about")
    parser.add_argument("--pack", type=Path, metavar="FILE", help="write the doctor into one file, to take along")
    parser.add_argument("--where", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    names = {*STAGES, *(check.id for check in ORDER)}
    for name in arguments.only:
        if name not in names:
            parser.error(_no_check(name))
    if arguments.explain and arguments.explain not in {*names, "all"}:
        parser.error(_no_check(arguments.explain))
    return arguments


def _no_check(name: str) -> str:
    ids = [check.id for check in ORDER]
    similar = get_close_matches(name, [*STAGES, *ids], 1)
    meant = f"did you mean {similar[0]}?" if similar else f"there are: {', '.join(ids)}"
    return f"there is no check {name!r}; {meant}"


def _explain(name: str) -> None:
    for check in ORDER:
        if name in (check.id, check.stage, "all"):
            print(explained(check))
