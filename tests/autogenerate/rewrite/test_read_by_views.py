"""What a view reads is not dropped or changed under it. C7."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Computed, Enum, Integer, MetaData, Table
from support.lab import Lab
from support.models import CONVENTION


def models(
    name: str | None = "v", type_: Any = Integer, table: str | None = "book", schema: str | None = None, **more: Any
) -> MetaData:
    """Return a table that a view reads, and one of whose columns has the same name."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("author", metadata, Column("id", Integer, primary_key=True), Column("v", type_), schema=schema)
    if table:
        columns: list[Column[Any]] = [Column(name, type_)] if name else []
        computed: Column[Any] = Column("c", Integer, Computed("n * 2", persisted=True))
        number: Column[Any] = Column("n", more.get("n", Integer))
        Table(table, metadata, Column("id", Integer, primary_key=True), number, *columns, computed, schema=schema)
    return metadata


def view(lab: Lab, column: str = "v", schema: str = "", kind: str = "VIEW") -> None:
    """Create one that reads both tables."""
    lab.rows(
        f"CREATE {kind} latest AS SELECT b.{column} AS x FROM {schema}book AS b JOIN {schema}author a ON a.id = b.id"
    )


@pytest.mark.parametrize("schema", [None, "shop"])
@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_the_type_of_what_a_view_reads(lab_postgresql: Lab, schema: str | None, kind: str) -> None:
    """C7: said before anything is written; of what it does not read, it changes."""
    lab, prefix = lab_postgresql, f"{schema}." if schema else ""
    lab.change(models(schema=schema))
    view(lab, "n", prefix, kind)
    lab.change(models(type_=BigInteger, schema=schema))
    said = lab.refused(models(type_=BigInteger, schema=schema, n=BigInteger))
    assert f"The view latest reads {prefix}book.n, which gets another type" in said
    assert f'op.execute("DROP {kind} latest")' in said
    lab.rows(f"DROP {kind} latest")
    lab.change(models(type_=BigInteger, schema=schema, n=BigInteger))


def test_an_enum_type_and_a_computed_column(lab_postgresql: Lab) -> None:
    """Which are made anew."""
    lab_postgresql.change(models(type_=Enum("a", "b", name="kind")))
    view(lab_postgresql)
    lab_postgresql.change(models(type_=Enum("a", "b", "c", name="kind")))
    assert "reads book.v" in lab_postgresql.refused(models(type_=Enum("a", name="kind")))
    lab_postgresql.rows("DROP VIEW latest")
    view(lab_postgresql, "c")
    assert "reads book.c" in lab_postgresql.refused(models(type_=Enum("a", "b", "c", name="kind"), n=BigInteger))


def test_what_a_view_reads_is_dropped(lab: Lab) -> None:
    """A column of the same name in another table may go."""
    lab.change(models())
    view(lab, "n")
    lab.change(models(None), "allow-drop=book.v")
    lab.rows("SELECT * FROM latest")
    assert "The view latest reads book, which" in lab.refused(models(table=None), "allow-drop=book")
    lab.rows("DROP VIEW latest")
    lab.change(models())
    view(lab)
    assert "The view latest reads book.v, which" in lab.refused(models(None), "allow-drop=book.v")


@pytest.mark.parametrize(
    ("changed", "answer"), [({"name": "w"}, "rename=book.v:w"), ({"table": "buch"}, "rename=book:buch")]
)
def test_what_a_view_reads_is_renamed(lab: Lab, changed: dict[str, Any], answer: str) -> None:
    """Views follow, but not on MariaDB and MySQL."""
    lab.change(models())
    view(lab)
    if lab.engine.dialect.name == "mysql":
        assert "gets another name, after which the view would not work" in lab.refused(models(**changed), answer)
    else:
        lab.change(models(**changed), answer)
        lab.rows("SELECT * FROM latest")
