"""``alembic-proof fleet``: status, upgrade, downgrade, drift or check of many databases."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..errors import SettingsError
from ..fleet import (
    Options,
    Project,
    Shard,
    Target,
    find_drift,
    from_file,
    from_function,
    look,
    migrate_fleet,
    select,
)
from ..fleet.history import history
from ..fleet.migrating import MAX_FAILURES, WORKERS
from ..fleet.report import JsonSpeaker, Line, TextSpeaker, as_json, of_standing, summary, table
from .config import add_config, chosen_config

_ACTIONS = {
    "status": "say where each target is",
    "upgrade": "bring all targets to the newest revision, or to REVISION",
    "downgrade": "bring all targets back to REVISION",
    "drift": "compare all schemas with what the revisions build",
    "check": "status and drift: for a deployment, or every night",
}


def main(argv: list[str] | None = None) -> int:
    """Do one thing with all targets.

    Returns 0 when all of them are as they shall be, 1 when one is not, 2 when nothing could be done, 130 when it was
    interrupted.
    """
    arguments = _arguments(argv)
    project = Project(chosen_config(arguments.config).absolute(), arguments.name, tuple(arguments.x or ()))
    targets = _targets(project, arguments)
    if arguments.action == "upgrade" and not arguments.revision:
        history(project).require_one_head()
    arguments.revision = arguments.revision or "heads"
    if arguments.action in ("upgrade", "downgrade"):
        return _migrate(project, targets, arguments)
    examinations = {"status": [_status], "drift": [_drift], "check": [_status, _drift]}[arguments.action]
    reports = [examine(project, targets, arguments) for examine in examinations]
    if arguments.json:
        print(reports[0].json if len(reports) == 1 else _both(*reports))
    else:
        print(*(line for report in reports for line in report.lines), sep="\n")
    return int(not all(report.ok for report in reports))


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
    if arguments.revision and arguments.revision.lstrip("+-").isdecimal() and arguments.revision[:1] in "+-":
        parser.error(f"{arguments.revision} is another revision for each target: name the revision")
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_positive(size.strip()) for size in text.split(","))


def _targets(project: Project, arguments: argparse.Namespace) -> list[Target]:
    """Return the targets that the command is about."""
    history(project)  # before the project's function: Alembic puts the project on the path
    named, function = arguments.targets, project.settings.targets
    if named == "-":
        found = from_file(sys.stdin, "the standard input", project.directory)
    elif named:
        try:
            lines = Path(named).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{named} cannot be read: {error}.") from None
        found = from_file(lines, named, project.directory)
    elif function:
        found = from_function(function, project.directory)
    else:
        raise SettingsError(
            "No targets: give --targets FILE, with a name and a URL on each line, or write "
            'targets = "package.module:function" into [tool.alembic-proof].'
        )
    shard = Shard.parse(arguments.shard) if arguments.shard else None
    return select(found, arguments.only, arguments.exclude, shard)


class _Report(NamedTuple):
    """What was found out, for people and for programs."""

    ok: bool
    lines: list[str]
    json: str


def _both(status: _Report, drift: _Report) -> str:
    """Return two reports as one document."""
    return json.dumps(
        {"status": json.loads(status.json), "drift": json.loads(drift.json)}, indent=2, ensure_ascii=False
    )


def _status(project: Project, targets: list[Target], arguments: argparse.Namespace) -> _Report:
    lines = [of_standing(standing) for standing in look(targets, history(project), arguments.revision)]
    told = summary(line.state.partition(" by ")[0] for line in lines)
    head = sorted(history(project).resolve(arguments.revision))
    return _Report(all(line.ok for line in lines), [*table(lines), told], as_json(lines, head=head, summary=told))


def _drift(project: Project, targets: list[Target], arguments: argparse.Namespace) -> _Report:
    drift = find_drift(project, targets, arguments.revision)
    lines = [Line(name, "different", ok=False, more={"differences": found}) for name, found in drift.differing.items()]
    lines += [Line(name, "at another revision", at, ok=False) for name, at in drift.elsewhere.items()]
    lines += [Line(name, "not read", reason, ok=False) for name, reason in drift.unread.items()]
    return _Report(drift.ok, drift.told(), as_json(lines, total=drift.total))


def _migrate(project: Project, targets: list[Target], arguments: argparse.Namespace) -> int:
    with _executor(arguments.dask) as executor:
        options = Options(
            arguments.revision,
            arguments.action == "downgrade",
            arguments.canary,
            arguments.workers,
            arguments.groups,
            arguments.max_failures,
            executor,
        )
        outcome = migrate_fleet(project, targets, options, JsonSpeaker() if arguments.json else TextSpeaker())
    told = summary(line.state.partition(" by ")[0] for line in outcome.lines)
    print(as_json(outcome.lines, summary=told, interrupted=outcome.interrupted) if arguments.json else told)
    return 130 if outcome.interrupted else int(not outcome.ok)


@contextmanager
def _executor(dask: str | None) -> Iterator[Executor | None]:
    """Yield an executor of Dask's, or nothing. Its workers need the project, at the same path."""
    if dask is None:
        yield None
        return
    try:
        from distributed import Client  # it has no types
    except ImportError:
        raise SettingsError("--dask needs the package distributed: pip install 'alembic-proof[dask]'.") from None
    try:
        client = Client(dask, timeout=10)
    except OSError as error:
        raise SettingsError(f"No Dask scheduler answers at {dask}: {error}.") from None
    with client:
        yield client.get_executor(pure=False, retries=2)
