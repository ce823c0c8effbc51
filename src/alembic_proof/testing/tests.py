"""Tests of a project's migrations, which it imports by name: ``from alembic_proof.testing.tests import ...``.

``test_rows_survive`` runs every revision up, down and up again on tables with rows. Before each revision, the tables
are filled with generated rows. A revision that needs others says so in a line of its own file,
``rows = {"book": [{"title": "흰"}]}``: what these tables contain before it; or, if it creates the table, after it.
A line that is meant to destroy data ends with the comment ``# destroys data``, and names the table or the column.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ..doctor.project import NOT_BEGUN
from ..errors import ProofError
from ..sandbox import SCRATCH_VARIABLE
from ..sandbox.scratch import canonical

if TYPE_CHECKING:
    from ..doctor.project import Project
    from .chain import Chains

__all__ = ["test_rows_survive", "test_server_is_of_the_projects_kind", "test_the_doctor_finds_nothing"]


def test_rows_survive(migration_revision: int, migration_chains: Chains) -> None:
    """Up, down and up again: each succeeds, and the values that rows had before are there after it."""
    from .round_trip import round_trip

    try:
        chain = migration_chains.at(migration_revision)
        if not chain.revisions:
            pytest.skip(NOT_BEGUN)
        round_trip(chain, migration_revision)
        return
    except ProofError as error:
        message = str(error)
    pytest.fail(message, pytrace=False)


def test_the_doctor_finds_nothing(migration_project: Project) -> None:
    """In a process of its own, as models that other tests have imported would hide one that is not registered."""
    command = [sys.executable, "-m", "alembic_proof", "doctor", "--no-live", "--config"]
    run = subprocess.run(
        [*command, str(migration_project.configuration.file)],
        capture_output=True,
        cwd=migration_project.root,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_server_is_of_the_projects_kind(migration_project: Project) -> None:
    """The migrations are tested on the kind of database that they are written for."""
    dialect = canonical(migration_project.declared_dialect)
    if not dialect:
        pytest.skip("no URL says which kind of database the project has: give .env.example one")
    kind = migration_project.server.kind or "sqlite"
    assert kind == dialect, f"The project is for {dialect}, and {SCRATCH_VARIABLE} leads the tests to {kind}."
