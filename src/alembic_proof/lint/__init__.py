"""What in a revision would make production wait, or break the application that is still running there.

The revisions run on a scratch database, and the server tells what each statement locks, reads and rewrites.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UndeterminedError


def run(config_path: Path, since: str | None = None) -> int:
    """Lint a project's revisions, all or those after one, and print the findings.

    The path is that of alembic.ini, or of a pyproject.toml with [tool.alembic].
    Returns the exit code: 0 for no finding, 1 for findings, 2 if the revisions could not be examined.
    """
    from .runner import lint

    try:
        return lint(config_path, since)
    except UndeterminedError as reason:
        print(f"unknown: {reason}")
        return 2
