"""Which value existing rows get when a column becomes NOT NULL, as code for the revision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy
from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DropTableOp,
    MigrateOperation,
)
from alembic.util import CommandError
from sqlalchemy import ClauseElement, Column, Dialect
from sqlalchemy.dialects.postgresql import DOMAIN

from ... import upstream
from ...ddl.types import python_type
from ...prompts import Question
from ...sqltext import full_name, quote_literal
from ..compare.reflected import reflected_tables
from ..draft import Draft, each_operation, reflected_schema
from ..indexes import index_of
from ..sql import sql_of
from .checked_values import accepted_value, is_in_domain, refusing_check
from .expressions import require_expression, require_values
from .stored_values import count, referred_without
from .values import NO_VALUE, SQL, Fill, expression, fill_of, literal, parsed, writable_type

# What stands for the value in the command that a question proposes.
PLACEHOLDER = "VALUE"

# What rows get in a downgrade, by the Python type of the column.
_NEUTRAL: dict[type, Any] = {
    bool: False,
    int: 0,
    float: 0,
    Decimal: 0,
    str: "",
    date: date(1970, 1, 1),
    datetime: datetime(1970, 1, 1),
    time: time(),
    timedelta: timedelta(),
    bytes: b"",
    UUID: UUID(int=0),
    list: [],
}
# MariaDB and MySQL have no TIMESTAMP before 1970 began in UTC: this is one in every time zone.
_FIRST_TIMESTAMP = datetime(1970, 1, 2)
# Of PostgreSQL's types that have no Python type of their own, as literals.
_NEUTRAL_SQL = {
    **dict.fromkeys(("INT4RANGE", "INT8RANGE", "NUMRANGE", "DATERANGE", "TSRANGE", "TSTZRANGE"), "'empty'"),
    **dict.fromkeys(("INT4MULTIRANGE", "INT8MULTIRANGE", "NUMMULTIRANGE", "DATEMULTIRANGE"), "'{}'"),
    **dict.fromkeys(("TSMULTIRANGE", "TSTZMULTIRANGE"), "'{}'"),
    **dict.fromkeys(("INET", "CIDR"), "'0.0.0.0'"),
    **dict.fromkeys(("TSVECTOR", "HSTORE"), "''"),
    "MACADDR": "'00:00:00:00:00:00'",
    "MONEY": "0",
}


def upgrade_value(draft: Draft, op: MigrateOperation) -> Fill | None:
    """Return what existing rows get if an operation makes a column NOT NULL; None if the database fills them itself.

    Where nothing says which value that is, and nobody can be asked, the question is left open. A new column that may be
    NULL is filled where somebody has said with what.
    """
    if isinstance(op, AddColumnOp):
        _require_several_values(draft, op)
    is_new = isinstance(op, AddColumnOp) and not _is_generated(op.column)
    if not isinstance(op, (AddColumnOp, AlterColumnOp)) or not (
        is_new or getattr(op, "modify_nullable", None) is False
    ):
        return None
    column = draft.column(op)
    name = f"{full_name(op.table_name, op.schema)}.{column.name}"
    given = draft.answers.fill(name)
    if given is None and (column.nullable or counting_column(draft, op) is not None):
        return None
    if given is not None:
        return _fill_given(draft, op, name, given)
    fill, why = _fill_of_model(draft, column)
    if fill is not None and (check := refusing_check(draft, op, fill)):
        fill, why = None, f"its default is refused by CHECK ({check})"
    if fill is not None:
        return fill
    question = f"{name} becomes NOT NULL, and {why}. {_which(column)}"
    if draft.answers.can_ask:
        return draft.answers.value(question, lambda text: _fill_given(draft, op, name, _typed(text)))
    draft.answers.open.append(Question(question, (((f"fill={name}={_placeholder(column)}",), ""),)))
    return NO_VALUE


def _typed(text: str) -> str:
    """Return what somebody typed; an empty line is none, as it is soon typed by mistake. Raises CommandError then."""
    if text:
        return "" if text == "''" else text
    raise CommandError("An empty line is no value. The empty text is typed as ''.")


def _require_several_values(draft: Draft, op: AddColumnOp) -> None:
    """Raise CommandError for a new UNIQUE column whose server default would be the same in several rows."""
    default, column = getattr(op.column.server_default, "arg", None), draft.column(op)
    if not isinstance(default, str) or not _is_unique(column):
        return
    found = count(draft, DropTableOp(op.table_name, schema=op.schema))
    if found is not None and found.number > 1:
        name = f"{full_name(op.table_name, op.schema)}.{column.name}"
        raise CommandError(
            f"{name} is UNIQUE, and its server_default= would be the value of each of the rows that there are. Add it "
            f"without a default, with an expression that gives each row its own (-x fill={name}={SQL}EXPRESSION). "
            "Nothing was written."
        )


def counting_column(draft: Draft, op: MigrateOperation) -> Column[Any] | None:
    """Return the column that an operation adds, with its table, if it numbers the rows: the database gives them theirs.

    SQLite does so for a column of the type INTEGER only, in a table with rowids, and knows no identity.
    """
    if not isinstance(op, AddColumnOp):
        return None
    if _is_generated(op.column) and not (draft.kind == "sqlite" and op.column.identity is not None):
        return None
    if draft.kind == "sqlite" and draft.dialect.type_compiler_instance.process(op.column.type) != "INTEGER":
        return None
    columns: list[Any] = [op.column]  # in a downgrade, what the database has, and the models do not
    with suppress(KeyError):
        columns.append(draft.column(op))
    tables = [(each, each.table) for each in columns if each.table is not None]
    if draft.kind == "sqlite" and any(table.dialect_options["sqlite"]["with_rowid"] is False for _, table in tables):
        return None
    return next((each for each, table in tables if upstream.autoincrement_column(table) is each), None)


def _becomes_not_null(op: AddColumnOp | AlterColumnOp) -> bool:
    """Tell whether an operation makes a column NOT NULL that the database does not fill."""
    if isinstance(op, AddColumnOp):
        return not (op.column.nullable or _is_generated(op.column))
    return op.modify_nullable is False


def _which(column: Column[Any]) -> str:
    if _is_unique(column):
        return f"Which expression gives each row its own value ({SQL} and SQL)?"
    return "Which value should existing rows get?"


def _placeholder(column: Column[Any]) -> str:
    return f"{SQL}EXPRESSION" if _is_unique(column) else PLACEHOLDER


def _fill_given(draft: Draft, op: AddColumnOp | AlterColumnOp, name: str, given: str) -> Fill:
    """Return what rows get by an answer: a value, or an expression. Raises CommandError where it cannot be right."""
    column = draft.column(op)
    if given in (PLACEHOLDER, f"{SQL}EXPRESSION"):
        raise CommandError(f"{given} in -x fill={name}={given} stands for what existing rows get. Nothing was written.")
    if given.startswith(SQL):
        sql = given.removeprefix(SQL).strip()
        require_expression(draft, op, name, sql)
        if not column.nullable:
            require_values(draft, op, name, sql)
        return expression(sql)
    type_ = writable_type(column.type, draft.dialect)
    value = parsed(given, name, type_, draft.dialect)
    fill = fill_of(value, name, type_, draft.dialect)
    for key in column.foreign_keys:
        if (target := referred_without(draft, op, key, value)) is not None:
            so = "say one that it has"
            if target.rpartition(".")[0] in _created(draft):
                so = "create and fill that table in a revision of its own first, as this one has no row for it yet"
            raise CommandError(
                f"{name} refers to {target}, and here no row has {given!r} there: {so}. Nothing was written."
            )
    if _is_unique(column):
        raise CommandError(
            f"{name} is UNIQUE: {given!r} for all rows cannot be right. Say an expression that is another value in "
            f"each row, such as one of its other columns: -x fill={name}={SQL}EXPRESSION. Nothing was written."
        )
    if check := refusing_check(draft, op, fill):
        raise CommandError(
            f"{name} cannot have {given!r} in all rows: CHECK ({check}) refuses it. Nothing was written."
        )
    return fill


def _created(draft: Draft) -> set[str]:
    """Return the tables that the revision creates, by their full names."""
    return {full_name(op.table_name, op.schema) for op in draft.upgrade.ops if isinstance(op, CreateTableOp)}


def fill_arguments(draft: Draft, column: Column[Any]) -> tuple[str, ...]:
    """Return the ``-x`` arguments that a new column needs: its fill, if only a person knows it."""
    if column.nullable or _is_generated(column) or _fill_of_model(draft, column)[0] is not None:
        return ()
    table = column.table
    name = full_name(table.name, reflected_schema(table, draft.dialect))
    return (f"fill={name}.{column.name}={_placeholder(column)}",)


def _fill_of_model(draft: Draft, column: Column[Any]) -> tuple[Fill | None, str]:
    """Return what existing rows get by the model, or None and why it does not say that."""
    name = f"{column.table.name}.{column.name}"
    default, value = column.default, getattr(column.default, "arg", None)
    is_value = default is not None and default.is_scalar
    if isinstance(column.server_default, sqlalchemy.DefaultClause):
        fill, is_value = _default_fill(column.server_default.arg, draft.dialect), False
        if isinstance(column.server_default.arg, str):
            is_value = True
    elif is_value:
        fill = fill_of(value, name, column.type, draft.dialect)
    elif isinstance(value, ClauseElement):
        fill = _default_fill(value, draft.dialect)
    else:
        return None, "its default= is a function, for new rows" if default is not None else "the model has no default="
    if is_value and _is_unique(column):
        return None, "its default is one value, but it is UNIQUE"
    return fill, ""


def downgrade_value(draft: Draft, op: MigrateOperation) -> Fill | None:
    """Return what rows get where a downgrade makes a column NOT NULL; None if it does not.

    NO_VALUE if no value would be right: the column is in a key, is UNIQUE by itself, or has a CHECK that takes none.
    """
    if counting_column(draft, op) is not None:
        return None
    if not isinstance(op, (AddColumnOp, AlterColumnOp)) or not _becomes_not_null(op):
        return None
    type_: Any
    if isinstance(op, AddColumnOp):
        name, type_ = op.column.name, op.column.type
    else:
        name, type_ = op.column_name, op.modify_type or op.existing_type
        default = _former_default(draft, op)
        if isinstance(default, sqlalchemy.DefaultClause):
            return _default_fill(default.arg, draft.dialect)
    type_ = writable_type(type_, draft.dialect)
    if any(name in columns for columns in _constrained_columns(draft, op)):
        return NO_VALUE
    if isinstance(type_, DOMAIN):
        domain, type_ = type_, type_.data_type
        fill = _neutral_fill(draft, op, name, type_)
        return fill if fill != NO_VALUE and is_in_domain(draft, fill, type_, domain) else NO_VALUE
    return _neutral_fill(draft, op, name, type_)


def _neutral_fill(draft: Draft, op: AddColumnOp | AlterColumnOp, name: str, type_: Any) -> Fill:
    """Return a value of a type for a column of which nothing is known, or NO_VALUE."""
    value: Any
    if sql := _NEUTRAL_SQL.get(type_.__visit_name__):
        return literal(sql)
    if isinstance(type_, sqlalchemy.JSON):
        value = {}
    elif isinstance(type_, sqlalchemy.Enum):
        value = type_.enums[0]
    elif draft.kind == "mysql" and type_.__visit_name__ == "TIMESTAMP":
        value = _FIRST_TIMESTAMP
    else:
        value = _NEUTRAL.get(python_type(type_))
    value = accepted_value(draft, op, name, type_, value)
    return NO_VALUE if value is None else fill_of(value, name, type_, draft.dialect)


def _former_default(draft: Draft, op: AlterColumnOp) -> Any:
    """Return the server default that a column has after the downgrade, by this operation or by another one."""
    table = reflected_tables(draft.context).get(full_name(op.table_name, op.schema))
    if table is not None and op.column_name in table.columns:
        default = table.columns[op.column_name].server_default
        is_counter = "nextval(" in str(getattr(default, "arg", ""))  # of a sequence that may be made after it
        return None if is_counter else default
    return op.existing_server_default if op.modify_server_default is False else op.modify_server_default


def _is_generated(column: Column[Any]) -> bool:
    return column.server_default is not None or column.computed is not None or column.identity is not None


def _is_unique(column: Column[Any]) -> bool:
    """Tell whether a column of a model has another value in each row: one for all rows cannot be right."""
    return {column.name} in keys_of(column.table)


def keys_of(table: sqlalchemy.Table) -> list[set[str]]:
    """Return the columns of a model's table that are, together, another value in each row."""
    keys = [each.columns for each in table.constraints if isinstance(each, _KEYS)]
    return [{column.name for column in each} for each in (*keys, *_columns_of_unique(table.indexes)) if len(each)]


