"""PostgreSQL is told how to convert, where it does not by itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Integer, MetaData, String, Table, make_url
from sqlalchemy import text as sql
from support.lab import Lab


def models(*columns: Column[Any]) -> MetaData:
    """Return a table with columns."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def test_types_of_other_kinds(lab_postgresql: Lab) -> None:
    """Where a default is in the way, too, and back; where it converts by itself, it is told nothing."""
    lab = lab_postgresql
    lab.change(
        models(
            Column("size", String(9), server_default="12", nullable=False),
            Column("done", Integer, server_default="1", nullable=False),
            Column("born", String),
            Column("code", String(9)),
        )
    )
    before = lab.schema()
    lab.rows("INSERT INTO thing (id, size, born, code) VALUES (1, '41', '2026-01-05', 'x')")
    lab.rows("INSERT INTO thing (id, done) VALUES (2, 0)")
    changed = models(
        Column("size", Integer, server_default="12", nullable=False),
        Column("done", Boolean, server_default=sql("true"), nullable=False),
        Column("born", Date),
        Column("code", String(19)),
    )
    assert "thing.done becomes Boolean(), which cuts off what does not fit" in lab.refused(changed)
    upgrade, _, downgrade = lab.change(changed, "allow-drop=thing.done").partition("def downgrade")
    assert upgrade.count("  # destroys data") == 1
    assert [f"{name}::" in upgrade for name in ("size", "done", "born", "code")] == [True, True, True, False]
    assert downgrade.count("postgresql_using") == downgrade.count("postgresql_using='done::INTEGER'") == 1
    lab.rows("INSERT INTO thing (id) VALUES (3)")
    query = "SELECT id, size, done, born FROM thing ORDER BY id"
    assert lab.rows(query) == [(1, 41, True, date(2026, 1, 5)), (2, 12, False, None), (3, 12, True, None)]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows(query) == [(1, "41", 1, "2026-01-05"), (2, "12", 0, None), (3, "12", 1, None)]


def test_a_time_zone_and_an_array(lab_postgresql: Lab) -> None:
    """A time is taken for UTC, whatever the session's time zone is; a value becomes an array of one."""
    lab = lab_postgresql
    lab.rows(f"ALTER DATABASE {make_url(lab.url).database} SET timezone = 'Asia/Seoul'")
    lab.change(models(Column("seen", DateTime), Column("tags", String(9))))
    before = lab.schema()
    lab.rows("INSERT INTO thing (id, seen, tags) VALUES (1, '2026-01-05 03:04:05', 'x'), (2, NULL, NULL)")
    lab.change(models(Column("seen", DateTime(timezone=True)), Column("tags", ARRAY(String(9)))))
    query = "SELECT seen AT TIME ZONE 'UTC', tags FROM thing ORDER BY id"
    assert lab.rows(query) == [(datetime(2026, 1, 5, 3, 4, 5), ["x"]), (None, None)]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT seen, tags FROM thing ORDER BY id") == [(datetime(2026, 1, 5, 3, 4, 5), "x"), (None, None)]
