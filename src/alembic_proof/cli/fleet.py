"""``alembic-proof fleet``: status, upgrade, downgrade, drift or check of many databases."""

from __future__ import annotations

import argparse
import re
import sys
from importlib import import_module
from pathlib import Path

from ..errors import SettingsError
from ..fleet.forking import begin_to_start
from ..fleet.limits import MAX_FAILURES, WORKERS
from .config import add_config, chosen_config

_ACTIONS = {
    "status": "say where each target is",
    "upgrade": "bring all targets to the newest revision, or to REVISION",
    "downgrade": "bring all targets back to REVISION",
    "drift": "compare all schemas with what the revisions build",
    "check": "status and drift: for a deployment, or every night",
}
_DRIVER = re.compile(r"\s([A-Za-z][\w+]*):/")  # in a line of the file of the targets


def main(argv: list[str] | None = None) -> int:
    """Do one thing with all targets.

    Returns 0 when all of them are as they shall be, 1 when one is not, 2 when nothing could be done, 130 when it was
    interrupted.
    """
    arguments = _arguments(argv)
    file = chosen_config(arguments.config).absolute()
    lines = _lines(arguments.targets)
    if lines and arguments.action != "status" and not arguments.dask:
        begin_to_start(file, arguments.name, set(_DRIVER.findall("\n".join(lines))))
    return int(import_module(".fleet_actions", __package__).act(file, lines, arguments))


def _lines(named: str | None) -> list[str] | None:
    """Return the lines of the file of the targets, if one is named. Raises SettingsError."""
    if named is None:
        return None
    try:
        if named == "-":
            if sys.stdin is None:
                raise OSError("it is closed")
            return sys.stdin.read().removeprefix("\ufeff").splitlines()
        return Path(named).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        named = "The standard input" if named == "-" else named
        raise SettingsError(f"{named} cannot be read: {error}.") from None


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {name:10} {purpose}" for name, purpose in _ACTIONS.items())
    parser = argparse.ArgumentParser(
        prog="alembic-proof fleet",
        description=f"One schema in many databases.\n\nactions:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=_ACTIONS, metavar="ACTION", help=", ".join(_ACTIONS))
    parser.add_argument("revision", nargs="?", metavar="REVISION", help="default: the newest (heads)")
    add_config(parser)
    parser.add_argument("-n", "--name", default="alembic", metavar="SECTION", help="of alembic.ini, as alembic -n")
    parser.add_argument("-x", action="append", metavar="NAME=VALUE", help="for env.py, as alembic -x")
    which = parser.add_argument_group("which targets")
    which.add_argument(
        "--targets",
        metavar="FILE",
        help="a name and a URL on each line; - is the standard input (default: targets in [tool.alembic-proof], "
        "package.module:function)",
    )
    which.add_argument("--only", nargs="+", metavar="NAME", default=[], help="these; patterns as in mall-*")
    which.add_argument("--exclude", nargs="+", metavar="NAME", default=[], help="not these")
    which.add_argument("--shard", metavar="2/5", help="the second of five equal parts; auto or auto/5: as CI says")
    parser.add_argument(
        "--models",
        action="store_true",
        help="drift, check: compare with the models, as `alembic check` does; no empty database is made for it",
    )
    how = parser.add_argument_group("how to upgrade and downgrade")
    how.add_argument("--canary", metavar="NAME", default="", help="the target that goes first (default: the first)")
    how.add_argument(
        "--groups",
        type=_sizes,
        default=(),
        metavar="5,50",
        help="after the canary five, then fifty, then the rest: each group when none of the last one failed",
    )
    how.add_argument("--workers", type=_positive, default=WORKERS, metavar="N", help=f"at a time ({WORKERS})")
    how.add_argument(
        "--max-failures", type=_positive, default=MAX_FAILURES, metavar="N", help=f"then stop ({MAX_FAILURES})"
    )
    how.add_argument("--dask", metavar="ADDRESS", help="let the workers of this Dask scheduler do it")
    parser.add_argument("--json", action="store_true", help="print the report for programs")
    arguments = parser.parse_args(argv)
    if arguments.action == "downgrade" and not arguments.revision:
        parser.error("downgrade needs a REVISION")
    if arguments.models and (arguments.action not in ("drift", "check") or arguments.revision):
        parser.error("--models is for drift and check, at the newest revision")
    if arguments.revision and arguments.revision.lstrip("+-").isdecimal() and arguments.revision[:1] in "+-":
        parser.error(f"{arguments.revision} is another revision for each target: name the revision")
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_positive(size.strip()) for size in text.split(","))
