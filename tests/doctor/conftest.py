"""Projects of a few files, for checks that read them or run env.py in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alembic_proof.doctor.project import Project

INI = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
Layout = Callable[[dict[str, str]], Project]


@pytest.fixture
def lay(tmp_path: Path) -> Layout:
    """A function that writes files, besides an alembic.ini, and returns the project."""

    def write(files: dict[str, str]) -> Project:
        for name, text in {"alembic.ini": INI, "migrations/versions/.gitkeep": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Project(tmp_path / "alembic.ini")

    return write
