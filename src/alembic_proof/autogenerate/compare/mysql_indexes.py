"""Indexes of MariaDB and MySQL: Alembic sees neither their order, nor their prefixes, nor whether they are FULLTEXT."""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, DropIndexOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Column, Dialect, Index, Table, text

from ...sqltext import between_parentheses
from ..indexes import create_index_sql, has_expression
from ..renamed_inspector import RenamedInspector
from . import add_table_comparison
from .indexes import detached, index_name, replace_index

# Of a column that is too long for an index, the server takes 3072 bytes, or 767: up to four are a character.
_CHOSEN = 191
_KIND = re.compile(r"CREATE (?:(\w+) )?INDEX", re.IGNORECASE)
_ELEMENT = re.compile(r"(`(?:[^`]|``)*`|[\w$]+)\s*(?:\(\s*(\d+)\s*\))?\s*(ASC|DESC)?", re.IGNORECASE)

Part = tuple[str, int | None, bool]  # of an index: a column, how much of it, and whether it is descending


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_indexes, ("mysql", "mariadb"), removed=True)


def compare_indexes(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table | None
) -> None:
    """Replace the indexes of a table that are others, take back those that are the same, and drop none incompletely."""
    dialect = autogen_context.dialect
    wanted = {} if model is None else {index.name: index for index in model.indexes}
    for index in list(reflected.indexes):
        new, descending = wanted.get(index.name), _descending(autogen_context, reflected, str(index.name))
        if not (descending or _is_special(index, dialect) or (new is not None and _is_special(new, dialect))):
            continue  # Alembic compares what is left
        if all(isinstance(column, Column) for column in index.expressions):
            _compare(autogen_context, operations, _with_order(index, descending, dialect), new)


def _with_order(index: Index, descending: set[int], dialect: Dialect) -> Index:
    """Return a reflected index with its order; with its prefixes in a text, as SQLAlchemy renders not both."""
    columns: list[Any] = list(index.expressions)
    elements = [column.desc() if at in descending else column for at, column in enumerate(columns)]
    options = dict(index.dialect_kwargs.items())
    name = f"{dialect.name}_length"
    if descending and (lengths := options.pop(name, None)):
        quote: Any = dialect.identifier_preparer.quote
        elements = [
            text(f"{quote(column.name)}{_length(lengths.get(column.name))}{' DESC' * (at in descending)}")
            for at, column in enumerate(columns)
        ]
    return detached(Index(index.name, *elements, unique=index.unique, _table=index.table, **options))


def _length(length: int | None) -> str:
    return "" if length is None else f"({length})"


def _compare(autogen_context: AutogenContext, operations: ModifyTableOps, old: Index, new: Index | None) -> None:
    """Let an index in the database become that of the model: old has all that the database says of it."""
    by_alembic = [op for op in operations.ops if index_name(op) == old.name]
    for op in by_alembic:
        if isinstance(op, DropIndexOp):
            operations.ops[operations.ops.index(op)] = DropIndexOp.from_index(old)
    if new is None or not autogen_context.run_object_filters(new, new.name, "index", False, old):
        return
    (kind, before), (new_kind, after) = (_definition(index, autogen_context.dialect) for index in (old, new))
    if before is None or after is None:
        return
    if len(before) == len(after):
        before = list(map(_as_wanted, before, after))
    if (kind, before) == (new_kind, after):
        operations.ops[:] = [op for op in operations.ops if index_name(op) != old.name]
    elif not any(isinstance(op, CreateIndexOp) for op in by_alembic):
        replace_index(old, new, operations)


def _as_wanted(part: Part, wanted: Part) -> Part:
    """Return a part of an index without the length that the server has chosen."""
    name, length, is_descending = part
    is_chosen = wanted[1] is None and length is not None and length >= _CHOSEN
    return name, None if is_chosen else length, is_descending


def _is_special(index: Index, dialect: Dialect) -> bool:
    options = index.dialect_options[dialect.name]
    return has_expression(index) or any(options[name] for name in ("length", "prefix"))


def _definition(index: Index, dialect: Dialect) -> tuple[str, list[Part] | None]:
    """Return which kind of index it is, and what it covers; None for that if it covers an expression."""
    sql = create_index_sql(index, dialect)
    kind: Any = _KIND.match(sql)
    matches = [_ELEMENT.fullmatch(element.strip()) for element in between_parentheses(sql)]
    parts: list[Part] = [
        (match[1].strip("`").replace("``", "`"), int(match[2]) if match[2] else None, str(match[3]).upper() == "DESC")
        for match in matches
        if match is not None
    ]
    return str(kind[1]).upper(), parts if len(parts) == len(matches) else None


_DESCENDING = """
SELECT table_name, index_name, seq_in_index - 1 FROM information_schema.statistics
WHERE table_schema = COALESCE(:schema, DATABASE()) AND collation = 'D'
"""
_orders: WeakKeyDictionary[AutogenContext, dict[str | None, dict[tuple[str, str], set[int]]]] = WeakKeyDictionary()


def _descending(autogen_context: AutogenContext, table: Table, index: str) -> set[int]:
    """Return which elements of an index are in descending order; of all indexes in one statement."""
    orders = _orders.setdefault(autogen_context, {})
    if table.schema not in orders:
        connection: Any = autogen_context.connection
        found = orders.setdefault(table.schema, {})
        for its_table, its_index, at in connection.execute(text(_DESCENDING), {"schema": table.schema}).all():
            found.setdefault((its_table, its_index), set()).add(int(at))
    inspector: Any = autogen_context.inspector
    is_renamed = isinstance(inspector, RenamedInspector)
    name = inspector.new_names.old_table(table.schema, table.name) if is_renamed else table.name
    return orders[table.schema].get((name, index), set())
