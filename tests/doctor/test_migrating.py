"""What holds while env.py migrates."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from support.databases import make_database
from support.written import Written

from alembic_proof.doctor.migrating import Migrating, while_migrating
from alembic_proof.doctor.project import Project
from alembic_proof.sandbox import SCRATCH_VARIABLE

CONNECT = "with connect(config, url) as connection:"
NO_LOCK = "with sa.create_engine(url()).connect() as connection:"
ENFORCED = (
    '        connection.connection.cursor().execute("PRAGMA foreign_keys=ON")\n        context.configure(connection'
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("locked", [True, False])
def test_who_else_may_migrate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, locked: bool) -> None:
    """Nobody, if env.py connects with the library; it is seen from another connection, on each database."""
    with make_database(kind, tmp_path) as server, ExitStack() as stack:
        written = Written(tmp_path / "shop", server)
        if kind != "sqlite":
            monkeypatch.setenv(SCRATCH_VARIABLE, server)
        env = written.path / "migrations/env.py"
        env.write_text(env.read_text() if locked else env.read_text().replace(CONNECT, NO_LOCK))
        project = Project(written.ini)
        project.enter_sandbox(stack)
        assert while_migrating(project) == [Migrating(locked, enforces_foreign_keys=False)]
        assert while_migrating(project) is while_migrating(project)


def test_foreign_keys(tmp_path: Path) -> None:
    """Of SQLite, on the connection that migrates."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db")
    env = written.path / "migrations/env.py"
    env.write_text(env.read_text().replace("        context.configure(connection", ENFORCED))
    with ExitStack() as stack:
        project = Project(written.ini)
        project.enter_sandbox(stack)
        assert [state.enforces_foreign_keys for state in while_migrating(project)] == [True]
