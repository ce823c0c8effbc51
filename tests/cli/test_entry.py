"""The entry of the process, as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.project import LIBRARY

import alembic_proof


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m alembic_proof``."""
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY), **variables}
    command = [sys.executable, "-m", "alembic_proof", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        (["--version"], 0, f"alembic-proof {alembic_proof.__version__}\n", ""),
        (["doctor", "--config", "nowhere.ini"], 2, "", "There is no nowhere.ini: run this in the project"),
        (["heal"], 2, "", "usage: alembic-proof"),
    ],
)
def test_the_exit_code(tmp_path: Path, arguments: list[str], code: int, out: str, err: str) -> None:
    """And all of the output."""
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, out)
    assert done.stderr.startswith(err)


def test_the_working_directory_is_not_on_the_path(tmp_path: Path) -> None:
    """A project's modules would hide those of the standard library; but the library itself may lie there."""
    (tmp_path / "argparse.py").write_text("raise RuntimeError('hidden')\n")
    assert run("--version", cwd=tmp_path).returncode == 1  # argparse is imported before: Python itself does it
    (tmp_path / "argparse.py").rename(tmp_path / "textwrap.py")
    assert run("doctor", "--explain", "all", cwd=tmp_path).returncode == 0
    assert run("doctor", "--explain", "all", cwd=LIBRARY, PYTHONPATH="").returncode == 0


def test_letters_that_a_console_does_not_have(tmp_path: Path) -> None:
    """Are escaped."""
    directory = tmp_path / "서점"
    directory.mkdir()
    (directory / "alembic.ini").write_text("[alembic]\n")
    done = run("doctor", "--only", "static", cwd=directory, PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr
