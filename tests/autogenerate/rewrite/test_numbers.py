"""Serial columns become identities, and back."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table
from support.lab import Lab
from support.models import CONVENTION

NUMBERINGS: dict[str, Any] = {
    "serial": {},
    "identity": {"by": Identity()},
    "always, by ten": {"by": Identity(always=True, increment=10)},
    "with bounds": {"by": Identity(start=100, minvalue=5, cycle=True)},
    "none": {"autoincrement": False},
}


def models(by: Any = None, schema: str | None = None, type_: Any = Integer, **options: Any) -> MetaData:
    """Return a table whose numbers come about in some way."""
    metadata = MetaData(naming_convention=CONVENTION)
    numbers = [] if by is None else [Identity(**by.dialect_kwargs, **_options(by))]
    Table(
        "Order",
        metadata,
        Column("id", type_, *numbers, primary_key=True, **options),
        Column("v", Integer),
        schema=schema,
    )
    return metadata


def _options(identity: Identity) -> dict[str, Any]:
    names = ("always", "start", "increment", "minvalue", "maxvalue", "cycle", "cache")
    return {name: getattr(identity, name) for name in names}


# A11. From a serial to none, and back, Alembic sees no difference.
PAIRS = [pair for pair in permutations(NUMBERINGS, 2) if {*pair} != {"serial", "none"}]


@pytest.mark.parametrize(("before", "after"), PAIRS)
@pytest.mark.parametrize("schema", [None, "Shop"])
def test_numbers_come_about_in_another_way(lab_postgresql: Lab, before: str, after: str, schema: str | None) -> None:
    """A11: rows stay, and the next number is a new one; up, down, up."""
    lab, table = lab_postgresql, '"Shop"."Order"' if schema else '"Order"'

    def insert() -> None:
        number = f"(SELECT max(id) + 1 FROM {table})" if lab.rows(HAS_NONE) == [(True,)] else "DEFAULT"
        lab.rows(f"INSERT INTO {table} (id, v) VALUES ({number}, 1)")

    HAS_NONE = (
        "SELECT NOT atthasdef AND attidentity = '' FROM pg_attribute WHERE attname = 'id' "
        f"AND attrelid = '{table}'::regclass"
    )
    lab.change(models(schema=schema, **NUMBERINGS[before]))
    lab.rows(f"INSERT INTO {table} (id, v) {'OVERRIDING SYSTEM VALUE' * ('always' in before)} VALUES (1, 1)")
    for _ in range(3 if before != "none" else 0):
        lab.rows(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
    insert()
    (last,) = lab.rows(f"SELECT max(id) FROM {table}")[0]
    lab.change(models(schema=schema, **NUMBERINGS[after]))
    insert()
    lab.downgrade()
    insert()
    lab.upgrade()
    insert()
    assert lab.differences() == ""
    numbers = [number for (number,) in lab.rows(f"SELECT id FROM {table} ORDER BY ctid")]
    assert numbers == sorted({*numbers})
    assert len(numbers) == 5
    assert last in numbers


def test_a_bigger_type(lab_postgresql: Lab) -> None:
    """Its limit follows it."""
    lab_postgresql.change(models(by=Identity()))
    text = lab_postgresql.change(models(by=Identity(), type_=BigInteger))
    assert "Identity" not in text
    lab_postgresql.downgrade()
    lab_postgresql.upgrade()
    assert lab_postgresql.differences() == ""
