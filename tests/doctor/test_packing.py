"""The library as one file."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import alembic_proof
from alembic_proof.doctor import packing
from alembic_proof.doctor.packing import pack
from alembic_proof.errors import UndeterminedError


def test_it_runs_the_doctor(tmp_path: Path) -> None:
    """With nothing on the path."""
    archive = tmp_path / "doctor.pyz"
    pack(archive)
    names = zipfile.ZipFile(archive).namelist()
    assert "alembic_proof/doctor/runner.py" in names
    assert not [name for name in names if "__pycache__" in name]
    command = [sys.executable, "-I", "-S", str(archive), "--explain", "files-parse"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert done.stdout.startswith("files-parse (static: nothing is run; since 1.0)"), done.stderr
    version = [sys.executable, "-I", "-S", str(archive), "--config", "missing.ini"]
    assert subprocess.run(version, capture_output=True, cwd=tmp_path).returncode == 2
    assert alembic_proof.__version__


def test_it_is_not_packed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file like this can be copied."""
    monkeypatch.setattr(packing, "__file__", str(tmp_path / "doctor.pyz/alembic_proof/doctor/packing.py"))
    with pytest.raises(UndeterminedError, match="copy it"):
        pack(tmp_path / "other.pyz")
