"""CHECK constraints: by their names and by their texts.

Alembic compares their names only, and only in some releases: there is no ``checkconstraint_byname`` in 1.18.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateCheckConstraintOp, DropConstraintOp, MigrateOperation, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import CheckConstraint, Dialect, Table, text
from sqlalchemy.sql.elements import conv

from ... import upstream
from ...sqltext import escape_colons
from ..expressions import Expression
from ..operations import UnnamedChecksOp
from ..sql import as_text, sql_of, stored_name
from ..sqlite_catalogue import in_new_names, stored_table
from . import add_table_comparison
from .postgresql_details import read_validity
from .stored_expressions import compare_expression, compare_expressions


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_check_constraints)


def compare_check_constraints(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Add what makes the CHECKs of a table those of its model: those with a name by it, the others by their texts."""
    dialect = autogen_context.dialect
    if not _has_checks(dialect):
        return
    if dialect.name == "postgresql":
        read_validity(autogen_context, reflected)
    existing = _reflected_checks(autogen_context, reflected)
    wanted, unnamed = _model_checks(model, dialect)
    for name in sorted(wanted.keys()):
        old, new = existing.get(name), wanted[name]
        if not autogen_context.run_object_filters(new, name, "check_constraint", False, old):
            continue
        if old is None:
            operations.ops.append(_addition(dialect, operations, new))
        else:
            expression = _expression(dialect, reflected, name, old, new)
            compare_expression(autogen_context, expression, partial(_replace, dialect, old, new))
    left = [
        existing[name]
        for name in sorted(existing.keys() - wanted.keys())
        if autogen_context.run_object_filters(existing[name], name, "check_constraint", True, None)
    ]
    nameless = _nameless(autogen_context, reflected)
    if not unnamed and not nameless:
        operations.ops += [DropConstraintOp.from_constraint(check) for check in left]
        return
    pairs = {
        (old, new): _expression(dialect, reflected, str(old.name or "a CHECK without a name"), old, new)
        for old in (*left, *nameless)
        for new in unnamed
    }
    others = Unnamed(autogen_context, reflected, model, left, nameless, unnamed, set(existing))
    compare_expressions(
        autogen_context, reflected, list(pairs.values()), lambda differing: partial(others.replace, pairs, differing)
    )


def _has_checks(dialect: Dialect) -> bool:
    """Tell whether a database keeps CHECKs: MySQL does from 8.0.16 on."""
    is_mysql = dialect.name == "mysql" and not getattr(dialect, "is_mariadb", False)
    return not is_mysql or (getattr(dialect, "server_version_info", None) or (0,)) >= (8, 0, 16)


def _expression(dialect: Dialect, table: Table, name: str, old: CheckConstraint, new: CheckConstraint) -> Expression:
    return Expression(table, name, "check", sql_of(old.sqltext, dialect), sql_of(new.sqltext, dialect))


