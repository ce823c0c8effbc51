"""Primary keys, and the names of foreign keys."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
)
from support.lab import Lab
from support.models import CONVENTION


def keys(*columns: str, convention: Any = CONVENTION) -> MetaData:
    """Return a table with a primary key of these columns."""
    metadata = MetaData(naming_convention=convention)
    numbers: list[Column[Any]] = [
        Column(name, Integer, primary_key=name in columns, nullable=False, autoincrement=False)
        for name in ("id", "part")
    ]
    Table("thing", metadata, *numbers, Column("name", String(20)))
    return metadata


def test_a_primary_key_changes(lab: Lab) -> None:
    """It gets another column, and loses it again; the rows stay."""
    lab.change(keys("id"))
    lab.rows("INSERT INTO thing (id, part, name) VALUES (1, 2, 'x')")
    before = lab.schema()
    lab.change(keys("id", "part"))
    lab.rows("INSERT INTO thing (id, part, name) VALUES (1, 3, 'y')")
    assert lab.rows("SELECT * FROM thing ORDER BY part") == [(1, 2, "x"), (1, 3, "y")]
    lab.rows("DELETE FROM thing WHERE part = 3")
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT * FROM thing") == [(1, 2, "x")]


def test_a_primary_key_changes_its_name(lab_postgresql: Lab) -> None:
    """In place."""
    lab_postgresql.change(keys("id"))
    text = lab_postgresql.change(keys("id", convention={"pk": "%(table_name)s_key"}))
    assert "op.execute('ALTER TABLE thing RENAME CONSTRAINT pk_thing TO thing_key')" in text
    lab_postgresql.downgrade()
    assert inspect(lab_postgresql.engine).get_pk_constraint("thing")["name"] == "pk_thing"


KEYS: dict[str, list[str]] = {"none": [], "id": ["id"], "part": ["part"], "both": ["id", "part"]}


def counting(keys: list[str], convention: Any) -> MetaData:
    """Return a table with a primary key of these columns, or none, whose only column counts."""
    metadata = MetaData(naming_convention=convention)
    numbers = [Column(name, Integer, primary_key=name in keys, nullable=False) for name in ("id", "part")]
    Table("Thing", metadata, *numbers, Column("v", Integer))
    return metadata


@pytest.mark.parametrize("convention", [CONVENTION, {}])
@pytest.mark.parametrize(("before", "after"), permutations(KEYS, 2))
def test_a_table_gets_or_loses_a_key(lab: Lab, before: str, after: str, convention: Any) -> None:
    """C14: up, down, up; a key of one column counts, as in a new table."""
    quoted = "`Thing`" if lab.engine.dialect.name == "mysql" else '"Thing"'
    lab.change(counting(KEYS[before], convention))
    lab.rows(f"INSERT INTO {quoted} (id, part, v) VALUES (1, 2, 3), (2, 3, 4)")
    there = lab.schema()
    lab.change(counting(KEYS[after], convention))
    changed = lab.schema()
    lab.downgrade()
    if convention or lab.engine.dialect.name != "sqlite":  # where a key that is made again has a name
        assert lab.schema() == there
    assert lab.rows(f"SELECT id, part, v FROM {quoted} ORDER BY id") == [(1, 2, 3), (2, 3, 4)]
    lab.upgrade()
    assert lab.schema() == changed
    if len(KEYS[after]) == 1:
        other = "part" if after == "id" else "id"
        lab.rows(f"INSERT INTO {quoted} ({other}, v) VALUES (9, 9)")
        assert lab.rows(f"SELECT {after} FROM {quoted} WHERE v = 9")[0][0] > 2


def identified(type_: Any, is_key: bool = True, *others: Column[Any]) -> MetaData:
    """Return a table with a column that an identity numbers, where there are identities."""
    metadata = MetaData(naming_convention=CONVENTION)
    how = [Identity(always=True)] if is_key else []
    Table("thing", metadata, Column("id", type_, *how, primary_key=is_key), Column("name", String(20)), *others)
    return metadata


def columns_of(lab: Lab) -> list[tuple[Any, ...]]:
    """Return the columns of thing, on MariaDB and MySQL."""
    return lab.rows(
        "SELECT column_name, column_type, extra FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = 'thing' ORDER BY 1"
    )


def test_a_key_with_an_identity_gets_another_type(lab_mysql: Lab) -> None:
    """MariaDB has no identity: the column is AUTO_INCREMENT, and stays so in both directions."""
    lab_mysql.change(identified(Integer))
    lab_mysql.rows("INSERT INTO thing (name) VALUES ('x')")
    lab_mysql.change(identified(BigInteger))
    assert columns_of(lab_mysql)[0] == ("id", "bigint(20)", "auto_increment")
    lab_mysql.downgrade()
    assert columns_of(lab_mysql)[0] == ("id", "int(11)", "auto_increment")


def test_a_key_that_ceases_gets_another_type(lab_mysql: Lab) -> None:
    """The type that it gets in the same revision stays, up and down."""
    lab_mysql.change(identified(Integer))
    lab_mysql.change(identified(BigInteger, False))
    assert columns_of(lab_mysql)[0] == ("id", "bigint(20)", "")
    lab_mysql.downgrade()
    assert columns_of(lab_mysql)[0] == ("id", "int(11)", "auto_increment")


@pytest.mark.parametrize("key", [("id",), ("number",), ("id", "number")])
def test_a_column_that_leaves_a_key_becomes_a_long_text(lab: Lab, key: tuple[str, ...]) -> None:
    """MariaDB has no key on a TEXT: it becomes one after it has left the key, and is a short one before it returns."""

    def keyed(type_: Any, names: tuple[str, ...]) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        columns = [Column("id", String(20)), Column("note", type_), Column("number", Integer, autoincrement=False)]
        for each in columns:
            each.nullable, each.primary_key = False, each.name in names
        Table("t", metadata, *columns)
        return metadata

    lab.change(keyed(String(20), ("id", "note")))
    lab.rows("INSERT INTO t VALUES ('a', 'b', 3)")
    before = lab.schema()
    lab.change(keyed(Text(), key))
    after = lab.schema()
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    assert lab.schema() == after
    assert lab.rows("SELECT * FROM t") == [("a", "b", 3)]


def test_a_new_key_with_an_identity(lab_mysql: Lab) -> None:
    """It numbers the rows that are there."""
    lab_mysql.change(identified(Integer, False))
    lab_mysql.rows("INSERT INTO thing (id, name) VALUES (7, 'x'), (7, 'y')")
    new = Column("number", Integer, Identity(always=True), primary_key=True)
    lab_mysql.change(identified(Integer, False, new))
    assert lab_mysql.rows("SELECT number FROM thing ORDER BY 1") == [(1,), (2,)]
    lab_mysql.downgrade()
    assert lab_mysql.rows("SELECT id FROM thing") == [(7,), (7,)]


def family(name: str | None, referred: str = "parent.id") -> MetaData:
    """Return a child with a foreign key of a name."""
    schema = "public" if referred.startswith("public.") else None
    metadata = MetaData()
    Table("parent", metadata, Column("id", Integer, primary_key=True), schema=schema)
    key = ForeignKey(referred, name=name)
    Table("child", metadata, Column("id", Integer, primary_key=True), Column("parent_id", key), schema=schema)
    return metadata


def test_a_foreign_key_changes_its_name(lab: Lab) -> None:
    """Up and down."""
    lab.change(family("one"))
    lab.change(family("other"))
    assert [key["name"] for key in inspect(lab.engine).get_foreign_keys("child")] == ["other"]
    lab.downgrade()
    assert [key["name"] for key in inspect(lab.engine).get_foreign_keys("child")] == ["one"]


@pytest.mark.parametrize("referred", ["parent.id", "public.parent.id"])
def test_the_default_schema_may_be_named(lab_postgresql: Lab, referred: str) -> None:
    """The database does not return it."""
    lab_postgresql.change(family("one", referred))


LONG = "a_table_whose_name_is_so_long_that_no_name_made_of_it_can_fit"


def test_names_longer_than_the_database_takes(lab: Lab) -> None:
    """They are shortened, and known again; up, down, up."""

    def models(*more: Column[Any]) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        parent: Column[Any] = Column("parent_id", ForeignKey(f"{LONG}.id"), index=True)
        size: Column[Any] = Column("size", Integer, unique=True)
        Table(LONG, metadata, Column("id", Integer, primary_key=True), parent, size, *more)
        return metadata

    lab.change(models())
    lab.rows(f"INSERT INTO {LONG} (id, size) VALUES (1, 1)")
    lab.change(models(Column("note", String(9), index=True)))
    lab.downgrade()
    lab.upgrade()
    lab.downgrade("base")
    lab.upgrade()
    assert lab.differences() == ""


def test_a_unique_primary_key(lab: Lab) -> None:
    """C9: PostgreSQL folds the UNIQUE into the key, and it is not proposed for ever."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True, unique=True), Column("size", Integer, unique=True))
    lab.change(metadata)
    lab.downgrade()
    lab.upgrade()
    assert lab.differences(metadata) == ""


