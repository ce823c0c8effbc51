"""Adopts a database whose tables no migration created: a baseline revision that creates them elsewhere, and a stamp."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from ..doctor.project import Project, Run
from ..sandbox import exists, read_only_engine
from ..sandbox.process import keeping_logging
from ..schema import Difference, compare, own_tables, read
from ..url import masked
from . import baseline

_BEGIN = 'Next: alembic revision --autogenerate -m "first tables", then alembic upgrade head'


class NothingToAdoptError(CommandError):
    """A database that migrations can begin with: it has no table of the models, or is not there yet."""


@dataclass(frozen=True)
class _Proposal:
    """A baseline that agrees with a database."""

    run: Run  # what env.py did in the sandbox
    url: URL  # of the database
    file: str  # the name of the baseline's file
    content: bytes
    revision: str
    tables: set[str]  # that the baseline creates
    others: list[str]  # that the database has besides


def adopt(config_path: Path, from_database: bool) -> None:
    """Write a baseline and stamp the database with it, and print what was done.

    Before, what the baseline builds on a scratch database is compared with the database. Raises CommandError, with
    nothing written and nothing stamped, where they differ, and where there is nothing to adopt.
    """
    project = Project(config_path)
    scripts = project.script_directory()
    if heads := ", ".join(scripts.get_heads()):
        raise CommandError(
            f"The project has revisions already, up to {heads}, and a baseline must come before all others. Where a "
            "database is as they make it: alembic stamp heads, and the doctor says whether it is. Where they are only "
            "a baseline that no database is at: delete its file, and adopt again."
        )
    project.sandbox.server = project.server
    with project.sandbox, keeping_logging(), TemporaryDirectory() as directory:
        proposal = _propose(project, from_database, Path(directory))
    baseline.leave_sandbox(proposal.run)
    file = Path(scripts.versions, proposal.file)
    _write_and_stamp(project, proposal, file)
    print(f"Written: {file}, which creates {len(proposal.tables)} tables in an empty database.")
    print("Stamped: the database is at this revision. No table and no row was changed.")
    if proposal.others:
        print(f"In no model, and left alone: {', '.join(proposal.others)}.")
    if from_database:
        command = project.spelled('alembic revision --autogenerate -m "what changed"')
        print(f"Next, what the models have differently: {command}")


def _propose(project: Project, from_database: bool, directory: Path) -> _Proposal:
    """Write a baseline into a directory, and compare what it builds in the project's sandbox with the database."""
    run, url = baseline.run_env(project)
    name = masked(url)
    if not exists(url):
        raise NothingToAdoptError(
            f"There is no database {name} yet, so there is nothing to adopt. {_BEGIN}, which makes the file (if "
            "the URL is wrong, correct it first)."
        )
    existing = baseline.examine(run, url, reflect=from_database)
    if heads := ", ".join(sorted(existing.heads)):
        raise CommandError(
            f"{name} is at revision {heads} already, from other migrations. To continue there, copy their files into "
            f"{project.name(project.versions[0])}. To start over: alembic stamp --purge base, which forgets that "
            "revision and changes no table, and then adopt again."
        )
    draft = baseline.write(project, existing, directory)
    built, tables = read(run.database, comments=True), read(read_only_engine(url), comments=True)
    own = {"", *own_tables(run.context.version_table)}
    created, present = set(built) - own, set(tables) - own
    if not created & present:
        raise NothingToAdoptError(f"{name} has no table of the models, so there is nothing to adopt. {_BEGIN}.")
    wanted = {table: built[table] for table in built if table in created or not table}
    if differences := [each for each in compare(wanted, tables, None) if not _is_ignored(each)]:
        raise CommandError(_described(name, differences, from_database))
    path = Path(draft.path)
    return _Proposal(run, url, path.name, path.read_bytes(), draft.revision, created, sorted(present - created))


def _write_and_stamp(project: Project, proposal: _Proposal, file: Path) -> None:
    """Put the baseline into the project and stamp the database with it, or do neither."""
    logging.getLogger("alembic.connection").setLevel(logging.INFO)  # it says when another process is waited for
    try:
        file.write_bytes(proposal.content)
        project.alembic("stamp", project.config(), proposal.revision)
    except BaseException:
        with suppress(DBAPIError):  # it cannot be reached: the file stays, and the next run says what to do with it
            if proposal.revision not in proposal.run.version(proposal.url):
                file.unlink(missing_ok=True)
        raise


def _is_ignored(difference: Difference) -> bool:
    """Tell whether a difference does not count: models have no triggers, and SQLite keeps unnamed constraints."""
    return difference.unnamed or difference.item.startswith("trigger ")


def _described(name: str, differences: list[Difference], from_database: bool) -> str:
    """Return the differences as a list, each with both sides, and what to do."""
    side = "the baseline creates" if from_database else "the models have"
    one_sided = {(each.table, each.item) for each in differences if each.wanted is None or each.existing is None}
    lines = []
    for table, item, wanted, existing, existing_item in differences:
        kind, _, rest = item.partition(" ")
        if kind == "default" and (table, item.replace("default of", "column")) in one_sided:
            continue
        what = f"{table}.{rest}" if kind == "column" else f"{table} {item}".strip()
        if existing_item:
            lines.append(f"different  {what}: the database calls it {existing_item.partition(' ')[2]}, {existing}")
        elif existing is None:
            lines.append(f"missing    {what}" + (f": {side} {wanted}" if wanted else ""))
        elif wanted is None:
            lines.append(f"extra      {what}: the database has {existing}")
        else:
            lines.append(f"different  {what}: {side} {wanted}; the database has {existing}")
    if from_database:
        advice = "These cannot be read from the database: write the first revision by hand, and stamp it."
    else:
        advice = (
            "Change the models until they agree with the database (where only names differ, the naming convention of "
            "their metadata: alembic-proof recipe 14). Or adopt with --baseline-from-database, and the next revision "
            "changes the database."
        )
    counted = f"{name} differs in {len(lines)}:"
    return "\n".join([counted, *lines, f"Nothing was written, nothing was stamped. {advice}"])
