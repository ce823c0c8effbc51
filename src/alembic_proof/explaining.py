"""What an error of a command says to a person: the place, the state of the database, what to do."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import said

if TYPE_CHECKING:
    from .doctor.findings import Finding
    from .doctor.project import Project

_LONGEST = 200  # characters of a statement; some create whole tables


def sentence(config: Any, error: Exception, variable: str = "") -> str:
    """Return what is wrong, where, in which state the database is, and what to do; empty for what is not known.

    :param config: Alembic's Config.
    :param error: what came out of the command, with its traceback.
    :param variable: the environment variable that brings the traceback back, where there is one.
    """
    from .doctor.error_hints import CREATED_TWICE, NOT_KNOWN
    from .doctor.failures import END_CONFLICT, SAVE_AS_UTF_8, failure
    from .doctor.project import Project
    from .migrate.aftermath import aftermath

    file = next(file for file in (config.config_file_name, getattr(config, "toml_file_name", None)) if file)
    project = Project(Path(file).absolute(), config.config_ini_section)
    outcome = failure(project, error)
    finding = _of_the_chain(project, error) or next(iter(outcome.findings), None)
    if finding is None:
        return "" if "the doctor itself" in outcome.reason else f"{outcome.reason}. {aftermath(error)}"
    is_of_python = isinstance(error, SyntaxError) and finding.fix not in (END_CONFLICT, SAVE_AS_UTF_8)
    says_nothing = finding.fix == NOT_KNOWN or is_of_python
    fix = "" if says_nothing else f" What to do: {finding.fix}."
    if finding.fix == CREATED_TWICE and _commits_between(project.root / finding.where.rpartition(":")[0]):
        fix = (
            " What to do: this revision has an autocommit_block(), so a run that failed there has left what came "
            f"before it. If so, undo that by hand, and run it again; else {finding.fix}."
        )
    message = _of_the_database(error) or finding.message
    more = f" ({variable}=1 shows the traceback.)" if variable else ""
    return project.spelled(f"{finding.where}: {message.rstrip('.')}. {aftermath(error)}{fix}{more}")


def _commits_between(revision: Path) -> bool:
    """Tell whether a revision commits before it ends."""
    try:
        return b"autocommit_block" in revision.read_bytes()
    except OSError:
        return False


def _of_the_chain(project: Project, error: Exception) -> Finding | None:
    """Return what is wrong with the order of the revisions, where Alembic stumbles over it; None for other errors."""
    from .doctor.revision_chain import Chain

    place = traceback.extract_tb(error.__traceback__)[-1].filename
    stumbles = isinstance(error, KeyError) and Path(place).parts[-3:] == ("alembic", "script", "revision.py")
    return next(Chain(project).findings(), None) if stumbles else None


def _of_the_database(error: Exception) -> str:
    """Return what a database says of a statement; an empty string for other errors."""
    reason, statement = getattr(error, "orig", None), getattr(error, "statement", None)
    if reason is None:
        return ""
    text = " ".join(said(reason).split())
    if not statement:
        return f"the database says: {text}"
    short = " ".join(str(statement).split())
    short = short if len(short) <= _LONGEST else f"{short[:_LONGEST]}..."
    return f"the database refuses {short} ({text})"
