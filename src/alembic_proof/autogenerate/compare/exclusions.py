"""EXCLUDE constraints of PostgreSQL, which SQLAlchemy does not read and Alembic does not compare."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, NamedTuple

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddConstraintOp, DropConstraintOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Column, Dialect, MetaData, Table, literal_column, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from ...sqltext import between_parentheses, escape_colons, single_percents
from ..expressions import Expression
from ..renamed_inspector import RenamedInspector
from ..sql import stored_name
from . import add_table_comparison
from .indexes import element_of
from .postgresql_details import deferring, details
from .stored_expressions import compare_expressions

_PARTS = re.compile(r"EXCLUDE USING (\w+) (\(.*?\))(?: WHERE \((.*)\))?(?: (?:NOT )?DEFERRABLE.*)?$", re.DOTALL)
_ELEMENT = re.compile(r"(.*) WITH (\S+)", re.DOTALL)


def setup(plugin: Plugin) -> None:
    """Register it, also for tables that are removed."""
    add_table_comparison(plugin, compare_exclusions, ("postgresql",), removed=True)


def compare_exclusions(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table | None
) -> None:
    """Give a reflected table its EXCLUDE constraints; drop and add those that the model has not, or has besides."""
    _add_exclusions(autogen_context, reflected)
    if model is None:
        return
    dialect = autogen_context.dialect
    before, after = ({stored_name(each, dialect): each for each in _exclusions(table)} for table in (reflected, model))
    if None not in after:  # else the database has chosen its name
        operations.ops += [DropConstraintOp.from_constraint(before[name]) for name in before.keys() - after.keys()]
        for name in after.keys() - before.keys():
            operations.ops.append(_addition(after[name], dialect))
        for name in before.keys() & after.keys():
            _compare(autogen_context, operations, before[name], after[name])


def _compare(
    autogen_context: AutogenContext, operations: ModifyTableOps, old: ExcludeConstraint, new: ExcludeConstraint
) -> None:
    """Let a constraint be replaced that has the same name and is another one; the database knows its own words."""
    before, after = (_Definition.of(each, autogen_context.dialect) for each in (old, new))
    replace = partial(_replace, old, new, autogen_context.dialect)
    # PostgreSQL does not tell the operator class that is usual for a type, which a model may name.
    has_other_class = any(one not in ("", other) for one, other in zip(before.classes, after.classes, strict=False))
    if before.structure != after.structure or has_other_class:
        replace(operations)
        return
    table: Any = old.table
    texts = [(one, other) for one, other in zip(before.expressions, after.expressions, strict=True) if one != other]
    expressions = [Expression(table, str(new.name), "index", one, other) for one, other in texts]
    compare_expressions(
        autogen_context, table, expressions, lambda differing: None if differing.isdisjoint(expressions) else replace
    )


def _replace(old: ExcludeConstraint, new: ExcludeConstraint, dialect: Dialect, operations: ModifyTableOps) -> None:
    operations.ops += [DropConstraintOp.from_constraint(old), _addition(new, dialect)]


def _addition(constraint: ExcludeConstraint, dialect: Dialect) -> AddConstraintOp:
    """Return what adds a constraint: its expressions are written as literal columns, as Alembic asks for a name."""
    model: Any = constraint.table
    table = Table(model.name, MetaData(), *(Column(each.name, each.type) for each in model.c), schema=model.schema)
    when = {"deferrable": constraint.deferrable, "initially": constraint.initially}
    table.append_constraint(_constraint(_sql_of(constraint, dialect), table, dialect, name=constraint.name, **when))
    (copy,) = _exclusions(table)
    return AddConstraintOp.from_constraint(copy)


def _sql_of(constraint: ExcludeConstraint, dialect: Dialect) -> str:
    compiler: Any = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]
    return single_percents(compiler.process(constraint), dialect)


def _constraint(sql: str, table: Table, dialect: Dialect, **options: Any) -> ExcludeConstraint:
    """Return the constraint that its SQL describes, for a table."""
    quote = dialect.identifier_preparer.quote
    columns = {single_percents(quote(column.name), dialect): column for column in table.columns}
    parts: Any = _PARTS.search(sql)
    pairs: Any = [_ELEMENT.fullmatch(element) for element in between_parentheses(parts[2])]
    elements: list[Any] = [(columns.get(pair[1], literal_column(pair[1])), pair[2]) for pair in pairs]
    where = None if parts[3] is None else text(escape_colons(parts[3]))
    return ExcludeConstraint(*elements, using=parts[1], where=where, **options)


class _Definition(NamedTuple):
    """What an EXCLUDE constraint says: expressions, with its predicate as the last one, and all else."""

    expressions: list[str]
    classes: list[str]  # operator classes
    structure: tuple[Any, ...]

    @classmethod
    def of(cls, constraint: ExcludeConstraint, dialect: Dialect) -> _Definition:
        """Return what a constraint says."""
        parts: Any = _PARTS.search(_sql_of(constraint, dialect))
        pairs: Any = [_ELEMENT.fullmatch(element) for element in between_parentheses(parts[2])]
        elements = [element_of(what) for what, _ in (pair.groups() for pair in pairs)]
        operators = [pair[2] for pair in pairs]
        structure = (
            parts[1],
            operators,
            [element.order[:2] for element in elements],
            parts[3] is None,
            deferring(constraint),
        )
        expressions = [*(element.expression for element in elements), *filter(None, [parts[3]])]
        return cls(expressions, [element.order[2] for element in elements], structure)


def _exclusions(table: Table) -> list[ExcludeConstraint]:
    return [constraint for constraint in table.constraints if isinstance(constraint, ExcludeConstraint)]


def _add_exclusions(autogen_context: AutogenContext, reflected: Table) -> None:
    inspector: Any = autogen_context.inspector
    new_names = inspector.new_names if isinstance(inspector, RenamedInspector) else None
    for found in details(autogen_context, reflected, "x"):
        sql = str(found.definition)
        if new_names:
            sql = new_names.in_sql(new_names.columns.get((reflected.schema, reflected.name), {}), sql)
        constraint = _constraint(sql, reflected, autogen_context.dialect, name=found.name, **found.deferring)
        reflected.append_constraint(constraint)
