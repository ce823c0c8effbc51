"""Rows for tables, made up from what the database tells about them: there is no factory to maintain."""

import re
import uuid
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, islice, product
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.postgresql import ranges
from sqlalchemy.exc import SAWarning, StatementError

from {{ cookiecutter.__package_name }}.db import resume

OF_ALEMBIC = {"alembic_version", resume.TABLE}
ROWS = 3  # so many at a time; the last has NULL wherever it may be
ATTEMPTS = 2000
TEXTS = ('it\'s "흰" ', "a@b.kr", "https://b.kr", "2024-01-01", "{}", "[]", "0", "+8212345678", "192.0.2.0/24", "a=>1",
         "(1,2)", "[1,2,3]", "<a/>", "08:00:2b:01:02:03", "POINT(1 2)")  # fmt: skip

Rows = Mapping[str, Sequence[Mapping[str, Any]]]  # by table, the values of some columns


class NoRows(Exception):
    """The database accepted none of the rows that were made up for a table."""


def names(connection: Connection) -> list[tuple[str | None, str]]:
    """Return the tables that are in the database, in every schema of PostgreSQL: schema and name."""
    look = sa.inspect(connection)
    found = look.get_schema_names() if connection.dialect.name == "postgresql" else []
    schemas = [None, *sorted(set(found) - {look.default_schema_name, "information_schema"})]
    return [(schema, name) for schema in schemas for name in look.get_table_names(schema) if name not in OF_ALEMBIC]


def hurry(connection: Any, _: Any) -> None:
    """Prepare a new connection of a driver: a database that is thrown away need not wait for the disk."""
    module = type(connection).__module__
    if "sqlite3" in module:
        connection.execute("PRAGMA synchronous=OFF")
    if "psycopg" in module:
        connection.prepare_threshold = None  # what is prepared fails when a table changes
        connection.execute("SET synchronous_commit=off")
    connection.commit()


def touched(tables: Mapping[str, Table], statements: str) -> set[str]:
    """Return the tables whose rows statements may have changed without naming them."""
    if re.search(r"^(DO|CALL|EXECUTE|SELECT (?!.*FROM|pg_|@@|GET_LOCK|RELEASE_LOCK))", statements, re.MULTILINE):
        return set(tables)
    if not re.search(r"\b(DELETE|UPDATE|TRUNCATE|REPLACE|MERGE|CASCADE)\b", statements, re.IGNORECASE):
        return set()
    return _referring(tables, {name for name, table in tables.items() if table.name in statements})


def _referring(tables: Mapping[str, Table], names: set[str]) -> set[str]:
    """Return tables, and those that refer to them, and to these."""
    while more := {name for name in set(tables) - names if names & set(_parents(tables[name]))}:
        names = names | more
    return names


