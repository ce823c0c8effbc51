"""Adopts a database whose tables no migration created: a baseline revision that creates them elsewhere, and a stamp."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from alembic.util import CommandError

from ..doctor.project import Project
from ..sandbox import exists, read_only_engine
from ..schema import Difference, compare, read
from ..url import masked
from . import baseline


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
    url = baseline.database_of(Project(config_path))
    name = masked(url)
    if not exists(url):
        raise CommandError(f"There is no database {name}: correct the URL.")
    existing = baseline.examine(project, reflect=from_database)
    if existing.heads:
        raise CommandError(
            f"{name} is at revision {', '.join(existing.heads)} already, from other migrations. To continue there, "
            f"copy their files into {project.name(scripts.versions)}. To start over: alembic stamp --purge base, which "
            "forgets that revision and changes no table, and then adopt again."
        )
    with baseline.written(project, existing) as draft:
        wanted = read(draft.scratch, comments=True)
        wanted = {table: items for table, items in wanted.items() if table not in existing.own_tables}
        tables = read(read_only_engine(url), comments=True)
        if not set(wanted) & set(tables) - {""}:
            raise CommandError(
                f"{name} has no table of the models, so there is nothing to adopt: alembic revision --autogenerate, "
                "then alembic upgrade head."
            )
        differences = [each for each in compare(wanted, tables, None) if not _is_ignored(each)]
        if differences:
            raise CommandError(_described(name, differences, from_database))
        source, revision = Path(draft.script.path), draft.script.revision
        content = source.read_bytes()
    file = Path(scripts.versions, source.name)
    _write_and_stamp(project, file, content, revision)
    print(f"Written: {file}, which creates {len(set(wanted) - {''})} tables in an empty database.")
    print("Stamped: the database is at this revision. No table and no row was changed.")
    if others := sorted(set(tables) - set(wanted) - existing.own_tables - {""}):
        print(f"In no model, and left alone: {', '.join(others)}.")
    if from_database:
        print('Next, what the models have differently: alembic revision --autogenerate -m "what changed"')


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


def _write_and_stamp(project: Project, file: Path, content: bytes, revision: str) -> None:
    """Put the baseline into the project and stamp the database with it, or do neither."""
    logging.getLogger("alembic.connection").setLevel(logging.INFO)  # it says when another process is waited for
    try:
        file.write_bytes(content)
        project.alembic("stamp", project.config(), revision)
    except BaseException:
        with suppress(CommandError):  # it cannot be reached: the file stays, and the next run says what to do with it
            if revision not in baseline.examine(project).heads:
                file.unlink(missing_ok=True)
        raise
