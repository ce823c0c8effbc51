"""Rows for tables, derived from what is reflected of them: no project needs to maintain a factory."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import islice, product
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SAWarning, StatementError

from .. import upstream
from ..errors import ProofError
from ..schema import own_tables
from ..sqltext import full_name
from .values import CYCLE, values

OWN_TABLES = own_tables("alembic_version")
ROWS = CYCLE  # as many at a time; the last one has NULL wherever it may be
ATTEMPTS = 2000  # to insert one row
_TABLES = r"""
SELECT nullif(nspname, current_schema()), relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE c.oid >= 16384 AND relkind IN ('r', 'p') AND nspname NOT LIKE 'pg\_%%' AND nspname <> 'information_schema'
ORDER BY 1 NULLS FIRST, 2
"""

_RUNS_A_FUNCTION = r"^(DO|CALL|EXECUTE|SELECT (?!.*FROM|pg_|@@|GET_LOCK|RELEASE_LOCK))"

Name = tuple[str | None, str]  # of a table: its schema, and its own
Rows = Mapping[str, Sequence[Mapping[str, Any]]]  # by table, the values of some columns of each row
ForeignKey = sa.ForeignKeyConstraint


class NoRowsError(ProofError):
    """The database accepted none of the rows that were generated for a table."""


def table_names(connection: Connection) -> list[Name]:
    """Return the schema and the name of each table, in all schemas of PostgreSQL, without Alembic's and our own."""
    if connection.dialect.name == "postgresql":
        found = [(schema, name) for schema, name in connection.exec_driver_sql(_TABLES)]
    else:
        found = [(None, name) for name in sa.inspect(connection).get_table_names()]
    return [(schema, name) for schema, name in found if name not in OWN_TABLES]


def without_durability(connection: Any, _: Any) -> None:
    """Prepare a driver's new connection: a scratch database need not wait for the disk. For the event "connect"."""
    driver = type(connection).__module__.partition(".")[0]
    settings = {
        "sqlite3": "PRAGMA synchronous=OFF",
        "psycopg": "SET synchronous_commit=off",
        "psycopg2": "SET synchronous_commit=off",
    }
    if driver in settings:
        connection.cursor().execute(settings[driver])
        connection.commit()
    if driver == "psycopg":
        connection.prepare_threshold = None  # a prepared statement fails after its table has changed


class Names:
    """The names that SQL may mention, in whichever case, as databases differ there: too many rather than too few."""

    def __init__(self, sql: str) -> None:
        self._sql = sql.casefold()
        self._words = set(re.findall(r"\w+", self._sql))

    def __contains__(self, name: str) -> bool:
        return name.casefold() in (self._words if name.isidentifier() else self._sql)


def possibly_changed(tables: Mapping[str, Table], statements: str) -> set[str]:
    """Return the tables whose rows statements, one on each line, may have changed without naming the tables."""
    if re.search(_RUNS_A_FUNCTION, statements, re.MULTILINE | re.IGNORECASE):
        return set(tables)
    named: set[str] = set()
    for line in statements.splitlines():
        if not re.search(r"\b(DELETE|UPDATE|TRUNCATE|REPLACE|MERGE|CASCADE)\b", line, re.IGNORECASE):
            continue
        names = Names(line)
        found = {name for name, table in tables.items() if table.name in names}
        if not found:  # it changes a view
            return set(tables)
        named |= found
    return _with_referring(tables, named)


def _with_referring(tables: Mapping[str, Table], names: set[str]) -> set[str]:
    """Return tables, and those that refer to them directly or through others."""
    while more := {name for name in set(tables) - names if names & set(_parents(tables[name]))}:
        names = names | more
    return names


