"""``alembic-proof doctor``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..doctor.checks import ORDER
from ..doctor.packing import pack
from ..doctor.project import Project
from ..doctor.registry import STAGES
from ..doctor.report import FORMATS
from ..doctor.runner import print_places, run
from .config import add_config, chosen_config


def main(argv: list[str] | None = None) -> int:
    """Examine a project and print a report.

    Returns 0 if it is sound, 1 for problems, 2 if something could not be checked.
    """
    arguments = _arguments(argv)
    if arguments.explain:
        _explain(arguments.explain)
        return 0
    if arguments.pack:
        pack(arguments.pack)
        return 0
    project = Project(chosen_config(arguments.config), arguments.name, arguments.x)
    if arguments.where:
        return print_places(project)
    return run(project, FORMATS[arguments.format](), arguments.only, live=not arguments.no_live)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="alembic-proof doctor", description="Checks that a schema under Alembic is wired and in step."
    )
    add_config(parser)
    parser.add_argument("-n", "--name", default="alembic", metavar="SECTION", help="of alembic.ini, as alembic -n")
    parser.add_argument("-x", action="append", metavar="NAME=VALUE", help="for env.py, as alembic -x")
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
    return f"there is no check {name!r}; there are: {', '.join(check.id for check in ORDER)}"


def _explain(name: str) -> None:
    for check in ORDER:
        if name in (check.id, check.stage, "all"):
            title = f"{check.id} ({check.stage}: {STAGES[check.stage].title})"
            print(f"{title}\n{check.title}\n\n{check.explanation}\n")
