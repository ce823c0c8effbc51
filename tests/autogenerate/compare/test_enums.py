"""PostgreSQL's enum types: they are created and dropped with the tables that use them."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, String, Table
from support.lab import Lab
from support.models import column

TYPES = "SELECT typname FROM pg_type WHERE typtype = 'e' ORDER BY 1"


def models(*tables: str, sizes: bool = False) -> MetaData:
    """Return the tables named, which use one type."""
    metadata = MetaData()
    kind = Enum("NEW", "OLD", name="kind")
    size = [column("size", Enum("S", "L", name="size"), server_default="L", nullable=False)] if sizes else []
    if "item" in tables:
        Table("item", metadata, Column("id", Integer, primary_key=True), Column("kind", kind), *size)
    if "orders" in tables:
        columns = (column("kind", kind), column("kinds", ARRAY(kind), server_default="{OLD}"))
        Table("orders", metadata, Column("id", Integer, primary_key=True), *columns)
    Table("plain", metadata, Column("id", Integer, primary_key=True), Column("text", String))
    return metadata


def test_a_type_is_dropped_with_the_last_table_that_uses_it(lab_postgresql: Lab) -> None:
    """Not before; and is created again with it. A column of a new type creates the type."""
    lab = lab_postgresql
    text = lab.change(models("item", "orders"))
    assert text.count("CREATE TYPE kind AS ENUM ('NEW', 'OLD')") == text.count("DROP TYPE kind") == 1
    lab.rows("INSERT INTO item (id) VALUES (1)")
    assert "TYPE" not in lab.change(models("item"), "allow-drop=orders")
    text = lab.change(models("item", sizes=True))
    assert text.count("CREATE TYPE size AS ENUM ('S', 'L')") == text.count("DROP TYPE size") == 1
    assert lab.rows("SELECT size::text FROM item WHERE id = 1") == [("L",)]
    text = lab.change(models(), "allow-drop")
    assert text.count("DROP TYPE kind") == text.count("CREATE TYPE kind") == 1
    assert lab.rows(TYPES) == []
    lab.downgrade()
    assert lab.rows(TYPES) == [("kind",), ("size",)]
    lab.downgrade("base")
    lab.upgrade()
    lab.downgrade("base")
    assert lab.rows(TYPES) == []


def test_alembic_check_tells_of_labels(lab_postgresql: Lab) -> None:
    """In words, as it prints them."""
    lab_postgresql.change(models("item"))
    changed = models("item")
    changed.tables["item"].c.kind.type = Enum("NEW", "OLD", "RAW", name="kind")
    assert "('change_enum', \"kind: 'NEW', 'OLD' becomes 'NEW', 'OLD', 'RAW'\")" in lab_postgresql.differences(changed)
