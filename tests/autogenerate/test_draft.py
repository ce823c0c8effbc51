"""A revision that autogenerate proposes."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from alembic.operations.ops import (
    AddColumnOp,
    CreateTableOp,
    DowngradeOps,
    DropColumnOp,
    DropConstraintOp,
    DropTableOp,
    ExecuteSQLOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)
from sqlalchemy import Column, Integer, MetaData, Table
from support.models import dialect_of

from alembic_proof.autogenerate.draft import Draft, each_operation, model_tables, reflected_schema
from alembic_proof.autogenerate.operations import DropCreatedTableOp


def draft(upgrade: list[MigrateOperation], downgrade: list[MigrateOperation], dialect: Any = None) -> Draft:
    """Return a draft with these operations."""
    return Draft(Mock(dialect=dialect), Mock(), UpgradeOps(upgrade), DowngradeOps(downgrade))


def described(ops: list[MigrateOperation]) -> list[Any]:
    """Return what operations do, in short."""
    return [
        op.sqltext
        if isinstance(op, ExecuteSQLOp)
        else described(op.ops)
        if isinstance(op, ModifyTableOps)
        else type(op)
        for op in ops
    ]


def test_reverse_upgrade() -> None:
    """In the opposite order; what cannot be reversed stays in its direction, at its end."""
    upgrade = [
        CreateTableOp("t", [Column("id", Integer)]),
        ModifyTableOps("s", [AddColumnOp("s", Column("a", Integer)), DropConstraintOp("unknown", "s")]),
        ModifyTableOps("r", [DropColumnOp("r", "unknown")]),
        ExecuteSQLOp("up"),
    ]
    downgrade = [ExecuteSQLOp("first"), DropTableOp("other"), ExecuteSQLOp("last")]
    changed = draft(upgrade, downgrade)
    changed.reverse_upgrade()
    assert described(changed.downgrade.ops) == ["first", [DropColumnOp], DropCreatedTableOp, "last"]
    changed.reverse_upgrade()
    assert described(changed.downgrade.ops) == ["first", [DropColumnOp], DropCreatedTableOp, "last"]
    assert described(changed.upgrade.ops)[-1] == "up"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("mysql", "mysql"), ("mariadb", "mysql")],
)
def test_kind(name: str, kind: str) -> None:
    """MariaDB is of the kind of MySQL."""
    assert draft([], [], dialect_of(name)).kind == kind


def test_tables() -> None:
    """By their full names, of one metadata or several; the default schema has none."""
    first, second = MetaData(), MetaData()
    Table("a", first, schema="public")
    Table("b", first, schema="crm")
    Table("c", second)
    dialect = Mock(default_schema_name="public")
    assert list(model_tables(Mock(opts={"target_metadata": [first, second]}, dialect=dialect))) == ["a", "crm.b", "c"]
    context = Mock(opts={"target_metadata": second}, dialect=dialect)
    assert list(Draft(context, Mock(), UpgradeOps([]), DowngradeOps([])).tables) == ["c"]
    assert reflected_schema(first.tables["public.a"], dialect) is None
    assert reflected_schema(first.tables["crm.b"], dialect) == "crm"


def test_each_operation() -> None:
    """Those on a table one by one."""
    inner, outer = AddColumnOp("t", Column("a", Integer)), DropTableOp("t")
    assert list(each_operation(UpgradeOps([ModifyTableOps("t", [inner]), outer]))) == [inner, outer]
