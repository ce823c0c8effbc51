"""What a document prints, run as a stranger would: an empty HOME, a bare PATH."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .interpreters import PASSED_ON


def blocks(markdown: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", markdown, re.DOTALL)


def stranger(directory: Path) -> dict[str, str]:
    """Return the environment of a machine that has Python 3, git and the system's commands only."""
    (directory / "bin").mkdir()
    (directory / "home").mkdir()
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (directory / "bin/python3").symlink_to(python)
    # Most of what is installed is not imported; and what this machine has fetched once, it need not fetch again.
    quick = {"PIP_NO_COMPILE": "1", "PIP_CACHE_DIR": str(Path.home() / ".cache/pip")}
    path = f"{directory}/bin:/usr/bin:/bin"
    return {**quick, **PASSED_ON, "HOME": str(directory / "home"), "PATH": path, "CI": "true"}


def shell(script: str, directory: Path, environment: dict[str, str]) -> str:
    """Run a script as a person would type it, stopping at the first failure, and return its output."""
    command = ["bash", "-ec", script]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
