"""The three questions, in this process, on SQLite."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.databases import rows
from support.written import Written

from alembic_proof.doctor.project import Project
from alembic_proof.doctor.questions import answers

TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
NONE: dict[str, Any] = {"tables": None, "revision": [], "differences": None}

CASES: list[tuple[list[str], dict[str, Any]]] = [
    ([], NONE),
    (["CREATE TABLE u (i INTEGER)"], {"tables": ["u"], "revision": [], "differences": ["add_table t"]}),
    (
        [
            "CREATE TABLE t (id INTEGER NOT NULL, CONSTRAINT pk_t PRIMARY KEY (id))",
            "CREATE TABLE alembic_unfinished (i INTEGER)",
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            "INSERT INTO alembic_version VALUES ('a1')",
        ],
        {"tables": ["t"], "revision": ["a1"], "differences": []},
    ),
]


@pytest.mark.parametrize(("statements", "expected"), CASES)
def test_answers(tmp_path: Path, statements: list[str], expected: dict[str, Any]) -> None:
    """Which tables do the models register, which are in the database, and what does Alembic see?"""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    for statement in statements:
        rows(written.url, statement)
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        found = answers(project)
    assert found == {"models": ["t"], "database": f"sqlite+pysqlite:///{tmp_path}/x.db", **expected}
