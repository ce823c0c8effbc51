"""What the actions of ``alembic-proof fleet`` do, and what they print."""

from __future__ import annotations

import json
from argparse import Namespace
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
from ..fleet.migrating import NOTHING_CHANGED
from ..fleet.report import JsonSpeaker, Line, TextSpeaker, as_json, of_standing, summary, table


def act(file: Path, lines: list[str] | None, arguments: Namespace) -> int:
    """Do one thing with all targets, and return the exit code.

    :param file: alembic.ini, or a pyproject.toml that configures Alembic.
    :param lines: of the file of the targets; None where a function of the project knows them.
    """
    project = Project(file, arguments.name, tuple(arguments.x or ()))
    targets = _targets(project, lines, arguments)
    if arguments.action == "upgrade" and not arguments.revision:
        history(project).require_one_head()
    arguments.revision = arguments.revision or "heads"
    if arguments.action in ("upgrade", "downgrade"):
        return _migrate(project, targets, arguments)
    try:
        report = {"status": _status, "drift": _drift, "check": _check}[arguments.action](project, targets, arguments)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(NOTHING_CHANGED) from None
    print(report.json if arguments.json else "\n".join(report.told))
    return int(not all(line.ok for line in report.lines))


def _targets(project: Project, lines: list[str] | None, arguments: Namespace) -> list[Target]:
    """Return the targets that the command is about."""
    history(project)  # before the project's function: Alembic puts the project on the path
    if lines is not None:
        named = "the standard input" if arguments.targets == "-" else arguments.targets
        found = from_file(lines, named, project.directory)
    elif function := project.settings.targets:
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

    lines: list[Line]
    told: list[str]
    json: str


def _status(project: Project, targets: list[Target], arguments: Namespace) -> _Report:
    lines = [of_standing(standing) for standing in look(targets, history(project), arguments.revision)]
    told = summary(line.state.partition(" by ")[0] for line in lines)
    head = sorted(history(project).resolve(arguments.revision))
    return _Report(lines, [*table(lines), told], as_json(lines, head=head, summary=told))


def _drift(project: Project, targets: list[Target], arguments: Namespace) -> _Report:
    drift = find_drift(project, targets, arguments.revision, models=arguments.models)
    lines = [Line(name, "different", ok=False, more={"differences": found}) for name, found in drift.differing.items()]
    lines += [Line(name, "at another revision", at, ok=False) for name, at in drift.elsewhere.items()]
    lines += [Line(name, "not read", reason, ok=False) for name, reason in drift.unread.items()]
    return _Report(lines, drift.told(), as_json(lines, total=drift.total, summary=drift.told()[-1]))


def _check(project: Project, targets: list[Target], arguments: Namespace) -> _Report:
    """Report where all are, and compare the schemas of those that are at the revision: of the others all is told."""
    status = _status(project, targets, arguments)
    there = [target for target, line in zip(targets, status.lines, strict=True) if line.ok]
    drift = _drift(project, there, arguments)
    both = {"status": json.loads(status.json), "drift": json.loads(drift.json)}
    document = json.dumps(both, indent=2, ensure_ascii=False)
    return _Report([*status.lines, *drift.lines], [*status.told, *(drift.told if there else [])], document)


def _migrate(project: Project, targets: list[Target], arguments: Namespace) -> int:
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