def reflect(
    connection: Connection,
    metadata: MetaData,
    existing: Collection[Name],
    changed: Collection[str],
    removed: Collection[str],
) -> None:
    """Reflect tables that are new or have changed, and those that refer to a removed table or column."""
    stale = {name for name, table in metadata.tables.items() if not set(_parents(table)).isdisjoint(removed)}
    stale.update(changed)
    for name in [name for name in metadata.tables if name in stale or name in removed]:
        metadata.remove(metadata.tables[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # an index on an expression, a type of an extension
        for schema, name in existing:
            if full_name(name, schema) in stale:
                Table(name, metadata, schema=schema, autoload_with=connection)


def empty(connection: Connection, tables: Mapping[str, Table], names: Collection[str]) -> set[str]:
    """Delete all rows of some tables, and of those that refer to them. Returns the names of all of these."""
    _defer_foreign_keys(connection, True)
    emptied = _with_referring(tables, set(names))
    quoted = [connection.dialect.identifier_preparer.format_table(tables[name]) for name in sorted(emptied)]
    if quoted and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {', '.join(quoted)}")
    for name in quoted if connection.dialect.name != "postgresql" else ():
        connection.exec_driver_sql(f"DELETE FROM {name}")
    return emptied


def fill(connection: Connection, tables: Mapping[str, Table], names: Collection[str], own: Rows) -> None:
    """Insert rows into the tables with these names, in addition to existing rows.

    A table that has own rows gets these, completed with generated values; any other gets generated rows.
    Raises NoRowsError when the database accepts none, or not all of the own rows.
    """
    several = [tables[name] for name in names]
    is_deferring = connection.dialect.name != "postgresql" or any(map(_is_deferrable, several))
    if is_deferring:
        _defer_foreign_keys(connection, True)
    promised: dict[str, set[str]] = {}
    for table in _parents_first(several):
        _fill_table(connection, table, own.get(table.fullname), promised)
    if is_deferring:
        _defer_foreign_keys(connection, False)


def _is_deferrable(table: Table) -> bool:
    return any(key.deferrable for key in table.foreign_key_constraints)


def _fill_table(
    connection: Connection, table: Table, own: Sequence[Mapping[str, Any]] | None, promised: dict[str, set[str]]
) -> None:
    parents = {key: _keys(connection, key) for key in table.foreign_key_constraints}
    existing = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    numbered = list(enumerate([{}] * ROWS if own is None else own, existing + 1))

    def choices_of(n: int, given: Mapping[str, Any]) -> list[Choice]:
        return _choices(table, n, given, parents, promised, prefer_null=own is None and n % ROWS == 0)

    is_at_once = connection.dialect.name == "postgresql" and all(key.referred_table is not table for key in parents)
    if is_at_once and _insert_all(connection, table, [choices_of(*row) for row in numbered]):
        return
    for n, given in numbered:
        try:
            _insert(connection, table, choices_of(n, given))
        except StatementError as error:
            if n == 1 or own is not None:  # later rows may be too many: a unique boolean has two values
                reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
                message = f"{table.fullname}; the database said to the last of many attempts: {reason}"
                raise NoRowsError(message) from error
            break
        parents.update({key: _keys(connection, key) for key in parents if key.referred_table is table})


def _defer_foreign_keys(connection: Connection, defer: bool) -> None:
    """Let rows refer to rows that are inserted later, as far as the database can; or no longer."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET CONSTRAINTS ALL {'DEFERRED' if defer else 'IMMEDIATE'}")
    elif connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET FOREIGN_KEY_CHECKS={int(not defer)}")


def _parents(table: Table, required: bool = False, immediate: bool = False) -> list[str]:
    """Return the other tables that a table refers to: all, those it must refer to, or those whose rows come first."""
    keys = [key for key in table.foreign_key_constraints if key.referred_table is not table]
    keys = [key for key in keys if not (required and any(column.nullable for column in key.columns))]
    return [key.referred_table.fullname for key in keys if not (immediate and key.deferrable)]


def _parents_first(tables: list[Table]) -> Iterator[Table]:
    """Yield tables after those that they refer to; in a cycle, after those whose rows must come first."""
    levels = ((False, False), (True, False), (True, True))
    while tables:
        remaining = {table.fullname: table for table in tables}
        ready = (table for level in levels for table in tables if remaining.keys().isdisjoint(_parents(table, *level)))
        table = next(ready, tables[0])
        seen: list[Table] = []
        while table not in seen:  # if none is ready, this ends in the cycle itself
            seen.append(table)
            table = next((remaining[name] for name in _parents(table, True, True) if name in remaining), table)
        tables.remove(table)
        yield table


def _keys(connection: Connection, key: ForeignKey) -> list[tuple[Any, ...]]:
    """Return the values that a foreign key may have: those of the existing rows."""
    columns = [element.column for element in key.elements]
    query = sa.select(*columns).where(*(column.is_not(None) for column in columns)).order_by(*columns).limit(50)
    return [tuple(row) for row in connection.execute(query)]


# What one or several columns may get together: alternatives, each with the values of all of them.
Choice = list[dict[str, Any]]


def _choices(
    table: Table,
    n: int,
    given: Mapping[str, Any],
    parents: Mapping[ForeignKey, list[tuple[Any, ...]]],
    promised: dict[str, set[str]],
    prefer_null: bool,
) -> list[Choice]:
    """Return what the columns of the nth row may get, the likeliest first. Later choices override earlier ones.

    Promised are the columns, by table, whose values other rows refer to already.
    """
    checks = " ".join(_checks(table).values())
    choices: list[Choice] = [[{name: value}] for name, value in given.items()]
    for column in table.columns:
        promise = column.name in promised.get(table.fullname, ())
        is_counted = column.identity is not None or column is upstream.autoincrement_column(table)
        generated = column.computed is not None or is_counted
        if column.name in given or (generated and not promise):
            continue
        several = list(values(column.type, n + 1000 * promise, checks, column.name.endswith("_id")))
        if column.nullable:
            several = [None, *several] if prefer_null else [*several, None]
        choices.append([{column.name: value} for value in several])
    for key, rows in parents.items():
        if set(key.columns.keys()).isdisjoint(given):
            choices += _reference(table, n, key, rows, choices, promised, prefer_null)
    return choices


def _reference(
    table: Table,
    n: int,
    key: ForeignKey,
    rows: list[tuple[Any, ...]],
    choices: list[Choice],
    promised: dict[str, set[str]],
    prefer_null: bool,
) -> list[Choice]:
    """Return what the columns of a foreign key may get, given the choices before."""
    own: list[Choice] = []
    names = [column.name for column in key.columns]
    nulls = {column.name: None for column in key.columns if column.nullable}
    rows = rows[(n - 1) % len(rows) :] + rows[: (n - 1) % len(rows)] if rows else []
    if not rows and not nulls:  # a row that will be inserted soon, perhaps this one itself
        targets = [element.column for element in key.elements]
        promised.setdefault(key.referred_table.fullname, set()).update(column.name for column in targets)
        rows = [tuple(next(values(column.type, n + 1000)) for column in targets)]
        if key.referred_table is table:
            own.append([dict(zip((column.name for column in targets), rows[0], strict=True))])
    before = {name: value for choice in [*choices, *own] for name, value in choice[0].items() if len(choice[0]) > 1}
    rows.sort(key=lambda row: any(before.get(name, value) != value for name, value in zip(names, row, strict=True)))
    options = [dict(zip(names, row, strict=True)) for row in rows]
    if nulls:
        options = [nulls, *options] if prefer_null or not rows else [*options, nulls]
    return [*own, options]


def _insert_all(connection: Connection, table: Table, choices: list[list[Choice]]) -> bool:
    """Insert several rows of the likeliest values in one statement; tell whether the database took them."""
    rows = [_row(of_row, [0] * len(of_row)) for of_row in choices]
    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        return False
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table).inline(), rows)
    except StatementError:
        return False
    return True


def _row(choices: list[Choice], chosen: list[int]) -> dict[str, Any]:
    return {name: value for choice, n in zip(choices, chosen, strict=True) for name, value in choice[n].items()}


def _insert(connection: Connection, table: Table, choices: list[Choice]) -> None:
    """Insert the first combination of choices that the database accepts. Raises the last of its errors."""
    chosen = [0] * len(choices)
    searches: dict[Any, Iterator[dict[int, int]]] = {}  # by what an error is about
    for _ in range(ATTEMPTS):
        try:
            with connection.begin_nested() if connection.dialect.name == "postgresql" else nullcontext():
                connection.execute(sa.insert(table).values(_row(choices, chosen)).inline())
            return
        except StatementError as error:
            last = error
        message = str(getattr(last, "orig", last)).split("\n")[0]
        suspects = _suspects(table, choices, message)
        key = suspects or message.split(":")[0]
        if key not in searches:
            searches[key] = _combinations(choices, suspects) if suspects else _single_changes(table, choices, chosen)
        changes = next(searches[key], None)
        if changes is None:
            break
        chosen = [changes.get(i, n) for i, n in enumerate(chosen)]
    raise last


def _combinations(choices: list[Choice], suspects: tuple[int, ...]) -> Iterator[dict[int, int]]:
    """Yield every combination of some choices except the first."""
    several = product(*[range(len(choices[i])) for i in suspects])
    return (dict(zip(suspects, numbers, strict=True)) for numbers in islice(several, 1, None))


def _single_changes(table: Table, choices: list[Choice], chosen: list[int]) -> Iterator[dict[int, int]]:
    """Yield every other choice for one column, first of a type that SQLAlchemy does not know; the rest as chosen."""
    unknown = {column.name for column in table.columns if isinstance(column.type, sa.types.NullType)}
    several = [i for i, choice in enumerate(choices) if not unknown or unknown & set(choice[0])]
    before = dict(enumerate(chosen))
    return (before | {i: n} for i in several for n in range(1, len(choices[i])))


def _suspects(table: Table, choices: list[Choice], message: str) -> tuple[int, ...]:
    """Return the choices that an error may be about: those of the constraint, the columns or the type it names."""
    keys: list[Any] = [*table.indexes, *table.constraints]
    columns = {str(key.name): " ".join(key.columns.keys()) for key in keys if key.name}
    words = set(re.findall(r"\w+", message.split(': "')[0]))  # the rest of the message is the value
    checks = {name: text for name, text in _checks(table).items() if name in words or text in message}
    named = [text for name, text in columns.items() if name in words] + list(checks.values())
    words = set(re.findall(r"\w+", " ".join(named))) or words
    words |= {column.name for column in table.columns if str(column.type).lower() in message.lower().split(":")[0]}
    return tuple(i for i, choice in enumerate(choices) if len(choice) > 1 and words & set(choice[0]))


def _checks(table: Table) -> dict[str, str]:
    """Return the conditions on a table's rows, by name; those of a column's domain too."""
    constraints = [constraint for constraint in table.constraints if isinstance(constraint, sa.CheckConstraint)]
    checks = {str(constraint.name): str(constraint.sqltext) for constraint in constraints}
    domains = ((column.name, column.type) for column in table.columns if isinstance(column.type, postgresql.DOMAIN))
    return checks | {str(domain.constraint_name): f"{name} {domain.check}" for name, domain in domains}