def numbered(counts: bool, type_: Any = Integer, name: str = "id") -> MetaData:
    """Return a table to which another refers, with a key that counts or not."""
    metadata = MetaData(naming_convention=CONVENTION)
    key = Column(name, type_, primary_key=True, autoincrement=counts)
    Table("thing", metadata, key, Column("name", String(20)))
    Table("part", metadata, Column("thing_id", type_, ForeignKey(f"thing.{name}"), primary_key=True))
    return metadata


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("change", ["nothing else", "the type", "the name"])
def test_a_key_begins_or_ceases_to_count(lab_mysql: Lab, counts: bool, change: str) -> None:
    """Up and down, whatever else changes of it; the numbers stay."""
    lab_mysql.change(numbered(not counts))
    lab_mysql.rows("INSERT INTO thing VALUES (3, 'x'), (5, 'y')")
    lab_mysql.rows("INSERT INTO part VALUES (3)")
    before = columns_of(lab_mysql)
    type_, name = BigInteger if change == "the type" else Integer, "number" if change == "the name" else "id"
    after = numbered(counts, type_, name)
    assert lab_mysql.differences(after) != ""
    lab_mysql.change(after, *([f"rename=thing.id:{name}"] if name != "id" else []))
    there = columns_of(lab_mysql)
    assert ("auto_increment" in str(there)) is counts
    lab_mysql.downgrade()
    assert columns_of(lab_mysql) == before
    lab_mysql.upgrade()
    assert columns_of(lab_mysql) == there
    assert lab_mysql.rows(f"SELECT {name}, name FROM thing ORDER BY 1") == [(3, "x"), (5, "y")]


