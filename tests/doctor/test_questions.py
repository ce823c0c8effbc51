"""The three questions, in this process, on SQLite."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic import autogenerate
from support.databases import rows
from support.plain import plain_project
from support.written import Written

from alembic_proof.doctor.checks.lifecycle import models_match_revisions, upgraded
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.questions import answers
from alembic_proof.errors import UndeterminedError

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
    database = {"database": f"sqlite+pysqlite:///{tmp_path}/x.db", "models": ["t"], **expected}
    assert found == {**database, "models": ["t"], "databases": [database]}


TWO = """\
for name, metadata in (("a", target_metadata), ("b", sa.MetaData())):
    sa.Table(f"only_{name}", metadata, sa.Column("id", sa.Integer, primary_key=True))
    with sa.create_engine(f"sqlite:///PATH/{name}.db").connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations(engine_name=name)
"""


def test_several_databases(tmp_path: Path) -> None:
    """Each is compared with its own models."""
    project = plain_project(
        tmp_path,
        ("    run_migrations_online()\n", "    pass\n"),
        ("if context.is_offline_mode", TWO.replace("PATH", str(tmp_path)) + "if context.is_offline_mode"),
    )
    for name in ("a", "b"):
        rows(f"sqlite:///{tmp_path}/{name}.db", f"CREATE TABLE only_{name} (id INTEGER NOT NULL PRIMARY KEY)")
    with ExitStack() as stack:
        project.enter_sandbox(stack)
        found = answers(project)["databases"]
    assert [each["models"] for each in found] == [["a", "only_a"], ["only_b"]]
    assert [each["differences"] for each in found] == [["add_table a", "add_index ix_a_name"], []]


@pytest.mark.parametrize(("altered", "compared"), [("", 1), ("CREATE TABLE other (i INTEGER)", 2)])
def test_nothing_is_compared_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, altered: str, compared: int
) -> None:
    """Where the database is as the revisions build it, what Alembic sees there is known already."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    written.revision("a1", None, "op.create_table('t', sa.Column('id', sa.Integer(), nullable=False))")
    written.alembic("upgrade", "head")
    if altered:
        rows(written.url, altered)
    calls: list[Any] = []
    plain = autogenerate.compare_metadata

    def counted(context: Any, metadata: Any) -> Any:
        calls.append(metadata)
        return plain(context, metadata)

    monkeypatch.setattr(autogenerate, "compare_metadata", counted)
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        upgraded(project)
        assert list(models_match_revisions.find(project))
        found = answers(project)
        assert len(calls) == compared
        project.compared.clear()
        assert answers(project) == found
    assert found["differences"]


def test_an_env_py_that_leads_nowhere(tmp_path: Path) -> None:
    """It is empty: that is said, and no error of the doctor's own."""
    project = plain_project(tmp_path, files={"migrations/env.py": ""})
    with ExitStack() as stack:
        project.enter_sandbox(stack)
        with pytest.raises(UndeterminedError, match=r"env\.py leads to no database"):
            answers(project)
