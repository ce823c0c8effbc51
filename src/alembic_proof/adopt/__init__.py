"""Brings a database that exists under migrations, and an Alembic project under this library."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from ..errors import ProofError


def run(config_path: Path, from_database: bool = False, write_env: bool = False) -> int:
    """Adopt the database that env.py connects to, and print what was done.

    If env.py does not use this library yet, the lines to add are printed, or on request written.

    :param config_path: of alembic.ini, or of a pyproject.toml with [tool.alembic].
    :param from_database: make the baseline from the database's tables, not from the models.
    :param write_env: add the lines to env.py.
    :return: the exit code: 0, 1 when all is left as it was, or 130 after Ctrl-C. In a project that has revisions, the
        lines in env.py are all there is to do; so they are where the database has no table of the models.
    """
    from alembic.util import CommandError

    from ..doctor.project import Project
    from .adoption import NothingToAdoptError, adopt
    from .env_lines import use_library

    logging.basicConfig(format="%(message)s")
    has_changed = ""
    project = Project(config_path)
    try:
        used_before = project.uses_library
        if not use_library(config_path, write_env):
            return 1
        has_changed = "" if used_before else " The lines in env.py are written, as is said above: run this again."
        if not used_before and project.revisions:
            next_ = project.spelled("Next: alembic check, then alembic-proof doctor")
            print(f"The project has revisions, so nothing is to adopt. {next_}")
            return 0
        try:
            adopt(config_path, from_database)
        except NothingToAdoptError as error:
            if used_before:
                raise
            print(project.spelled(str(error)))
    except (CommandError, ProofError) as error:
        print(f"{project.spelled(str(error))}{has_changed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. Run it again: it starts over, or says what is done already.", file=sys.stderr)
        return 130
    return 0
