"""The wiring is sound: pytest-alembic's tests would pass as well if env.py did nothing at all."""

import subprocess
import sys

import pytest

from {{ cookiecutter.__package_name }}.db import doctor


def test_the_doctor_finds_nothing() -> None:
    """In a process of its own, as models that other tests have imported would hide one that is not registered."""
    run = subprocess.run([sys.executable, doctor.__file__, "--no-live"], capture_output=True, encoding="utf-8")
    if run.returncode == 2 and "TEST_DATABASE_URL" in run.stdout:
        pytest.skip(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
