"""Runs a project's revisions on a scratch database, and reports what production would notice of each statement."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from textwrap import indent

from ..doctor.project import Project
from ..errors import NoScratchDatabaseError, UndeterminedError, first_line
from ..revisions import markers
from ..sandbox import quiet
from ..sandbox.redirect import explain
from .mysql import MySQL
from .observer import Finding, Observer, Statement
from .postgresql import PostgreSQL
from .squawk import run_squawk

OBSERVERS: tuple[type[Observer], ...] = (PostgreSQL, MySQL)


def lint(config_path: Path, since: str | None) -> int:
    """Print the findings. Returns 0 if there are none, and 1 if there are some.

    Raises UndeterminedError when the revisions could not be examined; 2 says that of a part of them.
    """
    project = Project(config_path)
    if project.missing_server:
        raise UndeterminedError(project.missing_server)
    with ExitStack() as stack:
        project.enter_sandbox(stack)
        dialect = _dialect(project)
        observers = [kind for kind in OBSERVERS if dialect in kind.dialects]
        if not observers:
            print(f"ok: on {dialect} nothing is to lint: one connection writes at a time, whatever a revision does.")
            return 0
        statements = observe(project, observers[0], since)
    not_examined = run_squawk(statements) if dialect == "postgresql" else ""
    findings = [(statement, found) for statement in statements for found in statement.findings]
    findings = [pair for pair in findings if not is_reviewed(*pair)]
    for statement, finding in findings:
        print(describe(project, statement, finding))
    revisions = len({statement.path for statement in statements})
    print(f"{len(findings)} findings in {len(statements)} statements of {revisions} revisions, on {dialect}")
    if not_examined:
        print(f"unknown: {not_examined}")
    return 1 if findings else 2 if not_examined else 0


def _dialect(project: Project) -> str:
    """Return the dialect of the database that env.py connects to."""
    try:
        with quiet():
            runs = project.runs()
    except NoScratchDatabaseError as error:
        raise UndeterminedError(explain(error)) from None
    except UndeterminedError:
        raise
    except (Exception, SystemExit) as error:  # the project's own code failed, or left
        raise UndeterminedError(f"env.py fails ({_told(error)}): run alembic-proof doctor") from None
    if not runs:
        raise UndeterminedError("env.py ends without run_migrations(): run alembic-proof doctor")
    return runs[0].context.dialect.name


def observe(project: Project, kind: type[Observer], since: str | None) -> list[Statement]:
    """Upgrade the scratch database; return the statements of all revisions, or of those after one, with findings.

    Raises UndeterminedError if the upgrade fails.
    """
    config = project.config()
    scripts = project.script_directory(config)
    observer = kind({script.path for script in scripts.walk_revisions()})
    try:
        with quiet():
            if since:
                project.alembic("upgrade", config, since)
            with observer.observing():
                project.alembic("upgrade", config, "heads")
    except (Exception, SystemExit) as error:
        last = observer.statements[-1] if observer.statements else None
        where = f" at {project.name(last.path, last.line)}" if last else ""
        raise UndeterminedError(f"alembic upgrade fails{where}: {_told(error)}") from None
    if not observer.statements and not since and scripts.get_heads():
        raise UndeterminedError("no revision executes anything: run alembic-proof doctor, which explains it")
    return observer.statements


def _told(error: BaseException) -> str:
    return f"it exits with {error.code}" if isinstance(error, SystemExit) else first_line(error)


def is_reviewed(statement: Statement, finding: Finding) -> bool:
    """Tell whether a comment in the revision names every table of a finding, as in ``# locks book, author: small``."""
    text = Path(statement.path).read_text(encoding="utf-8")
    return set(finding.tables) <= markers.reviewed_tables(text, finding.marker)


def describe(project: Project, statement: Statement, finding: Finding) -> str:
    """Return a finding as text for people."""
    details = [
        " ".join(statement.sql.split())[:200],
        f"instead: {finding.instead}",
        f"or, if it is meant, a comment in the revision: # {finding.marker} {', '.join(finding.tables)}",
    ]
    return f"{project.name(statement.path, statement.line)}: {finding.message}\n" + indent("\n".join(details), "    ")
