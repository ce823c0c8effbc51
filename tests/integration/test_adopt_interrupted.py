"""Ctrl-C while adopt waits for another migrator: the last moment at which there is a file and no stamp."""

from __future__ import annotations

import signal
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect
from support.project import Project
from support.written import Written

USERS = 'sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))'


def test_it_leaves_nothing(tmp_path: Path, home: Path, postgresql: str) -> None:
    """No file, no stamp, and the next run succeeds."""
    written = Written(tmp_path / "shop", postgresql, USERS)
    written.create_all()
    project = Project(written.path, home)
    with create_engine(postgresql, poolclass=NullPool).connect() as other:
        other.exec_driver_sql(f"SELECT pg_advisory_lock({int.from_bytes(b'alembic', 'big')})")
        running = project.start("alembic-proof", "adopt", TEST_DATABASE_URL=postgresql)
        assert running.stdout
        for line in running.stdout:
            if "waiting for it" in line:
                assert len(list(written.versions.glob("*.py"))) == 1
                running.send_signal(signal.SIGINT)
                break
        assert "Interrupted." in running.stdout.read()
        assert inspect(other).get_table_names() == ["users"]
    assert running.wait() == 130
    assert not list(written.versions.glob("*.py"))
    project.ok("alembic-proof", "adopt", TEST_DATABASE_URL=postgresql)
