"""SQL expressions that somebody wrote: the database says whether it takes them, before they are in a revision."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from ...ddl.types import database_type
from ...dialects.sqlite_tables import names_in, tokens_of
from ...errors import first_line
from ...sqltext import quote_literal
from ..draft import Draft, each_operation
from ..sql import quoted_name
from .expected_rows import ExpectedTables
from .pure_sql import only_computes
from .renamed_names import old_columns, old_tables
from .stored_rows import new_columns, renamed_columns, renamed_tables, rows


def require_expression(draft: Draft, op: AddColumnOp | AlterColumnOp, name: str, sql: str) -> None:
    """Raise CommandError if the database does not take an expression for the rows of a table.

    It is in the names of the models. Nothing is evaluated: the database only reads a statement.
    """
    connection = draft.context.connection
    source = None if connection is None else _source(draft, op, sql)
    if connection is None or source is None:
        return
    try:
        with connection.begin_nested() as savepoint:
            select = f"{renamed_tables(draft, names_in(tokens_of(sql)))}SELECT ({sql}) FROM {source}"
            for statement in _statements(draft, connection, op, select):
                connection.exec_driver_sql(statement)
            savepoint.rollback()
    except DBAPIError as error:
        read = names_in(tokens_of(sql))
        names = {**_renamed(draft), **renamed_columns(draft, op)}
        renamed = [f"{old} is {new} now" for old, new in names.items() if old.lower() in read]
        hint = f" It runs after the renames: {', '.join(renamed)}." if renamed else ""
        said = first_line(error.orig or error)
        raise CommandError(
            f"sql:{sql} is no expression for {name} that the database takes: {said}.{hint} (A text that begins "
            "with sql: is written as sql:'sql:...'.) Nothing was written."
        ) from None


def _renamed(draft: Draft) -> dict[str, str]:
    """Return the new names of the tables and columns that are renamed, by those that they have in the database."""
    tables, columns = old_tables(draft.upgrade.ops), old_columns(draft.upgrade.ops)
    return {old: key[-1] for names in (tables, columns) for key, old in names.items()}


def require_values(draft: Draft, op: AddColumnOp | AlterColumnOp, name: str, sql: str) -> None:
    """Raise CommandError if an expression is NULL for a row that it is to fill: the upgrade would fail.

    It is evaluated only if that is sure to have no effect, and if its columns are what they will be.
    """
    tables, quote = ExpectedTables(draft), draft.dialect.identifier_preparer.quote
    is_known = all(tables.take(each) for each in each_operation(draft.upgrade))
    rows = tables.rows(op.table_name, op.schema)
    if draft.context.connection is None or rows is None or not is_known or not only_computes(draft.kind, sql):
        return
    of_table = (each for each in each_operation(draft.upgrade) if isinstance(each, AlterColumnOp))
    rows.forget(each.column_name for each in of_table if _is_filled(each, op))
    columns, conditions = rows.read_by(sql), [f"({sql}) IS NULL"]
    if isinstance(op, AlterColumnOp):
        columns.add(op.column_name)
        conditions.insert(0, f"{quote(op.column_name)} IS NULL")
    shown = ", ".join(map(quote, sorted(columns))) or "*"
    if found := rows.find(columns, shown, conditions):
        told = found.told("row would get none", "rows would get none")
        raise CommandError(
            f"{name} becomes NOT NULL, and sql:{sql} is no value for each row. {told}. Say an expression that is one, "
            "as with coalesce(), or change such rows first. Nothing was written."
        )


def _is_filled(other: AlterColumnOp, op: AddColumnOp | AlterColumnOp) -> bool:
    """Tell whether an operation is about another column of the table that is filled as well, perhaps before it."""
    same_table = (other.table_name, other.schema) == (op.table_name, op.schema)
    return other is not op and same_table and other.modify_nullable is False


def _source(draft: Draft, op: AddColumnOp | AlterColumnOp, sql: str) -> str | None:
    """Return what is written after FROM: the table itself, if it has all names already; None if it is not there."""
    connection: Any = draft.context.connection
    others = {column.name.lower() for column in new_columns(draft, op)} & names_in(tokens_of(sql))
    is_renamed = (op.schema, op.table_name) in old_tables(draft.upgrade.ops) or renamed_columns(draft, op)
    if is_renamed or others or not inspect(connection).has_table(op.table_name, op.schema):
        return rows(draft, op)
    return quoted_name(op.table_name, draft.dialect, op.schema)


def _statements(draft: Draft, connection: Connection, op: AddColumnOp | AlterColumnOp, select: str) -> list[str]:
    """Return the statements that let a database read a query of the values of a column."""
    dialect = draft.dialect
    if dialect.paramstyle in ("format", "pyformat"):
        select = select.replace("%", "%%")
    if dialect.name == "sqlite":
        return [f"EXPLAIN {select}"]
    if dialect.name != "postgresql":
        literal = quote_literal(select.replace("\\", "\\\\"))
        return [f"PREPARE alembic_proof FROM {literal}", "DEALLOCATE PREPARE alembic_proof"]
    into = ""
    with suppress(DBAPIError), connection.begin_nested():  # where the type is there already, and the role may
        type_ = dialect.type_compiler_instance.process(database_type(draft.column(op).type, dialect))
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE alembic_proof_fill (filled {type_})")
        into = "INSERT INTO alembic_proof_fill "  # which tells whether the types go together
    return [f"PREPARE alembic_proof AS {into}{select}", "DEALLOCATE alembic_proof"]