def _columns_of_unique(indexes: Iterable[sqlalchemy.Index]) -> Iterator[Any]:
    """Yield the columns of each unique index that covers no expressions besides."""
    yield from (each.columns for each in indexes if each.unique and len(each.columns) == len(each.expressions))


_KEYS = (sqlalchemy.UniqueConstraint, sqlalchemy.PrimaryKeyConstraint)


def _constrained_columns(draft: Draft, op: AddColumnOp | AlterColumnOp) -> Iterator[set[str]]:
    """Yield the columns of each constraint and unique index, of a table or of the downgrade, that no value may fill."""
    table = draft.tables[full_name(op.table_name, op.schema)]
    added = [inner for inner in each_operation(draft.downgrade) if _table_of(inner) == op.table_name]
    constraints = [
        *table.constraints,
        *(inner.to_constraint() for inner in added if isinstance(inner, AddConstraintOp)),
    ]
    indexes = [*table.indexes, *(index_of(inner) for inner in added if isinstance(inner, CreateIndexOp))]
    unique = [each for each in constraints if isinstance(each, sqlalchemy.UniqueConstraint)]
    for constraint in constraints:
        if constraint not in unique and not isinstance(constraint, sqlalchemy.CheckConstraint):
            yield {column.name for column in getattr(constraint, "columns", ())}
    for columns in (*(each.columns for each in unique), *_columns_of_unique(indexes)):
        if len(columns) == 1:  # one value for all rows; with several columns, the others may differ
            yield {column.name for column in columns}


def _table_of(op: Any) -> str | None:
    """Return the name of the table on which an operation is: of a foreign key, that which has it."""
    return getattr(op, "source_table", None) or getattr(op, "table_name", None)


_ON_UPDATE = re.compile(r"\s+ON\s+UPDATE\s+\w+\s*(\(\s*\d*\s*\))?\s*$", re.IGNORECASE)


def _default_fill(default: Any, dialect: Dialect) -> Fill:
    """Return what rows get from a server default, or from a default that is SQL."""
    if isinstance(default, str):
        return expression(quote_literal(default))
    sql = sql_of(default, dialect)
    # What MariaDB and MySQL write after a default is no part of its expression.
    return expression(_ON_UPDATE.sub("", sql) if dialect.name in ("mysql", "mariadb") else sql)
