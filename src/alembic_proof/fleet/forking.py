"""The process from which the workers are forked. It imports what they need while the command itself still starts."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Collection
from multiprocessing.context import BaseContext
from pathlib import Path

PRELOADED = "ALEMBIC_PROOF_PRELOADED"  # the variable that tells it what to import: see preloaded.py


def context() -> BaseContext:
    """Return how workers start: forked from a process that has connected nowhere, where the system can do that."""
    can_fork = "forkserver" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if can_fork else "spawn")


def begin_to_start(file: Path, section: str, drivers: Collection[str]) -> None:
    """Begin to start that process, unless there is one.

    :param file: alembic.ini, or a pyproject.toml that configures Alembic.
    :param section: the section of alembic.ini.
    :param drivers: of the targets, as SQLAlchemy names them in a URL: "postgresql", or "postgresql+psycopg".
    """
    forking = context()
    if forking.get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver

    forking.set_forkserver_preload([f"{__package__}.preloaded"])
    os.environ[PRELOADED] = json.dumps([str(file), section, sorted(drivers)])
    try:
        forkserver.ensure_running()
    finally:
        del os.environ[PRELOADED]
