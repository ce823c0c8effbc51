"""Sequences that models name: the application asks for them by that name."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, Sequence, Table, insert, select
from support.lab import Lab


def models(*tables: str, sequence: Any = None, schema: str | None = None) -> MetaData:
    """Return tables whose keys come from a sequence."""
    metadata = MetaData()
    for table in tables:
        default = [] if sequence is None else [sequence]
        Table(
            table, metadata, Column("id", BigInteger, *default, primary_key=True), Column("n", Integer), schema=schema
        )
    return metadata


def numbers(lab: Lab, metadata: MetaData) -> list[int]:
    """Insert two rows as an application does, and return the keys in the first table."""
    table = metadata.sorted_tables[0]
    with lab.engine.begin() as connection:
        for n in (1, 2):
            connection.execute(insert(table), {"n": n})
        return list(connection.scalars(select(table.c.id).order_by(table.c.id)))


@pytest.mark.parametrize(
    ("sequence", "expected", "sql"),
    [
        (Sequence("ticket"), [1, 2], "op.execute('CREATE SEQUENCE ticket')"),
        (Sequence("Ticket %", start=5, increment=2), [5, 7], "START WITH 5"),
        (
            Sequence("thing_id_seq"),
            [1, 2],
            "op.execute('CREATE SEQUENCE thing_id_seq')",
        ),  # PostgreSQL's own name for it
    ],
)
def test_it_is_created_before_its_table(lab_postgresql: Lab, sequence: Sequence, expected: list[int], sql: str) -> None:
    """And dropped after it; both ways, with what create_all() makes."""
    metadata = models("thing", sequence=sequence)
    text = lab_postgresql.change(metadata)
    assert sql in text
    assert text.index("SEQUENCE") < text.index("create_table")
    assert "autoincrement=False" in text
    assert numbers(lab_postgresql, metadata) == expected
    lab_postgresql.downgrade("base")
    assert lab_postgresql.rows("SELECT relname FROM pg_class WHERE relkind = 'S'") == []
    lab_postgresql.upgrade()
    assert numbers(lab_postgresql, metadata) == expected


def test_several_tables_share_it(lab_postgresql: Lab) -> None:
    """It is created once; a later table finds it there, and its revision neither creates nor drops it."""
    sequence = Sequence("ticket")
    first = lab_postgresql.change(models("a", "b", sequence=sequence))
    assert first.count("CREATE SEQUENCE") == 1
    later = lab_postgresql.change(metadata := models("a", "b", "c", sequence=Sequence("ticket")))
    assert "SEQUENCE" not in later
    assert numbers(lab_postgresql, metadata) == [1, 2]


def test_in_a_schema(lab_postgresql: Lab) -> None:
    """The schema comes first."""
    text = lab_postgresql.change(models("thing", sequence=Sequence("ticket", schema="crm"), schema="crm"))
    assert text.index("CREATE SCHEMA") < text.index("CREATE SEQUENCE crm.ticket") < text.index("create_table")


@pytest.mark.parametrize("sequence", [None, Sequence("ticket", optional=True)])
def test_others_count_as_ever(lab_postgresql: Lab, sequence: Any) -> None:
    """Without a sequence, or with one that is for databases without serial columns."""
    metadata = models("thing", sequence=sequence)
    assert "SEQUENCE" not in lab_postgresql.change(metadata)
    assert numbers(lab_postgresql, metadata) == [1, 2]


def test_another_database(lab_sqlite: Lab) -> None:
    """It has no sequences."""
    assert "SEQUENCE" not in lab_sqlite.revision(models("thing", sequence=Sequence("ticket")))
