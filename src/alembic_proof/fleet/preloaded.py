"""Imported by the process from which workers are forked, and by no other: see forking.py.

To import what a migration needs takes longer than the migration of a database: here it is done once for all workers.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Collection
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path

from .forking import PRELOADED


def _prepare(file: str, section: str, drivers: Collection[str]) -> None:
    """Import the library, the revisions, the models and the drivers. What cannot be imported, a job will tell."""
    from ..autogenerate import pipeline  # noqa: F401
    from . import entry  # noqa: F401
    from .connections import dialect_of
    from .history import History, Project

    for driver in drivers:
        with suppress(Exception):
            dialect_of(driver)
    project = Project(Path(file), section)
    with suppress(Exception):
        History(project)  # Alembic puts the project on the path; each worker reads the revisions as they are then
        for models in project.settings.models:
            import_module(models)


if PRELOADED in os.environ:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command
    gc.disable()  # nothing that is imported is garbage; cli/entry.py does the same
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]
    with redirect_stdout(sys.stderr), suppress(SystemExit):  # the standard output is for the report
        _prepare(*json.loads(os.environ.pop(PRELOADED)))
    gc.freeze()  # what all workers share stays shared
    gc.enable()
