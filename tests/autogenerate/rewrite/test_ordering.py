"""What refers to something is created after it, and dropped before it."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    CreateForeignKeyOp,
    CreateTableOp,
    DowngradeOps,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from sqlalchemy import Column, Computed, Enum, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint
from support.lab import Lab
from support.models import CONVENTION, column

from alembic_proof.autogenerate.draft import Draft
from alembic_proof.autogenerate.rewrite.ordering import ordering


def tables(**references: str) -> dict[str, Table]:
    """Return tables, each by the names of those to which it refers."""
    metadata = MetaData(naming_convention=CONVENTION)
    for name, targets in references.items():
        keys: list[Column[Any]] = [Column(f"{target}_id", ForeignKey(f"{target}.id")) for target in targets.split()]
        Table(name, metadata, Column("id", Integer, primary_key=True), *keys)
    return dict(metadata.tables)


def ordered(*ops: MigrateOperation, dialect: str = "postgresql") -> list[MigrateOperation]:
    """Return the operations of an upgrade as the rule orders them."""
    context = Mock()
    context.dialect.name = dialect
    draft = Draft(context, Mock(), UpgradeOps(list(ops)), DowngradeOps([]))
    ordering(draft)
    return draft.upgrade.ops


def described(ops: list[MigrateOperation]) -> list[str]:
    """Return what the operations do, in short."""
    names = {
        CreateTableOp: "+{0.table_name}",
        DropTableOp: "-{0.table_name}",
        CreateForeignKeyOp: "+{0.constraint_name}",
        DropConstraintOp: "-{0.constraint_name}",
    }
    return [names[type(op)].format(op) for op in ops]


@pytest.mark.parametrize(
    ("references", "created", "dropped"),
    [
        ({"a": "", "b": "a", "c": "b"}, ["+a", "+b", "+c"], ["-c", "-b", "-a"]),
        ({"c": "b", "b": "a", "a": ""}, ["+a", "+b", "+c"], ["-c", "-b", "-a"]),
        ({"a": "a"}, ["+a"], ["-a"]),
        ({"a": "missing"}, ["+a"], ["-a"]),
        (
            {"hen": "egg", "egg": "hen"},
            ["+egg", "+hen", "+fk_egg_hen_id_hen"],
            ["-fk_egg_hen_id_hen", "-hen", "-egg"],
        ),
        (
            {"a": "b", "b": "c", "c": "a", "d": "a c"},
            ["+c", "+b", "+a", "+d", "+fk_c_a_id_a"],
            ["-fk_c_a_id_a", "-d", "-a", "-b", "-c"],
        ),
    ],
)
def test_tables(references: dict[str, str], created: list[str], dropped: list[str]) -> None:
    """New ones, and those that are dropped; in a circle, a foreign key is apart."""
    assert described(ordered(*(CreateTableOp.from_table(table) for table in tables(**references).values()))) == created
    assert described(ordered(*(DropTableOp.from_table(table) for table in tables(**references).values()))) == dropped


def test_sqlite_keeps_keys_in_their_tables() -> None:
    """It looks at them when the migration ends."""
    circle = tables(hen="egg", egg="hen")
    creates = [CreateTableOp.from_table(table) for table in circle.values()]
    assert described(ordered(*creates, dialect="sqlite")) == ["+egg", "+hen"]


def test_a_chain_of_many_tables() -> None:
    """Takes a time that grows with their number only: quadratic, 4,000 tables would take a minute."""
    chain = tables(**{f"t{number}": f"t{number + 1}" if number < 3999 else "" for number in range(4000)})
    creates = [CreateTableOp.from_table(table) for table in chain.values()]
    assert described(ordered(*creates)) == [f"+t{number}" for number in reversed(range(4000))]


def test_operations_on_a_table() -> None:
    """A computed column is dropped before its sources and added after them; constraints before and after both."""
    metadata = MetaData()
    Table("c", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "t",
        metadata,
        Column("a", Integer),
        Column("b", Integer, Computed("a * 2")),
        Column("c_id", ForeignKey("c.id", name="key")),
        UniqueConstraint("a", name="unique"),
    )

    def named(name: str) -> Any:
        return next(constraint for constraint in table.constraints if constraint.name == name)

    steps: list[MigrateOperation] = [
        AddConstraintOp.from_constraint(named("key")),
        AddConstraintOp.from_constraint(named("unique")),
        AddColumnOp("t", table.c.b),
        AddColumnOp("t", table.c.a),
        DropColumnOp.from_column_and_tablename(None, "t", table.c.b),
        DropConstraintOp.from_constraint(named("unique")),
        DropConstraintOp("hand_written", "t", type_="foreignkey"),
    ]
    (changed,) = ordered(ModifyTableOps("t", list(steps)))
    assert isinstance(changed, ModifyTableOps)
    assert changed.ops == [steps[6], steps[5], steps[4], steps[3], steps[2], steps[1], steps[0]]


def test_the_index_of_a_dropped_table_is_dropped_with_it() -> None:
    """MariaDB refuses to drop that of a foreign key."""
    table = Table("t", MetaData(), Column("a", String, index=True))
    (index,) = table.indexes
    assert isinstance(index, Index)
    drop = ModifyTableOps("t", [DropIndexOp.from_index(index)])
    assert described(ordered(drop, DropTableOp.from_table(table))) == ["-t"]


def test_tables_that_refer_to_each_other(lab: Lab) -> None:
    """Created and dropped, with rows, in a database that has tables already."""

    def models(*, circle: bool) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("first", metadata, Column("id", Integer, primary_key=True))
        if circle:
            hens = (column("egg_id", ForeignKey("egg.id")), column("mother_id", ForeignKey("hen.id")))
            Table("hen", metadata, Column("id", Integer, primary_key=True), *hens)
            Table("egg", metadata, Column("id", Integer, primary_key=True), Column("hen_id", ForeignKey("hen.id")))
        return metadata

    lab.change(models(circle=False))
    before = lab.schema()
    lab.change(models(circle=True))
    for statement in ("hen (id, mother_id) VALUES (1, 1)", "egg (id, hen_id) VALUES (2, 1)"):
        lab.rows(f"INSERT INTO {statement}")
    lab.rows("UPDATE hen SET egg_id = 2")
    after = lab.schema()
    keys = ("fk_hen_egg_id_egg", "fk_egg_hen_id_hen", "fk_hen_mother_id_hen")
    assert [name for name in keys if name not in str(after)] == []
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    assert lab.schema() == after


def test_a_foreign_key_and_its_column_are_dropped(lab: Lab) -> None:
    """In an order that MariaDB accepts; and back."""

    def models(*columns: Column[Any]) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("author", metadata, Column("id", Integer, primary_key=True))
        Table("book", metadata, Column("id", Integer, primary_key=True), *columns)
        return metadata

    lab.change(models(Column("author_id", ForeignKey("author.id"), index=True)))
    before = lab.schema()
    lab.change(models(), "allow-drop=book.author_id")
    lab.downgrade()
    assert lab.schema() == before


def test_a_column_becomes_an_enum_beside_a_new_key(lab_postgresql: Lab) -> None:
    """Its default goes, its type changes, its default comes: all of it after the key, or all before."""
    lab = lab_postgresql

    def models(mood: Column[Any], *, in_key: bool) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        number = Column("number", Integer, primary_key=in_key, nullable=False, autoincrement=False)
        Table("thing", metadata, Column("id", Integer, primary_key=True), number, mood)
        return metadata

    text, enum = Column("mood", String(9), nullable=False, server_default="red"), Enum("red", "blue", name="mood")
    lab.change(models(text, in_key=True))
    lab.rows("INSERT INTO thing VALUES (1, 2, 'blue')")
    before = lab.schema()
    lab.change(models(Column("mood", enum, server_default="red"), in_key=False))
    assert lab.rows("SELECT mood::text FROM thing") == [("blue",)]
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
