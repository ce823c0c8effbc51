"""What ``alembic`` and ``flask db`` say of an error that ends them: a sentence with the place, and no traceback.

Both print only Alembic's own errors so. What a model, a revision, a row or a server does comes out of it as it is.
"""

from __future__ import annotations

import os
import sys
import traceback
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..doctor.findings import Finding
    from ..doctor.project import Project

VARIABLE = "ALEMBIC_PROOF_TRACEBACK"  # set in the environment, it brings the traceback back
_LONGEST = 200  # characters of a statement; some create whole tables


def explain_failures() -> None:
    """Let the error that ends the running alembic command be said in a sentence; any other program is left alone.

    So is one that has a sys.excepthook of its own, as it reports errors to somebody.
    """
    from .. import upstream
    from ..prompts import is_flask_command

    try:
        config = upstream.environment_context().config
    except NameError:  # nobody runs env.py
        return
    is_command = upstream.command_line(config) or is_flask_command(config)
    if is_command and sys.excepthook is sys.__excepthook__ and not os.environ.get(VARIABLE):
        sys.excepthook = partial(_say, config)


def _say(config: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    try:
        text = sentence(config, error) if isinstance(error, Exception) else ""
    except Exception:  # whatever cannot be explained, the traceback shows
        text = ""
    if text:
        print(f"FAILED: {text}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def sentence(config: Any, error: Exception) -> str:
    """Return what is wrong, where, in which state the database is, and what to do; empty for what is not known.

    :param config: Alembic's Config.
    :param error: what came out of the command, with its traceback.
    """
    from ..doctor.error_hints import NOT_KNOWN
    from ..doctor.failures import END_CONFLICT, failure
    from ..doctor.project import Project
    from ..migrate.aftermath import aftermath

    file = next(file for file in (config.config_file_name, getattr(config, "toml_file_name", None)) if file)
    project = Project(Path(file).absolute(), config.config_ini_section)
    outcome = failure(project, error)
    finding = _of_the_chain(project, error) or next(iter(outcome.findings), None)
    if finding is None:
        return "" if "the doctor itself" in outcome.reason else f"{outcome.reason}. {aftermath(error)}"
    says_nothing = finding.fix == NOT_KNOWN or (isinstance(error, SyntaxError) and finding.fix != END_CONFLICT)
    fix = "" if says_nothing else f" What to do: {finding.fix}."
    message = _of_the_database(error) or finding.message
    more = f"({VARIABLE}=1 shows the traceback.)"
    return project.spelled(f"{finding.where}: {message.rstrip('.')}. {aftermath(error)}{fix} {more}")


def _of_the_chain(project: Project, error: Exception) -> Finding | None:
    """Return what is wrong with the order of the revisions, where Alembic stumbles over it; None for other errors."""
    from ..doctor.revision_chain import Chain

    place = traceback.extract_tb(error.__traceback__)[-1].filename
    stumbles = isinstance(error, KeyError) and Path(place).parts[-3:] == ("alembic", "script", "revision.py")
    return next(Chain(project).findings(), None) if stumbles else None


def _of_the_database(error: Exception) -> str:
    """Return what a database says of a statement; an empty string for other errors."""
    reason, statement = getattr(error, "orig", None), getattr(error, "statement", None)
    if reason is None:
        return ""
    said = reason.args[1] if len(reason.args) > 1 and isinstance(reason.args[0], int) else reason
    text = " ".join(str(said).split())
    if not statement:
        return f"the database says: {text}"
    short = " ".join(str(statement).split())
    short = short if len(short) <= _LONGEST else f"{short[:_LONGEST]}..."
    return f"the database refuses {short} ({text})"
