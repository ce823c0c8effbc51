"""One DATABASE_URL, with the driver and the options of an asynchronous application, serves its migrations too."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url
from support.project import Project

APPLICATION = """
import asyncio
from pathlib import Path

import alembic_proof
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def main():
    url = alembic_proof.database_url("DATABASE_URL", project=Path.cwd(), asynchronous=True)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: alembic_proof.require_head(sync.engine, "alembic.ini"))
        await connection.execute(text("INSERT INTO t (id) VALUES (1)"))
        print(engine.dialect.driver, (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one())
    await engine.dispose()


asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("database", "driver", "query", "left_out"),
    [
        ("sqlite", "aiosqlite", "timeout=9", ""),
        ("postgresql", "asyncpg", "ssl=prefer&prepared_statement_cache_size=0", "prepared_statement_cache_size"),
        ("postgresql", "psycopg", "sslmode=prefer&connect_timeout=9", ""),
        ("mysql", "asyncmy", "charset=utf8mb4&stmt_cache_size=9", "stmt_cache_size"),
        ("mysql", "aiomysql", "charset=utf8mb4&echo=true", "echo"),
    ],
    indirect=["database"],
)
def test_one_url(project: Project, database: str, driver: str, query: str, left_out: str) -> None:
    """What the migrations leave out, they say; the application keeps the driver that the URL names."""
    url = make_url(f"{database}?{query}")
    url = url.set(drivername=f"{url.get_backend_name()}+{driver}")
    project.write(".env", f"DATABASE_URL={url.render_as_string(hide_password=False)}\n")
    project.revision("r1", None, "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))")
    output = project.alembic("upgrade head")
    named = [line.rpartition(": ")[2] for line in output.splitlines() if "left out, as the driver" in line]
    assert named == ([f"{left_out}."] if left_out else [])
    assert project.ok("python", "-c", APPLICATION) == f"{driver} 1\n"
    assert "r1 (head)" in project.alembic("current")