@dataclass
class Unnamed:
    """The CHECKs of a table to which the models give no name, and those that the database has besides."""

    autogen_context: AutogenContext
    reflected: Table
    model: Table
    left: list[CheckConstraint]  # they have a name in the database, which may be the one that it has chosen
    nameless: list[CheckConstraint]  # SQLite leaves them without
    unnamed: list[CheckConstraint]
    taken: set[str]

    def replace(
        self,
        expressions: dict[tuple[CheckConstraint, CheckConstraint], Expression],
        differing: set[Expression],
        operations: ModifyTableOps,
    ) -> MigrateOperation | None:
        """Replace those that are no longer the same; a new one gets a name, by which it can be dropped again."""
        dialect = self.autogen_context.dialect
        old, new = [*self.left, *self.nameless], list(self.unnamed)
        for wanted in self.unnamed:
            same = next((check for check in old if expressions[check, wanted] not in differing), None)
            if same is not None:
                old.remove(same)
                new.remove(wanted)
        if dialect.name == "sqlite":
            return self._replace_on_sqlite(operations, old, new)
        for check in old:
            operations.ops.append(DropConstraintOp.from_constraint(check))
        names = [str(check.name) for check in old]
        for number, check in enumerate(new):
            name = names[number] if number < len(names) else self._free_name()
            operations.ops.append(_addition(dialect, operations, check, conv(name)))
        return None

    def _replace_on_sqlite(
        self, operations: ModifyTableOps, old: list[CheckConstraint], new: list[CheckConstraint]
    ) -> MigrateOperation | None:
        """Rebuild the table with all CHECKs that have no name, where they have changed."""
        operations.ops += [DropConstraintOp.from_constraint(check) for check in old if check.name is not None]
        if not new and not any(check in self.nameless for check in old):
            return None
        dialect = self.autogen_context.dialect
        before, after = (
            [sql_of(check.sqltext, dialect) for check in checks] for checks in (self.nameless, self.unnamed)
        )
        return UnnamedChecksOp(operations.table_name, before, after)

    def _free_name(self) -> str:
        """Return a name as the database would choose it."""
        is_postgresql = self.autogen_context.dialect.name == "postgresql"
        prefix = f"{self.model.name[:50]}_check" if is_postgresql else "CONSTRAINT_"
        numbers = (f"{prefix}{number}" for number in count(1))
        name = next(name for name in numbers if name not in self.taken)
        self.taken.add(name)
        return name


def _reflected_checks(autogen_context: AutogenContext, table: Table) -> dict[str, CheckConstraint]:
    """Return the CHECKs that have a name in the database, by it."""
    parents: Any = {"table_name": table.name, "schema_name": table.schema}
    kind: Any = "check_constraint"  # which Alembic's type hints do not know before 1.19
    return {
        str(check.name): check
        for check in table.constraints
        if isinstance(check, CheckConstraint)
        and check.name is not None
        and autogen_context.run_name_filters(str(check.name), kind, parents)
    }


def _nameless(autogen_context: AutogenContext, table: Table) -> list[CheckConstraint]:
    """Return the CHECKs without a name: those of SQLite as it keeps them, in the names that columns will have."""
    checks = [check for check in table.constraints if isinstance(check, CheckConstraint)]
    named = sum(check.name is not None for check in checks)
    is_sqlite = autogen_context.dialect.name == "sqlite" and table.schema is None
    stored = stored_table(autogen_context, table.name, "CHECK", named) if is_sqlite else None
    if stored is None:
        return [check for check in checks if check.name is None]
    nameless = (clause for _, clause in stored.clauses if clause.kind == "CHECK" and clause.name is None)
    texts = [stored.expression(check) for check in nameless]
    names = (in_new_names(autogen_context, table.name, sql) for sql in texts)
    return [CheckConstraint(text(escape_colons(sql))) for sql in names]


def _model_checks(table: Table, dialect: Dialect) -> tuple[dict[str, CheckConstraint], list[CheckConstraint]]:
    """Return the CHECKs of a model that have a name in this database, by it; and the others.

    Those of types and columns are among them.
    """
    constraints = [*table.constraints, *(check for column in table.columns for check in column.constraints)]
    checks = [check for check in constraints if isinstance(check, CheckConstraint)]
    names = {check: stored_name(check, dialect) for check in checks if upstream.is_created(check, dialect)}
    unnamed = [check for check, name in names.items() if name is None]
    return {name: check for check, name in names.items() if name is not None}, unnamed


def _replace(dialect: Dialect, old: CheckConstraint, new: CheckConstraint, operations: ModifyTableOps) -> None:
    operations.ops += [DropConstraintOp.from_constraint(old), _addition(dialect, operations, new)]


def _addition(
    dialect: Dialect, operations: ModifyTableOps, check: CheckConstraint, name: Any = None
) -> MigrateOperation:
    """Return what adds a CHECK, which may be one of a column.

    It has the text alone: a CHECK made of the model's columns would attach itself to the model.
    """
    table, schema, text = operations.table_name, operations.schema, as_text(check.sqltext, dialect)
    return CreateCheckConstraintOp(name or check.name, table, text, schema=schema, **check.dialect_kwargs)
