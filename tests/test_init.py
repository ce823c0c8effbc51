"""The public names: few, and imported when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.project import LIBRARY

import alembic_proof


@pytest.mark.parametrize("name", alembic_proof.__all__)
def test_a_public_name(name: str) -> None:
    """Exists, is documented, and is listed."""
    value = getattr(alembic_proof, name)
    assert name in dir(alembic_proof)
    assert dir(alembic_proof).count(name) == 1
    assert name == "__version__" or value.__doc__


def test_another_name() -> None:
    """An AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'option'"):
        _ = alembic_proof.option


def test_importing_it_imports_neither_alembic_nor_sqlalchemy() -> None:
    """An application that only reads a setting waits for neither."""
    code = "import sys, alembic_proof; alembic_proof.SettingsError; print({'alembic', 'sqlalchemy'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(LIBRARY)}, capture_output=True, encoding="utf-8"
    )
    assert done.stdout == "set()\n", done.stderr
