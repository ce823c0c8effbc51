"""Adopts a database whose tables no migration made: a baseline revision that makes them elsewhere, and a stamp."""

import argparse
import logging
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from .. import settings
from . import baseline, connection
from .doctor_checks.live import exists, reading
from .doctor_checks.schema import Difference, compare, read


def main(argv: list[str] | None = None) -> int:
    """Adopt the database in DATABASE_URL. Returns 0, 1 when all is left as it was, or 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="adopt", description=__doc__)
    from_database = "make the baseline from the database, not from the models; autogenerate then writes the difference"
    parser.add_argument("--baseline-from-database", action="store_true", help=from_database)
    arguments = parser.parse_args(argv)
    logging.basicConfig(format="%(message)s")
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # it cleans up as after Ctrl-C
    try:
        adopt(arguments.baseline_from_database)
    except (CommandError, settings.SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. Run it again: it begins anew, or says what is done already.", file=sys.stderr)
        return 130
    return 0


def adopt(from_database: bool) -> None:
    """Write a baseline and stamp the database with it, and print what was done.

    Before that, what the baseline builds on a scratch database is compared with the database. Raises CommandError, with
    nothing written and nothing stamped, where they differ, and where there is nothing to adopt.
    """
    root = settings.project_root()
    if root is None:
        raise CommandError(f"There is no alembic.ini above {Path.cwd()}: run this in the project.")
    config, url = Config(root / "alembic.ini"), connection.url()
    scripts = ScriptDirectory.from_config(config)
    if heads := ", ".join(scripts.get_heads()):
        raise CommandError(
            f"The project has revisions already, up to {heads}, and a baseline comes before all others. Where a "
            "database is as they make it: alembic stamp heads, and the doctor tells whether it is. Where they are only "
            "a baseline that no database is at: delete its file, and adopt again."
        )
    name = settings.masked(url)
    if not exists(url):
        raise CommandError(f"There is no database {name}: correct DATABASE_URL.")
    found = baseline.look(config, reflect=from_database)
    if found.heads:
        raise CommandError(
            f"{name} is at revision {', '.join(found.heads)} already, which other migrations made. To go on from "
            "there, copy their files into migrations/versions. To begin anew: alembic stamp --purge base, which "
            "forgets that revision and changes no table, and then adopt again."
        )
    with baseline.scratch(url) as scratch, TemporaryDirectory() as directory:
        draft = baseline.write(root / "alembic.ini", Path(directory), scratch, found)
        wanted = {table: items for table, items in read(scratch, comments=True).items() if table not in found.own}
        there = read(reading(url), comments=True)
        if not set(wanted) & set(there) - {""}:
            raise CommandError(
                f"{name} has no table of the models, so there is nothing to adopt: alembic revision --autogenerate, "
                "then alembic upgrade head."
            )
        if found_different := [one for one in compare(wanted, there, None) if not _passed_over(one)]:
            raise CommandError(_told(name, found_different, from_database))
        _stamp(config, draft, file := Path(scripts.versions, Path(draft.path).name))
    print(f"Written: {file}, which makes {len(set(wanted) - {''})} tables in an empty database.")
    print("Stamped: the database is at this revision, and as the revision makes it. No table and no row was changed.")
    if others := sorted(set(there) - set(wanted) - found.own - {""}):
        print(f"In no model, and left alone: {', '.join(others)}.")
    if from_database:
        print('Next, what the models have otherwise: alembic revision --autogenerate -m "what changed"')


def _passed_over(one: Difference) -> bool:
    """Tell whether it is no difference: triggers are in no model, and SQLite keeps constraints without a name."""
    return one.unnamed or one.item.startswith("trigger ")


def _told(name: str, found: list[Difference], from_database: bool) -> str:
    """Return the differences as a list, each with both sides, and what to do."""
    side = "the baseline makes" if from_database else "the models say"
    columns = {(one.table, one.item) for one in found if one.wanted is None or one.there is None}
    lines = []
    for table, item, wanted, there, called in found:
        kind, _, rest = item.partition(" ")
        if kind == "default" and (table, item.replace("default of", "column")) in columns:
            continue
        what = f"{table}.{rest}" if kind == "column" else f"{table} {item}".strip()
        if called:
            lines.append(f"different  {what}: the database calls it {called.partition(' ')[2]}, {there}")
        elif there is None:
            lines.append(f"missing    {what}" + (f": {side} {wanted}" if wanted else ""))
        elif wanted is None:
            lines.append(f"extra      {what}: the database has {there}")
        else:
            lines.append(f"different  {what}: {side} {wanted}; the database has {there}")
    if from_database:
        advice = "What is listed cannot be read from the database: write the first revision by hand, and stamp it."
    else:
        advice = (
            "Change the models until they are as the database is (where only names differ, the naming convention in "
            "models/base.py). Or adopt with --baseline-from-database, and the next revision changes the database."
        )
    return "\n".join([f"{name} differs in {len(lines)}:", *lines, f"Nothing was written, nothing stamped. {advice}"])


def _stamp(config: Config, draft: Script, file: Path) -> None:
    """Put the baseline into the project and stamp the database with it, or do neither."""
    logging.getLogger("alembic.connection").setLevel(logging.INFO)  # it tells of waiting for another migrator
    try:
        shutil.copy(draft.path, file)
        command.stamp(config, draft.revision)
    except BaseException:
        with suppress(CommandError):  # it cannot be reached: the file stays, and the next run says what to do with it
            if draft.revision not in baseline.look(config).heads:
                file.unlink(missing_ok=True)
        raise