def reflect(connection: Connection, metadata: MetaData, new: Collection[str], lost: Collection[str]) -> None:
    """Read tables anew: those that are new or have changed, and what refers to one that is lost, or a column of it."""
    again = {name for name, table in metadata.tables.items() if not set(_parents(table)).isdisjoint(lost)}
    stale = again.union(new)
    again |= {name for name in metadata.tables if name in stale or name in lost}
    for name in again:
        metadata.remove(metadata.tables[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # an index on an expression, a type of an extension
        for schema, name in names(connection):
            if (f"{schema}.{name}" if schema else name) in stale:
                Table(name, metadata, schema=schema, autoload_with=connection)


def empty(connection: Connection, tables: Mapping[str, Table], own: Rows) -> set[str]:
    """Empty the tables that have own rows, and what refers to them. Returns the names of all of these."""
    _trust(connection, True)
    emptied = _referring(tables, set(own))
    quoted = [connection.dialect.identifier_preparer.format_table(tables[name]) for name in sorted(emptied)]
    if quoted and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {', '.join(quoted)}")
    for name in quoted if connection.dialect.name != "postgresql" else ():
        connection.exec_driver_sql(f"DELETE FROM {name}")
    return emptied


def fill(connection: Connection, tables: Mapping[str, Table], names: Collection[str], own: Rows) -> None:
    """Put rows into the tables of these names, beside those that are there.

    Own rows are completed with made-up values; a table has either these or made-up ones. Raises NoRows.
    """
    _trust(connection, True)
    promised: dict[str, set[str]] = {}
    for table in _parents_first([tables[name] for name in names]):
        name = table.fullname
        parents = {fk: _keys(connection, fk) for fk in table.foreign_key_constraints}
        there = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        given = own.get(name, [{}] * ROWS)
        for n, values in enumerate(given, there + 1):
            empty_where_possible = name not in own and n % ROWS == 0
            choices = _choices(table, n, values, parents, promised, empty_where_possible)
            try:
                _insert(connection, table, choices)
            except StatementError as error:
                if n == 1 or name in own:  # later rows may be too much: a unique boolean has two values
                    reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
                    raise NoRows(f"{name}, as the database says of the last of many: {reason}") from error
                break
            parents.update({fk: _keys(connection, fk) for fk in parents if fk.referred_table is table})
    _trust(connection, False)


def _trust(connection: Connection, trust: bool) -> None:
    """Let rows refer to rows that come later, as far as the database can; or no more."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET CONSTRAINTS ALL {'DEFERRED' if trust else 'IMMEDIATE'}")
    elif connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET FOREIGN_KEY_CHECKS={int(not trust)}")


def _parents(table: Table, must: bool = False, now: bool = False) -> list[str]:
    """Return the other tables that a table refers to; those that it must refer to; those whose rows must come first."""
    keys = [fk for fk in table.foreign_key_constraints if fk.referred_table is not table]
    keys = [fk for fk in keys if not (must and any(column.nullable for column in fk.columns))]
    return [fk.referred_table.fullname for fk in keys if not (now and fk.deferrable)]


def _parents_first(tables: list[Table]) -> Iterator[Table]:
    """Yield tables after those that they refer to; in a cycle, after those whose rows must come first."""
    levels = ((False, False), (True, False), (True, True))
    while tables:
        left = {table.fullname: table for table in tables}
        ready = (table for level in levels for table in tables if left.keys().isdisjoint(_parents(table, *level)))
        table = next(ready, tables[0])
        seen: list[Table] = []
        while table not in seen:  # if none is ready, this ends in the cycle itself
            seen.append(table)
            table = next((left[name] for name in _parents(table, True, True) if name in left), table)
        tables.remove(table)
        yield table


def _keys(connection: Connection, fk: sa.ForeignKeyConstraint) -> list[tuple[Any, ...]]:
    """Return the values that a foreign key may have: those of the rows that are there."""
    columns = [element.column for element in fk.elements]
    query = sa.select(*columns).where(*(column.is_not(None) for column in columns)).order_by(*columns).limit(50)
    return [tuple(row) for row in connection.execute(query)]


# What one or several columns may get together.
Choice = list[dict[str, Any]]


def _choices(
    table: Table,
    n: int,
    given: Mapping[str, Any],
    parents: Mapping[sa.ForeignKeyConstraint, list[tuple[Any, ...]]],
    promised: dict[str, set[str]],
    empty: bool,
) -> list[Choice]:
    """Return what the columns of the nth row may get, the likeliest first. Later choices override earlier ones."""
    checks = " ".join(_checks(table).values())
    choices: list[Choice] = [[{name: value}] for name, value in given.items()]
    for column in table.columns:
        promise = column.name in promised.get(table.fullname, ())
        generated = column.computed is not None or column.identity is not None or column is table.autoincrement_column
        if column.name in given or (generated and not promise):
            continue
        values = list(_values(column.type, n + 1000 * promise, checks, column.name.endswith("_id")))
        choices.append([{column.name: value} for value in _with_null(values, bool(column.nullable), empty)])
    for fk, rows in parents.items():
        names = [column.name for column in fk.columns]
        if not set(names).isdisjoint(given):
            continue
        optional = any(column.nullable for column in fk.columns)
        rows = rows[(n - 1) % len(rows) :] + rows[: (n - 1) % len(rows)] if rows else []
        if not rows and not optional:  # a row that will be there soon, perhaps this one itself
            targets = [element.column for element in fk.elements]
            promised.setdefault(fk.referred_table.fullname, set()).update(column.name for column in targets)
            rows = [tuple(next(_values(column.type, n + 1000)) for column in targets)]
            if fk.referred_table is table:
                choices.append([dict(zip((column.name for column in targets), rows[0], strict=True))])
        before = {name: value for choice in choices for name, value in choice[0].items() if len(choice[0]) > 1}
        rows.sort(key=lambda row: any(before.get(name, value) != value for name, value in zip(names, row, strict=True)))
        nulls = {column.name: None for column in fk.columns if column.nullable}
        options = [dict(zip(names, row, strict=True)) for row in rows]
        choices.append(([nulls, *options] if empty or not rows else [*options, nulls]) if optional else options)
    return choices


def _with_null(values: list[Any], nullable: bool, empty: bool) -> list[Any]:
    return ([None, *values] if empty else [*values, None]) if nullable else values


def _insert(connection: Connection, table: Table, choices: list[Choice]) -> None:
    """Insert the first combination of choices that the database accepts. Raises the last of its errors."""
    chosen = [0] * len(choices)
    searches: dict[Any, Iterator[dict[int, int]]] = {}  # by what an error is about
    for _ in range(ATTEMPTS):
        row = {name: value for choice, n in zip(choices, chosen, strict=True) for name, value in choice[n].items()}
        try:
            with connection.begin_nested() if connection.dialect.name == "postgresql" else nullcontext():
                connection.execute(sa.insert(table).values(row).inline())
            return
        except StatementError as error:
            last = error
        message = str(getattr(last, "orig", last)).split("\n")[0]
        suspects = _suspects(table, choices, message)
        key = suspects or message.split(":")[0]
        if key not in searches:
            searches[key] = _together(choices, suspects) if suspects else _one_by_one(table, choices, chosen)
        another = next(searches[key], None)
        if another is None:
            break
        chosen = [another.get(i, n) for i, n in enumerate(chosen)]
    raise last


def _together(choices: list[Choice], suspects: tuple[int, ...]) -> Iterator[dict[int, int]]:
    """Yield every combination of some choices but the first."""
    several = product(*[range(len(choices[i])) for i in suspects])
    return (dict(zip(suspects, numbers, strict=True)) for numbers in islice(several, 1, None))


def _one_by_one(table: Table, choices: list[Choice], chosen: list[int]) -> Iterator[dict[int, int]]:
    """Yield every other choice for one column, of a type that SQLAlchemy does not know, the rest being as chosen."""
    unknown = {column.name for column in table.columns if isinstance(column.type, sa.types.NullType)}
    several = [i for i, choice in enumerate(choices) if not unknown or unknown & set(choice[0])]
    before = dict(enumerate(chosen))
    return (before | {i: n} for i in several for n in range(1, len(choices[i])))


def _suspects(table: Table, choices: list[Choice], message: str) -> tuple[int, ...]:
    """Return the choices that an error may be about: those of the constraint, the columns or the type that it names."""
    keys: list[Any] = [*table.indexes, *table.constraints]
    unique = {str(key.name): " ".join(key.columns.keys()) for key in keys if key.name}
    words = set(re.findall(r"\w+", message.split(': "')[0]))  # what follows is the value
    checks = {name: text for name, text in _checks(table).items() if name in words or text in message}
    named = [text for name, text in unique.items() if name in words] + list(checks.values())
    words = set(re.findall(r"\w+", " ".join(named))) or words
    words |= {column.name for column in table.columns if str(column.type).lower() in message.lower().split(":")[0]}
    return tuple(i for i, choice in enumerate(choices) if len(choice) > 1 and words & set(choice[0]))


def _checks(table: Table) -> dict[str, str]:
    """Return the conditions on a table's rows, by name; those of a column's domain too."""
    checks = {str(one.name): str(one.sqltext) for one in table.constraints if isinstance(one, sa.CheckConstraint)}
    domains = ((column.name, column.type) for column in table.columns if isinstance(column.type, postgresql.DOMAIN))
    return checks | {str(domain.constraint_name): f"{name} {domain.check}" for name, domain in domains}


def _values(kind: Any, n: int, checks: str = "", refers: bool = False) -> Iterator[Any]:
    """Yield values of a type: first an ordinary one, another for each n, then those that checks may ask for.

    They depend on the type and n alone, so that a revision may make one column refer to another.
    """
    numbers = [Decimal(text) for text in re.findall(r"-?\d+(?:\.\d+)?", checks)]
    numbers = [near for number in [Decimal(0), *numbers] for near in (number, number + 1, number - 1)]
    day = datetime(2024, 1, 1) + timedelta(days=n)
    if isinstance(kind, postgresql.DOMAIN):
        yield from _values(kind.data_type, n, checks)
    elif isinstance(kind, postgresql.ARRAY):
        yield from ([value] for value in _values(kind.item_type, n, checks))
    elif isinstance(kind, mysql.SET):
        yield from ({kind.values[(n + i) % len(kind.values)]} for i in range(len(kind.values)))
    elif isinstance(kind, sa.Enum):
        yield from (kind.enums[(n + i) % len(kind.enums)] for i in range(len(kind.enums)))
    elif isinstance(kind, sa.Boolean) or getattr(kind, "display_width", None) == 1:
        yield from (n % 2 == 1, n % 2 == 0)
    elif isinstance(kind, mysql.YEAR):
        yield 2000 + n % 100
    elif isinstance(kind, sa.Integer):
        yield from ((n - 1) % ROWS + 1 if refers else n, n, *map(int, numbers), 10 * n, 1000 * n)
    elif isinstance(kind, (sa.Numeric, sa.Float)):
        digits, scale = kind.precision or 9, kind.scale or 0
        small = Decimal(n).scaleb(-min(scale, digits))
        several = (Decimal(n) % 10 ** (digits - scale) + small, small, *numbers)
        yield from map(float, several) if isinstance(kind, sa.Float) else several
    elif isinstance(kind, (sa.DateTime, sa.Date, sa.Time)):
        zone = UTC if getattr(kind, "timezone", False) else None
        for moment in (day, day + timedelta(days=30), day - timedelta(days=9000), day + timedelta(days=30000)):
            whole = moment.replace(hour=n % 24, tzinfo=zone)
            parts = {sa.Date: whole.date(), sa.Time: whole.timetz()}
            yield next((part for part_type, part in parts.items() if isinstance(kind, part_type)), whole)
    elif isinstance(kind, (sa.Interval, postgresql.INTERVAL)):
        yield from (timedelta(days=n), timedelta(hours=n))
    elif isinstance(kind, sa.Uuid):
        yield uuid.UUID(int=n)
    elif isinstance(kind, sa.JSON):
        yield from ({"n": n, "text": TEXTS[0]}, [n], {}, n, str(n))
    elif isinstance(kind, (sa.LargeBinary, sa.types._Binary)):
        yield from (text.encode()[: kind.length] for text in (f"\xff{n}", "{}"))
    elif isinstance(kind, ranges.AbstractRange):
        of_numbers = str(kind).startswith(("INT", "NUM"))
        one = f"[{n},{n + 1})" if of_numbers else f"[{day.date()},{(day + timedelta(days=1)).date()})"
        yield "{" + one + "}" if isinstance(kind, ranges.AbstractMultiRange) else one
    elif isinstance(kind, postgresql.BIT):
        yield f"{n % 2:b}".zfill(kind.length or 1)
    elif isinstance(kind, mysql.BIT):
        yield bytes([n % 2])
    elif isinstance(kind, (postgresql.INET, postgresql.CIDR)):
        yield from (f"192.0.2.{n % 256}", f"2001:db8::{n:x}")
    else:
        yield from _texts(getattr(kind, "length", None), n, checks, numbers)


def _texts(length: int | None, n: int, checks: str, numbers: Iterable[Decimal]) -> Iterator[str]:
    letter = chr(ord("A") + n % 26)
    wide = f"{n} " + "가" * min(length or 20, 1000)  # some row uses the width that a column has
    texts = (wide if n % ROWS == 2 else f"{TEXTS[0]}{n}", str(n), *re.findall(r"'([^']*)'", checks), letter)
    lengths = sorted({int(number) for number in numbers if 0 < number < 1000})
    patterns = (pattern for size in lengths for pattern in (letter * size, letter.lower() * size, str(n % 10) * size))
    for text in chain(texts, TEXTS, (f"{n}{text}" for text in TEXTS), patterns):
        yield text[-length:] if length and len(text) > length and text is not wide else text[:length]
