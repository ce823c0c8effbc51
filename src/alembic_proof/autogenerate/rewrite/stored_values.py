"""What the database at hand has in a table or column that a revision changes: how many values, and whether they fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp, DropColumnOp, DropTableOp
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ForeignKey,
    String,
    Text,
    cast,
    column,
    func,
    inspect,
    literal,
    literal_column,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...ddl.types import database_type, kind_of
from ...errors import error_codes, said
from ...sqltext import escape_colons, full_name
from ..conversions import conversion
from ..draft import Draft, reflected_schema
from ..sql import sql_of
from .renamed_names import old_columns, old_tables

# For a question, so many rows are read at most, and so many are told apart.
READ = 100_000
MANY = 1000
# How databases name the column of the table in which refused_conversion() tries; and MariaDB's error about two types,
# which has no value in it.
_TRIED = re.compile(r"""`[^`]*`\.`alembic_proof_trial`\.`tried`|(["'])tried\1""")
_OF_TYPES = {4078}


@dataclass(frozen=True)
class Found:
    """How many rows or values there are of a kind, and the SQL that shows them."""

    number: int
    query: str

    def told(self, one: str, several: str) -> str:
        """Return it as a sentence: no value is in it, as nobody knows who reads what a command prints."""
        amount = f"more than {MANY}" if self.number > MANY else str(self.number or "no")
        return f"Here, {amount} {one if self.number == 1 else several}: {self.query}"


def count(
    draft: Draft, op: AlterColumnOp | DropColumnOp | DropTableOp, condition: ColumnElement[bool] | None = None
) -> Found | None:
    """Return what the database has of what an operation changes, under a condition; None where it cannot be asked."""
    connection = draft.context.connection
    if connection is None:
        return None
    name, columns = _stored(draft, op)
    its_table = table(name, schema=op.schema)
    rows: Any = select(*(map(column, columns) if columns else [literal_column("1")])).select_from(its_table)
    if columns:
        rows = rows.where(column(columns[0]).is_not(None))
    some = rows.limit(READ).subquery("some")
    counted = select(1).select_from(some)
    if condition is not None:
        counted = counted.where(condition)
    limited = counted.limit(MANY + 1).subquery("counted")
    try:
        with connection.begin_nested():
            number = connection.execute(select(func.count()).select_from(limited)).scalar_one()
    except DBAPIError:  # as a role that may not read it
        return None
    shown = rows if columns else select(literal_column("*")).select_from(its_table)
    query = sql_of(shown if condition is None else shown.where(condition), draft.dialect)
    return Found(number, f"{' '.join(query.split())} LIMIT 20")


def number_of_rows(draft: Draft, query: str) -> int | None:
    """Return how many rows a query in SQL gives, up to one more than MANY; None where it cannot be asked.

    It is in the names that the database has now. PostgreSQL lets no function in it change anything.
    """
    connection = draft.context.connection
    if connection is None:
        return None
    try:
        with connection.begin_nested() as savepoint:
            if draft.kind == "postgresql":  # until the end of the savepoint
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            counted = text(escape_colons(f"SELECT count(*) FROM ({query} LIMIT {MANY + 1}) AS counted"))
            number: int = connection.execute(counted).scalar_one()
            savepoint.rollback()
            return number
    except SQLAlchemyError:  # as a role that may not read it, or an operator that is not there
        return None


def stored_column(draft: Draft, op: AlterColumnOp) -> ColumnElement[Any]:
    """Return the column of an operation, for a condition, by the name that it still has."""
    return column(_stored(draft, op)[1][0], op.existing_type)


def rows_with_label(draft: Draft, place: AlterColumnOp, label: str, is_array: bool = False) -> Found | None:
    """Return how many rows have a label of an enum in a column, or in an array; None if none has, or nobody knows."""
    stored = _stored(draft, place)[1][0]
    if is_array:
        condition: ColumnElement[bool] = literal(label) == func.any(cast(column(stored), ARRAY(Text)))
    else:
        condition = _exact_text(draft, stored) == label
    found = count(draft, place, condition)
    return found if found and found.number else None


def _exact_text(draft: Draft, name: str) -> ColumnElement[Any]:
    """Return a column as a text: MariaDB and MySQL would take other letters for the same."""
    if draft.kind == "mysql":
        quoted = sql_of(column(name), draft.dialect)
        return literal_column(f"CONVERT({quoted} USING utf8mb4)", String).collate("utf8mb4_bin")
    return cast(column(name), Text) if draft.kind == "postgresql" else type_coerce(column(name), String)


def other_texts(draft: Draft, place: AlterColumnOp, labels: Sequence[str], limit: int) -> list[str]:
    """Return some of the texts in a column that are none of these, at most so many: of the rows that are read."""
    connection = draft.context.connection
    if connection is None:
        return []
    name, columns = _stored(draft, place)
    value = _exact_text(draft, columns[0]).label("value")
    some = select(value).select_from(table(name, schema=place.schema)).limit(READ).subquery("some")
    query = select(some.c.value).where(some.c.value.not_in(list(labels))).distinct().limit(limit)
    try:
        with connection.begin_nested():
            return sorted(each for each in connection.execute(query).scalars() if isinstance(each, str))
    except DBAPIError:  # as a role that may not read it
        return []


def referred_without(draft: Draft, op: AddColumnOp | AlterColumnOp, key: ForeignKey, value: Any) -> str | None:
    """Return to which column a foreign key refers, if no row of it has a value, and the table of the key has rows.

    None also where it refers to several columns, or where nobody knows.
    """
    connection, constraint = draft.context.connection, key.constraint
    own = count(draft, DropTableOp(op.table_name, schema=op.schema))
    if connection is None or constraint is None or len(constraint.elements) > 1 or own is None or not own.number:
        return None
    name, _, column_name = key.target_fullname.rpartition(".")
    referred = draft.tables.get(name.removeprefix(f"{draft.dialect.default_schema_name}."))
    if referred is None:
        return None
    schema = reflected_schema(referred, draft.dialect)
    stored, (stored_name,) = _stored(draft, AlterColumnOp(str(referred.name), column_name, schema=schema))
    found = select(1).select_from(table(stored, schema=schema)).where(column(stored_name, key.column.type) == value)
    try:
        if inspect(connection).has_table(stored, schema):
            with connection.begin_nested():
                if connection.execute(found.limit(1)).first() is not None:
                    return None
    except DBAPIError:  # as a role that may not read it
        return None
    return f"{full_name(str(referred.name), schema)}.{column_name}"


def refused_conversion(draft: Draft, op: AlterColumnOp) -> str | None:
    """Return what the database says when values of a column are converted to its new type; None if it takes them.

    It tries it with the first values, in a table of its own that is gone when this returns. SQLite takes everything.
    """
    connection, dialect = draft.context.connection, draft.dialect
    if connection is None or draft.kind == "sqlite" or op.modify_type is None:
        return None
    name, columns = _stored(draft, op)
    preparer: Any = dialect.identifier_preparer
    schema = f"{preparer.quote_schema(op.schema)}." if op.schema else ""
    stored = preparer.quote(columns[0])
    if draft.kind == "postgresql":
        using = conversion(columns[0], op.existing_type, op.modify_type, dialect)
    else:  # MariaDB copies from TEXT to TINYTEXT without a look at the length, but not from an expression
        is_text = kind_of(database_type(op.existing_type, dialect)) in ("text", "binary")
        using = f"COALESCE({stored})" if is_text else None
    type_ = dialect.type_compiler_instance.process(database_type(op.modify_type, dialect))
    trial = [
        f"CREATE TEMPORARY TABLE alembic_proof_trial (tried {type_})",
        f"INSERT INTO alembic_proof_trial SELECT {using or stored} FROM {schema}{preparer.quote(name)} "
        f"WHERE {stored} IS NOT NULL LIMIT {MANY}",
    ]
    for number, statement in enumerate(trial):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if number == 0:  # the type is made by the same revision, or the role may not
                return None
            _drop_trial(draft)
            return _without_value(error, f"{op.table_name}.{op.column_name}")
    _drop_trial(draft)
    return None


def _without_value(error: DBAPIError, name: str) -> str:
    """Return what a database says of a value, without the value, and of the column by its own name."""
    text = _TRIED.sub(lambda _: name, said(error).splitlines()[0])
    return text if error_codes(error.orig) & _OF_TYPES else re.sub(r"""(["'])[^"']*\1""", "...", text)


def _drop_trial(draft: Draft) -> None:
    assert draft.context.connection is not None
    temporary = "TEMPORARY " if draft.kind == "mysql" else ""
    draft.context.connection.exec_driver_sql(f"DROP {temporary}TABLE alembic_proof_trial")


def _stored(draft: Draft, op: AlterColumnOp | DropColumnOp | DropTableOp) -> tuple[str, list[str]]:
    """Return the name of a table, and that of the column of an operation, as the database still has them."""
    table_name = old_tables(draft.upgrade.ops).get((op.schema, op.table_name), op.table_name)
    if isinstance(op, DropTableOp):
        return table_name, []
    key = (op.schema, op.table_name, op.column_name)
    return table_name, [old_columns(draft.upgrade.ops).get(key, op.column_name)]
