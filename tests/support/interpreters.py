"""The Python interpreters of this machine, and environments made with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from .project import BIN

INTERPRETERS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PASSED_ON = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "UV_"))}
PASSED_ON["UV_SYSTEM_CERTS"] = "true"  # where a proxy has certificates of its own, the system knows them
QUICK = [str(BIN / "uv"), "--system-certs"]


@cache
def _interpreters() -> dict[str, Path]:
    """Return the interpreters by minor version: this one, on the PATH, or where pyenv keeps them."""
    interpreters = {}
    for version in INTERPRETERS:
        pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
        for candidate in (shutil.which(f"python{version}"), *sorted(pyenv)):
            works = [candidate or "", "-c", "import venv, sqlite3"]
            if candidate and subprocess.run(works, capture_output=True).returncode == 0:
                interpreters[version] = Path(candidate)
    interpreters[f"3.{sys.version_info.minor}"] = Path(sys.executable)
    return interpreters


def interpreter(version: str) -> Path:
    """Return the interpreter of a minor version; skip the test if this machine has none."""
    if version not in _interpreters():
        pytest.skip(f"needs Python {version} on the PATH")
    return _interpreters()[version]


def venv(python: Path, directory: Path, *requirements: str) -> Path:
    """Make a virtual environment with some packages and return its directory of programs."""
    subprocess.run([*QUICK, "venv", "-q", "--seed", "-p", python, directory], check=True)
    if requirements:
        install(directory / "bin/python", *requirements)
    return directory / "bin"


def install(python: Path, *requirements: str, cwd: Path | None = None) -> None:
    """Install packages for an interpreter: with uv, which is quicker than pip."""
    subprocess.run([*QUICK, "pip", "install", "-q", "-p", python, *requirements], cwd=cwd, check=True)
