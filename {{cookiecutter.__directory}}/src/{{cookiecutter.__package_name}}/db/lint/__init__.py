"""What in a revision would make production wait, or break the application that still runs there.

The revisions are applied to a scratch database, and the server tells what each statement locks, reads and rewrites.
"""

import argparse
import re
from pathlib import Path
from textwrap import indent

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, make_url

from ... import settings
from .. import doctor
from ..doctor_checks import first_line
from .mysql import MySQL
from .postgresql import PostgreSQL
from .squawk import ask_squawk
from .watch import Finding, Statement, Watch

WATCHES: dict[str, type[Watch]] = {"postgresql": PostgreSQL, "mysql": MySQL, "mariadb": MySQL}


def main(argv: list[str] | None = None) -> int:
    """Print what was found. Returns 0 for nothing, 1 for findings, 2 if it could not be looked at."""
    parser = argparse.ArgumentParser(prog="lint", description=__doc__)
    parser.add_argument("--since", metavar="REVISION", help="leave out this revision and those before it")
    since = parser.parse_args(argv).since
    try:
        root = settings.project_root()
        if root is None:
            raise doctor.Unknown(f"there is no alembic.ini above {Path.cwd()}: run this in the project")
        return _lint(doctor.Project(root / "alembic.ini"), since)
    except doctor.Unknown as reason:
        print(f"unknown: {reason}")
        return 2


def _lint(project: doctor.Project, since: str | None) -> int:
    if project.foreign:
        raise doctor.Unknown(project.foreign)
    with doctor.scratch_database() as url:
        kind = make_url(url).get_backend_name()
        if kind not in WATCHES:
            print("ok: on SQLite one connection writes at a time, whatever a revision does; there is nothing to lint.")
            return 0
        statements = watched(project, url, since)
    unknown = ask_squawk(statements) if kind == "postgresql" else ""
    found = [(one, finding) for one in statements for finding in one.findings if not is_reviewed(one, finding)]
    for one, finding in found:
        print(told(project, one, finding))
    revisions = len({one.path for one in statements})
    print(f"{len(found)} findings in {len(statements)} statements of {revisions} revisions, on {kind}")
    if unknown:
        print(f"unknown: {unknown}")
    return 1 if found else 2 if unknown else 0


def watched(project: doctor.Project, url: str, since: str | None) -> list[Statement]:
    """Upgrade a scratch database; return the statements of the revisions, all or those after one, with what they do.

    Raises Unknown when that fails.
    """
    config = Config(project.ini)
    scripts = ScriptDirectory.from_config(config)
    watch = WATCHES[make_url(url).get_backend_name()]({script.path for script in scripts.walk_revisions()})
    engine = create_engine(url, poolclass=NullPool, connect_args=watch.connect_args)
    config.attributes["connection"] = engine
    try:
        if since:
            command.upgrade(config, since)
        with watch.watching(engine):
            command.upgrade(config, "heads")
    except Exception as error:
        last = watch.statements[-1] if watch.statements else None
        where = f" at {project.name(last.path, last.line)}" if last else ""
        raise doctor.Unknown(f"alembic upgrade stops{where}: {first_line(error)}") from None
    if not watch.statements and not since and scripts.get_heads():
        raise doctor.Unknown("no revision executes anything: run the doctor, which knows why")
    return watch.statements


def is_reviewed(statement: Statement, finding: Finding) -> bool:
    """Tell whether a comment in the revision names every table of a finding, as in ``# locks book, author: small``."""
    text = Path(statement.path).read_text(encoding="utf-8")
    named = re.findall(rf"#\s*{finding.verb} +([\w.]+(?:, *[\w.]+)*)", text)
    return set(finding.tables) <= {name for names in named for name in re.split(r", *", names)}


def told(project: doctor.Project, statement: Statement, finding: Finding) -> str:
    """Return a finding as people read it."""
    details = [
        " ".join(statement.sql.split())[:200],
        f"instead: {finding.instead}",
        f"or, if that is meant, a comment in the revision: # {finding.verb} {', '.join(finding.tables)}",
    ]
    return f"{project.name(statement.path, statement.line)}: {finding.what}\n" + indent("\n".join(details), "    ")
