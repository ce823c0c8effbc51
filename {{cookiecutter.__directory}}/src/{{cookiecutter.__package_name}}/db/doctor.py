"""The doctor: checks that a schema is wired and in step, each with its fix. For this project, or any under Alembic.

``python doctor.py --config path/to/alembic.ini`` examines a project with that project's own interpreter. It starts with
the standard library alone, and needs nothing but the folder doctor_checks beside it; ``--pack doctor.pyz`` makes both
one file to take along.
"""

import importlib
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    others = [entry for entry in sys.path if Path(entry).resolve() != here]
    sys.dont_write_bytecode = True  # nothing is left behind in the project
    sys.path[:] = [str(here), *others]
    command = importlib.import_module("doctor_checks.command")
    sys.path[:] = others  # what else is in this folder is not for the project that is examined
    code = command.main()
    sys.stdout.flush()
    os._exit(code)  # at once: taking down all that was imported would take as long as several checks

from .doctor_checks import Unknown
from .doctor_checks.command import main
from .doctor_checks.project import Project
from .doctor_checks.standin import scratch_database

__all__ = ["Project", "Unknown", "main", "scratch_database"]