def test_a_key_that_counted_becomes_a_text(lab_mysql: Lab) -> None:
    """The downgrade lets it count again."""
    lab_mysql.change(identified(Integer))
    before = columns_of(lab_mysql)
    lab_mysql.change(identified_by_text())
    lab_mysql.downgrade()
    assert columns_of(lab_mysql) == before


def identified_by_text() -> MetaData:
    """Return the table with a key that is a text."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("thing", metadata, Column("id", String(36), primary_key=True), Column("name", String(20)))
    return metadata


def test_a_zero_in_a_key_that_begins_to_count(lab_mysql: Lab) -> None:
    """It would become another number, without a word."""
    lab_mysql.change(numbered(False))
    lab_mysql.rows("INSERT INTO thing VALUES (0, 'x')")
    said = lab_mysql.refused(numbered(True))
    assert "thing.id becomes AUTO_INCREMENT" in said
    assert "Here, 1 row has it: SELECT id FROM thing WHERE" in said


def matching(match: str | None, name: str | None = "fk", more: bool = False) -> MetaData:
    """Return two tables with a key of two columns, to which a foreign key refers."""
    metadata = MetaData()
    numbers: list[Column[Any]] = [Column(name, Integer, primary_key=True) for name in "xy"]
    Table("one", metadata, *numbers)
    columns: list[Column[Any]] = [Column(name, Integer) for name in ["x", "y", *(["z"] if more else [])]]
    key = ForeignKeyConstraint(["x", "y"], ["one.x", "one.y"], name=name, match=match)
    Table("two", metadata, Column("id", Integer, primary_key=True), *columns, key)
    return metadata


@pytest.mark.parametrize("name", ["fk", None])
def test_a_foreign_key_gets_and_loses_its_match(lab_postgresql: Lab, name: str | None) -> None:
    """Up and down; SIMPLE is what it is without a word."""
    lab, stored = lab_postgresql, "SELECT confmatchtype::text FROM pg_constraint WHERE contype = 'f'"
    lab.change(matching(None, name))
    assert lab.differences(matching("SIMPLE", name)) == ""
    lab.rows("INSERT INTO two VALUES (1, NULL, NULL)")
    for match, letter, other in (("FULL", "f", "s"), (None, "s", "f")):
        lab.change(matching(match, name))
        assert lab.rows(stored) == [(letter,)]
        lab.downgrade()
        assert lab.rows(stored) == [(other,)]
        lab.upgrade()
    lab.change(matching("FULL", name))
    assert "fk" not in lab.change(matching("FULL", name, more=True))
    assert lab.rows("SELECT id FROM two") == [(1,)]


@pytest.mark.parametrize("option", ["MATCH FULL", "NOT VALID"])
def test_a_foreign_key_keeps_what_alembic_does_not_read(lab_postgresql: Lab, option: str) -> None:
    """Its downgrade has it, and does not fail on rows that violate it."""

    def referring(**options: Any) -> MetaData:
        metadata = MetaData()
        key: Any = ForeignKey("one.id", name="fk", **options)
        Table("one", metadata, Column("id", Integer, primary_key=True))
        Table("two", metadata, Column("id", Integer, primary_key=True), Column("one", Integer, key))
        return metadata

    lab, stored = lab_postgresql, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
    lab.change(referring())
    lab.rows("ALTER TABLE two DROP CONSTRAINT fk")
    if option == "NOT VALID":
        lab.rows("INSERT INTO two (id, one) VALUES (1, 5)")
    lab.rows(f"ALTER TABLE two ADD CONSTRAINT fk FOREIGN KEY (one) REFERENCES one (id) {option}")
    said = {"match": "FULL"} if option == "MATCH FULL" else {"postgresql_not_valid": True}
    lab.change(referring(ondelete="CASCADE", **said))
    lab.downgrade()
    assert lab.rows(stored) == [(f"FOREIGN KEY (one) REFERENCES one(id) {option}",)]
