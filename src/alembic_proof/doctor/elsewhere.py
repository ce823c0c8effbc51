"""The doctor in another process: with another interpreter, in another directory, or for another project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UndeterminedError
from .configuration import has_section
from .layout import NO_SOURCES

# Runs the command line of this library, wherever it lies, as the first module of an interpreter.
_COMMAND = """\
import sys
home = sys.argv.pop(1)
sys.path[:] = [*([] if home in sys.path else [home]), *filter(None, sys.path)]
from alembic_proof.cli.entry import run
run()
"""


def command(*arguments: str, python: str = sys.executable) -> list[str]:
    """Return the command that runs the doctor with these arguments, in any directory and with any interpreter."""
    home = str(Path(__file__).parents[2])
    return [python, "-c", _COMMAND, home, "doctor", *arguments]


def run_with(python: Path, arguments: list[str]) -> int:
    """Run the doctor with another interpreter; return its exit code. Raises UndeterminedError where it does not run."""
    try:
        done = subprocess.run(command(*arguments, python=str(python)))
    except OSError as error:
        raise UndeterminedError(f"{python} cannot be run: {error.strerror}: name a Python interpreter.") from None
    return done.returncode


def run_all(directory: Path, arguments: list[str], as_json: bool) -> int:
    """Run the doctor for every project in a directory, each in a process of its own.

    Returns the worst exit code: 1 for problems, then 2 for what could not be checked. Raises UndeterminedError where
    there is no project.
    """
    configs = list(configurations(directory))
    if not configs:
        raise UndeterminedError(
            f"There is no alembic.ini, and no pyproject.toml with [tool.alembic], below {directory}."
        )
    codes: set[int] = set()
    reports: list[Any] = []
    for config in configs:
        if not as_json:
            print(f"== {config.relative_to(directory)}", flush=True)
        done = subprocess.run(
            command("--config", str(config), *arguments),
            stdout=subprocess.PIPE if as_json else None,
            encoding="utf-8",
        )
        codes.add(done.returncode)
        if as_json:
            reports.append(json.loads(done.stdout))
    if as_json:
        print(json.dumps(reports, indent=1, ensure_ascii=False))
    return next((code for code in (1, 2) if code in codes), max(codes))


def configurations(directory: Path) -> Iterator[Path]:
    """Yield the files below a directory with which a project of Alembic begins."""
    for place, inside, names in os.walk(directory):
        inside[:] = sorted(
            name
            for name in inside
            if name not in NO_SOURCES and name[0] != "." and not Path(place, name, "pyvenv.cfg").is_file()
        )
        if "alembic.ini" in names:
            yield Path(place, "alembic.ini")
        elif "pyproject.toml" in names and has_section(Path(place, "pyproject.toml")):
            yield Path(place, "pyproject.toml")
