"""Serial columns become identities, and back."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    FetchedValue,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)
from support.lab import Lab
from support.models import CONVENTION, column

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
    numbers = [] if by is None else [Identity(**getattr(by, "dialect_kwargs", {}), **_options(by))]
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


@pytest.mark.parametrize(("before", "after"), list(permutations(NUMBERINGS, 2)))
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


def test_a_long_name_of_letters_that_are_several_bytes(lab_postgresql: Lab) -> None:
    """Its sequence has as many as there may be, and the one for a moment may not have the same name."""
    name = "ab" + "한국어" * 6
    lab_postgresql.change(keyed(column("id", Integer, primary_key=True), name=name))
    lab_postgresql.rows(f'INSERT INTO "{name}" DEFAULT VALUES')
    lab_postgresql.change(keyed(column("id", Integer, Identity(), primary_key=True), name=name))
    assert lab_postgresql.rows(f'INSERT INTO "{name}" DEFAULT VALUES RETURNING id') == [(2,)]


def test_a_bigger_type(lab_postgresql: Lab) -> None:
    """Its limit follows it."""
    lab_postgresql.change(models(by=Identity()))
    written = lab_postgresql.change(models(by=Identity(), type_=BigInteger))
    assert "Identity" not in written
    lab_postgresql.downgrade()
    lab_postgresql.upgrade()
    assert lab_postgresql.differences() == ""


def keyed(*columns: Any, name: str = "t") -> MetaData:
    """Return a table of these columns."""
    metadata = MetaData()
    Table(name, metadata, *columns)
    return metadata


SEQUENCES = "SELECT relname FROM pg_class WHERE relkind = 'S'"


def cease(case: str) -> list[Any]:
    """Return what becomes of a column that counts, and of another."""
    cases: dict[str, list[Any]] = {
        "another is the key": [
            column("id", Integer, nullable=False),
            column("code", Integer, primary_key=True, autoincrement=False),
        ],
        "both are the key": [column("id", Integer, primary_key=True), column("code", Integer, primary_key=True)],
        "a text": [column("id", String(9), primary_key=True), column("code", Integer, nullable=False)],
        "a float": [column("id", Float, primary_key=True), column("code", Integer, nullable=False)],
        "a default": [
            column("id", Integer, primary_key=True, server_default="7"),
            column("code", Integer, nullable=False),
        ],
        "a key of another": [
            column("id", ForeignKey("t.code", name="fk"), primary_key=True),
            column("code", Integer, nullable=False),
            UniqueConstraint("code", name="uq"),
        ],
    }
    return cases[case]


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("more", ["", "n IS NULL"])
def test_a_column_that_may_be_null_counts(lab_postgresql: Lab, begins: bool, more: str) -> None:
    """From now on, or no longer: PostgreSQL lets no column count that may be NULL, and Alembic does not say so."""
    lab = lab_postgresql
    plain, counting = column("n", BigInteger), column("n", BigInteger, Identity(), nullable=False)
    where = text(more) if more else None
    one = keyed(column("id", Integer, primary_key=True), plain, Index("ix", "n"))
    other = keyed(column("id", Integer, primary_key=True), counting, Index("ix", "n", postgresql_where=where))
    before, after = (one, other) if begins else (other, one)
    lab.change(before)
    lab.rows("INSERT INTO t (n) VALUES (7)" + (", (NULL)" if begins else ""))
    there, schema = lab.rows("SELECT n FROM t ORDER BY id"), lab.schema()
    lab.change(after, *(["fill=t.n=0"] if begins else []))
    assert lab.rows("SELECT n FROM t ORDER BY id") == [(0 if n is None else n,) for (n,) in there]
    if begins:
        assert lab.rows("INSERT INTO t DEFAULT VALUES RETURNING n") == [(8,)]
    changed = lab.schema()
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    assert lab.schema() == changed
    assert lab.differences() == ""


@pytest.mark.parametrize("by", ["serial", "identity"])
@pytest.mark.parametrize(
    "case", ["another is the key", "both are the key", "a text", "a float", "a default", "a key of another"]
)
def test_a_column_ceases_to_count(lab_postgresql: Lab, case: str, by: str) -> None:
    """Its default and its sequence go, before its type changes; the downgrade makes them again, and it counts on."""
    lab = lab_postgresql
    counting = column("id", Integer, *([Identity()] if by == "identity" else []), primary_key=True)
    lab.change(keyed(counting, column("code", Integer, nullable=False)))
    lab.rows("INSERT INTO t (code) VALUES (1), (2)")
    after = keyed(*cease(case))
    assert lab.differences(after) != ""
    lab.change(after)
    assert lab.rows(SEQUENCES) == []
    lab.downgrade()
    lab.rows("INSERT INTO t (code) VALUES (3)")
    assert lab.rows("SELECT id, code FROM t ORDER BY 1") == [(1, 1), (2, 2), (3, 3)]
    lab.upgrade()
    assert lab.rows(SEQUENCES) == []


def test_the_sequence_of_a_renamed_table_goes(lab_postgresql: Lab) -> None:
    """It is not renamed on the way: neither that of a column that ceases to count, nor that of one that is dropped."""
    lab = lab_postgresql
    more = column("more", Integer, Identity())
    lab.change(keyed(column("id", Integer, primary_key=True), more, column("code", Integer)))
    plain = [column("number", Integer, primary_key=True, autoincrement=False), column("code", Integer)]
    lab.change(keyed(*plain, name="u"), "rename=t:u", "rename=t.id:u.number", "allow-drop=u.more")
    assert lab.rows(SEQUENCES) == []
    lab.downgrade()
    assert sorted(lab.rows(SEQUENCES)) == [("t_id_seq",), ("t_more_seq",)]
    lab.upgrade()


@pytest.mark.parametrize(
    "default",
    [
        text("nextval('t_number_seq')"),
        text("nextval('t_number_seq'::regclass)"),
        FetchedValue(),
        Sequence("t_number_seq"),
    ],
)
def test_a_serial_that_the_models_know_in_another_way(lab_postgresql: Lab, default: Any) -> None:
    """By the name of its sequence, or that there is some default."""
    lab = lab_postgresql
    lab.change(keyed(column("id", Integer, primary_key=True)))
    lab.write("serial", lab.head(), "op.execute('ALTER TABLE t ADD COLUMN number SERIAL')")
    lab.upgrade()
    arguments = (default,) if isinstance(default, Sequence) else ()
    options = {} if arguments else {"server_default": default}
    number = column("number", Integer, *arguments, nullable=False, **options)
    assert lab.differences(keyed(column("id", Integer, primary_key=True), number)) == ""


def test_a_key_that_counts_by_a_sequence_that_it_does_not_own(lab_postgresql: Lab) -> None:
    """As some tools make it: it counts already. And where it does not, another name is found for its sequence."""
    lab = lab_postgresql
    lab.change(keyed(column("id", Integer, primary_key=True, autoincrement=False)))
    lab.rows("CREATE SEQUENCE t_id_seq")
    lab.rows("ALTER TABLE t ALTER COLUMN id SET DEFAULT nextval('t_id_seq')")
    counting = keyed(column("id", Integer, primary_key=True))
    assert lab.differences(counting) == ""
    lab.rows("ALTER TABLE t ALTER COLUMN id DROP DEFAULT")
    lab.change(counting)
    assert sorted(lab.rows(SEQUENCES)) == [("t_id_seq",), ("t_id_seq1",)]
    lab.downgrade()
    assert lab.rows(SEQUENCES) == [("t_id_seq",)]


@pytest.mark.parametrize("big", [5_000_000_000, 3])
def test_a_new_key_counts_from_one(lab: Lab, big: int) -> None:
    """Beside the old one, which keeps its numbers under another name, however high they are. Up, down, and up."""

    def models(*columns: Column[Any]) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("t", metadata, *columns)
        return metadata

    number = BigInteger().with_variant(Integer, "sqlite")  # the only type of which SQLite has counters
    lab.change(models(Column("id", number, primary_key=True)))
    lab.rows(f"INSERT INTO t (id) VALUES ({big})")
    lab.rows("INSERT INTO t (id) VALUES (2)")
    lab.change(
        models(Column("number", number, nullable=False), Column("id", Integer, primary_key=True)),
        "rename=t.id:number",
    )
    lab.rows("INSERT INTO t (number) VALUES (1)")
    assert sorted(row for (row,) in lab.rows("SELECT id FROM t")) == [1, 2, 3]
    lab.downgrade()
    lab.rows("INSERT INTO t VALUES ()" if "mysql" in lab.url else "INSERT INTO t DEFAULT VALUES")
    assert sorted(row for (row,) in lab.rows("SELECT id FROM t")) == [1, 2, big, big + 1]
    lab.upgrade()


@pytest.mark.parametrize(
    ("before", "after"), [(SmallInteger, Integer), (Integer, BigInteger), (SmallInteger, BigInteger)]
)
@pytest.mark.parametrize("answers", [[], ["rename=t:u"], ["rename=t:u", "rename=u.id:number"]])
def test_a_sequence_counts_as_far_as_its_column(
    lab_postgresql: Lab, before: Any, after: Any, answers: list[str]
) -> None:
    """PostgreSQL leaves that of a serial as it is, and the next number after 2147483647 fails. Up, down, and up."""
    lab, limits = lab_postgresql, {SmallInteger: 2**15 - 1, Integer: 2**31 - 1, BigInteger: 2**63 - 1}
    table, name = "u" if answers else "t", "number" if answers[1:] else "id"
    sizes = "SELECT max_value FROM pg_sequences"
    lab.change(keyed(column("id", before, primary_key=True)))
    lab.rows("INSERT INTO t DEFAULT VALUES")
    lab.change(keyed(column(name, after, primary_key=True), name=table), *answers)
    assert lab.rows(sizes) == [(limits[after],)]
    lab.rows(f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'), {limits[before]})")
    assert lab.rows(f"INSERT INTO {table} DEFAULT VALUES RETURNING {name}") == [(limits[before] + 1,)]
    lab.rows(f"DELETE FROM {table} WHERE {name} > 1")
    lab.downgrade()
    assert lab.rows(sizes) == [(limits[before],)]
    assert lab.rows("INSERT INTO t DEFAULT VALUES RETURNING id") == [(2,)]
    lab.upgrade()


def test_a_sequence_that_was_left_behind(lab_postgresql: Lab) -> None:
    """By a revision of plain Alembic; one that counts further than its column is no difference."""
    models = keyed(column("id", BigInteger, primary_key=True))
    lab_postgresql.change(models)
    lab_postgresql.rows("ALTER SEQUENCE t_id_seq AS integer")
    assert "'id', 'integer', 'bigint'" in lab_postgresql.differences()
    lab_postgresql.change(models)
    lab_postgresql.change(keyed(column("id", Integer, primary_key=True)))
    assert lab_postgresql.rows("SELECT data_type::text FROM pg_sequences") == [("bigint",)]


def test_a_column_that_is_renamed_counts_by_the_sequence_of_another(lab_postgresql: Lab) -> None:
    """It keeps that as its default: only its own sequence is none."""

    def models(name: str) -> MetaData:
        shared = column(name, Integer, server_default=text("nextval('t_id_seq')"))
        return keyed(column("id", Integer, primary_key=True), shared)

    lab_postgresql.change(models("a"))
    lab_postgresql.change(models("b"), "rename=t.a:b")
    assert lab_postgresql.rows("INSERT INTO t DEFAULT VALUES RETURNING abs(id - b)") == [(1,)]
    lab_postgresql.downgrade()
    assert lab_postgresql.rows("INSERT INTO t DEFAULT VALUES RETURNING abs(id - a)") == [(1,)]
