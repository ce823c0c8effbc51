"""What ``alembic upgrade --sql`` prints, run by each database's own client, does what an upgrade does. Row A2."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from support.databases import make_database
from support.lab import Lab

from alembic_proof import schema

# Signs that mean something to a driver, to a client, to SQLAlchemy or to a database.
ODD = "100% %s %(a)s it''s :b \\ \"q\" $1 $$ {{c}} -- ; /* ? # ` 한국 é 😀 end"
UPGRADE = f"""
odd = {ODD!r}.replace("''", "'")
label = "50% a:b"
op.create_table(
    "odd %s",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("a%b", sa.String(200), server_default=odd, comment=odd),
    sa.Column("kind", sa.Enum(label, "it's", name="kind%")),
    sa.Column("at", sa.DateTime()),
    sa.Column("on", sa.Date()),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("yes", sa.Boolean()),
    sa.Column("raw", sa.LargeBinary()),
    sa.Column("tree", sa.JSON()),
    sa.Column("x", sa.Integer()),
    sa.CheckConstraint("x % 7 <> 3", name="ck_%"),
    comment=odd,
)
op.create_table(
    "plain",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("text", sa.Text()),
    sa.Column("n", sa.Integer(), server_default=sa.text("(7 % 4)")),
)
table = sa.table(
    "odd %s", sa.column("id", sa.Integer), sa.column("a%b", sa.String),
    sa.column("kind", sa.Enum(label, "it's", name="kind%")),
    sa.column("at", sa.DateTime), sa.column("on", sa.Date), sa.column("price", sa.Numeric(10, 2)),
    sa.column("yes", sa.Boolean), sa.column("raw", sa.LargeBinary), sa.column("tree", sa.JSON),
    sa.column("x", sa.Integer),
)
import datetime, decimal
moment = datetime.datetime(2026, 1, 5, 4, 3, 2)
row = {{"id": 1, "kind": label, "at": moment, "on": moment.date(),
        "price": decimal.Decimal("12.50"), "yes": True, "raw": b"\\x01\\x80'%\\\\", "tree": {{"k%": odd}}, "x": None}}
op.bulk_insert(table, [row, {{**row, "id": 2, "a%b": odd, "raw": None, "yes": False}}])
plain = sa.table("plain", sa.column("id", sa.Integer), sa.column("text", sa.Text), sa.column("n", sa.Integer))
op.execute(sa.insert(plain).values(id=1, text=odd))
op.execute("INSERT INTO plain (id, text) VALUES (2, '100% %s \\\\:b')")
op.execute(sa.text("INSERT INTO plain (id, text) VALUES (3, :v)").bindparams(v="x%y:z"))
op.execute(sa.update(plain).where(plain.c.text.like("x%")).values(n=plain.c.n % 2))
op.execute(sa.insert(plain).values(id=4, text="line 1\\nline 2"))
op.execute(sa.insert(plain).values(id=5, text="a\\tb"))
"""


def run_by_client(url: str, script: str, directory: Path) -> None:
    """Let the database's own client run a script; Python's executescript() on SQLite."""
    file = directory / "script.sql"
    file.write_text(script, encoding="utf-8")
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        with sqlite3.connect(str(parsed.database)) as driver:
            driver.executescript(script)
        driver.close()
        return
    place = [str(parsed.host), str(parsed.port), str(parsed.username), str(parsed.database)]
    arguments: list[Any] = (
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", place[0], "-p", place[1], "-U", place[2], "-d", place[3]]
        if kind == "postgresql"
        else ["mariadb", "--default-character-set=utf8mb4", "-h", place[0], "-P", place[1], "-u", place[2], place[3]]
    )
    with file.open("rb") as stdin:
        done = subprocess.run(arguments, stdin=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_a_script_does_what_an_upgrade_does(tmp_path: Path, kind: str) -> None:
    """Defaults, comments, labels, names, CHECKs and all kinds of values."""
    (tmp_path / "online").mkdir()
    with make_database(kind, tmp_path / "online") as online, make_database(kind, tmp_path) as offline:
        lab = Lab(tmp_path, online)
        lab.write("a1", None, UPGRADE)
        lab.upgrade()
        run_by_client(offline, lab.sql(), tmp_path)
        other = Lab(tmp_path / "other", offline)
        doubled = "odd %s" if kind == "sqlite" else "odd %%s"
        for table in (f"`{doubled}`" if kind == "mysql" else f'"{doubled}"', "plain", "alembic_version"):
            query = f"SELECT * FROM {table} ORDER BY 1"
            assert lab.rows(query) == other.rows(query)
        assert schema.read(online, comments=True) == schema.read(offline, comments=True)
        lab.engine.dispose()
        other.engine.dispose()
