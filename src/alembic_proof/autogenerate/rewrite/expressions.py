"""SQL expressions that somebody wrote: the database says whether it takes them, before they are in a revision."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from ...ddl.types import database_type
from ...sqltext import quote_literal
from ..draft import Draft


def require_expression(draft: Draft, op: AddColumnOp | AlterColumnOp, name: str, sql: str) -> None:
    """Raise CommandError if the database does not take an expression for the rows of a table.

    Nothing is evaluated: the database only reads a statement. What cannot be read yet, since a table or column is
    renamed by the same revision, is left to the upgrade.
    """
    connection = draft.context.connection
    if connection is None or not _is_there(connection, op):
        return
    try:
        with connection.begin_nested() as savepoint:
            for statement in _statements(draft, connection, op, sql):
                connection.exec_driver_sql(statement)
            savepoint.rollback()
    except DBAPIError as error:
        raise CommandError(
            f"sql:{sql} is no expression for {name} that the database takes: {error.orig}. (A text that begins with "
            "sql: is written as sql:'sql:...'.) Nothing was written."
        ) from None


def _is_there(connection: Connection, op: AddColumnOp | AlterColumnOp) -> bool:
    """Tell whether the database has the table by the name that it has when rows are filled."""
    return inspect(connection).has_table(op.table_name, op.schema)


def _statements(draft: Draft, connection: Connection, op: AddColumnOp | AlterColumnOp, sql: str) -> list[str]:
    """Return the statements that let a database read an expression."""
    dialect = draft.dialect
    preparer: Any = dialect.identifier_preparer
    schema = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
    select = f"SELECT ({sql}) FROM {schema}{preparer.quote(op.table_name)}"
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
